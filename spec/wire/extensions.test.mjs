// What is negotiated in a WebSocket handshake: subprotocols and permessage-deflate.
import assert from "node:assert/strict";
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { describe, test } from "node:test";
import { concat, half, rest, sized, text, wrapped } from "./echo.mjs";
import {
  CLOSE,
  CONTINUATION,
  PING,
  TEXT,
  WebSocket,
  chop,
  frame,
  upgradeRequest,
} from "./frames.mjs";
import { WEBSOCKET, serve } from "./harness.mjs";
import { octets } from "./raw.mjs";

const target = serve({ pingInterval: 300000 });

describe("extensions and subprotocols", () => {
  for (const [name, headers] of [
    [
      "permessage-deflate, which is off",
      ["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"],
    ],
    ["13.6 one called constructor", ["Sec-WebSocket-Extensions: constructor"]],
    ["13.7 unknown ones", ["Sec-WebSocket-Extensions: foo; bar=1, x-webkit-deflate-frame"]],
  ]) {
    test(`${name}: declined`, async () => {
      const client = await target.client({ headers });
      assert.equal(client.response.headers["sec-websocket-extensions"], undefined);
      await client.alive();
      await client.leave();
      await target.served();
    });
  }

  test("the first subprotocol is taken", async () => {
    const client = await target.client({ headers: ["Sec-WebSocket-Protocol: foo, bar"] });
    assert.equal(client.response.headers["sec-websocket-protocol"], "foo");
    await client.leave();
  });

  for (const [name, value] of [
    ["many spaces", `a${" ".repeat(12000)}b`],
    ["the same twice", "a, a"],
    ["an empty one", "a,,b"],
    ["no token", "a b(c)"],
  ]) {
    test(`bad subprotocols: ${name}`, async () => {
      const conn = await target.connect();
      const began = performance.now();
      conn.send(upgradeRequest(WEBSOCKET, { headers: [`Sec-WebSocket-Protocol: ${value}`] }));
      assert.ok([101, 400].includes((await conn.response()).status));
      assert.ok(performance.now() - began < 2000);
      conn.destroy();
      await target.served();
    });
  }
});

describe("permessage-deflate", () => {
  const deflating = serve({ perMessageDeflate: { threshold: 0 }, pingInterval: 300000 });

  const OFFER = {
    headers: [
      "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    ],
  };
  const pack = (data) =>
    deflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
  const unpack = (data) =>
    inflateRawSync(concat(data, Buffer.from([0, 0, 255, 255])), {
      finishFlush: constants.Z_SYNC_FLUSH,
    });
  const packed = (payload, opcode = TEXT, options) =>
    frame(opcode, payload, { rsv: 4, ...options });

  /** The next message, in the clear. */
  async function next(client) {
    const got = await client.frame();
    if (got === null || got.opcode === CLOSE) return null;
    return (got.packed ? unpack(got.payload) : got.payload).toString("utf8");
  }
  async function session(offer = OFFER) {
    const client = await WebSocket.open(deflating.port, WEBSOCKET, offer);
    assert.match(client.response.headers["sec-websocket-extensions"], /^permessage-deflate\b/);
    assert.match(await next(client), /^0\{/);
    client.send(packed(pack("40")));
    assert.match(await next(client), /^40\{/);
    return client;
  }

  test("messages are compressed both ways, in the clear too", async () => {
    const client = await session();
    for (const size of [20, 1000, 100000]) {
      client.send(packed(pack(sized(size))));
      assert.equal(await next(client), sized(size));
      client.send(text(sized(size)));
      assert.equal(await next(client), sized(size));
    }
    client.destroy();
    await deflating.served();
  });

  test("compressed in parts", async () => {
    const client = await session();
    const parts = chop(pack(sized(1000)), 5);
    client.send(
      concat(
        packed(parts[0], TEXT, { fin: false }),
        ...parts.slice(1, -1).map((part) => half(CONTINUATION, part)),
        rest(parts.at(-1)),
      ),
    );
    assert.equal(await next(client), sized(1000));
    client.destroy();
  });

  for (const [name, bytes, codes] of [
    ["octets that are not deflated", packed(octets("\xff\xff\xff\xff\xff")), [1002, 1007]],
    ["deflated octets that are no UTF-8", packed(pack(wrapped("\xff"))), [1007]],
    ["12.3 a bomb", packed(pack(Buffer.alloc(20000000, "a"))), [1009]],
    [
      "a bomb in parts",
      concat(
        packed(pack(Buffer.alloc(20000000, "a")).subarray(0, 10000), TEXT, { fin: false }),
        rest(pack(Buffer.alloc(20000000, "a")).subarray(10000)),
      ),
      [1009],
    ],
    [
      "RSV 1 on a later part",
      concat(packed("a", TEXT, { fin: false }), packed("b", CONTINUATION)),
      [1002],
    ],
    ["RSV 1 on a ping", packed("a", PING), [1002]],
    ["RSV 2", frame(TEXT, pack("40"), { rsv: 6 }), [1002]],
  ]) {
    test(name, async () => {
      const client = await session();
      await client.send(bytes);
      assert.ok([...codes, 1006].includes(await client.closing()));
      await deflating.served();
    });
  }

  for (const [name, offer] of [
    ["a window of 7 bits", "permessage-deflate; server_max_window_bits=7"],
    ["a window of 16 bits", "permessage-deflate; server_max_window_bits=16"],
    ["a window of no number", "permessage-deflate; server_max_window_bits=x"],
    [
      "a parameter twice",
      "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
    ],
    ["a value where none belongs", "permessage-deflate; server_no_context_takeover=1"],
    ["an unknown parameter", "permessage-deflate; foo=1"],
    ["a broken list", "permessage-deflate; ="],
  ]) {
    test(`a bad offer: ${name}`, async () => {
      const conn = await deflating.connect();
      conn.send(upgradeRequest(WEBSOCKET, { headers: [`Sec-WebSocket-Extensions: ${offer}`] }));
      const answer = await conn.response();
      assert.ok([101, 400].includes(answer.status));
      assert.equal(answer.headers["sec-websocket-extensions"], undefined);
      conn.destroy();
      await deflating.served();
    });
  }

  test("a second offer is taken when the first is impossible", async () => {
    const offer = "permessage-deflate; server_max_window_bits=8; foo, permessage-deflate";
    const conn = await deflating.connect();
    conn.send(upgradeRequest(WEBSOCKET, { headers: [`Sec-WebSocket-Extensions: ${offer}`] }));
    assert.ok([101, 400].includes((await conn.response()).status));
    conn.destroy();
    await deflating.served();
  });
});
