// Every size and every count of docs/limits.md: one below the limit, at it, and one above. Times are
// the business of spec/unit/test_limits.c, which has a clock of its own; what is a matter of the Lua
// half alone, of spec/lua/limits_spec.lua.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { BINARY, CLOSE, CONTINUATION, TEXT, frame, upgradeRequest } from "./frames.mjs";
import { POLLING, REFERENCE, SEPARATOR, WEBSOCKET, once, serve } from "./harness.mjs";
import { Conn, head, request } from "./raw.mjs";

// The reference has few of these limits.
const skip = REFERENCE && "limits of our own";

/** Three tests: `check(n, fits)` with one less than the limit, the limit, and one more. */
function edge(title, limit, check) {
  for (const n of [limit - 1, limit, limit + 1])
    test(`${title}: ${n}`, { skip }, () => check(n, n <= limit));
}

/** The status of the answer to these bytes, and whether the server closes the connection after it. */
async function ask(port, bytes) {
  const conn = await Conn.open(port);
  try {
    await conn.send(bytes);
    const answer = await conn.response(String(bytes).split(" ", 1)[0]);
    const closes = answer.headers.connection !== "keep-alive";
    if (closes) await conn.closed();
    return { ...answer, closes };
  } finally {
    conn.destroy();
  }
}

/** A request whose head has n octets. */
function headOf(n) {
  const fields = [`GET ${POLLING} HTTP/1.1`, "Host: a"];
  return head(...fields, "P: ".padEnd(n - head(...fields).length - 2, "x"));
}

/** What is left of n octets for the letters in front of and behind it. */
const filled = (n, before, after = "") => before + "x".repeat(n - before.length - after.length) + after;

const ECHO = ['42["echo","', '"]'];
const echo = (n) => filled(n, ...ECHO);

/** Whether a WebSocket client gets these frames' message back; else the code that it is closed with. */
async function echoed(target, frames, message) {
  const client = await target.client();
  client.send(frames);
  const answer = await client.frame();
  client.destroy();
  if (answer.opcode === CLOSE) return answer.payload.readUInt16BE();
  assert.equal(answer.payload.toString(), message);
  return true;
}

/** Whether the connection of this client is closed after what it has sent, as every fault is. */
async function isClosed(client) {
  for (let got; (got = await client.frame()) !== null; ) {
    if (got.opcode === CLOSE) return true;
    if (got.payload.toString() === '42["echo","alive"]') return false;
  }
  return true;
}

/** Sends packets and fails unless the connection then lives, or is closed. */
async function judges(target, fits, ...packets) {
  const client = await target.client();
  for (const packet of packets)
    client.send(typeof packet === "string" ? frame(TEXT, packet) : frame(BINARY, packet));
  client.text('42["echo","alive"]');
  assert.equal(await isClosed(client), !fits);
  client.destroy();
  await target.served();
}

describe("limits of requests", () => {
  const target = serve();
  const small = serve({ maxHeaderSize: 1024, maxHttpBufferSize: 1000 });

  for (const [server, limit] of [
    [target, 16384],
    [small, 1024],
  ]) {
    edge("octets of a head", limit, async (n, fits) => {
      const bytes = headOf(n);
      assert.equal(bytes.length, n);
      const answer = await ask(server.port, bytes);
      assert.equal(answer.status, fits ? 200 : 431);
      assert.equal(answer.closes, !fits);
    });

    /** A chunked POST whose first chunk has a line of n octets. */
    edge("octets of a chunk extension", limit, async (n, fits) => {
      const session = await server.polling();
      const before = head(`POST ${session.target} HTTP/1.1`, "Host: a", "Transfer-Encoding: chunked");
      const answer = await ask(server.port, before + `${filled(n, "1;a=", "\r\n")}6\r\n0\r\n\r\n`);
      assert.equal(answer.status, fits ? 200 : 413);
    });

    edge("octets of trailers", limit, async (n, fits) => {
      const session = await server.polling();
      const before = head(`POST ${session.target} HTTP/1.1`, "Host: a", "Transfer-Encoding: chunked");
      const trailers = filled(n, "A: ", "\r\n\r\n");
      const answer = await ask(server.port, before + `1\r\n6\r\n0\r\n${trailers}`);
      assert.equal(answer.status, fits ? 200 : 431);
    });
  }

  edge("header lines", 100, async (n, fits) => {
    const answer = await ask(
      target.port,
      head(`GET ${POLLING} HTTP/1.1`, "Host: a", ...Array(n - 1).fill("A: b")),
    );
    assert.equal(answer.status, fits ? 200 : 431);
    assert.equal(answer.closes, !fits);
  });

  edge("bytes of a body that nobody wants", 65536, async (n, fits) => {
    const bytes = head("POST /other HTTP/1.1", "Host: a", `Content-Length: ${n}`);
    const answer = await ask(target.port, bytes + "x".repeat(n));
    assert.equal(answer.status, 404);
    assert.equal(answer.closes, !fits);
  });

  edge("bytes of a chunked body that nobody wants", 65536, async (n, fits) => {
    const conn = await Conn.open(target.port);
    const before = head("POST /other HTTP/1.1", "Host: a", "Transfer-Encoding: chunked");
    await conn.send(`${before}${n.toString(16)}\r\n${"x".repeat(n)}\r\n0\r\n\r\n`);
    assert.equal((await conn.response("POST")).status, 404);
    if (fits) {
      await conn.send(head(`GET ${POLLING} HTTP/1.1`, "Host: a"));
      assert.equal((await conn.response()).status, 200);
      conn.destroy();
    } else {
      await conn.closed();
    }
  });

  for (const [server, limit] of [
    [target, 1e6],
    [small, 1000],
  ]) {
    edge("bytes of a POST", limit, async (n, fits) => {
      const session = await server.polling();
      const answer = await session.post(filled(n, "4"));
      assert.equal(answer.status, fits ? 200 : 413);
    });

    edge("bytes of a chunked POST", limit, async (n, fits) => {
      const session = await server.polling();
      const before = head(`POST ${session.target} HTTP/1.1`, "Host: a", "Transfer-Encoding: chunked");
      const half = n >> 1;
      const chunks = [half, n - half].map((size, i) => {
        const data = filled(size, i === 0 ? "4" : "x");
        return `${size.toString(16)}\r\n${data}\r\n`;
      });
      const answer = await ask(server.port, `${before}${chunks.join("")}0\r\n\r\n`);
      assert.equal(answer.status, fits ? 200 : 413);
    });
  }
});

describe("limits of WebSocket messages", () => {
  const target = serve();
  const small = serve({ maxHttpBufferSize: 1000, perMessageDeflate: { threshold: 1e6 } });

  for (const [server, limit] of [
    [target, 1e6],
    [small, 1000],
  ]) {
    edge("bytes of a frame", limit, async (n, fits) => {
      assert.equal(await echoed(server, frame(TEXT, echo(n)), echo(n)), fits || 1009);
    });

    edge("bytes of a fragmented message", limit, async (n, fits) => {
      const message = echo(n);
      const frames = Buffer.concat([
        frame(TEXT, message.slice(0, 500), { fin: false }),
        frame(CONTINUATION, message.slice(500, 900), { fin: false }),
        frame(CONTINUATION, message.slice(900)),
      ]);
      assert.equal(await echoed(server, frames, message), fits || 1009);
    });
  }

  edge("bytes of an inflated message", 1000, async (n, fits) => {
    const offer = "permessage-deflate; server_no_context_takeover"; // so that the threshold counts
    const client = await small.client({ headers: [`Sec-WebSocket-Extensions: ${offer}`] });
    assert.match(client.response.headers["sec-websocket-extensions"], /^permessage-deflate/);
    const packed = deflateRawSync(echo(n), { finishFlush: 2 }).subarray(0, -4);
    assert.ok(packed.length < 100);
    client.send(frame(TEXT, packed, { rsv: 4 }));
    const answer = await client.frame();
    if (fits) assert.equal(answer.payload.toString(), echo(n));
    else assert.deepEqual([answer.opcode, answer.payload.readUInt16BE()], [CLOSE, 1009]);
    client.destroy();
  });

  edge("frames of a message", 4096, async (n, fits) => {
    const parts = [frame(TEXT, '42["echo","', { fin: false })];
    for (let i = 2; i < n; i++) parts.push(frame(CONTINUATION, "x", { fin: false }));
    parts.push(frame(CONTINUATION, '"]'));
    const message = `42["echo","${"x".repeat(n - 2)}"]`;
    assert.equal(await echoed(target, Buffer.concat(parts), message), fits || 1008);
  });
});

describe("limits of sessions", () => {
  for (const option of ["maxConnections", "maxConnectionsPerIp"])
    edge(`sessions by ${option}`, 4, (n, fits) =>
      once({ [option]: 4 }, async (target) => {
        const sessions = []; // beside the watcher
        for (let i = 2; i < n; i++)
          sessions.push(i % 2 ? await target.polling() : await target.engine());
        for (const bytes of [upgradeRequest(WEBSOCKET), request("GET", POLLING)]) {
          const conn = await target.connect();
          conn.send(bytes);
          const answer = await conn.response();
          if (fits) assert.equal(answer.status, bytes.includes("Upgrade") ? 101 : 200);
          else assert.deepEqual([answer.status, answer.headers["retry-after"]], [503, "5"]);
          conn.destroy();
          if (fits) break;
        }
        for (const session of sessions) await session.leave();
      }),
    );
});

const P = (num) => `{"_placeholder":true,"num":${num}}`;
/** A binary event with these attachments. */
const binary = (...buffers) => [
  `45${buffers.length}-["echo",${buffers.map((_, i) => P(i)).join(",")}]`,
  ...buffers,
];

describe("limits of packets", () => {
  const target = serve();
  const small = serve({ maxAttachments: 2, maxHttpBufferSize: 1000, maxNamespaces: 3 });

  for (const [server, limit] of [
    [target, 10],
    [small, 2],
  ])
    edge("attachments of a packet", limit, (n, fits) =>
      judges(server, fits, ...binary(...Array(n).fill(Buffer.from("a")))),
    );

  for (const [server, limit] of [
    [target, 1e6],
    [small, 1000],
  ])
    edge("bytes of a packet's attachments", limit, (n, fits) =>
      judges(server, fits, ...binary(Buffer.alloc(n >> 1), Buffer.alloc(n - (n >> 1)))),
    );

  for (const [server, limit] of [
    [target, 256],
    [small, 3],
  ])
    edge("namespaces of a client", limit, (n, fits) =>
      judges(server, fits, ...Array.from({ length: n - 1 }, (_, i) => `40/dyn-${i},`)),
    );

  edge("bytes of a namespace's name", 1024, (n, fits) =>
    judges(target, fits, `40/dyn-${"1".repeat(n - 5)},`),
  );

  test("acknowledgement id: 63 bits", { skip }, async () => {
    for (const [id, fits] of [
      ["9223372036854775806", true],
      ["9223372036854775807", true],
      ["9223372036854775808", false],
      ["10000000000000000000", false],
    ])
      await judges(target, fits, `42${id}["echo",1]`);
  });

  edge("levels of a payload", 128, async (n, fits) => {
    await judges(target, fits, `42["echo",${"[".repeat(n)}${"]".repeat(n)}]`);
    await judges(target, fits, `42["echo",${'{"a":'.repeat(n)}1${"}".repeat(n)}]`);
  });

  // The name of an event is one of them.
  edge("arguments of an event", 4096, (n, fits) =>
    judges(target, fits, `42["echo"${",1".repeat(n - 1)}]`),
  );
});

describe("limits of a turn", () => {
  const target = serve();

  test("packets of one POST, none lost", { skip }, async () => {
    const session = await target.polling();
    await session.join();
    const COUNT = 3000;
    const packets = Array.from({ length: COUNT }, (_, i) => `42["echo",${i}]`);
    assert.equal((await session.post(packets.join(SEPARATOR))).text, "ok");
    for (const packet of packets) assert.equal(await session.packet(), packet);
    await session.leave();
  });
});
