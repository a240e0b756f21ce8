// Starts the server under test and keeps an eye on it: a watcher that stays connected, hears why
// others were disconnected, and tells after every case whether good clients are still served.
//
//   SIO_TARGET      "lua" (default) or "reference"
//   SIO_PREFIX      where socketio is installed (share/lua/5.4 and lib/lua/5.4); else Lua's own paths
//   SIO_LUA         the interpreter with its arguments, "lua5.4" by default
//   SIO_LD_PRELOAD  preloaded into the server alone: the runtime of a sanitizer
//   SIO_TIME_LIMIT  ms to wait for anything that must happen, 15000 by default
//   SIO_REFERENCE   a folder with node_modules/socket.io 4.8.4, ../interop by default
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach } from "node:test";
import { fileURLToPath } from "node:url";
import { CLOSE, TEXT, WebSocket, frame } from "./frames.mjs";
import { Conn, PATIENCE, fetch } from "./raw.mjs";

export const REFERENCE = process.env.SIO_TARGET === "reference";
export const POLLING = "/socket.io/?EIO=4&transport=polling";
export const WEBSOCKET = "/socket.io/?EIO=4&transport=websocket";
export const SEPARATOR = "\x1e";

/** What this target must do, of a case that tells the two apart. */
export function expected(value) {
  const apart =
    value !== null && typeof value === "object" && "ours" in value && "reference" in value;
  return apart ? (REFERENCE ? value.reference : value.ours) : value;
}

/** The words of the codes with which Engine.IO refuses a request. */
export const MESSAGES = [
  "Transport unknown",
  "Session ID unknown",
  "Bad handshake method",
  "Bad request",
  "Forbidden",
  "Unsupported protocol version",
];

/** Fails unless a polling request was refused in the documented form. */
export function refused(
  answer,
  code,
  { status = 400, message = MESSAGES[code], body = true } = {},
) {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers["content-type"], /^application\/json\b/);
  assert.equal(answer.text, body ? JSON.stringify({ code, message }) : "");
}

/** What an option table looks like in Lua. */
function luaLiteral(value) {
  if (Array.isArray(value)) return `{${value.map(luaLiteral).join(",")}}`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.entries(value).map(([key, v]) => `[${JSON.stringify(key)}]=${luaLiteral(v)}`)}}`;
}

function command(options) {
  const here = fileURLToPath(new URL(".", import.meta.url));
  if (REFERENCE) {
    return [process.execPath, [join(here, "app.mjs"), JSON.stringify(options)], process.env];
  }
  const env = { ...process.env };
  const prefix = process.env.SIO_PREFIX;
  if (prefix) {
    env.LUA_PATH = `${prefix}/share/lua/5.4/?.lua;${prefix}/share/lua/5.4/?/init.lua;;`;
    env.LUA_CPATH = `${prefix}/lib/lua/5.4/?.so;;`;
  }
  if (process.env.SIO_LD_PRELOAD) env.LD_PRELOAD = process.env.SIO_LD_PRELOAD;
  const [program, ...args] = (process.env.SIO_LUA ?? "lua5.4").split(" ");
  return [program, [...args, join(here, "app.lua"), luaLiteral(options)], env];
}

const ALARMS = /ERROR: AddressSanitizer|LeakSanitizer|runtime error:|stack traceback:/;

/** Runs one test with a server of its own. */
export async function once(options, run) {
  const target = new Target(options);
  await target.launch();
  try {
    await run(target);
  } finally {
    await target.stop();
  }
}

/** A server with these options, for all tests of the suite (or file) that calls this. */
export function serve(options = {}) {
  const target = new Target(options);
  before(() => target.launch());
  beforeEach(() => target.revive());
  after(() => target.stop());
  return target;
}

class Target {
  constructor(options) {
    this.options = options;
    this.turn = 0;
    this.deaths = [];
  }

  async launch() {
    const [program, args, env] = command(this.options);
    this.child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    this.stderr = "";
    this.child.stderr.on("data", (text) => (this.stderr += text));
    this.exited = new Promise((resolve) =>
      this.child.on("exit", (code, signal) => resolve(signal ?? code)),
    );
    try {
      await this.listening();
      this.watcher = await Watcher.open(this.port);
    } catch (error) {
      this.child.kill("SIGKILL");
      throw error;
    }
  }

  /** After a test that killed the server, or cut the watcher off, gives the next a fresh start. */
  async revive() {
    if (await this.watcher.ask("echo").catch(() => undefined)) return;
    try {
      this.watcher = await Watcher.open(this.port);
    } catch {
      this.child.kill("SIGKILL");
      await this.exited;
      this.deaths.push(this.stderr);
      await this.launch();
    }
  }

  listening() {
    return new Promise((resolve, reject) => {
      let output = "";
      this.child.on("error", reject);
      this.child.stdout.on("data", (text) => {
        output += text;
        const [, port] = /listening (\d+)\n/.exec(output) ?? [];
        if (port) resolve((this.port = Number(port)));
      });
      this.exited.then((code) => reject(new Error(`the server ended (${code}): ${this.stderr}`)));
    });
  }

  /** A raw TCP connection. */
  connect() {
    return Conn.open(this.port);
  }

  fetch(method, path, options) {
    return fetch(this.port, method, path, options);
  }

  /** An Engine.IO session by polling, and by WebSocket. */
  polling(query = "") {
    return Polling.open(this.port, query);
  }

  engine(options) {
    return EngineSocket.open(this.port, options);
  }

  /** A WebSocket client connected to the main namespace. */
  async client(options) {
    const socket = await EngineSocket.open(this.port, options);
    await socket.join();
    return socket;
  }

  /** Fails unless the watcher and a new client are served; new ones come by both transports in turn. */
  async served() {
    const n = ++this.turn;
    assert.deepEqual(await this.watcher.ask("echo", n), [n]);
    const client = n % 2 ? await this.client() : await this.polling();
    if (n % 2 === 0) await client.join();
    await client.emit(`["echo",${n}]`);
    assert.equal(await client.packet(), `42["echo",${n}]`);
    await client.leave();
  }

  /** Resident memory of the server, in bytes. */
  memory() {
    const [, kib] = /VmRSS:\s+(\d+) kB/.exec(
      readFileSync(`/proc/${this.child.pid}/status`, "utf8"),
    );
    return Number(kib) * 1024;
  }

  /** Has the server close itself, and fails unless its process ends by itself and in good order. */
  async stop() {
    const patience = setTimeout(() => this.child.kill("SIGKILL"), PATIENCE);
    if (this.watcher?.over) this.watcher = await Watcher.open(this.port).catch(() => undefined);
    await this.watcher?.shutdown();
    Conn.destroyAll(this.port);
    const code = await this.exited;
    clearTimeout(patience);
    assert.doesNotMatch(this.stderr, ALARMS);
    assert.equal(code, 0, `the server ended with ${code}: ${this.stderr}`);
    assert.deepEqual(this.deaths, [], "the server died under a test");
  }
}

/** A session by long-polling; each request has a connection of its own. */
export class Polling {
  static async open(port, query = "") {
    const answer = await fetch(port, "GET", POLLING + query);
    assert.equal(answer.status, 200, answer.text);
    return new Polling(port, answer, query);
  }

  constructor(port, answer, query) {
    this.port = port;
    this.handshake = JSON.parse(answer.text.slice(1));
    this.sid = this.handshake.sid;
    this.target = `${POLLING}${query}&sid=${this.sid}`;
    this.packets = [];
  }

  poll(options) {
    return fetch(this.port, "GET", this.target, options);
  }

  post(body, options = {}) {
    const headers = options.headers ?? ["Content-Type: text/plain;charset=UTF-8"];
    return fetch(this.port, "POST", this.target, { ...options, headers, body });
  }

  /** Begins a request and leaves it under way. */
  async begin(bytes) {
    const conn = await Conn.open(this.port);
    await conn.send(bytes);
    return conn;
  }

  async emit(json) {
    const answer = await this.post(`42${json}`);
    assert.equal(answer.text, "ok");
  }

  /** The next packet, polling when none is left over. */
  async packet() {
    while (this.packets.length === 0) {
      const answer = await this.poll();
      assert.equal(answer.status, 200, answer.text);
      this.packets = answer.text.split(SEPARATOR);
    }
    return this.packets.shift();
  }

  async join(namespace = "") {
    assert.equal((await this.post(`40${namespace}`)).text, "ok");
    const answer = await this.packet();
    assert.ok(answer.startsWith(`40${namespace}{"sid":`), answer);
  }

  /** Polls until the session says it is over, or is forgotten. */
  async closed() {
    for (;;) {
      const answer = await this.poll();
      if (answer.status === 400) return;
      if (answer.text.split(SEPARATOR).includes("1")) return;
    }
  }

  /** Ends the session. */
  leave() {
    return this.post("1");
  }
}

/** An Engine.IO session by WebSocket. */
export class EngineSocket extends WebSocket {
  static async open(port, { query = "", ...options } = {}) {
    const ws = await WebSocket.open(port, WEBSOCKET + query, options);
    const socket = new EngineSocket(ws.conn, ws.response);
    const open = await socket.message();
    assert.ok(open?.startsWith("0{"), open);
    socket.handshake = JSON.parse(open.slice(1));
    socket.sid = socket.handshake.sid;
    return socket;
  }

  async join(namespace = "") {
    await this.text(`40${namespace}`);
    const answer = await this.packet();
    assert.ok(answer.startsWith(`40${namespace}{"sid":`), answer);
    this.id = JSON.parse(answer.slice(2 + namespace.length)).sid;
  }

  emit(json) {
    return this.text(`42${json}`);
  }

  /** The next packet that is not a heartbeat, which is answered. */
  async packet(patience) {
    for (;;) {
      const got = await this.message(patience);
      if (got !== "2") return got;
      this.text("3");
    }
  }

  /** Ends the session. */
  async leave() {
    this.send(frame(CLOSE));
    await this.closing();
  }

  /** Fails unless the session is alive: everything sent before has been dealt with then. */
  async alive() {
    await this.emit('["echo","alive?"]');
    assert.equal(await this.packet(), '42["echo","alive?"]');
  }
}

/** The good client that stays: it answers heartbeats and hears of the fate of others. */
class Watcher {
  static async open(port) {
    const socket = await EngineSocket.open(port);
    await socket.join();
    const watcher = new Watcher(socket);
    watcher.reading = watcher.read();
    await watcher.ask("watch");
    return watcher;
  }

  constructor(socket) {
    this.socket = socket;
    this.answers = new Map();
    this.news = [];
    this.listening = new Set();
    this.asked = 0;
  }

  async read() {
    for (let got; (got = await this.socket.frame(2 ** 30)) !== null && got.opcode !== CLOSE;) {
      if (got.opcode === TEXT) this.take(got.payload.toString("utf8"));
    }
    this.socket.send(frame(CLOSE));
    this.over = true;
    for (const look of [...this.listening]) look();
  }

  take(text) {
    if (text === "2") return this.socket.text("3");
    const [, kind, id, json] = /^4([23])(\d*)(.*)$/s.exec(text);
    if (kind === "3") this.answers.get(Number(id))?.(JSON.parse(json));
    else this.news.push(JSON.parse(json));
    for (const look of [...this.listening]) look();
  }

  /** Waits until `ready()` gives something other than undefined; asked anew after each packet. */
  wait(what, ready) {
    return new Promise((resolve, reject) => {
      const failed = () => {
        clearTimeout(timer);
        this.listening.delete(look);
        reject(new assert.AssertionError({ message: `the watcher heard nothing of ${what}` }));
      };
      const timer = setTimeout(failed, PATIENCE);
      const look = () => {
        const value = ready();
        if (value === undefined) return this.over ? failed() : undefined;
        clearTimeout(timer);
        this.listening.delete(look);
        resolve(value);
      };
      this.listening.add(look);
      look();
    });
  }

  /** Emits and waits for the acknowledgement's arguments. */
  ask(event, ...args) {
    const id = this.asked++;
    let answer;
    this.answers.set(id, (value) => {
      answer = value;
      this.answers.delete(id);
    });
    this.socket.text(`42${id}${JSON.stringify([event, ...args])}`);
    return this.wait(`the answer to ${event}`, () => answer);
  }

  /** Waits until the session (or, by "gone", the socket) of this id has ended, and gives the reason. */
  reason(id, kind = "closed") {
    return this.wait(
      `the end of ${id}`,
      () => this.news.find(([event, about]) => event === kind && about === id)?.[2],
    );
  }

  async facts() {
    return (await this.ask("facts"))[0];
  }

  /** Has the server close itself; by the close that comes back it has begun. */
  async shutdown() {
    this.socket.emit('["shutdown"]');
    await this.reading;
  }
}
