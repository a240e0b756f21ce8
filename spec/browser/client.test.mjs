// The official client, loaded from the server into a bare page, connects to it and across origins.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Program, useBrowser, within } from "./harness.mjs";

describe("the official client in a bare page", () => {
  const browser = useBrowser();
  let server;

  before(async () => {
    server = await Program.start("apps/client.lua");
  });
  after(() => server?.stop());

  // In the page: connects, asks for an echo, and tells what came back.
  async function echo({ url, transports, upgrade }) {
    const socket = window.io(url, { transports, forceNew: true, reconnection: false });
    try {
      return await new Promise((resolve, reject) => {
        const ask = () => {
          const bytes = new Uint8Array([0, 1, 254, 255]);
          socket.emit("echo", { text: "grüße 🙂", bytes }, (value, transport, origin) => {
            resolve({ ...value, bytes: [...new Uint8Array(value.bytes)], transport, origin });
          });
        };
        socket.on("connect_error", (error) => reject(error));
        socket.on("connect", () => {
          const { engine } = socket.io;
          if (upgrade && engine.transport.name === "polling") engine.on("upgrade", ask);
          else ask();
        });
      });
    } finally {
      socket.disconnect();
    }
  }

  const page = async (script = "socket.io.js") => {
    const page = await browser.openPage(server.url);
    await page.addScriptTag({ url: `/socket.io/${script}` });
    return page;
  };
  const ask = (page, options) => within(page.evaluate(echo, options), "echo");
  const echoed = { text: "grüße 🙂", bytes: [0, 1, 254, 255] };

  for (const script of ["socket.io.js", "socket.io.min.js"]) {
    it(`comes as ${script} and moves to WebSocket`, async () => {
      const answer = await ask(await page(script), { upgrade: true });
      assert.equal(answer.transport, "websocket");
      assert.deepEqual({ text: answer.text, bytes: answer.bytes }, echoed);
    });
  }

  it("comes as an ES module", async () => {
    const home = await browser.openPage(server.url);
    const id = await within(
      home.evaluate(async () => {
        const { io } = await import("/socket.io/socket.io.esm.min.js");
        const socket = io({ forceNew: true, reconnection: false });
        await new Promise((resolve, reject) => {
          socket.on("connect", resolve);
          socket.on("connect_error", reject);
        });
        return socket.id;
      }),
      "connection",
    );
    assert.equal(typeof id, "string");
  });

  for (const transport of ["polling", "websocket"]) {
    it(`connects to an origin that allows it, by ${transport}`, async () => {
      const url = `http://127.0.0.1:${server.ports[1]}`;
      const answer = await ask(await page(), { url, transports: [transport] });
      assert.deepEqual(answer, { ...echoed, transport, origin: server.url });
    });
  }

  it("moves to WebSocket at another origin", async () => {
    const url = `http://127.0.0.1:${server.ports[1]}`;
    const answer = await ask(await page(), { url, upgrade: true });
    assert.deepEqual(answer, { ...echoed, transport: "websocket", origin: server.url });
  });

  it("cannot poll an origin that does not allow it", async () => {
    const url = `http://127.0.0.1:${server.ports[2]}`;
    await assert.rejects(ask(await page(), { url, transports: ["polling"] }), /xhr poll error/);
    await browser.closePages(/CORS policy|ERR_FAILED/);
  });
});
