// Files of a folder beside Socket.IO: as they were, however they are asked for, and no others.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { REFERENCE, serve } from "./harness.mjs";

const root = mkdtempSync(join(tmpdir(), "socketio-files-"));
const folder = join(root, "public");
const files = {
  "index.html": "<p>index</p>",
  "sub/index.html": "<p>sub</p>",
  "a.txt": "0123456789",
  "\u00fc b%.txt": "a name that is escaped",
  "app.js": "export const words = ['one', 'two', 'three'];\n".repeat(2000),
  "style.css": "body { color: black; }\n".repeat(100),
  "picture.png": randomBytes(200_000),
  "large.bin": randomBytes(5_000_000),
};
mkdirSync(join(folder, "sub"), { recursive: true });
for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
writeFileSync(join(root, "secret.txt"), "secret");
writeFileSync(join(folder, ".env"), "secret");
symlinkSync("../secret.txt", join(folder, "out.txt"));
symlinkSync("..", join(folder, "up"));
symlinkSync("a.txt", join(folder, "in.txt"));
after(() => rmSync(root, { recursive: true }));

describe("a folder of files", { skip: REFERENCE && "it serves none" }, () => {
  const target = serve({ folder });

  /** One request, by a client that sends the path as it is: `{ status, headers, body }`. */
  const ask = (path, headers = {}, method = "GET") =>
    new Promise((resolve, reject) => {
      const options = { host: "127.0.0.1", port: target.port, path, headers, method, agent: false };
      const request = http.request(options, (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const { statusCode: status, headers } = response;
          resolve({ status, headers, body: Buffer.concat(chunks) });
        });
      });
      request.on("error", reject);
      request.end();
    });

  for (const [name, content] of Object.entries(files)) {
    test(`${name} comes as it is`, async () => {
      const { status, headers, body } = await ask(`/${name.split("/").map(encodeURIComponent).join("/")}`);
      assert.equal(status, 200);
      assert.ok(body.equals(Buffer.from(content)));
      assert.equal(headers["content-length"], String(body.length));
      assert.equal(headers["content-encoding"], undefined);
    });
  }

  for (const [name, packed] of [
    ["app.js", true],
    ["style.css", true],
    ["a.txt", false],
    ["picture.png", false],
    ["large.bin", false],
  ]) {
    for (const [accepted, encoding, decode] of [
      ["gzip, deflate, br, zstd", "br", brotliDecompressSync],
      ["gzip, deflate", "gzip", gunzipSync],
      ["br;q=0.1, gzip;q=0.2", "gzip", gunzipSync],
    ]) {
      test(`${name} for who accepts ${accepted}`, async () => {
        const etags = new Set();
        for (let i = 0; i < 3; i++) {
          const { headers, body } = await ask(`/${name}`, { "accept-encoding": accepted });
          assert.equal(headers["content-encoding"], packed ? encoding : undefined);
          assert.ok((packed ? decode(body) : body).equals(Buffer.from(files[name])));
          assert.equal(headers.vary, packed ? "Accept-Encoding" : undefined);
          etags.add(headers.etag);
          const again = { "accept-encoding": accepted, "if-none-match": headers.etag };
          assert.equal((await ask(`/${name}`, again)).status, 304);
          const head = await ask(`/${name}`, { "accept-encoding": accepted }, "HEAD");
          assert.equal(head.headers["content-length"], String(body.length));
          assert.equal(head.body.length, 0);
        }
        assert.equal(etags.size, 1);
      });
    }
  }

  test("a file in parts is the file", async () => {
    const whole = files["large.bin"];
    const parts = [];
    for (let at = 0; at < whole.length; at += 700_001) {
      const range = `bytes=${at}-${at + 700_000}`;
      const { status, headers, body } = await ask("/large.bin", { range });
      assert.equal(status, 206);
      const last = Math.min(at + 700_000, whole.length - 1);
      assert.equal(headers["content-range"], `bytes ${at}-${last}/${whole.length}`);
      parts.push(body);
    }
    assert.ok(Buffer.concat(parts).equals(whole));
  });

  test("parts are of one version", async () => {
    const { etag, "last-modified": modified } = (await ask("/a.txt")).headers;
    for (const [condition, status] of [
      [etag, 206],
      [modified, 206],
      [`W/${etag}`, 200],
      ['"other"', 200],
      ["Sun, 06 Nov 1994 08:49:37 GMT", 200],
    ]) {
      const answer = await ask("/a.txt", { range: "bytes=0-1", "if-range": condition });
      assert.equal(answer.status, status, condition);
    }
  });

  test("folders have an index, and a slash at the end", async () => {
    assert.equal((await ask("/")).body.toString(), files["index.html"]);
    assert.equal((await ask("/sub/?x=1")).body.toString(), files["sub/index.html"]);
    const { status, headers } = await ask("/sub?x=1");
    assert.deepEqual([status, headers.location], [301, "/sub/?x=1"]);
    assert.equal((await ask("/in.txt")).body.toString(), files["a.txt"]);
  });

  for (const path of [
    "/../secret.txt",
    "/sub/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/..%5csecret.txt",
    "/..\\secret.txt",
    "/sub/..%2f..%2fsecret.txt",
    "/%252e%252e/secret.txt",
    "/%c0%ae%c0%ae/secret.txt",
    "/..;/secret.txt",
    "/a.txt%00",
    "/.env",
    "/%2eenv",
    "/out.txt",
    "/up/secret.txt",
    "//secret.txt",
    "/sub//index.html",
    "/a.txt/",
    "/%",
    "/%zz",
    `/${"a/".repeat(3000)}`,
  ]) {
    test(`no way out: ${path.slice(0, 40)}`, async () => {
      const { status, body } = await ask(path);
      assert.equal(status, 404);
      assert.equal(body.toString(), "");
      await target.served();
    });
  }

  test("other methods are not served", async () => {
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
      assert.equal((await ask("/a.txt", {}, method)).status, 404, method);
    }
  });

  test("many clients at once, some of whom go away", async () => {
    const downloads = Array.from({ length: 20 }, async (_, i) => {
      if (i % 4 > 0) return assert.ok((await ask("/large.bin")).body.equals(files["large.bin"]));
      const conn = await target.connect();
      await conn.send("GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n");
      conn.destroy();
    });
    await Promise.all(downloads);
    await target.served();
  });
});
