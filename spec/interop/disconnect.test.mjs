// How connections end: the reason by cause on both sides, the end of the server, coming back.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Manager } from "socket.io-client";
import { Application, ask, eachTransport, event, suite, upgraded, within } from "./harness.mjs";

const maxHttpBufferSize = 1e6;

suite("disconnection", "disconnect", (server) => {
  /** What the server says about the end of socket `id`. */
  async function told(id) {
    const [, during, connected] = await server.report("disconnecting", id);
    const [, reason, details, after, order] = await server.report("disconnect", id);
    assert.equal(during, reason);
    assert.deepEqual([connected, after], [true, false], "connected, during and after");
    assert.deepEqual(order, ["disconnecting", "disconnect"], "each once");
    return { reason, details };
  }

  eachTransport(server, (connect, transport) => {
    async function connected() {
      const client = await connect();
      if (transport === "upgrade") await upgraded(client);
      return client;
    }

    test("the client disconnects", async () => {
      const client = await connected();
      const { id } = client;
      const ended = event(client, "disconnect");
      client.disconnect();
      assert.equal((await ended)[0], "io client disconnect");
      assert.equal((await told(id)).reason, "client namespace disconnect");
    });

    test("the client's connection closes", async () => {
      const client = await connected();
      const { id } = client;
      client.io.engine.close();
      assert.equal((await told(id)).reason, "transport close");
    });

    test("the server disconnects the socket, the connection stays", async () => {
      const client = await connected();
      const { id } = client;
      const engine = client.io.engine.id;
      const other = client.io.socket("/other");
      await event(other, "connect");
      const ended = event(client, "disconnect");
      client.emit("leave");
      assert.equal((await ended)[0], "io server disconnect");
      assert.equal((await told(id)).reason, "server namespace disconnect");
      const [, same] = await within(
        new Promise((resolve) => other.emit("id", (...ids) => resolve(ids))),
        "ids",
      );
      assert.equal(same, engine);
    });

    test("the server disconnects and closes, every namespace ends", async () => {
      const client = await connected();
      const other = client.io.socket("/other");
      await event(other, "connect");
      const ids = [client.id, other.id];
      const ends = Promise.all([client, other].map((socket) => event(socket, "disconnect")));
      const closed = event(client.io.engine, "close");
      client.emit("leave and close");
      for (const [reason] of await ends) assert.equal(reason, "io server disconnect");
      for (const id of ids) assert.equal((await told(id)).reason, "server namespace disconnect");
      await closed;
    });

    test("what was sent before the disconnection arrives, nothing after", async () => {
      const client = await connected();
      const { id } = client;
      const heard = [];
      client.on("goodbye", (what) => heard.push(what));
      const ended = event(client, "disconnect");
      client.emit("say goodbye");
      await ended;
      assert.deepEqual(heard, ["first", "last"]);
      assert.deepEqual(await server.report("still usable", id), [id, false]);
    });

    test("the server closes the connection under the socket", async () => {
      const client = await connected();
      const { id } = client;
      const ended = event(client, "disconnect");
      client.emit("drop");
      assert.equal((await ended)[0], "transport close");
      assert.equal((await told(id)).reason, "forced close");
    });

    test("a client whose connection was lost comes back with a new id", async () => {
      const client = await connect("/", { reconnection: true, reconnectionDelay: 10 });
      if (transport === "upgrade") await upgraded(client);
      const { id } = client;
      const again = event(client.io, "reconnect");
      const ended = event(client, "disconnect");
      client.emit("drop");
      await ended;
      await again;
      if (!client.connected) await event(client, "connect");
      assert.notEqual(client.id, id);
      assert.equal(await ask(client, "id"), client.id);
    });
  });

  describe("causes on a WebSocket", () => {
    const causes = {
      "the TCP connection breaks": [(ws) => ws.terminate(), "transport close"],
      "close frame": [(ws) => ws.close(), "transport close", 1005],
      "close frame with a code": [(ws) => ws.close(4001, "bye"), "transport close", 4001],
      "unknown packet type": [(ws) => ws.send("9"), "parse error", 1005],
      "empty message": [(ws) => ws.send(""), "parse error", 1005],
      "heartbeat in the wrong direction": [(ws) => ws.send("2"), "transport error"],
      "message too large": [
        (ws) => ws.send("4".repeat(maxHttpBufferSize + 1)),
        "transport error",
        1009,
      ],
      "unknown Socket.IO packet": [(ws) => ws.send("4abc"), "forced close", 1005],
      "event without a name": [(ws) => ws.send("42[]"), "forced close", 1005],
      "reserved event name": [(ws) => ws.send('42["disconnect"]'), "forced close", 1005],
      "connected twice": [(ws) => ws.send("40"), "forced close", 1005],
      "event to a namespace not joined": [(ws) => ws.send('42/other,["x"]'), "forced close", 1005],
      "binary out of place": [(ws) => ws.send(Buffer.from("x")), "forced close", 1005],
      "text where an attachment is due": [
        (ws) => {
          ws.send('451-["x",{"_placeholder":true,"num":0}]');
          ws.send('42["x"]');
        },
        "forced close",
        1005,
      ],
      "attachment out of range": [
        (ws) => {
          ws.send('451-["x",{"_placeholder":true,"num":1}]');
          ws.send(Buffer.from("x"));
        },
        "forced close",
        1005,
      ],
      "too many attachments": [(ws) => ws.send('4511-["x"]'), "forced close", 1005],
      "Socket.IO disconnect": [(ws) => ws.send("41"), "client namespace disconnect"],
    };
    for (const [name, [act, expected, code]] of Object.entries(causes)) {
      test(`${name}: ${expected}`, async () => {
        const ws = await server.rawSocket();
        act(ws);
        const { reason, details } = await told(ws.id);
        assert.equal(reason, expected);
        if (reason === "transport error") assert.ok(details, "details tell what happened");
        if (code) assert.equal(await within(ws.closed, "close of the WebSocket"), code);
      });
    }

    test("the error event tells of a bad packet first", async () => {
      const ws = await server.rawSocket();
      ws.send("4abc");
      const [, message] = await server.report("error", ws.id);
      assert.ok(message);
      await told(ws.id);
    });
  });

  describe("causes by polling", () => {
    const causes = {
      "close packet": ["1", "transport close"],
      "unknown packet type": ["9", "parse error"],
      "heartbeat in the wrong direction": ["2", "transport error"],
      "unknown Socket.IO packet": ["4abc", "forced close"],
      "connected twice": ["40", "forced close"],
      "Socket.IO disconnect": ["41", "client namespace disconnect"],
    };
    for (const [name, [body, expected]] of Object.entries(causes)) {
      test(`${name}: ${expected}`, async () => {
        const session = await server.rawPolling();
        const { answer } = await session.poll();
        assert.equal((await session.post(body)).status, 200);
        assert.equal((await told(session.id)).reason, expected);
        if (expected !== "client namespace disconnect") assert.equal((await answer).status, 200);
      });
    }

    test("the poll breaks: transport error", async () => {
      const session = await server.rawPolling();
      const { abort } = await session.poll();
      abort();
      const { reason, details } = await told(session.id);
      assert.equal(reason, "transport error");
      assert.ok(details);
    });

    test("two polls at a time: transport error", async () => {
      const session = await server.rawPolling();
      const { answer } = await session.poll();
      assert.equal((await session.get()).status, 400);
      assert.equal((await told(session.id)).reason, "transport error");
      assert.equal((await answer).body, "1");
    });

    test("binary body: transport error", async () => {
      const session = await server.rawPolling();
      const headers = { "content-type": "application/octet-stream" };
      assert.equal((await session.post("x", { headers })).status, 400);
      assert.equal((await told(session.id)).reason, "transport error");
    });

    test("a session that has ended is unknown", async () => {
      const session = await server.rawPolling();
      await session.post("1");
      await told(session.id);
      const { status, body } = await session.get();
      assert.equal(status, 400);
      assert.deepEqual(JSON.parse(body), { code: 1, message: "Session ID unknown" });
    });
  });
});

describe("the end of the server", () => {
  test("io.close() ends every connection, and then the process ends by itself", async () => {
    const server = await Application.start("disconnect");
    const clients = await Promise.all([
      server.connect("/", { transports: ["polling"] }),
      server.connect("/", { transports: ["websocket"] }),
      server.connect("/"),
    ]);
    await upgraded(clients[2]);
    const ends = Promise.all(clients.map((client) => event(client, "disconnect")));
    const idle = await server.webSocket();
    await idle.next();
    await server.stop({ keepClients: true });
    for (const [reason] of await ends) assert.match(reason, /^transport (close|error)$/);
    await within(idle.closed, "close of a connection without a namespace");
    assert.deepEqual(server.stdout, Array(3).fill("server shutting down"));
  });

  test("io.close() in a handler of one of the clients", async () => {
    const server = await Application.start("disconnect");
    server.control.io.reconnection(false);
    const client = await server.connect();
    const ended = event(client, "disconnect");
    server.stopping = true;
    client.emit("close server");
    assert.match((await ended)[0], /^transport (close|error)$/);
    assert.deepEqual(await within(server.exit, "end"), { code: 0, signal: null });
    assert.equal(server.stderr, "");
    assert.deepEqual(server.stdout, ["server shutting down"]);
  });

  test("clients come back when the server does", async () => {
    let server = await Application.start("disconnect");
    const { port } = server;
    const managers = [["polling"], ["websocket"], undefined].map(
      (transports) =>
        new Manager(server.url, {
          ...(transports && { transports }),
          reconnectionDelay: 50,
          reconnectionDelayMax: 200,
        }),
    );
    try {
      const clients = managers.map((manager) => manager.socket("/"));
      await Promise.all(clients.map((client) => event(client, "connect")));
      const ends = Promise.all(clients.map((client) => event(client, "disconnect")));
      await server.kill();
      for (const [reason] of await ends) assert.match(reason, /^transport (close|error)$/);
      const back = Promise.all(clients.map((client) => event(client, "connect")));
      server = await Application.start("disconnect", { port });
      await back;
      for (const client of clients) assert.equal(await ask(client, "id"), client.id);
    } finally {
      managers.forEach((manager) => manager._close());
      await server.stop();
    }
  });
});
