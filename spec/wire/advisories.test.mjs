// Every published weakness of Socket.IO servers, WebSocket servers and HTTP parsers that could
// concern this one, by its name: the input that did the harm, and what must come of it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  PING,
  PONG,
  TEXT,
  WS_HEADERS,
  WebSocket,
  closeFrame,
  frame,
  upgradeRequest,
} from "./frames.mjs";
import { POLLING, REFERENCE, SEPARATOR, WEBSOCKET, once, serve } from "./harness.mjs";
import { head, octets, request } from "./raw.mjs";

const target = serve({ pingInterval: 300000, maxHttpBufferSize: 1000000 });

const QUICK = 3000; // ms that others may have to wait, on a slow machine
const P = (num) => `{"_placeholder":true,"num":${num}}`;

/** One case: its advisory, what it is about, and a run after which good clients must be served. */
const advisory = (id, what, run, options = {}) =>
  test(`${id}: ${what}`, options, async () => {
    const began = performance.now();
    await run();
    await target.served();
    if (options.quick) assert.ok(performance.now() - began < QUICK, "others had to wait");
  });

/** Sends packets on a joined session; the server must close it. */
async function closes(...packets) {
  const client = await target.client();
  for (const packet of packets)
    client.send(typeof packet === "string" ? frame(TEXT, packet) : frame(BINARY, packet));
  await client.closing();
}

async function status(bytes, ...wanted) {
  const conn = await target.connect();
  conn.send(bytes);
  const answer = await conn.response();
  assert.ok(wanted.includes(answer.status), String(answer.status));
  conn.destroy();
  return answer;
}

/** Sends frames on a joined session; gives the close code. */
async function code(bytes) {
  const client = await target.client();
  await client.send(bytes);
  return client.closing();
}

describe("Socket.IO", () => {
  advisory("CVE-2017-16031", "session ids cannot be guessed", async () => {
    const ids = new Set();
    for (let i = 0; i < 200; i++) ids.add((await target.polling()).sid);
    assert.equal(ids.size, 200);
    const octetsOf = [...ids].map((id) => Buffer.from(id, "base64url"));
    assert.ok(octetsOf.every((id) => id.length === 15));
    // Each of the first octets takes many values: they come from a generator, not from a counter.
    for (let at = 0; at < 12; at++) assert.ok(new Set(octetsOf.map((id) => id[at])).size > 60);
  });

  advisory("CVE-2020-28481", "no origin is allowed unless configured", async () => {
    const answer = await target.fetch("GET", POLLING, {
      headers: ["Origin: https://evil.example"],
    });
    assert.equal(answer.headers["access-control-allow-origin"], undefined);
  });

  advisory("CVE-2024-38355", "an event called error", async () => {
    const client = await target.client();
    await client.text('42["error",1]');
    assert.equal(await client.packet(), '42["any","error",1]');
    await client.alive();
    await client.leave();
  });

  advisory("CVE-2020-36048", "a large POST of many packets", async () => {
    const session = await target.polling();
    const posted = session.post(Array(400000).fill("6").join(SEPARATOR));
    const began = performance.now();
    await target.served();
    assert.ok(performance.now() - began < QUICK, "others had to wait");
    await posted;
  });

  advisory(
    "CVE-2020-36048",
    "packets with lengths in a payload of revision 4",
    async () => {
      const session = await target.polling();
      await session.post("8:4hello".repeat(10000));
      assert.equal(await target.watcher.reason(session.sid), "parse error");
    },
    { quick: true },
  );

  advisory("CVE-2022-21676", "an invalid frame in the segment of the handshake", async () => {
    for (const bytes of [
      frame(TEXT, "", { rsv: 3 }),
      frame(11),
      frame(TEXT, octets("\xff")),
      octets("\xff\xff\xff"),
    ]) {
      const conn = await target.connect();
      await conn.send(Buffer.concat([upgradeRequest(WEBSOCKET), bytes]));
      assert.equal((await conn.response()).status, 101);
      conn.socket.end();
      await conn.closed();
    }
  });

  advisory("CVE-2022-41940", "a connection reset while its upgrade is refused", async () => {
    for (const path of [
      "/socket.io/?EIO=4&transport=x",
      `${WEBSOCKET}&sid=x`,
      "/x",
      POLLING,
      WEBSOCKET,
    ]) {
      for (let i = 0; i < 20; i++) {
        const conn = await target.connect();
        await conn.send(upgradeRequest(path));
        conn.socket.resetAndDestroy();
      }
    }
  });

  advisory("CVE-2023-31125", "names that every object inherits", async () => {
    for (const name of [
      "__proto__",
      "constructor",
      "toString",
      "valueOf",
      "hasOwnProperty",
      "__index",
    ]) {
      for (const path of [`${POLLING}&sid=${name}`, `/socket.io/?EIO=4&transport=${name}`]) {
        await status(request("GET", path), 400);
        await status(upgradeRequest(path), 400);
      }
    }
  });

  advisory("CVE-2026-59725", "a POST of octets is answered", async () => {
    const began = performance.now();
    for (let i = 0; i < 20; i++) {
      const session = await target.polling();
      await session.join();
      const answer = await session.post("40", {
        headers: ["Content-Type: application/octet-stream"],
      });
      assert.equal(answer.status, 400);
    }
    assert.ok(performance.now() - began < QUICK);
  });

  advisory("engine.io 6.6.10", "a request of revision 3 on a session of revision 4", async () => {
    const session = await target.polling();
    const path = `/socket.io/?EIO=3&transport=polling&sid=${session.sid}`;
    for (const answer of [
      await target.fetch("GET", path),
      await target.fetch("POST", path, { body: "1:2" }),
    ]) {
      assert.equal(answer.status, 400);
      assert.match(answer.text, /"code":3/);
    }
    await session.join();
  });

  advisory("engine.io 6.6.12", "an error on an upgrade of an unknown path", async () => {
    for (let i = 0; i < 20; i++) {
      const conn = await target.connect();
      await conn.send(Buffer.concat([upgradeRequest("/unknown"), octets("\xff\xff")]));
      conn.socket.resetAndDestroy();
    }
  });

  advisory(
    "CVE-2020-36049",
    "100 000 letters of a namespace, of a name, of an id",
    async () => {
      const long = "a".repeat(100000);
      for (const packet of [
        `40/${long},`,
        `42/${long},["a"]`,
        `42["${long}"]`,
        `42${"1".repeat(100000)}["a"]`,
        `41/${long},`,
      ]) {
        const client = await target.client();
        await client.text(packet);
        client.conn.socket.end();
        await client.conn.closed();
      }
    },
    { quick: true },
  );

  advisory("CVE-2022-2421", "a placeholder's number is checked", async () => {
    for (const num of ['"splice"', "5", "-1", "1e999", "[0]", "null", '"constructor"']) {
      await closes(`451-["echo",${P(num)}]`, Buffer.from([1]));
    }
    await closes('451-["echo",{"_placeholder":true}]', Buffer.from([1]));
  });

  advisory("CVE-2023-32695", "an event's name is a string or a number", async () => {
    for (const name of ['{"toString":"foo"}', "null", "true", "[]", '["a"]', "{}"])
      await closes(`42[${name},1]`);
  });

  advisory("socket.io-parser 4.2.4", "reserved names, with and without attachments", async () => {
    for (const name of [
      "connect",
      "connect_error",
      "disconnect",
      "disconnecting",
      "newListener",
      "removeListener",
    ]) {
      await closes(`42["${name}"]`);
      await closes(`451-["${name}",${P(0)}]`, Buffer.from([1]));
    }
  });

  advisory("CVE-2026-33151", "a great number of attachments is announced", async () => {
    for (const count of ["11", "1000", "999999999", "99999999999999999999"])
      await closes(`45${count}-["echo"]`);
  });

  advisory("CVE-2026-69185", "a binary event without attachments", async () => {
    await closes('450-["echo"]');
    await closes('460-0["echo"]');
  });

  advisory(
    "CVE-2024-38355 and others",
    "names that mean something to the host language",
    async () => {
      const client = await target.client();
      for (const name of [
        "__proto__",
        "constructor",
        "__index",
        "__gc",
        "__close",
        "__metatable",
        "then",
      ]) {
        await client.text(`42["${name}",{"${name}":1}]`);
        assert.equal(await client.packet(), `42["any","${name}",1]`);
        await client.text(`42["echo",{"${name}":1}]`);
        assert.equal(await client.packet(), `42["echo",{"${name}":1}]`);
      }
      await client.leave();
    },
  );
});

describe("WebSocket", () => {
  advisory("CVE-2016-10518", "a pong gives back the ping's octets and no others", async () => {
    const client = await target.client();
    for (const size of [0, 1, 10, 124, 125]) {
      const payload = Buffer.alloc(size, 7);
      client.send(frame(PING, payload));
      const got = await client.frame();
      assert.equal(got.opcode, PONG);
      assert.deepEqual(Buffer.from(got.payload), payload);
    }
    await client.leave();
  });

  advisory("CVE-2016-10542", "a message over the limit", async () => {
    assert.equal(await code(frame(TEXT, "", { length: 1000001, form: 64 })), 1009);
    assert.equal(await code(frame(TEXT, "", { length: 2n ** 40n, form: 64 })), 1009);
  });

  advisory("GHSA-5v72-xg48-5rpm", "an extension called constructor", async () => {
    for (const name of [
      "constructor",
      "__proto__",
      "permessage-deflate; constructor",
      "permessage-deflate; __proto__=1",
    ]) {
      const answer = await status(
        upgradeRequest(WEBSOCKET, { headers: [`Sec-WebSocket-Extensions: ${name}`] }),
        101,
        400,
      );
      assert.equal(answer.headers["sec-websocket-extensions"], undefined);
    }
  });

  advisory(
    "CVE-2021-32640",
    "very many spaces in Sec-WebSocket-Protocol",
    async () => {
      await status(
        upgradeRequest(WEBSOCKET, { headers: [`Sec-WebSocket-Protocol: b${" ".repeat(12000)}x`] }),
        101,
        400,
      );
    },
    { quick: true },
  );

  advisory("CVE-2024-37890", "more headers than are counted, before Upgrade", async () => {
    const filler = Array.from({ length: 2050 }, () => "A:b");
    const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    await status(
      request("GET", WEBSOCKET, { headers: [...filler, ...WS_HEADERS, key] }),
      101,
      400,
      431,
    );
    await status(
      request("GET", WEBSOCKET, {
        headers: [...WS_HEADERS.slice(0, 1), ...filler, ...WS_HEADERS.slice(1), key],
      }),
      101,
      400,
      431,
    );
  });

  advisory("CVE-2026-45736", "a close says what it should and nothing else", async () => {
    // The reader of every frame checks code and reason.
    for (const bytes of [
      frame(TEXT, octets("\xff")),
      frame(3),
      frame(PING, Buffer.alloc(126)),
      closeFrame(4000, "bye"),
    ])
      await code(bytes);
    const client = await target.client();
    await client.emit('["hangup"]');
    assert.equal(await client.closing(), 1005);
  });

  for (const [id, part] of [
    ["CVE-2026-48779", " "],
    ["ws 8.21.1", ""],
  ]) {
    advisory(id, `40 000 parts of ${part.length} octets`, async () => {
      const parts = Array(40000).fill(frame(CONTINUATION, part, { fin: false }));
      const got = await code(Buffer.concat([frame(TEXT, "4", { fin: false }), ...parts]));
      assert.ok([1008, 1009].includes(got), String(got));
    });
  }

  advisory("ws 8.23.0", "100 000 pings", async () => {
    const client = await target.client();
    client.conn.socket.pause();
    await client.send(Buffer.concat(Array(100000).fill(frame(PING, "x"))));
    await target.served();
    client.destroy();
  });

  advisory("uWebSockets 1662", "a slow reader finds every frame whole", async () => {
    const client = await target.client();
    client.conn.socket.pause();
    await client.emit('["flood",40,65000,40]');
    await target.served();
    client.conn.socket.resume();
    for (let i = 1; i <= 40; i++)
      assert.equal((await client.packet()).length, `42["flood",${i},""]`.length + 65000);
    await client.leave();
  });

  advisory(
    "python-engineio 3.9",
    "another origin by WebSocket",
    async () => {
      await once({ origins: ["https://a.example"] }, async (strict) => {
        const conn = await strict.connect();
        conn.send(upgradeRequest(WEBSOCKET, { headers: ["Origin: https://evil.example"] }));
        assert.equal((await conn.response()).status, 403);
        conn.destroy();
      });
    },
    { skip: REFERENCE && "it lets every origin in" },
  );
});

describe("engines and parsers of others", () => {
  advisory(
    "CVE-2026-48802",
    "20 000 pongs",
    async () => {
      const client = await target.client();
      await client.send(Buffer.concat(Array(20000).fill(frame(TEXT, "3"))));
      await client.alive();
      await client.leave();
    },
    { quick: true },
  );

  advisory("CVE-2026-48809", "a body that nobody may send is not taken in", async () => {
    const conn = await target.connect();
    await conn.send(
      head(`POST ${POLLING}&sid=nobody HTTP/1.1`, "Host: a", "Content-Length: 2000000000"),
    );
    const answer = await conn.response();
    assert.ok([400, 413].includes(answer.status), String(answer.status));
    conn.destroy();
  });

  advisory("CVE-2026-48804", "attachments before the client has joined", async () => {
    for (const packets of [[Buffer.alloc(1000)], [`451-["echo",${P(0)}]`, Buffer.alloc(1000)]]) {
      const client = await target.engine();
      for (const packet of packets)
        client.send(typeof packet === "string" ? frame(TEXT, packet) : frame(BINARY, packet));
      await client.closing();
    }
  });

  advisory(
    "CVE-2026-48804",
    "a binary event is refused by its first packet",
    async () => {
      const client = await target.engine();
      await client.text(`4510-["echo",${P(0)}]`);
      await client.closing();
    },
    { skip: REFERENCE && "it waits for the attachments" },
  );

  advisory("socketioxide 731", "upgrades that are begun and left", async () => {
    const session = await target.polling();
    await session.join();
    for (let i = 0; i < 30; i++) {
      const ws = await WebSocket.open(target.port, `${WEBSOCKET}&sid=${session.sid}`);
      ws.text("2probe");
      assert.equal(await ws.message(), "3probe");
      ws.send(frame(CLOSE));
      await ws.closing();
    }
    await session.leave();
    assert.equal(await target.watcher.reason(session.sid), "transport close");
  });

  advisory(
    "CVE-2023-43669",
    "a long head that comes in pieces",
    async () => {
      const conn = await target.connect();
      await conn.send(
        request("GET", POLLING, {
          headers: Array.from({ length: 60 }, (_, i) => `A${i}: ${"b".repeat(200)}`),
        }),
        5,
      );
      assert.equal((await conn.response()).status, 200);
      conn.destroy();
    },
    { quick: true },
  );

  advisory("CVE-2022-24834", "numbers, depth and sizes that overflow a JSON parser", async () => {
    for (const json of [
      "1e308",
      "-1e308",
      "1e-400",
      "9".repeat(400),
      `0.${"0".repeat(1000)}1`,
      `1${"0".repeat(300)}`,
    ]) {
      const client = await target.client();
      await client.text(`42["number",${json}]`);
      assert.equal(await client.packet(), '42["any","number",1]');
      await client.leave();
    }
  });

  const POST = `POST ${POLLING}&sid=x HTTP/1.1`;
  const INNER = head(`GET ${POLLING} HTTP/1.1`, "Host: a");
  for (const [id, what, bytes] of [
    [
      "CVE-2021-22959",
      "a space before a colon",
      head(POST, "Host: a", "Content-Length : 2") + `40${INNER}`,
    ],
    [
      "CVE-2021-22960",
      "LF in a chunk extension",
      head(POST, "Host: a", "Transfer-Encoding: chunked") + `2;\nx\r\n40\r\n0\r\n\r\n${INNER}`,
    ],
    [
      "CVE-2022-32213",
      "Transfer-Encoding that does not end in chunked",
      head(POST, "Host: a", "Transfer-Encoding: chunkedchunked") + `0\r\n\r\n${INNER}`,
    ],
    [
      "CVE-2022-32214",
      "a header that ends in CR alone",
      `${POST}\r\nHost: a\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${INNER}`,
    ],
    [
      "CVE-2022-32215",
      "a folded Transfer-Encoding",
      head(POST, "Host: a", "Transfer-Encoding: chunked", " , identity") + `0\r\n\r\n${INNER}`,
    ],
    [
      "CVE-2022-35256",
      "a header without its end",
      head(POST, "Host: a", "A:b\rTransfer-Encoding: chunked") + `0\r\n\r\n${INNER}`,
    ],
    [
      "CVE-2023-30589",
      "CR as the end of a header",
      `${POST}\r\nHost: a\r\nA: b\rContent-Length: 0\r\n\r\n${INNER}`,
    ],
    [
      "CVE-2024-27982",
      "a folded Content-Length",
      head(POST, "Host: a", " Content-Length: 2") + `40${INNER}`,
    ],
    [
      "CVE-2025-23167",
      "a head that ends in CR LF CR and another octet",
      `${POST}\r\nHost: a\r\nContent-Length: 2\r\n\rX40${INNER}`,
    ],
    [
      "uWebSockets 399204d",
      "a chunk size that overflows",
      head(POST, "Host: a", "Transfer-Encoding: chunked") +
        `ffffffffffffffff0\r\n40\r\n0\r\n\r\n${INNER}`,
    ],
    [
      "uWebSockets 368a4b4",
      "control characters in a value",
      head(POST, "Host: a", "A: b\x00\x08c", "Content-Length: 0") + INNER,
    ],
    [
      "uWebSockets 601a100",
      "Content-Lengths that differ",
      head(POST, "Host: a", "Content-Length: 2", "Content-Length: 0") + `40${INNER}`,
    ],
  ]) {
    advisory(id, what, async () => {
      const conn = await target.connect();
      conn.send(bytes);
      await conn.closed();
      assert.match(conn.input.toString("latin1"), /^HTTP\/1\.1 400 /);
      assert.ok(!conn.input.includes('0{"sid"'), "the inner request is not served");
      conn.destroy();
    });
  }

  advisory("CVE-2024-22019", "a chunk extension without end", async () => {
    const conn = await target.connect();
    conn.send(head(POST, "Host: a", "Transfer-Encoding: chunked") + "2;");
    let sent = 0;
    for (; sent < 1000 && !conn.ended && !conn.broken; sent++)
      await conn.send("x".repeat(10000), 3);
    assert.ok(sent < 1000, "it is cut");
    conn.destroy();
  });
});
