// The chat example when the connection is not what it should be.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { describe, it } from "node:test";
import { gateTo } from "./gate.mjs";
import { Program, recorded, useBrowser, within } from "./harness.mjs";
import { person, visitor } from "./people.mjs";

const chat = "../../examples/chat/server.lua";

// A proxy as some companies have them: HTTP passes, upgrades do not.
async function proxyWithoutWebSocket(port) {
  const server = http.createServer((request, response) => {
    const { method, url: path, headers } = request;
    const onward = http.request({ host: "127.0.0.1", port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  });
  server.on("upgrade", (_, socket) => socket.end("HTTP/1.1 403 Forbidden\r\n\r\n"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

describe("the chat's connection", () => {
  const browser = useBrowser();

  it("moves from polling to WebSocket", async () => {
    const server = await Program.start(chat, "127.0.0.1:0");
    const ann = await visitor(browser, server.url);
    await recorded(ann.page, /^connected via websocket$/);
    const urls = () => performance.getEntriesByType("resource").map(({ name }) => name);
    assert.match((await ann.page.evaluate(urls)).join("\n"), /transport=polling/);
    await server.stop();
    await recorded(ann.page, /^reconnecting…$/);
    await browser.closePages(/ERR_CONNECTION_REFUSED/);
  });

  it("makes do with polling where WebSocket is blocked", async () => {
    const server = await Program.start(chat, "127.0.0.1:0");
    const proxy = await proxyWithoutWebSocket(server.port);
    try {
      const refused = once(proxy, "upgrade");
      const url = `http://127.0.0.1:${proxy.address().port}`;
      const ann = await person(browser, url, "Ann", { transport: "polling" });
      const bob = await person(browser, server.url, "Bob");
      await within(refused, "attempt to upgrade");
      await ann.say("by polling");
      await bob.sees("by polling");
      await bob.say("by WebSocket");
      await ann.sees("by WebSocket");
      assert.equal(await ann.connection.textContent(), "connected via polling");
      await browser.closePages(/WebSocket connection to .* failed/);
    } finally {
      proxy.close();
      proxy.closeAllConnections();
      await server.stop();
    }
  });

  it("comes back with nickname, rooms and messages after the server was gone", async () => {
    let server = await Program.start(chat, "127.0.0.1:0");
    const address = `127.0.0.1:${server.port}`;
    const ann = await person(browser, server.url, "Ann");
    const bob = await person(browser, server.url, "Bob");
    await ann.go("#music");
    await bob.go("#music");
    await ann.say("before");
    await bob.sees("before");

    await server.stop();
    const lost = await Promise.all(
      [ann, bob].map(({ page }) => recorded(page, /^reconnecting…$/)),
    );
    await ann.notes("Connection lost");
    await ann.write("too early");
    await ann.page.getByText("There is no connection at the moment.").waitFor();
    assert.equal(await ann.page.inputValue("#text"), "too early");

    server = await Program.start(chat, address);
    await recorded(ann.page, /^restored via/, lost[0]);
    await recorded(bob.page, /^restored via/, lost[1]);
    await ann.notes("Connection restored");
    await ann.seesPeople("Ann", "Bob");
    await bob.seesPeople("Ann", "Bob");
    await bob.say("after");
    await ann.sees("after");
    assert.deepEqual(await ann.said(), ["before", "after"]);
    assert.equal(await ann.page.locator("#me bdi").textContent(), "Ann");

    const cleo = await visitor(browser, server.url);
    await cleo.enter("Ann");
    await cleo.page.getByText("Ann is taken.").waitFor();
    await server.stop();
    await browser.closePages(/ERR_CONNECTION_REFUSED|WebSocket connection to/);
  });

  it("comes back to what was missed, each message once, and to the same nickname", async () => {
    const server = await Program.start(chat, "127.0.0.1:0");
    const gate = await gateTo(server.port);
    try {
      const ann = await person(browser, gate.url, "Ann");
      const bob = await person(browser, server.url, "Bob");
      await bob.say("before");
      await ann.sees("before");
      gate.cut();
      const lost = await recorded(ann.page, /^reconnecting…$/);
      await bob.notes("Ann left");
      const cleo = await visitor(browser, server.url);
      await cleo.enter("Ann");
      await cleo.page.getByText("Ann is taken.").waitFor();
      await bob.say("meanwhile");
      gate.mend();
      await recorded(ann.page, /^restored via/, lost);
      await bob.say("after");
      await ann.sees("after");
      assert.deepEqual(await ann.said(), ["before", "meanwhile", "after"]);
      await bob.seesPeople("Ann", "Bob");
      await browser.closePages(/ERR_|WebSocket connection to/);
    } finally {
      gate.close();
      await server.stop();
    }
  });

  it("belongs to the newest window when a tab is duplicated", async () => {
    const server = await Program.start(chat, "127.0.0.1:0");
    const ann = await person(browser, server.url, "Ann");
    const storage = await ann.page.evaluate(() => sessionStorage.getItem("chat"));
    const twin = await ann.page.context().newPage();
    await twin.addInitScript((value) => sessionStorage.setItem("chat", value), storage);
    await twin.goto(server.url);
    await recorded(ann.page, /^continued in another window$/);
    await twin.locator("#title").getByText("#lobby", { exact: true }).waitFor();
    await server.stop();
    await browser.closePages();
  });
});
