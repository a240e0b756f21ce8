// Parsers but the default one: npm's socket.io-msgpack-parser at the client, and lua-cjson at the
// server, where clients see nothing of it.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import old from "socket.io-client-2";
import parser from "socket.io-msgpack-parser";
import { ask, eachTransport, event, suite, target, upgraded } from "./harness.mjs";

const notepack = createRequire(import.meta.resolve("socket.io-msgpack-parser"))("notepack.io");

const boundaries = [
  0, 1, 127, 128, 255, 256, 65535, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 2 ** 53,
  -1, -32, -33, -128, -129, -32768, -32769, -(2 ** 31), -(2 ** 31) - 1, -(2 ** 53) + 1, -(2 ** 53),
];

const samples = {
  "no arguments": [],
  "numbers at the edges of every form": boundaries,
  fractions: [0.5, -0.5, 0.1 + 0.2, 1 / 3, Math.PI, 1e-7, 5e-324, 1.7e-300],
  booleans: [true, false],
  strings: ["", "x".repeat(31), "x".repeat(32), "x".repeat(255), "x".repeat(256), "x".repeat(70_000)],
  unicode: ["žluťoučký kůň", "日本語", "👩‍👩‍👧 😀", "\u2028\ufeff\uffff\u0000"],
  null: [null, 1, null, [null], { a: null }],
  "empty containers": [[], {}, [[], {}], { a: [], b: {} }],
  nested: [{ a: [1, { b: [[["deep"]]], c: { d: { e: "f" } } }] }, [[[[[1]]]]]],
  "odd keys": [{ "": 1, " ": 2, ключ: 3, 1: "one", "-1": 4, constructor: 5, "a\nb": 6 }],
  "many of everything": [
    Array.from({ length: 70_000 }, (_, i) => i),
    Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`key ${i}`, i])),
  ],
  "many arguments": Array.from({ length: 200 }, (_, i) => i),
  binary: [Buffer.from([0, 1, 2, 255])],
  "empty binary": [Buffer.alloc(0), "after"],
  "nested binary": [{ a: [Buffer.from("x"), { b: Buffer.from("y") }], c: null }, 1, "žluť"],
  "large binary": [Buffer.alloc(200_000, "ab")],
  placeholders: [{ _placeholder: true, num: 0 }],
};

// What only MessagePack has words for, and what it is to the client when it has come back: JSON of
// both is the same, since a date comes back as its text, undefined as nothing.
const beyond = {
  undefined: [undefined, 1, [undefined], { a: undefined, b: 1 }],
  dates: [new Date(0), { at: new Date("2026-02-28T23:59:59.999Z") }, new Date(-1), new Date(8.64e15)],
};

function common(title, options, values) {
  suite(title, "parsers", options, (server) => {
    eachTransport(server, (connect, transport, { transports }) => {
      describe("values come back as they were sent", () => {
        for (const [name, args] of Object.entries(values)) {
          test(name, async () => {
            const client = await connect();
            const back = event(client, "echo");
            client.emit("echo", ...args);
            assert.deepEqual(await back, args);
            const answer = await new Promise((resolve) => {
              client.emit("echo by ack", ...args, (...got) => resolve(got));
            });
            assert.deepEqual(answer, args);
          });
        }
      });

      test("the server asks, the client answers", async () => {
        const client = await connect();
        client.on("question", (value, ack) => ack(value, { bytes: [Buffer.from("!")] }, null));
        const answer = event(client, "answer");
        client.emit("question", { bytes: Buffer.from("?") });
        assert.deepEqual(await answer, [
          { bytes: Buffer.from("?") },
          { bytes: [Buffer.from("!")] },
          null,
        ]);
      });

      test("rooms, broadcasts, broadcasts with answers", async () => {
        const [one, two, three] = [await connect(), await connect(), await connect()];
        await ask(one, "join", "r");
        await ask(two, "join", "r");
        const args = ["é", Buffer.from("b"), { a: [Buffer.from("c"), null] }];
        three.on("to room", () => assert.fail("was told"));
        one.on("to others", () => assert.fail("was told"));
        const told = [one, two].map((client) => event(client, "to room"));
        three.emit("to room", "r", ...args);
        for (const got of told) assert.deepEqual(await got, args);
        const others = [two, three].map((client) => event(client, "to others"));
        one.emit("to others", ...args);
        for (const got of others) assert.deepEqual(await got, args);
        const clients = [one, two, three];
        clients.forEach((client, i) => client.on("to all", (value, ack) => ack([i, value])));
        const answers = event(one, "answers");
        one.emit("to all", Buffer.from("?"));
        const sorted = (await answers)[0].sort((a, b) => a[0] - b[0]);
        assert.deepEqual(sorted, [0, 1, 2].map((i) => [i, Buffer.from("?")]));
      });

      test("namespaces: auth, refusals with data, unknown ones, dynamic ones", async () => {
        const auth = { token: "é", list: [1, { a: null }] };
        const client = (name) => server.client(name, { auth, transports });
        assert.deepEqual(await event(client("/auth"), "auth"), [auth]);
        const refusal = async (name) => (await event(client(name), "connect_error"))[0];
        const no = await refusal("/no");
        assert.equal(no.message, "no");
        assert.deepEqual(no.data, auth);
        assert.equal((await refusal("/unknown")).message, "Invalid namespace");
        assert.deepEqual(await event(client("/room-7"), "welcome"), ["/room-7"]);
      });

      test("ends on both sides", async () => {
        const leaving = await connect();
        const { id } = leaving;
        leaving.disconnect();
        assert.deepEqual(await server.report("disconnect", id), [id, "client namespace disconnect"]);
        for (const close of [false, true]) {
          const sent = await connect();
          const gone = event(sent, "disconnect");
          sent.emit("send me away", close);
          assert.equal((await gone)[0], "io server disconnect");
        }
      });

      if (transport === "upgrade") {
        test("goes on after the upgrade", async () => {
          const client = await connect();
          await upgraded(client);
          assert.deepEqual(await ask(client, "echo by ack", Buffer.from("b")), Buffer.from("b"));
        });
      }
    });
  });
}

common("MessagePack", { args: ["msgpack"], parser }, samples);

// As lua-cjson has it, which writes 14 digits and knows no empty array.
common("lua-cjson", { args: ["cjson"] }, {
  "no arguments": [],
  numbers: [0, -1, 42, 1.5, -2.5, 1e-7, 2 ** 40],
  booleans: samples.booleans,
  strings: samples.strings,
  unicode: samples.unicode,
  null: samples.null,
  nested: samples.nested,
  "odd keys": [{ "": 1, " ": 2, ключ: 3, constructor: 5, "a\nb": 6 }],
  "many arguments": samples["many arguments"],
  binary: samples.binary,
  "empty binary": samples["empty binary"],
  "nested binary": samples["nested binary"],
  "several attachments": Array.from({ length: 10 }, (_, i) => Buffer.alloc(i * 100, i)),
  placeholders: samples.placeholders,
});

suite("MessagePack on the wire", "parsers", { args: ["msgpack"], parser }, (server) => {
  const open = async (query) => {
    const ws = await server.webSocket({ query: query ?? "EIO=4&transport=websocket" });
    await ws.next();
    return ws;
  };
  const join = async () => {
    const ws = await open();
    ws.send(notepack.encode({ type: 0, data: undefined, nsp: "/" }));
    const reply = await ws.next();
    const { data } = notepack.decode(reply);
    const expected = { type: 0, data: { sid: data.sid, pid: undefined }, nsp: "/" };
    assert.deepEqual(reply, notepack.encode(expected)); // to the byte
    return Object.assign(ws, { sid: data.sid });
  };
  const packet = (data, more) => notepack.encode({ type: 2, data, nsp: "/", ...more });

  test("packets are those of the official server", async () => {
    const ws = await join();
    ws.send(packet(["echo", 1, "x", Buffer.from([1])], { options: { compress: true } }));
    assert.deepEqual(await ws.next(), packet(["echo", 1, "x", Buffer.from([1])]));
    ws.send(packet(["question", 1]));
    assert.deepEqual(notepack.decode(await ws.next()), {
      type: 2,
      data: ["question", 1],
      id: 0,
      nsp: "/",
    });
    ws.send(notepack.encode({ type: 3, data: [2], id: 0, nsp: "/" }));
    assert.deepEqual(await ws.next(), packet(["answer", 2]));
    ws.send(packet(["echo by ack", "x"], { id: 300 }));
    assert.deepEqual(notepack.decode(await ws.next()), { type: 3, data: ["x"], id: 300, nsp: "/" });
    ws.send(packet(["send me away"]));
    assert.deepEqual(await ws.next(), notepack.encode({ type: 1, nsp: "/" }));
  });

  for (const [name, args] of Object.entries(beyond)) {
    test(`${name} come back as their JSON says`, async () => {
      const client = await server.connect();
      const back = event(client, "echo");
      client.emit("echo", ...args);
      assert.equal(JSON.stringify(await back), JSON.stringify(args));
    });
  }

  test("buffers of every kind come back as bytes", async () => {
    const client = await server.connect();
    const [buffer, array] = await new Promise((resolve) => {
      const bytes = new Uint8Array([3, 4]);
      client.emit("echo by ack", bytes.buffer, bytes, (...got) => resolve(got));
    });
    assert.deepEqual([...new Uint8Array(buffer)], [3, 4]);
    assert.deepEqual([...new Uint8Array(array)], [3, 4]);
  });

  test("numbers that are none of JSON's come back", async () => {
    const client = await server.connect();
    const back = event(client, "echo");
    client.emit("echo", NaN, Infinity, -Infinity);
    assert.deepEqual(await back, [NaN, Infinity, -Infinity]);
  });

  // The official server writes 2^63 as an unsigned number, and 2^70 wrong.
  test("numbers of the server", { skip: target === "reference" }, async () => {
    const client = await server.connect();
    const numbers = event(client, "numbers");
    client.emit("numbers");
    assert.deepEqual(await numbers, [2 ** 63, -(2 ** 63), 2 ** 53, 1, 0, 2 ** 70, 0.5]);
  });

  const event2 = packet(["echo"]);
  for (const [what, message] of Object.entries({
    text: '42["echo"]',
    "no bytes": Buffer.alloc(0),
    "a packet that is cut off": event2.subarray(0, -1),
    "bytes behind a packet": Buffer.concat([event2, Buffer.from([0])]),
    "a number": notepack.encode(1),
    "a list": notepack.encode([2, ["echo"]]),
    nil: notepack.encode(null),
    "a type that does not exist": notepack.encode({ type: 5, data: ["echo"], nsp: "/" }),
    "no type": notepack.encode({ data: ["echo"], nsp: "/" }),
    "no namespace": notepack.encode({ type: 2, data: ["echo"] }),
    "a namespace that is a number": notepack.encode({ type: 2, data: ["echo"], nsp: 1 }),
    "data that is no list": packet({ 0: "echo" }),
    "an id that is nil": packet(["echo"], { id: null }),
    "an id with a fraction": packet(["echo"], { id: 1.5 }),
    "a DISCONNECT with data": notepack.encode({ type: 1, data: 1, nsp: "/" }),
    "a count without its elements": Buffer.concat([
      Buffer.from([0x83]),
      ...["type", 2, "nsp", "/", "data"].map((value) => notepack.encode(value)),
      Buffer.from([0xdd, 0x00, 0xff, 0xff, 0xff]),
    ]),
  })) {
    test(`${what} ends the connection`, async () => {
      const ws = await join();
      ws.send(typeof message === "string" ? `4${message}` : message);
      await server.report("error", ws.sid);
      assert.deepEqual(await server.report("disconnect", ws.sid), [ws.sid, "forced close"]);
      await ws.closed;
      assert.equal(await ask(await server.connect(), "echo by ack", 1), 1);
    });
  }

  // In the official server a client can raise "disconnect" and its like in the application.
  for (const [what, data] of Object.entries({
    "a reserved name": ["disconnect", "fake"],
    "no name": [],
    "a name that is no string": [null],
  })) {
    test(`an event with ${what} ends it`, { skip: target === "reference" }, async () => {
      const ws = await join();
      ws.send(packet(data));
      assert.deepEqual(await server.report("error", ws.sid), [ws.sid, "invalid payload"]);
      assert.deepEqual(await server.report("disconnect", ws.sid), [ws.sid, "forced close"]);
      await ws.closed;
    });
  }

  test("a CONNECT whose data is nil ends the session", async () => {
    const ws = await open();
    ws.send(notepack.encode({ type: 0, data: null, nsp: "/" }));
    await ws.closed;
  });

  // The client of Socket.IO 2 hands packets to a callback; its own parser of that time is another.
  const oldParser = {
    Encoder: class {
      encode(packet, done) {
        const type = packet.type === 5 ? 2 : packet.type === 6 ? 3 : packet.type;
        done(new parser.Encoder().encode({ ...packet, type }));
      }
    },
    Decoder: parser.Decoder,
  };
  for (const transports of [["polling"], ["websocket"]]) {
    test(`revision 3 has the same packets, by ${transports}`, async () => {
      const client = old(server.url, {
        forceNew: true,
        reconnection: false,
        transports,
        parser: oldParser,
      });
      server.keep(client, () => client.close());
      await event(client, "connect");
      const back = event(client, "echo");
      client.emit("echo", 1, { a: [null, "é"] }, Buffer.from("b"));
      assert.deepEqual(await back, [1, { a: [null, "é"] }, Buffer.from("b")]);
      const answer = await new Promise((resolve) => {
        client.emit("echo by ack", 1.5, (...got) => resolve(got));
      });
      assert.deepEqual(answer, [1.5]);
    });
  }
});
