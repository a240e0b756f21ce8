// Behaviour in which the tests of one subject have no place: docs/compatibility.md names them.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gunzipSync, inflateSync } from "node:zlib";
import { Application, ask, event, suite, target, upgraded, within } from "./harness.mjs";

const HANDSHAKE = "/socket.io/?EIO=4&transport=polling";

/** A bare WebSocket that has asked for a namespace; what comes back is not read yet. */
async function entering(server, namespace) {
  const ws = await server.webSocket();
  await ws.next();
  ws.send(`40${namespace},`);
  return ws;
}

suite("a client that comes", "features", { args: ["plain"] }, (server) => {
  test("what a middleware sends goes out before CONNECT, what it joins is kept", async () => {
    const ws = await entering(server, "/early");
    assert.equal(await ws.next(), '42/early,["welcome",1]');
    const [, id] = /^40\/early,\{"sid":"([\w-]{20})"\}$/.exec(await ws.next());
    assert.equal(await ws.next(), `42/early,["rooms",${JSON.stringify([id, "early"].sort())}]`);
  });

  test("one that is refused is in no room, before nor after", async () => {
    const ws = await server.rawSocket();
    ws.send("40/refused,");
    assert.equal(await ws.next(), '44/refused,{"message":"no"}');
    ws.send('420["rooms of","/refused"]');
    assert.equal(await ws.next(), "430[[]]");
  });

  test("is put into its room, then connected, then told, by two names", async () => {
    const ws = await entering(server, "/order");
    assert.match(await ws.next(), /^40\/order,/);
    const [, order] = JSON.parse((await ws.next()).replace("42/order,", ""));
    assert.deepEqual(order, [
      "middleware",
      "join",
      ["connect", true, true],
      ["connection", true, true],
    ]);
  });

  test("ids of acknowledgements count by namespace, from zero", async () => {
    const ws = await entering(server, "/ids");
    assert.match(await ws.next(), /^40\/ids,/);
    assert.equal(await ws.next(), '42/ids,0["first"]');
    assert.equal(await ws.next(), '42/ids,1["second"]');
    assert.equal(await ws.next(), '42/ids,2["third"]');
    const second = await entering(server, "/ids");
    assert.match(await second.next(), /^40\/ids,/);
    assert.equal(await second.next(), '42/ids,3["first"]');
  });
});

suite("a socket", "features", { args: ["plain"] }, (server) => {
  test("sends events called error and connection", async () => {
    const client = await server.connect("/names");
    const told = Promise.all([event(client, "error"), event(client, "connection")]);
    await ask(client, "any name");
    assert.deepEqual(await told, [[1], [2]]);
  });

  test("an event called error that nobody listens to does no harm", async () => {
    const ws = await server.rawSocket();
    ws.send('42["error",{"message":"x"}]');
    ws.send('42["echo",1]');
    assert.equal(await ws.next(), '42["echo",1]');
  });

  test("catch-all listeners hear what a middleware refuses", async () => {
    const client = await server.connect();
    await ask(client, "listen to", "forbidden");
    client.emit("forbidden");
    assert.deepEqual(await ask(client, "log"), ["forbidden", "log"]);
  });

  test("its flags go on to the operator that it makes", async () => {
    const client = await server.connect();
    const answer = new Promise((resolve) =>
      client.emit("ask the others", (...args) => resolve(args)),
    );
    assert.deepEqual(await within(answer, "answer"), [null, []]);
  });

  test("hears no event that comes behind its end", async () => {
    const ws = await server.rawSocket();
    ws.send('42["send me away"]');
    ws.send('42["after that"]');
    assert.equal(await ws.next(), "41");
    const other = await server.rawSocket();
    other.send('42["after that"]');
    assert.deepEqual(await server.report("heard"), [other.id]);
  });

  test("a volatile event with attachments is dropped with them", async () => {
    const session = await server.rawPolling();
    await session.post('42["volatile bytes, then firm"]');
    assert.equal((await session.get()).body, '42["firm"]');
  });
});

suite("a connection", "features", { args: ["plain"] }, (server) => {
  test("closes behind what was sent, by polling", async () => {
    const session = await server.rawPolling();
    await session.post('42["last words"]');
    let packets = "";
    for (let answer; (answer = await session.get()).status === 200;) packets += answer.body + "\x1e";
    assert.match(packets, /^42\["last","l{100000}"\]\x1e42\["words",1\]\x1e/);
    assert.match(packets, /\x1e1\x1e$/);
  });

  test("closes behind what was sent, by WebSocket", async () => {
    const ws = await server.rawSocket();
    ws.send('42["last words"]');
    assert.match(await ws.next(), /^42\["last","l{100000}"\]$/);
    assert.equal(await ws.next(), '42["words",1]');
    assert.equal(await within(ws.closed, "close of the WebSocket"), 1005);
  });

  test("may be closed at once, and drops what waits", async () => {
    const session = await server.rawPolling();
    await session.post('42["last words",true]');
    await server.report("closed", session.handshake.sid, "forced close");
    const { status, body } = await session.get();
    if (status === 200) assert.doesNotMatch(body, /words/);
    else assert.equal(JSON.parse(body).code, 1);
  });

  test("tells of an upgrade when it begins and when it is done", async () => {
    const client = await server.connect();
    await upgraded(client);
    const { id } = client.io.engine;
    assert.deepEqual(await server.report("upgrading", id), [id, "websocket", true, false]);
    assert.deepEqual(await server.report("upgrade", id), [id, "websocket", false, true]);
  });

  test("knows that it was upgraded", async () => {
    const client = await server.connect();
    await upgraded(client);
    assert.equal(await ask(client, "upgraded"), true);
    const other = await server.connect("/", { transports: ["websocket"] });
    assert.equal(await ask(other, "upgraded"), false);
  });

  test("tells of messages and heartbeats", async () => {
    const ws = await server.rawSocket();
    ws.send('420["heartbeats"]');
    assert.equal(await ws.next(), "430[]");
    ws.send("3");
    ws.send('421["seen"]');
    const seen = [["heartbeat"], ["data", '21["seen"]'], ["message", '21["seen"]']];
    assert.equal(await ws.next(), `431${JSON.stringify([seen])}`);
  });
});

describe("io.close()", () => {
  test("sends no DISCONNECT: a poll is answered by the close packet, a WebSocket closed", async () => {
    const server = await Application.start("features", { args: ["plain"] });
    const session = await server.rawPolling();
    const { answer } = await session.poll();
    const ws = await server.rawSocket();
    await server.stop({ keepClients: true });
    assert.equal((await answer).body, "1");
    assert.equal(await within(ws.closed, "close of the WebSocket"), 1005);
    ws.send = undefined;
    assert.equal(await Promise.race([ws.next(), ws.closed]), 1005);
  });
});

suite("connectTimeout", "features", { args: ["hasty"] }, (server) => {
  test("is not stopped by a namespace that refuses", async () => {
    const ws = await entering(server, "/refused");
    assert.match(await ws.next(), /^44/);
    assert.equal(await within(ws.closed, "close of the WebSocket"), 1005);
  });

  test("does not begin again when the last namespace is left", async () => {
    const ws = await server.rawSocket();
    ws.send("41");
    await new Promise((resolve) => setTimeout(resolve, 2000));
    ws.send("40");
    assert.match(await ws.next(), /^40\{"sid"/);
  });
});

suite("allowUpgrades: false", "features", { args: ["fixed"] }, (server) => {
  test("no upgrade is offered", async () => {
    assert.deepEqual((await server.rawPolling()).handshake.upgrades, []);
  });

  test("none is taken", { skip: target === "reference" && "it takes it" }, async () => {
    const session = await server.rawPolling();
    const query = `EIO=4&transport=websocket&sid=${session.handshake.sid}`;
    const ws = await server.webSocket({ query });
    assert.equal(await within(ws.closed, "close of the WebSocket"), 1005);
    await session.post('42["echo",1]');
    assert.equal((await session.get()).body, '42["echo",1]');
  });
});

suite("compression of polls", "features", { args: ["plain"] }, (server) => {
  const decoders = { gzip: gunzipSync, deflate: inflateSync };

  /** How the answer to `request` is encoded, and what it says. */
  async function given(request, accepted) {
    const session = await server.rawPolling();
    await session.post(`42${JSON.stringify(request)}`);
    const options = { headers: { "accept-encoding": accepted }, encoding: null };
    const { headers, body } = await session.get(options);
    const encoding = headers["content-encoding"];
    return [encoding, (encoding ? decoders[encoding](body) : body).toString()];
  }

  const text = `42["given","${"g".repeat(2000)}"]`;
  for (const [accepted, encoding] of [
    ["gzip", "gzip"],
    ["deflate", "deflate"],
    ["*", "gzip"],
    ["gzip;q=0.5, deflate;q=0.8", "deflate"],
    ["br", undefined],
  ]) {
    test(`as accepted: ${accepted}`, async () => {
      assert.deepEqual(await given(["give", 2000, true], accepted), [encoding, text]);
    });
  }

  test("not where compress(false) was said of all of it", async () => {
    assert.deepEqual(await given(["give", 2000, false], "gzip"), [undefined, text]);
    const two = `${text}\x1e42["small"]`;
    assert.deepEqual(await given(["give two", 2000], "gzip"), ["gzip", two]);
  });
});

for (const [variant, encoding] of [
  ["uncompressed", undefined],
  ["compressed", "gzip"],
]) {
  suite(`httpCompression, ${variant}`, "features", { args: [variant] }, (server) => {
    test(`the open packet is ${variant}`, async () => {
      const { headers } = await server.request(HANDSHAKE, {
        headers: { "accept-encoding": "gzip" },
      });
      assert.equal(headers["content-encoding"], encoding);
    });
  });
}

suite("client files", "features", { args: ["plain"] }, (server) => {
  const path = "/socket.io/socket.io.js";

  test("are served whatever the query and the method", async () => {
    const { body } = await server.request(path);
    for (const [method, query] of [
      ["GET", "?x=1"],
      ["POST", ""],
    ]) {
      const answer = await server.request(path + query, { method });
      assert.equal(answer.status, 200);
      assert.equal(answer.body, body);
    }
  });

  test("a known one is answered without headers of caching", async () => {
    const { headers } = await server.request(path);
    const answer = await server.request(path, { headers: { "if-none-match": headers.etag } });
    assert.equal(answer.status, 304);
    assert.equal(answer.headers["cache-control"], undefined);
  });

  test("an unknown one is a bad request to the engine", async () => {
    const { status, body } = await server.request("/socket.io/socket.io.css");
    assert.deepEqual([status, JSON.parse(body).code], [400, 0]);
  });
});

suite("io.bind()", "features", { args: ["bound"] }, (server) => {
  test("serves the connections of an engine made before", async () => {
    const client = await server.connect();
    assert.deepEqual(await ask(client, "rooms of", "/refused"), []);
    assert.equal((await server.rawPolling()).handshake.pingInterval, 12345);
  });
});

suite("io.attach()", "features", { args: ["merged"] }, (server) => {
  test("takes options, of which the server's own count first", async () => {
    const { body } = await server.request("/other/?EIO=4&transport=polling");
    const { pingInterval, pingTimeout } = JSON.parse(body.slice(1));
    assert.deepEqual([pingInterval, pingTimeout], [22222, 33333]);
  });
});
