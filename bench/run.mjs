// Measures this library beside a bare C server that only does the system calls, and beside Node's server, in one
// run and in turns: `node bench/run.mjs [options]`. bench/README.md tells what and why.
//
//   --prefix DIR     where the module is installed (share/lua/5.4, lib/lua/5.4); default: build/release/prefix
//   --with A,B       more servers: bun, uws (installed with npm when they are first asked for)
//   --without A,B    fewer: floor, node
//   --only A,B       rows of the table whose names contain one of these
//   --growth         also how costs grow with recipients, connections and rooms
//   --fair           also the latency of some clients while others keep the server busy
//   --seconds N      measured time of each figure (0.8)
//   --rounds N       how often all is repeated; medians are shown (3)
//   --json FILE      also writes all figures of all rounds
//   --write-docs     all of the above, written to docs/performance.md and docs/figures
//   --quick          a few messages of everything by few clients: does it run? Figures mean nothing
//
// Every byte received is checked; an error ends the run. Exit status: 1 after an error, not after a missed aim.
import { existsSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeDocs } from "./lib/docs.mjs";
import { measureFairness } from "./lib/fair.mjs";
import { measureGrowth } from "./lib/growth.mjs";
import { bench } from "./lib/load.mjs";
import { measureRows } from "./lib/measure.mjs";
import { report } from "./lib/report.mjs";
import { SCENARIOS } from "./lib/scenarios.mjs";
import { servers as prepare } from "./lib/servers.mjs";

const { values } = parseArgs({
  options: {
    prefix: { type: "string" },
    with: { type: "string", default: "" },
    without: { type: "string", default: "" },
    only: { type: "string" },
    growth: { type: "boolean", default: false },
    fair: { type: "boolean", default: false },
    seconds: { type: "string", default: "0.8" },
    rounds: { type: "string", default: "3" },
    json: { type: "string" },
    "write-docs": { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
  },
});

const whole = values["write-docs"];
if (whole && (values.only || values.quick || values.without)) throw new Error("--write-docs is for a run of everything");

const positive = (name) => {
  if (!(Number(values[name]) > 0)) throw new Error(`--${name}: a number above 0, not ${values[name]}`);
  return Number(values[name]);
};
const built = join(bench, "../build/release/prefix");
const options = {
  prefix: values.prefix ?? (existsSync(built) ? built : undefined),
  seconds: positive("seconds"),
  rounds: positive("rounds"),
  quick: values.quick,
};

const wanted = values.only?.split(",");
const rows = SCENARIOS.filter(({ name }) => !wanted || wanted.some((part) => name.includes(part)));
if (!rows.length) throw new Error(`--only ${values.only}: no such row`);
const names = (list) => list.split(",").filter(Boolean);
const kinds = ["lua", "floor", "node", ...names(values.with)].filter((name) => !names(values.without).includes(name));
const servers = prepare(kinds, options);

const began = Date.now();
const progress = (what) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${Math.round((Date.now() - began) / 1000)} s  ${what}`);
};

if (loadavg()[0] > 0.7 && !options.quick)
  console.error(`the machine has other work (load ${loadavg()[0].toFixed(1)}): figures will be noise`);
const scenarios = await measureRows(rows, servers, options, progress);
const growth = values.growth || whole ? await measureGrowth(servers, options, progress) : undefined;
const fair = values.fair || whole ? await measureFairness(servers, options, progress) : undefined;
progress("done\n");

const machine =
  `${cpus()[0].model}, ${cpus().length} cores, Linux ${release()}, Node ${process.version}; ` +
  `${new Date(began).toISOString().slice(0, 10)}; medians of ${options.rounds} rounds of ${options.seconds} s, ` +
  "ratios those of each round's own.";
const results = { machine, rows, servers, scenarios, growth, fair };
console.log(report(results));
if (values.json) {
  const named = servers.map(({ name, title }) => ({ name, title }));
  writeFileSync(values.json, JSON.stringify({ ...results, servers: named, options }, null, 1));
}
if (whole) writeDocs(results);
console.error(`${Math.round((Date.now() - began) / 1000)} s`);
