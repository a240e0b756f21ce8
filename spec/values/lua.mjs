// What the codecs of Lua make of many inputs, by one run of codec.lua.
//
// LUA names the interpreter (lua5.4), LUA_CPATH must find socketio/core.so.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

function parseAnswers(output) {
  const answers = [];
  for (let at = 0; at < output.length; ) {
    const feed = output.indexOf("\n", at);
    const length = Number(output.toString("latin1", at + 1, feed));
    const bytes = output.subarray(feed + 1, feed + 1 + length);
    answers.push({ ok: output[at] === 0x2b, bytes, text: bytes.toString() });
    at = feed + 1 + length;
  }
  return answers;
}

/** Decodes and encodes again each input by `codec`, "json" or "msgpack": `{ ok, bytes, text }`. */
export async function throughLua(codec, inputs) {
  const script = fileURLToPath(new URL("codec.lua", import.meta.url));
  const options = { stdio: ["pipe", "pipe", "inherit"] };
  const child = spawn(process.env.LUA ?? "lua5.4", [script, codec], options);
  const exit = once(child, "exit");
  const frames = inputs.map((input) => Buffer.from(input)).flatMap((b) => [`${b.length}\n`, b]);
  child.stdin.end(Buffer.concat(frames.map((frame) => Buffer.from(frame))));
  const output = Buffer.concat(await child.stdout.toArray());
  assert.deepEqual(await exit, [0, null]);
  const answers = parseAnswers(output);
  assert.equal(answers.length, inputs.length);
  return answers;
}
