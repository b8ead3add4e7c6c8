// A real authorization server (oidc-provider) with one person who logs in and agrees to everything by being asked.
//
// Usage: authorization_server.mjs NODE_MODULES PORT
// Anybody may register a client. Access tokens are JWTs for the resource that was asked for (RFC 8707, RFC 9068).

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [nodeModules, port] = process.argv.slice(2);
const modules = createRequire(`${nodeModules}/`);
const { Provider } = await import(pathToFileURL(modules.resolve("oidc-provider")).href);

const issuer = `http://127.0.0.1:${port}`;
const provider = new Provider(issuer, {
  clientDefaults: { token_endpoint_auth_method: "none" },
  cookies: { keys: ["a key of the tests"] },
  features: {
    devInteractions: { enabled: false },
    registration: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (ctx, resource) => ({
        scope: "clinicaltrials:read",
        audience: resource,
        accessTokenFormat: "jwt",
      }),
      useGrantedResource: () => true,
    },
  },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  pkce: { required: () => true },
  scopes: ["openid", "clinicaltrials:read"],
});

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith("/interaction/")) return next();
  const { prompt, params, session, grantId } = await provider.interactionDetails(ctx.req, ctx.res);
  let result = { login: { accountId: "ana" } };
  if (prompt.name === "consent") {
    const grant = grantId
      ? await provider.Grant.find(grantId)
      : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    const { missingOIDCScope, missingResourceScopes } = prompt.details;
    if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(" "));
    for (const [resource, scopes] of Object.entries(missingResourceScopes ?? {})) {
      grant.addResourceScope(resource, scopes.join(" "));
    }
    result = { consent: { grantId: await grant.save() } };
  }
  ctx.respond = false;
  await provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: true });
});

provider.listen(Number(port), "127.0.0.1", () => console.log(issuer));
