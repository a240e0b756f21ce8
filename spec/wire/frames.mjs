// WebSocket frames by hand, good and bad, and a client that checks every frame of the server.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { Conn, request, utf8 } from "./raw.mjs";

export const TEXT = 1;
export const BINARY = 2;
export const CONTINUATION = 0;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** A frame as a client sends it; every field can be set wrongly. */
export function frame(
  opcode,
  payload = "",
  { fin = true, rsv = 0, mask = true, length, form } = {},
) {
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
  const payload = Buffer.concat([
    Buffer.alloc(2),
    typeof reason === "string" ? utf8(reason) : reason,
  ]);
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
  return request("GET", target, {
    headers: [...WS_HEADERS, `Sec-WebSocket-Key: ${key}`, ...headers],
  });
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
    const accept = createHash("sha1")
      .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
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
      short < 126
        ? short
        : short === 126
          ? input.readUInt16BE(2)
          : Number(input.readBigUInt64BE(2));
    assert.ok(short < 126 || length > (short === 126 ? 125 : 65535), "lengths are minimal");
    if ((input[0] & 15) >= 8)
      assert.ok(short < 126 && input[0] & 0x80, "control frames are short and whole");
    return input.length < header + length ? undefined : { header, total: header + length };
  }

  /** The next data message, as a string or a Buffer; null when the server closed. */
  async message(patience) {
    const got = await this.frame(patience);
    if (got === null || got.opcode === CLOSE) return null;
    assert.ok(
      got.fin && (got.opcode === TEXT || got.opcode === BINARY),
      `a message, not ${got.opcode}`,
    );
    return got.opcode === TEXT ? got.payload.toString("utf8") : Buffer.from(got.payload);
  }

  /**
   * Waits for the server's close and answers it: gives its code (1005 when empty, 1006 when the
   * connection just ended). Data that was under way is passed over.
   */
  async closing() {
    let code = 1006;
    for (let got; (got = await this.frame()) !== null;) {
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
  const known =
    (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) ||
    (code >= 3000 && code < 5000);
  assert.ok(known, `close code ${code}`);
  checkText(payload.subarray(2));
}

function checkText(payload) {
  new TextDecoder("utf-8", { fatal: true }).decode(payload);
}
