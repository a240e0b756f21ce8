// What the documents promise: the README's server runs as it stands there and serves an official client,
// all other Lua blocks are Lua, and no link of a document points to nothing.
//
//   SIO_LUA  the interpreter with its arguments, default "lua5.4"
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { io } = createRequire(join(root, "spec/interop/package.json"))("socket.io-client");
const readme = readFileSync(join(root, "README.md"), "utf8");
const luaOf = (text) => [...text.matchAll(/^```lua\n(.*?)^```$/gms)].map(([, code]) => code);
const blocks = luaOf(readme);
const documents = [root, join(root, "docs")].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name)),
);
const [interpreter, ...rest] = (process.env.SIO_LUA ?? "lua5.4").split(" ");

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}

function connected(port) {
  return new Promise((resolve, reject) => {
    const client = io(`http://127.0.0.1:${port}`, { reconnectionAttempts: 200, reconnectionDelay: 50 });
    client.on("connect", () => resolve(client));
    client.io.on("reconnect_failed", () => reject(new Error("nobody listens")));
  });
}

async function serving(code, run) {
  const port = await freePort();
  assert.match(code, /Server\(3000\b/);
  const source = code.replace("Server(3000", `Server(${port}`);
  const child = spawn(interpreter, [...rest, "-e", source], { stdio: ["ignore", "inherit", "pipe"] });
  const closed = once(child, "close");
  const limit = setTimeout(() => child.kill(), 30_000);
  let stderr = "";
  child.stderr.on("data", (text) => (stderr += text));
  const died = closed.then(() => Promise.reject(new Error(`the server ended\n${stderr}`)));
  died.catch(() => {});
  try {
    await Promise.race([run(port), died]);
  } finally {
    clearTimeout(limit);
    child.kill();
    await closed;
  }
  assert.equal(stderr, "");
}

test("the server of the README serves", () =>
  serving(blocks[0], async (port) => {
    const [ann, ben] = await Promise.all([connected(port), connected(port)]);
    try {
      const heard = [ann, ben].map((client) => once(client, "chat message"));
      assert.equal(await ann.emitWithAck("chat message", "hello"), "sent");
      assert.deepEqual(await Promise.all(heard), [["hello"], ["hello"]]);
      const page = await fetch(`http://127.0.0.1:${port}/socket.io/socket.io.js`);
      assert.equal(page.status, 200);
    } finally {
      ann.close();
      ben.close();
    }
  }),
);

test("it has at most 12 lines", () => {
  assert.ok(blocks[0].trimEnd().split("\n").length <= 12);
});

test("the other blocks, and those of all documents, are Lua", () => {
  const others = documents.flatMap((document) => luaOf(readFileSync(document, "utf8")));
  assert.ok(blocks.length > 1 && others.length > blocks.length);
  for (const code of others) {
    const { status, stderr } = spawnSync("lua5.4", ["-e", "assert(load(io.read 'a'))"], { input: code });
    assert.equal(status, 0, `${code}\n${stderr}`);
  }
});

test("the README has fewer than 150 lines", () => {
  assert.ok(readme.trimEnd().split("\n").length < 150);
});

test("links lead somewhere", () => {
  for (const document of documents)
    for (const [, link] of readFileSync(document, "utf8").matchAll(/\]\(([^)#]+)[^)]*\)/g))
      if (!/^https?:/.test(link)) assert.ok(existsSync(join(dirname(document), link)), `${document}: ${link}`);
});
