// Events and acknowledgements: what is valid, what closes the connection, what comes back.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BINARY, frame } from "./frames.mjs";
import { expected, serve } from "./harness.mjs";
import {
  A,
  CLOSED,
  P,
  any,
  asFrame,
  closes,
  echo,
  only,
  packetTable,
  withJson,
} from "./packets.mjs";
import { octets } from "./raw.mjs";

const target = serve({ pingInterval: 300000 });
const table = packetTable(target);

table("packets that are none", [
  ...closes("4", "4abc", "47", "48", "49", "4-1", "4 ", "4\0", "4a", "4[]", "4{}"),
  ...closes(
    "42{}",
    "42[]",
    "42[null]",
    "42[true]",
    "42[{}]",
    "42[[]]",
    '42"a"',
    "42null",
    "42true",
  ),
  ...closes(
    '42["a"]x',
    '42["a"]]',
    '42["a"',
    '42["a',
    "42[",
    "42]",
    '42"',
    '42-1["a"]',
    '421.5["a"]',
    '421e1["a"]',
    '42+1["a"]',
  ),
  ["an event without arguments", ["42"], only([any("undefined", 0)], [CLOSED])],
  ["an event with an id alone", ["4212"], only(null, [CLOSED])],
  ["a space before the array", ['42 ["echo",1]'], only(["430[1]"], [CLOSED])],
  ["a space inside of the id", ['421 2["echo",1]'], only(null, [CLOSED])],
  ["a byte order mark", ['42\ufeff["echo",1]'], only(["430[1]"], [CLOSED])],
]);

const RESERVED = [
  "connect",
  "connect_error",
  "disconnect",
  "disconnecting",
  "newListener",
  "removeListener",
];
const NAMES = [
  "a",
  "",
  " ",
  "error",
  "connection",
  "ready",
  "message",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "__index",
  "__newindex",
  "__gc",
  "__close",
  "__call",
  "__tostring",
  "__metatable",
  "on",
  "emit",
  "n",
  "€",
];

table("event names", [
  ...RESERVED.map((name) => [`reserved: ${name}`, [`42["${name}"]`], [CLOSED]]),
  ["reserved, in escapes", ['42["\\u0064isconnect"]'], [CLOSED]],
  ["reserved, with an acknowledgement", ['420["disconnecting",1]'], [CLOSED]],
  ...NAMES.map((name) => [
    `not reserved: ${JSON.stringify(name)}`,
    [`42["${name}",1,2]`],
    [any(name, 2)],
  ]),
  ["NUL", ['42["a\\u0000b"]'], ['42["any","a\\u0000b",0]']],
  ["a number", ["42[1,2]"], [any("1", 1)]],
  ["a fraction", ["42[1.5]"], [any("1.5", 0)]],
  ["a negative number", ["42[-7]"], [any("-7", 0)]],
  ["100 000 letters", [`42["${"n".repeat(100000)}"]`], [any("n".repeat(100000), 0)]],
]);

table(
  "JSON that is none",
  closes(
    ...[
      "01",
      "-01",
      "NaN",
      "Infinity",
      "-Infinity",
      "+1",
      "1.",
      ".5",
      "-",
      "1e",
      "1e+",
      "0x10",
      "1_000",
      "--1",
    ].map(withJson),
    ...[
      "tru",
      "nul",
      "True",
      "undefined",
      "'a'",
      '"a',
      '"\\x41"',
      '"\\u12"',
      '"\\u12G4"',
      '"a\nb"',
      '"a\tb"',
      '"a\x01b"',
      '"\\"',
    ].map(withJson),
    ...[
      "[1,]",
      "[,1]",
      "[1 2]",
      "[1",
      "{",
      '{"a"}',
      '{"a":}',
      '{"a":1,}',
      "{a:1}",
      "{1:2}",
      '{"a" 1}',
      '{"a":1 "b":2}',
      "/**/1",
      "1//",
    ].map(withJson),
    '42["echo",]',
    '42["echo" 1]',
    '42["echo",1}',
    '42["echo"]["echo"]',
    "42['echo']",
    '42["echo",\ufeff1]',
    '42["echo",\u00a01]',
  ),
);

const fidelity = (json, out = json) => [
  json.length > 40 ? `${json.slice(0, 40)}…` : json,
  [withJson(json)],
  typeof out === "string" ? [withJson(out)] : out,
];

table("values come back as they were", [
  ...[
    "0",
    "1",
    "-1",
    "1.5",
    "0.1",
    "-0.25",
    "1e+21",
    "1e-7",
    "9007199254740991",
    "-9007199254740991",
    "0.30000000000000004",
    "1.7976931348623157e+308",
    "5e-324",
    "123456789012345680000",
    "true",
    "false",
    "null",
    '""',
    '"a"',
    "[]",
    "{}",
    "[[]]",
    "[{}]",
    '{"a":[]}',
    '{"a":{}}',
    "[null]",
    '{"a":null}',
    "[1,[2,[3,[4]]]]",
    '{"a":{"b":{"c":[1,{"d":null}]}}}',
    '{"":1}',
    '{"__proto__":1}',
    '{"constructor":{"prototype":2}}',
    '{"toJSON":1}',
    '{"__tojson":1}',
    '{"length":3}',
    '{"n":1}',
    '"€ 😀 é \u2028 \u2029 \ufeff \u007f"',
    '"\\u0000\\u001f\\"\\\\/\\b\\f\\n\\r\\t"',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"a\\ud83dz"',
    '{"_placeholder":false}',
    "[1,null,3]",
    "null,null",
    "1,null,2,null",
    "[null,null]",
  ].map((json) => fidelity(json)),
  [
    "a placeholder without attachments",
    [`42["echo",${P(0)}]`],
    [/^42\["echo",\{("_placeholder":true,"num":0|"num":0,"_placeholder":true)\}\]$/],
  ],
  fidelity("-0", "0"),
  fidelity("1.0", "1"),
  fidelity("1E2", "100"),
  fidelity("1e2", "100"),
  fidelity("100e-2", "1"),
  fidelity("0.00000000000000000001", "1e-20"),
  fidelity("100000000000000000000", "100000000000000000000"),
  fidelity(
    "9007199254740993",
    only([withJson("9007199254740992")], [withJson("9007199254740993")]),
  ),
  fidelity(
    "9223372036854775807",
    only([withJson("9223372036854776000")], [withJson("9223372036854775807")]),
  ),
  fidelity("1e400", "null"),
  fidelity('"\\/\\u0041\\u20ac"', '"/A€"'),
  fidelity('"\\ud83d\\ude00"', '"😀"'),
  fidelity(' [ 1 , 2 ] , { "a" : 1 } ', '[1,2],{"a":1}'),
  fidelity('{"a":1,"a":2}', '{"a":2}'),
  ["no arguments", ['42["echo"]'], ['42["echo"]']],
  ["white space around", ['42[ "echo"\t,\r\n1 ] '], ['42["echo",1]']],
]);

const deep = (levels, open = "[", close = "]") =>
  `42["deep",${open.repeat(levels)}${close.repeat(levels)}]`;
const many = (count) => `42["many"${",0".repeat(count)}]`;

table("depth and number of arguments", [
  ["127 levels of arrays come back", ...echo(`${"[".repeat(127)}${"]".repeat(127)}`)],
  ["128 levels of arrays", [deep(128)], [any("deep", 1)]],
  ["129 levels of arrays", [deep(129)], only([any("deep", 1)], [CLOSED])],
  ["128 levels of objects", [deep(127, '{"a":', "}").replace(":}", ":{}}")], [any("deep", 1)]],
  [
    "300 levels of objects",
    [deep(300, '{"a":', "}").replace(":}", ":1}")],
    only([any("deep", 1)], [CLOSED]),
  ],
  ["10 000 levels", [deep(10000)], only([any("deep", 1)], [CLOSED])],
  ["400 000 levels", [deep(400000)], only(null, [CLOSED])],
  ["400 000 levels without end", [`42["deep",${"[".repeat(400000)}`], [CLOSED]],
  ["100 000 objects without end", [`42["deep",${'{"a":'.repeat(100000)}`], [CLOSED]],
  ["4095 arguments", [many(4095)], [any("many", 4095)]],
  ["4097 arguments", [many(4097)], only([any("many", 4097)], [CLOSED])],
  ["100 000 arguments, which end the reference's process", [many(100000)], only(null, [CLOSED])],
  [
    "an array of 100 000",
    [`42["echo",[0${",0".repeat(99999)}]]`],
    [`42["echo",[0${",0".repeat(99999)}]]`],
  ],
  [
    "an object of 20 000 keys",
    [`42["keys",{${Array.from({ length: 20000 }, (_, i) => `"k${i}":0`)}}]`],
    [any("keys", 1)],
  ],
]);

table("acknowledgement ids", [
  ["zero", ['420["echo",1]'], ["430[1]"]],
  ["no arguments", ['427["echo"]'], ["437[]"]],
  ["the same twice", ['425["echo",1]', '425["echo",2]'], ["435[1]", "435[2]"]],
  ["leading zeros", ['4200012["echo",1]'], ["4312[1]"]],
  ["over 32 bits", ['424294967296["echo",1]'], ["434294967296[1]"]],
  [
    "2^53 + 1",
    ['429007199254740993["echo",1]'],
    only(["439007199254740992[1]"], ["439007199254740993[1]"]),
  ],
  [
    "2^63 - 1",
    ['429223372036854775807["echo",1]'],
    only(["439223372036854776000[1]"], ["439223372036854775807[1]"]),
  ],
  ["2^63", ['429223372036854775808["echo",1]'], only(["439223372036854776000[1]"], [CLOSED])],
  ["5000 digits", [`42${"9".repeat(5000)}["echo",1]`], only(["43Infinity[1]"], [CLOSED])],
  ["binary in the answer", [`451-0["echo",${P(0)}]`, A], [`461-0[${P(0)}]`, A]],
]);

table("acknowledgements", [
  ["of nothing", ["430[]", '439999["x"]', "439007199254740993[]"], []],
  ["without an id", ["43[]"], []],
  ["not an array", ["430{}"], [CLOSED]],
  ["a string", ['430"a"'], [CLOSED]],
  ["null", ["430null"], [CLOSED]],
  ["a negative id", ["43-1[]"], [CLOSED]],
  ["broken JSON", ["430[1"], [CLOSED]],
  ["binary, of nothing", [`461-0[${P(0)}]`, A], []],
]);

describe("answers of the client", () => {
  /** Asks the server to ask; gives the id of its question. */
  async function asked(client, ms) {
    await client.emit(ms ? `["ask",${ms}]` : '["ask"]');
    const [, id] = /^42(\d+)\["question"\]$/.exec(await client.packet()) ?? [];
    assert.ok(id);
    return id;
  }

  test("count once", async () => {
    const client = await target.client();
    const id = await asked(client);
    await client.text(`43${id}["a",null,[]]`);
    await client.text(`43${id}["b"]`);
    assert.equal(await client.packet(), '42["answer","a",null,[]]');
    await client.alive();
    await client.leave();
  });

  test("may be binary", async () => {
    const client = await target.client();
    const id = await asked(client);
    await client.text(`461-${id}[${P(0)}]`);
    await client.send(frame(BINARY, A));
    assert.equal(await client.packet(), `451-["answer",${P(0)}]`);
    assert.deepEqual(await client.packet(), A);
    await client.leave();
  });

  test("come too late", async () => {
    const client = await target.client();
    const id = await asked(client, 50);
    assert.equal(await client.packet(), '42["answer","operation has timed out"]');
    await client.text(`43${id}["late"]`);
    await client.alive();
    await client.leave();
  });

  test("come in time", async () => {
    const client = await target.client();
    const id = await asked(client, 60000);
    await client.text(`43${id}[1]`);
    assert.equal(await client.packet(), '42["answer",null,1]');
    await client.leave();
  });

  test("come from another client", async () => {
    const [client, thief] = [await target.client(), await target.client()];
    const id = await asked(client);
    await thief.text(`43${id}["stolen"]`);
    await thief.alive();
    await client.text(`43${id}["mine"]`);
    assert.equal(await client.packet(), '42["answer","mine"]');
    await client.leave();
    await thief.leave();
  });

  test("never come, and the client goes", async () => {
    const client = await target.client();
    for (let i = 0; i < 100; i++) await client.emit('["ask",100]');
    await client.packet();
    client.destroy();
    await target.watcher.reason(client.sid);
    await target.served();
  });
});

describe("order and reasons", () => {
  test("events of one segment are handled in order", async () => {
    const client = await target.client();
    await client.send(Buffer.concat(Array.from({ length: 500 }, (_, i) => asFrame(withJson(i)))));
    for (let i = 0; i < 500; i++) assert.equal(await client.packet(), withJson(i));
    await client.leave();
  });

  test("a good event before a bad packet is handled, none behind it", async () => {
    const client = await target.client();
    const room = `r${client.id}`;
    const listener = await target.client();
    await listener.text(`420["join","${room}"]`);
    assert.equal(await listener.packet(), "430[]");
    const tell = (n) => asFrame(`42["tell","${room}",${n}]`);
    await client.send(tell(1));
    assert.equal(await listener.packet(), '42["told",1]');
    await client.send(Buffer.concat([asFrame("42{}"), tell(2)]));
    await client.closing();
    await listener.alive();
    await listener.leave();
  });

  for (const [name, packet, reasons] of [
    ["a bad packet", "42{}", ["forced close", "parse error"]],
    ["a violation of the protocol", "40", ["forced close", "forced server close", "parse error"]],
  ]) {
    test(`the reason after ${name}`, async () => {
      const client = await target.client();
      await client.text(packet);
      const reason = await target.watcher.reason(client.id, "gone");
      assert.ok(
        expected({ reference: reasons.slice(0, -1), ours: reasons }).includes(reason),
        reason,
      );
      await client.closing();
    });
  }

  test("invalid UTF-8 by polling never reaches another client", async () => {
    const client = await target.client();
    await client.text('420["join","utf8"]');
    assert.equal(await client.packet(), "430[]");
    for (const bytes of ["\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"]) {
      const session = await target.polling();
      await session.join();
      assert.equal((await session.post(octets(`42["tell","utf8","${bytes}"]`))).status, 200);
    }
    // What does come is valid UTF-8: the reader of every frame checks it.
    await target.served();
    const talker = await target.client();
    await talker.emit('["tell","utf8","end"]');
    for (let got; (got = await client.packet()) !== '42["told","end"]';) assert.ok(got);
    await client.leave();
    await talker.leave();
  });

  test("the same, in the name of an event and of a namespace", async () => {
    for (const bytes of ['42["\xff"]', "40/\xff,", '42["echo",{"\xc0\xaf":1}]', "4\xff"]) {
      const session = await target.polling();
      await session.join();
      assert.equal((await session.post(octets(bytes))).status, 200);
      const answer = await session.poll();
      if (answer.status === 200) new TextDecoder("utf-8", { fatal: true }).decode(answer.body);
    }
    await target.served();
  });
});
