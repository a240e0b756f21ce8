// Joining and leaving namespaces: what is taken, what is refused, what closes the connection.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BINARY, frame } from "./frames.mjs";
import { REFERENCE, serve } from "./harness.mjs";
import { A, CLOSED, P, asFrame, closes, only, packetTable } from "./packets.mjs";
import { CUTS } from "./raw.mjs";

const target = serve({ pingInterval: 300000 });
const table = packetTable(target);

const SID = /^40\{"sid":"[A-Za-z0-9_-]{20}"\}$/;
const sidOf = (name) => new RegExp(`^40${name},\\{"sid":"[A-Za-z0-9_-]{20}"\\}$`);
// The members of a Lua table have no order.
const DENIED =
  /^44\/admin,\{("message":"denied","data":\{"code":7\}|"data":\{"code":7\},"message":"denied")\}$/;
const INVALID = '{"message":"Invalid namespace"}';

table(
  "before the client has joined",
  [
    ["joining", ["40"], [SID]],
    ["joining with the name", ["40/,"], [SID]],
    ["joining without a comma", ["40/"], [SID]],
    ["joining with a payload", ['40{"token":"t","deep":{"a":[1]}}'], [SID]],
    ["an empty payload", ["40{}"], [SID]],
    ["an id, which means nothing", ["4012{}"], [SID]],
    ...closes("40[]", '40"x"', "40null", "40true", "40{", '40{"a":1}x', "40{}{}", "40{a:1}"),
    ...closes(
      '42["echo",1]',
      '420["echo",1]',
      "41",
      "430[]",
      "44",
      '44{"message":"x"}',
      '42/admin,["echo",1]',
      "41/admin,",
      "4",
    ),
    ["binary", [A], [CLOSED]],
    ["a binary event", [`451-["echo",${P(0)}]`, A], [CLOSED]],
    ["a binary acknowledgement", [`461-0[${P(0)}]`, A], [CLOSED]],
    ["a great payload", [`40{"a":"${"x".repeat(100000)}"}`], [SID]],
    ["a deep payload", [`40{"a":${"[".repeat(1000)}${"]".repeat(1000)}}`], only([SID], [CLOSED])],
  ],
  { join: false },
);

table("namespaces", [
  ["one that refuses", ["40/admin,"], [DENIED]],
  ["one that refuses a token", ['40/admin,{"token":"no"}'], [DENIED]],
  [
    "one that lets in",
    ['40/admin,{"token":"ok"}', '42/admin,["echo",1]'],
    only(null, [sidOf("/admin"), '42/admin,["echo",1]']),
  ],
  ["refused, and asked again", ["40/admin,", "40/admin,"], [DENIED, DENIED]],
  ["unknown", ["40/nope,"], [`44/nope,${INVALID}`]],
  ["unknown, without a comma", ["40/nope"], [`44/nope,${INVALID}`]],
  ["unknown, with a query", ["40/nope?a=1,"], [`44/nope?a=1,${INVALID}`]],
  ...[
    "/__proto__",
    "/constructor",
    "/..",
    "//",
    "/ ",
    "/é€😀",
    "/dyn-x",
    "/dyn-",
    "/dyn-1x",
    "/*",
  ].map((name) => [`unknown: ${name}`, [`40${name},`], [`44${name},${INVALID}`]]),
  ["a made one", ["40/dyn-7,"], [sidOf("/dyn-7")]],
  ["the main one by its name", ['42/,["echo",1]'], ['42["echo",1]']],
  ["an id in a namespace", ['42/,12["echo",1]'], ["4312[1]"]],
  ["a name of 1000", [`40/${"n".repeat(1000)},`], [`44/${"n".repeat(1000)},${INVALID}`]],
  [
    "a name of 1100",
    [`40/${"n".repeat(1100)},`],
    only([`44/${"n".repeat(1100)},${INVALID}`], [CLOSED]),
  ],
  [
    "a name of 100 000",
    [`40/${"n".repeat(100000)},`],
    only([`44/${"n".repeat(100000)},${INVALID}`], [CLOSED]),
  ],
  ...closes("40", "40{}", "40/,", "44", '44{"message":"x"}', "44/admin,", "41{}", "41[]", '41"a"'),
  ...closes(
    '42/admin,["echo",1]',
    '42/nope,["echo",1]',
    '42/["echo",1]',
    '42/admin["echo",1]',
    "41/admin,",
    "43/admin,0[]",
  ),
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

  test(
    "left and joined again in one segment",
    { skip: REFERENCE && "it closes the connection" },
    async () => {
      for (const cut of CUTS) {
        const client = await target.client();
        await client.send(Buffer.concat([asFrame("41"), asFrame("40")]), cut);
        assert.match(await client.packet(), SID);
        await client.alive();
        await client.leave();
      }
    },
  );

  for (const [name, namespace] of [
    ["the main namespace", ""],
    ["a slow namespace", "/slow,"],
  ]) {
    test(
      `joined twice in one segment: ${name}`,
      { skip: REFERENCE && "it makes two sockets" },
      async () => {
        const client = await target.engine();
        await client.send(Buffer.concat([asFrame(`40${namespace}`), asFrame(`40${namespace}`)]));
        let joined = 0;
        for (let got; (got = await client.packet()) !== null;) {
          if (got.startsWith(`40${namespace}{`)) joined++;
        }
        assert.ok(joined <= 1, "one socket at most");
        client.destroy();
        await target.served();
      },
    );
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
    await client.send(
      Buffer.concat(Array.from({ length: 250 }, (_, i) => asFrame(`40/dyn-${i},`))),
    );
    for (let i = 0; i < 250; i++) assert.match(await client.packet(), /^40\/dyn-\d+,\{"sid"/);
    await client.alive();
    await client.leave();
  });

  test("300 namespaces", { skip: REFERENCE && "it knows no limit" }, async () => {
    const client = await target.client();
    await client.send(
      Buffer.concat(Array.from({ length: 300 }, (_, i) => asFrame(`40/dyn-${i},`))),
    );
    await client.closing();
    await target.served();
  });
});
