// MessagePack against notepack.io, which the official parser is made on: generated values that Lua
// decodes and encodes again must be the same values to it, and what one refuses the other refuses.
//
// Documented differences: dates become the text that JSON has for them, undefined null or, in a
// map, nothing; bytes that are not UTF-8, keys that are neither string nor number, and more than
// 128 levels are refused; integers of 64 bits are exact.
//
// SEED repeats a run, RUNS multiplies its length; see lua.mjs, too.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { generator } from "./generator.mjs";
import { throughLua as throughCodec } from "./lua.mjs";

const interop = createRequire(new URL("../interop/package.json", import.meta.url));
const notepack = createRequire(interop.resolve("socket.io-msgpack-parser"))("notepack.io");

const seed = Number(process.env.SEED ?? 1);
const runs = Number(process.env.RUNS ?? 1);
const random = (salt) => generator(seed * 1000 + salt);
const throughLua = (inputs) => throughCodec("msgpack", inputs);

// --- comparing ---

// What is left of a value that was in Lua.
function plain(value) {
  if (value === undefined || value === null) return null;
  if (value instanceof Date) return value.toJSON();
  if (value instanceof ArrayBuffer) return Buffer.from(value);
  if (typeof value !== "object" || Buffer.isBuffer(value)) return value;
  if (Array.isArray(value)) return value.map(plain);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([key, member]) => [key, plain(member)]));
}

// A text that is the same for the same value.
function canonical(value) {
  if (typeof value === "number") return String(value); // the zeros are the same
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Buffer.isBuffer(value)) return `<${value.toString("hex")}>`;
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const rounded = (key) => (/^-?\d{16,}$/.test(key) ? String(Number(key)) : key); // was a number
  const members = Object.entries(value).map(([key, member]) => [rounded(key), canonical(member)]);
  return `{${members.map(([key, text]) => `${JSON.stringify(key)}:${text}`).sort().join()}}`;
}

// notepack.io has no form for whole numbers that 63 bits do not hold.
function hasHuge(value) {
  if (typeof value === "number") return Number.isInteger(value) && Math.abs(value) >= 2 ** 63;
  if (value === null || typeof value !== "object" || Buffer.isBuffer(value)) return false;
  return Object.values(value).some(hasHuge);
}

const sorted = (bytes) => Buffer.from(bytes).sort();

// Returns whether the bytes were compared, too.
function assertSame(input, answer) {
  assert.ok(answer.ok, `${answer.text}: ${input.toString("hex")}`);
  const expected = plain(notepack.decode(input));
  assert.equal(canonical(plain(notepack.decode(answer.bytes))), canonical(expected));
  if (hasHuge(expected)) return false;
  assert.deepEqual(sorted(answer.bytes), sorted(notepack.encode(expected))); // in the same forms
  return true;
}

// --- generating ---

// Values with what JSON does not have.
function wide(g) {
  const bytes = (n) => Buffer.from(g.list(n, () => g.below(256)));
  const whole = () => g.pick(1, -1) * Math.floor(2 ** (g.below(64) + g.next() / 2 ** 32));
  const edge = () => {
    const power = 2 ** g.pick(5, 7, 8, 15, 16, 31, 32, 53, 62);
    return g.pick(1, -1) * (power + g.pick(-1, 0, 1));
  };
  const date = () => new Date(g.pick(0, -1, g.next(), -g.next(), (g.next() - 2 ** 31) * 1e6,
    8.64e15, -8.64e15, 8.64e15 + 1));
  const scalar = () => g.pick(g.number, whole, edge, date,
    () => g.string().toWellFormed?.() ?? g.string().replace(/[\ud800-\udfff]/g, "?"),
    () => bytes(g.below(g.pick(4, 40, 300))),
    () => new Uint8Array(bytes(g.below(20))).buffer,
    () => g.pick(undefined, null, true, false, NaN, Infinity, -Infinity))();
  const key = () => g.pick(() => `k${g.below(100)}`, () => String(g.below(20)), () => "é".repeat(g.below(30)))();
  const value = (depth) => {
    if (depth === 0) return scalar();
    return g.pick(
      scalar,
      () => g.list(g.below(g.pick(3, 10)), () => value(depth - 1)),
      () => Object.fromEntries(g.list(g.below(g.pick(3, 10)), () => [key(), value(depth - 1)])),
    )();
  };
  return { scalar, value };
}

// --- the tests ---

test("values of all kinds", async () => {
  const g = random(1);
  const { value } = wide(g);
  const inputs = g.list(6000 * runs, () => notepack.encode(value(g.below(5))));
  let compared = 0;
  for (const [i, answer] of (await throughLua(inputs)).entries()) {
    compared += assertSame(inputs[i], answer);
  }
  assert.ok(compared > inputs.length / 2, `${compared} compared to the byte`);
});

test("scalars, by the thousands", async () => {
  const g = random(2);
  const { scalar } = wide(g);
  const inputs = g.list(500 * runs, () => notepack.encode(g.list(100, scalar)));
  for (const [i, answer] of (await throughLua(inputs)).entries()) assertSame(inputs[i], answer);
});

test("sizes at the edges of every form", async () => {
  const sizes = [0, 15, 16, 31, 32, 255, 256, 65535, 65536];
  const inputs = sizes.flatMap((n) => [
    "x".repeat(n),
    Buffer.alloc(n, 1),
    new ArrayBuffer(n),
    Array(n).fill(0),
    Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, i])),
  ]).map(notepack.encode);
  for (const [i, answer] of (await throughLua(inputs)).entries()) assertSame(inputs[i], answer);
});

test("integers of 64 bits are exact", async () => {
  const g = random(3);
  const big = () => BigInt.asIntN(64, (BigInt(g.next()) << 32n) | BigInt(g.next()));
  const inputs = [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, ...g.list(5000, big)]
    .filter((n) => n < -(2n ** 31n) || n >= 2n ** 32n)
    .map((n) => {
      const bytes = Buffer.alloc(9, n < 0 ? 0xd3 : 0xcf);
      bytes.writeBigInt64BE(n, 1);
      return bytes;
    });
  for (const [i, answer] of (await throughLua(inputs)).entries()) {
    assert.deepEqual(answer.bytes, inputs[i]);
  }
});

// What notepack.io makes of bytes.
function decode(bytes) {
  try {
    return { ok: true, value: notepack.decode(bytes) };
  } catch {
    return { ok: false };
  }
}

// notepack.io makes an ArrayBuffer of any length that it is told.
function claimsBuffer(bytes) {
  for (let at = bytes.indexOf(0xc9); at >= 0 && at + 5 <= bytes.length; at = bytes.indexOf(0xc9, at + 1)) {
    if (bytes.readUInt32BE(at + 1) > bytes.length) return true;
  }
  return false;
}

const ours = /malformed key|invalid UTF-8|too deep/; // what only we refuse

test("mutated bytes are taken and refused alike", async () => {
  const g = random(4);
  const { value } = wide(g);
  const heads = [0x80, 0x81, 0x90, 0x92, 0xa1, 0xc0, 0xc1, 0xc4, 0xc7, 0xca, 0xcb, 0xcc, 0xcf, 0xd0,
    0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xdc, 0xde, 0xff, 0x00];
  const mutate = (bytes) => {
    const at = g.below(bytes.length + 1);
    const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
    const byte = Buffer.from([g.pick(g.pick(...heads), g.below(256))]);
    return g.pick(
      () => Buffer.concat([head, tail.subarray(1)]),
      () => Buffer.concat([head, byte, tail]),
      () => Buffer.concat([head, byte, tail.subarray(1)]),
      () => Buffer.concat([head, tail.subarray(0, g.below(6)), tail]),
      () => head,
    )();
  };
  const inputs = g.list(30000 * runs, () => {
    let bytes = notepack.encode(value(g.below(3)));
    for (let n = 1 + g.below(3); n > 0; n--) bytes = mutate(bytes);
    return bytes;
  });
  let accepted = 0;
  for (const [i, answer] of (await throughLua(inputs)).entries()) {
    if (!answer.ok && (ours.test(answer.text) || claimsBuffer(inputs[i]))) continue;
    const expected = decode(inputs[i]);
    assert.equal(answer.ok, expected.ok, `${answer.text}: ${inputs[i].toString("hex")}`);
    if (!expected.ok) continue;
    accepted++;
    assert.equal(canonical(plain(notepack.decode(answer.bytes))), canonical(plain(expected.value)));
  }
  // The test means something only if there are plenty of both.
  assert.ok(accepted > inputs.length / 10 && accepted < (inputs.length * 9) / 10, `${accepted} accepted`);
});
