// What a scenario is written with. Whatever it sends and gets is written down, in lines.
import { createHash } from "node:crypto";
import {
  brotliDecompressSync,
  constants,
  createInflateRaw,
  gunzipSync,
  inflateSync,
} from "node:zlib";
import {
  BINARY,
  CLOSE,
  PING,
  PONG,
  TEXT,
  WebSocket,
  closeFrame,
  frame,
  upgradeRequest,
} from "../../wire/frames.mjs";
import { Conn, octets, request } from "../../wire/raw.mjs";

const SEPARATOR = "\x1e";
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const unpack = { gzip: gunzipSync, deflate: inflateSync, br: brotliDecompressSync };

/** Bytes or text as one line: what is long by its length and hash, what is no text in hexadecimal. */
export function shown(data) {
  const text = Buffer.isBuffer(data) ? data.toString("utf8") : data;
  const bytes = Buffer.from(data);
  if (bytes.length > 500) {
    return `${bytes.length} bytes ${createHash("sha1").update(bytes).digest("hex").slice(0, 10)}`;
  }
  if (Buffer.from(text, "utf8").equals(bytes) && !/[\0-\x1d\x7f]/.test(text)) {
    return text.replaceAll(SEPARATOR, "<1e>");
  }
  return `0x${bytes.toString("hex")}`;
}

export class Scenario {
  lines = [];
  names = new Map();
  #open = [];

  constructor(app, server, tag) {
    Object.assign(this, { app, server, tag, port: app.ports[server] });
  }

  note(...words) {
    this.lines.push(words.join(" "));
  }

  /** The target of a request, with the scenario's tag: `query` is a string or an object. */
  target(query = {}, path = "/socket.io/") {
    const text = typeof query === "string" ? query : new URLSearchParams(query).toString();
    return `${path}?${text}&tag=${this.tag}`;
  }

  keep(thing) {
    this.#open.push(thing);
    return thing;
  }

  async connect() {
    return this.keep(await Conn.open(this.port));
  }

  // --- HTTP ---

  noteAnswer({ status, reason, headers, body }) {
    this.note("<", status, reason);
    for (const name of Object.keys(headers).sort()) this.note(`<   ${name}:`, headers[name]);
    const open = unpack[headers["content-encoding"]];
    if (body.length) this.note("<   body:", shown(open ? open(body) : body));
  }

  /** Begins a request and leaves it under way: `answer()` reads what comes. */
  async begin(method, target, { quiet, ...options } = {}) {
    const conn = await this.connect();
    if (!quiet) this.note(">", method, target);
    conn.send(options.bytes ?? request(method, target, options));
    conn.answer = async () => {
      const answer = await conn.response(method);
      if (!quiet) this.noteAnswer(answer);
      return answer;
    };
    return conn;
  }

  /** A whole request; `closes`: the server must close the connection after it. */
  async request(method, target, { closes, ...options } = {}) {
    const conn = await this.begin(method, target, options);
    const answer = await conn.answer();
    if (closes) {
      await conn.closed();
      this.note("< end");
    }
    return answer;
  }

  /** A session by polling. */
  async polling(query = {}, { path, ...options } = {}) {
    const all = { EIO: "4", transport: "polling", ...query };
    const answer = await this.request("GET", this.target(all, path), options);
    const [, sid] = /\\?"sid\\?":\\?"([^"\\]+)/.exec(answer.body.toString("latin1")) ?? [];
    return new Polling(this, sid, this.target({ ...all, sid }, path), options);
  }

  // --- WebSocket ---

  /** A WebSocket, or the refusal of one. */
  async webSocket(query = {}, { path, headers = [], more, raw } = {}) {
    const conn = await this.connect();
    const target = this.target({ EIO: "4", transport: "websocket", ...query }, path);
    this.note("> WebSocket", target);
    const bytes = raw ? octets(raw(target)) : upgradeRequest(target, { key: KEY, headers });
    conn.send(more ? Buffer.concat([bytes, ...more]) : bytes);
    if (await endsAtOnce(conn)) {
      this.note("< end");
      return undefined;
    }
    const answer = await conn.response();
    this.noteAnswer(answer);
    if (answer.status === 101) return new Socket(this, conn, answer);
    if (answer.headers.connection !== "close") return undefined;
    await conn.closed();
    this.note("< end");
    return undefined;
  }

  /** A WebSocket that has read the open packet. */
  async engine(query, options) {
    const ws = await this.webSocket(query, options);
    const open = await ws.next();
    ws.sid = JSON.parse(open.slice(1)).sid;
    return ws;
  }

  /** A WebSocket that has joined a namespace. */
  async client(namespace = "", query, options) {
    const ws = await this.engine(query, options);
    ws.text(`40${namespace}`);
    const answer = await ws.next();
    ws.id = /"sid":"([^"]+)/.exec(answer)?.[1];
    return ws;
  }

  /** Gives a value that differs from run to run a name for the transcript. */
  named(value, what) {
    this.names.set(value, what);
    return value;
  }

  // --- The server ---

  /** Waits until the server has told something that begins with `start`. */
  hears(start) {
    return this.app.hears(this.tag, start);
  }

  command(name, query = {}) {
    return this.app.command(name, { server: this.server, tag: this.tag, ...query });
  }

  /** What was sent before has arrived, and what it caused is on its way. */
  async settled() {
    for (let i = 0; i < 2; i++) await this.command("count");
  }

  /** Plays `script`; gives all lines: what is still to come then, and what the server has told. */
  async play(script) {
    try {
      await script(this);
      for (const thing of this.#open) await thing.rest?.();
    } catch (error) {
      this.note("!", error.message.split(/, got|; input/)[0]);
    }
    const told = await this.app.told(this.tag);
    for (const line of told) this.note("log:", line);
    this.close();
    return this.lines;
  }

  close() {
    for (const thing of this.#open) thing.destroy?.();
  }
}

/** Whether the server closed the connection without a word. */
function endsAtOnce(conn) {
  return conn
    .until("an answer", () => (conn.input.length ? false : conn.ended ? true : undefined))
    .catch(() => true);
}

/** A session by polling. */
class Polling {
  constructor(scenario, sid, target, options) {
    Object.assign(this, { scenario, sid, target, options });
  }

  get(options) {
    return this.scenario.request("GET", this.target, { ...this.options, ...options });
  }

  post(body, options = {}) {
    const data = Array.isArray(body) ? body.join(SEPARATOR) : body;
    const headers = options.headers ?? ["Content-Type: text/plain;charset=UTF-8"];
    this.scenario.note("> post", shown(data));
    return this.scenario.request("POST", this.target, { ...options, headers, body: data });
  }

  /** A poll that certainly waits at the server; `now()` notes its answer, or that there is none yet. */
  async poll() {
    const conn = await this.scenario.begin("GET", this.target);
    await this.scenario.settled();
    conn.now = async () => {
      await this.scenario.settled();
      if (conn.input.length > 0) await conn.answer();
      else this.scenario.note("< nothing");
    };
    return conn;
  }

  /** Posts packets of which each is answered in one poll. */
  async ask(body) {
    await this.post(body);
    return this.get();
  }
}

/** A WebSocket. */
class Socket extends WebSocket {
  static #count = 0;

  constructor(scenario, conn, response) {
    super(conn, response);
    this.scenario = scenario;
    this.inflate = inflater(response.headers["sec-websocket-extensions"]);
    scenario.keep(this);
  }

  note(...words) {
    this.scenario.note(...words);
  }

  text(payload, options) {
    this.note("ws>", shown(payload));
    return super.text(payload, options);
  }

  binary(bytes, { quiet } = {}) {
    const data = Buffer.from(bytes);
    if (!quiet) this.note("ws> binary", data.toString("hex"));
    return this.send(frame(BINARY, data));
  }

  /** Sends a close frame. */
  leave(code, reason) {
    this.note("ws> close", code ?? "");
    return this.send(closeFrame(code, reason));
  }

  async #show(got) {
    if (got === null) return "end";
    const { opcode, fin, packed } = got;
    const payload = packed ? await this.inflate(got.payload, fin) : got.payload;
    const how = (fin ? "" : "part of ") + (packed ? "packed " : "");
    got.payload = payload;
    if (opcode === CLOSE) {
      const [code, reason] = payload.length
        ? [payload.readUInt16BE(0), payload.subarray(2)]
        : [1005, ""];
      return `close ${code} ${reason}`.trim();
    }
    if (opcode === PING || opcode === PONG)
      return `${opcode === PING ? "ping" : "pong"} ${payload}`;
    if (opcode === TEXT) return `${how}text ${shown(payload)}`;
    return `${how}binary ${this.shows?.(payload) ?? shown(payload)}`;
  }

  /** The next frame, noted; gives a text message as a string. */
  async next() {
    const got = await this.frame();
    const line = await this.#show(got);
    this.note("ws<", line);
    this.over = got === null || got.opcode === CLOSE;
    return got?.opcode === TEXT ? got.payload.toString("utf8") : got;
  }

  /** Sends one packet and reads its answers, unless the server closes. */
  async ask(packet, answers = 1) {
    this.text(packet);
    for (let i = 0; i < answers && !this.over; i++) await this.next();
  }

  /** Waits for the server's close, answers it, and sees the connection end. */
  async ends({ silent } = {}) {
    for (let got; (got = await this.frame()) !== null;) {
      this.note("ws<", await this.#show(got));
      if (got.opcode !== CLOSE) continue;
      if (!silent) this.send(frame(CLOSE, Buffer.from(got.payload)));
      await this.conn.closed();
      break;
    }
    this.note("ws< end");
    this.over = true;
    this.destroy();
  }

  /** Notes all that has come by now. */
  async rest() {
    if (this.over || this.conn.socket.destroyed) return;
    await this.scenario.settled();
    const token = `rest ${Socket.#count++}`;
    await this.send(frame(PING, token));
    for (;;) {
      const got = await this.frame();
      if (got?.opcode === PONG && got.payload.toString() === token) return;
      this.note("ws<", await this.#show(got));
      if (got === null || got.opcode === CLOSE) {
        this.over = true;
        return;
      }
    }
  }
}

/** Expands the messages of one connection. */
function inflater(extensions = "") {
  if (!extensions) return undefined;
  let stream = createInflateRaw();
  return (payload, fin) =>
    new Promise((resolve, reject) => {
      const chunks = [];
      const take = (chunk) => chunks.push(chunk);
      stream.on("data", take).once("error", reject);
      stream.write(payload);
      if (fin) stream.write(Buffer.from([0, 0, 0xff, 0xff]));
      stream.flush(constants.Z_SYNC_FLUSH, () => {
        stream.off("data", take).off("error", reject);
        if (/server_no_context_takeover/.test(extensions)) stream = createInflateRaw();
        resolve(Buffer.concat(chunks));
      });
    });
}
