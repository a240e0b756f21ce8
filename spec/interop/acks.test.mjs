// Acknowledgements both ways: values, timeouts, many at once, broadcasts that collect answers.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ask, eachTransport, event, suite, within } from "./harness.mjs";

const late = "operation has timed out";
const soon = 50;
const ample = 15_000;

/** All arguments of the acknowledgement, absent ones at the end left out. */
async function answer(client, ...args) {
  const all = await within(
    new Promise((resolve) => client.emit(...args, (...answers) => resolve(answers))),
    `acknowledgement of "${args[0]}"`,
  );
  while (all.length > 0 && all.at(-1) == null) all.pop();
  return all;
}

suite("acknowledgements", "acks", (server) => {
  eachTransport(server, (connect) => {
    describe("of the server", () => {
      test("carry values of every kind", async () => {
        const client = await connect();
        const values = new Promise((resolve) => client.emit("values", (...all) => resolve(all)));
        assert.deepEqual(await within(values, "answer"), [
          "text",
          null,
          42,
          1.5,
          { a: [1, null] },
          [],
          null,
        ]);
      });

      test("carry binary", async () => {
        const client = await connect();
        const bytes = Buffer.from([1, 2, 3]);
        assert.deepEqual(await answer(client, "bytes", bytes), [bytes, { again: bytes }]);
      });

      test("may be empty", async () => {
        const client = await connect();
        assert.deepEqual(await answer(client, "nothing"), []);
      });

      test("are sent once", async () => {
        const client = await connect();
        const seen = [];
        client.emit("twice", (value) => seen.push(value));
        await ask(client, "nothing");
        assert.deepEqual(seen, ["first"]);
      });

      test("may come later", async () => {
        const client = await connect();
        assert.deepEqual(await answer(client, "later", 20), ["later", 20]);
      });

      test("may come in any order", async () => {
        const client = await connect();
        const order = [];
        const hold = (value) => ask(client, "hold", value).then((back) => order.push(back));
        await Promise.all([hold("a"), hold("b"), hold("c")]);
        assert.deepEqual(order, ["c", "b", "a"]);
      });

      test("keep their number when many are under way", async () => {
        const client = await connect();
        const numbers = Array.from({ length: 500 }, (_, i) => i);
        const doubled = await Promise.all(numbers.map((n) => ask(client, "double", n)));
        assert.deepEqual(
          doubled,
          numbers.map((n) => n * 2),
        );
      });

      test("that never come run into the client's timeout", async () => {
        const client = await connect();
        await assert.rejects(client.timeout(soon).emitWithAck("never"), { message: late });
        await assert.rejects(client.timeout(soon).emitWithAck("no such event"), { message: late });
      });

      test("do no harm after the end", async () => {
        const client = await connect();
        client.emit("after the end", () => assert.fail("answered after the end"));
        assert.deepEqual(await server.report("late acknowledgement"), [true]);
      });
    });

    describe("of the client", () => {
      test("come back to the one who asked", async () => {
        const client = await connect();
        client.on("question", (value, reply) => reply({ echo: value }));
        for (const name of ["ask", "ask by callback"]) {
          assert.deepEqual(await answer(client, name, "x"), [{ echo: "x" }]);
        }
      });

      test("carry binary and null", async () => {
        const client = await connect();
        client.on("question", (value, reply) => reply([value, null], 2, null));
        const bytes = Buffer.from("bytes");
        assert.deepEqual(await answer(client, "ask", bytes), [[bytes, null]]);
        assert.deepEqual(await answer(client, "ask by callback", bytes), [[bytes, null], 2]);
      });

      test("in time give an answer and no error", async () => {
        const client = await connect();
        client.on("question", (value, reply) => setTimeout(reply, 10, "here"));
        for (const name of ["ask in time", "ask in time by callback"]) {
          assert.deepEqual(await answer(client, name, ample), ["here"]);
        }
      });

      test("that do not come give an error", async () => {
        const client = await connect();
        for (const name of ["ask in time", "ask in time by callback"]) {
          assert.deepEqual(await answer(client, name, soon), [null, late]);
        }
      });

      test("that come too late are ignored", async () => {
        const client = await connect();
        const replies = [];
        client.on("question", (value, reply) => replies.push(reply));
        assert.deepEqual(await answer(client, "ask in time", soon), [null, late]);
        replies.forEach((reply) => reply("too late"));
        assert.equal(await ask(client, "double", 4), 8);
      });

      test("keep their number when many are under way", async () => {
        const client = await connect();
        const open = [];
        client.on("question", (i, reply) => {
          open.push(() => reply(i * i));
          if (open.length === 200) open.reverse().forEach((answerNow) => answerNow());
        });
        const [squares] = await answer(client, "ask many", 200);
        assert.deepEqual(
          squares,
          Array.from({ length: 200 }, (_, i) => (i + 1) ** 2),
        );
      });

      test("time out when the client is gone", async () => {
        const client = await connect();
        const { id } = client;
        const asked = event(client, "question");
        client.emit("ask, then lose", 200);
        await asked;
        client.disconnect();
        assert.deepEqual(await server.report("lost", id), [id, null, late]);
      });
    });

    describe("of many clients", () => {
      async function members(room, count) {
        const clients = await Promise.all(Array.from({ length: count }, () => connect()));
        await Promise.all(clients.map((client) => ask(client, "join", room)));
        return clients;
      }
      const rooms = (function* () {
        for (let i = 0; ; i++) yield `${Math.random()}-${i}`;
      })();
      const nextRoom = () => rooms.next().value;

      for (const name of ["ask room", "ask room by callback"]) {
        test(`${name}: every answer is collected`, async () => {
          const room = nextRoom();
          const clients = await members(room, 3);
          clients.forEach((client, i) => client.on("question", (v, reply) => reply(v + i, "more")));
          const [answers, error] = await answer(clients[0], name, room, ample, 10);
          assert.deepEqual([answers.sort(), error], [[10, 11, 12], undefined]);
        });

        test(`${name}: binary and empty answers count`, async () => {
          const room = nextRoom();
          const [one, two] = await members(room, 2);
          one.on("question", (bytes, reply) => reply(bytes));
          two.on("question", (bytes, reply) => reply());
          const [answers] = await answer(one, name, room, ample, Buffer.from("q"));
          assert.equal(answers.length, 2);
          assert.ok(
            answers.some((value) => value?.equals?.(Buffer.from("q"))),
            "bytes",
          );
          assert.ok(
            answers.some((value) => value == null),
            "nothing",
          );
        });

        test(`${name}: nobody is asked, nobody answers`, async () => {
          const client = await connect();
          assert.deepEqual(await answer(client, name, nextRoom(), ample, 1), [[]]);
        });
      }

      test("a timeout gives the error and the answers that came", async () => {
        const room = nextRoom();
        const [one, two] = await members(room, 3);
        one.on("question", (v, reply) => reply("one"));
        two.on("question", (v, reply) => reply("two"));
        // Long enough for two answers on a slow machine; the third client never answers.
        const [[answers, error, partial], [partly, message]] = await Promise.all([
          answer(one, "ask room", room, 1000, 1),
          answer(one, "ask room by callback", room, 1000, 1),
        ]);
        assert.deepEqual([answers, error, partial.sort()], [null, late, ["one", "two"]]);
        assert.deepEqual([partly.sort(), message], [["one", "two"], late]);
      });

      test("a broadcast leaves out the sender", async () => {
        const room = nextRoom();
        const [one, two, three] = await members(room, 3);
        one.on("question", () => assert.fail("the sender was asked"));
        two.on("question", (v, reply) => reply(2));
        three.on("question", (v, reply) => reply(3));
        const [answers] = await answer(one, "ask others", room, ample, 1);
        assert.deepEqual(answers.sort(), [2, 3]);
      });
    });
  });

  test("everybody in a namespace can be asked, whatever their transport", async () => {
    const clients = await Promise.all([
      server.connect("/everybody", { transports: ["polling"] }),
      server.connect("/everybody", { transports: ["websocket"] }),
      server.connect("/everybody"),
    ]);
    clients.forEach((client, i) => client.on("question", (v, reply) => reply(i)));
    const [answers, error] = await answer(clients[0], "ask everybody", ample);
    assert.deepEqual([answers.sort(), error], [[0, 1, 2], undefined]);
  });
});
