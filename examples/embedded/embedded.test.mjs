// The example in C: compiled against the installed library, and used by the official client.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "../..");
const build = join(root, "build", process.env.SIO_PRESET ?? "release");
const { io } = createRequire(join(root, "spec/interop/package.json"))("socket.io-client");
const work = mkdtempSync(join(tmpdir(), "embedded-"));
after(() => rmSync(work, { recursive: true }));

/** Where the library was installed with what pkg-config tells of it. */
function packages() {
  const found = readdirSync(join(build, "prefix"), { recursive: true, withFileTypes: false });
  const file = found.find((name) => name.endsWith("pkgconfig/socketio.pc"));
  return join(build, "prefix", file, "..");
}

function compile() {
  const env = { ...process.env, PKG_CONFIG_PATH: packages() };
  const flags = execFileSync("pkg-config", ["--cflags", "--libs", "socketio", "lua5.4"], { env });
  const program = join(work, "host");
  const sanitizers = build.endsWith("asan") ? ["-fsanitize=address,undefined"] : [];
  execFileSync("cc", [
    "-std=gnu11", "-Wall", "-Wextra", "-Werror", ...sanitizers, "-o", program,
    join(here, "host.c"), ...String(flags).trim().split(/\s+/),
  ]);
  return program;
}

/** Waits for lines of its output. */
function start(program) {
  const child = spawn(program, [], { stdio: ["pipe", "pipe", "pipe"], cwd: "/" });
  const host = { child, output: "", errors: "" };
  child.stdout.on("data", (text) => (host.output += text));
  child.stderr.on("data", (text) => (host.errors += text));
  host.ended = new Promise((resolve) => child.on("exit", resolve));
  host.says = (pattern) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(host.output);
        if (found) resolve(found);
      };
      child.stdout.on("data", look);
      host.ended.then(() => reject(new Error(`no ${pattern}: ${host.output}${host.errors}`)));
      look();
    });
  return host;
}

test("two servers in one program", { skip: !existsSync("/usr/bin/cc") && "no C compiler" }, async () => {
  const host = start(compile());
  const [, ann] = await host.says(/ann listens on (\d+)/);
  const [, bob] = await host.says(/bob listens on (\d+)/);
  const clients = [];
  for (const [name, port] of [["ann", ann], ["bob", bob]]) {
    for (const transport of ["polling", "websocket"]) {
      const client = io(`http://127.0.0.1:${port}`, { transports: [transport], reconnection: false });
      const n = clients.push(client);
      const answer = await client.emitWithAck("hello", "me");
      assert.equal(answer, `${name} greets me, client ${n > 2 ? n - 2 : n}`);
    }
  }
  clients[3].emit("fail");
  await host.says(/log of bob: error in handler of "fail".*as asked for/);
  host.child.stdin.end();
  await host.says(/0 blocks are left, and the loop is empty/);
  assert.equal(await host.ended, 0);
  assert.equal(host.errors, "");
  for (const client of clients) client.disconnect();
});
