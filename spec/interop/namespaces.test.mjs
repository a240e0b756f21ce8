// Namespaces: several on one connection, auth, refusals, middlewares, names made on demand.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Manager } from "socket.io-client";
import { ask, eachTransport, event, events, suite, within } from "./harness.mjs";

function who(client) {
  return within(
    new Promise((resolve) => client.emit("who", (...answer) => resolve(answer))),
    "answer to who",
  );
}

suite("namespaces", "namespaces", (server) => {
  /** Sockets of several namespaces that share one connection. */
  async function share(options, ...names) {
    const manager = new Manager(server.url, { reconnection: false, ...options });
    server.keep(manager, () => manager._close());
    const sockets = names.map((name) => manager.socket(name));
    await Promise.all(sockets.map((socket) => event(socket, "connect")));
    return sockets;
  }

  eachTransport(server, (connect, transport, options) => {
    async function refused(namespace, more) {
      const client = server.client(namespace, { ...options, ...more });
      client.on("connect", () => client.emit("was not refused"));
      const [error] = await event(client, "connect_error");
      assert.equal(client.connected, false);
      return { client, error };
    }

    describe("static", () => {
      test("each socket belongs to the namespace it asked for", async () => {
        for (const name of ["/", "/one", "/two", "/without-slash"]) {
          const client = await connect(name);
          assert.deepEqual(await who(client), [name, client.id, client.io.engine.id]);
        }
      });

      test("several share one connection, each with an id of its own", async () => {
        const sockets = await share(options, "/", "/one", "/two");
        const answers = await Promise.all(sockets.map(who));
        assert.deepEqual(
          answers.map(([name]) => name),
          ["/", "/one", "/two"],
        );
        assert.equal(new Set(answers.map(([, id]) => id)).size, 3);
        assert.equal(new Set(answers.map(([, , connection]) => connection)).size, 1);
      });

      test("twenty on one connection", async () => {
        const names = Array.from({ length: 20 }, (_, i) => `/many${i + 1}`);
        const answers = await Promise.all((await share(options, ...names)).map(who));
        assert.deepEqual(
          answers.map(([name]) => name),
          names,
        );
      });

      test("an event stays within its namespace", async () => {
        const [main, one, two] = await share(options, "/", "/one", "/two");
        for (const other of [main, two]) {
          other.on("broadcast", () => assert.fail(`${other.nsp} heard it`));
        }
        const heard = event(one, "broadcast");
        one.emit("broadcast", "to one", Buffer.from("b"));
        assert.deepEqual(await heard, ["to one", Buffer.from("b")]);
        await Promise.all([who(main), who(two)]);
      });

      test("leaving one leaves the others, and one can come back", async () => {
        const [main, one] = await share(options, "/", "/one");
        const { id } = one;
        one.disconnect();
        assert.deepEqual(await server.report("disconnect", "/one", id), [
          "/one",
          id,
          "client namespace disconnect",
        ]);
        assert.equal((await who(main))[0], "/");
        one.connect();
        await event(one, "connect");
        assert.notEqual(one.id, id);
        assert.deepEqual(await who(one), ["/one", one.id, main.io.engine.id]);
      });

      test("the server may end one and leave the others", async () => {
        const [main, one] = await share(options, "/", "/one");
        const { id } = one;
        const ended = event(one, "disconnect");
        one.emit("leave");
        assert.equal((await ended)[0], "io server disconnect");
        assert.deepEqual(await server.report("disconnect", "/one", id), [
          "/one",
          id,
          "server namespace disconnect",
        ]);
        assert.equal((await who(main))[0], "/");
        one.connect();
        await event(one, "connect");
        assert.equal((await who(one))[0], "/one");
      });

      test("an unknown one is refused, the connection stays", async () => {
        const [main] = await share(options, "/");
        const unknown = main.io.socket("/unknown");
        const [error] = await event(unknown, "connect_error");
        assert.equal(error.message, "Invalid namespace");
        assert.equal((await who(main))[0], "/");
      });

      test("what the client sends before it is connected arrives", async () => {
        const client = server.client("/one", options);
        const answer = who(client);
        assert.equal((await answer)[0], "/one");
      });
    });

    describe("guarded", () => {
      test("the right credentials are let in", async () => {
        const client = await connect("/guarded", { auth: { token: "secret" } });
        assert.equal((await who(client))[0], "/guarded");
      });

      test("credentials may come from a function", async () => {
        const client = await connect("/guarded", { auth: (cb) => cb({ token: "secret" }) });
        assert.equal((await who(client))[0], "/guarded");
      });

      test("a refusal carries message and data", async () => {
        const { error } = await refused("/guarded", { auth: { token: "wrong", n: [1, null] } });
        assert.equal(error.message, "not authorized");
        assert.deepEqual(error.data, { code: 401, tried: { token: "wrong", n: [1, null] } });
      });

      test("without credentials auth is empty", async () => {
        const { error } = await refused("/guarded");
        assert.deepEqual(error.data.tried, {});
      });

      test("a refusal without data", async () => {
        const { error } = await refused("/closed");
        assert.equal(error.message, "closed for today");
        assert.equal(error.data, undefined);
      });

      test("a refused client may try again on the same connection", async () => {
        const [main] = await share(options, "/");
        const guarded = main.io.socket("/guarded", { auth: { token: "wrong" } });
        await event(guarded, "connect_error");
        guarded.auth = { token: "secret" };
        guarded.connect();
        await event(guarded, "connect");
        assert.deepEqual(await who(guarded), ["/guarded", guarded.id, main.io.engine.id]);
      });

      test("a refusal leaves the other namespaces alone", async () => {
        const [main] = await share(options, "/");
        const guarded = main.io.socket("/guarded", { auth: {} });
        await event(guarded, "connect_error");
        assert.equal((await who(main))[0], "/");
      });
    });

    describe("middlewares", () => {
      test("run in order, may wait, and the socket is connected after the last", async () => {
        const client = await connect("/chain");
        const steps = within(
          new Promise((resolve) => client.emit("steps", (...all) => resolve(all))),
          "steps",
        );
        assert.deepEqual(await steps, [["first", "second", "not yet", "last"], true, true]);
      });

      test("may send before the client is connected", async () => {
        const client = server.client("/chain", options);
        assert.deepEqual(await event(client, "welcome"), ["from the middleware"]);
      });

      test("a later one may refuse", async () => {
        const { error } = await refused("/chain", { auth: { refuse: true } });
        assert.equal(error.message, "refused at last");
      });

      test("a client that goes meanwhile never becomes a socket", async () => {
        const opener = await connect();
        const gone = server.client("/gate", options);
        const [id] = await server.report("waiting");
        gone.io._close();
        await server.report("gone", id);
        await ask(opener, "open the gate");
        const client = server.client("/gate", options);
        await server.report("waiting");
        const entered = event(client, "connect");
        await ask(opener, "open the gate");
        await entered;
        const [, first] = await server.report("connection", "/gate");
        assert.equal(first, client.id);
      });
    });

    describe("dynamic", () => {
      const number = () => Math.floor(Math.random() * 2 ** 40);

      test("a pattern makes namespaces on demand", async () => {
        const name = `/room-${number()}`;
        const client = await connect(name);
        assert.deepEqual(await server.report("new namespace", name), [name]);
        assert.equal((await who(client))[0], name);
        assert.equal(await ask(client, "parent"), "rooms");
      });

      test("two clients of one name share one namespace", async () => {
        const name = `/room-${number()}`;
        const clients = await Promise.all([connect(name), connect(name)]);
        const heard = Promise.all(clients.map((client) => event(client, "broadcast")));
        clients[0].emit("broadcast", 1);
        assert.deepEqual(await heard, [[1], [1]]);
      });

      test("the parent reaches all its children", async () => {
        const clients = await Promise.all([1, 2, 3].map(() => connect(`/room-${number()}`)));
        const heard = Promise.all(clients.map((client) => event(client, "announcement")));
        clients[0].emit("announce", "to all");
        assert.deepEqual(await heard, [["to all"], ["to all"], ["to all"]]);
      });

      test("a name that does not match is refused", async () => {
        const { error } = await refused("/room-x");
        assert.equal(error.message, "Invalid namespace");
      });

      test("a function decides by name and auth", async () => {
        const key = `${number()}`;
        const client = await connect(`/private-${key}`, { auth: { key } });
        assert.equal((await who(client))[0], `/private-${key}`);
        const { error } = await refused(`/private-${key}x`, { auth: { key } });
        assert.equal(error.message, "Invalid namespace");
      });

      test("a client may leave and come back", async () => {
        const client = await connect(`/room-${number()}`);
        client.disconnect();
        client.connect();
        await events(client, "connect", 1);
        assert.equal((await who(client))[0], client.nsp);
      });
    });
  });

  test("a refusal is message, then data", async () => {
    const ws = await server.webSocket();
    await ws.next();
    ws.send('40/guarded,{"password":1}');
    const data = '{"code":401,"tried":{"password":1}}';
    const other = '{"tried":{"password":1},"code":401}'; // an object of the application's own
    const text = await ws.next();
    assert.ok([data, other].some((it) => text === `44/guarded,{"message":"not authorized","data":${it}}`), text);
  });
});
