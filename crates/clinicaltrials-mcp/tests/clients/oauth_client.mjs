// The official TypeScript SDK finds out by itself how to get a token, gets it, and calls a tool; prints what it saw.
//
// Usage: oauth_client.mjs NODE_MODULES URL
// From the 401 to the metadata, the authorization server, a client's registration, a person's consent with PKCE, the
// token, and the call. The person's browser is played by `fetch`, with a jar for its cookies.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [nodeModules, url] = process.argv.slice(2);
const sdk = createRequire(`${nodeModules}/`);
const load = (path) => import(pathToFileURL(sdk.resolve(`@modelcontextprotocol/sdk/${path}`)).href);
const { Client } = await load("client/index.js");
const { StreamableHTTPClientTransport } = await load("client/streamableHttp.js");
const { UnauthorizedError } = await load("client/auth.js");

const redirectUrl = "http://127.0.0.1:9/callback";
const seen = {};
const authProvider = {
  redirectUrl,
  clientMetadata: {
    client_name: "a test",
    redirect_uris: [redirectUrl],
    grant_types: ["authorization_code"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  },
  clientInformation: () => seen.client,
  saveClientInformation: (client) => (seen.client = client),
  tokens: () => seen.tokens,
  saveTokens: (tokens) => (seen.tokens = tokens),
  redirectToAuthorization: (address) => (seen.authorization = address),
  saveCodeVerifier: (verifier) => (seen.verifier = verifier),
  codeVerifier: () => seen.verifier,
};

// Follows the authorization server as a browser would, until it sends the person back to the client.
async function agree(address) {
  const cookies = new Map();
  for (let hop = 0; hop < 20; hop++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(address, { redirect: "manual", headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = line.split(";")[0].split("=");
      cookies.set(name, value);
    }
    const location = response.headers.get("location");
    if (!location) throw new Error(`no way on from ${address}: ${response.status} ${await response.text()}`);
    address = new URL(location, address);
    if (address.href.startsWith(redirectUrl)) return address.searchParams;
  }
  throw new Error("too many redirects");
}

const connect = async () => {
  const client = new Client({ name: "oauth-client", version: "1.0.0" });
  const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider });
  await client.connect(transport);
  return { client, transport };
};

let challenged = false;
try {
  await connect();
} catch (error) {
  challenged = error instanceof UnauthorizedError;
  if (!challenged) throw error;
}
const answer = await agree(seen.authorization);
await new StreamableHTTPClientTransport(new URL(url), { authProvider }).finishAuth(answer.get("code"));

const { client, transport } = await connect();
const count = await client.callTool({ name: "clinicaltrials_get_study_count", arguments: {} });
await transport.terminateSession();
await client.close();

const claims = JSON.parse(Buffer.from(seen.tokens.access_token.split(".")[1], "base64url"));
console.log(
  JSON.stringify({
    challenged,
    asked: Object.fromEntries(seen.authorization.searchParams),
    audience: claims.aud,
    scope: claims.scope,
    count: count.structuredContent.totalCount,
  }),
);
