// The official server and ours under the same scripts, side by side: what comes over the wire and
// what the applications are told must be the same, but for agreement/differences.mjs.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { Application } from "./agreement/application.mjs";
import { difference, normalised, unexplained } from "./agreement/compare.mjs";
import { differences } from "./agreement/differences.mjs";
import { Scenario } from "./agreement/scenario.mjs";
import { groups } from "./agreement/scenarios/index.mjs";
import { servers } from "./agreement/servers.mjs";
import { target } from "./harness.mjs";

let reference, ours;

/** One scenario on one server: its transcript. */
async function play(app, server, tag, script) {
  const scenario = new Scenario(app, server, tag);
  return normalised(await scenario.play(script), scenario.names);
}

function told(lists, left) {
  const lines = left.map(([sign, line]) => `  ${sign} ${line}`);
  return ["differs from the reference (-):", ...lines, "the reference:", ...lists[0]].join("\n");
}

describe("agreement with the official server", { concurrency: 16 }, () => {
  let number = 0;
  before(async () => {
    reference = await Application.start("reference", servers);
    ours = await Application.start(target, servers);
  });
  after(async () => {
    await Promise.all([reference?.stop(), ours?.stop()]);
  });

  for (const [group, scenarios] of Object.entries(groups)) {
    scenarios((title, server, script) => {
      const name = `${group}: ${title}`;
      const tag = `t${++number}`;
      test(name, async () => {
        const lists = await Promise.all(
          [reference, ours].map((app) => play(app, server, tag, script)),
        );
        const left = unexplained(name, difference(...lists), differences);
        assert.ok(left.length === 0, told(lists, left));
      });
    });
  }
});

describe("differences on purpose", () => {
  test("are those of docs/compatibility.md", () => {
    const said = readFileSync(new URL("../../docs/compatibility.md", import.meta.url), "utf8");
    for (const { why } of differences) assert.ok(said.includes(`- ${why}\n`), why);
  });

  for (const one of differences) {
    test(`${one.where}: ${one.why}`, { skip: target === "reference" }, () => {
      assert.ok(one.used, "no scenario shows this any more");
    });
  }
});
