// The cookie that the server sets: what the browser keeps of it, shows to the page and sends back.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Program, useBrowser } from "./harness.mjs";
import { ask, elsewhere, pageWith } from "./pages.mjs";

describe("the session's cookie", () => {
  const browser = useBrowser();
  let at, server;

  before(async () => {
    server = await Program.start("apps/origins.lua");
    at = server.at;
  });
  after(() => server?.stop());

  const upgrade = { upgrade: true, requests: true };
  const cookiesOf = (page) => page.context().cookies();

  it("is kept, sent back by both transports, and hidden from the page", async () => {
    const page = await pageWith(browser, at.home);
    const { id, requests, cookie } = await ask(page, upgrade);
    assert.equal(cookie, undefined, "the handshake had none");
    for (const request of ["GET polling", "POST polling", "GET websocket"]) {
      const alike = requests.filter((it) => `${it.method} ${it.transport}` === request);
      assert.ok(alike.length > 0, request);
      for (const { cookie } of alike) assert.equal(cookie, `io=${id}`);
    }
    const [{ name, value, path, httpOnly, sameSite, expires }] = await cookiesOf(page);
    assert.deepEqual([name, value, path], ["io", id, "/"]);
    assert.deepEqual([httpOnly, sameSite, expires], [true, "Lax", -1]);
    assert.equal(await page.evaluate(() => document.cookie), "");
  });

  it("of the session before comes with the next handshake, and is replaced", async () => {
    const page = await pageWith(browser, at.home);
    const first = await ask(page);
    const second = await ask(page);
    assert.equal(second.cookie, `io=${first.id}`);
    assert.equal((await cookiesOf(page))[0].value, second.id);
  });

  it("is not set by a WebSocket alone", async () => {
    const page = await pageWith(browser, at.home);
    await ask(page, { transports: ["websocket"] });
    assert.deepEqual(await cookiesOf(page), []);
  });

  it("has the attributes that were asked for", async () => {
    const bundle = { url: "/app/socket.io/socket.io.min.js" };
    const page = await pageWith(browser, `${at.named}/app/`, { bundle });
    const { id, requests } = await ask(page, { path: "/app/socket.io", ...upgrade });
    for (const { cookie } of requests) assert.equal(cookie, `session=${id}`);
    const [{ name, path, httpOnly, sameSite, expires }] = await cookiesOf(page);
    assert.deepEqual([name, path, httpOnly, sameSite], ["session", "/app", false, "Strict"]);
    assert.ok(Math.abs(expires - (Date.now() / 1000 + 3600)) < 300, `expires at ${expires}`);
    assert.equal(await page.evaluate(() => document.cookie), `session=${id}`);
    await page.goto(at.named);
    assert.equal(await page.evaluate(() => document.cookie), "");
  });

  it("goes to another origin with withCredentials alone", async () => {
    const page = await pageWith(browser, at.home);
    const url = at.reflecting;
    const without = await ask(page, { url, transports: ["polling"], requests: true });
    for (const { cookie } of without.requests) assert.equal(cookie, undefined);
    assert.deepEqual(await cookiesOf(page), []);
    const credentials = { transports: ["polling"], withCredentials: true };
    const { id, requests } = await ask(page, { url, ...credentials, requests: true });
    assert.ok(requests.length > 0);
    for (const { cookie } of requests) assert.equal(cookie, `io=${id}`);
  });

  it("does not go to another site", async () => {
    const page = await pageWith(browser, elsewhere(at.home));
    const { requests } = await ask(page, { url: at.reflecting, withCredentials: true, ...upgrade });
    assert.ok(requests.length > 0);
    for (const { cookie } of requests) assert.equal(cookie, undefined);
  });
});
