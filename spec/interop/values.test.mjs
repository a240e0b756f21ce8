// Events both ways: every kind of value, order, size, the volatile and compress flags.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ask, eachTransport, event, events, suite, until, upgraded } from "./harness.mjs";

const maxHttpBufferSize = 1e6;

const samples = {
  "no arguments": [],
  numbers: [0, -1, 42, 2 ** 31, -(2 ** 31) - 1, 2 ** 53 - 1, -(2 ** 53) + 1],
  "numbers beyond 53 bits": [2 ** 53, 2 ** 60, -(2 ** 63), 2 ** 63, 2 ** 64, 1e21, -1e300],
  fractions: [0.1, 0.2 + 0.1, 1 / 3, Math.PI, -2.5, 1e-7, 5e-324, Number.MAX_VALUE],
  booleans: [true, false],
  strings: ["", "text", 'with "quotes", \\ and /', "line\nfeed\ttab\u0000nul\u001f\u007f"],
  unicode: ["žluťoučký kůň", "日本語", "👩‍👩‍👧 😀", "\u2028\u2029\ufeff\uffff", "\ud800", "a\udfff"],
  "null arguments": [null, 1, null],
  "only null": [null],
  "null inside": [[null], [1, null, 2], { a: null, b: [null, { c: null }] }],
  "empty containers": [[], {}, [[], {}], { a: [], b: {} }],
  nested: [{ a: [1, { b: [[["deep"]]], c: { d: { e: "f" } } }] }, [[[[[1]]]]]],
  "odd keys": [{ "": 1, " ": 2, ключ: 3, 1: "one", "-1": 4, constructor: 5, "a\nb": 6 }],
  "many arguments": Array.from({ length: 200 }, (_, i) => i),
  binary: [Buffer.from([0, 1, 2, 255])],
  "empty binary": [Buffer.alloc(0), "after"],
  "several attachments": Array.from({ length: 10 }, (_, i) => Buffer.alloc(i * 100, i)),
  "nested binary": [{ a: [Buffer.from("x"), { b: Buffer.from("y") }], c: null }, 1, "žluť"],
  "large binary": [Buffer.alloc(200_000, "ab")],
  placeholders: [{ _placeholder: true, num: 0 }],
};

function valuesSuite(title, options, transports) {
  suite(title, "values", options, (server) => {
    eachTransport(
      server,
      (connect) => {
        describe("values come back as they were sent", () => {
          for (const [name, values] of Object.entries(samples)) {
            test(name, async () => {
              const client = await connect();
              const back = event(client, "echo");
              client.emit("echo", ...values);
              assert.deepEqual(await back, values);
            });
          }
        });
      },
      transports,
    );
  });
}

valuesSuite("values", {});
valuesSuite("values, compressed", { args: ["deflate"] }, ["websocket"]);

suite("compression", "values", { args: ["deflate"] }, (server) => {
  const extensions = (client) => client.io.engine.transport.ws.extensions;

  test("is agreed on", async () => {
    const client = await server.connect("/", { transports: ["websocket"] });
    assert.match(extensions(client), /permessage-deflate/);
  });

  test("is agreed on by an upgrade too", async () => {
    const client = await server.connect();
    await upgraded(client);
    assert.match(extensions(client), /permessage-deflate/);
    const text = "compress me ".repeat(10_000);
    assert.equal(await ask(client, "echo by ack", text), text);
  });

  test("is left to the client", async () => {
    const options = { transports: ["websocket"], perMessageDeflate: false };
    const client = await server.connect("/", options);
    assert.equal(extensions(client), "");
    assert.equal(await ask(client, "echo by ack", "plain"), "plain");
  });

  test("does not lift the limit", async () => {
    const client = await server.connect("/", { transports: ["websocket"] });
    const lost = event(client, "disconnect");
    client.emit("length", "x".repeat(2 * maxHttpBufferSize), () => assert.fail("was taken"));
    assert.match((await lost)[0], /^transport (error|close)$/);
    const other = await server.connect();
    assert.equal(await ask(other, "length", "abc"), 3);
  });
});

suite("events", "values", (server) => {
  eachTransport(server, (connect, transport) => {
    test("values have the right type in the application", async () => {
      const client = await connect();
      const args = [1, 1.5, 2 ** 53, 1e21, -0, "s", true, null, [], {}, Buffer.from("b")];
      const inside = [1, 1.5, null, [], {}, "", false, Buffer.from("b"), [null]];
      assert.deepEqual(await ask(client, "kinds", ...args), [
        "integer",
        "float",
        "integer",
        "float",
        "integer",
        "string",
        "boolean",
        "nil",
        "array",
        "object",
        "binary",
      ]);
      assert.deepEqual(await ask(client, "kinds in list", inside), [
        "integer",
        "float",
        "null",
        "array",
        "object",
        "string",
        "boolean",
        "binary",
        "array",
      ]);
      assert.deepEqual(await ask(client, "kinds"), []);
      assert.deepEqual(await ask(client, "kinds", null, null), ["nil", "nil"]);
    });

    test("typed arrays and views arrive as their bytes", async () => {
      const client = await connect();
      const view = new Uint8Array([9, 8, 7, 6]).subarray(1, 3);
      assert.deepEqual(await ask(client, "echo by ack", view), Buffer.from([8, 7]));
      const { buffer } = new Uint8Array([1, 2, 3]);
      assert.deepEqual(await ask(client, "echo by ack", { buffer }), {
        buffer: Buffer.from([1, 2, 3]),
      });
    });

    test("fields of an object are found by name", async () => {
      const client = await connect();
      assert.equal(await ask(client, "field", { a: 1, "ž b": "two" }, "ž b"), "two");
      assert.equal(await ask(client, "field", { 7: "seven" }, "7"), "seven");
      assert.equal(await ask(client, "field", { a: 1 }, "b"), null);
    });

    test("numbers of the application go out exactly", async () => {
      const client = await connect();
      const numbers = events(client, "numbers", 3);
      client.emit("numbers");
      assert.deepEqual(await numbers, [
        [1, -1, 1, 2 ** 53, 2 ** 53 - 1, -(2 ** 63), 0.1, 1 / 3, -2.5],
        [1e21, 1e300, 5e-324, 123456789012345680, 0.30000000000000004, 1e-7],
        [null, null, null],
      ]);
    });

    test("absent values and nulls go out as null", async () => {
      const client = await connect();
      const nothing = events(client, "nothing", 3);
      client.emit("nothing");
      assert.deepEqual(await nothing, [[null, 1, null], [null, { a: null }, [1, null, 3]], []]);
    });

    test("arrays and objects keep their nature, empty or not", async () => {
      const client = await connect();
      const tables = events(client, "tables", 2);
      client.emit("tables");
      assert.deepEqual(await tables, [
        [{}, [], [1, 2, 3], { a: { b: { c: {} } } }],
        [{ list: [], nested: [[{}]], yes: true, no: false }],
      ]);
    });

    test("bytes of the application go out as attachments", async () => {
      const client = await connect();
      const bytes = Buffer.from([0, 1, 254, 255]);
      const received = events(client, "bytes", 2);
      client.emit("bytes");
      assert.deepEqual(await received, [
        [bytes],
        [{ inner: [bytes, Buffer.alloc(0)] }, "text", [bytes]],
      ]);
    });

    test("send() is the event message", async () => {
      const client = await connect();
      const back = event(client, "message");
      client.send("hello", { n: 1 });
      assert.deepEqual(await back, ["hello", { n: 1 }]);
    });

    test("compress() is accepted and loses nothing", async () => {
      const client = await connect();
      const received = events(client, "compressed", 3);
      client.emit("compressed");
      assert.deepEqual(await received, [[1], [2], [3]]);
    });

    test("events both ways stay in order, none lost or doubled", async () => {
      const count = 3000;
      const client = await connect();
      const back = events(client, "sequence", count);
      let sent = 0;
      await until("end of the sequence", () => {
        // A batch a turn, so that an upgrade falls into the middle of the sequence.
        for (const end = Math.min(count, sent + 100); sent < end; sent++) {
          client.emit("sequence", sent);
          if (sent % 500 === 0) client.emit("echo", Buffer.from("between"));
        }
        return sent === count;
      });
      assert.deepEqual(
        await back,
        Array.from({ length: count }, (_, i) => [i]),
      );
      const result = new Promise((resolve) =>
        client.emit("sequence result", (...args) => resolve(args)),
      );
      assert.deepEqual(await result, [count, 0]);
      assert.equal(
        client.io.engine.transport.name,
        transport === "polling" ? "polling" : "websocket",
      );
    });

    test("a burst of the application arrives whole and in order", async () => {
      const client = await connect();
      const pushed = events(client, "pushed", 5000);
      client.emit("push", 5000, "p".repeat(50));
      const numbers = (await pushed).map(([i]) => i);
      assert.deepEqual(
        numbers,
        Array.from({ length: 5000 }, (_, i) => i),
      );
    });

    test("a message as large as allowed is taken", async () => {
      const client = await connect();
      if (transport === "upgrade") await upgraded(client);
      const frame = '420["length",""]'.length;
      const text = "x".repeat(maxHttpBufferSize - frame);
      assert.equal(await ask(client, "length", text), text.length);
      const bytes = Buffer.alloc(transport === "polling" ? 700_000 : maxHttpBufferSize);
      assert.equal(await ask(client, "length", bytes), bytes.length);
    });

    test("a message larger than allowed ends the connection, not the server", async () => {
      const client = await connect();
      if (transport === "upgrade") await upgraded(client);
      const lost = event(client, "disconnect");
      client.emit("length", "x".repeat(maxHttpBufferSize), () => assert.fail("was taken"));
      const [reason] = await lost;
      assert.match(reason, /^transport (error|close)$/);
      const other = await connect();
      assert.equal(await ask(other, "length", "abc"), 3);
    });

    test("large messages go out, text and binary", async () => {
      const client = await connect();
      const length = 3_000_000;
      const [text, bytes] = await Promise.all([
        ask(client, "give", length),
        ask(client, "give bytes", length),
      ]);
      assert.equal(text, "x".repeat(length));
      assert.ok(bytes.equals(Buffer.alloc(length, 1)));
    });

    test("volatile events reach a client that is ready, at most once each", async () => {
      const client = await connect();
      const seen = [];
      client.on("volatile", (i) => seen.push(i));
      client.emit("volatile");
      await until("volatile event", () => seen.length > 3);
      client.emit("seen");
      assert.deepEqual(
        seen,
        [...new Set(seen)].sort((a, b) => a - b),
      );
    });
  });

  test("a volatile event is dropped while no poll is pending", async () => {
    const session = await server.rawPolling();
    await session.post('42["volatile then firm"]');
    assert.equal((await session.get()).body, '42["firm",1]');
  });

  test("volatile events to a slow reader are dropped, whole ones", async () => {
    const ws = await server.rawSocket();
    const count = 200;
    const padding = "v".repeat(100_000);
    ws.pause();
    ws.send(`42${JSON.stringify(["volatile flood", count, padding])}`);
    await server.report("flood over");
    ws.resume();
    const seen = [];
    for (;;) {
      const [name, i, text] = JSON.parse((await ws.next()).slice(2));
      if (name === "firm") break;
      assert.equal(text, padding);
      seen.push(i);
    }
    assert.ok(seen.length > 0 && seen.length < count, `${seen.length} of ${count} arrived`);
    assert.deepEqual(
      seen,
      [...new Set(seen)].sort((a, b) => a - b),
    );
  });

  test("event names may be numbers, empty or odd", async () => {
    const client = await server.connect();
    for (const name of ["", "žluť", 'with "quotes"', "message", "toString", "__proto__"]) {
      client.emit(name, 1);
    }
    client.emit(7, 1);
    assert.equal(await ask(client, "length", "still here"), 10);
  });
});
