// bench/ itself: that each row, series and kind of noise still runs, and that what they give can be shown.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { render } from "../../bench/lib/docs.mjs";
import { GROWTH, NOISE, SCENARIOS } from "../../bench/lib/scenarios.mjs";

const bench = new URL("../../bench/", import.meta.url).pathname;
const docs = new URL("../../docs/", import.meta.url).pathname;
const work = mkdtempSync(join(tmpdir(), "socketio-bench-test-"));
after(() => rmSync(work, { recursive: true, force: true }));

const run = (program, ...args) => execFileSync(process.execPath, [join(bench, program), ...args], { encoding: "utf8" });

test("everything is measured, on this library and on the floor", () => {
  const file = join(work, "results.json");
  const out = run("run.mjs", "--quick", "--rounds", "1", "--without", "node", "--growth", "--fair", "--json", file);
  const results = JSON.parse(readFileSync(file, "utf8"));
  for (const { name, without = [] } of SCENARIOS)
    for (const server of ["lua", "floor"].filter((one) => !without.includes(one))) {
      assert.ok(Number.isFinite(results.scenarios[name][server][0]), `${name}, ${server}`);
      assert.match(out, new RegExp(`^\\| ${name} \\|`, "m"));
    }
  assert.deepEqual(
    results.growth.map(({ name, points }) => [name, points.length]),
    GROWTH.map(({ name, points }) => [name, points.length]),
  );
  for (const { name } of NOISE) assert.ok(results.fair[name].lua[0].p99 >= results.fair[name].lua[0].p50, name);

  const { page, figures } = render(results, readFileSync(join(docs, "performance.md"), "utf8"));
  for (const { name } of SCENARIOS) assert.ok(page.includes(`| ${name} |`), name);
  for (const [name, svg] of Object.entries(figures)) {
    assert.doesNotMatch(svg, /NaN|undefined|Infinity/, name);
    assert.equal(svg.match(/<text/g).length, svg.match(/<\/text>/g).length, name);
  }
});

test("a build is as good as itself, by instructions", () => {
  const prefix = join(bench, "../build/release/prefix");
  const out = run("compare.mjs", prefix, prefix, "--only", "echo", "--threshold", "0.5");
  const [, before, change] = /^\| echo \| (\d+) \| \d+ \| ([+-]?[\d.]+) % \|$/m.exec(out);
  assert.ok(Number(before) > 1000);
  assert.ok(Math.abs(Number(change)) < 0.5, out);
});
