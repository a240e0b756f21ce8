// Connection state recovery in a browser whose connection really breaks: it comes back to its id,
// its rooms, its data and what it has missed.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { gateTo } from "./gate.mjs";
import { Program, useBrowser, within } from "./harness.mjs";
import { pageWith } from "./pages.mjs";

// In the page: a client that notes what it hears, and what each connection was like.
function begin(options) {
  const socket = window.io({ reconnectionDelay: 50, reconnectionDelayMax: 200, ...options });
  Object.assign(window, { socket, heard: [], connections: [], breaks: [] });
  const text = (bytes) => new TextDecoder().decode(bytes);
  socket.on("told", (what, bytes, { again } = {}) => {
    const whole = !again || (text(bytes) === what && text(again) === what);
    window.heard.push(whole ? what : `${what}, spoilt`);
  });
  socket.on("connect", () => {
    window.connections.push({ id: socket.id, recovered: socket.recovered });
  });
  socket.on("disconnect", (reason) => window.breaks.push(reason));
}

describe("connection state recovery", () => {
  const browser = useBrowser();
  const complaints = /ERR_|WebSocket connection to|400/;
  let at, server;

  before(async () => {
    server = await Program.start("apps/recovery.lua");
    at = server.at;
  });
  after(() => server?.stop());

  async function act(url, ...args) {
    const request = fetch(url, { method: "POST", body: JSON.stringify(args) });
    return (await within(request, `answer to ${args[0]}`)).json();
  }

  /** A client in a page, in the rooms "a" and "b". */
  async function client(url, options) {
    const page = await pageWith(browser, url);
    const until = (what, condition, arg) => within(page.waitForFunction(condition, arg), what);
    const ask = (...args) => {
      const emit = (args) => new Promise((resolve) => window.socket.emit(...args, resolve));
      return within(page.evaluate(emit, args), `answer to ${args[0]}`);
    };
    await page.evaluate(begin, options);
    await until("connection", () => window.connections.length > 0);
    if (!options.transports) {
      await until("upgrade", () => window.socket.io.engine.transport.name === "websocket");
    }
    await ask("settle", ["a", "b"], { name: "ann" });
    return {
      page,
      ask,
      hears: (text) => until(text, (text) => window.heard.includes(text), text),
      isBroken: () => until("break", () => window.breaks.length > 0),
      isBack: async () => {
        await until("connection", () => window.connections.length > 1);
        return page.evaluate(() => window.connections);
      },
      heard: () => page.evaluate(() => window.heard),
    };
  }

  /** How connections have ended at the server. */
  const ends = (url) => act(url, "ends");

  /** Waits until the server, too, has noticed that another connection has broken. */
  async function isNoticed(url, before) {
    const wait = async () => {
      while ((await ends(url)).length === before.length) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return (await ends(url)).at(-1);
    };
    return within(wait(), "end of the connection at the server");
  }

  /** Tells what a client misses, and what it would not have heard anyway. */
  async function goOn(url) {
    await act(url, "tell", "a", "missed 1 ž");
    await act(url, "tell", "other", "for others");
    await act(url, "tell all but", "other", "missed 2");
    await act(url, "tell all but", "b", "for others");
    await act(url, "tell now or never", "a", "gone by");
    await act(url, "tell", "b", "missed 3");
  }

  const breaks = {
    "the network breaks": (gate) => gate,
    "the browser goes offline": (_, page) => ({
      cut: () => page.context().setOffline(true),
      mend: () => page.context().setOffline(false),
    }),
  };

  for (const [cause, between] of Object.entries(breaks)) {
    for (const [way, options] of Object.entries({
      polling: { transports: ["polling"] },
      WebSocket: { transports: ["websocket"] },
      upgrade: {},
    })) {

      it(`${cause}: ${way}`, async () => {
        const url = at.patient;
        const gate = await gateTo(new URL(url).port);
        try {
          const ann = await client(gate.url, options);
          await act(url, "tell", "a", "before");
          await ann.hears("before");
          const { cut, mend } = between(gate, ann.page);
          const before = await ends(url);
          await cut();
          await ann.isBroken();
          // There may be no poll just then, and offline Chromium leaves alone what is there.
          assert.match(await isNoticed(url, before), /^(transport (close|error)|ping timeout)$/);
          await goOn(url);
          await mend();
          const [first, second] = await ann.isBack();
          assert.deepEqual(second, { id: first.id, recovered: true });
          await act(url, "tell", "b", "after");
          await ann.hears("after");
          const all = ["before", "missed 1 ž", "missed 2", "missed 3", "after"];
          assert.deepEqual(await ann.heard(), all);
          assert.deepEqual(await ann.ask("state"), {
            rooms: ["a", "b", first.id].sort(),
            data: { name: "ann" },
            recovered: true,
          });
          await browser.closePages(complaints);
        } finally {
          gate.close();
        }
      });
    }
  }

  it("the server cuts the connection, again and again", async () => {
    const url = at.patient;
    const ann = await client(url, {});
    const all = [];
    for (let i = 1; i <= 3; i++) {
      await act(url, "tell", "a", `before ${i}`);
      await act(url, "cut");
      await act(url, "tell", "a", `behind ${i}`);
      await ann.hears(`behind ${i}`);
      all.push(`before ${i}`, `behind ${i}`);
    }
    assert.deepEqual(await ann.heard(), all);
    const connections = await ann.isBack();
    assert.deepEqual(
      connections,
      connections.map((_, i) => ({ id: connections[0].id, recovered: i > 0 })),
    );
    await browser.closePages(complaints);
  });

  it("who comes back too late starts anew", async () => {
    const url = at.brief;
    const ann = await client(url, { transports: ["websocket"] });
    await act(url, "tell", "a", "before");
    await ann.hears("before");
    await act(url, "cut");
    await act(url, "tell", "a", "lost");
    const [first, second] = await ann.isBack();
    assert.equal(second.recovered, false);
    assert.notEqual(second.id, first.id);
    assert.deepEqual(await ann.ask("state"), { rooms: [second.id], recovered: false });
    assert.deepEqual(await ann.heard(), ["before"]);
    await browser.closePages(complaints);
  });

  for (const [how, options, go] of [
    ["closed", { transports: ["polling"] }, ({ page }) => page.close()],
    ["left", {}, ({ page }) => page.goto("about:blank")],
  ]) {
    it(`a page that is ${how} is gone for the server, too`, async () => {
      const url = at.patient;
      const ann = await client(url, options);
      const before = await ends(url);
      await go(ann);
      assert.match(await isNoticed(url, before), /^(transport (close|error)|ping timeout)$/);
    });
  }

  it("a page that is loaded again starts anew", async () => {
    const url = at.patient;
    const ann = await client(url, {});
    await act(url, "tell", "a", "before");
    await ann.hears("before");
    const [{ id }] = await ann.page.evaluate(() => window.connections);
    const again = await client(url, {});
    const [second] = await again.page.evaluate(() => window.connections);
    assert.equal(second.recovered, false);
    assert.notEqual(second.id, id);
  });
});
