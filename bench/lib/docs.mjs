// Writes what was measured to docs/performance.md, between its markers, and the figures beside it.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bars, lines } from "./figure.mjs";
import { bench } from "./load.mjs";
import { median } from "./measure.mjs";
import { growthTables, fairTable, scenarioTable } from "./report.mjs";

const docs = join(bench, "../docs");
const BEGIN = "<!-- measured by node bench/run.mjs -->";
const END = "<!-- end of what is measured -->";

const medians = (figures, pick = (x) => x) =>
  Object.fromEntries(Object.entries(figures).map(([name, list]) => [name, median(list.map(pick))]));

const groups = (figures, pick) =>
  Object.entries(figures).map(([name, list]) => ({ name, values: medians(list, pick) }));

function draw(results) {
  const { servers, scenarios, growth, fair } = results;
  const { "idle connection, kB": idle, ...cpu } = scenarios;
  const panels = growth.map(({ name, unit, points }) => ({
    name,
    unit,
    points: points.map(({ point, figures }) => ({ point, values: medians(figures) })),
  }));
  return {
    "scenarios.svg": bars("Server CPU per message, delivery or connection", "µs", servers, groups(cpu)),
    "growth.svg": lines("Growth: flat is good", servers, panels),
    "latency.svg": bars("99th percentile of the latency of others", "µs", servers, groups(fair, ({ p99 }) => p99)),
  };
}

function text({ machine, rows, servers, scenarios, growth, fair }) {
  const figure = (name, what) => `![${what}](figures/${name}.svg)`;
  return [
    machine,
    scenarioTable(rows, servers, scenarios),
    figure("scenarios", "Server CPU per message, by server"),
    growthTables(growth, servers),
    figure("growth", "Cost by number of recipients, connections and rooms"),
    fairTable(fair, servers),
    figure("latency", "Latency of others while slow readers, bursts and large messages are served"),
  ].join("\n\n");
}

/** The page with what was measured in place of what it says, and the figures by name. `results`: of a run of everything. */
export function render(results, page) {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the page has no line ${BEGIN} before ${END}`);
  return {
    page: `${page.slice(0, begin + BEGIN.length)}\n\n${text(results)}\n\n${page.slice(end)}`,
    figures: draw(results),
  };
}

export function writeDocs(results) {
  const file = join(docs, "performance.md");
  const { page, figures } = render(results, readFileSync(file, "utf8"));
  mkdirSync(join(docs, "figures"), { recursive: true });
  for (const [name, svg] of Object.entries(figures)) writeFileSync(join(docs, "figures", name), svg);
  writeFileSync(file, page);
}
