// Long-polling: payloads, requests that get in each other's way, sizes, compression.
import { gzipSync } from "node:zlib";
import { head } from "../../../wire/raw.mjs";

const SEPARATOR = "\x1e";
const ECHO = '42["echo",1]';
const BINARY = '451-["echo",{"_placeholder":true,"num":0}]';

const payloads = {
  "several packets": [ECHO, '42["echo",2]', "3", '42["echo",3]'],
  "beyond ASCII": ['42["echo","€ 😀 é\\u2028\\u0000"]'],
  "packets that mean nothing": ["6", "5", "0", "3x", ECHO],
  binary: [BINARY, "bAQIDBA=="],
  "empty binary": [BINARY, "b"],
  "binary without padding": [BINARY, "bAQIDBA"],
  "binary in the alphabet of addresses": [BINARY, "b-_8="],
  "binary that is no base64": [BINARY, "b@@@@"],
  "binary with a space": [BINARY, "bAQ ID"],
  nothing: [""],
  "a lone separator": ["", ""],
  "a leading separator": ["", ECHO],
  "a trailing separator": [ECHO, ""],
  "an unknown packet": ["9"],
  letters: ["abc"],
  "a packet before a bad one": [ECHO, "x"],
  "a packet after a bad one": ["x", ECHO],
  "a ping": ["2"],
  "a probe": ["2probe"],
  "a ping after a packet": [ECHO, "2"],
  "a close packet": ["1"],
  "a packet after a close packet": ["1", ECHO],
  "an old client's payload": ['12:42["echo",1]'],
};

export const scenarios = (add) => {
  for (const [name, packets] of Object.entries(payloads)) {
    add(`a payload of ${name}`, "plain", async (s) => {
      const session = await s.polling();
      await session.ask("40");
      const poll = await session.poll();
      await session.post(packets);
      await poll.answer();
      await s.settled();
    });
    add(`a payload of ${name}, no poll waiting`, "plain", async (s) => {
      const session = await s.polling();
      await session.ask("40");
      await session.post(packets);
      await session.get();
    });
  }

  add("an answer with several packets", "plain", async (s) => {
    const session = await s.polling();
    await session.ask("40");
    await session.post(ECHO);
    await session.post('42["echo",2]');
    await session.post([BINARY, "bAQIDBA=="]);
    await session.get();
  });
  add("two polls at once", "plain", async (s) => {
    const session = await s.polling();
    await session.ask("40");
    const poll = await session.poll();
    await session.get();
    await poll.answer();
    await session.get();
  });
  add("two posts at once", "plain", async (s) => {
    const session = await s.polling();
    await session.ask("40");
    const bytes = head(`POST ${session.target} HTTP/1.1`, "Host: a", "Content-Length: 9") + "4";
    const post = await s.begin("POST", "half", { bytes });
    await s.settled();
    await session.post(ECHO);
    await post.closed();
    s.note("< end");
    await s.hears("engine close");
    await session.get();
  });
  add("a poll given up", "plain", async (s) => {
    const session = await s.polling();
    await session.ask("40");
    (await session.poll()).destroy();
    await s.hears("engine close");
    await session.get();
  });
  add("a post given up", "plain", async (s) => {
    const session = await s.polling();
    await session.ask("40");
    const bytes = head(`POST ${session.target} HTTP/1.1`, "Host: a", "Content-Length: 9") + "4";
    const post = await s.begin("POST", "half", { bytes });
    await s.settled();
    post.destroy();
    await s.hears("engine close");
    await session.get();
  });
  const types = [
    "application/octet-stream",
    "application/json",
    "application/x-www-form-urlencoded",
    "text/plain",
    "",
  ];
  for (const type of types) {
    add(`a post of type "${type}"`, "plain", async (s) => {
      const session = await s.polling();
      await session.ask("40");
      await session.post(ECHO, { headers: type ? [`Content-Type: ${type}`] : [] });
      await session.get();
    });
  }
  add("a post in chunks", "plain", async (s) => {
    const session = await s.polling();
    await session.ask("40");
    const lines = head(`POST ${session.target} HTTP/1.1`, "Host: a", "Transfer-Encoding: chunked");
    await s.request("POST", "chunks", { bytes: `${lines}4\r\n42["\r\n8\r\necho",1]\r\n0\r\n\r\n` });
    await session.get();
  });
  add("a post that is compressed", "plain", async (s) => {
    const session = await s.polling();
    await session.ask("40");
    await s.request("POST", session.target, {
      headers: ["Content-Encoding: gzip"],
      body: gzipSync(ECHO),
    });
    await session.get();
  });
  add("a post after Expect", "plain", async (s) => {
    const session = await s.polling();
    await session.ask("40");
    const lines = ["Host: a", "Content-Length: 12", "Expect: 100-continue"];
    const conn = await s.begin("POST", "expecting", {
      bytes: head(`POST ${session.target} HTTP/1.1`, ...lines),
    });
    await conn.answer();
    conn.send(ECHO);
    await conn.answer();
    await session.get();
  });
  add("a post without a length", "plain", async (s) => {
    const session = await s.polling();
    await session.ask("40");
    await s.request("POST", session.target);
    await session.get();
  });
  add("a poll by another method", "plain", async (s) => {
    const session = await s.polling();
    await session.ask("40");
    await s.request("HEAD", session.target);
    await session.ask(ECHO);
  });
  add("a poll when the session is on WebSocket", "plain", async (s) => {
    const ws = await s.client();
    const target = s.target({ EIO: "4", transport: "polling", sid: ws.sid });
    await s.request("GET", target);
    await s.request("POST", target, { body: "1" });
    await ws.ask(ECHO);
  });
  add("many requests on one connection", "plain", async (s) => {
    const session = await s.polling();
    const conn = await s.begin("GET", session.target, {
      bytes: head(`GET ${s.target("EIO=4&transport=polling")} HTTP/1.1`, "Host: a"),
    });
    await conn.answer();
    conn.send(head(`POST ${session.target} HTTP/1.1`, "Host: a", "Content-Length: 2") + "40");
    await conn.answer();
    conn.send(head(`GET ${session.target} HTTP/1.1`, "Host: a"));
    await conn.answer();
    conn.send(head("GET /other HTTP/1.1", "Host: a"));
    await conn.answer();
  });

  const event = (size) => `42["echo","${"a".repeat(size - 13)}"]`;
  for (const size of [99, 100, 101, 500]) {
    add(`a post of ${size} bytes where 100 are allowed`, "small", async (s) => {
      const session = await s.polling();
      await session.ask("40");
      await session.post(event(size));
      await session.post('42["echo",2]');
      await session.get();
    });
    add(`a post of ${size} bytes in chunks where 100 are allowed`, "small", async (s) => {
      const session = await s.polling();
      await session.ask("40");
      const lines = head(
        `POST ${session.target} HTTP/1.1`,
        "Host: a",
        "Transfer-Encoding: chunked",
      );
      await s.request("POST", "chunks", {
        bytes: `${lines}${size.toString(16)}\r\n${event(size)}\r\n0\r\n\r\n`,
      });
      await session.post('42["echo",2]');
      await session.get();
    });
  }
  add("a post of more bytes than letters", "small", async (s) => {
    const session = await s.polling();
    await session.ask("40");
    await session.post(`42["echo","${"€".repeat(40)}"]`);
    await session.post('42["echo",2]');
    await session.get();
  });

  const accepted = [
    undefined,
    "gzip",
    "deflate",
    "br",
    "*",
    "gzip;q=0, deflate",
    "deflate, gzip",
    "gzip;q=0.1, deflate;q=0.2",
    "identity",
    "*;q=0",
  ];
  const big = `42["echo","${"a".repeat(3000)}"]`;
  for (const encoding of accepted) {
    const headers = encoding ? [`Accept-Encoding: ${encoding}`] : [];
    add(`a large answer to who accepts ${encoding}`, "plain", async (s) => {
      const session = await s.polling({}, { headers });
      await session.ask("40");
      await session.post(big);
      await session.get();
    });
  }
  const gzip = { headers: ["Accept-Encoding: gzip"] };
  for (const server of ["no compression", "all compressed", "compressed from 10"]) {
    add(`answers, ${server}`, server, async (s) => {
      const session = await s.polling({}, gzip);
      await session.post("40");
      await session.get();
      await session.post(big);
      await session.get();
      await session.post("1");
    });
  }
  for (const size of [1023, 1024, 1025]) {
    add(`an answer of ${size} bytes where 1024 are compressed`, "plain", async (s) => {
      const session = await s.polling({}, gzip);
      await session.ask("40");
      await session.post(event(size));
      await session.get();
    });
  }
  for (const chain of [
    [
      ["compress", false],
      ["emit", "x", "a".repeat(2000)],
    ],
    [
      ["compress", true],
      ["emit", "x", "a".repeat(2000)],
    ],
  ]) {
    add(`an answer with compress(${chain[0][1]})`, "plain", async (s) => {
      const session = await s.polling({}, gzip);
      await session.ask("40");
      await session.post(`42${JSON.stringify(["do", "socket", chain])}`);
      await session.get();
    });
  }
};
