// A conversation with the server through the official TypeScript SDK; prints what it saw as JSON.
//
// Usage: typescript_client.mjs NODE_MODULES URL TOKEN NCT_ID
// The SDK serves protocol 2025-11-25, with a session.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [nodeModules, url, token, nctId] = process.argv.slice(2);
const sdk = createRequire(`${nodeModules}/`);
const load = (path) => import(pathToFileURL(sdk.resolve(`@modelcontextprotocol/sdk/${path}`)).href);
const { Client } = await load("client/index.js");
const { StreamableHTTPClientTransport } = await load("client/streamableHttp.js");

const transport = new StreamableHTTPClientTransport(new URL(url), {
  requestInit: { headers: { Authorization: `Bearer ${token}` } },
});
const client = new Client({ name: "typescript-client", version: "1.0.0" });
await client.connect(transport);

const call = (name, args = {}) => client.callTool({ name, arguments: args });
const { tools } = await client.listTools();
const count = await call("clinicaltrials_get_study_count");
const ids = [];
let page, pageToken;
do {
  const filters = { statusFilter: ["COMPLETED", "Recruiting"], sort: "LastUpdatePostDate:desc", pageSize: 7 };
  page = await call("clinicaltrials_search_studies", pageToken ? { ...filters, pageToken } : filters);
  ids.push(...page.structuredContent.studies.map((study) => study.nctId));
  pageToken = page.structuredContent.nextPageToken;
} while (pageToken);
const record = await call("clinicaltrials_get_study_record", { nctId });
const resource = await client.readResource({ uri: `clinicaltrials://${nctId}` });
const refused = await call("clinicaltrials_search_studies", { geoFilter: "Boston" });
const sessionId = transport.sessionId;
await transport.terminateSession();
await client.close();

const afterwards = await fetch(url, {
  method: "POST",
  headers: {
    Authorization: `Bearer ${token}`,
    "Content-Type": "application/json",
    Accept: "application/json, text/event-stream",
    "Mcp-Session-Id": sessionId,
    "MCP-Protocol-Version": "2025-11-25",
  },
  body: JSON.stringify({ jsonrpc: "2.0", id: 99, method: "tools/list" }),
});

console.log(
  JSON.stringify({
    protocol: transport.protocolVersion ?? transport._protocolVersion,
    tools: tools.map((tool) => tool.name).sort(),
    count: count.structuredContent.totalCount,
    total: page.structuredContent.totalCount,
    ids,
    record: record.content[1].text,
    resource: resource.contents[0].text,
    refusedIsError: refused.isError,
    refused: refused.content[0].text,
    sessionIdIs64Hex: /^[0-9a-f]{64}$/.test(sessionId),
    statusAfterTermination: afterwards.status,
  }),
);
