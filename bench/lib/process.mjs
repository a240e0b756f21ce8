// Processes: servers on free ports of 127.0.0.1, pinned where there is more than one core, with as many open files
// as the shell may have; ended by their id, also when this process ends.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";

// For files of this run; gone with it.
export const scratch = mkdtempSync(join(tmpdir(), "socketio-bench-"));

const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
  rmSync(scratch, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(130));

// The server on core 0, the generators on core 1.
export const pinned = availableParallelism() > 1;
const FILES = ["sh", "-c", 'ulimit -n "$(ulimit -Hn)"; exec "$@"', "sh"];

export const maxFiles = () => {
  const limit = execFileSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" }).trim();
  return limit === "unlimited" ? Infinity : Number(limit);
};

/** Starts a command; `ended` resolves to its status and what it printed. */
export function start(command, { env = process.env, cpu } = {}) {
  const pin = pinned && cpu !== undefined ? ["taskset", "-c", String(cpu)] : [];
  const [file, ...args] = [...FILES, ...pin, ...command];
  const child = spawn(file, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  running.add(child);
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (out += text));
  const ended = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => {
      running.delete(child);
      resolve({ status, out });
    });
  });
  return { pid: child.pid, ended, kill: (signal) => child.kill(signal) };
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

function connects(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const end = (answer) => socket.destroy() && resolve(answer);
    socket.on("connect", () => end(true)).on("error", () => end(false));
  });
}

async function listening(port, child) {
  let over = false;
  child.ended.then(() => (over = true));
  for (let i = 0; i < 6000 && !over; i++) {
    if (await connects(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error("the server does not listen");
}

/** Runs `use({ port, pid })` beside a server: a command that takes a port, and what `app` adds. */
export async function withServer(server, app, use, { cpu = 0, signal = "SIGKILL" } = {}) {
  const port = await freePort();
  const command = [...server.command, String(port), ...(app ? [app] : [])];
  const child = start(command, { env: server.env, cpu });
  try {
    await listening(port, child);
    return await use({ port, pid: child.pid });
  } finally {
    child.kill(signal);
    await child.ended;
  }
}
