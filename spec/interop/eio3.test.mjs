// Protocol revision 3, that of Socket.IO 2, as it goes over the wire where allowEIO3 lets it in.
// What its official client sees is in clients.test.mjs.
import assert from "node:assert/strict";
import { test } from "node:test";
import old from "socket.io-client-2";
import { event, suite } from "./harness.mjs";

const REVISION3 = "EIO=3&transport=polling";

suite("protocol revision 3", "clients", (server) => {
  test("a client that sends no pings is dropped", async () => {
    const ws = await server.webSocket({ query: "EIO=3&transport=websocket" });
    const { sid } = JSON.parse((await ws.next()).slice(1));
    assert.equal(await ws.next(), "40");
    assert.deepEqual(await server.report("close", sid), [sid, "ping timeout"]);
  });

  test("messages of bytes have a type on a WebSocket", async () => {
    const ws = await server.webSocket({ query: "EIO=3&transport=websocket" });
    await ws.next();
    assert.equal(await ws.next(), "40");
    ws.send('451-["echo",{"_placeholder":true,"num":0}]');
    ws.send(Buffer.from([4, 9]));
    assert.equal(await ws.next(), '451-["echo",{"_placeholder":true,"num":0}]');
    assert.deepEqual([...(await ws.next())], [4, 9]);
  });

  for (const [what, message] of [
    ["a pong of the client", "3"],
    ["bytes without a type", Buffer.from([9, 4])],
    ["no bytes", Buffer.alloc(0)],
  ]) {
    test(`${what} ends the session`, async () => {
      const ws = await server.webSocket({ query: "EIO=3&transport=websocket" });
      const { sid } = JSON.parse((await ws.next()).slice(1));
      ws.send(message);
      await server.report("close", sid);
    });
  }

  /** A polling session that has read its CONNECT. */
  async function poll(query) {
    const path = `/socket.io/?${query}`;
    const opened = await server.request(path);
    const sid = /sid\\?":\\?"([^"\\]+)/.exec(opened.body)[1];
    const url = `${path}&sid=${sid}`;
    if (!opened.body.includes("2:40")) assert.match((await server.request(url)).body, /2:40/);
    const post = (body, type) =>
      server.request(url, { method: "POST", body, headers: { "Content-Type": type } });
    return { sid, url, post };
  }

  test("bytes both ways in binary payloads", async () => {
    const { url, post } = await poll(REVISION3);
    const text = Buffer.from('451-["echo","€",{"_placeholder":true,"num":0}]');
    const digits = [...String(text.length)].map(Number);
    const payload = Buffer.from([0, ...digits, 255, ...text, 1, 4, 255, 4, 1, 2, 3]);
    assert.equal((await post(payload, "application/octet-stream")).body, "ok");
    const answer = await server.request(url, { encoding: null });
    assert.equal(answer.headers["content-type"], "application/octet-stream");
    assert.deepEqual(answer.body, payload);
  });

  test("JSONP with bytes, and line ends in a form", async () => {
    const { url, post } = await poll(`${REVISION3}&b64=1&j=12`);
    // What JSON writes as \n is sent as \\n, so that forms cannot make a line end of it.
    const text = '451-["echo","line\\n",{"_placeholder":true,"num":0}]';
    const payload = `${text.length}:${text}10:b4AQIDBA==`;
    const form = `d=${encodeURIComponent(payload.replaceAll("\\n", "\\\\n"))}`;
    assert.equal((await post(form, "application/x-www-form-urlencoded")).body, "ok");
    const { headers, body: script } = await server.request(url);
    assert.match(headers["content-type"], /^text\/plain/);
    const [, literal] = /^___eio\[12\]\((".*")\);$/.exec(script);
    assert.equal(JSON.parse(literal), payload);
  });

  test("JSONP in revision 4", async () => {
    const path = "/socket.io/?EIO=4&transport=polling&j=3";
    const { body } = await server.request(path);
    const [, literal] = /^___eio\[3\]\((".*")\);$/.exec(body);
    const url = `${path}&sid=${JSON.parse(JSON.parse(literal).slice(1)).sid}`;
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    await server.request(url, { method: "POST", body: "d=40", headers });
    const answer = await server.request(url);
    assert.match(answer.body, /^___eio\[3\]\("40\{\\"sid\\":\\"[^"]+\\"\}"\);$/);
  });

  test("no EIO at all is revision 3", async () => {
    const { body } = await server.request("/socket.io/?transport=polling&b64=1");
    assert.match(body, /^\d+:0\{/);
  });
});

suite("without allowEIO3", "namespaces", (server) => {
  test("they are refused", async () => {
    const manager = old.Manager(server.url, { reconnection: false, transports: ["polling"] });
    server.keep(manager, () => manager.close());
    manager.socket("/");
    await event(manager, "connect_error");
    const { status, body } = await server.request(`/socket.io/?${REVISION3}`);
    assert.deepEqual([status, JSON.parse(body)], [
      400,
      { code: 5, message: "Unsupported protocol version" },
    ]);
  });
});
