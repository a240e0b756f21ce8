// https and wss in a browser, with a certificate of the server's own making.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Program, useBrowser } from "./harness.mjs";
import { ask, bundles, echoed, elsewhere, pageWith } from "./pages.mjs";

/** A folder with cert.pem and key.pem. */
function certify() {
  const folder = mkdtempSync(join(tmpdir(), "socketio-browser-"));
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")];
  const names = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
  const stdio = ["ignore", "ignore", "pipe"];
  execFileSync("openssl", ["req", "-x509", ...key, "-days", "2", ...files, ...names], { stdio });
  return folder;
}

describe("TLS", () => {
  const browser = useBrowser();
  let folder, server, url;

  before(async () => {
    folder = certify();
    server = await Program.start("apps/origins.lua", folder);
    url = server.at.secure.replace("http:", "https:");
  });
  after(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true });
  });

  const page = (url, options) => pageWith(browser, url, { ignoreHTTPSErrors: true, ...options });

  for (const generation of Object.keys(bundles)) {
    it(`the client ${generation} moves to WebSocket`, async () => {
      const answer = await ask(await page(url, { generation }), { upgrade: true });
      assert.deepEqual(answer.value, echoed);
      assert.deepEqual([answer.transport, answer.secure], ["websocket", true]);
    });
  }

  it("a WebSocket from the start", async () => {
    const answer = await ask(await page(url), { transports: ["websocket"] });
    assert.deepEqual([answer.value, answer.transport], [echoed, "websocket"]);
  });

  it("a cookie for other sites goes to them", async () => {
    const stranger = await page(elsewhere(url));
    const options = { url, withCredentials: true, upgrade: true, requests: true };
    const { id, origin, requests } = await ask(stranger, options);
    assert.equal(origin, elsewhere(url));
    assert.ok(requests.some(({ transport }) => transport === "websocket"));
    for (const { cookie } of requests) assert.equal(cookie, `lent=${id}`);
    const [{ secure, sameSite }] = await stranger.context().cookies(url);
    assert.deepEqual([secure, sameSite], [true, "None"]);
  });
});
