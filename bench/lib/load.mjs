// The load generator: compiled when it is needed, run beside a server. An error that it finds ends the run.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { scratch, start } from "./process.mjs";

export const bench = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Compiles a file of bench/, once, and returns the program. */
export function compile(source, ...flags) {
  const out = join(scratch, source.replace(/\W/g, "-"));
  if (!existsSync(out))
    execFileSync("cc", ["-O2", "-o", out, join(bench, source), ...flags], { stdio: "inherit" });
  return out;
}

/** Starts the generator; `result` is the promise of its figures. */
export function startLoad({ port, pid }, args, { nice = 0 } = {}) {
  const command = [compile("sioload.c", "-lz"), ...args, "-p", String(port), "--json"];
  if (pid) command.push("--pid", String(pid));
  if (nice) command.unshift("nice", "-n", String(nice));
  const child = start(command, { cpu: 1 });
  const result = child.ended.then(({ status, out }) => {
    if (status !== 0) throw new Error(`sioload ${args.join(" ")}: status ${status}\n${out}`);
    return JSON.parse(out);
  });
  return { result };
}

export const load = (server, args) => startLoad(server, args).result;
