// The payload codec against JavaScript's own JSON, on generated values: what Lua decodes and encodes
// again must be what JSON.stringify(JSON.parse(text)) gives, and what one refuses the other refuses.
//
// Documented differences: integers of 64 bits keep their digits, objects have no order, more than 128
// levels and invalid UTF-8 are refused.
//
// SEED repeats a run, RUNS multiplies its length; see lua.mjs, too.
import assert from "node:assert/strict";
import { test } from "node:test";
import { generator } from "./generator.mjs";
import { throughLua as throughCodec } from "./lua.mjs";

const seed = Number(process.env.SEED ?? 1);
const runs = Number(process.env.RUNS ?? 1);
const maxDepth = 128;

const throughLua = (texts) => throughCodec("json", texts);

// --- comparing ---

// JSON with the members of every object in order.
function canonical(value) {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const members = Object.keys(value).sort();
  return `{${members.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join()}}`;
}

const sortedBytes = (text) => Buffer.from(text).sort();

function assertSame(text, answer) {
  assert.ok(answer.ok, `${answer.text}: ${text}`);
  const value = JSON.parse(text);
  const expected = JSON.stringify(value);
  if (answer.text === expected) return;
  assert.equal(canonical(JSON.parse(answer.text)), canonical(value));
  assert.deepEqual(sortedBytes(answer.text), sortedBytes(expected)); // spelled the same, too
}

const random = (salt) => generator(seed * 1000 + salt);

// --- the tests ---

test("values of all kinds", async () => {
  const g = random(1);
  const values = g.list(4000 * runs, () => g.value(g.below(6)));
  const texts = values.map((value) => JSON.stringify(value, null, g.pick(0, 0, 1, "\t")));
  for (const [i, answer] of (await throughLua(texts)).entries()) assertSame(texts[i], answer);
});

test("deep and wide values", async () => {
  const g = random(2);
  const nest = (value, n, wrap) => {
    for (; n > 0; n--) value = wrap(value);
    return value;
  };
  const values = [
    nest(1, maxDepth, (v) => [v]),
    nest("x", maxDepth, (v) => ({ a: v })),
    nest(null, maxDepth - 1, (v) => [0, v, 1]),
    g.list(100000, () => g.below(100)),
    Object.fromEntries(g.list(20000, (_, i) => [`key ${i}`, i])),
    g.list(3000, () => ({ x: g.number(), y: [g.string()] })),
    "é\n".repeat(100000),
  ];
  const texts = values.map((value) => JSON.stringify(value));
  for (const [i, answer] of (await throughLua(texts)).entries()) assertSame(texts[i], answer);
  const tooDeep = [nest(1, maxDepth + 1, (v) => [v]), nest(1, 3000, (v) => ({ a: v }))];
  for (const answer of await throughLua(tooDeep.map((value) => JSON.stringify(value)))) {
    assert.deepEqual(answer.ok, false);
    assert.match(answer.text, /too deep/);
  }
});

test("doubles, to the byte", async () => {
  const g = random(3);
  const make = [g.double, g.number];
  const lists = g.list(4000 * runs, (_, i) => g.list(100, make[i % 2])); // 400 000 numbers
  const texts = lists.map((list) => JSON.stringify(list));
  const answers = await throughLua(texts);
  for (const [i, answer] of answers.entries()) assert.equal(answer.text, texts[i]);
});

test("numbers spelled in other ways", async () => {
  const g = random(4);
  const spell = (x) => g.pick(
    () => x.toPrecision(17),
    () => x.toExponential(g.below(40)),
    () => x.toPrecision(1 + g.below(100)),
    () => (Math.abs(x) < 1e21 ? x.toFixed(g.below(60)) : x.toExponential().toUpperCase()),
    () => `${g.next()}.${g.next()}e${g.below(700) - 350}`,
    () => `${g.next()}${g.next()}${g.next()}E-${g.below(400)}`,
  )();
  const lists = g.list(1000 * runs, () => g.list(50, () => spell(g.double())));
  const answers = await throughLua(lists.map((list) => `[${list.join(" , ")}]`));
  for (const [i, answer] of answers.entries()) {
    assert.ok(answer.ok, answer.text);
    const found = JSON.parse(answer.text);
    for (const [j, spelling] of lists[i].entries()) {
      const expected = Number(spelling);
      if (Number.isFinite(expected)) assert.ok(found[j] === expected, `${spelling}: ${found[j]}`);
      else assert.equal(found[j], null);
    }
  }
});

test("integers of 64 bits keep their digits", async () => {
  const g = random(5);
  const big = () => BigInt.asIntN(64, (BigInt(g.next()) << 32n) | BigInt(g.next()));
  const integers = [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, ...g.list(5000, big)];
  const texts = integers.map(String);
  const answers = await throughLua(texts);
  for (const [i, answer] of answers.entries()) assert.equal(answer.text, texts[i]);
});

test("strings escaped in other ways", async () => {
  const g = random(6);
  const hex = (unit) => unit.toString(16).padStart(4, "0");
  const short = { '"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f", "\n": "\\n",
    "\r": "\\r", "\t": "\\t" };
  const spell = (string) => {
    const spelled = [...string].map((c) => {
      const unicode = () => [...Array(c.length).keys()].map((i) => `\\u${hex(c.charCodeAt(i))}`).join("");
      const lone = c.length === 1 && c >= "\ud800" && c <= "\udfff";
      if (c < " " || c === '"' || c === "\\") return short[c] && g.below(2) ? short[c] : unicode();
      return lone || g.below(3) === 0 ? g.pick(unicode(), unicode().replace(/[a-f]/g, (d) => d.toUpperCase())) : c;
    });
    return `"${spelled.join("")}"`;
  };
  const texts = g.list(5000 * runs, () => spell(g.string()));
  for (const [i, answer] of (await throughLua(texts)).entries()) {
    assert.ok(answer.ok, `${answer.text}: ${texts[i]}`);
    assert.equal(answer.text, JSON.stringify(JSON.parse(texts[i])));
  }
});

// What JSON.parse says of bytes; they must be UTF-8, a byte order mark is no white space.
function parseBytes(bytes) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false };
  }
}

function depthOf(value) {
  if (value === null || typeof value !== "object") return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

test("mutated texts are taken and refused alike", async () => {
  const g = random(7);
  const tokens = ["[", "]", "{", "}", ",", ":", '"', "\\", "\\u", "\\ud800", "null", "true", "fals", "-",
    "+", ".", "0", "00", "1e", "e5", "E-", "1e400", "NaN", "//", "'", " ", "\t", "\n", "\v", "\f", "\0",
    "\u00a0", "\ufeff", "\u2028", "é", "\x1f", "\x7f"];
  const mutate = (bytes) => {
    const at = g.below(bytes.length + 1);
    const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
    const token = Buffer.from(g.pick(...tokens));
    return g.pick(
      () => Buffer.concat([head, tail.subarray(1)]),
      () => Buffer.concat([head, token, tail]),
      () => Buffer.concat([head, token, tail.subarray(1)]),
      () => Buffer.concat([head, Buffer.from([g.below(256)]), tail.subarray(1)]),
      () => Buffer.concat([head, tail.subarray(0, g.below(6)), tail]),
      () => head,
    )();
  };
  const texts = g.list(20000 * runs, () => {
    let bytes = Buffer.from(JSON.stringify(g.value(1 + g.below(3))));
    for (let n = 1 + g.below(3); n > 0; n--) bytes = mutate(bytes);
    return bytes;
  });
  const answers = await throughLua(texts);
  let accepted = 0;
  for (const [i, answer] of answers.entries()) {
    const expected = parseBytes(texts[i]);
    if (expected.ok && depthOf(expected.value) > maxDepth) continue;
    assert.equal(answer.ok, expected.ok, `${answer.text}: ${JSON.stringify(texts[i].toString("latin1"))}`);
    if (!expected.ok) continue;
    accepted++;
    assert.equal(canonical(JSON.parse(answer.text)), canonical(expected.value));
  }
  // The test means something only if there are plenty of both.
  assert.ok(accepted > texts.length / 10 && accepted < (texts.length * 9) / 10, `${accepted} accepted`);
});
