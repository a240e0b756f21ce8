// Handshakes of Engine.IO: what is let in, and how the rest is refused, to the octet.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CLOSE, upgradeRequest } from "./frames.mjs";
import {
  MESSAGES,
  POLLING,
  REFERENCE,
  WEBSOCKET,
  expected,
  once,
  refused,
  serve,
} from "./harness.mjs";
import { Conn, request } from "./raw.mjs";

const target = serve({ pingInterval: 300000 });

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

const NAMES = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "__index",
  "%00",
  "%ff",
  "a".repeat(2000),
];

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
    ...NAMES.map((text) => [
      `sid ${text.slice(0, 20)}`,
      "GET",
      `EIO=4&transport=polling&sid=${text}`,
      1,
    ]),
    ["an unknown sid by POST", "POST", "EIO=4&transport=polling&sid=nobody", 1, { body: "40" }],
    ["the transport is checked before the sid", "GET", "EIO=4&transport=x&sid=nobody", 0],
    ["the sid is checked before the revision", "GET", "EIO=5&transport=polling&sid=nobody", 1],
    ["POST", "POST", "EIO=4&transport=polling", 2, { body: "" }],
    ["PUT", "PUT", "EIO=4&transport=polling", 2, { body: "" }],
    ["DELETE", "DELETE", "EIO=4&transport=polling", 2],
    ["PATCH", "PATCH", "EIO=4&transport=polling", 2, { body: "" }],
    ["OPTIONS", "OPTIONS", "EIO=4&transport=polling", 2],
    [
      "the method is checked before the revision",
      "POST",
      "EIO=5&transport=polling",
      2,
      { body: "" },
    ],
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
    assert.equal(
      (await target.fetch("GET", POLLING, { headers })).headers["x-xss-protection"],
      "0",
    );
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
    await refusedUpgrade(
      target.port,
      `/socket.io/?EIO=3&transport=websocket&sid=${session.sid}`,
      MESSAGES[3],
    );
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
    [
      "a key that is no base64",
      ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: !GhlIHNhbXBsZSBub25jZQ=="],
      400,
    ],
    ["no version", ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="], [400, 426]],
    [
      "version 12",
      ["Sec-WebSocket-Version: 12", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="],
      [400, 426],
    ],
    [
      "version 013",
      ["Sec-WebSocket-Version: x13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="],
      [400, 426],
    ],
  ]) {
    test(name, async () => {
      const conn = await target.connect();
      conn.send(
        request("GET", WEBSOCKET, {
          headers: ["Connection: Upgrade", "Upgrade: websocket", ...headers],
        }),
      );
      const answer = await conn.response();
      assert.ok([status].flat().includes(answer.status), String(answer.status));
      if (Array.isArray(status)) assert.match(answer.headers["sec-websocket-version"], /\b13\b/);
      await conn.closed();
      await target.served();
    });
  }

  test("another method than GET", async () => {
    const conn = await target.connect();
    conn.send(
      request("POST", WEBSOCKET, {
        headers: [
          "Connection: Upgrade",
          "Upgrade: websocket",
          "Sec-WebSocket-Version: 13",
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ],
      }),
    );
    assert.ok([400, 405].includes((await conn.response()).status));
    conn.destroy();
    await target.served();
  });

  test("another protocol than websocket", async () => {
    const answer = await target.fetch("GET", WEBSOCKET, {
      headers: ["Connection: Upgrade", "Upgrade: h2c"],
    });
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
    conn.send(
      request("GET", WEBSOCKET, {
        headers: [
          "CONNECTION: keep-alive, uPGRADE",
          "UPGRADE: WebSocket",
          "SEC-WEBSOCKET-VERSION: 13",
          "SEC-WEBSOCKET-KEY: dGhlIHNhbXBsZSBub25jZQ==",
        ],
      }),
    );
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
    assert.equal(
      (await strict.fetch("POST", `${session.target}&deny=nope`, { body: "40" })).text,
      "ok",
    );
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
