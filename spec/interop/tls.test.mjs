// https and wss: the official client, certificates of both sides, what is refused, loading anew.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import tls from "node:tls";
import { io } from "socket.io-client";
import { Application, ask, event, target, transportsOf, upgraded, within } from "./harness.mjs";

const folder = mkdtempSync(join(tmpdir(), "socketio-tls-"));
const file = (name) => join(folder, `${name}.pem`);
const pem = (name) => readFileSync(file(name), "utf8");
const openssl = (...args) => execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** A certificate `name` for 127.0.0.1 and its key; it is its own authority. */
function certify(name, subject) {
  const files = ["-keyout", file(`${name}-key`), "-out", file(name)];
  const names = ["-subj", `/CN=${subject}`, "-addext", "subjectAltName=IP:127.0.0.1"];
  openssl("req", "-x509", ...newKey, "-days", "2", ...files, ...names);
}

/** A client's certificate, signed by `ca`. */
function enrol(name, ca) {
  const request = join(folder, "request");
  openssl("req", ...newKey, "-keyout", file(`${name}-key`), "-out", request, "-subj", `/CN=${name}`);
  const signer = ["-CA", file(ca), "-CAkey", file(`${ca}-key`), "-CAcreateserial"];
  openssl("x509", "-req", "-in", request, ...signer, "-days", "2", "-out", file(name));
}

certify("server", "first");
certify("ca", "authority");
certify("stranger", "stranger");
enrol("member", "ca");
writeFileSync(join(folder, "phrase"), "open sesame");
const phrase = ["-passout", `file:${join(folder, "phrase")}`];
const lock = ["-topk8", "-v2", "aes-256-cbc", ...phrase];
openssl("pkcs8", ...lock, "-in", file("server-key"), "-out", file("locked-key"));

let server, open, demanding;

before(async () => {
  server = await Application.start("tls", { args: [folder] });
  const [, ...ports] = server.stdout.find((line) => line.startsWith("tls\t")).split("\t");
  [open, demanding] = ports.map(Number);
});
after(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true });
});

/** A client of a TLS port; not connected yet. */
function client(port, options) {
  const socket = io(`https://127.0.0.1:${port}`, {
    forceNew: true,
    reconnection: false,
    ca: pem("server"),
    ...options,
  });
  return server.keep(socket, () => socket.io.engine && socket.io._close());
}

async function connect(port, options) {
  const socket = client(port, options);
  await within(
    new Promise((resolve, reject) => socket.once("connect", resolve).once("connect_error", reject)),
    "connection",
  );
  return socket;
}

/** A bare TLS connection, once it is up. */
async function shake(port, options) {
  const socket = tls.connect({ host: "127.0.0.1", port, ca: pem("server"), ...options });
  server.keep(socket, () => socket.destroy());
  await within(
    new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject)),
    "handshake",
  );
  return socket;
}

/** What comes until the other side ends. */
function rest(socket) {
  return within(
    new Promise((resolve, reject) => {
      const chunks = [];
      socket.on("data", (chunk) => chunks.push(chunk));
      socket.on("end", () => resolve(Buffer.concat(chunks).toString()));
      socket.on("error", reject);
    }),
    "end of the connection",
  );
}

/** An https request: `{ status, body }`. */
function request(path, { body, port = open, ...options } = {}) {
  return within(
    new Promise((resolve, reject) => {
      const method = body ? "POST" : "GET";
      const where = { host: "127.0.0.1", port, path, method, ca: pem("server"), ...options };
      const asked = https.request(where, (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("end", () => {
          resolve({ status: response.statusCode, body: Buffer.concat(chunks).toString() });
        });
      });
      asked.on("error", reject).end(body);
    }),
    `answer to ${path}`,
  );
}

for (const [name, transports] of Object.entries(transportsOf)) {
  describe(name, () => {
    test("events and answers", async () => {
      const socket = await connect(open, { transports });
      if (name === "upgrade") await upgraded(socket);
      assert.deepEqual(await ask(socket, "echo", { a: [1, null, "ž"] }), { a: [1, null, "ž"] });
    });

    test("the handshake is secure", async () => {
      const socket = await connect(open, { transports });
      const answer = new Promise((resolve) => socket.emit("secure", (...all) => resolve(all)));
      assert.deepEqual(await within(answer, "acknowledgement"), [true, true]);
    });

    test("large values, both ways", async () => {
      const socket = await connect(open, { transports });
      const bytes = Buffer.alloc(600_000, (i) => i % 251);
      for (let i = 0; i < 256; i++) bytes[i * 2000] = i;
      assert.ok(bytes.equals(await ask(socket, "echo", bytes)));
    });

    test("many small events in order", async () => {
      const socket = await connect(open, { transports });
      const answers = await Promise.all(Array.from({ length: 1000 }, (_, i) => ask(socket, "echo", i)));
      assert.deepEqual(answers, [...answers.keys()]);
    });

    test("a broadcast to plain and secure clients", async () => {
      const sockets = await Promise.all([
        connect(open, { transports }),
        connect(open, { transports }),
        server.connect("/", { transports }),
      ]);
      const heard = sockets.map((socket) => event(socket, "broadcast"));
      sockets[0].emit("broadcast", "to all");
      assert.deepEqual(await Promise.all(heard), [["to all"], ["to all"], ["to all"]]);
    });
  });
}

test("a plain client's handshake is not secure", async () => {
  const socket = await server.connect("/");
  const answer = new Promise((resolve) => socket.emit("secure", (...all) => resolve(all)));
  assert.deepEqual(await within(answer, "acknowledgement"), [false, false]);
});

describe("HTTP", () => {
  test("requests beside Socket.IO", async () => {
    const { status, body } = await request("/other", { body: "x".repeat(300_000) });
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(body), { secure: true, length: 300_000 });
  });

  test("many requests on a connection", async () => {
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < 20; i++) {
      const { body } = await request("/socket.io/?EIO=4&transport=polling", { agent });
      assert.match(body, /^0\{"sid"/);
    }
    agent.destroy();
  });

  test("the answer ends with a close_notify", async () => {
    const socket = await shake(open);
    socket.write("GET /socket.io/?EIO=4 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert.match(await rest(socket), /^HTTP\/1\.1 400 /);
  });
});

describe("what is refused", () => {
  test("an unknown server, by the client", async () => {
    await assert.rejects(connect(open, { ca: pem("stranger"), transports: ["websocket"] }));
    await assert.rejects(connect(open, { ca: pem("stranger"), transports: ["polling"] }));
  });

  test("plain HTTP", async () => {
    const answer = new Promise((resolve, reject) => {
      http.get({ host: "127.0.0.1", port: open, path: "/", agent: false }, resolve).on("error", reject);
    });
    await assert.rejects(within(answer, "answer"));
  });

  test("TLS 1.1", async () => {
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" };
    await assert.rejects(shake(open, old), /alert|version/i);
  });

  test("TLS 1.2, where minVersion says so", async () => {
    const [key, cert] = [pem("member-key"), pem("member")];
    await assert.rejects(shake(demanding, { maxVersion: "TLSv1.2", key, cert }), /version/);
  });

  test("protocols other than HTTP/1.1", async () => {
    const socket = await shake(open, { ALPNProtocols: ["h2", "http/1.1"] });
    assert.equal(socket.alpnProtocol, "http/1.1");
    await assert.rejects(shake(open, { ALPNProtocols: ["h2"] }));
  });
});

describe("certificates of clients", () => {
  for (const transports of [["polling"], ["websocket"]]) {
    test(`are demanded: ${transports}`, async () => {
      const [key, cert] = [pem("member-key"), pem("member")];
      const socket = await connect(demanding, { transports, key, cert });
      assert.equal(await ask(socket, "echo", "hello"), "hello");
      const other = { key: pem("stranger-key"), cert: pem("stranger") };
      await assert.rejects(connect(demanding, { transports, ...other }));
      await assert.rejects(connect(demanding, { transports }));
    });
  }
});

test("loading anew drops nobody, and new connections get the new certificate", async () => {
  const sockets = await Promise.all([
    connect(open, { transports: ["websocket"] }),
    connect(open, { transports: ["polling"], agent: new https.Agent({ keepAlive: true }) }),
  ]);
  const before = await shake(open);
  assert.equal(before.getPeerCertificate().subject.CN, "first");
  certify("second", "second");
  copyFileSync(file("second"), file("server"));
  copyFileSync(file("second-key"), file("server-key"));
  openssl("pkcs8", ...lock, "-in", file("second-key"), "-out", file("locked-key"));
  const answers = Array.from({ length: 100 }, (_, i) => ask(sockets[0], "echo", i));
  await ask(sockets[0], "reload");
  assert.equal((await Promise.all(answers)).length, 100);
  const later = await shake(open);
  assert.equal(later.getPeerCertificate().subject.CN, "second");
  for (const socket of sockets) assert.ok(socket.connected);
  assert.equal(await ask(sockets[0], "echo", "still"), "still");
  before.write("GET /socket.io/?EIO=4 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  assert.match(await rest(before), /^HTTP\/1\.1 400 /);
  assert.equal(await ask(await connect(open), "echo", "new"), "new");
});

const each = target === "reference" && "it loads the certificates of each port by itself";
test("certificates that cannot be loaded for one port are loaded for none", { skip: each }, async () => {
  const socket = await connect(open, { ca: pem("server") });
  certify("third", "third");
  copyFileSync(file("third"), file("server"));
  copyFileSync(file("third-key"), file("server-key")); // of the first port; the other's is locked
  assert.match(await ask(socket, "try reload"), /locked-key.*does not belong to/);
  const { subject } = (await shake(open, { rejectUnauthorized: false })).getPeerCertificate();
  assert.equal(subject.CN, "second");
  openssl("pkcs8", ...lock, "-in", file("third-key"), "-out", file("locked-key"));
  assert.equal(await ask(socket, "try reload"), "loaded");
  const later = await shake(open, { rejectUnauthorized: false });
  assert.equal(later.getPeerCertificate().subject.CN, "third");
});
