// Heartbeats, and the other times within which a client must do something.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, events, suite, transportsOf, within } from "./harness.mjs";

const pingInterval = 300;
const pingTimeout = 2000;

suite("heartbeat", "heartbeat", (server) => {
  test("the open packet tells the times", async () => {
    const { handshake } = await server.rawSocket();
    assert.deepEqual([handshake.pingInterval, handshake.pingTimeout], [pingInterval, pingTimeout]);
  });

  test("clients that answer live on", async () => {
    // More pings than fit into the time after which a silent client is dropped.
    const count = Math.ceil((pingInterval + pingTimeout) / pingInterval) + 1;
    const clients = await Promise.all(
      Object.values(transportsOf).map((transports) => server.connect("/", { transports })),
    );
    await Promise.all(clients.map((client) => events(client.io.engine, "ping", count)));
    for (const client of clients) {
      assert.equal(client.connected, true);
      assert.equal(await ask(client, "echo", "alive"), "alive");
    }
  });

  test("clients that fall silent are dropped", async () => {
    const begin = Date.now();
    const webSocket = await server.rawSocket();
    const deaf = await server.rawPolling();
    const polling = await server.rawPolling();

    // Polls on and on, and never answers a ping.
    async function poll() {
      const bodies = [];
      for (;;) {
        const { status, body } = await polling.get();
        bodies.push(body);
        if (status !== 200 || body.includes("1")) return bodies;
      }
    }
    const polls = poll();
    for (const { id } of [webSocket, deaf, polling]) {
      assert.deepEqual(await server.report("disconnect", id), [id, "ping timeout"]);
    }
    const elapsed = Date.now() - begin;
    assert.ok(elapsed > pingInterval + pingTimeout - 50, `dropped after ${elapsed} ms`);
    await within(webSocket.closed, "close of the WebSocket");
    assert.equal(await webSocket.next(), "2");
    assert.equal((await polls)[0], "2");
    assert.equal(JSON.parse((await deaf.get()).body).code, 1);
  });

  test("answers nobody asked for do no harm", async () => {
    const ws = await server.rawSocket();
    for (let i = 0; i < 1000; i++) ws.send("3");
    ws.send('421["echo","still here"]');
    for (;;) {
      const message = await ws.next();
      if (message === "2") continue;
      assert.equal(message, '431["still here"]');
      break;
    }
  });

  test("a connection that joins no namespace is closed", async () => {
    const ws = await server.webSocket();
    await within(ws.closed, "close of the WebSocket");
  });

  test("an upgrade that is not completed is given up, the session lives on", async () => {
    const session = await server.rawPolling();
    const query = `EIO=4&transport=websocket&sid=${session.handshake.sid}`;
    const ws = await server.webSocket({ query });
    ws.send("2probe");
    assert.equal(await ws.next(), "3probe");
    await within(ws.closed, "close of the WebSocket");
    await session.post('3\x1e421["echo","by polling"]');
    for (;;) {
      const { body } = await session.get();
      const packets = body.split("\x1e");
      assert.ok(
        packets.every((packet) => ["2", "6", '431["by polling"]'].includes(packet)),
        body,
      );
      if (packets.includes('431["by polling"]')) break;
    }
  });
});
