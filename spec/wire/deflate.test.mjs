// permessage-deflate (RFC 7692): what each option makes of each offer, and which messages are
// compressed then. That damage is refused: extensions.test.mjs.
import assert from "node:assert/strict";
import { constants, createDeflateRaw, createInflateRaw } from "node:zlib";
import { describe, test } from "node:test";
import { concat, sized } from "./echo.mjs";
import { TEXT, WebSocket, frame, upgradeRequest } from "./frames.mjs";
import { WEBSOCKET, serve } from "./harness.mjs";
import { octets } from "./raw.mjs";

const NAME = "permessage-deflate";
const ALONE = `${NAME}; server_no_context_takeover; client_no_context_takeover`;
const BROWSER = `${NAME}; client_max_window_bits`;
const NARROW = `${NAME}; server_max_window_bits=9; client_max_window_bits=9`;
const CHOICE = `${NARROW}, ${ALONE}, ${BROWSER}`;
const extensions = (offer) => ({ headers: [`Sec-WebSocket-Extensions: ${offer}`] });

// The parameters of the answer in any order, "none" without an answer, 400 for a refusal.
const SNC = "server_no_context_takeover";
const CNC = "client_no_context_takeover";
const SMW = "server_max_window_bits";
const CMW = "client_max_window_bits";
const NEGOTIATIONS = [
  [
    true,
    {
      [NAME]: [],
      [BROWSER]: [],
      [ALONE]: [CNC, SNC],
      [NARROW]: [`${CMW}=9`, `${SMW}=9`],
      [CHOICE]: [`${CMW}=9`, `${SMW}=9`],
      [`foo; bar, ${BROWSER}`]: [],
      [`${NAME}; ${SMW}="10"`]: [`${SMW}=10`],
      constructor: "none",
      "x-webkit-deflate-frame": "none",
      [`${NAME}; constructor`]: 400,
      [`${NAME}; ${SMW}`]: 400,
      [`${NAME}; ${SMW}=16`]: 400,
      [`${NAME}; ${SNC}; ${SNC}`]: 400,
      [`${NAME}; ${CNC}=1`]: 400,
      [`${NAME}, ${NAME}; foo`]: 400,
      [`${NAME};`]: 400,
      [`${NAME}; ${SMW} = 10`]: 400,
    },
  ],
  [
    { serverNoContextTakeover: true, clientNoContextTakeover: true },
    { [NAME]: [CNC, SNC], [NARROW]: [CNC, `${CMW}=9`, `${SMW}=9`, SNC] },
  ],
  [
    { serverNoContextTakeover: false, clientNoContextTakeover: false },
    { [NAME]: [], [ALONE]: 400, [`${ALONE}, ${NAME}; ${CNC}`]: [CNC] },
  ],
  [
    { serverMaxWindowBits: 10, clientMaxWindowBits: 11 },
    {
      [NAME]: 400,
      [BROWSER]: [`${CMW}=11`, `${SMW}=10`],
      [NARROW]: 400,
      [CHOICE]: [`${CMW}=11`, `${SMW}=10`],
      [`${NAME}; ${SMW}=15; ${CMW}=15`]: [`${CMW}=11`, `${SMW}=10`],
    },
  ],
  [
    { serverMaxWindowBits: false, clientMaxWindowBits: false },
    { [BROWSER]: [], [NARROW]: 400, [`${NAME}; ${CMW}=9`]: [], [CHOICE]: [CNC, SNC] },
  ],
];

for (const [perMessageDeflate, answers] of NEGOTIATIONS) {
  describe(`permessage-deflate, ${JSON.stringify(perMessageDeflate)}`, () => {
    const target = serve({ perMessageDeflate, pingInterval: 300000 });
    for (const [offer, wanted] of Object.entries(answers)) {
      test(`${offer} is answered ${wanted}`, async () => {
        const conn = await target.connect();
        conn.send(upgradeRequest(WEBSOCKET, extensions(offer)));
        const { status, headers, text } = await conn.response();
        assert.equal(status, wanted === 400 ? 400 : 101);
        const answer = headers["sec-websocket-extensions"];
        if (Array.isArray(wanted)) {
          const [name, ...parameters] = answer.split("; ");
          assert.equal(name, NAME);
          assert.deepEqual(parameters.sort(), wanted.toSorted());
        } else {
          assert.equal(answer, undefined);
        }
        if (status === 400) assert.match(text, /Sec-WebSocket-Extensions header/);
        conn.destroy();
      });
    }
  });
}

/** A client's compression: no window and no context but what the answer allows. */
class Codec {
  constructor(answer) {
    const bits = (name) => Number(answer.match(`${name}=(\\d+)`)?.[1] ?? 15);
    this.forgets = { packer: answer.includes(CNC), unpacker: answer.includes(SNC) };
    this.packer = createDeflateRaw({ windowBits: bits(CMW) });
    this.unpacker = createInflateRaw({ windowBits: bits(SMW) });
  }

  async pack(text) {
    return (await this.run("packer", Buffer.from(text))).subarray(0, -4);
  }

  async unpack(payload) {
    return (await this.run("unpacker", concat(payload, octets("\0\0\xff\xff")))).toString("utf8");
  }

  run(name, data) {
    const stream = this[name];
    const pieces = [];
    const keep = (piece) => pieces.push(piece);
    stream.on("data", keep);
    return new Promise((resolve, reject) => {
      stream.once("error", reject);
      stream.write(data);
      stream.flush(constants.Z_SYNC_FLUSH, () => {
        stream.off("data", keep);
        stream.off("error", reject);
        if (this.forgets[name]) stream.reset();
        resolve(Buffer.concat(pieces));
      });
    });
  }
}

const SHORT = sized(50);
const LONG = `42["echo",${JSON.stringify(Array.from({ length: 400 }, (_, i) => (i * i) % 9973))}]`;

// Options and offer; whether the open packet, a short message, a long one are compressed; and
// whether the server makes use of a message when it compresses the next.
for (const [perMessageDeflate, offer, packed, remembers] of [
  [true, BROWSER, [true, true, true], true],
  [{ threshold: 100000 }, BROWSER, [true, true, true], true],
  [true, ALONE, [false, false, true], false],
  [{ threshold: 0 }, ALONE, [true, true, true], false],
  [{ threshold: 100000 }, ALONE, [false, false, false], false],
  [{ clientNoContextTakeover: true }, NAME, [true, true, true], true],
  [{ serverNoContextTakeover: true, threshold: 50 }, NAME, [true, true, true], false],
  [{ serverNoContextTakeover: true, threshold: 51 }, NAME, [true, false, true], false],
  [{ serverMaxWindowBits: 8 }, NAME, [true, true, true], false],
  [{ zlibDeflateOptions: { level: 0 } }, NAME, [true, true, true], false],
  [{ zlibDeflateOptions: { level: 9, memLevel: 9 } }, BROWSER, [true, true, true], true],
  [true, NARROW, [true, true, true], false],
]) {
  describe(`messages, ${JSON.stringify(perMessageDeflate)}, ${offer}`, () => {
    const target = serve({ perMessageDeflate, pingInterval: 300000 });

    test("are compressed by the rules", async () => {
      const client = await WebSocket.open(target.port, WEBSOCKET, extensions(offer));
      const codec = new Codec(client.response.headers["sec-websocket-extensions"]);
      const next = async (isPacked) => {
        const { packed, payload } = await client.frame();
        if (isPacked !== undefined) assert.equal(packed, isPacked);
        const text = packed ? await codec.unpack(payload) : payload.toString("utf8");
        return [text, payload.length];
      };
      assert.match((await next(packed[0]))[0], /^0\{/);
      client.send(frame(TEXT, await codec.pack("40"), { rsv: 4 }));
      assert.match((await next())[0], /^40\{/);
      let size;
      for (let i = 0; i < 3; i++) {
        client.send(frame(TEXT, await codec.pack(SHORT), { rsv: 4 }));
        assert.equal((await next(packed[1]))[0], SHORT);
        client.send(i === 1 ? frame(TEXT, LONG) : frame(TEXT, await codec.pack(LONG), { rsv: 4 }));
        const [text, length] = await next(packed[2]);
        assert.equal(text, LONG);
        if (i > 0) assert.equal(length < size / 4, remembers, `${size} octets, then ${length}`);
        size ??= length;
      }
      client.destroy();
    });
  });
}
