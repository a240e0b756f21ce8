// What was measured, as Markdown.
import { judge, median, ratio } from "./measure.mjs";

const number = (n) => (n === undefined ? "–" : n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n.toFixed(2));
const count = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, " ");
const mark = (verdict) => (verdict ? `${verdict.holds ? "✔" : "✘"} ${verdict.text}` : "");

function table(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, i) => (i === 0 ? "---" : "---:"));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

export function scenarioTable(rows, servers, figures) {
  const titles = servers.map((server) => server.title);
  const head = ["server CPU, µs", ...titles, "of the floor (aim)", "of Node (aim)", "other aim"];
  const cells = rows.map((row) => {
    const own = figures[row.name];
    const verdicts = judge(row, figures);
    const shown = (what) =>
      mark(verdicts.find((verdict) => verdict.what === what)) || number(ratio(own.lua, own[what]));
    const other = mark(verdicts.find(({ what }) => what === "value" || what === "plain"));
    const values = servers.map(({ name }) => number(own[name] && median(own[name])));
    return [row.name, ...values, shown("floor"), shown("node"), other];
  });
  return table(head, cells);
}

export function growthTables(growth, servers) {
  const tables = growth.map(({ name, unit, points }) => {
    const head = [`${name}, ${unit}`, ...points.map(({ point }) => count(point))];
    const cells = servers.map((server) => [
      server.title,
      ...points.map(({ figures }) => number(figures[server.name] && median(figures[server.name]))),
    ]);
    return table(head, cells);
  });
  return tables.join("\n\n");
}

export function fairTable(fair, servers) {
  const head = ["latency of others, µs", ...servers.flatMap(({ title }) => [`${title} p50`, "p99"])];
  const cells = Object.entries(fair).map(([noise, figures]) => [
    noise,
    ...servers.flatMap(({ name }) => ["p50", "p99"].map((q) => number(median(figures[name].map((one) => one[q]))))),
  ]);
  return table(head, cells);
}

/** The whole of it: `results` as run.mjs collects them. Sections that were not measured are left out. */
export function report({ machine, rows, servers, scenarios, growth, fair }) {
  const sections = [machine];
  if (scenarios) sections.push(scenarioTable(rows, servers, scenarios));
  if (growth) sections.push(growthTables(growth, servers));
  if (fair) sections.push(fairTable(fair, servers));
  return sections.join("\n\n");
}
