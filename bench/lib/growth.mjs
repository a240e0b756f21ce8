// Growth: the rows of each thing that grows, and their figures by its points.
import { atMost, measureRows } from "./measure.mjs";
import { GROWTH } from "./scenarios.mjs";

// Points of a series that counts connections are cut to what the limit of open files allows. Memory is the same in
// every round, and it is our own growth that matters: the others' is measured once.
function rowsOf(series, servers) {
  const names = servers.map(({ name }) => name);
  const once = series.figure === "kb_per_conn" ? names : names.filter((name) => name !== "lua" && name !== "floor");
  return series.points.map((point) => {
    const n = series.connections ? atMost(point) : point;
    return { name: `${series.name}: ${n}`, load: series.load(n), figure: series.figure, point: n, once };
  });
}

/** Returns [{ name, unit, points: [{ point, figures: { server: [figure of each round] } }] }]. */
export async function measureGrowth(servers, options, progress) {
  const all = GROWTH.map((series) => ({ ...series, rows: rowsOf(series, servers) }));
  const most = Math.max(...GROWTH.filter((series) => series.connections).flatMap((series) => series.points));
  if (atMost(most) < most) console.error(`${most} connections need more files than ulimit -Hn allows: ${atMost(most)} are measured`);
  const figures = await measureRows(all.flatMap((series) => series.rows), servers, options, progress);
  return all.map(({ name, unit, rows }) => ({
    name,
    unit,
    points: rows.map((row) => ({ point: row.point, figures: figures[row.name] })),
  }));
}
