// Performs scripts of tool calls through the official TypeScript SDKs; prints the answers as JSON.
//
// Usage: task_client.mjs NODE_MODULES MODE TASKS http URL TOKEN
//        task_client.mjs NODE_MODULES MODE TASKS stdio COMMAND [ARGUMENT ...]
// NODE_MODULES has `@modelcontextprotocol/sdk` (1.x, sessions only) or `@modelcontextprotocol/client` (2.x). MODE is
// `legacy` (sessions, 2025-11-25) or `2026-07-28`. TASKS is a file with a list of tasks as in tests/tasks. An argument
// {"$from": CALL, "at": POINTER} is the value at that place in an earlier answer of the task; a call that needs one that
// is not there is left out.

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [nodeModules, mode, file, kind, ...rest] = process.argv.slice(2);
const installed = createRequire(`${nodeModules}/`);
const load = (name) => import(pathToFileURL(installed.resolve(name)).href);
const isNew = existsSync(`${nodeModules}/@modelcontextprotocol/client`);
const [{ Client }, { StreamableHTTPClientTransport }, { StdioClientTransport }] = await Promise.all(
  isNew
    ? [
        load("@modelcontextprotocol/client"),
        load("@modelcontextprotocol/client"),
        load("@modelcontextprotocol/client/stdio"),
      ]
    : [
        load("@modelcontextprotocol/sdk/client/index.js"),
        load("@modelcontextprotocol/sdk/client/streamableHttp.js"),
        load("@modelcontextprotocol/sdk/client/stdio.js"),
      ],
);

const filled = (value, answers) => {
  if (Array.isArray(value)) return value.map((element) => filled(element, answers));
  if (value === null || typeof value !== "object") return value;
  if (!("$from" in value)) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, filled(member, answers)]));
  }
  const found = value.at
    .split("/")
    .slice(1)
    .reduce((within, step) => within?.[step], answers[value.$from]?.structured);
  if (found === undefined) throw new RangeError(`${value.$from} has nothing at ${value.at}`);
  return found;
};

const transport = () => {
  if (kind === "stdio") {
    const [command, ...args] = rest;
    return new StdioClientTransport({ command, args });
  }
  const [url, token] = rest;
  return new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: { Authorization: `Bearer ${token}` } },
  });
};

const versionNegotiation = { mode: mode === "legacy" ? "legacy" : { pin: mode } };
const client = new Client({ name: "task-client", version: "1.0.0" }, isNew ? { versionNegotiation } : {});
const connected = transport();
// The 1.x SDK tells the transport which revision was agreed on, and nobody else.
let agreed = null;
const told = connected.setProtocolVersion?.bind(connected);
connected.setProtocolVersion = (version) => {
  agreed = version;
  told?.(version);
};
await client.connect(connected);
// As hosts do: with the definitions at hand, the SDK holds every answer against its output schema.
await client.listTools();

const tasks = {};
for (const task of JSON.parse(readFileSync(file, "utf8"))) {
  const answers = (tasks[task.name] = {});
  for (const call of task.calls) {
    let args;
    try {
      args = filled(call.arguments, answers);
    } catch (error) {
      if (error instanceof RangeError) continue;
      throw error;
    }
    const result = await client.callTool({ name: call.tool, arguments: args }, ...(isNew ? [] : [undefined]), {
      timeout: 120_000,
    });
    answers[call.as] = {
      isError: result.isError ?? false,
      text: result.content.map((block) => block.text).join("\n"),
      structured: result.structuredContent ?? null,
    };
  }
}
const protocol = client.getNegotiatedProtocolVersion?.() ?? agreed;
await client.close();
console.log(JSON.stringify({ protocol, tasks }));
