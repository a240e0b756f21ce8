// Measures this library beside Node's server in one run: `node bench/run.mjs [options]`.
//
//   --prefix DIR     where the module is installed (share/lua/5.4, lib/lua/5.4); default: Lua's own paths
//   --seconds N      measured time of each scenario (2)
//   --rounds N       how often all is repeated, servers in turns; medians are shown (3)
//   --only A,B       scenarios by name
//   --floor          also the bare C server that only does the system calls
//
// What counts is the server's CPU time per message, as a ratio of servers measured in the same run: other
// figures depend on the machine's mood. Every byte received is checked; an error ends the run.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({
  options: {
    prefix: { type: "string" },
    seconds: { type: "string", default: "2" },
    rounds: { type: "string", default: "3" },
    only: { type: "string" },
    floor: { type: "boolean", default: false },
  },
});

// Scenario: the load generator's arguments, the figure, and at most which ratio to Node is expected.
const SCENARIOS = {
  "echo 64 B x 100": { args: ["echo", "-c100", "-s64"], limit: 0.35 },
  "echo 64 B x 100, window 16": { args: ["echo", "-c100", "-s64", "-w16"] },
  "echo 16 KiB x 100": { args: ["echo", "-c100", "-s16384"] },
  "ack 64 B x 100": { args: ["ack", "-c100", "-s64"], noFloor: true },
  "binary 1 KiB x 100": { args: ["binary", "-c100", "-s1024"], noFloor: true },
  "polling 64 B x 100": { args: ["polling", "-c100", "-s64"], noFloor: true },
  "connect and leave x 64": { args: ["churn", "-c64"] },
  "broadcast 64 B x 1000": { args: ["fanout", "-c1000", "-s64"], limit: 0.25 },
  "rooms 64 B, 1000 in 100": { args: ["rooms", "-c1000", "-s64", "--rooms", "100"], noFloor: true },
  "idle x 5000, kB each": { args: ["idle", "-c5000"], figure: "kb_per_conn", limit: 0.35 },
};

const work = mkdtempSync(join(tmpdir(), "socketio-bench-"));
process.on("exit", () => rmSync(work, { recursive: true, force: true }));

function compile(source, ...flags) {
  const out = join(work, source.replace(/\W/g, "-"));
  execFileSync("cc", ["-O2", ...flags, "-o", out, join(here, source)], { stdio: "inherit" });
  return out;
}

function luaEnvironment() {
  if (!options.prefix) return process.env;
  const share = join(options.prefix, "share/lua/5.4");
  const lib = join(options.prefix, "lib/lua/5.4");
  return {
    ...process.env,
    LUA_PATH: `${share}/?.lua;${share}/?/init.lua;;`,
    LUA_CPATH: `${lib}/?.so;;`,
  };
}

function servers() {
  if (!existsSync(join(here, "node_modules/socket.io")))
    execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: here, stdio: "inherit" });
  const list = {
    node: { command: [process.execPath, join(here, "servers/node-ws.js")] },
    lua: { command: ["lua5.4", join(here, "servers/app.lua")], env: luaEnvironment() },
  };
  if (options.floor) list.floor = { command: [compile("servers/floor.c", "-DBATCH")], isFloor: true };
  return list;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

// The server on core 0, the generator on core 1, where there are two.
const pinned = availableParallelism() > 1;

async function measure(sioload, server, args) {
  const port = await freePort();
  const command = pinned ? ["taskset", "-c", "0", ...server.command] : server.command;
  const child = spawn(command[0], [...command.slice(1), String(port)], {
    env: server.env ?? process.env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = new Promise((resolve) => child.on("exit", resolve));
  try {
    await listening(port, ended);
    const out = execFileSync(
      sioload,
      [...args, "-p", String(port), "-t", options.seconds, "--pid", String(child.pid), "--json"].concat(
        pinned ? ["--cpu", "1"] : [],
      ),
      { timeout: 180000 },
    );
    return JSON.parse(out);
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
}

async function listening(port, ended) {
  let over = false;
  ended.then(() => (over = true));
  for (let i = 0; i < 500 && !over; i++) {
    const hex = port.toString(16).toUpperCase().padStart(4, "0");
    const tables = ["/proc/net/tcp", "/proc/net/tcp6"].filter(existsSync).map((f) => readFileSync(f, "utf8"));
    if (tables.some((t) => new RegExp(`:${hex} [0-9A-F]+:0000 0A`).test(t))) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("the server does not listen");
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const show = (n) => (n === undefined ? "-" : n >= 100 ? n.toFixed(0) : n.toPrecision(3));

async function main() {
  const sioload = compile("sioload.c");
  const list = servers();
  const only = options.only?.split(",");
  const names = Object.keys(SCENARIOS).filter((n) => !only || only.some((o) => n.includes(o)));
  const figures = {};
  for (let round = 0; round < Number(options.rounds); round++)
    for (const name of names)
      for (const [label, server] of Object.entries(list)) {
        const scenario = SCENARIOS[name];
        if (server.isFloor && scenario.noFloor) continue;
        const result = await measure(sioload, server, scenario.args);
        ((figures[name] ??= {})[label] ??= []).push(result[scenario.figure ?? "server_us_per_msg"]);
      }
  console.log("Server CPU, microseconds per message (medians), and the ratio to Node in the same run\n");
  const columns = Object.keys(list);
  console.log(`| scenario | ${columns.join(" | ")} | lua / node | aim |`);
  console.log(`| --- | ${columns.map(() => "---").join(" | ")} | --- | --- |`);
  for (const name of names) {
    const row = columns.map((c) => figures[name][c] && median(figures[name][c]));
    const ratio = median(figures[name].lua) / median(figures[name].node);
    const limit = SCENARIOS[name].limit;
    console.log(`| ${name} | ${row.map(show).join(" | ")} | ${ratio.toFixed(2)} | ${limit ? "≤ " + limit : ""} |`);
  }
}

await main();
