// The parser of MessagePack: every packet is one binary message. Those that come are shown as values.
import { createRequire } from "node:module";

const require = createRequire(createRequire(import.meta.url).resolve("socket.io-msgpack-parser"));
const { encode, decode } = require("notepack.io");

const sorted = (_, value) => {
  if (value?.type === "Buffer") return `<${Buffer.from(value.data).toString("hex")}>`;
  return value?.constructor === Object ? Object.fromEntries(Object.entries(value).sort()) : value;
};
const shown = (bytes) => JSON.stringify(decode(bytes), sorted);

async function joined(s, data) {
  const ws = await s.engine();
  ws.shows = shown;
  ws.pack = (packet) => {
    ws.note("ws> packet", JSON.stringify(packet, sorted));
    return ws.binary(packet instanceof Buffer ? packet : encode(packet), { quiet: true });
  };
  await ws.pack({ type: 0, nsp: "/", data });
  ws.pid = decode((await ws.next()).payload).data?.pid;
  return ws;
}

const event = (...data) => ({ type: 2, nsp: "/", data });

const good = {
  "an event": event("echo", 1),
  "an event with options": { ...event("echo", 1), options: { compress: true } },
  "an event with an id": { ...event("ack", 1, "two"), id: 3 },
  "an event of a number": event(1, 2),
  "values of all kinds": event("echo", null, true, 1, -1, 1.5, "€😀", "", [], {}, [[]], { a: [1] }),
  numbers: event(
    "echo",
    127,
    128,
    255,
    256,
    65535,
    65536,
    4294967296,
    -32,
    -33,
    -129,
    -32769,
    1e21,
    2 ** 53,
  ),
  "long texts": event("echo", "a".repeat(31), "a".repeat(32), "a".repeat(256), "a".repeat(65536)),
  "long lists": event("echo", Array(16).fill(0), Array(65536).fill(1)),
  binary: event("echo", Buffer.from([1, 2]), { a: Buffer.alloc(0) }, Buffer.alloc(300, 7)),
  dates: event("echo", new Date(0)),
  "an answer that nobody waits for": { type: 3, nsp: "/", id: 9, data: [1] },
  "an answer without an id": { type: 3, nsp: "/", data: [1] },
  "a name that is reserved": event("disconnect", 1),
  "another namespace": { type: 0, nsp: "/one" },
  "another namespace with an object": { type: 0, nsp: "/one", data: { token: "t" } },
  "an unknown namespace": { type: 0, nsp: "/none" },
  "a namespace that refuses": { type: 0, nsp: "/deny" },
  leaving: { type: 1, nsp: "/" },
};

const bad = {
  "no type": { nsp: "/", data: ["echo"] },
  "type 5": { type: 5, nsp: "/", data: ["echo"] },
  "a type of text": { type: "2", nsp: "/", data: ["echo"] },
  "no namespace": { type: 2, data: ["echo"] },
  "no data": { type: 2, nsp: "/" },
  "data that is no list": { type: 2, nsp: "/", data: { a: 1 } },
  "an id of text": { ...event("echo"), id: "1" },
  "an id of null": { ...event("echo"), id: null },
  "a fractional id": { ...event("echo"), id: 1.5 },
  "a list": [1, 2],
  nil: Buffer.from([0xc0]),
  nothing: Buffer.alloc(0),
  "what is cut short": encode(event("echo", 1)).subarray(0, -3),
  "more than a packet": Buffer.concat([encode(event("echo", 1)), Buffer.from([1])]),
  "a byte that means nothing": Buffer.from([0xc1]),
  "a second CONNECT": { type: 0, nsp: "/" },
  "a CONNECT with a list": { type: 0, nsp: "/one", data: [] },
  "a leave with data": { type: 1, nsp: "/", data: [1] },
  "a CONNECT_ERROR": { type: 4, nsp: "/", data: "x" },
  "a namespace not joined": { type: 2, nsp: "/one", data: ["echo", 1] },
};

export const scenarios = (add) => {
  for (const [name, packet] of Object.entries(good)) {
    add(name, "msgpack", async (s) => {
      const ws = await joined(s);
      ws.pack(packet);
      await ws.rest();
      await ws.pack(event("count", 1));
    });
  }
  for (const [name, packet] of Object.entries(bad)) {
    add(`bad: ${name}`, "msgpack", async (s) => {
      const ws = await joined(s);
      ws.pack(packet);
      await ws.rest();
    });
  }
  add("text", "msgpack", async (s) => {
    const ws = await joined(s);
    ws.text('42["echo",1]');
    await ws.rest();
  });
  add("polling", "msgpack", async (s) => {
    const session = await s.polling();
    const b64 = (packet) => `b${Buffer.from(encode(packet)).toString("base64")}`;
    const shows = async () => {
      const { text } = await session.get({ quiet: true });
      for (const part of text.split("\x1e")) {
        s.note("< packet", shown(Buffer.from(part.slice(1), "base64")));
      }
    };
    await session.post(b64({ type: 0, nsp: "/" }), { quiet: true });
    await shows();
    await session.post([b64(event("echo", Buffer.from([1, 2]))), b64({ ...event("ack"), id: 0 })], {
      quiet: true,
    });
    await shows();
    await session.post("40");
    await session.get();
  });
  add("recovery", "recovery msgpack", async (s) => {
    const ws = await joined(s);
    await ws.pack(event("do", "socket", [["emit", "x", Buffer.from([1])]]));
    const offset = s.named(decode((await ws.next()).payload).data.at(-1), "offset");
    ws.destroy();
    await s.hears("engine close");
    const back = await joined(s, { pid: ws.pid, offset });
    await back.pack({ ...event("ack", "back"), id: 1 });
  });
  add("an old client", "msgpack", async (s) => {
    const ws = await s.webSocket({ EIO: "3" });
    ws.shows = (bytes) => (bytes[0] === 4 ? shown(bytes.subarray(1)) : undefined);
    await ws.next();
    await ws.next();
    const packet = Buffer.concat([Buffer.from([4]), encode(event("echo", "€", Buffer.from([1])))]);
    ws.binary(packet, { quiet: true });
    await ws.next();
  });
  add("what the application sends", "msgpack", async (s) => {
    const ws = await joined(s);
    await ws.pack(event("do", "socket", [["emit", "q", "$ack"]]));
    const question = decode((await ws.next()).payload);
    await ws.pack({ type: 3, nsp: "/", id: question.id, data: ["answer", Buffer.from([1])] });
    await ws.next();
    await ws.pack(event("do", "socket", [["disconnect"]]));
    await ws.next();
  });
};
