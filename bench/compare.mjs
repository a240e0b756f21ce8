// Compares two builds by the instructions of user space that they need for a message: node bench/compare.mjs A [B]
//
// A and B are install prefixes or git revisions, which are built in worktrees of their own; B is build/release/prefix
// by default. Unlike times, instructions hardly depend on the machine's mood: a change of 0.2 % can be seen.
//
//   --only A,B       some: echo, window 16, 16 KiB, ack, binary, polling, connect, rooms, fanout
//   --threshold N    per cent that a scenario may cost more (1)
//   --functions N    how many functions are shown of a scenario that changed (8)
//
// Exit status: 1 if a scenario costs more than the threshold allows. It takes valgrind, and about 2 minutes.
import { execFileSync } from "node:child_process";
import { existsSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { COUNTED, instructions } from "./lib/callgrind.mjs";
import { bench } from "./lib/load.mjs";
import { scratch } from "./lib/process.mjs";
import { luaServer } from "./lib/servers.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string" },
    threshold: { type: "string", default: "1" },
    functions: { type: "string", default: "8" },
  },
});
const root = resolve(bench, "..");
const [a, b = join(root, "build/release/prefix")] = positionals;
const threshold = Number(values.threshold);
if (!a || positionals.length > 2 || !(threshold >= 0)) throw new Error("usage: node bench/compare.mjs A [B] [--threshold PERCENT]");
const names = values.only?.split(",") ?? Object.keys(COUNTED);
const unknown = names.find((name) => !COUNTED[name]);
if (unknown) throw new Error(`--only ${unknown}: none of ${Object.keys(COUNTED).join(", ")}`);

function build(revision) {
  const tree = join(scratch, `tree-${revision.replace(/\W/g, "-")}`);
  const git = (...args) => execFileSync("git", ["-C", root, ...args], { stdio: ["ignore", "ignore", "inherit"] });
  if (existsSync(tree)) return join(tree, "build/release/prefix");
  git("worktree", "add", "--detach", tree, revision);
  process.on("exit", () => git("worktree", "remove", "--force", tree));
  const client = join(root, "cmake/client/node_modules");
  if (existsSync(client)) symlinkSync(client, join(tree, "cmake/client/node_modules"));
  console.error(`building ${revision}`);
  execFileSync(join(tree, "scripts/build"), ["release", "-DSIO_BUILD_TESTS=OFF"], { stdio: ["ignore", "ignore", "inherit"] });
  return join(tree, "build/release/prefix");
}

const prefix = (one) => (existsSync(join(one, "lib/lua/5.4")) ? resolve(one) : build(one));
const builds = [a, b].map((one) => luaServer(prefix(one)));

const signed = (n, digits) => (n > 0 ? "+" : "") + n.toFixed(digits);

function changes(before, after) {
  const all = new Set([...before.functions.keys(), ...after.functions.keys()]);
  return [...all]
    .map((name) => ({ name, change: (after.functions.get(name) ?? 0) - (before.functions.get(name) ?? 0) }))
    .filter(({ change }) => Math.abs(change) >= before.total / 1000)
    .sort((x, y) => Math.abs(y.change) - Math.abs(x.change))
    .slice(0, Number(values.functions));
}

console.log("| instructions a message | A | B | change |\n| --- | ---: | ---: | ---: |");
const found = [];
for (const name of names) {
  const [before, after] = await Promise.all(builds.map((server) => instructions(server, COUNTED[name])));
  const percent = (after.total / before.total - 1) * 100;
  console.log(`| ${name} | ${before.total.toFixed(0)} | ${after.total.toFixed(0)} | ${signed(percent, 2)} % |`);
  found.push({ name, percent, functions: changes(before, after) });
}
for (const { name, percent, functions } of found.filter((one) => one.functions.length)) {
  console.log(`\n${name}, ${signed(percent, 2)} %, instructions a message by function:`);
  for (const { name: place, change } of functions) console.log(`  ${signed(change, 0).padStart(8)}  ${place}`);
}
const worse = found.filter(({ percent }) => percent > threshold);
if (worse.length) {
  console.error(`more than ${threshold} % above A: ${worse.map(({ name }) => name).join(", ")}`);
  process.exitCode = 1;
}
