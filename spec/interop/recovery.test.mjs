// Connection state recovery: a client whose connection broke comes back to what it had.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ask, eachTransport, event, suite, upgraded } from "./harness.mjs";

const OFFSET = /^[\w-]+(\.[\w-]+)?$/;

suite("connection state recovery", "recovery", (server) => {
  const emitTo = (nsp, rooms, except, ...args) =>
    ask(server.control, "emit to", nsp, rooms, except, ...args);

  /** A report of the server, which is itself an event that can be sent again. */
  async function report(...wanted) {
    const all = await server.report(...wanted);
    assert.match(all.pop(), OFFSET);
    return all;
  }

  /** All events that come, without the offsets behind their arguments. */
  function listen(client) {
    const seen = [];
    client.onAny((name, ...args) => {
      assert.match(args.pop(), OFFSET);
      seen.push([name, ...args]);
    });
    return seen;
  }

  /** Waits until all that was sent so far has come. */
  async function fence(client) {
    const passed = event(client, "fence");
    client.emit("emit", "fence");
    await passed;
  }

  /** Breaks the connection; resolves when the server has noticed. */
  async function lose(client) {
    const { id } = client;
    client.io.engine.close();
    const [, reason] = await report("disconnect", id);
    return reason;
  }

  async function comeBack(client) {
    const connected = event(client, "connect");
    client.connect();
    await connected;
  }

  eachTransport(server, (connect, transport) => {
    async function connected(namespace) {
      const client = await connect(namespace);
      if (transport === "upgrade") await upgraded(client);
      await report("connection", client.id);
      return client;
    }

    test("id, rooms, data and what was missed come back", async () => {
      const client = await connected();
      await ask(client, "setup", ["a", "b"], { name: "ann" });
      await fence(client);
      const { id } = client;
      assert.equal(client.recovered, false);
      await lose(client);
      await emitTo("/", [], [], "to all", 1);
      await emitTo("/", ["a"], [], "to a", Buffer.from([1, 2]), { b: Buffer.from([3]) });
      await emitTo("/", ["other"], [], "to others");
      await emitTo("/", [], ["b"], "to others");
      await emitTo("/", [id, "a"], [], "to it");
      const seen = listen(client);
      await comeBack(client);
      assert.equal(client.recovered, true);
      assert.equal(client.id, id);
      assert.deepEqual(await report("connection", id), [
        id,
        true,
        [id, "a", "b"].sort(),
        { name: "ann" },
      ]);
      await emitTo("/", ["b"], [], "and now");
      await fence(client);
      assert.deepEqual(seen, [
        ["to all", 1],
        ["to a", Buffer.from([1, 2]), { b: Buffer.from([3]) }],
        ["to it"],
        ["and now"],
        ["fence"],
      ]);
    });

    test("nothing comes twice, however often the connection breaks", async () => {
      const client = await connected();
      await fence(client);
      const { id } = client;
      const seen = listen(client);
      for (let i = 0; i < 3; i++) {
        await emitTo("/", [id], [], "before", i);
        await fence(client);
        await lose(client);
        await emitTo("/", [id], [], "missed", i);
        await comeBack(client);
        assert.equal(client.recovered, true);
      }
      await fence(client);
      const names = seen.filter(([name]) => name !== "fence").map((all) => all.join(" "));
      assert.deepEqual(names, [0, 1, 2].flatMap((i) => [`before ${i}`, `missed ${i}`]));
    });

    test("acknowledgements go on working", async () => {
      const client = await connected();
      client.on("question", (n, answer) => answer(n + 1));
      await fence(client);
      await lose(client);
      await comeBack(client);
      assert.equal(client.recovered, true);
      assert.equal(await ask(client, "ask"), 2);
    });

    test("a client that has received nothing starts anew", async () => {
      const client = await connected();
      const { id } = client;
      await lose(client);
      await comeBack(client);
      assert.equal(client.recovered, false);
      assert.notEqual(client.id, id);
    });

    test("a volatile event is not sent again", async () => {
      const client = await connected();
      await fence(client);
      await lose(client);
      await ask(server.control, "volatile", "/", "weather");
      const seen = [];
      client.onAny((name) => seen.push(name));
      await comeBack(client);
      await fence(client);
      assert.equal(client.recovered, true);
      assert.deepEqual(seen, ["fence"]);
    });

    test("each namespace for itself", async () => {
      const client = await connected();
      const other = client.io.socket("/other");
      await event(other, "connect");
      await report("connection", other.id);
      await fence(client);
      await fence(other);
      const ids = [client.id, other.id];
      client.io.engine.close();
      for (const id of ids) await report("disconnect", id);
      await emitTo("/other", [], [], "news");
      const seen = [listen(client), listen(other)];
      const both = Promise.all([event(client, "connect"), event(other, "connect")]);
      client.connect();
      other.connect();
      await both;
      await fence(other);
      assert.deepEqual([client.recovered, other.recovered], [true, true]);
      assert.deepEqual([client.id, other.id], ids);
      assert.deepEqual(seen, [[], [["news"], ["fence"]]]);
    });

    test("whoever was sent away starts anew", async () => {
      const client = await connected();
      await fence(client);
      const { id } = client;
      const ended = event(client, "disconnect");
      client.emit("leave");
      const [, reason] = await report("disconnect", id);
      assert.equal(reason, "server namespace disconnect");
      assert.equal((await ended)[0], "io server disconnect");
      await comeBack(client);
      assert.equal(client.recovered, false);
      assert.notEqual(client.id, id);
    });

    test("middlewares are not asked again", async () => {
      const client = await connected("/guarded");
      const { id } = client;
      assert.deepEqual(await report("middleware", id), [id, false]);
      await fence(client);
      await lose(client);
      await comeBack(client);
      assert.deepEqual(await report("connection", id), [id, true, [id], {}]);
      const stranger = await connect("/guarded");
      assert.equal((await report("middleware"))[0], stranger.id);
    });
  });

  describe("on the wire", () => {
    async function lost() {
      const ws = await server.webSocket();
      const sid = JSON.parse((await ws.next()).slice(1)).sid;
      assert.equal(typeof sid, "string");
      ws.send("40");
      const open = JSON.parse((await ws.next()).slice(2));
      ws.send('42["emit","x",1]');
      const [name, n, offset] = JSON.parse((await ws.next()).slice(2));
      assert.deepEqual([name, n], ["x", 1]);
      ws.close();
      await report("disconnect", open.sid);
      return { ...open, offset };
    }

    async function back(auth) {
      const ws = await server.webSocket();
      await ws.next();
      ws.send(`40${JSON.stringify(auth)}`);
      return ws;
    }

    test("missed packets come before CONNECT, which repeats sid and pid", async () => {
      const { sid, pid, offset } = await lost();
      assert.match(sid, /^[\w-]{20}$/);
      assert.match(pid, /^[\w-]{20}$/);
      assert.match(offset, OFFSET);
      await emitTo("/", [sid], [], "missed", 2);
      await emitTo("/", [sid], [], "binary", Buffer.from([7]));
      const ws = await back({ pid, offset });
      const [name, n, next] = JSON.parse((await ws.next()).slice(2));
      assert.deepEqual([name, n], ["missed", 2]);
      assert.match(next, OFFSET);
      assert.match(
        await ws.next(),
        /^451-\["binary",\{"_placeholder":true,"num":0\},"[\w.-]+"\]$/,
      );
      assert.deepEqual([...(await ws.next())], [7]);
      assert.equal(await ws.next(), `40${JSON.stringify({ sid, pid })}`);
    });

    const wrong = {
      "an unknown pid": ({ offset }) => ({ pid: "x".repeat(20), offset }),
      "an unknown offset": ({ pid }) => ({ pid, offset: "x" }),
      "no offset": ({ pid }) => ({ pid }),
      "a pid that is no text": ({ offset }) => ({ pid: 1, offset }),
      "an offset that is no text": ({ pid }) => ({ pid, offset: ["x"] }),
    };
    for (const [what, change] of Object.entries(wrong)) {
      test(`${what} gives a new socket`, async () => {
        const old = await lost();
        const ws = await back(change(old));
        const answer = JSON.parse((await ws.next()).slice(2));
        assert.notEqual(answer.sid, old.sid);
        assert.notEqual(answer.pid, old.pid);
        const [, recovered] = await report("connection", answer.sid);
        assert.equal(recovered, false);
      });
    }

    test("the state ends with its time", async () => {
      const old = await lost();
      await new Promise((resolve) => setTimeout(resolve, 1100));
      const ws = await back({ pid: old.pid, offset: old.offset });
      assert.notEqual(JSON.parse((await ws.next()).slice(2)).sid, old.sid);
    });
  });
});
