// TCP, HTTP and WebSocket by hand: what the wire tests speak with, so that they can speak wrongly.
// Nothing here repairs what a test sends; what the server sends is checked strictly.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import net from "node:net";

/** How long, in ms, a test waits for something that must happen. */
export const PATIENCE = Number(process.env.SIO_TIME_LIMIT ?? 15000);

/** A repeatable sequence of numbers in [0, 1) (mulberry32). */
export function random(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A string's octets: the tests write wire bytes as latin1, and UTF-8 where they say so. */
export const octets = (data) => (typeof data === "string" ? Buffer.from(data, "latin1") : data);
export const utf8 = (text) => Buffer.from(text, "utf8");

/** Cuts bytes into segments: "whole", "octets", or a seed for random cuts. */
export function pieces(bytes, cut = "whole") {
  if (cut === "whole") return [bytes];
  const next = cut === "octets" ? () => 1 : random(cut);
  const list = [];
  for (let at = 0; at < bytes.length; ) {
    const size = cut === "octets" ? 1 : 1 + Math.floor(next() * Math.max(4, bytes.length / 4));
    list.push(bytes.subarray(at, at + size));
    at += size;
  }
  return list;
}

/** The segmentations under which a parser must give the same result. */
export const CUTS = ["whole", "octets", 1, 2, 3];

/** A TCP connection with what has come in and was not yet taken. */
export class Conn {
  static #open = new Set();

  /** Destroys what a failed test left open to a port. */
  static destroyAll(port) {
    for (const conn of Conn.#open) if (conn.socket.remotePort === port) conn.destroy();
  }

  /** Connects to a port of this machine, or gives up. */
  static open(port) {
    return new Promise((resolve, reject) => {
      const socket = net.connect(port, "127.0.0.1", () => {
        socket.off("error", reject);
        resolve(new Conn(socket));
      });
      socket.once("error", reject);
    });
  }

  constructor(socket) {
    this.socket = socket;
    this.input = Buffer.alloc(0);
    this.ended = false; // the server has closed its side
    this.broken = false; // a write of ours failed: an answer may have been lost with it
    this.waiting = new Set();
    Conn.#open.add(this);
    socket.setNoDelay(true);
    socket.on("close", () => Conn.#open.delete(this));
    socket.on("data", (chunk) => {
      this.input = this.input.length ? Buffer.concat([this.input, chunk]) : chunk;
      this.wake();
    });
    socket.on("error", () => (this.broken = true));
    for (const event of ["end", "close"]) {
      socket.on(event, () => {
        this.ended = true;
        this.wake();
      });
    }
  }

  wake() {
    for (const check of [...this.waiting]) check();
  }

  /** Waits until `ready()` gives something other than undefined, and gives that. */
  until(what, ready, patience = PATIENCE) {
    return new Promise((resolve, reject) => {
      const check = () => {
        let value;
        try {
          value = ready();
        } catch (error) {
          return finish(reject, error);
        }
        if (value !== undefined) return finish(resolve, value);
        if (this.ended) finish(reject, this.failure(what, "the server closed"));
      };
      const timer = setTimeout(() => finish(reject, this.failure(what, "nothing")), patience);
      const finish = (settle, value) => {
        clearTimeout(timer);
        this.waiting.delete(check);
        settle(value);
      };
      this.waiting.add(check);
      check();
    });
  }

  failure(what, instead) {
    const seen = JSON.stringify(this.input.subarray(0, 300).toString("latin1"));
    return new assert.AssertionError({ message: `expected ${what}, got ${instead}; input ${seen}` });
  }

  take(count) {
    const bytes = this.input.subarray(0, count);
    this.input = this.input.subarray(count);
    return bytes;
  }

  /** Writes; cut into several segments, each goes out on its own. */
  async send(data, cut = "whole") {
    const list = pieces(octets(data), cut);
    for (const piece of list) {
      if (this.ended || this.broken) return;
      this.socket.write(piece);
      if (list.length > 1) await new Promise(setImmediate);
    }
  }

  /** Waits until the server has closed the connection. */
  closed(patience = PATIENCE) {
    return this.until("the connection to be closed", () => (this.ended ? true : undefined), patience);
  }

  destroy() {
    this.socket.destroy();
  }

  /** Reads one HTTP response; `to` is the method of the request that it answers. */
  async response(to = "GET") {
    const end = await this.until("an HTTP response", () => {
      const at = this.input.indexOf("\r\n\r\n");
      return at < 0 ? undefined : at;
    });
    const head = this.take(end + 4).toString("latin1");
    const [line, ...fields] = head.slice(0, -4).split("\r\n");
    const [, status, reason] = /^HTTP\/1\.1 (\d{3}) ?([^\r\n]*)$/.exec(line) ?? [];
    assert.ok(status, `bad status line ${JSON.stringify(line)}`);
    const headers = {};
    for (const field of fields) {
      const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/.exec(field) ?? [];
      assert.ok(name, `bad header line ${JSON.stringify(field)}`);
      const key = name.toLowerCase();
      headers[key] = key in headers ? `${headers[key]}, ${value}` : value;
    }
    const response = { status: Number(status), reason, head, headers, body: Buffer.alloc(0) };
    if (to !== "HEAD" && response.status >= 200 && ![204, 304].includes(response.status)) {
      response.body = await this.body(headers);
    }
    response.text = response.body.toString("utf8");
    return response;
  }

  async body(headers) {
    assert.ok(!("content-length" in headers && "transfer-encoding" in headers), "two body lengths");
    if (headers["transfer-encoding"] === "chunked") return this.chunks();
    if (!("content-length" in headers)) {
      await this.closed();
      return this.take(this.input.length);
    }
    assert.match(headers["content-length"], /^\d+$/);
    const size = Number(headers["content-length"]);
    await this.until(`a body of ${size} octets`, () => (this.input.length < size ? undefined : true));
    return this.take(size);
  }

  async chunks() {
    const parts = [];
    for (;;) {
      const line = await this.line();
      assert.match(line, /^[0-9a-fA-F]+$/);
      const size = parseInt(line, 16);
      await this.until("a chunk", () => (this.input.length < size + 2 ? undefined : true));
      parts.push(this.take(size));
      assert.equal(this.take(2).toString("latin1"), "\r\n");
      if (size === 0) return Buffer.concat(parts);
    }
  }

  async line() {
    const at = await this.until("a line", () => {
      const end = this.input.indexOf("\r\n");
      return end < 0 ? undefined : end;
    });
    return this.take(at + 2).subarray(0, -2).toString("latin1");
  }
}

/** The head of a request. */
export const head = (line, ...fields) => [line, ...fields, "", ""].join("\r\n");

/** A whole request; a body brings its Content-Length. */
export function request(method, target, { headers = [], body } = {}) {
  const fields = ["Host: 127.0.0.1", ...headers];
  if (body === undefined) return octets(head(`${method} ${target} HTTP/1.1`, ...fields));
  const bytes = typeof body === "string" ? utf8(body) : body;
  fields.push(`Content-Length: ${bytes.length}`);
  return Buffer.concat([octets(head(`${method} ${target} HTTP/1.1`, ...fields)), bytes]);
}

/** One request on a connection of its own. */
export async function fetch(port, method, target, options) {
  const conn = await Conn.open(port);
  try {
    conn.send(request(method, target, options), options?.cut);
    return await conn.response(method);
  } finally {
    conn.destroy();
  }
}

export const TEXT = 1;
export const BINARY = 2;
export const CONTINUATION = 0;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** A frame as a client sends it; every field can be set wrongly. */
export function frame(opcode, payload = "", { fin = true, rsv = 0, mask = true, length, form } = {}) {
  const data = typeof payload === "string" ? utf8(payload) : payload;
  const claimed = length ?? data.length;
  const size = form ?? (claimed < 126 ? 7 : claimed < 65536 ? 16 : 64);
  const first = Buffer.from([(fin ? 0x80 : 0) | (rsv << 4) | opcode, mask ? 0x80 : 0]);
  let extended = Buffer.alloc(0);
  if (size === 7) first[1] |= claimed;
  else if (size === 16) {
    first[1] |= 126;
    extended = Buffer.alloc(2);
    extended.writeUInt16BE(claimed);
  } else {
    first[1] |= 127;
    extended = Buffer.alloc(8);
    extended.writeBigUInt64BE(BigInt(claimed));
  }
  if (!mask) return Buffer.concat([first, extended, data]);
  const key = randomBytes(4);
  const masked = Buffer.from(data);
  for (let i = 0; i < masked.length; i++) masked[i] ^= key[i & 3];
  return Buffer.concat([first, extended, key, masked]);
}

/** A close frame; `code` undefined leaves the payload empty. */
export function closeFrame(code, reason = "") {
  if (code === undefined) return frame(CLOSE);
  const payload = Buffer.concat([Buffer.alloc(2), typeof reason === "string" ? utf8(reason) : reason]);
  payload.writeUInt16BE(code);
  return frame(CLOSE, payload);
}

/** One message whose fragments carry the given parts. */
export function fragments(opcode, parts) {
  return Buffer.concat(
    parts.map((part, i) => frame(i ? CONTINUATION : opcode, part, { fin: i === parts.length - 1 })),
  );
}

/** Octets in parts of `size`. */
export function chop(payload, size) {
  const data = typeof payload === "string" ? utf8(payload) : payload;
  const parts = [];
  for (let at = 0; at < data.length; at += size) parts.push(data.subarray(at, at + size));
  return parts;
}

export const WS_HEADERS = [
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
];

/** The head of a WebSocket handshake. */
export function upgradeRequest(target, { headers = [], key = "dGhlIHNhbXBsZSBub25jZQ==" } = {}) {
  return request("GET", target, { headers: [...WS_HEADERS, `Sec-WebSocket-Key: ${key}`, ...headers] });
}

/** A WebSocket connection whose server frames are checked for what RFC 6455 asks of a server. */
export class WebSocket {
  /** Opens one; fails unless the server agrees. */
  static async open(port, target, { headers, cut } = {}) {
    const conn = await Conn.open(port);
    const key = randomBytes(16).toString("base64");
    conn.send(upgradeRequest(target, { headers, key }), cut);
    const response = await conn.response();
    assert.equal(response.status, 101, response.text);
    const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    assert.equal(response.headers["sec-websocket-accept"], accept);
    assert.equal(response.headers.upgrade.toLowerCase(), "websocket");
    assert.equal(response.headers.connection.toLowerCase(), "upgrade");
    return new WebSocket(conn, response);
  }

  constructor(conn, response) {
    this.conn = conn;
    this.response = response;
  }

  send(bytes, cut) {
    return this.conn.send(bytes, cut);
  }

  text(payload, options) {
    return this.conn.send(frame(TEXT, payload, options));
  }

  /** The next frame of the server: `{opcode, payload, fin, packed}`, or null when it closed the connection. */
  async frame(patience) {
    const whole = await this.conn.until(
      "a frame",
      () => this.size() ?? (this.conn.ended ? null : undefined),
      patience,
    );
    if (whole === null) return null;
    const bytes = this.conn.take(whole.total);
    const opcode = bytes[0] & 15;
    const payload = bytes.subarray(whole.header);
    const fin = (bytes[0] & 0x80) !== 0;
    const packed = (bytes[0] & 0x40) !== 0;
    const deflate = this.response.headers["sec-websocket-extensions"] !== undefined;
    assert.equal(bytes[0] & (deflate && opcode < 8 ? 0x30 : 0x70), 0, "reserved bits are 0");
    assert.ok([0, 1, 2, 8, 9, 10].includes(opcode), `opcode ${opcode}`);
    if (opcode === CLOSE) checkClose(payload);
    if (opcode === TEXT && fin && !packed) checkText(payload);
    return { opcode, payload, fin, packed };
  }

  size() {
    const { input } = this.conn;
    if (input.length < 2) return undefined;
    assert.equal(input[1] & 0x80, 0, "a server does not mask");
    const short = input[1] & 127;
    const header = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (input.length < header) return undefined;
    const length =
      short < 126 ? short : short === 126 ? input.readUInt16BE(2) : Number(input.readBigUInt64BE(2));
    assert.ok(short < 126 || length > (short === 126 ? 125 : 65535), "lengths are minimal");
    if ((input[0] & 15) >= 8) assert.ok(short < 126 && input[0] & 0x80, "control frames are short and whole");
    return input.length < header + length ? undefined : { header, total: header + length };
  }

  /** The next data message, as a string or a Buffer; null when the server closed. */
  async message(patience) {
    const got = await this.frame(patience);
    if (got === null || got.opcode === CLOSE) return null;
    assert.ok(got.fin && (got.opcode === TEXT || got.opcode === BINARY), `a message, not ${got.opcode}`);
    return got.opcode === TEXT ? got.payload.toString("utf8") : Buffer.from(got.payload);
  }

  /**
   * Waits for the server's close and answers it: gives its code (1005 when empty, 1006 when the
   * connection just ended). Data that was under way is passed over.
   */
  async closing() {
    let code = 1006;
    for (let got; (got = await this.frame()) !== null; ) {
      if (got.opcode !== CLOSE) continue;
      code = got.payload.length ? got.payload.readUInt16BE(0) : 1005;
      this.send(frame(CLOSE, Buffer.from(got.payload)));
      await this.conn.closed();
      break;
    }
    this.destroy();
    return code;
  }

  destroy() {
    this.conn.destroy();
  }
}

function checkClose(payload) {
  assert.notEqual(payload.length, 1, "a close payload of one octet");
  if (payload.length < 2) return;
  const code = payload.readUInt16BE(0);
  const known = (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code < 5000);
  assert.ok(known, `close code ${code}`);
  checkText(payload.subarray(2));
}

function checkText(payload) {
  new TextDecoder("utf-8", { fatal: true }).decode(payload);
}
