// The official clients of three generations in a bare page: today's in every form in which the
// server gives it out, all of them by every transport that a browser has for them.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Program, useBrowser, within } from "./harness.mjs";
import { ask, bundles, echoed, pageWith } from "./pages.mjs";

describe("the official client in a bare page", () => {
  const browser = useBrowser();
  let at, server;

  before(async () => {
    server = await Program.start("apps/origins.lua");
    at = server.at;
  });
  after(() => server?.stop());

  for (const script of ["socket.io.js", "socket.io.min.js"]) {
    it(`comes as ${script} and moves to WebSocket`, async () => {
      const page = await pageWith(browser, at.home, { bundle: { url: `/socket.io/${script}` } });
      const answer = await ask(page, { upgrade: true });
      assert.deepEqual([answer.value, answer.transport], [echoed, "websocket"]);
    });
  }

  it("comes as an ES module", async () => {
    const page = await browser.openPage(at.home);
    await page.addScriptTag({
      type: "module",
      content: 'import { io } from "/socket.io/socket.io.esm.min.js"; window.io = io;',
    });
    await within(page.waitForFunction(() => window.io), "module");
    const answer = await ask(page, { upgrade: true });
    assert.deepEqual([answer.value, answer.transport], [echoed, "websocket"]);
  });

  it("comes with MessagePack", async () => {
    const bundle = { url: "/socket.io/socket.io.msgpack.min.js" };
    const page = await pageWith(browser, at.packing, { bundle });
    for (const [way, options] of Object.entries(ways)) {
      const answer = await ask(page, options);
      assert.deepEqual(answer.value, echoed, way);
    }
  });

  const ways = {
    polling: { transports: ["polling"] },
    websocket: { transports: ["websocket"] },
    upgrade: { upgrade: true },
    "base64 by polling": { transports: ["polling"], forceBase64: true },
    "base64 by WebSocket": { transports: ["websocket"], forceBase64: true },
  };
  for (const generation of Object.keys(bundles)) {
    it(`${generation} by every transport`, async () => {
      const page = await pageWith(browser, at.home, { generation });
      for (const [way, options] of Object.entries(ways)) {
        const answer = await ask(page, options);
        assert.deepEqual(answer.value, echoed, way);
        assert.equal(answer.transport, /polling$/.test(way) ? "polling" : "websocket", way);
      }
    });
  }

  it("large and many values in a browser, by every transport", async () => {
    const work = async (options) => {
      const socket = window.io({ forceNew: true, reconnection: false, ...options });
      const ask = (value) =>
        new Promise((resolve, reject) => {
          socket.on("disconnect", reject);
          socket.emit("echo", value, resolve);
        });
      const large = new Uint8Array(600_000).map((_, i) => i % 251);
      const back = new Uint8Array((await ask({ large: large.buffer })).large);
      const text = "ž".repeat(300_000);
      const same = back.every((byte, i) => byte === large[i]) && (await ask(text)) === text;
      const many = await Promise.all(Array.from({ length: 300 }, (_, i) => ask(i)));
      socket.off("disconnect").disconnect();
      return [back.length, same, many.every((n, i) => n === i)];
    };
    for (const generation of Object.keys(bundles)) {
      const page = await pageWith(browser, at.home, { generation });
      for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
        const result = await within(page.evaluate(work, { transports }), "echoes");
        assert.deepEqual(result, [600_000, true, true], `${generation} by ${transports}`);
      }
    }
  });

  it("compressed messages on a WebSocket", async () => {
    const page = await pageWith(browser, at.deflating);
    const work = async () => {
      const socket = window.io({ transports: ["websocket"], forceNew: true, reconnection: false });
      const ask = (value) => new Promise((resolve) => socket.emit("echo", value, resolve));
      const texts = ["", "x", "ž".repeat(50_000), "ab".repeat(300_000), '{"a":'.repeat(1000)];
      const bytes = new Uint8Array(200_000).map((_, i) => (i * i) % 251);
      const same = [];
      for (const text of [...texts, ...texts]) same.push((await ask(text)) === text);
      const back = new Uint8Array(await ask(bytes.buffer));
      same.push(back.length === bytes.length && back.every((byte, i) => byte === bytes[i]));
      const { extensions } = socket.io.engine.transport.ws;
      socket.disconnect();
      return { extensions, same };
    };
    const { extensions, same } = await within(page.evaluate(work), "echoes");
    assert.match(extensions, /^permessage-deflate/);
    assert.deepEqual(same, same.map(() => true));
    assert.equal(same.length, 11);
  });

  describe("JSONP", () => {
    const options = { transports: ["polling"], forceJSONP: true };

    // In the page: how many scripts and requests its Socket.IO has loaded.
    const loaded = (page) =>
      page.evaluate(() => {
        const kinds = performance.getEntriesByType("resource").map((entry) => entry.initiatorType);
        const count = (wanted) => kinds.filter((kind) => kind === wanted).length;
        return { scripts: count("script"), requests: count("xmlhttprequest") };
      });

    for (const [where, name] of [
      ["its own server", "home"],
      ["a server of another origin, that knows nothing of CORS", "closed"],
    ]) {
      it(`from ${where}`, async () => {
        const page = await pageWith(browser, at.home, { generation: "2.5" });
        const answer = await ask(page, { url: at[name], ...options });
        assert.deepEqual([answer.value, answer.transport], [echoed, "polling"]);
        const { scripts, requests } = await loaded(page);
        assert.ok(scripts >= 2, `${scripts} scripts`);
        assert.equal(requests, 0);
      });
    }

    it("moves to WebSocket", async () => {
      const page = await pageWith(browser, at.home, { generation: "2.5" });
      const answer = await ask(page, { forceJSONP: true, upgrade: true });
      assert.deepEqual([answer.value, answer.transport], [echoed, "websocket"]);
    });
  });
});
