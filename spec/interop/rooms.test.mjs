// Rooms: membership, who hears a broadcast and how often, acting on all who are in a room.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ask, eachTransport, event, suite, within } from "./harness.mjs";

let counter = 0;
/** `count` room names that no other test uses. */
function fresh(count) {
  return Array.from({ length: count }, () => `room ${++counter}`);
}

function answers(client, ...args) {
  return within(
    new Promise((resolve) => client.emit(...args, (...all) => resolve(all))),
    `answer to ${args[0]}`,
  );
}

/** Counts how often each of `clients` hears what `send` makes the server emit as "news". */
async function heard(clients, send) {
  const fence = `fence ${++counter}`;
  const counts = clients.map(() => 0);
  const listeners = clients.map((client, i) => {
    const listener = () => counts[i]++;
    client.on("news", listener);
    return listener;
  });
  const passed = Promise.all(clients.map((client) => event(client, fence)));
  await send();
  const ids = clients.map((client) => client.id);
  clients[0].emit("emit", { to: ids }, fence);
  await passed;
  clients.forEach((client, i) => client.off("news", listeners[i]));
  return counts;
}

suite("rooms", "rooms", (server) => {
  eachTransport(server, (connect) => {
    const connectAll = (count) => Promise.all(Array.from({ length: count }, () => connect()));

    describe("membership", () => {
      test("a socket is in the room of its own id", async () => {
        const client = await connect();
        assert.deepEqual(await answers(client, "rooms"), [[client.id], true]);
      });

      test("join takes a room or a list, twice is once", async () => {
        const [a, b, c] = fresh(3);
        const client = await connect();
        assert.deepEqual(await ask(client, "join", a), [client.id, a].sort());
        assert.deepEqual(await ask(client, "join", [a, b, c]), [client.id, a, b, c].sort());
        assert.deepEqual(await ask(client, "leave", b), [client.id, a, c].sort());
        assert.deepEqual(await ask(client, "leave", "never joined"), [client.id, a, c].sort());
      });

      test("room names are any text", async () => {
        const odd = ["", "žluť", "a b", "#", "\u0000", "__proto__"];
        const client = await connect();
        assert.equal((await ask(client, "join", odd)).length, odd.length + 1);
        for (const room of odd) {
          const [me] = await Promise.all([
            event(client, "news"),
            client.emit("emit", { to: [room] }, "news", room),
          ]);
          assert.deepEqual(me, [room]);
          await ask(client, "leave", room);
        }
      });

      test("the adapter knows rooms and members", async () => {
        const [room] = fresh(1);
        const [one, two] = await connectAll(2);
        await Promise.all([one, two].map((client) => ask(client, "join", room)));
        assert.deepEqual(await answers(one, "adapter", room), [
          [one.id, two.id].sort(),
          [one.id, room].sort(),
        ]);
        assert.equal(await ask(one, "rooms after leaving", room), false);
        assert.equal(await ask(two, "rooms after leaving", room), true);
      });

      test("the adapter tells when a room comes to be, fills, empties, ends", async () => {
        const [room] = fresh(1);
        const client = await connect();
        await ask(client, "join", room);
        await ask(client, "join", room);
        await ask(client, "leave", room);
        assert.equal((await server.report("create-room", room))[0], room);
        assert.deepEqual(await server.report("join-room", room), [room, client.id]);
        assert.deepEqual(await server.report("leave-room", room), [room, client.id]);
        assert.equal((await server.report("delete-room", room))[0], room);
      });

      test("rooms are there while disconnecting, gone after", async () => {
        const [room] = fresh(1);
        const client = await connect();
        const { id } = client;
        await ask(client, "join", room);
        client.disconnect();
        const reason = "client namespace disconnect";
        assert.deepEqual(await server.report("disconnecting", id), [id, [id, room].sort(), reason]);
        assert.deepEqual(await server.report("disconnect", id), [id, [], reason]);
        assert.deepEqual(await server.report("joined", id), [id, []]);
        assert.equal((await server.report("delete-room", room))[0], room);
      });
    });

    describe("broadcasts", () => {
      const cases = [
        { title: "to one room", spec: { to: ["a"] }, counts: [1, 1, 0, 1, 0] },
        { title: "within a room", spec: { within: "b" }, counts: [1, 0, 1, 1, 0] },
        { title: "to a union, once each", spec: { to: ["a", "b"] }, counts: [1, 1, 1, 1, 0] },
        { title: "to a room twice", spec: { to: ["a", "a"] }, counts: [1, 1, 0, 1, 0] },
        { title: "except a room", spec: { to: ["a"], except: ["b"] }, counts: [0, 1, 0, 0, 0] },
        {
          title: "except several",
          spec: { to: ["a", "b"], except: ["c", "a"] },
          counts: [0, 0, 1, 0, 0],
        },
        { title: "to nobody", spec: { to: ["empty"] }, counts: [0, 0, 0, 0, 0] },
        { title: "to all but a room", spec: { except: ["a"] }, counts: [0, 0, 1, 0, 1] },
        { title: "to all", spec: {}, counts: [1, 1, 1, 1, 1] },
        {
          title: "of a socket, without itself",
          spec: { from: "socket", to: ["a", "b"] },
          counts: [0, 1, 1, 1, 0],
        },
        {
          title: "of a socket within a room",
          spec: { from: "socket", within: "a" },
          counts: [0, 1, 0, 1, 0],
        },
        {
          title: "of a socket, except a room",
          spec: { from: "socket", except: ["b"] },
          counts: [0, 1, 0, 0, 1],
        },
        { title: "to all others", spec: { from: "broadcast" }, counts: [0, 1, 1, 1, 1] },
        {
          title: "to others in a room",
          spec: { from: "broadcast", to: ["a"] },
          counts: [0, 1, 0, 1, 0],
        },
        {
          title: "to others except",
          spec: { from: "broadcast", except: ["c"] },
          counts: [0, 1, 1, 0, 1],
        },
      ];

      // Five members: in a and b; in a; in b; in a, b and c; in none.
      async function five() {
        const [a, b, c, empty] = fresh(4);
        const clients = await connectAll(5);
        const membership = [[a, b], [a], [b], [a, b, c], []];
        await Promise.all(membership.map((rooms, i) => ask(clients[i], "join", rooms)));
        return { clients, rooms: { a, b, c, empty } };
      }

      for (const { title, spec, counts } of cases) {
        test(title, async () => {
          const { clients, rooms } = await five();
          const real = {};
          if (spec.from) real.from = spec.from;
          if (spec.to) real.to = spec.to.map((name) => rooms[name]);
          if (spec.within) real.within = rooms[spec.within];
          if (spec.except) real.except = spec.except.map((name) => rooms[name]);
          const sent = () => clients[0].emit("emit", real, "news", 1);
          assert.deepEqual(await heard(clients, sent), counts);
        });
      }

      test("reach one socket by its id", async () => {
        const clients = await connectAll(3);
        const sent = () => clients[0].emit("emit", { to: [clients[1].id] }, "news");
        assert.deepEqual(await heard(clients, sent), [0, 1, 0]);
        const but = { to: clients.map(({ id }) => id), except: [clients[1].id] };
        assert.deepEqual(
          await heard(clients, () => clients[0].emit("emit", but, "news")),
          [1, 0, 1],
        );
      });

      test("carry binary to everyone", async () => {
        const clients = await connectAll(3);
        const bytes = Buffer.from([0, 255, 1]);
        const all = Promise.all(clients.map((client) => event(client, "news")));
        clients[0].emit(
          "emit",
          { to: clients.map(({ id }) => id) },
          "news",
          { bytes },
          [bytes],
          "x",
        );
        for (const args of await all) assert.deepEqual(args, [{ bytes }, [bytes], "x"]);
      });

      test("operators are values that can be used again", async () => {
        const [a, b] = fresh(2);
        const [one, two, three] = await connectAll(3);
        await ask(one, "join", a);
        await ask(two, "join", b);
        await ask(three, "join", [a, b]);
        const clients = [one, two, three];
        const seen = clients.map(() => []);
        clients.forEach((client, i) => client.on("reused", (what) => seen[i].push(what)));
        await heard(clients, () => one.emit("reuse", a, b));
        assert.deepEqual(seen, [["both", "narrowed", "first"], ["both"], ["both", "first"]]);
      });
    });

    describe("acting on many", () => {
      async function pair() {
        const [room, other] = fresh(2);
        const clients = await connectAll(3);
        await Promise.all(clients.slice(0, 2).map((client) => ask(client, "join", room)));
        return { room, other, clients };
      }

      test("socketsJoin and socketsLeave", async () => {
        const { room, other, clients } = await pair();
        await ask(clients[2], "sockets join", { to: [room] }, [other, `${other}!`]);
        const inside = [room, other, `${other}!`];
        assert.deepEqual(
          (await answers(clients[0], "rooms"))[0],
          [clients[0].id, ...inside].sort(),
        );
        assert.deepEqual((await answers(clients[2], "rooms"))[0], [clients[2].id]);
        await ask(clients[2], "sockets leave", { to: [room], except: [clients[1].id] }, other);
        const left = [room, `${other}!`];
        assert.deepEqual((await answers(clients[0], "rooms"))[0], [clients[0].id, ...left].sort());
        assert.deepEqual(
          (await answers(clients[1], "rooms"))[0],
          [clients[1].id, ...inside].sort(),
        );
      });

      test("fetchSockets gives id, rooms, data and handshake", async () => {
        const { room, other, clients } = await pair();
        const [one, two, three] = clients;
        await ask(one, "set", "ann");
        await ask(two, "set", { first: "bob" });
        const fetched = await ask(three, "fetch", { to: [room] });
        fetched.sort((x) => (x.id === one.id ? -1 : 1));
        const [first] = one.io.opts.transports;
        assert.deepEqual(fetched, [
          { id: one.id, rooms: [one.id, room].sort(), name: "ann", transport: first },
          { id: two.id, rooms: [two.id, room].sort(), name: { first: "bob" }, transport: first },
        ]);
        assert.deepEqual(await ask(three, "fetch", { to: [other] }), []);
        const others = await ask(one, "fetch", { from: "broadcast", to: [room] });
        assert.deepEqual(
          others.map(({ id }) => id),
          [two.id],
        );
      });

      test("fetched sockets can be sent to", async () => {
        const { room, clients } = await pair();
        const sent = () => ask(clients[2], "tell fetched", { to: [room] }, "news");
        assert.deepEqual(await heard(clients, sent), [1, 1, 0]);
      });

      test("allSockets gives the ids", async () => {
        const { room, other, clients } = await pair();
        const ids = [clients[0].id, clients[1].id].sort();
        assert.deepEqual(await ask(clients[2], "ids", { to: [room] }), ids);
        assert.deepEqual(await ask(clients[2], "ids", { to: [other] }), []);
      });

      test("disconnectSockets ends those it names, and no others", async () => {
        const { room, clients } = await pair();
        const [one, two, three] = clients;
        const { id } = two;
        const ended = event(two, "disconnect");
        three.emit("disconnect sockets", { to: [room], except: [one.id] }, false);
        assert.equal((await ended)[0], "io server disconnect");
        const [, , reason] = await server.report("disconnect", id);
        assert.equal(reason, "server namespace disconnect");
        assert.equal((await answers(one, "rooms"))[1], true);
        assert.equal((await answers(three, "rooms"))[1], true);
      });

      test("disconnectSockets(true) ends the connection too", async () => {
        const { room, clients } = await pair();
        const closed = Promise.all(
          clients.slice(0, 2).map((client) => event(client.io.engine, "close")),
        );
        clients[2].emit("disconnect sockets", { to: [room] }, true);
        await closed;
        assert.equal((await answers(clients[2], "rooms"))[1], true);
      });
    });
  });

  test("one broadcast reaches clients of every transport", async () => {
    const clients = await Promise.all([
      server.connect("/", { transports: ["polling"] }),
      server.connect("/", { transports: ["websocket"] }),
      server.connect("/"),
    ]);
    const [room] = fresh(1);
    await Promise.all(clients.map((client) => ask(client, "join", room)));
    const bytes = Buffer.from("everyone");
    const all = Promise.all(clients.map((client) => event(client, "news")));
    clients[0].emit("emit", { to: [room] }, "news", "žluť", bytes);
    for (const args of await all) assert.deepEqual(args, ["žluť", bytes]);
  });
});
