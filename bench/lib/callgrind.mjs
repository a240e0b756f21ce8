// Instructions of user space that a server needs for a message, by function, as valgrind counts them.
//
// Each scenario is run twice, with few messages and with many: the difference is free of what starting, connecting
// and ending cost. One client waits for each answer, so that every turn of the server's loop does the same.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compile, load } from "./load.mjs";
import { scratch, withServer } from "./process.mjs";

// Arguments of sioload, and how many messages are few and many.
export const COUNTED = {
  echo: { load: ["echo", "-c1", "-s64"], few: 500, many: 2500 },
  "window 16": { load: ["echo", "-c1", "-s64", "-w16"], few: 800, many: 4000 },
  "16 KiB": { load: ["echo", "-c1", "-s16384"], few: 50, many: 350 },
  ack: { load: ["ack", "-c1", "-s64"], few: 500, many: 2500 },
  binary: { load: ["binary", "-c1", "-s1024"], few: 300, many: 1500 },
  polling: { load: ["polling", "-c1", "-s64"], few: 200, many: 1000 },
  connect: { load: ["churn", "-c1"], few: 100, many: 600 },
  rooms: { load: ["rooms", "-c20", "-s64", "--rooms", "2", "-w1"], few: 1000, many: 11000 },
  fanout: { load: ["fanout", "-c20", "-s64", "-w1"], few: 2000, many: 22000 },
};

const LINE = /^\s*([\d,]+) \(\s*[\d.]+%\)\s+(.*?)(?: \[(.*)\])?$/;

// What callgrind_annotate prints, as instructions by "file:function", or by object where functions have no names.
function parse(text) {
  const functions = new Map();
  for (const line of text.split("\n")) {
    const [, count, place, object = ""] = LINE.exec(line) ?? [];
    if (!count || place.startsWith("PROGRAM TOTALS")) continue;
    const [, file, name] = /^(.*?):([^:].*)$/.exec(place) ?? [null, "", place];
    const library = object.replace(/^.*\//, "");
    const nameless = /^0x[0-9a-f]+/.test(name);
    const key = nameless || !file || file === "???" ? `${library}: ${nameless ? "functions without a name" : name}` : `${file.replace(/^.*\/((?:src|lua)\/)/, "$1")}: ${name}`;
    functions.set(key, (functions.get(key) ?? 0) + Number(count.replaceAll(",", "")));
  }
  return functions;
}

// Until a process has nothing to do any more: the clients' leaving is part of every count.
async function rest(pid) {
  const used = () => readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ").slice(11, 13).join();
  for (let before = "", now = used(); now !== before; now = used()) {
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

let files = 0;

async function profile(server, args, messages) {
  const out = join(scratch, `callgrind.${++files}`);
  const command = ["setarch", "-R", "valgrind", "-q", "--tool=callgrind", `--callgrind-out-file=${out}`, ...server.command];
  const { all_msgs } = await withServer(
    { command, env: { ...server.env, LD_PRELOAD: compile("fixed_time.c", "-shared", "-fPIC") } },
    null,
    async (at) => {
      const result = await load({ port: at.port }, [...args, `-n${messages}`, "-W0", "-t600", "--timeout", "600"]);
      await rest(at.pid);
      return result;
    },
    { cpu: undefined, signal: "SIGTERM" },
  );
  const annotate = ["--threshold=100", "--auto=no", out];
  const text = execFileSync("callgrind_annotate", annotate, { encoding: "utf8", maxBuffer: 1 << 28 });
  return { messages: all_msgs, functions: parse(text) };
}

/** Instructions for a message: { total, functions: Map of each }. */
export async function instructions(server, { load: args, few, many }) {
  const [less, more] = [await profile(server, args, few), await profile(server, args, many)];
  const functions = new Map();
  let total = 0;
  for (const name of new Set([...less.functions.keys(), ...more.functions.keys()])) {
    const spent = (more.functions.get(name) ?? 0) - (less.functions.get(name) ?? 0);
    functions.set(name, spent / (more.messages - less.messages));
    total += functions.get(name);
  }
  return { total, functions };
}
