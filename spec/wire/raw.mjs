// TCP and HTTP by hand: what the wire tests speak with, so that they can speak wrongly.
// Nothing here repairs what a test sends; what the server sends is checked strictly.
import assert from "node:assert/strict";
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
  for (let at = 0; at < bytes.length;) {
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
    return new assert.AssertionError({
      message: `expected ${what}, got ${instead}; input ${seen}`,
    });
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
    return this.until(
      "the connection to be closed",
      () => (this.ended ? true : undefined),
      patience,
    );
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
      const [, name, value] =
        /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/.exec(field) ?? [];
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
    await this.until(`a body of ${size} octets`, () =>
      this.input.length < size ? undefined : true,
    );
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
    return this.take(at + 2)
      .subarray(0, -2)
      .toString("latin1");
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
