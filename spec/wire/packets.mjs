// Plays Socket.IO packets on a session, by WebSocket under several segmentations and by polling.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BINARY, TEXT, frame } from "./frames.mjs";
import { SEPARATOR, expected } from "./harness.mjs";
import { CUTS } from "./raw.mjs";

/** At the end of what is expected: the server closes the connection. */
export const CLOSED = Symbol("closed");
export const echo = (json) => [[`42["echo",${json}]`], [`42["echo",${json}]`]];
export const any = (name, count) => `42["any",${JSON.stringify(name)},${count}]`;
export const A = Buffer.from([1, 2, 3]);
export const B = Buffer.from([0xff, 0, 0xfe]);
export const P = (num) => `{"_placeholder":true,"num":${num}}`;

export const asFrame = (packet) =>
  typeof packet === "string" ? frame(TEXT, packet) : frame(BINARY, packet);
const asPart = (packet) => (typeof packet === "string" ? packet : `b${packet.toString("base64")}`);

function same(got, want) {
  if (want instanceof RegExp) assert.match(got, want);
  else assert.deepEqual(got, want);
}

async function byWebSocket(target, packets, wanted, { cut, join }) {
  const client = join ? await target.client() : await target.engine();
  await client.send(Buffer.concat(packets.map(asFrame)), cut);
  for (const want of wanted) {
    if (want === CLOSED) return void (await client.closing());
    same(await client.packet(), want);
  }
  if (join || wanted.length) await client.alive();
  await client.leave();
}

async function byPolling(target, packets, wanted, { join }) {
  const session = await target.polling();
  if (join) await session.join();
  assert.equal((await session.post(packets.map(asPart).join(SEPARATOR))).text, "ok");
  for (const want of wanted) {
    if (want === CLOSED) return session.closed();
    same(await session.packet(), want instanceof RegExp ? want : asPart(want));
  }
  if (!join && !wanted.length) return;
  await session.emit('["echo","alive?"]');
  assert.equal(await session.packet(), '42["echo","alive?"]');
  await session.leave();
}

/** Gives a function that runs tables of [name, packets, what comes back] on sessions that have joined, or not. */
export const packetTable =
  (target) =>
  (title, cases, { join = true, cuts } = {}) => {
    describe(title, () => {
      for (const [name, packets, right] of cases) {
        const wanted = expected(right);
        test(name, { skip: wanted === null }, async () => {
          const size = packets.reduce((sum, packet) => sum + packet.length, 0);
          for (const cut of cuts ?? (size < 300 ? CUTS : ["whole", 1])) {
            try {
              await byWebSocket(target, packets, wanted, { cut, join });
            } catch (error) {
              error.message += ` (by WebSocket, cut: ${cut})`;
              throw error;
            }
          }
          try {
            await byPolling(target, packets, wanted, { join });
          } catch (error) {
            error.message += " (by polling)";
            throw error;
          }
          await target.served();
        });
      }
    });
  };

export const closes = (...list) =>
  list.map((packet) => [
    packet.length > 60 ? `${packet.slice(0, 60)}…` : packet,
    [packet],
    [CLOSED],
  ]);
export const only = (reference, ours) => ({ reference, ours });

export const withJson = (json) => `42["echo",${json}]`;
