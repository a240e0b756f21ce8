// Clients of Socket.IO 2 (protocol revision 3), where allowEIO3 lets them in.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import old from "socket.io-client-2";
import { event, suite, transportsOf, within } from "./harness.mjs";

const REVISION3 = "EIO=3&transport=polling";

function answerOf(client, ...args) {
  const answer = new Promise((resolve) => client.emit(...args, (...values) => resolve(values)));
  return within(answer, `answer to ${args[0]}`);
}

/** Bytes as an array, whatever the client hands out. */
function bytesOf(data) {
  return [...new Uint8Array(data)];
}

suite("clients of Socket.IO 2", "eio3", (server) => {
  function open(namespace, options) {
    const client = old(server.url + namespace, {
      forceNew: true,
      reconnection: false,
      ...options,
    });
    return server.keep(client, () => client.io.close());
  }

  async function connect(namespace, options) {
    const client = open(namespace, options);
    const failure = new Promise((_, reject) => {
      for (const name of ["connect_error", "error"]) client.once(name, reject);
    });
    await Promise.race([event(client, "connect"), failure]);
    return client;
  }

  async function isOn(client, transport) {
    if (transport !== "upgrade") return;
    const { engine } = client.io;
    if (engine.transport.name !== "websocket") await event(engine, "upgrade");
  }

  const ways = {
    ...Object.fromEntries(
      Object.entries(transportsOf).map(([name, transports]) => [name, { transports }]),
    ),
    "websocket, base64": { transports: ["websocket"], forceBase64: true },
  };

  for (const [transport, options] of Object.entries(ways)) {
    describe(transport, () => {
      test("they are in the main namespace at once", async () => {
        const client = await connect("/", options);
        const [id, name, protocol, auth] = await answerOf(client, "who");
        assert.deepEqual([id, name, protocol], [client.id, "/", 3]);
        assert.equal(id, client.io.engine.id);
        assert.deepEqual(auth, {});
      });

      test("values both ways", async () => {
        const client = await connect("/", options);
        const values = ["€ 😀 \u2028 \\n \"", 1.5, null, { a: [true, {}] }, "x".repeat(70000)];
        client.emit("echo", ...values);
        assert.deepEqual(await event(client, "echo"), values);
        await isOn(client, transport);
        client.emit("echo", ...values);
        assert.deepEqual(await event(client, "echo"), values);
      });

      test("binary values both ways", async () => {
        const client = await connect("/", options);
        for (const size of [0, 1, 2, 3, 200, 70000]) {
          const sent = Buffer.alloc(size, 0xa5);
          client.emit("echo", { bytes: sent }, "text €", sent);
          const [{ bytes }, text, again] = await event(client, "echo");
          assert.equal(text, "text €");
          assert.deepEqual([bytesOf(bytes), bytesOf(again)], [[...sent], [...sent]]);
        }
        await isOn(client, transport);
        const [back] = await answerOf(client, "ask", Buffer.from([0, 4, 255]));
        assert.deepEqual(bytesOf(back), [0, 4, 255]);
      });

      test("acknowledgements both ways", async () => {
        const client = await connect("/", options);
        assert.deepEqual(await answerOf(client, "ask", { a: 1 }), [{ a: 1 }]);
        client.on("question", (value, done) => done([value, Buffer.from("ok")]));
        client.emit("ask me", 7);
        const [[value, bytes]] = await event(client, "answered");
        assert.deepEqual([value, Buffer.from(bytes).toString()], [7, "ok"]);
      });

      test("a namespace, with a query for its handshake", async () => {
        const client = await connect("/one", { ...options, query: { token: "a b&c=€", n: "2" } });
        const [id, name, protocol, auth] = await answerOf(client, "who");
        assert.deepEqual([id, name, protocol], [client.id, "/one", 3]);
        assert.equal(id, `/one#${client.io.engine.id}`);
        assert.equal(auth.token, "a b&c=€");
        assert.equal(auth.n, "2");
        client.emit("echo", Buffer.from("x"), 1);
        const [bytes, one] = await event(client, "echo");
        assert.deepEqual([bytesOf(bytes), one], [[120], 1]);
      });

      test("several namespaces on one connection", async () => {
        const manager = old.Manager(server.url, { ...options, reconnection: false });
        server.keep(manager, () => manager.close());
        const names = ["/", "/one", "/made-1", "/made-2"];
        const sockets = names.map((name) => manager.socket(name));
        await Promise.all(sockets.map((socket) => event(socket, "connect")));
        const answers = await Promise.all(sockets.map((socket) => answerOf(socket, "who")));
        assert.deepEqual(
          answers.map(([id, name]) => [id, name]),
          sockets.map((socket, i) => [socket.id, names[i]]),
        );
      });

      for (const [what, namespace, wanted] of [
        ["an unknown namespace", "/nowhere", { message: "Invalid namespace" }],
        ["a middleware's error with data", "/refuses", { code: 1 }],
        ["a middleware's error", "/refuses-briefly", "no"],
      ]) {
        test(`${what} is told`, async () => {
          assert.deepEqual(await event(open(namespace, options), "error"), [wanted]);
        });
      }

      test("disconnects from both sides", async () => {
        for (const [namespace, act, own, theirs] of [
          ["/", (it) => it.disconnect(), "io client disconnect", "client namespace disconnect"],
          ["/one", (it) => it.emit("leave me", false), "io server disconnect"],
          ["/", (it) => it.emit("leave me", true), "io server disconnect"],
        ]) {
          const client = await connect(namespace, options);
          await isOn(client, transport);
          const { id } = client;
          const gone = event(client, "disconnect");
          act(client);
          assert.deepEqual(await gone, [own]);
          const [, reason] = await server.report("disconnect", id);
          assert.equal(reason, theirs ?? "server namespace disconnect");
        }
      });

      test("pings of the client keep it", async () => {
        const client = await connect("/", options);
        for (let i = 0; i < 3; i++) await event(client, "pong");
        assert.deepEqual(await answerOf(client, "ask", 1), [1]);
      });

      test("a room of old and new clients", async () => {
        const room = `room ${transport}`;
        const clients = [];
        for (const each of Object.values(ways)) clients.push(await connect("/", each));
        for (const transports of Object.values(transportsOf)) {
          clients.push(await server.connect("/", { transports }));
        }
        for (const client of clients) await answerOf(client, "join", room);
        const told = clients.map((client) => event(client, "told"));
        clients[0].emit("tell", room, "to all", Buffer.from([4, 0, 255]), { n: 1 });
        for (const [text, bytes, object] of await Promise.all(told)) {
          assert.deepEqual([text, bytesOf(bytes), object], ["to all", [4, 0, 255], { n: 1 }]);
        }
      });
    });
  }

  test("a client of today is one of revision 4", async () => {
    const client = await server.connect("/");
    const [id, name, protocol] = await answerOf(client, "who");
    assert.deepEqual([id, name, protocol], [client.id, "/", 4]);
    assert.notEqual(id, client.io.engine.id);
  });

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
