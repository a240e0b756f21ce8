// The official clients of three generations together: in one room, at one server that stands still,
// and gone at whatever moment.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Application, event, events, suite, until, upgraded } from "./harness.mjs";
import {
  answersTo,
  bytesOf,
  connect,
  generations,
  network,
  open,
  settled,
  ways,
} from "./generations.mjs";

/** A client of each generation in each way. */
async function oneOfEach(server, options) {
  const clients = [];
  for (const generation of Object.keys(generations)) {
    for (const way of Object.keys(ways)) {
      const client = await connect(server, generation, "/", { ...ways[way], ...options });
      await settled(client, way);
      clients.push(client);
    }
  }
  return clients;
}

suite("clients of all generations", "clients", (server) => {
  test("all in one room", async () => {
    const clients = await oneOfEach(server);
    for (const client of clients) await answersTo(client, "join", "mixed");
    const bytes = [4, 0, 255, 98];
    for (const speaker of clients) {
      const told = clients.map((client) => event(client, "told"));
      speaker.emit("tell", "mixed", "to all €", { n: [Buffer.from(bytes)] }, Buffer.alloc(0));
      for (const [text, { n }, none] of await Promise.all(told)) {
        assert.deepEqual([text, bytesOf(n[0]), bytesOf(none)], ["to all €", bytes, []]);
      }
    }
    const others = clients.slice(1).map((client) => event(client, "told"));
    clients[0].once("told", () => assert.fail("the speaker was told"));
    clients[0].emit("tell others", "mixed", 1);
    await Promise.all(others);
    assert.deepEqual(await answersTo(clients[0], "ask", 1), [1]);
  });

  test("all in one room answer", async () => {
    const clients = await oneOfEach(server);
    for (const client of clients) await answersTo(client, "join", "asked");
    // Every second one with bytes: the list of all answers may have ten attachments.
    const answer = (i) => [i, i % 2 === 0 ? Buffer.from([i]) : null];
    clients.forEach((client, i) => client.on("question", (_, done) => done(answer(i))));
    const [answers] = await answersTo(clients[0], "ask room", "asked");
    const sorted = answers.sort(([a], [b]) => a - b);
    assert.deepEqual(
      sorted.map(([i, bytes]) => [i, bytes && Buffer.from(bytes)]),
      clients.map((_, i) => answer(i)),
    );
  });

  test("all in one room are disconnected", async () => {
    for (const close of [false, true]) {
      const clients = await oneOfEach(server);
      for (const client of clients) await answersTo(client, "join", "cleared");
      const gone = clients.map((client) => event(client, "disconnect"));
      clients[0].emit("clear room", "cleared", close);
      for (const [reason] of await Promise.all(gone)) assert.equal(reason, "io server disconnect");
    }
  });

  test("all hear each number once while they connect and move to WebSocket", async () => {
    const heard = [];
    const clients = [];
    for (let i = 0; i < 3; i++) {
      for (const generation of Object.keys(generations)) {
        for (const way of Object.values(ways)) {
          const client = open(server, generation, "/counting", way);
          const numbers = [];
          client.on("count", (n, bytes) => {
            numbers.push(n);
            assert.equal(bytes && Buffer.from(bytes).toString(), n % 3 === 0 ? String(n) : null);
          });
          clients.push(client);
          heard.push(numbers);
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      }
    }
    const slow = clients.filter(({ io }) => io.opts.transports.length > 1);
    await Promise.all(slow.map(async (client) => {
      if (!client.connected) await event(client, "connect");
      await upgraded(client);
    }));
    const last = Math.max(...heard.map((numbers) => numbers.at(-1) ?? 0));
    await until("the same number by all", () => heard.every((numbers) => numbers.at(-1) >= last));
    for (const numbers of heard) {
      assert.deepEqual(numbers, Array.from(numbers, (_, i) => numbers[0] + i));
    }
  });

  test("all live on by their heartbeats", async () => {
    const clients = await oneOfEach(server);
    let gone = 0;
    for (const client of clients) client.on("disconnect", () => gone++);
    // More heartbeats than fit into the time after which a silent client is dropped.
    await Promise.all(clients.map((client) => events(client.io.engine, "pong", 9)));
    for (const client of clients) assert.deepEqual(await answersTo(client, "ask", 1), [1]);
    assert.equal(gone, 0);
  });
});

test("a server that stands still is given up, and found again when it goes on", async () => {
  const server = await Application.start("clients");
  const clients = await oneOfEach(server, { reconnection: true, reconnectionDelay: 10 });
  const ids = clients.map((client) => client.id);
  const gone = [server.control, ...clients].map((client) => event(client, "disconnect"));
  server.process.kill("SIGSTOP");
  try {
    for (const [reason] of await Promise.all(gone)) assert.equal(reason, "ping timeout");
  } finally {
    server.process.kill("SIGCONT");
  }
  for (const client of [server.control, ...clients]) {
    if (!client.connected) await event(client, "connect");
  }
  for (const client of clients) assert.deepEqual(await answersTo(client, "ask", 1), [1]);
  assert.equal(new Set([...ids, ...clients.map((client) => client.id)]).size, 2 * ids.length);
  await server.stop();
});

suite("clients of a server that recovers them", "clients", { args: ["recovering"] }, (server) => {
  test("those of today come back to what they had, the others come anew", async () => {
    const clients = await oneOfEach(server, { reconnection: true, reconnectionDelay: 10 });
    const speaker = await connect(server, "4.8", "/");
    for (const client of clients) await answersTo(client, "join", "recovered");
    const told = clients.map((client) => event(client, "told"));
    speaker.emit("tell", "recovered", Buffer.from("before"));
    for (const [bytes, offset] of await Promise.all(told)) {
      assert.equal(Buffer.from(bytes).toString(), "before");
      assert.equal(typeof offset, "string");
    }
    for (const client of clients) {
      const { id } = client;
      const back = event(client, "connect");
      const missed = [];
      client.on("told", (what) => missed.push(Buffer.from(what).toString()));
      client.emit("cut me");
      await server.report("disconnect", id);
      speaker.emit("tell", "recovered", Buffer.from("missed"));
      await answersTo(speaker, "ask");
      await back;
      assert.equal(client.id === id, client.recovered === true);
      await answersTo(client, "ask");
      assert.deepEqual(missed, client.recovered ? ["missed"] : []);
    }
    const versions = Object.keys(generations).flatMap((name) => Object.keys(ways).map(() => name));
    assert.deepEqual(
      clients.map((client) => client.recovered === true),
      versions.map((name) => name === "4.8"),
    );
  });
});

test("of clients that vanish at whatever moment nothing is left", async () => {
  const server = await Application.start("clients");
  const witness = await connect(server, "4.8", "/counting", ways.websocket);
  const present = async () => (await answersTo(witness, "connections"))[0];
  const before = await present();
  for (let i = 0; i < 15; i++) {
    const between = await network(server);
    for (const generation of Object.keys(generations)) {
      for (const way of Object.values(ways)) open(between, generation, "/counting", way);
    }
    await new Promise((resolve) => setTimeout(resolve, 5 * i));
    between.cut();
  }
  await until("end of all sessions", async () => (await present()) === before);
  await server.stop();
});
