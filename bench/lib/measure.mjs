// Measuring: every server in turns, every figure once a round; what is shown are medians, and of ratios the median
// of those of each round, for what disturbs one server of a round often disturbs the other, too.
import { deflateRawSync } from "node:zlib";
import { load } from "./load.mjs";
import { maxFiles, withServer } from "./process.mjs";

export const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

/** The median of the ratio of two lists of rounds; undefined if one of them was not measured. */
export const ratio = (a, b) => a && b && median(a.map((value, i) => value / b[i]));

/**
 * How long and with how many clients: `options.seconds` of each measurement; `options.quick` is for tests: few
 * messages of few clients, so that figures mean nothing.
 */
export function timing(args, { seconds, quick }) {
  const time = quick ? ["-t30", "-n200", "-W0", "--hold", "0.1"] : [`-t${seconds}`, "-W0.3", "--hold", "1"];
  const few = (arg) => arg.replace(/^-c(\d+)$/, (_, n) => `-c${Math.min(n, 40)}`);
  return [...(quick ? args.map(few) : args), ...time];
}

// Files that a process has open beside its connections.
const OTHER_FILES = 100;

/** So many connections, or as many as the limit of open files allows. */
export const atMost = (connections) => Math.min(connections, maxFiles() - OTHER_FILES);

/**
 * Measures rows ({ name, load, app, without, once, figure }) on servers; `once`: those that only the first round
 * measures. Returns { row: { server: [figure of each round] } }.
 */
export async function measureRows(rows, servers, options, progress) {
  const figures = {};
  for (let round = 0; round < options.rounds; round++)
    for (const row of rows) {
      progress(`round ${round + 1}: ${row.name}`);
      const skipped = [...(row.without ?? []), ...(round > 0 ? (row.once ?? []) : [])];
      for (const server of servers.filter(({ name }) => !skipped.includes(name))) {
        const result = await withServer(server, row.app, (at) => load(at, timing(row.load, options)));
        ((figures[row.name] ??= {})[server.name] ??= []).push(result[row.figure]);
      }
    }
  return figures;
}

/** CPU time, in microseconds, of compressing one message of a row with zlib's defaults. */
export function compressionCost(row) {
  const size = Number(row.load.find((arg) => arg.startsWith("-s")).slice(2));
  const text = Buffer.from("The quick brown fox jumps over the lazy dog; ".repeat(size / 40).slice(0, size));
  const times = [];
  for (let i = 0; i < 100; i++) {
    const before = process.cpuUsage();
    for (let k = 0; k < 10; k++) deflateRawSync(text);
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 10);
  }
  return median(times);
}

/** How the measured server keeps to the aims of a row: [{ text, holds }]. */
export function judge(row, figures) {
  const own = figures[row.name].lua;
  const verdicts = [];
  const say = (what, value, limit) => {
    const digits = limit < 1 ? 3 : 2;
    verdicts.push({ what, text: `${value.toFixed(digits)} (≤ ${+limit.toFixed(2)})`, holds: value <= limit });
  };
  const { floor, node, value, plain } = row.aims;
  const to = (name) => ratio(own, figures[row.name][name]);
  if (floor && to("floor")) say("floor", to("floor"), floor);
  if (node && to("node")) say("node", to("node"), node);
  if (value) say("value", median(own), value);
  if (plain && figures[plain]) {
    const clients = Number(row.load.find((arg) => arg.startsWith("-c")).slice(2));
    say("plain", median(own), median(figures[plain].lua) + compressionCost(row) / clients);
  }
  return verdicts;
}
