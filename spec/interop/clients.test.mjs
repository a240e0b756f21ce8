// What every application does with its clients, for the official clients of three generations in
// every way in which they connect.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as parser from "socket.io-msgpack-parser";
import { event, events, suite, target, until, within } from "./harness.mjs";
import {
  answersTo,
  bytesOf,
  connect,
  generations,
  network,
  open,
  refusal,
  settled,
  ways,
} from "./generations.mjs";

const big = 900_000;

/** One of each kind of value, and what comes back of it. */
const kinds = [
  ["", "€ 😀 \u2028 \\n \" \u0000 </script>", "x".repeat(70_000)],
  [0, -1, 1.5, 1e18, 2 ** 53, -5e-324, true, false, null],
  [[], {}, [[], [null]], { a: { b: [{}] }, "": 1, "ž": [1, "2"] }],
  [Array.from({ length: 100 }, (_, i) => ({ i }))],
];

/** Which of `sent` are `heard`: in order, none twice. */
function assertRising(heard) {
  assert.deepEqual(heard, [...new Set(heard)].sort((a, b) => a - b));
}

function body(server, generation, way, parser) {
  const { protocol } = generations[generation];
  const moves = ways[way].transports.length > 1;
  const start = (namespace, options) =>
    connect(server, generation, namespace, { ...ways[way], parser, ...options });
  const beginning = (namespace, options) =>
    open(server, generation, namespace, { ...ways[way], parser, ...options });

  describe("connecting", () => {
    test("client and server know each other by the same id", async () => {
      const client = await start();
      await settled(client, way);
      const [who] = await answersTo(client, "who");
      assert.equal(who.id, client.id);
      assert.equal(who.id === client.io.engine.id, protocol === 3);
      assert.deepEqual([who.name, who.protocol, who.rooms], ["/", protocol, 1]);
      assert.equal(who.transport, way === "polling" ? "polling" : "websocket");
      assert.equal(who.query.EIO, String(protocol));
    });

    test("what the server says at once is heard", async () => {
      for (const namespace of ["/", "/one"]) {
        const client = beginning(namespace, { query: { greet: "yes" } });
        const [[id]] = await Promise.all([event(client, "welcome"), event(client, "connect")]);
        assert.equal(id, client.id);
      }
    });

    test("what the client says before it is connected is heard, in order", async () => {
      const client = beginning();
      const echoes = events(client, "echo", 3);
      for (const n of [1, 2, 3]) client.emit("echo", n, Buffer.from([n]));
      assert.deepEqual(
        (await echoes).map(([n, bytes]) => [n, bytesOf(bytes)]),
        [1, 2, 3].map((n) => [n, [n]]),
      );
    });

    test("authentication, query and headers", async () => {
      const auth = { token: "a b&c=€", n: "2" };
      const extraHeaders = { "X-Token": "known" };
      const client = await start("/one", { auth, extraHeaders });
      const [who] = await answersTo(client, "who");
      assert.deepEqual([who.name, who.token], ["/one", "known"]);
      const { EIO, transport, t, b64, ...told } = protocol === 3 ? who.auth : { ...who.auth };
      assert.deepEqual(told, auth);
      if (protocol === 3) {
        assert.equal(who.id, `/one#${client.io.engine.id}`);
        assert.deepEqual([who.query.token, who.query.n], [auth.token, auth.n]);
      }
    });

    test("leaving and coming back", async () => {
      const client = await start();
      await settled(client, way);
      const { id } = client;
      const closed = event(client.io.engine, "close");
      client.disconnect();
      await server.report("disconnect", id, "client namespace disconnect");
      await closed;
      client.connect();
      await event(client, "connect");
      assert.notEqual(client.id, id);
      assert.deepEqual(await answersTo(client, "ask", "back"), ["back"]);
    });
  });

  describe("values", () => {
    test("of all kinds, both ways", async () => {
      const client = await start();
      for (const values of [...kinds, ...kinds]) {
        client.emit("echo", ...values);
        assert.deepEqual(await event(client, "echo"), values);
        await settled(client, way);
      }
    });

    test("what JSON does not have", async () => {
      const client = await start();
      client.emit("echo", undefined, NaN, new Date(0), { gone: undefined, nan: -Infinity });
      const [nothing, nan, date, object] = await event(client, "echo");
      assert.deepEqual([nothing ?? null, object.gone ?? null], [null, null]);
      assert.deepEqual([nan, object.nan], parser ? [NaN, -Infinity] : [null, null]);
      assert.equal(new Date(date).toISOString(), "1970-01-01T00:00:00.000Z");
    });

    test("messages without a name", async () => {
      const client = await start();
      client.send("text", { n: 1 }, Buffer.from([0]));
      const [text, object, bytes] = await event(client, "message");
      assert.deepEqual([text, object, bytesOf(bytes)], ["text", { n: 1 }, [0]]);
    });

    test("bytes, both ways", async () => {
      const client = await start();
      for (const size of [0, 1, 2, 3, 125, 126, 65535, 65536, 70000]) {
        const sent = Buffer.alloc(size, 0xa5);
        client.emit("echo", { bytes: sent }, "text €", [sent]);
        const [{ bytes }, text, [again]] = await event(client, "echo");
        assert.equal(text, "text €");
        assert.ok(sent.equals(new Uint8Array(bytes)) && sent.equals(new Uint8Array(again)));
        if (size === 3) await settled(client, way);
      }
    });

    test("as many attachments as are allowed", async () => {
      const client = await start();
      const sent = Array.from({ length: 10 }, (_, i) => Buffer.from([i, 4, 255 - i]));
      client.emit("echo", ...sent);
      assert.deepEqual((await event(client, "echo")).map(bytesOf), sent.map(bytesOf));
    });

    test("large ones", async () => {
      const client = await start();
      const text = "ab\n€".repeat(big / 8).slice(0, big / 8) + "x".repeat(big / 2);
      const bytes = Buffer.alloc((big * 3) / 4 - 100, "0123456789\n");
      for (let i = 0; i < 2; i++) {
        const [echo] = await answersTo(client, "ask", text);
        assert.ok(echo === text);
        const [back] = await answersTo(client, "ask", bytes);
        assert.ok(bytes.equals(new Uint8Array(back)));
        await settled(client, way);
      }
    });

    test("many both ways, across the upgrade: in order, none lost, none twice", async () => {
      const client = beginning();
      const count = 1000;
      const heard = [];
      client.on("numbered", (n, bytes) => {
        heard.push(n);
        assert.equal(bytes && Buffer.from(bytes).toString(), n % 10 === 0 ? String(n) : null);
      });
      client.emit("number", count);
      for (let n = 1; n <= count; n++) {
        client.emit("numbered", n, n % 10 === 0 ? Buffer.from("bytes") : null);
        if (n % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await settled(client, way);
      const numbers = Array.from({ length: count }, (_, i) => i + 1);
      await until("all numbers", () => heard.length >= count);
      assert.deepEqual((await answersTo(client, "heard"))[0], numbers);
      assert.deepEqual(heard, numbers);
    });
  });

  describe("acknowledgements", () => {
    test("of the server, once", async () => {
      const client = await start();
      assert.deepEqual(await answersTo(client, "ask"), []);
      assert.deepEqual(await answersTo(client, "ask", { a: 1 }, null, "€"), [{ a: 1 }, null, "€"]);
      const [text, bytes] = await answersTo(client, "ask", "text", Buffer.from([0, 4, 255]));
      assert.deepEqual([text, bytesOf(bytes)], ["text", [0, 4, 255]]);
    });

    test("of the client", async () => {
      const client = await start();
      client.on("question", (value, done) => done([value, Buffer.from("ok")], "and", null));
      client.emit("ask me", 7);
      const [[value, bytes], and, nothing] = await event(client, "answered");
      assert.deepEqual([value, Buffer.from(bytes).toString(), and, nothing], [7, "ok", "and", null]);
    });

    test("in another order than asked for", async () => {
      const client = await start();
      const count = 20;
      const answers = Array.from({ length: count }, () => answersTo(client, "ask late", count));
      assert.deepEqual(
        await Promise.all(answers),
        answers.map((_, i) => [i + 1]),
      );
    });

    test("in time, or too late", async () => {
      const client = await start();
      client.once("question", (done) => done("in time"));
      client.emit("ask me in time", 20_000);
      assert.deepEqual(await event(client, "answered"), [false, "in time"]);
      client.emit("ask me in time", 1);
      const [late] = await event(client, "answered");
      assert.equal(late, true);
    });
  });

  describe("namespaces", () => {
    test("several on one connection, each by itself", async () => {
      const client = await start();
      const others = ["/one", "/made-1", "/made-2"].map((name) => client.io.socket(name));
      await Promise.all(others.map((socket) => event(socket, "connect")));
      const sockets = [client, ...others];
      const answers = await Promise.all(sockets.map((socket) => answersTo(socket, "who")));
      assert.deepEqual(
        answers.map(([who]) => [who.id, who.name]),
        sockets.map((socket) => [socket.id, socket.nsp]),
      );
      const { id } = others[0];
      others[0].disconnect();
      await server.report("disconnect", id, "client namespace disconnect");
      assert.deepEqual(await answersTo(others[1], "ask", 1), [1]);
    });

    test("one that a function allows", async () => {
      const name = `/chosen-${generation}-${way}`;
      const refused = beginning(name, { auth: { token: "unknown" } });
      assert.deepEqual(await refusal(refused), { message: "Invalid namespace" });
      const client = await start(name, { auth: { token: "known" } });
      assert.equal((await answersTo(client, "who"))[0].name, name);
    });

    test("one with a guard", async () => {
      const client = await start("/guarded", { auth: { token: "known" } });
      assert.deepEqual(await answersTo(client, "ask", 1), [1]);
      const refused = await refusal(beginning("/guarded"));
      const message = "unknown token";
      assert.deepEqual(refused, protocol === 3 ? message : { message });
    });

    const data = { code: 1, list: [1, null] };
    for (const [what, namespace, wanted, former = wanted] of [
      ["an unknown namespace", "/nowhere", { message: "Invalid namespace" }],
      ["a middleware's error with data", "/refuses", { message: "no", data }, data],
      ["a middleware's error", "/refuses-briefly", { message: "no" }, "no"],
    ]) {
      test(`${what} is told, and the connection stays`, async () => {
        const client = beginning(namespace);
        assert.deepEqual(await refusal(client), protocol === 3 ? former : wanted);
        assert.equal(client.connected, false);
        const other = client.io.socket("/one");
        if (!other.connected) await event(other, "connect");
        assert.deepEqual(await answersTo(other, "ask", 1), [1]);
      });
    }
  });

  describe("rooms", () => {
    const room = `${generation} ${way}`;

    test("who is told, and who is not", async () => {
      const clients = await Promise.all([start(), start(), start(), start()]);
      const heard = clients.map(() => []);
      clients.forEach((client, i) => client.on("told", (what) => heard[i].push(what)));
      const [one, two, three] = clients;
      for (const client of [one, two, three]) await answersTo(client, "join", room);
      one.emit("tell", room, "all");
      one.emit("tell others", room, "others");
      one.emit("tell some", room, two.id, "but two");
      await answersTo(one, "ask");
      await answersTo(three, "leave", room);
      one.emit("tell", room, "those who stayed", Buffer.from([1]));
      await answersTo(one, "ask");
      for (const client of clients) await answersTo(client, "ask");
      await until("all that is due", () => heard.flat().length >= 9);
      assert.deepEqual(heard, [
        ["all", "but two", "those who stayed"],
        ["all", "others", "those who stayed"],
        ["all", "others", "but two"],
        [],
      ]);
    });

    test("volatile events: in order, none twice", async () => {
      const client = await start();
      const heard = [];
      client.on("whispered", (n) => heard.push(n));
      client.emit("whisper much", 100);
      await event(client, "whispered all");
      assertRising(heard);
      heard.length = 0;
      await settled(client, way);
      let count = 0;
      await until("volatile events", async () => {
        await answersTo(client, "whisper", ++count);
        return heard.length >= 3;
      });
      assertRising(heard);
      if (way !== "polling") assert.equal(heard.length, count);
    });
  });

  describe("ending", () => {
    const causes = {
      "the client disconnects": [
        (it) => it.disconnect(),
        "io client disconnect",
        "client namespace disconnect",
      ],
      "the client closes": [
        (it) => it.io.engine.close(),
        /^(forced close|transport close)$/,
        "transport close",
      ],
      "the server disconnects the socket": [
        (it) => it.emit("leave me", false),
        "io server disconnect",
        "server namespace disconnect",
      ],
      "the server disconnects and closes": [
        (it) => it.emit("leave me", true),
        "io server disconnect",
        "server namespace disconnect",
      ],
      "the server closes": [(it) => it.emit("cut me"), "transport close", "forced close"],
    };
    for (const [cause, [act, here, there]] of Object.entries(causes)) {
      test(cause, async () => {
        const client = await start();
        await settled(client, way);
        const { id } = client;
        const gone = event(client, "disconnect");
        act(client);
        assert.deepEqual(await server.report("disconnect", id), [id, there]);
        const [reason] = await gone;
        if (here instanceof RegExp) assert.match(reason, here);
        else assert.equal(reason, here);
        assert.equal(client.connected, false);
      });
    }

    if (moves) {
      test("the client goes while it moves to WebSocket", async () => {
        const client = await start();
        const { id } = client;
        client.disconnect();
        const [, reason] = await server.report("disconnect", id);
        assert.match(reason, /^(client namespace disconnect|transport close)$/);
      });
    }

    const words = "last words €".repeat(20_000);

    test("what the server said before the end is heard", async () => {
      for (const close of [false, true]) {
        const client = await start();
        const said = event(client, "last words");
        const gone = event(client, "disconnect");
        client.emit("say and leave", words, close);
        const [text, bytes] = await said;
        assert.ok(text === words && Buffer.from(bytes).toString() === words);
        assert.equal((await gone)[0], "io server disconnect");
      }
    });

    const forgets = target === "reference" && "it drops events that are overtaken by the end";
    test("what the client said before the end is heard", { skip: forgets }, async () => {
      const client = await start();
      const { id } = client;
      client.emit("mark me", words);
      client.disconnect();
      const [, heard] = await server.report("marked", id);
      assert.ok(heard === words);
      await server.report("disconnect", id, "client namespace disconnect");
    });

    test("the network breaks, and is mended", async () => {
      const between = await network(server);
      const options = { ...ways[way], parser, reconnection: true, reconnectionDelay: 10 };
      const client = await connect(between, generation, "/", options);
      await settled(client, way);
      const { id } = client;
      client.emit("mark me"); // by then a poll waits at the server
      await server.report("marked", id);
      const gone = event(client, "disconnect");
      between.cut();
      const reason = way === "polling" ? "transport error" : "transport close";
      assert.equal((await gone)[0], reason);
      await server.report("disconnect", id, reason);
      between.mend();
      await event(client, "connect");
      assert.deepEqual(await answersTo(client, "ask", "back"), ["back"]);
    });

    test("what a client says while cut off is heard when it is back", async () => {
      const client = await start("/one", { reconnection: true, reconnectionDelay: 10 });
      await settled(client, way);
      const { id } = client;
      const gone = event(client, "disconnect");
      client.emit("cut me");
      assert.equal((await gone)[0], "transport close");
      await server.report("disconnect", id, "forced close");
      const echoes = events(client, "echo", 2);
      client.emit("echo", "said while away");
      client.emit("echo", Buffer.from("bytes while away"));
      const [[text], [bytes]] = await echoes;
      assert.equal(text, "said while away");
      assert.equal(Buffer.from(bytes).toString(), "bytes while away");
      assert.ok(client.connected);
      assert.notEqual(client.id, id);
      assert.equal((await answersTo(client, "who"))[0].id, client.id);
    });
  });
}

suite("clients", "clients", (server) => {
  for (const generation of Object.keys(generations)) {
    for (const way of Object.keys(ways)) {
      describe(`${generation}, ${way}`, () => body(server, generation, way));
    }
  }
});

suite("clients that speak MessagePack", "clients", { args: ["packing"], parser }, (server) => {
  describe("3.1, upgrade", () => body(server, "3.1", "upgrade", parser));
  for (const way of Object.keys(ways)) {
    describe(`4.8, ${way}`, () => body(server, "4.8", way, parser));
  }
});

suite("the client of today alone", "clients", (server) => {
  for (const way of Object.keys(ways)) {
    test(`retries: ${way}`, async () => {
      const between = await network(server);
      const options = { reconnection: true, reconnectionDelay: 10, retries: 9, ackTimeout: 3000 };
      const client = await connect(between, "4.8", "/", { ...ways[way], ...options });
      const answers = [];
      for (let i = 1; i <= 20; i++) {
        answers.push(within(client.emitWithAck("ask", i), `answer ${i}`));
        if (i === 10) between.cut();
      }
      if (client.connected) await event(client, "disconnect");
      between.mend();
      assert.deepEqual(
        await Promise.all(answers),
        answers.map((_, i) => i + 1),
      );
    });

    test(`volatile: ${way}`, async () => {
      const client = open(server, "4.8", "/", { ...ways[way], reconnection: true });
      client.volatile.emit("numbered", 1);
      await event(client, "connect");
      await settled(client, way);
      const heard = await until("volatile events", async () => {
        client.volatile.emit("numbered", 2);
        const [heard] = await answersTo(client, "heard");
        return heard.length > 0 && heard;
      });
      assert.deepEqual([...new Set(heard)], [2]);
    });
  }
});
