// Listeners: catch-all ones, middlewares for packets, once and off, errors, handlers that wait.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ask, eachTransport, event, suite, within } from "./harness.mjs";

function answers(client, ...args) {
  return within(
    new Promise((resolve) => client.emit(...args, (...all) => resolve(all))),
    `answer to ${args[0]}`,
  );
}

suite("listeners", "listeners", (server) => {
  eachTransport(server, (connect) => {
    describe("catch-all listeners", () => {
      test("hear every event before its own listener does, in order", async () => {
        const client = await connect();
        assert.equal(await ask(client, "any", "on"), 3);
        client.emit("changed", "x");
        assert.deepEqual(await ask(client, "log"), [
          ["prepended", "changed", "x"],
          ["first", "changed", "x"],
          ["second", "changed", "x"],
          ["handled", "changed", "x, changed twice"],
        ]);
        client.emit("nobody listens", 1, { a: [2] }, Buffer.from("b"));
        assert.deepEqual(await ask(client, "log"), [
          ["prepended", "nobody listens", 1, { a: [2] }, Buffer.from("b")],
          ["first", "nobody listens", 1, { a: [2] }, Buffer.from("b")],
          ["second", "nobody listens", 1, { a: [2] }, Buffer.from("b")],
        ]);
      });

      test("can be removed one by one or all", async () => {
        const client = await connect();
        assert.equal(await ask(client, "any", "on"), 3);
        assert.equal(await ask(client, "any", "off one"), 2);
        client.emit("x", 1);
        assert.deepEqual(await ask(client, "log"), [
          ["prepended", "x", 1],
          ["second", "x", 1],
        ]);
        assert.equal(await ask(client, "any", "off"), 0);
        client.emit("x", 2);
        assert.deepEqual(await ask(client, "log"), []);
      });

      test("hear what goes out, by itself or by a broadcast", async () => {
        const client = await connect();
        assert.equal(await ask(client, "any outgoing", "on"), 3);
        client.emit("emit back", "out", 1);
        client.emit("broadcast back", "cast", { b: Buffer.from("c") });
        assert.deepEqual(await ask(client, "log"), [
          ["prepended", "out", 1],
          ["first", "out", 1],
          ["second", "out", 1],
          ["prepended", "cast", { b: Buffer.from("c") }],
          ["first", "cast", { b: Buffer.from("c") }],
          ["second", "cast", { b: Buffer.from("c") }],
        ]);
        assert.equal(await ask(client, "any outgoing", "off one"), 2);
        assert.equal(await ask(client, "any outgoing", "off"), 0);
        client.emit("emit back", "out", 2);
        assert.deepEqual(await ask(client, "log"), []);
      });

      test("for what goes out do not see the acknowledgement function", async () => {
        const client = await connect();
        client.on("question", (n, reply) => reply("answer"));
        await ask(client, "any outgoing", "on");
        assert.equal(await ask(client, "ask back"), "answer");
        assert.deepEqual((await ask(client, "log"))[0], ["prepended", "question", 1]);
      });
    });

    describe("middlewares for packets", () => {
      test("change what the listener gets", async () => {
        const client = await connect();
        assert.equal(await ask(client, "changed", "value"), "value, changed twice");
      });

      test("keep an event from the listener, with an error", async () => {
        const client = await connect();
        client.emit("forbidden", 1);
        const log = await ask(client, "log");
        assert.deepEqual(log, [["error", "may not be sent"]]);
        assert.equal(client.connected, true);
      });

      test("may wait", async () => {
        const client = await connect();
        assert.equal(await ask(client, "delayed", 1), 1);
      });

      test("hold up their own event alone", async () => {
        const client = await connect();
        const held = ask(client, "held", "at last");
        assert.equal(await ask(client, "quick"), "quick");
        client.emit("release");
        assert.equal(await held, "at last");
        assert.deepEqual(await ask(client, "log"), ["quick", ["handled", "held", "at last"]]);
      });
    });

    describe("adding and removing", () => {
      test("once is once, on is always, in order", async () => {
        const client = await connect();
        for (const value of [1, 2]) {
          client.emit("once", value);
          client.emit("twice heard", value);
        }
        assert.deepEqual(await ask(client, "log"), [
          ["once", 1],
          ["one", 1],
          ["two", 1],
          ["one", 2],
          ["two", 2],
        ]);
      });

      test("off takes one away, removeAllListeners all of a name", async () => {
        const client = await connect();
        client.emit("counted");
        assert.deepEqual(await answers(client, "stop counting"), [1, 0, 2]);
        client.emit("counted");
        assert.equal(await ask(client, "forget", "twice heard"), false);
        client.emit("twice heard", 1);
        assert.deepEqual(await ask(client, "log"), ["counted"]);
      });

      test("an event named by a number reaches the listener of its digits", async () => {
        const client = await connect();
        assert.equal(await ask(client, 7, "seven"), "seven");
      });

      test("reserved names are not for the application to send", async () => {
        const client = await connect();
        assert.deepEqual(await ask(client, "emit reserved"), [
          "connect",
          "connect_error",
          "disconnect",
          "disconnecting",
        ]);
      });

      test("the names of inherited properties are names like others", async () => {
        const client = await connect();
        for (const name of ["toString", "constructor", "hasOwnProperty", "emit", "id"]) {
          client.emit(name, 1);
        }
        assert.equal(await ask(client, "quick"), "quick");
      });

      test("a client may send an event called error", async () => {
        const client = await connect();
        client.emit("error", { message: "of the client" });
        assert.deepEqual(await ask(client, "log"), [["error", "of the client"]]);
        assert.equal(await ask(client, "quick"), "quick");
      });
    });

    describe("errors", () => {
      const failures = [
        ["fail", "handler", "fail"],
        ["fail after waiting", "handler", "fail after waiting"],
        ["fail in acknowledgement", "acknowledgement"],
        ["fail in timer", "timer"],
      ];
      for (const [name, phase, source] of failures) {
        test(`${name}: reported, and everything goes on`, async () => {
          const message = `${name} ${Math.random()}`;
          const client = await connect();
          const bystander = await connect();
          client.on("question", (n, reply) => reply());
          client.emit(name, message);
          const [, traceback, ...context] = await server.report("failure", message);
          assert.equal(traceback, "string");
          assert.equal(context[0], phase);
          if (source) assert.equal(context[1], source);
          assert.equal(await ask(client, "quick"), "quick");
          assert.equal(await ask(bystander, "quick"), "quick");
        });
      }

      test("a listener that fails does not silence later events", async () => {
        const client = await connect();
        for (let i = 0; i < 100; i++) client.emit("fail", `again ${i}`);
        assert.equal(await ask(client, "quick"), "quick");
        await server.report("failure", "again 99");
      });
    });

    describe("handlers that wait", () => {
      test("let others run meanwhile", async () => {
        const client = await connect();
        const question = event(client, "question");
        const first = ask(client, "question first");
        const [reply] = await question;
        assert.equal(await ask(client, "quick"), "quick");
        reply("at last");
        assert.equal(await first, "at last");
        assert.deepEqual(await ask(client, "log"), ["asking", "quick", ["answer", "at last"]]);
      });

      test("wake in the order of their time", async () => {
        const client = await connect();
        assert.deepEqual(await ask(client, "sleepers", [250, 1, 170, 90]), [1, 90, 170, 250]);
      });

      test("of many clients do not mix", async () => {
        const clients = await Promise.all(Array.from({ length: 5 }, () => connect()));
        clients.forEach((client, i) =>
          client.on("question", (n, reply) => setTimeout(reply, (n * 7) % 5, n * 10 + i)),
        );
        const all = await Promise.all(clients.map((client) => ask(client, "several waits")));
        all.forEach((list, i) =>
          assert.deepEqual(
            list,
            [1, 2, 3, 4, 5].map((n) => n * 10 + i + 1),
          ),
        );
      });

      test("may be left behind by their client", async () => {
        const client = await connect();
        const asked = event(client, "question");
        client.emit("question first", () => {});
        client.emit("sleep", 30, () => {});
        await asked;
        client.disconnect();
        const other = await connect();
        assert.equal(await ask(other, "sleep", 60), 60);
      });
    });

    test("methods are called with a colon or with a dot", async () => {
      const one = await connect("/dotted", { auth: { name: "ann" } });
      const two = await connect("/dotted", { auth: { name: "bob" } });
      two.on("question", (what, reply) => reply(`${what}!`));
      const joined = event(one, "joined");
      const everyone = Promise.all([one, two].map((client) => event(client, "everyone")));
      const seen = event(two, "seen");
      assert.deepEqual(await answers(two, "hello"), ["dots!", 2]);
      assert.deepEqual(await joined, ["bob"]);
      assert.deepEqual(await everyone, [[1], [1]]);
      assert.deepEqual(await seen, ["hello"]);
    });
  });
});
