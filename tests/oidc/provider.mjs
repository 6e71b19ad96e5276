// The identity provider of the test: npm oidc-provider on loopback for the flow itself, and beside it
// one that lies in a way its path names (/alg-none, /wrong-aud …), to see each lie refused.
// usage: provider.mjs BASE   BASE: the server under test. Prints "PORT LIAR" when both listen.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { generateKeyPairSync, createHmac, sign } from "node:crypto";
import { pathToFileURL } from "node:url";

const require = createRequire(process.env.NODE_PATH + "/");
const { default: Provider } = await import(pathToFileURL(require.resolve("oidc-provider")).href);
const base = process.argv[2];
const redirect = base + "/login/oidc/back";
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const jwk = (key, more) => ({ ...key.export({ format: "jwk" }), use: "sig", ...more });
const listen = (handler) =>
    new Promise((done) => {
        const server = createServer(handler).listen(0, "127.0.0.1", () => done(server.address().port));
    });

let callback = null;
const port = await listen((request, response) => callback(request, response));
const client = (id, alg) => ({
    client_id: id,
    client_secret: "ein Geheimnis/mit:Zeichen",
    redirect_uris: [redirect],
    id_token_signed_response_alg: alg,
    token_endpoint_auth_method: "client_secret_basic",
});
const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [
        client("zhiheng-rs", "RS256"),
        client("zhiheng-es", "ES256"),
        { ...client("zhiheng-public", "RS256"), client_secret: undefined, token_endpoint_auth_method: "none" },
    ],
    jwks: {
        keys: [jwk(rsa.privateKey, { kid: "r", alg: "RS256" }), jwk(ec.privateKey, { kid: "e", alg: "ES256" })],
    },
    pkce: { required: () => true, methods: ["S256"] },
    conformIdTokenClaims: false,
    claims: { openid: ["sub"], profile: ["preferred_username", "name"], email: ["email", "email_verified"] },
    findAccount: (_, id) => ({
        accountId: id,
        claims: () => ({
            sub: "s-" + id,
            preferred_username: id,
            name: id,
            email: id + "@example.org",
            email_verified: id !== "kunverified",
            role: "security_admin",
        }),
    }),
    cookies: { keys: ["test"] },
});
callback = provider.callback();

// ---- the liar ----
const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
const b64 = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const nonces = new Map();
let liar = 0;

function token(lie, issuer, nonce) {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: issuer, sub: "x", aud: "zhiheng-rs", iat: now, exp: now + 300, nonce, preferred_username: "kwuhan" };
    let header = { alg: "RS256", kid: "r" };
    if (lie === "wrong-iss") claims.iss = "http://127.0.0.1:1/";
    if (lie === "wrong-aud") claims.aud = "somebody-else";
    if (lie === "aud-list") Object.assign(claims, { aud: ["zhiheng-rs", "other"], azp: "other" });
    if (lie === "expired") Object.assign(claims, { iat: now - 7200, exp: now - 3600 });
    if (lie === "future") Object.assign(claims, { iat: now + 3600, exp: now + 7200 });
    if (lie === "wrong-nonce") claims.nonce = "somebody's";
    if (lie === "no-nonce") delete claims.nonce;
    if (lie === "no-sub") delete claims.sub;
    if (lie === "alg-none") header = { alg: "none" };
    if (lie === "alg-hs256") header = { alg: "HS256", kid: "r" };
    if (lie === "no-such-kid") header.kid = "z";
    const text = b64(header) + "." + b64(claims);
    if (lie === "alg-none") return text + ".";
    if (lie === "alg-hs256")
        return text + "." + createHmac("sha256", rsa.publicKey.export({ type: "spki", format: "pem" })).update(text).digest("base64url");
    const made = sign("sha256", Buffer.from(text), lie === "wrong-key" ? other.privateKey : rsa.privateKey).toString("base64url");
    if (lie === "changed") return b64(header) + "." + b64({ ...claims, preferred_username: "kyichang" }) + "." + made;
    return text + "." + made;
}

liar = await listen((request, response) => {
    const url = new URL(request.url, "http://127.0.0.1");
    const [, lie, ...rest] = url.pathname.split("/");
    const issuer = `http://127.0.0.1:${liar}/${lie}`;
    const path = rest.join("/");
    const json = (value) => response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(value));
    if (path === ".well-known/openid-configuration")
        return json({
            issuer: lie === "other-issuer" ? "http://127.0.0.1:1" : issuer,
            authorization_endpoint: lie === "plain-http" ? "http://example.org/auth" : issuer + "/auth",
            token_endpoint: issuer + "/token",
            jwks_uri: issuer + "/jwks",
        });
    if (path === "auth") {
        nonces.set(lie, url.searchParams.get("nonce"));
        const back = new URL(redirect);
        back.searchParams.set("code", "c");
        back.searchParams.set("state", url.searchParams.get("state"));
        if (lie === "wrong-iss-answer") back.searchParams.set("iss", "http://127.0.0.1:1");
        return response.writeHead(303, { Location: back.href }).end();
    }
    if (path === "token") return json({ access_token: "a", token_type: "Bearer", id_token: token(lie, issuer, nonces.get(lie)) });
    if (path === "jwks") return json({ keys: [jwk(rsa.publicKey, { kid: "r", alg: "RS256" })] });
    response.writeHead(404).end();
});
console.log(port + " " + liar);
