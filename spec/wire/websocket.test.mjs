// WebSocket: the cases of the Autobahn test suite that concern a server, by their numbers.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  HEADER,
  HELLO,
  binary,
  bytesOf,
  concat,
  echoTable,
  event,
  half,
  pong,
  rest,
  sized,
  text,
  wrapped,
} from "./echo.mjs";
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  PING,
  PONG,
  TEXT,
  chop,
  closeFrame,
  fragments,
  frame,
} from "./frames.mjs";
import { serve } from "./harness.mjs";
import { octets, utf8 } from "./raw.mjs";

const target = serve({ pingInterval: 300000 });
const table = echoTable(target);

const SIZES = [125, 126, 127, 128, 65535, 65536];

table("1 framing", [
  ...SIZES.map((size, i) => [
    `1.1.${i + 2} text of ${size} octets`,
    text(sized(size)),
    [sized(size)],
  ]),
  ...[0, ...SIZES].map((size, i) => [`1.2.${i + 1} binary of ${size} octets`, ...binary(size)]),
]);

test("1.1.8, 1.2.8 messages in chops of 997 octets", async () => {
  const client = await target.client();
  for (const part of chop(concat(text(sized(65536)), binary(65536)[0]), 997)) {
    client.send(part);
    await new Promise(setImmediate);
  }
  assert.equal(await client.message(), sized(65536));
  assert.equal(await client.message(), HEADER);
  assert.deepEqual(await client.message(), bytesOf(65536));
  await client.leave();
});

const NOISE = Buffer.from([0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff]);
const tenPings = Array.from({ length: 10 }, (_, i) => `payload-${i}`);

table("2 pings and pongs", [
  ["2.1 an empty ping", frame(PING), [pong("")]],
  ["2.2 a ping with text", frame(PING, "hello"), [pong("hello")]],
  ["2.3 a ping with octets", frame(PING, NOISE), [pong(NOISE)]],
  ["2.4 a ping of 125 octets", frame(PING, bytesOf(125)), [pong(bytesOf(125))]],
  ["2.5 a ping of 126 octets", frame(PING, bytesOf(126)), [1002]],
  ["2.7 an unsolicited pong", frame(PONG), []],
  ["2.8 an unsolicited pong with text", frame(PONG, "hello"), []],
  ["2.9 an unsolicited pong, then a ping", concat(frame(PONG, "a"), frame(PING, "b")), [pong("b")]],
  ["2.10 ten pings", concat(...tenPings.map((p) => frame(PING, p))), tenPings.map(pong)],
]);

table("3 reserved bits", [
  ...[1, 2, 3, 4, 5, 6, 7].map((rsv) => [
    `3.${rsv} RSV ${rsv} on text behind a good message`,
    concat(text(HELLO), frame(TEXT, HELLO, { rsv })),
    [HELLO, 1002],
  ]),
  ["RSV 1 on binary", concat(text(HEADER), frame(BINARY, "a", { rsv: 4 })), [1002]],
  ["RSV 2 on a ping", frame(PING, "a", { rsv: 2 }), [1002]],
  ["RSV 1 on a ping", frame(PING, "a", { rsv: 4 }), [1002]],
  ["RSV 3 on a close", frame(CLOSE, "", { rsv: 1 }), [1002]],
  [
    "RSV 1 on a continuation",
    concat(frame(TEXT, "4", { fin: false }), frame(CONTINUATION, "2", { rsv: 4 })),
    [1002],
  ],
]);

table("4 opcodes", [
  ...[3, 4, 5, 6, 7].map((opcode, i) => [`4.1.${i + 1} opcode ${opcode}`, frame(opcode), [1002]]),
  ...[11, 12, 13, 14, 15].map((opcode, i) => [
    `4.2.${i + 1} opcode ${opcode}, behind a good message`,
    concat(text(HELLO), frame(opcode, "a")),
    [HELLO, 1002],
  ]),
]);

const [FIRST, SECOND] = [HELLO.slice(0, 8), HELLO.slice(8)];
table("5 fragments", [
  ["5.1 a fragmented ping", concat(half(PING, "a"), rest("b")), [1002]],
  ["5.2 a fragmented pong", concat(half(PONG, "a"), rest("b")), [1002]],
  ["5.3 text in two", concat(half(TEXT, FIRST), rest(SECOND)), [HELLO]],
  [
    "5.6 a ping between",
    concat(half(TEXT, FIRST), frame(PING, "a"), rest(SECOND)),
    [pong("a"), HELLO],
  ],
  ["5.7 a pong between", concat(half(TEXT, FIRST), frame(PONG, "a"), rest(SECOND)), [HELLO]],
  ["5.9 a continuation of nothing", rest("a"), [1002]],
  ["5.10 a continuation of nothing, then text", concat(rest("a"), text(HELLO)), [1002]],
  ["5.12 an unfinished continuation of nothing", half(CONTINUATION, "a"), [1002]],
  [
    "5.15 a continuation behind a whole message",
    concat(half(TEXT, FIRST), rest(SECOND), half(CONTINUATION, "a")),
    [HELLO, 1002],
  ],
  ["5.18 text inside of text", concat(half(TEXT, FIRST), text(SECOND)), [1002]],
  ["binary inside of text", concat(half(TEXT, FIRST), frame(BINARY, "a")), [1002]],
  [
    "5.19 pings between five parts",
    concat(
      half(TEXT, FIRST),
      half(CONTINUATION, SECOND.slice(0, 2)),
      frame(PING, "a"),
      half(CONTINUATION, SECOND.slice(2, 4)),
      frame(PING, "b"),
      rest(SECOND.slice(4)),
    ),
    [pong("a"), pong("b"), HELLO],
  ],
  ["a part an octet", fragments(TEXT, chop(HELLO, 1)), [HELLO]],
  [
    "binary in parts",
    concat(text(HEADER), fragments(BINARY, chop(bytesOf(100), 7))),
    [HEADER, bytesOf(100)],
  ],
  [
    "a ping between a header and its attachment",
    concat(text(HEADER), frame(PING, "a"), frame(BINARY, "x")),
    [pong("a"), HEADER, utf8("x")],
  ],
  ["empty parts", fragments(TEXT, ["", HELLO, ""]), [HELLO]],
  ["empty parts between", fragments(TEXT, [FIRST, "", "", SECOND]), [HELLO]],
  [
    "binary in empty parts",
    concat(text(HEADER), fragments(BINARY, ["", "", ""])),
    [HEADER, Buffer.alloc(0)],
  ],
  ["two messages in one segment", concat(text(HELLO), text(event(2))), [HELLO, event(2)]],
]);

const VALID = {
  "6.2 Grüße": "Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!",
  "6.5 κόσμε": "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5",
  "6.7 first of two octets": "\xc2\x80",
  "6.7 first of three octets": "\xe0\xa0\x80",
  "6.7 first of four octets": "\xf0\x90\x80\x80",
  "6.9 last of one octet": "\x7f",
  "6.9 last of two octets": "\xdf\xbf",
  "6.9 last of three octets": "\xef\xbf\xbf",
  "6.9 last of four octets": "\xf4\x8f\xbf\xbf",
  "6.11 around the surrogates": "\xed\x9f\xbf\xee\x80\x80",
  "6.11 the replacement character": "\xef\xbf\xbd",
  "6.22 characters that are none":
    "\xef\xbf\xbe\xef\xbf\xbf\xf0\x9f\xbf\xbe\xf0\x9f\xbf\xbf\xf0\xaf\xbf\xbe\xf4\x8f\xbf\xbe",
  "6.23 the block of non-characters": "\xef\xb7\x90\xef\xb7\xaf",
  "6.23 line separators and a byte order mark": "\xe2\x80\xa8\xe2\x80\xa9\xef\xbb\xbf",
};
const INVALID = {
  "6.3.1 a surrogate amid text": "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",
  "6.8 five octets": "\xf8\x88\x80\x80\x80",
  "6.8 six octets": "\xfc\x84\x80\x80\x80\x80",
  "6.10 beyond four octets": "\xf7\xbf\xbf\xbf",
  "6.10 the last of five octets": "\xfb\xbf\xbf\xbf\xbf",
  "6.10 the last of six octets": "\xfd\xbf\xbf\xbf\xbf\xbf",
  "6.11 beyond Unicode": "\xf4\x90\x80\x80",
  "6.12 a lone continuation": "\x80",
  "6.12 another lone continuation": "\xbf",
  "6.12 many continuations": "\x80\xbf\x80\xbf\x80\xbf",
  "6.13 a lone start of two": "\xc2 ",
  "6.13 a lone start of three": "\xe0 ",
  "6.13 a lone start of four": "\xf0 ",
  "6.14 two of three": "\xe0\xa0",
  "6.14 three of four": "\xf0\x90\x80",
  "6.14 two of four": "\xf4\x8f",
  "6.15 cut sequences in a row": "\xc3\xe0\xa0\xf0\x90\x80",
  "6.16 FE": "\xfe",
  "6.16 FF": "\xff",
  "6.16 FE FE FF FF": "\xfe\xfe\xff\xff",
  "6.17 a slash in two": "\xc0\xaf",
  "6.17 a slash in three": "\xe0\x80\xaf",
  "6.17 a slash in four": "\xf0\x80\x80\xaf",
  "6.18 the longest of two": "\xc1\xbf",
  "6.18 the longest of three": "\xe0\x9f\xbf",
  "6.18 the longest of four": "\xf0\x8f\xbf\xbf",
  "6.19 NUL in two": "\xc0\x80",
  "6.19 NUL in three": "\xe0\x80\x80",
  "6.20 the first high surrogate": "\xed\xa0\x80",
  "6.20 the last high surrogate": "\xed\xaf\xbf",
  "6.20 the first low surrogate": "\xed\xb0\x80",
  "6.20 the last low surrogate": "\xed\xbf\xbf",
  "6.21 a pair of surrogates": "\xed\xa0\x80\xed\xb0\x80",
};
const each = (set, make) =>
  Object.entries(set).map(([name, bytes]) => [name, ...make(wrapped(bytes))]);
const echoed = (bytes) => [bytes.toString("utf8")];

table("6 UTF-8", [
  ...each(VALID, (bytes) => [frame(TEXT, bytes), echoed(bytes)]),
  ...each(INVALID, (bytes) => [frame(TEXT, bytes), [1007]]),
  [
    "6.2.3 a part an octet",
    fragments(TEXT, chop(wrapped(VALID["6.2 Grüße"]), 1)),
    echoed(wrapped(VALID["6.2 Grüße"])),
  ],
  [
    "6.3.2 invalid, a part an octet",
    fragments(TEXT, chop(wrapped(INVALID["6.3.1 a surrogate amid text"]), 1)),
    [1007],
  ],
  [
    "6.4.1 invalid in the second part",
    fragments(TEXT, [octets('42["echo","\xce\xba'), octets("\xf4\x90\x80\x80"), octets('"]')]),
    [1007],
  ],
  [
    "6.4.2 split inside of the invalid",
    fragments(TEXT, [octets('42["echo","\xce\xba\xf4'), octets('\x90\x80\x80"]')]),
    [1007],
  ],
  ["ends inside of a character", frame(TEXT, octets('42["echo","a"]\xe2\x82')), [1007]],
  [
    "ends inside of a character, in parts",
    fragments(TEXT, [octets('42["echo","a"]\xe2'), octets("\x82")]),
    [1007],
  ],
  [
    "binary needs no UTF-8",
    concat(text(HEADER), frame(BINARY, octets("\xff\xfe\xc0"))),
    [HEADER, octets("\xff\xfe\xc0")],
  ],
]);

test("6.2 text split into two parts anywhere", async () => {
  const bytes = wrapped(VALID["6.2 Grüße"] + VALID["6.9 last of four octets"]);
  const client = await target.client();
  for (let at = 0; at <= bytes.length; at++) {
    client.send(fragments(TEXT, [bytes.subarray(0, at), bytes.subarray(at)]));
    assert.equal(await client.message(), bytes.toString("utf8"));
  }
  await client.leave();
});

/** The reference handles a message a little later than it gets it: after the close, too late. */
const LOST = null;

table("7 closing", [
  [
    "7.1.1 a message, then a close",
    concat(text(HELLO), closeFrame(1000)),
    { reference: LOST, ours: [HELLO, 1000] },
  ],
  ["7.1.2 two closes", concat(closeFrame(1000), closeFrame(1001)), [1000]],
  ["7.1.3 a ping behind the close", concat(closeFrame(1000), frame(PING, "a")), [1000]],
  ["7.1.4 a message behind the close", concat(closeFrame(1000), text(HELLO)), [1000]],
  [
    "7.1.5 a close inside of a message",
    concat(half(TEXT, FIRST), closeFrame(1000), rest(SECOND)),
    [1000],
  ],
  [
    "7.1.6 a large message, a close, a ping",
    concat(text(sized(262144)), closeFrame(1000), frame(PING, "a")),
    {
      reference: LOST,
      ours: [sized(262144), 1000],
    },
  ],
  ["7.3.1 an empty close", closeFrame(), [1005]],
  ["7.3.2 a close of one octet", frame(CLOSE, "a"), [1002]],
  ["7.3.3 a code alone", closeFrame(1000), [1000]],
  ["7.3.4 a code and a reason", closeFrame(1000, "Hello World!"), [1000]],
  ["7.3.5 a reason of 123 octets", closeFrame(1000, "*".repeat(123)), [1000]],
  ["7.3.6 a reason of 124 octets", closeFrame(1000, "*".repeat(124)), [1002]],
  [
    "7.5.1 a reason that is no UTF-8",
    closeFrame(1000, octets(INVALID["6.3.1 a surrogate amid text"])),
    [[1002, 1006, 1007]],
  ],
  [
    "a reason that ends inside of a character",
    closeFrame(1000, octets("a\xe2\x82")),
    [[1002, 1006, 1007]],
  ],
  ["a reason beyond ASCII", closeFrame(1000, "Grüße, κόσμε"), [1000]],
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map(
    (code, i) => [`7.7.${i + 1} code ${code}`, closeFrame(code), [code]],
  ),
  ...[1012, 1013, 1014].map((code) => [
    `code ${code}, registered later`,
    closeFrame(code),
    [[code, 1002]],
  ]),
  ...[0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999].map((code, i) => [
    `7.9.${i + 1} code ${code}`,
    closeFrame(code),
    [1002],
  ]),
  ["7.13.1 code 5000", closeFrame(5000), [[1002, 1006]]],
  ["7.13.2 code 65535", closeFrame(65535), [[1002, 1006]]],
]);

table(
  "9 and 10 large messages",
  [
    ...[65536, 262144, 999999].flatMap((size) => [
      [`9.1 text of ${size} octets`, text(sized(size)), [sized(size)]],
      [`9.2 binary of ${size} octets`, ...binary(size)],
    ]),
    ...[64, 256, 1024, 4096, 16384, 65536].map((part) => [
      `9.3 text of 262 144 octets in parts of ${part}`,
      fragments(TEXT, chop(sized(262144), part)),
      [sized(262144)],
    ]),
    [
      "10.1.1 65 536 octets in parts of 1300",
      fragments(TEXT, chop(sized(65536), 1300)),
      [sized(65536)],
    ],
  ],
  ["whole", 1],
);

test("9.7 200 round trips of each size", async () => {
  const client = await target.client();
  for (const size of [13, 64, 256, 1024, 4096]) {
    for (let i = 0; i < 200; i++) {
      client.text(sized(size));
      assert.equal(await client.message(), sized(size));
    }
  }
  await client.leave();
});
