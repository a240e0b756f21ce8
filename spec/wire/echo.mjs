// Plays frames on a session whose messages are echo events, and checks what comes back.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, closeFrame, frame } from "./frames.mjs";
import { expected } from "./harness.mjs";
import { CUTS, octets, utf8 } from "./raw.mjs";

export const event = (text) => `42["echo",${JSON.stringify(text)}]`;
/** An echo event whose message is exactly `size` octets. */
export const sized = (size) => event("*".repeat(size - 13));
export const HELLO = event("hello");
export const HEADER = '451-["echo",{"_placeholder":true,"num":0}]';
/** An echo event around octets that may be no UTF-8. */
export const wrapped = (text) => octets(`42["echo","${text}"]`);
export const concat = (...list) => Buffer.concat(list);
export const pong = (payload) => ({ pong: payload });
export const text = (payload) => frame(TEXT, payload);

/**
 * Sends bytes on a new session and checks the frames that come back: strings and Buffers are
 * messages, `pong(…)` a pong, a number the code of the close that ends it (a list: one of these).
 * Nothing may come after the close, nor be answered.
 */
export async function play(server, bytes, wanted, cut) {
  const client = await server.client();
  await client.send(bytes, cut);
  for (const [i, want] of wanted.entries()) {
    if (typeof want === "number" || Array.isArray(want)) {
      await client.send(frame(PING, "later"));
      return ended(client, [want].flat());
    }
    const got = await client.frame();
    assert.ok(got, `frame ${i} of ${wanted.length}: the server closed`);
    if (want.pong !== undefined) assert.equal(got.opcode, PONG);
    else assert.equal(got.opcode, typeof want === "string" ? TEXT : BINARY);
    const payload = want.pong ?? want;
    assert.deepEqual(
      Buffer.from(got.payload),
      typeof payload === "string" ? utf8(payload) : payload,
    );
  }
  await client.alive();
  await client.send(closeFrame(1000));
  await ended(client, [1000]);
}

async function ended(client, codes) {
  const got = await client.frame();
  const code = got === null ? 1006 : got.payload.length ? got.payload.readUInt16BE(0) : 1005;
  if (got) assert.equal(got.opcode, CLOSE, `opcode ${got.opcode} instead of a close`);
  assert.ok(codes.includes(code), `close code ${code}, not ${codes}`);
  client.send(frame(CLOSE, got ? Buffer.from(got.payload) : ""));
  assert.equal(await client.frame(), null, "nothing after the close");
  client.destroy();
}

/** Gives a function that runs tables of [name, bytes, frames that come back, and cuts]. */
export const echoTable = (target) => (title, cases, cuts) => {
  describe(title, () => {
    for (const [name, bytes, wanted] of cases) {
      test(name, { skip: expected(wanted) === null }, async () => {
        for (const cut of cuts ?? (bytes.length < 2500 ? CUTS : ["whole", 1])) {
          try {
            await play(target, bytes, expected(wanted), cut);
          } catch (error) {
            error.message += ` (cut: ${cut})`;
            throw error;
          }
        }
        await target.served();
      });
    }
  });
};

export const bytesOf = (size) => Buffer.alloc(size, 0xfe);
export const binary = (size) => [
  concat(text(HEADER), frame(BINARY, bytesOf(size))),
  [HEADER, bytesOf(size)],
];

export const half = (opcode, payload) => frame(opcode, payload, { fin: false });
export const rest = (payload) => frame(CONTINUATION, payload);
