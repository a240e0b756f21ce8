// Starts an application of apps/ under test, gives clients of every kind to the tests, and sees
// to it that the application ends cleanly: by itself, with status 0 and nothing on its stderr.
//
// Each application exists twice: <name>.lua for our server and <name>.mjs for the official one.
// The same tests run against both, so that a test is proven right before it judges our server.
//
// Environment:
//   SIO_TARGET      "lua" (default) or "reference"
//   SIO_PREFIX      where the module is installed (share/lua/5.4, lib/lua/5.4 below it)
//   SIO_LUA         the interpreter with its arguments, default "lua5.4"
//   SIO_LD_PRELOAD  preloaded into the interpreter alone, for a sanitizer's runtime
//   SIO_TIME_LIMIT  milliseconds to wait for anything that must happen, default 20000

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import http from "node:http";
import { createInterface } from "node:readline";
import { after, afterEach, before, beforeEach, describe } from "node:test";
import { fileURLToPath } from "node:url";
import { Socket as EngineClient } from "engine.io-client";
import { io } from "socket.io-client";
import { WebSocket } from "ws";

export const target = process.env.SIO_TARGET ?? "lua";
export const timeLimit = Number(process.env.SIO_TIME_LIMIT ?? 20_000);

export const transportsOf = {
  polling: ["polling"],
  websocket: ["websocket"],
  upgrade: ["polling", "websocket"],
};

const apps = fileURLToPath(new URL("apps/", import.meta.url));
const running = new Set();

function commandLine(app, args) {
  if (target === "reference") {
    return [process.execPath, `${apps}${app}.mjs`, ...args];
  }
  assert.equal(target, "lua", "SIO_TARGET is neither lua nor reference");
  return [...(process.env.SIO_LUA ?? "lua5.4").split(" "), `${apps}${app}.lua`, ...args];
}

/** What an application under test finds its modules by. */
export function environment() {
  const { LUA_PATH_5_4, LUA_CPATH_5_4, SIO_PREFIX, SIO_LD_PRELOAD, ...env } = process.env;
  const path = [`${apps}?.lua`];
  const cpath = [];
  if (SIO_PREFIX) {
    path.push(`${SIO_PREFIX}/share/lua/5.4/?.lua`, `${SIO_PREFIX}/share/lua/5.4/?/init.lua`);
    cpath.push(`${SIO_PREFIX}/lib/lua/5.4/?.so`);
  }
  env.LUA_PATH = [...path, LUA_PATH_5_4 ?? env.LUA_PATH ?? ";"].join(";");
  env.LUA_CPATH = [...cpath, LUA_CPATH_5_4 ?? env.LUA_CPATH ?? ";"].join(";");
  if (SIO_LD_PRELOAD) env.LD_PRELOAD = SIO_LD_PRELOAD;
  return env;
}

/** What `promise` gives, unless the time limit passes or an application dies first. */
export async function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    const error = new Error(`no ${what} within ${timeLimit} ms`);
    timer = setTimeout(() => reject(error), timeLimit);
  });
  try {
    return await Promise.race([promise, late, ...[...running].map((server) => server.death)]);
  } finally {
    clearTimeout(timer);
  }
}

/** The arguments of the next `name` event. */
export function event(emitter, name) {
  return within(
    new Promise((resolve) => emitter.once(name, (...args) => resolve(args))),
    `"${name}" event`,
  );
}

/** The arguments of the next `count` events called `name`. */
export function events(emitter, name, count) {
  const seen = [];
  return within(
    new Promise((resolve) => {
      emitter.on(name, function listener(...args) {
        seen.push(args);
        if (seen.length < count) return;
        emitter.off(name, listener);
        resolve(seen);
      });
    }),
    `${count} "${name}" events`,
  );
}

/** An emit whose acknowledgement must come. */
export function ask(socket, ...args) {
  return within(socket.emitWithAck(...args), `acknowledgement of "${args[0]}"`);
}

/** Resolves when the client's engine has moved to WebSocket. */
export async function upgraded(client) {
  const { engine } = client.io;
  if (engine.transport.name !== "websocket") await event(engine, "upgrade");
}

/** Calls `step` until it gives something; the time limit bounds it. */
export async function until(what, step) {
  const end = Date.now() + timeLimit;
  for (;;) {
    const result = await step();
    if (result) return result;
    assert.ok(Date.now() < end, `no ${what} within ${timeLimit} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export class Application {
  #clients = new Set();
  #reports = [];
  #waiting = new Set();
  stdout = [];
  stderr = "";

  /** `parser` is what its clients use, instead of the default one. */
  static async start(app, { args = [], port = 0, path = "/socket.io", parser } = {}) {
    const self = new Application();
    self.parser = parser;
    const [command, ...rest] = commandLine(app, args);
    self.process = spawn(command, rest, {
      env: { ...environment(), PORT: String(port) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    self.exit = new Promise((resolve) => {
      self.process.on("error", (error) => resolve({ error }));
      self.process.on("close", (code, signal) => resolve({ code, signal }));
    });
    self.death = self.exit.then(({ error, code, signal }) => {
      running.delete(self);
      if (self.stopping) return new Promise(() => {});
      const how = error?.message ?? signal ?? `status ${code}`;
      throw new Error(`the application ended early (${how})\n${self.stderr}`);
    });
    self.death.catch(() => {});
    running.add(self);
    self.process.stderr.setEncoding("utf8").on("data", (text) => (self.stderr += text));
    const lines = createInterface({ input: self.process.stdout });
    const ready = new Promise((resolve) => {
      lines.on("line", (line) => {
        const [, found] = line.match(/^listening (\d+)$/) ?? [];
        if (found) resolve(Number(found));
        else self.stdout.push(line);
      });
    });
    self.port = await within(ready, `"listening" from ${app}`);
    self.url = `http://127.0.0.1:${self.port}`;
    const options = { forceNew: true, transports: ["websocket"], path, parser };
    self.control = io(`${self.url}/control`, options);
    self.control.on("report", (...report) => self.#receive(report));
    await event(self.control, "connect");
    return self;
  }

  get alive() {
    return running.has(this);
  }

  #receive(report) {
    for (const waiter of this.#waiting) {
      if (waiter.matches(report)) return waiter.resolve(report);
    }
    this.#reports.push(report);
  }

  /** The arguments of the first report called `name` that begins with `start`. */
  async report(name, ...start) {
    const wanted = [name, ...start];
    const matches = (report) => wanted.every((value, i) => report[i] === value);
    const index = this.#reports.findIndex(matches);
    if (index >= 0) return this.#reports.splice(index, 1)[0].slice(1);
    const waiter = { matches };
    const found = new Promise((resolve) => (waiter.resolve = resolve));
    this.#waiting.add(waiter);
    try {
      return (await within(found, `report "${wanted.join(" ")}"`)).slice(1);
    } finally {
      this.#waiting.delete(waiter);
    }
  }

  /** A Socket.IO client; not connected yet. */
  client(namespace = "/", options = {}) {
    const { parser } = this;
    const usual = { forceNew: true, reconnection: false, parser };
    const client = io(this.url + namespace, { ...usual, ...options });
    return this.keep(client, () => client.io.engine && client.io._close());
  }

  /** A connected Socket.IO client. */
  async connect(namespace, options) {
    const client = this.client(namespace, options);
    await Promise.race([
      event(client, "connect"),
      new Promise((_, reject) => client.once("connect_error", reject)),
    ]);
    return client;
  }

  /** An Engine.IO client; not open yet. */
  engine(options = {}) {
    const client = new EngineClient(this.url, { path: "/socket.io/", ...options });
    return this.keep(client, () => client.close());
  }

  /** A bare WebSocket with a queue: `await ws.next()` gives the next message. */
  async webSocket({ query = "EIO=4&transport=websocket", path = "/socket.io/", ...options } = {}) {
    const ws = new WebSocket(`ws://127.0.0.1:${this.port}${path}?${query}`, options);
    this.keep(ws, () => ws.terminate());
    const queue = [];
    const waiting = [];
    ws.on("message", (data, isBinary) => {
      const message = isBinary ? data : data.toString();
      if (waiting.length > 0) waiting.shift()(message);
      else queue.push(message);
    });
    ws.next = () =>
      queue.length > 0
        ? Promise.resolve(queue.shift())
        : within(new Promise((resolve) => waiting.push(resolve)), "WebSocket message");
    ws.on("upgrade", (response) => (ws.upgrade = response));
    ws.closed = new Promise((resolve) => ws.on("close", (code) => resolve(code)));
    await Promise.race([event(ws, "open"), new Promise((_, reject) => ws.on("error", reject))]);
    return ws;
  }

  /** A bare WebSocket that has joined the main namespace; `ws.id` is its socket's id. */
  async rawSocket() {
    const ws = await this.webSocket();
    ws.handshake = JSON.parse((await ws.next()).slice(1));
    ws.send("40");
    ws.id = JSON.parse((await ws.next()).slice(2)).sid;
    return ws;
  }

  /** A bare HTTP request: `{ status, headers, body }`. */
  request(path, { method = "GET", headers = {}, body, signal, encoding = "utf8" } = {}) {
    return within(
      new Promise((resolve, reject) => {
        const { port } = this;
        const options = { host: "127.0.0.1", port, path, method, headers, signal, agent: false };
        const request = http.request(options, (response) => {
          const chunks = [];
          response.on("data", (chunk) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            const bytes = Buffer.concat(chunks);
            const { statusCode: status, headers } = response;
            resolve({ status, headers, body: encoding ? bytes.toString(encoding) : bytes });
          });
        });
        request.on("error", reject);
        request.end(body);
      }),
      `answer to ${method} ${path}`,
    );
  }

  /** A bare polling session that has joined the main namespace. */
  async rawPolling() {
    const path = "/socket.io/?EIO=4&transport=polling";
    const open = await this.request(path);
    const handshake = JSON.parse(open.body.slice(1));
    const url = `${path}&sid=${handshake.sid}`;
    const session = {
      handshake,
      url,
      get: (options) => this.request(url, options),
      post: (body, options) => this.request(url, { method: "POST", body, ...options }),
      // A poll that certainly waits at the server: the answer to a later POST has come.
      poll: async () => {
        const controller = new AbortController();
        const answer = session.get({ signal: controller.signal });
        answer.catch(() => {});
        await session.post("3");
        return { answer, abort: () => controller.abort() };
      },
    };
    await session.post("40");
    session.id = JSON.parse((await session.get()).body.slice(2)).sid;
    return session;
  }

  /** Registers something that must be closed at the end of the test. */
  keep(thing, close) {
    this.#clients.add(close);
    return thing;
  }

  /** Closes what the test has opened and forgets what was reported. */
  reset() {
    for (const close of this.#clients) close();
    this.#clients.clear();
    this.#reports.length = 0;
  }

  /** Asks the application to end, and holds it to a clean one. */
  async stop({ stderr = /^$/, keepClients = false } = {}) {
    if (!this.alive) return assert.fail(`the application has died\n${this.stderr}`);
    this.stopping = true;
    if (!keepClients) this.reset();
    this.control.io.reconnection(false);
    this.control.emit("shutdown");
    await this.#ended({ code: 0, signal: null });
    assert.match(this.stderr, stderr, "unexpected output on stderr");
  }

  /** Ends the application the hard way. */
  async kill() {
    this.stopping = true;
    this.reset();
    this.control.disconnect();
    this.process.kill("SIGTERM");
    await this.#ended({ code: null, signal: "SIGTERM" });
  }

  async #ended(expected) {
    try {
      assert.deepEqual(await within(this.exit, "end of the application"), expected, this.stderr);
    } finally {
      this.process.kill("SIGKILL");
      this.control.disconnect();
    }
    assert.doesNotMatch(this.stderr, /Sanitizer|runtime error:/);
  }
}

/**
 * Runs `define` as a suite around one application, which is started again should a test kill it.
 * `define` gets a stand-in with the members of Application.
 */
export function suite(title, app, options, define) {
  if (typeof options === "function") return suite(title, app, {}, options);
  describe(title, () => {
    let current;
    const server = new Proxy(
      {},
      {
        get(_, name) {
          const value = current[name];
          return typeof value === "function" ? value.bind(current) : value;
        },
      },
    );
    before(async () => {
      current = await Application.start(app, options);
    });
    beforeEach(async () => {
      if (!current.alive) current = await Application.start(app, options);
    });
    afterEach(() => current?.reset());
    after(() => current?.stop(options));
    define(server);
  });
}

/** The same suite for each way a client may connect: `define(connect, transport, options)`. */
export function eachTransport(server, define, names = Object.keys(transportsOf)) {
  for (const name of names) {
    const options = { transports: transportsOf[name] };
    const connect = (namespace, more) => server.connect(namespace, { ...options, ...more });
    describe(name, () => define(connect, name, options));
  }
}
