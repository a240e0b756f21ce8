// Requests as HTTP has them, right and wrong.
import { head } from "../../../wire/raw.mjs";

const GOOD = "EIO=4&transport=polling";

const malformed = {
  "no host": (target) => head(`GET ${target} HTTP/1.1`),
  "two hosts": (target) => head(`GET ${target} HTTP/1.1`, "Host: a", "Host: b"),
  "a space before the colon": (target) => head(`GET ${target} HTTP/1.1`, "Host : a"),
  "a header without a colon": (target) => head(`GET ${target} HTTP/1.1`, "Host: a", "Nothing"),
  "a folded header": (target) => head(`GET ${target} HTTP/1.1`, "Host: a", "X: a", " b"),
  "a NUL in a header": (target) => head(`GET ${target} HTTP/1.1`, "Host: a", "X: a\0b"),
  "a space in the target": (target) => head(`GET ${target} x HTTP/1.1`, "Host: a"),
  "an unknown method": (target) => head(`FOO ${target} HTTP/1.1`, "Host: a"),
  "a method in small letters": (target) => head(`get ${target} HTTP/1.1`, "Host: a"),
  "an unknown version": (target) => head(`GET ${target} HTTP/3.7`, "Host: a"),
  "two lengths": (target) =>
    head(`POST ${target} HTTP/1.1`, "Host: a", "Content-Length: 1", "Content-Length: 2"),
  "a length and chunks": (target) =>
    head(`POST ${target} HTTP/1.1`, "Host: a", "Content-Length: 1", "Transfer-Encoding: chunked"),
  "a negative length": (target) => head(`POST ${target} HTTP/1.1`, "Host: a", "Content-Length: -1"),
  "an unknown transfer encoding": (target) =>
    head(`POST ${target} HTTP/1.1`, "Host: a", "Transfer-Encoding: gzip"),
  "a head too large": (target) =>
    head(`GET ${target} HTTP/1.1`, "Host: a", `X: ${"a".repeat(20000)}`),
  "lines that end in LF": (target) => `GET ${target} HTTP/1.1\nHost: a\n\n`,
  "the preface of HTTP/2": () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "a TLS hello": () => "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
};

export const scenarios = (add) => {
  for (const [name, make] of Object.entries(malformed)) {
    add(name, "plain", async (s) => {
      const conn = await s.begin("GET", name, { bytes: make(s.target(GOOD)) });
      const { headers } = await conn.answer();
      if (headers.connection !== "close") return;
      await conn.closed();
      s.note("< end");
    });
  }
  add("an absolute target", "plain", (s) =>
    s.request("GET", "absolute", {
      bytes: head(`GET http://a${s.target(GOOD)} HTTP/1.1`, "Host: a"),
    }),
  );
  add("a body with GET", "plain", (s) => s.request("GET", s.target(GOOD), { body: "abc" }));
  add("two requests at once", "plain", async (s) => {
    const one = head(`GET ${s.target(GOOD)} HTTP/1.1`, "Host: a");
    const conn = await s.begin("GET", "two", {
      bytes: one + head("GET /nothing HTTP/1.1", "Host: a"),
    });
    await conn.answer();
    await conn.answer();
  });
  add("empty lines before a request", "plain", (s) =>
    s.request("GET", "after CRLF", {
      bytes: `\r\n\r\n${head(`GET ${s.target(GOOD)} HTTP/1.1`, "Host: a")}`,
    }),
  );
  add("a post in chunks with trailers", "plain", async (s) => {
    const session = await s.polling();
    const lines = head(`POST ${session.target} HTTP/1.1`, "Host: a", "Transfer-Encoding: chunked");
    await s.request("POST", "chunks", { bytes: `${lines}2;x=y\r\n40\r\n0\r\nX-More: 1\r\n\r\n` });
    await session.get();
  });
  add("a post in bad chunks", "plain", async (s) => {
    const session = await s.polling();
    await session.ask("40");
    const lines = head(`POST ${session.target} HTTP/1.1`, "Host: a", "Transfer-Encoding: chunked");
    await s.request("POST", "chunks", { bytes: `${lines}zz\r\n`, closes: true });
    await s.hears("engine close");
  });
  add("base64 asked for by a new client", "plain", async (s) => {
    const session = await s.polling({ b64: "1" });
    await session.ask("40");
    await session.post(['451-["echo",{"_placeholder":true,"num":0}]', "bAQI="]);
    await session.get();
  });
};
