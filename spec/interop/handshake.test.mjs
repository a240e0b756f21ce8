// What the application is told about a client: handshake, connection, socket.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, eachTransport, event, suite, until, upgraded, within } from "./harness.mjs";

suite("handshake", "handshake", (server) => {
  eachTransport(server, (connect, transport) => {
    const first = transport === "websocket" ? "websocket" : "polling";

    test("headers, query and auth are what the client sent", async () => {
      const client = await connect("/", {
        extraHeaders: { "X-Token": "abc", "x-utf8": encodeURIComponent("žluť") },
        query: { room: "a b&c=d", ž: "ů", empty: "" },
        auth: { token: "t", list: [1, null, { deep: true }] },
      });
      const { headers, query, auth, url } = await ask(client, "handshake");
      assert.equal(headers["x-token"], "abc");
      assert.equal(headers["x-utf8"], "%C5%BElu%C5%A5");
      assert.equal(headers.host, `127.0.0.1:${server.port}`);
      const { t, ...rest } = query;
      assert.deepEqual(rest, { EIO: "4", transport: first, room: "a b&c=d", ž: "ů", empty: "" });
      assert.deepEqual(auth, { token: "t", list: [1, null, { deep: true }] });
      assert.match(url, /^\/socket\.io\/\?.*EIO=4/);
      assert.match(url, new RegExp(`transport=${first}`));
    });

    test("time and place of the handshake", async () => {
      const before = Date.now();
      const client = await connect();
      const after = Date.now();
      const { time, issued, address, secure } = await ask(client, "handshake");
      assert.ok(Number.isInteger(issued), `issued is ${issued}`);
      assert.ok(before - 1 <= issued && issued <= after + 1, `${before} <= ${issued} <= ${after}`);
      assert.equal(typeof time, "string");
      assert.ok(Math.abs(Date.parse(time) - issued) < 2000, `time is "${time}"`);
      assert.equal(address, "127.0.0.1");
      assert.equal(secure, false);
    });

    test("xdomain tells of an Origin header", async () => {
      const without = await ask(await connect(), "handshake");
      assert.equal(without.xdomain, false);
      const client = await connect("/", { extraHeaders: { origin: "http://example.com" } });
      const { xdomain, headers } = await ask(client, "handshake");
      assert.deepEqual([xdomain, headers.origin], [true, "http://example.com"]);
    });

    test("without auth, auth is empty", async () => {
      assert.deepEqual((await ask(await connect(), "handshake")).auth, {});
    });

    test("each namespace has the auth that it was given", async () => {
      const client = await connect("/", { auth: { for: "main" } });
      const other = client.io.socket("/other", { auth: { for: "other" } });
      await event(other, "connect");
      assert.deepEqual((await ask(client, "handshake")).auth, { for: "main" });
      assert.deepEqual((await ask(other, "handshake")).auth, { for: "other" });
    });

    test("the connection knows its id, transport and peer", async () => {
      const client = await connect();
      if (transport === "upgrade") {
        await upgraded(client);
        assert.deepEqual(await server.report("upgrade", client.id), [
          client.id,
          "websocket",
          "websocket",
        ]);
      }
      const { url, ...conn } = await ask(client, "conn");
      assert.deepEqual(conn, {
        id: client.io.engine.id,
        transport: transport === "polling" ? "polling" : "websocket",
        protocol: 4,
        readyState: "open",
        remoteAddress: "127.0.0.1",
        method: "GET",
      });
      assert.match(url, new RegExp(`^/socket\\.io/.*transport=${first}`));
    });

    test("the connection tells of its end", async () => {
      const client = await connect();
      const { id } = client;
      client.io.engine.close();
      assert.deepEqual(await server.report("close", id), [id, "transport close", "closed"]);
    });

    test("the connection tells of packets that go out", async () => {
      const client = await connect();
      assert.deepEqual(await ask(client, "packets", 2), ["message", "message"]);
    });

    test("the socket knows itself", async () => {
      for (const namespace of ["/", "/other"]) {
        const client = await connect(namespace, { extraHeaders: { "user-agent": "the test" } });
        assert.deepEqual(await ask(client, "socket"), {
          id: client.id,
          connected: true,
          disconnected: false,
          recovered: false,
          rooms: [client.id],
          data: {},
          namespace,
          known: true,
          agent: "the test",
        });
      }
    });

    test("a socket takes data and further fields", async () => {
      const client = await connect();
      const both = within(
        new Promise((resolve) => client.emit("remember", { a: [1] }, (...all) => resolve(all))),
        "answer",
      );
      assert.deepEqual(await both, [{ a: [1] }, { a: [1] }]);
      assert.deepEqual((await ask(client, "socket")).data, { value: { a: [1] } });
    });

    test("ids are long, of a harmless alphabet, and never the connection's", async () => {
      const clients = await Promise.all(Array.from({ length: 10 }, () => connect()));
      const ids = clients.flatMap((client) => [client.id, client.io.engine.id]);
      assert.equal(new Set(ids).size, ids.length);
      for (const id of ids) assert.match(id, /^[\w-]{20}$/);
    });
  });

  test("the open packet has its fields in order", async () => {
    const { body } = await server.request("/socket.io/?EIO=4&transport=polling");
    assert.match(
      body,
      /^0\{"sid":"[\w-]{20}","upgrades":\["websocket"\],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000\}$/,
    );
    const ws = await server.webSocket();
    assert.match(await ws.next(), /^0\{"sid":"[\w-]{20}","upgrades":\[\],"pingInterval":25000,/);
  });

  test("of a parameter given twice the last counts", async () => {
    const { status } = await server.request(
      "/socket.io/?EIO=3&EIO=4&transport=x&transport=polling",
    );
    assert.equal(status, 200);
  });
});

suite("server", "handshake", (server) => {
  test("the server knows its clients and settings", async () => {
    const one = await server.connect("/", { transports: ["websocket"] });
    // Beside this client there is the one by which the tests control the application.
    const { clients, ...rest } = await ask(one, "server");
    assert.equal(clients, 2);
    assert.deepEqual(rest, { path: "/socket.io", connectTimeout: 45000, main: true });
    const two = await server.connect("/", { transports: ["polling"] });
    assert.equal((await ask(one, "server")).clients, 3);
    two.disconnect();
    await until("end of the other", async () => (await ask(one, "server")).clients === 2);
  });
});
