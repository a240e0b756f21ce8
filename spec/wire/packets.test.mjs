// Socket.IO packets on the wire: what is valid, what closes the connection, and what comes back.
// Every case goes by WebSocket under several segmentations, and by polling.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { REFERENCE, SEPARATOR, expected, serve } from "./harness.mjs";
import { BINARY, CUTS, TEXT, frame, octets, utf8 } from "./raw.mjs";

const target = serve({ pingInterval: 300000 });

/** At the end of what is expected: the server closes the connection. */
const CLOSED = Symbol("closed");
const echo = (json) => [[`42["echo",${json}]`], [`42["echo",${json}]`]];
const any = (name, count) => `42["any",${JSON.stringify(name)},${count}]`;
const A = Buffer.from([1, 2, 3]);
const B = Buffer.from([0xff, 0, 0xfe]);
const P = (num) => `{"_placeholder":true,"num":${num}}`;

const asFrame = (packet) => (typeof packet === "string" ? frame(TEXT, packet) : frame(BINARY, packet));
const asPart = (packet) => (typeof packet === "string" ? packet : `b${packet.toString("base64")}`);

function same(got, want) {
  if (want instanceof RegExp) assert.match(got, want);
  else assert.deepEqual(got, want);
}

async function byWebSocket(packets, wanted, { cut, join }) {
  const client = join ? await target.client() : await target.engine();
  await client.send(Buffer.concat(packets.map(asFrame)), cut);
  for (const want of wanted) {
    if (want === CLOSED) return void (await client.closing());
    same(await client.packet(), want);
  }
  if (join || wanted.length) await client.alive();
  await client.leave();
}

async function byPolling(packets, wanted, { join }) {
  const session = await target.polling();
  if (join) await session.join();
  assert.equal((await session.post(packets.map(asPart).join(SEPARATOR))).text, "ok");
  for (const want of wanted) {
    if (want === CLOSED) return session.closed();
    same(await session.packet(), want instanceof RegExp ? want : asPart(want));
  }
  if (!join && !wanted.length) return;
  await session.emit('["echo","alive?"]');
  assert.equal(await session.packet(), '42["echo","alive?"]');
  await session.leave();
}

/** Runs a table of [name, packets, what comes back] on sessions that have joined, or not. */
function table(title, cases, { join = true, cuts } = {}) {
  describe(title, () => {
    for (const [name, packets, right] of cases) {
      const wanted = expected(right);
      test(name, { skip: wanted === null }, async () => {
        const size = packets.reduce((sum, packet) => sum + packet.length, 0);
        for (const cut of cuts ?? (size < 300 ? CUTS : ["whole", 1])) {
          try {
            await byWebSocket(packets, wanted, { cut, join });
          } catch (error) {
            error.message += ` (by WebSocket, cut: ${cut})`;
            throw error;
          }
        }
        try {
          await byPolling(packets, wanted, { join });
        } catch (error) {
          error.message += " (by polling)";
          throw error;
        }
        await target.served();
      });
    }
  });
}

const closes = (...list) => list.map((packet) => [packet.length > 60 ? `${packet.slice(0, 60)}…` : packet, [packet], [CLOSED]]);
const only = (reference, ours) => ({ reference, ours });

table("packets that are none", [
  ...closes("4", "4abc", "47", "48", "49", "4-1", "4 ", "4\0", "4a", "4[]", "4{}"),
  ...closes("42{}", "42[]", "42[null]", "42[true]", "42[{}]", "42[[]]", '42"a"', "42null", "42true"),
  ...closes('42["a"]x', '42["a"]]', '42["a"', '42["a', "42[", "42]", '42"', '42-1["a"]', '421.5["a"]', '421e1["a"]', '42+1["a"]'),
  ["an event without arguments", ["42"], only([any("undefined", 0)], [CLOSED])],
  ["an event with an id alone", ["4212"], only(null, [CLOSED])],
  ["a space before the array", ['42 ["echo",1]'], only(["430[1]"], [CLOSED])],
  ["a space inside of the id", ['421 2["echo",1]'], only(null, [CLOSED])],
  ["a byte order mark", ['42\ufeff["echo",1]'], only(["430[1]"], [CLOSED])],
]);

const RESERVED = ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];
const NAMES = [
  "a", "", " ", "error", "connection", "ready", "message", "__proto__", "constructor", "toString", "hasOwnProperty",
  "__index", "__newindex", "__gc", "__close", "__call", "__tostring", "__metatable", "on", "emit", "n", "€",
];

table("event names", [
  ...RESERVED.map((name) => [`reserved: ${name}`, [`42["${name}"]`], [CLOSED]]),
  ["reserved, in escapes", ['42["\\u0064isconnect"]'], [CLOSED]],
  ["reserved, with an acknowledgement", ['420["disconnecting",1]'], [CLOSED]],
  ...NAMES.map((name) => [`not reserved: ${JSON.stringify(name)}`, [`42["${name}",1,2]`], [any(name, 2)]]),
  ["NUL", ['42["a\\u0000b"]'], ['42["any","a\\u0000b",0]']],
  ["a number", ["42[1,2]"], [any("1", 1)]],
  ["a fraction", ["42[1.5]"], [any("1.5", 0)]],
  ["a negative number", ["42[-7]"], [any("-7", 0)]],
  ["100 000 letters", [`42["${"n".repeat(100000)}"]`], [any("n".repeat(100000), 0)]],
]);

const withJson = (json) => `42["echo",${json}]`;

table("JSON that is none", closes(
  ...["01", "-01", "NaN", "Infinity", "-Infinity", "+1", "1.", ".5", "-", "1e", "1e+", "0x10", "1_000", "--1"].map(withJson),
  ...["tru", "nul", "True", "undefined", "'a'", '"a', '"\\x41"', '"\\u12"', '"\\u12G4"', '"a\nb"', '"a\tb"', '"a\x01b"', '"\\"'].map(withJson),
  ...["[1,]", "[,1]", "[1 2]", "[1", "{", '{"a"}', '{"a":}', '{"a":1,}', "{a:1}", "{1:2}", '{"a" 1}', '{"a":1 "b":2}', "/**/1", "1//"].map(withJson),
  '42["echo",]', '42["echo" 1]', '42["echo",1}', '42["echo"]["echo"]', "42['echo']", '42["echo",\ufeff1]', '42["echo",\u00a01]',
));

const fidelity = (json, out = json) => [json.length > 40 ? `${json.slice(0, 40)}…` : json, [withJson(json)], typeof out === "string" ? [withJson(out)] : out];

table("values come back as they were", [
  ...[
    "0", "1", "-1", "1.5", "0.1", "-0.25", "1e+21", "1e-7", "9007199254740991", "-9007199254740991", "0.30000000000000004",
    "1.7976931348623157e+308", "5e-324", "123456789012345680000", "true", "false", "null", '""', '"a"', "[]", "{}", "[[]]",
    "[{}]", '{"a":[]}', '{"a":{}}', "[null]", '{"a":null}', "[1,[2,[3,[4]]]]", '{"a":{"b":{"c":[1,{"d":null}]}}}', '{"":1}',
    '{"__proto__":1}', '{"constructor":{"prototype":2}}', '{"toJSON":1}', '{"__tojson":1}', '{"length":3}', '{"n":1}',
    '"€ 😀 é \u2028 \u2029 \ufeff \u007f"', '"\\u0000\\u001f\\"\\\\/\\b\\f\\n\\r\\t"', '"\\ud800"', '"\\udc00\\ud800"',
    '"a\\ud83dz"', P(0), '{"_placeholder":false}', '[1,null,3]', "null,null", "1,null,2,null", "[null,null]",
  ].map((json) => fidelity(json)),
  fidelity("-0", "0"),
  fidelity("1.0", "1"),
  fidelity("1E2", "100"),
  fidelity("1e2", "100"),
  fidelity("100e-2", "1"),
  fidelity("0.00000000000000000001", "1e-20"),
  fidelity("100000000000000000000", "100000000000000000000"),
  fidelity("9007199254740993", only([withJson("9007199254740992")], [withJson("9007199254740993")])),
  fidelity("9223372036854775807", only([withJson("9223372036854776000")], [withJson("9223372036854775807")])),
  fidelity("1e400", "null"),
  fidelity('"\\/\\u0041\\u20ac"', '"/A€"'),
  fidelity('"\\ud83d\\ude00"', '"😀"'),
  fidelity(' [ 1 , 2 ] , { "a" : 1 } ', '[1,2],{"a":1}'),
  fidelity('{"a":1,"a":2}', '{"a":2}'),
  ["no arguments", ['42["echo"]'], ['42["echo"]']],
  ["white space around", ['42[ "echo"\t,\r\n1 ] '], ['42["echo",1]']],
]);

const deep = (levels, open = "[", close = "]") => `42["deep",${open.repeat(levels)}${close.repeat(levels)}]`;
const many = (count) => `42["many"${",0".repeat(count)}]`;

table("depth and number of arguments", [
  ["127 levels of arrays come back", ...echo(`${"[".repeat(127)}${"]".repeat(127)}`)],
  ["128 levels of arrays", [deep(128)], [any("deep", 1)]],
  ["129 levels of arrays", [deep(129)], only([any("deep", 1)], [CLOSED])],
  ["128 levels of objects", [deep(127, '{"a":', "}").replace(":}", ":{}}")], [any("deep", 1)]],
  ["300 levels of objects", [deep(300, '{"a":', "}").replace(":}", ":1}")], only([any("deep", 1)], [CLOSED])],
  ["10 000 levels", [deep(10000)], only([any("deep", 1)], [CLOSED])],
  ["400 000 levels", [deep(400000)], only(null, [CLOSED])],
  ["400 000 levels without end", [`42["deep",${"[".repeat(400000)}`], [CLOSED]],
  ["100 000 objects without end", [`42["deep",${'{"a":'.repeat(100000)}`], [CLOSED]],
  ["4095 arguments", [many(4095)], [any("many", 4095)]],
  ["4097 arguments", [many(4097)], only([any("many", 4097)], [CLOSED])],
  ["100 000 arguments, which end the reference's process", [many(100000)], only(null, [CLOSED])],
  ["an array of 100 000", [`42["echo",[0${",0".repeat(99999)}]]`], [`42["echo",[0${",0".repeat(99999)}]]`]],
  ["an object of 20 000 keys", [`42["keys",{${Array.from({ length: 20000 }, (_, i) => `"k${i}":0`)}}]`], [any("keys", 1)]],
]);

table("acknowledgement ids", [
  ["zero", ['420["echo",1]'], ["430[1]"]],
  ["no arguments", ['427["echo"]'], ["437[]"]],
  ["the same twice", ['425["echo",1]', '425["echo",2]'], ["435[1]", "435[2]"]],
  ["leading zeros", ['4200012["echo",1]'], ["4312[1]"]],
  ["over 32 bits", ['424294967296["echo",1]'], ["434294967296[1]"]],
  ["2^53 + 1", ['429007199254740993["echo",1]'], only(["439007199254740992[1]"], ["439007199254740993[1]"])],
  ["2^63 - 1", ['429223372036854775807["echo",1]'], only(["439223372036854776000[1]"], ["439223372036854775807[1]"])],
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

const binary = (count) => Array.from({ length: count }, (_, i) => Buffer.from([i]));
const placeholders = (count) => Array.from({ length: count }, (_, i) => P(i)).join();

table("attachments", [
  ["one", [`451-["echo",${P(0)}]`, A], [`451-["echo",${P(0)}]`, A]],
  ["an empty one", [`451-["echo",${P(0)}]`, Buffer.alloc(0)], [`451-["echo",${P(0)}]`, Buffer.alloc(0)]],
  ["two, in another order", [`452-["echo",${P(1)},${P(0)}]`, A, B], [`452-["echo",${P(0)},${P(1)}]`, B, A]],
  ["deep inside", [`451-["echo",{"a":[{"b":${P(0)}}]}]`, A], [`451-["echo",{"a":[{"b":${P(0)}}]}]`, A]],
  ["ten", [`4510-["echo",${placeholders(10)}]`, ...binary(10)], [`4510-["echo",${placeholders(10)}]`, ...binary(10)]],
  ["eleven", [`4511-["echo",${placeholders(11)}]`, ...binary(11)], [CLOSED]],
  ["the same twice", [`451-["echo",${P(0)},${P(0)}]`, A], [`452-["echo",${P(0)},${P(1)}]`, A, A]],
  ["one that is not used", [`452-["echo",${P(1)}]`, A, B], [`451-["echo",${P(0)}]`, B]],
  ["none used", ['451-["echo",1]', A], ['42["echo",1]']],
  ["two events", [`451-["echo",${P(0)}]`, A, `451-["echo",${P(0)}]`, B], [`451-["echo",${P(0)}]`, A, `451-["echo",${P(0)}]`, B]],
  ["a placeholder that is none", [`451-["echo",{"_placeholder":1,"num":0}]`, A], ['42["echo",{"_placeholder":1,"num":0}]']],
  ...["5", "-1", '"splice"', '"0"', "null", "true", "[0]", "1e999", "{}"].map((num) => [`number ${num}`, [`451-["echo",${P(num)}]`, A], [CLOSED]]),
  ["number 0.5", [`451-["echo",${P(0.5)}]`, A], only(null, [CLOSED])],
  ["no number", ['451-["echo",{"_placeholder":true}]', A], [CLOSED]],
  ["a reserved name", [`451-["disconnect",${P(0)}]`, A], [CLOSED]],
  ["no name", [`451-[${P(0)}]`, A], [CLOSED]],
  ["no array", [`451-{"a":${P(0)}}`, A], [CLOSED]],
  ["no payload", ["451-", A], only(null, [CLOSED])],
  ["broken JSON", ['451-["echo"', A], [CLOSED]],
  ["a text where an attachment belongs", [`451-["echo",${P(0)}]`, '42["echo",1]'], [CLOSED]],
  ["an acknowledgement where an attachment belongs", [`451-["echo",${P(0)}]`, "430[]"], [CLOSED]],
  ["one more than announced", [`451-["echo",${P(0)}]`, A, B], [CLOSED]],
  ["binary out of the blue", [A], [CLOSED]],
  ["empty binary out of the blue", [Buffer.alloc(0)], [CLOSED]],
]);

table("counts of attachments", [
  ...["45-[", "451[", "450-[", "45999999999-[", "451.5-[", "45-1-[", "45x-[", "451x-[", "45", "451", "455"].map((header) => [
    header,
    [`${header}${header.endsWith("[") ? `"echo",${P(0)}]` : ""}`, A],
    [CLOSED],
  ]),
  ["451e0-[", [`451e0-["echo",${P(0)}]`, A], only([`451-["echo",${P(0)}]`, A], [CLOSED])],
  ["45+1-[", [`45+1-["echo",${P(0)}]`, A], only([`451-["echo",${P(0)}]`, A], [CLOSED])],
  ["45 1-[", [`45 1-["echo",${P(0)}]`, A], only([`451-["echo",${P(0)}]`, A], [CLOSED])],
  ["450x1-[", [`450x1-["echo",${P(0)}]`, A], only([`451-["echo",${P(0)}]`, A], [CLOSED])],
  ["100 000 digits", [`45${"1".repeat(100000)}-["echo"]`], [CLOSED]],
  ["46 with none", ['460-0["a"]'], [CLOSED]],
], { cuts: ["whole", "octets"] });

const SID = /^40\{"sid":"[A-Za-z0-9_-]{20}"\}$/;
const sidOf = (name) => new RegExp(`^40${name},\\{"sid":"[A-Za-z0-9_-]{20}"\\}$`);
const INVALID = '{"message":"Invalid namespace"}';

table("before the client has joined", [
  ["joining", ["40"], [SID]],
  ["joining with the name", ["40/,"], [SID]],
  ["joining without a comma", ["40/"], [SID]],
  ["joining with a payload", ['40{"token":"t","deep":{"a":[1]}}'], [SID]],
  ["an empty payload", ["40{}"], [SID]],
  ["an id, which means nothing", ["4012{}"], [SID]],
  ...closes("40[]", '40"x"', "40null", "40true", "40{", '40{"a":1}x', "40{}{}", "40{a:1}"),
  ...closes('42["echo",1]', '420["echo",1]', "41", "430[]", "44", '44{"message":"x"}', '42/admin,["echo",1]', "41/admin,", "4"),
  ["binary", [A], [CLOSED]],
  ["a binary event", [`451-["echo",${P(0)}]`, A], [CLOSED]],
  ["a binary acknowledgement", [`461-0[${P(0)}]`, A], [CLOSED]],
  ["a great payload", [`40{"a":"${"x".repeat(100000)}"}`], [SID]],
  ["a deep payload", [`40{"a":${"[".repeat(1000)}${"]".repeat(1000)}}`], only([SID], [CLOSED])],
], { join: false });

table("namespaces", [
  ["one that refuses", ["40/admin,"], ['44/admin,{"message":"denied","data":{"code":7}}']],
  ["one that refuses a token", ['40/admin,{"token":"no"}'], ['44/admin,{"message":"denied","data":{"code":7}}']],
  ["one that lets in", ['40/admin,{"token":"ok"}', '42/admin,["echo",1]'], only(null, [sidOf("/admin"), '42/admin,["echo",1]'])],
  ["refused, and asked again", ["40/admin,", "40/admin,"], ['44/admin,{"message":"denied","data":{"code":7}}', '44/admin,{"message":"denied","data":{"code":7}}']],
  ["unknown", ["40/nope,"], [`44/nope,${INVALID}`]],
  ["unknown, without a comma", ["40/nope"], [`44/nope,${INVALID}`]],
  ["unknown, with a query", ["40/nope?a=1,"], [`44/nope?a=1,${INVALID}`]],
  ...["/__proto__", "/constructor", "/..", "//", "/ ", "/é€😀", "/dyn-x", "/dyn-", "/dyn-1x", "/*"].map((name) => [`unknown: ${name}`, [`40${name},`], [`44${name},${INVALID}`]]),
  ["a made one", ["40/dyn-7,"], [sidOf("/dyn-7")]],
  ["the main one by its name", ['42/,["echo",1]'], ['42["echo",1]']],
  ["an id in a namespace", ['42/,12["echo",1]'], ["4312[1]"]],
  ["a name of 1000", [`40/${"n".repeat(1000)},`], [`44/${"n".repeat(1000)},${INVALID}`]],
  ["a name of 1100", [`40/${"n".repeat(1100)},`], only([`44/${"n".repeat(1100)},${INVALID}`], [CLOSED])],
  ["a name of 100 000", [`40/${"n".repeat(100000)},`], only([`44/${"n".repeat(100000)},${INVALID}`], [CLOSED])],
  ...closes("40", "40{}", "40/,", "44", '44{"message":"x"}', "44/admin,", "41{}", "41[]", '41"a"'),
  ...closes('42/admin,["echo",1]', '42/nope,["echo",1]', '42/["echo",1]', '42/admin["echo",1]', "41/admin,", "43/admin,0[]"),
  ["a binary event for one not joined", [`451-/admin,["echo",${P(0)}]`, A], [CLOSED]],
  ["an event behind the leaving, in one segment", ["41", '42["echo",1]'], only(null, [CLOSED])],
  ["leaving twice in one segment", ["41", "41"], only(null, [CLOSED])],
]);

describe("joining and leaving", () => {
  test("a client that left joins again", async () => {
    const client = await target.client();
    await client.text("41");
    assert.equal(await target.watcher.reason(client.id, "gone"), "client namespace disconnect");
    await client.join();
    await client.alive();
    await client.leave();
  });

  for (const packet of ['42["echo",1]', "41", "430[]"]) {
    test(`${packet} from a client that left`, async () => {
      const client = await target.client();
      await client.text("41");
      await target.watcher.reason(client.id, "gone");
      await client.text(packet);
      await client.closing();
      await target.served();
    });
  }

  test("left and joined again in one segment", { skip: REFERENCE && "it closes the connection" }, async () => {
    for (const cut of CUTS) {
      const client = await target.client();
      await client.send(Buffer.concat([asFrame("41"), asFrame("40")]), cut);
      assert.match(await client.packet(), SID);
      await client.alive();
      await client.leave();
    }
  });

  for (const [name, namespace] of [["the main namespace", ""], ["a slow namespace", "/slow,"]]) {
    test(`joined twice in one segment: ${name}`, { skip: REFERENCE && "it makes two sockets" }, async () => {
      const client = await target.engine();
      await client.send(Buffer.concat([asFrame(`40${namespace}`), asFrame(`40${namespace}`)]));
      let joined = 0;
      for (let got; (got = await client.packet()) !== null; ) {
        if (got.startsWith(`40${namespace}{`)) joined++;
      }
      assert.ok(joined <= 1, "one socket at most");
      client.destroy();
      await target.served();
    });
  }

  test("a client that goes while it is being let in", async () => {
    for (const leave of ["41/slow,", "1"]) {
      const client = await target.client();
      await client.text("40/slow,");
      await client.text(leave);
      client.destroy();
    }
    await target.served();
  });

  test("several namespaces at once, each on its own", async () => {
    const client = await target.client();
    await client.join("/dyn-1,");
    await client.join("/dyn-2,");
    await client.text('42/dyn-1,3["echo","one"]');
    assert.equal(await client.packet(), '43/dyn-1,3["one"]');
    await client.text(`451-/dyn-2,["echo",${P(0)}]`);
    await client.send(frame(BINARY, A));
    assert.equal(await client.packet(), `451-/dyn-2,["echo",${P(0)}]`);
    assert.deepEqual(await client.packet(), A);
    await client.text("41/dyn-1,");
    await client.text('42/dyn-2,["echo",2]');
    assert.equal(await client.packet(), '42/dyn-2,["echo",2]');
    await client.text('42/dyn-1,["echo",1]');
    await client.closing();
    await target.served();
  });

  test("a namespace without the main one", async () => {
    const client = await target.engine();
    await client.join("/dyn-1,");
    await client.text('42/dyn-1,["echo",1]');
    assert.equal(await client.packet(), '42/dyn-1,["echo",1]');
    await client.emit('["echo",1]');
    await client.closing();
    await target.served();
  });

  test("250 namespaces", async () => {
    const client = await target.client();
    await client.send(Buffer.concat(Array.from({ length: 250 }, (_, i) => asFrame(`40/dyn-${i},`))));
    for (let i = 0; i < 250; i++) assert.match(await client.packet(), /^40\/dyn-\d+,\{"sid"/);
    await client.alive();
    await client.leave();
  });

  test("300 namespaces", { skip: REFERENCE && "it knows no limit" }, async () => {
    const client = await target.client();
    await client.send(Buffer.concat(Array.from({ length: 300 }, (_, i) => asFrame(`40/dyn-${i},`))));
    await client.closing();
    await target.served();
  });
});

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
      assert.ok(expected({ reference: reasons.slice(0, -1), ours: reasons }).includes(reason), reason);
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
    for (let got; (got = await client.packet()) !== '42["told","end"]'; ) assert.ok(got);
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
