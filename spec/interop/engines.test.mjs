// Engine.IO by itself: its official clients of three generations on the bare engine.
import assert from "node:assert/strict";
import { Agent } from "node:http";
import { describe, test } from "node:test";
import { Fetch, NodeWebSocket } from "engine.io-client";
import { event, events, suite, within } from "./harness.mjs";
import { engines, queued, ways } from "./generations.mjs";

suite("engines", "engine", (server) => {
  function begin(generation, options) {
    const { Client } = engines[generation];
    const client = queued(new Client(server.url, { path: "/engine.io/", ...options }));
    return server.keep(client, () => client.close());
  }

  async function open(generation, options) {
    const client = begin(generation, options);
    const failure = new Promise((_, reject) => client.once("error", reject));
    await Promise.race([event(client, "open"), failure]);
    assert.equal(await client.next(), "welcome");
    return client;
  }

  async function moved(client) {
    if (client.transport.name !== "websocket") await event(client, "upgrade");
  }

  async function who(client) {
    client.send("who am I");
    const [transport, protocol, token] = (await client.next()).split(" ");
    return { transport, protocol: Number(protocol), token };
  }

  function inWay(generation, way) {
    const moves = ways[way].transports.length > 1;
    const start = (options) => open(generation, { ...ways[way], ...options });
    const settled = async (options) => {
      const client = await start(options);
      if (moves) await moved(client);
      return client;
    };

    test("messages come back, text and bytes, in order", async () => {
      const client = await start();
      const messages = [
        "text",
        "",
        "žluť 😀",
        Buffer.from([0, 1, 255]),
        "b64",
        "line\n",
        Buffer.alloc(5000, 7),
        "last",
      ];
      for (const message of messages) client.send(message);
      for (const message of messages) {
        const back = await client.next();
        assert.deepEqual(typeof back === "string" ? back : Buffer.from(back), message);
      }
    });

    test("bytes as the client wants them", async () => {
      const client = await start();
      client.binaryType = "arraybuffer";
      for (const bytes of [new Uint8Array([1, 2, 3, 4]).subarray(1, 3), new Uint8Array(1).buffer]) {
        client.send(bytes);
        const back = await client.next();
        assert.ok(back instanceof ArrayBuffer);
        assert.deepEqual(Buffer.from(back), Buffer.from(bytes));
      }
    });

    test("many messages both ways, across the upgrade, in order", async () => {
      const client = await start();
      const count = 1000;
      client.send("burst");
      for (let i = 0; i < count; i++) {
        client.send(`message ${i}`);
        if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      for (let i = 1; i <= 1000; i++) assert.equal(await client.next(), `burst ${i}`);
      for (let i = 0; i < count; i++) assert.equal(await client.next(), `message ${i}`);
      if (moves) await moved(client);
      client.send("after");
      assert.equal(await client.next(), "after");
    });

    test("the server closes", async () => {
      const client = await start();
      const { id } = client;
      const closed = event(client, "close");
      client.send("close");
      assert.equal((await closed)[0], "transport close");
      assert.deepEqual(await server.report("engine close", id), [id, "forced close"]);
    });

    test("the client closes, when all is sent", async () => {
      const client = await settled();
      const { id } = client;
      client.send("last words");
      client.close();
      assert.deepEqual(await server.report("engine close", id), [id, "transport close"]);
    });

    test("a message larger than allowed ends the connection", async () => {
      const client = await settled();
      client.send("x".repeat(49_900));
      assert.equal((await client.next()).length, 49_900);
      const closed = event(client, "close");
      client.send("x".repeat(50_000));
      assert.match((await closed)[0], /^transport (error|close)$/);
    });
  }

  test("all live on by their heartbeats", async () => {
    const clients = [];
    for (const [generation, { protocol }] of Object.entries(engines)) {
      for (const way of Object.values(ways)) {
        clients.push(Object.assign(await open(generation, way), { protocol }));
      }
    }
    // More heartbeats than fit into the time after which a silent client is dropped.
    await Promise.all(clients.map((client) => events(client, "pong", 9)));
    for (const client of clients) assert.equal((await who(client)).protocol, client.protocol);
  });

  for (const generation of Object.keys(engines)) {
    for (const way of Object.keys(ways)) {
      describe(`${generation}, ${way}`, () => inWay(generation, way));
    }

    describe(`${generation}, options`, () => {
      const start = (options) => open(generation, options);

      test("WebSocket first: polling is not needed", async () => {
        const client = await start({ transports: ["websocket", "polling"] });
        assert.equal((await who(client)).transport, "websocket");
      });

      test("upgrade: false stays with polling", async () => {
        const client = await start({ upgrade: false });
        await events(client, "pong", 1);
        assert.equal((await who(client)).transport, "polling");
      });

      test("rememberUpgrade: the next one begins with a WebSocket", async () => {
        await moved(await start());
        const client = begin(generation, { rememberUpgrade: true });
        assert.equal(client.transport.name, "websocket");
        await client.next();
        assert.equal((await who(client)).transport, "websocket");
      });

      test("where WebSocket is not offered the client does not try it", async () => {
        const client = await start({ path: "/polled/" });
        assert.deepEqual(client.upgrades ?? client._upgrades, []);
        const refused = begin(generation, { path: "/polled/", transports: ["websocket"] });
        const [error] = await event(refused, "error");
        assert.match(error.message, /websocket error/);
      });

      test("headers for one transport alone", async () => {
        const extraHeaders = { "X-Token": "known" };
        for (const name of ["polling", "websocket"]) {
          const transportOptions = { [name]: { extraHeaders } };
          const tokens = [];
          for (const transport of ["polling", "websocket"]) {
            const client = await start({ transports: [transport], transportOptions });
            tokens.push((await who(client)).token);
          }
          assert.deepEqual(tokens, name === "polling" ? ["known", "-"] : ["-", "known"]);
        }
      });

      test("forceBase64: bytes come as text", async () => {
        for (const [transports, forceBase64] of [
          [["websocket"], false],
          [["websocket"], true],
          [["polling", "websocket"], true],
        ]) {
          const client = await start({ transports, forceBase64 });
          await moved(client);
          // Older releases of ws tell text by its type.
          const frame = event(client.transport.ws, "message");
          client.send(Buffer.from([0, 255]));
          assert.deepEqual(Buffer.from(await client.next()), Buffer.from([0, 255]));
          const [data, isBinary = typeof data !== "string"] = await frame;
          assert.equal(isBinary, !forceBase64);
        }
      });

      test("polls on connections that are kept", async () => {
        const agent = new Agent({ keepAlive: true, maxSockets: 2 });
        const client = await start({ transports: ["polling"], agent });
        const { port } = server;
        for (let i = 0; i < 20; i++) {
          client.send(`message ${i}`);
          assert.equal(await client.next(), `message ${i}`);
        }
        const sockets = Object.values(agent.sockets).concat(Object.values(agent.freeSockets)).flat();
        assert.ok(sockets.length > 0 && sockets.length <= 2);
        for (const socket of sockets) assert.equal(socket.remotePort, port);
        agent.destroy();
      });

      test("compressed messages", async () => {
        const client = await start({ path: "/deflated/", transports: ["websocket"] });
        assert.match(client.transport.ws.extensions, /^permessage-deflate/);
        const messages = ["", "x", "ab".repeat(30_000), Buffer.alloc(70_000, "xyz"), "ž".repeat(300)];
        for (const message of messages) client.send(message);
        for (const message of messages) {
          const back = await client.next();
          assert.deepEqual(typeof back === "string" ? back : Buffer.from(back), message);
        }
      });
    });
  }

  describe("6.6 alone", () => {
    for (const [name, transports] of Object.entries({
      polling: [Fetch],
      upgrade: [Fetch, NodeWebSocket],
    })) {
      test(`fetch instead of XMLHttpRequest: ${name}`, async () => {
        const client = await open("6.6", { transports });
        if (name === "upgrade") await moved(client);
        const messages = ["", "text €", Buffer.from([0, 255]), "xyz".repeat(10_000)];
        for (const message of [...messages, ...messages]) {
          client.send(message);
          const back = await client.next();
          assert.deepEqual(typeof back === "string" ? back : Buffer.from(back), message);
        }
        const { id } = client;
        client.close();
        assert.deepEqual(await server.report("engine close", id), [id, "transport close"]);
      });
    }

    test("tryAllTransports: polling where there is no WebSocket", async () => {
      const transports = ["websocket", "polling"];
      const client = await open("6.6", { path: "/polled/", transports, tryAllTransports: true });
      assert.equal((await who(client)).transport, "polling");
    });

    test("a path without a slash at its end", async () => {
      const client = await open("6.6", { path: "/polled", addTrailingSlash: false });
      assert.equal((await who(client)).transport, "polling");
    });

    test("withCredentials: the session's cookie comes back", async () => {
      for (const withCredentials of [true, false]) {
        const client = await open("6.6", { path: "/polled/", withCredentials });
        client.send("which cookie");
        const cookie = withCredentials ? `io=${client.id}` : "none";
        assert.equal(await client.next(), cookie);
      }
    });

    test("what does not fit into one payload is sent in several", async () => {
      const client = await open("6.6", { transports: ["polling"] });
      const messages = Array.from({ length: 20 }, (_, i) => `${i} `.repeat(5000));
      for (const message of messages) client.send(message);
      for (const message of messages) assert.equal(await client.next(), message);
    });
  });
});
