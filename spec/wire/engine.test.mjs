// Engine.IO on the wire: refusals, long-polling, heartbeat, closing, protocol revision 3.
import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { describe, test } from "node:test";
import { POLLING, REFERENCE, SEPARATOR, WEBSOCKET, expected, once, serve } from "./harness.mjs";
import { CLOSE, CUTS, Conn, PING, PONG, TEXT, frame, head, request, upgradeRequest } from "./raw.mjs";

const target = serve({ pingInterval: 300000 });

const MESSAGES = [
  "Transport unknown",
  "Session ID unknown",
  "Bad handshake method",
  "Bad request",
  "Forbidden",
  "Unsupported protocol version",
];

/** Fails unless a polling request was refused in the documented form. */
function refused(answer, code, { status = 400, message = MESSAGES[code], body = true } = {}) {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers["content-type"], /^application\/json\b/);
  assert.equal(answer.text, body ? JSON.stringify({ code, message }) : "");
}

/** Sends a WebSocket handshake that must be refused, and checks the documented answer to the octet. */
async function refusedUpgrade(port, path, message, options) {
  const conn = await Conn.open(port);
  conn.send(upgradeRequest(path, options));
  const answer = await conn.response();
  assert.equal(answer.status, 400);
  assert.equal(answer.text, message);
  assert.equal(answer.headers.connection, "close");
  assert.match(answer.headers["content-type"], /^text\/html\b/);
  assert.equal(answer.headers["content-length"], String(message.length));
  await conn.closed();
}

const NAMES = ["__proto__", "constructor", "toString", "hasOwnProperty", "__index", "%00", "%ff", "a".repeat(2000)];

describe("refused handshakes", () => {
  const path = (query) => `/socket.io/?${query}`;
  for (const [name, method, query, code, options] of [
    ["no query", "GET", "", 0],
    ["no transport", "GET", "EIO=4", 0],
    ["an empty transport", "GET", "EIO=4&transport=", 0],
    ["an unknown transport", "GET", "EIO=4&transport=pigeon", 0],
    ["a transport that is not enabled", "GET", "EIO=4&transport=webtransport", 0],
    ["a transport in capitals", "GET", "EIO=4&transport=POLLING", 0],
    ...NAMES.map((text) => [`transport ${text.slice(0, 20)}`, "GET", `EIO=4&transport=${text}`, 0]),
    ...NAMES.map((text) => [`sid ${text.slice(0, 20)}`, "GET", `EIO=4&transport=polling&sid=${text}`, 1]),
    ["an unknown sid by POST", "POST", "EIO=4&transport=polling&sid=nobody", 1, { body: "40" }],
    ["the transport is checked before the sid", "GET", "EIO=4&transport=x&sid=nobody", 0],
    ["the sid is checked before the revision", "GET", "EIO=5&transport=polling&sid=nobody", 1],
    ["POST", "POST", "EIO=4&transport=polling", 2, { body: "" }],
    ["PUT", "PUT", "EIO=4&transport=polling", 2, { body: "" }],
    ["DELETE", "DELETE", "EIO=4&transport=polling", 2],
    ["PATCH", "PATCH", "EIO=4&transport=polling", 2, { body: "" }],
    ["OPTIONS", "OPTIONS", "EIO=4&transport=polling", 2],
    ["the method is checked before the revision", "POST", "EIO=5&transport=polling", 2, { body: "" }],
    ["WebSocket without an upgrade", "GET", "EIO=4&transport=websocket", 3],
    ["no revision", "GET", "transport=polling", 5],
    ["an empty revision", "GET", "EIO=&transport=polling", 5],
    ["revision 3", "GET", "EIO=3&transport=polling", 5],
    ["revision 5", "GET", "EIO=5&transport=polling", 5],
    ["revision 04", "GET", "EIO=04&transport=polling", 5],
    ["revision 4.0", "GET", "EIO=4.0&transport=polling", 5],
    ["the last of two revisions counts", "GET", "EIO=4&EIO=5&transport=polling", 5],
    ["the last of two transports counts", "GET", "EIO=4&transport=polling&transport=x", 0],
  ]) {
    test(name, async () => {
      refused(await target.fetch(method, path(query), options), code);
      await target.served();
    });
  }

  test("HEAD is refused without a body", async () => {
    refused(await target.fetch("HEAD", POLLING), 2, { body: false });
    await target.served();
  });

  test("a refused request keeps its connection", async () => {
    const conn = await target.connect();
    conn.send(Buffer.concat([request("GET", "/socket.io/"), request("GET", POLLING)]));
    refused(await conn.response(), 0);
    assert.equal((await conn.response()).status, 200);
    conn.destroy();
  });

  test("an Origin with control characters", async () => {
    const conn = await target.connect();
    conn.send(request("GET", POLLING, { headers: ["Origin: http://a\x01b"] }));
    assert.equal((await conn.response()).status, 400);
    conn.destroy();
    await target.served();
  });
});

describe("accepted handshakes", () => {
  for (const [name, path] of [
    ["an empty sid counts as none", `${POLLING}&sid=`],
    ["escapes in values", "/socket.io/?EIO=%34&transport=%70olling"],
    ["escapes in names", "/socket.io/?%45IO=4&transport=polling"],
    ["the last of two revisions counts", "/socket.io/?EIO=3&EIO=4&transport=polling"],
    ["the last of two transports counts", "/socket.io/?EIO=4&transport=x&transport=polling"],
    ["odd separators", "/socket.io/?&&EIO=4&&transport=polling&=&a&b==&"],
    ["a broken escape elsewhere", `${POLLING}&a=%zz%&b=%c3%28`],
    ["a thousand parameters", `${POLLING}&${"a=1&".repeat(2000)}`],
    ["brackets and prototypes in names", `${POLLING}&__proto__[a]=1&constructor.prototype=2&a[]=3`],
    ["cache busters", `${POLLING}&t=abc&b64=1`],
  ]) {
    test(name, async () => {
      const answer = await target.fetch("GET", path);
      assert.equal(answer.status, 200, answer.text);
      await target.served();
    });
  }

  test("the open packet, to the octet", async () => {
    const answer = await target.fetch("GET", POLLING);
    assert.match(
      answer.text,
      /^0\{"sid":"[A-Za-z0-9_-]{20}","upgrades":\["websocket"\],"pingInterval":300000,"pingTimeout":20000,"maxPayload":1000000\}$/,
    );
    assert.equal(answer.headers["content-type"], "text/plain; charset=UTF-8");
    assert.equal(answer.headers["cache-control"], "no-store");
    assert.equal(answer.headers["content-length"], String(answer.body.length));
    assert.equal(answer.headers["x-xss-protection"], undefined);
  });

  test("by WebSocket it offers no upgrade", async () => {
    const socket = await target.engine();
    assert.deepEqual(socket.handshake.upgrades, []);
    assert.equal(socket.response.headers["sec-websocket-extensions"], undefined);
    await socket.leave();
  });

  test("old browsers are told not to guess", async () => {
    const headers = ["User-Agent: Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko"];
    assert.equal((await target.fetch("GET", POLLING, { headers })).headers["x-xss-protection"], "0");
  });

  test("session ids are all different and are not the public ids", async () => {
    const seen = new Set();
    for (let i = 0; i < 100; i++) {
      const socket = await target.client();
      seen.add(socket.sid).add(socket.id);
      socket.destroy();
    }
    assert.equal(seen.size, 200);
  });
});

describe("refused WebSocket handshakes", () => {
  for (const [name, query, message] of [
    ["no transport", "EIO=4", MESSAGES[0]],
    ["an unknown transport", "EIO=4&transport=pigeon", MESSAGES[0]],
    ["an inherited name as transport", "EIO=4&transport=constructor", MESSAGES[0]],
    ["an unknown sid", "EIO=4&transport=websocket&sid=nobody", MESSAGES[1]],
    ["an inherited name as sid", "EIO=4&transport=websocket&sid=__proto__", MESSAGES[1]],
  ]) {
    test(name, async () => {
      await refusedUpgrade(target.port, `/socket.io/?${query}`, message);
      await target.served();
    });
  }

  test("revision 3", async () => {
    const conn = await target.connect();
    conn.send(upgradeRequest("/socket.io/?EIO=3&transport=websocket"));
    // The reference agrees to the upgrade first and writes its refusal into the WebSocket.
    if (REFERENCE) assert.equal((await conn.response()).status, 101);
    const answer = await conn.response();
    assert.equal(answer.status, 400);
    assert.equal(answer.text, MESSAGES[5]);
    await conn.closed();
    await target.served();
  });

  test("the session has another revision", async () => {
    const session = await target.polling();
    await refusedUpgrade(target.port, `/socket.io/?EIO=3&transport=websocket&sid=${session.sid}`, MESSAGES[3]);
    await session.join();
    await target.served();
  });

  test("an upgrade that asks for polling", async () => {
    const conn = await target.connect();
    conn.send(upgradeRequest(POLLING));
    const { status } = await conn.response();
    assert.ok(expected({ reference: [101], ours: [101, 400] }).includes(status), String(status));
    if (status === 101) {
      await conn.until("a close frame", () => (conn.input.length < 2 ? undefined : true));
      assert.equal(conn.input[0], 0x80 | CLOSE);
    }
    conn.destroy();
    await target.served();
  });

  for (const [name, headers, status] of [
    ["no key", ["Sec-WebSocket-Version: 13"], 400],
    ["a key that is too short", ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: abcd"], 400],
    ["a key that is no base64", ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: !GhlIHNhbXBsZSBub25jZQ=="], 400],
    ["no version", ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="], [400, 426]],
    ["version 12", ["Sec-WebSocket-Version: 12", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="], [400, 426]],
    ["version 013", ["Sec-WebSocket-Version: x13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="], [400, 426]],
  ]) {
    test(name, async () => {
      const conn = await target.connect();
      conn.send(request("GET", WEBSOCKET, { headers: ["Connection: Upgrade", "Upgrade: websocket", ...headers] }));
      const answer = await conn.response();
      assert.ok([status].flat().includes(answer.status), String(answer.status));
      if (Array.isArray(status)) assert.match(answer.headers["sec-websocket-version"], /\b13\b/);
      await conn.closed();
      await target.served();
    });
  }

  test("another method than GET", async () => {
    const conn = await target.connect();
    conn.send(request("POST", WEBSOCKET, {
      headers: ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="],
    }));
    assert.ok([400, 405].includes((await conn.response()).status));
    conn.destroy();
    await target.served();
  });

  test("another protocol than websocket", async () => {
    const answer = await target.fetch("GET", WEBSOCKET, { headers: ["Connection: Upgrade", "Upgrade: h2c"] });
    assert.ok([400, 426].includes(answer.status), String(answer.status));
    await target.served();
  });

  test("another path", async () => {
    const conn = await target.connect();
    conn.send(upgradeRequest("/other"));
    if (!REFERENCE) assert.equal((await conn.response()).status, 404);
    await conn.closed();
    await target.served();
  });

  test("headers in other spellings are accepted", async () => {
    const conn = await target.connect();
    conn.send(request("GET", WEBSOCKET, {
      headers: ["CONNECTION: keep-alive, uPGRADE", "UPGRADE: WebSocket", "SEC-WEBSOCKET-VERSION: 13", "SEC-WEBSOCKET-KEY: dGhlIHNhbXBsZSBub25jZQ=="],
    }));
    const answer = await conn.response();
    assert.equal(answer.status, 101);
    assert.equal(answer.headers["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    conn.destroy();
    await target.served();
  });
});

describe("allowRequest", () => {
  const strict = serve({ deny: true });

  test("refuses a handshake by polling, with the application's words or the usual ones", async () => {
    refused(await strict.fetch("GET", `${POLLING}&deny=nope`), 4, { status: 403, message: "nope" });
    refused(await strict.fetch("GET", `${POLLING}&deny=`), 4, { status: 403 });
    await strict.served();
  });

  test("refuses a handshake by WebSocket", async () => {
    await refusedUpgrade(strict.port, `${WEBSOCKET}&deny=nope`, "nope");
    await strict.served();
  });

  test("is not asked about a later request", async () => {
    const session = await strict.polling();
    assert.equal((await strict.fetch("POST", `${session.target}&deny=nope`, { body: "40" })).text, "ok");
  });
});

describe("one transport alone", () => {
  test("polling, without upgrades", () =>
    once({ transports: ["polling", "websocket"], allowUpgrades: false }, async (only) => {
      assert.deepEqual((await only.polling()).handshake.upgrades, []);
    }));

  test("websocket", () =>
    once({ transports: ["websocket"] }, async (only) => {
      refused(await only.fetch("GET", POLLING), 0);
      const socket = await only.client();
      await socket.alive();
      await socket.leave();
    }));
});

describe("payloads", () => {
  const HELLO = '42["echo",1]';
  const BIN = '451-["echo",{"_placeholder":true,"num":0}]';
  const PARSE_ERROR = { reason: "parse error" };

  for (const [name, body, wanted] of [
    ["one packet", HELLO, [HELLO]],
    ["several packets", [HELLO, '42["echo",2]', '42["echo",3]'].join(SEPARATOR), [HELLO, '42["echo",2]', '42["echo",3]']],
    ["beyond ASCII", '42["echo","€ 😀 é"]', ['42["echo","€ 😀 é"]']],
    ["an unsolicited pong, a noop, an upgrade, an open packet", ["3", "6", "5", "0", "3x", HELLO].join(SEPARATOR), [HELLO]],
    ["binary", [BIN, "bAQIDBA=="].join(SEPARATOR), [BIN, "bAQIDBA=="]],
    ["empty binary", [BIN, "b"].join(SEPARATOR), [BIN, "b"]],
    ["a binary part that is no base64", [BIN, "b@@@@"].join(SEPARATOR), { reference: [BIN, "b"], ours: PARSE_ERROR }],
    ["base64 with its padding inside", [BIN, "bAQ==AQ=="].join(SEPARATOR), { reference: [BIN, "bAQ=="], ours: PARSE_ERROR }],
    ["base64 with a space", [BIN, "bAQ ID"].join(SEPARATOR), { reference: [BIN, "bAQID"], ours: PARSE_ERROR }],
    ["base64 of one digit too many", [BIN, "bAQIDB"].join(SEPARATOR), { reference: [BIN, "bAQID"], ours: PARSE_ERROR }],
    ["nothing", "", PARSE_ERROR],
    ["a lone separator", SEPARATOR, PARSE_ERROR],
    ["a leading separator", SEPARATOR + HELLO, PARSE_ERROR],
    ["a trailing separator", HELLO + SEPARATOR, PARSE_ERROR],
    ["two separators", HELLO + SEPARATOR + SEPARATOR + HELLO, PARSE_ERROR],
    ["an unknown packet", "9", PARSE_ERROR],
    ["letters", "abc", PARSE_ERROR],
    ["NUL", "\0", PARSE_ERROR],
    ["a good packet before a bad one", HELLO + SEPARATOR + "x", PARSE_ERROR],
    ["a ping", "2", { reason: "transport error" }],
    ["a probe", "2probe", { reason: "transport error" }],
    ["the packet that closes", "1", { reason: "transport close" }],
  ]) {
    test(name, async () => {
      const right = expected(wanted);
      for (const cut of CUTS) {
        const session = await target.polling();
        await session.join();
        assert.equal((await session.post(body, { cut })).text, "ok");
        if (Array.isArray(right)) for (const packet of right) assert.equal(await session.packet(), packet);
        else assert.equal(await target.watcher.reason(session.sid), right.reason);
      }
      await target.served();
    });
  }

  test("the answer to a POST, to the octet", async () => {
    const session = await target.polling();
    const answer = await session.post("40");
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["content-type"], "text/html");
    assert.equal(answer.headers["content-length"], "2");
    assert.equal(answer.text, "ok");
  });

  test("a POST of octets", async () => {
    const session = await target.polling();
    const answer = await session.post(Buffer.from([4, 1, 2]), { headers: ["Content-Type: application/octet-stream"] });
    assert.equal(answer.status, 400);
    assert.equal(answer.text, "");
    assert.equal(await target.watcher.reason(session.sid), "transport error");
    await target.served();
  });

  test("100 000 packets in one payload", async () => {
    const session = await target.polling();
    await session.join();
    const body = Array(100000).fill("6").join(SEPARATOR);
    const began = performance.now();
    const answer = session.post(body);
    await target.watcher.ask("echo", 1);
    assert.ok(performance.now() - began < 3000, "others wait");
    await answer;
    await target.served();
  });

  test("a large answer is compressed when the client can read it", async () => {
    const session = await target.polling();
    await session.join();
    await session.emit(`["echo","${"a".repeat(5000)}"]`);
    const answer = await session.poll({ headers: ["Accept-Encoding: gzip"] });
    assert.equal(answer.headers["content-encoding"], "gzip");
    assert.equal(gunzipSync(answer.body).toString(), `42["echo","${"a".repeat(5000)}"]`);
    await session.emit('["echo",1]');
    assert.equal((await session.poll({ headers: ["Accept-Encoding: gzip"] })).headers["content-encoding"], undefined);
  });
});

describe("maxHttpBufferSize", () => {
  const small = serve({ maxHttpBufferSize: 1000 });

  const event = (size) => `42["echo","${"a".repeat(size - 13)}"]`;

  for (const size of [999, 1000]) {
    test(`a body of ${size} octets`, async () => {
      const session = await small.polling();
      assert.equal(session.handshake.maxPayload, 1000);
      await session.join();
      assert.equal((await session.post(event(size))).text, "ok");
      assert.equal(await session.packet(), event(size));
      await small.served();
    });
  }

  for (const [name, bytes] of [
    ["1001 octets", (s) => request("POST", s.target, { body: event(1001) })],
    ["1001 octets in chunks", (s) => head(`POST ${s.target} HTTP/1.1`, "Host: a", "Transfer-Encoding: chunked") + `1f4\r\n${"6".repeat(500)}\r\n1f5\r\n${"6".repeat(501)}\r\n0\r\n\r\n`],
    ["characters that are more octets than letters", (s) => request("POST", s.target, { body: `42["echo","${"€".repeat(400)}"]` })],
    ["100 000 octets", (s) => request("POST", s.target, { body: event(100000) })],
  ]) {
    test(`a body of ${name} is refused and the session goes on`, async () => {
      for (const cut of ["whole", 1]) {
        const session = await small.polling();
        await session.join();
        const conn = await small.connect();
        conn.send(bytes(session), cut);
        const answer = await conn.response();
        assert.equal(answer.status, 413);
        assert.equal(answer.text, "");
        conn.destroy();
        await session.emit('["echo",1]');
        assert.equal(await session.packet(), '42["echo",1]');
      }
      await small.served();
    });
  }

  test("a length too large is refused before the body", { skip: REFERENCE && "it waits for the body" }, async () => {
    const session = await small.polling();
    for (const size of ["1001", "9007199254740993", "18446744073709551615"]) {
      const conn = await small.connect();
      conn.send(head(`POST ${session.target} HTTP/1.1`, "Host: a", `Content-Length: ${size}`));
      assert.equal((await conn.response()).status, 413);
      await conn.closed();
    }
    await small.served();
  });

  test("an endless body in chunks is cut", async () => {
    const session = await small.polling();
    const conn = await small.connect();
    conn.send(head(`POST ${session.target} HTTP/1.1`, "Host: a", "Transfer-Encoding: chunked"));
    for (let i = 0; i < 200 && !conn.ended && !conn.input.length; i++) {
      await conn.send(`400\r\n${"6".repeat(1024)}\r\n`, 7);
    }
    assert.equal((await conn.response()).status, 413);
    conn.destroy();
    await small.served();
  });
});

describe("requests of a session", () => {
  for (const method of ["PUT", "DELETE", "OPTIONS", "PATCH"]) {
    test(`${method} is refused and the session goes on`, async () => {
      const session = await target.polling();
      const answer = await target.fetch(method, session.target);
      assert.equal(answer.status, expected({ reference: 500, ours: 405 }));
      await session.join();
      await target.served();
    });
  }

  test("the session has another transport", async () => {
    const socket = await target.engine();
    refused(await target.fetch("GET", `${POLLING}&sid=${socket.sid}`), 3);
    refused(await target.fetch("POST", `${POLLING}&sid=${socket.sid}`, { body: "1" }), 3);
    await socket.join();
    await socket.alive();
    await socket.leave();
  });

  test("the session has another revision", async () => {
    const session = await target.polling();
    refused(await target.fetch("GET", `/socket.io/?EIO=3&transport=polling&sid=${session.sid}`), 3);
    refused(await target.fetch("GET", `/socket.io/?transport=polling&sid=${session.sid}`), 3);
    await session.join();
    await target.served();
  });

  test("two polls at once end the session", async () => {
    const session = await target.polling();
    const first = await session.begin(request("GET", session.target));
    // The first must be pending before the second comes: a round trip on the same session tells.
    await session.post("6");
    const second = await session.poll();
    assert.equal(second.status, 400);
    assert.equal(second.text, "");
    const answer = await first.response();
    assert.equal(answer.status, 200);
    assert.equal(answer.text, "1");
    assert.equal(await target.watcher.reason(session.sid), "transport error");
    await target.served();
  });

  test("two POSTs at once end the session", async () => {
    const session = await target.polling();
    const first = await session.begin(head(`POST ${session.target} HTTP/1.1`, "Host: a", "Content-Length: 9") + "4");
    await target.served();
    const second = await session.post("40");
    assert.equal(second.status, 400);
    assert.equal(second.text, "");
    await first.closed();
    assert.equal(await target.watcher.reason(session.sid), "transport error");
    await target.served();
  });

  test("a poll that the client abandons ends the session", async () => {
    const session = await target.polling();
    const poll = await session.begin(request("GET", session.target));
    await session.post("6");
    poll.destroy();
    assert.equal(await target.watcher.reason(session.sid), "transport error");
    await target.served();
  });

  test("a POST that the client abandons ends the session", async () => {
    const session = await target.polling();
    const post = await session.begin(head(`POST ${session.target} HTTP/1.1`, "Host: a", "Content-Length: 9") + "4");
    await target.served();
    post.destroy();
    assert.equal(await target.watcher.reason(session.sid), "transport error");
    await target.served();
  });

  test("requests of two sessions share a connection", async () => {
    const [a, b] = [await target.polling(), await target.polling()];
    const conn = await target.connect();
    for (const session of [a, b]) {
      conn.send(request("POST", session.target, { body: "40" }));
      assert.equal((await conn.response()).text, "ok");
    }
    conn.send(request("GET", a.target));
    assert.match((await conn.response()).text, /^40/);
    conn.send(request("GET", b.target));
    assert.match((await conn.response()).text, /^40/);
    conn.destroy();
  });
});

describe("closing", () => {
  test("the client's close packet ends a pending poll with a noop", async () => {
    const session = await target.polling();
    const poll = await session.begin(request("GET", session.target));
    await session.post("6");
    assert.equal((await session.post("1")).text, "ok");
    assert.equal((await poll.response()).text, "6");
    assert.equal(await target.watcher.reason(session.sid), "transport close");
    refused(await session.poll(), 1);
    poll.destroy();
  });

  test("the server closes while a poll is pending", async () => {
    const session = await target.polling();
    await session.join();
    const poll = await session.begin(request("GET", session.target));
    await session.post("6");
    await session.emit('["hangup"]');
    assert.equal((await poll.response()).text, "1");
    assert.equal(await target.watcher.reason(session.sid), "forced close");
    refused(await session.poll(), 1);
    poll.destroy();
  });

  test("the server closes while none is pending", async () => {
    const session = await target.polling();
    await session.join();
    await session.emit('["hangup"]');
    assert.equal((await session.poll()).text, `6${SEPARATOR}1`);
    assert.equal(await target.watcher.reason(session.sid), "forced close");
    refused(await session.poll(), 1);
  });

  test("by WebSocket the server sends an empty close frame", async () => {
    const socket = await target.client();
    await socket.emit('["hangup"]');
    assert.equal(await socket.closing(), 1005);
    assert.equal(await target.watcher.reason(socket.sid), "forced close");
  });

  test("the client's close frame", async () => {
    const socket = await target.client();
    await socket.leave();
    assert.equal(await target.watcher.reason(socket.sid), "transport close");
  });

  test("the client's TCP connection ends", async () => {
    const socket = await target.client();
    socket.destroy();
    assert.equal(await target.watcher.reason(socket.sid), "transport close");
  });

  test("the close packet by WebSocket", { skip: REFERENCE && "it is ignored" }, async () => {
    const socket = await target.client();
    await socket.text("1");
    assert.equal(await target.watcher.reason(socket.sid), "transport close");
    await socket.closing();
  });

  test("the server leaves a namespace, or all with the connection", async () => {
    const socket = await target.client();
    await socket.emit('["bye",false]');
    assert.equal(await socket.packet(), "41");
    await socket.join();
    await socket.emit('["bye",true]');
    assert.equal(await socket.packet(), "41");
    assert.equal(await socket.closing(), 1005);
    assert.equal(await target.watcher.reason(socket.sid), "forced close");
    assert.equal(await target.watcher.reason(socket.id, "gone"), "server namespace disconnect");
  });

  test("the same by polling", async () => {
    const session = await target.polling();
    await session.join();
    await session.emit('["bye",true]');
    assert.equal((await session.poll()).text, "41");
    assert.equal((await session.poll()).text, `6${SEPARATOR}1`);
    assert.equal(await target.watcher.reason(session.sid), "forced close");
  });
});

describe("packets of the engine by WebSocket", () => {
  for (const [name, bytes, reason] of [
    ["an empty message", frame(TEXT), "parse error"],
    ["an unknown packet", frame(TEXT, "9"), "parse error"],
    ["letters", frame(TEXT, "hello"), "parse error"],
    ["a ping", frame(TEXT, "2"), "transport error"],
    ["a probe", frame(TEXT, "2probe"), "transport error"],
  ]) {
    test(name, async () => {
      for (const cut of CUTS) {
        const socket = await target.client();
        await socket.send(bytes, cut);
        assert.equal(await target.watcher.reason(socket.sid), reason);
        await socket.closing();
      }
      await target.served();
    });
  }

  test("pongs, noops, upgrades and open packets mean nothing", async () => {
    const socket = await target.client();
    for (const packet of ["3", "3x", "6", "6x", "5", "0", "0{}"]) await socket.text(packet);
    await socket.alive();
    await socket.leave();
  });

  test("20 000 pongs", async () => {
    const socket = await target.client();
    await socket.send(Buffer.concat(Array(20000).fill(frame(TEXT, "3"))));
    await socket.alive();
    await socket.leave();
    await target.served();
  });

  test("a text message in base64 is binary", async () => {
    const socket = await target.client();
    await socket.text('451-["echo",{"_placeholder":true,"num":0}]');
    await socket.text("bAQID");
    assert.equal(await socket.packet(), '451-["echo",{"_placeholder":true,"num":0}]');
    assert.deepEqual(await socket.packet(), Buffer.from([1, 2, 3]));
    await socket.leave();
  });
});

describe("heartbeat", () => {
  const quick = serve({ pingInterval: 200, pingTimeout: 1000 });

  test("by polling", async () => {
    const session = await quick.polling();
    for (let i = 0; i < 2; i++) {
      assert.equal((await session.poll()).text, "2");
      await session.post("3");
    }
    assert.equal((await session.poll()).text, "2");
    assert.equal(await quick.watcher.reason(session.sid), "ping timeout");
    refused(await session.poll(), 1);
  });

  test("by polling, while a poll is pending", async () => {
    const session = await quick.polling();
    assert.equal((await session.poll()).text, "2");
    const poll = await session.begin(request("GET", session.target));
    assert.equal(await quick.watcher.reason(session.sid), "ping timeout");
    assert.equal((await poll.response()).text, "1");
    poll.destroy();
  });

  test("by WebSocket", async () => {
    const socket = await quick.engine();
    for (let i = 0; i < 2; i++) {
      assert.equal(await socket.message(), "2");
      await socket.text("3");
    }
    assert.equal(await socket.message(), "2");
    assert.equal(await socket.closing(), 1005);
    assert.equal(await quick.watcher.reason(socket.sid), "ping timeout");
  });

  test("another packet lengthens the wait, but once", async () => {
    const socket = await quick.client();
    assert.equal(await socket.message(), "2");
    const asked = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 600));
    const chatter = setInterval(() => socket.emit('["echo",1]'), 100);
    const over = await quick.watcher.reason(socket.sid);
    clearInterval(chatter);
    assert.equal(over, "ping timeout");
    assert.ok(performance.now() - asked > 1300, "the first packet counts");
    await socket.closing();
  });

  test("a WebSocket ping is no pong of the engine", async () => {
    const socket = await quick.engine();
    assert.equal(await socket.message(), "2");
    await socket.send(frame(PING, "x"));
    const got = await socket.frame();
    assert.equal(got.opcode, PONG);
    assert.equal(got.payload.toString(), "x");
    assert.equal(await quick.watcher.reason(socket.sid), "ping timeout");
    await socket.closing();
  });

  test("early pongs do not multiply the pings", async () => {
    const socket = await quick.engine();
    await socket.send(Buffer.concat(Array(100).fill(frame(TEXT, "3"))));
    assert.equal(await socket.message(), "2");
    await socket.text("3");
    const began = performance.now();
    assert.equal(await socket.message(), "2");
    assert.ok(performance.now() - began > 100, "one ping an interval");
    socket.destroy();
  });
});

describe("connectTimeout", () => {
  test("a client that joins no namespace is closed", () =>
    once({ connectTimeout: 300 }, async (hasty) => {
      const [session, socket] = [await hasty.polling(), await hasty.engine()];
      assert.equal(await socket.closing(), 1005);
      assert.equal(await hasty.watcher.reason(socket.sid), "forced close");
      await session.closed();
      await hasty.served();
    }));
});

describe("protocol revision 3", () => {
  const V3 = "/socket.io/?EIO=3&transport=polling&b64=1";
  const old = serve({ allowEIO3: true, pingInterval: 300000 });

  async function session() {
    const answer = await old.fetch("GET", V3);
    assert.equal(answer.status, 200);
    const [, size, json] = /^(\d+):0(\{.*?\})(?:2:40)?$/.exec(answer.text) ?? assert.fail(answer.text);
    assert.equal(Number(size), json.length + 1);
    const { sid } = JSON.parse(json);
    const path = `${V3}&sid=${sid}`;
    if (!answer.text.endsWith("2:40")) assert.equal((await old.fetch("GET", path)).text, "2:40");
    return { sid, path };
  }

  for (const [name, body, wanted] of [
    ["one packet", '12:42["echo",1]', '12:42["echo",1]'],
    ["lengths count UTF-16 units", '15:42["echo","😀"]', '15:42["echo","😀"]'],
    ["a ping", "1:2", "1:3"],
    ["a length too large", '99:42["echo",1]', { reason: "parse error" }],
    ["a packet cut short", "3:4", { reason: "parse error" }],
    ["no length", '42["echo",1]', { reason: "parse error" }],
    ["no number", 'x:42["echo",1]', { reason: "parse error" }],
    ["an endless number", "9".repeat(100000), { reason: "parse error" }],
    ["nothing", "", { reason: "parse error" }],
  ]) {
    test(name, async () => {
      for (const cut of ["whole", 1]) {
        const { sid, path } = await session();
        const answer = await old.fetch("POST", path, { body, cut });
        assert.ok(answer.text === "ok" || answer.status === 400, answer.text);
        if (wanted.reason) assert.equal(await old.watcher.reason(sid), wanted.reason);
        else assert.equal((await old.fetch("GET", path)).text, wanted);
      }
      await old.served();
    });
  }

  test("binary payloads at random", async () => {
    const headers = ["Content-Type: application/octet-stream"];
    for (const bytes of [[], [0], [1, 255], [0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 255], [1, 1, 255, 4], [0, 5, 255, 52], [7, 1, 255, 52], [0, 255, 52]]) {
      const { path } = await session();
      const answer = await old.fetch("POST", path.replace("&b64=1", ""), { headers, body: Buffer.from(bytes) });
      assert.ok([200, 400].includes(answer.status), String(answer.status));
    }
    await old.served();
  });

  test("a request of revision 4 for its session is refused", async () => {
    const { sid } = await session();
    refused(await old.fetch("GET", `${POLLING}&sid=${sid}`), 3);
    await old.served();
  });

  test("JSONP escapes what would end its script", async () => {
    const opened = await old.fetch("GET", `${V3}&j=1alert`);
    const [, sid] = /^___eio\[1\]\("\d+:0\{\\"sid\\":\\"([^\\]+)/.exec(opened.text) ?? assert.fail(opened.text);
    const path = `${V3}&sid=${sid}&j=1alert`;
    if (!opened.text.includes("2:40")) assert.equal((await old.fetch("GET", path)).text, '___eio[1]("2:40");');
    const text = '42["echo","\u2028\\"</script>"]';
    const body = `d=${encodeURIComponent(`${text.length}:${text}`)}`;
    const headers = ["Content-Type: application/x-www-form-urlencoded"];
    assert.equal((await old.fetch("POST", path, { headers, body })).text, "ok");
    const answer = await old.fetch("GET", path);
    assert.match(answer.text, /^___eio\[1\]\("[^\u2028\n]*"\);$/);
    const [, literal] = /^___eio\[1\]\((.*)\);$/s.exec(answer.text);
    assert.equal(JSON.parse(literal), `${text.length}:${text}`);
    await old.served();
  });
});
