// Engine.IO 3, for clients of Socket.IO 2: payloads with lengths, pings of the client, JSONP.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { POLLING, refused, serve } from "./harness.mjs";

describe("protocol revision 3", () => {
  const V3 = "/socket.io/?EIO=3&transport=polling&b64=1";
  const old = serve({ allowEIO3: true, pingInterval: 300000 });

  async function session() {
    const answer = await old.fetch("GET", V3);
    assert.equal(answer.status, 200);
    const [, size, json] =
      /^(\d+):0(\{.*?\})(?:2:40)?$/.exec(answer.text) ?? assert.fail(answer.text);
    assert.equal(Number(size), json.length + 1);
    const { sid } = JSON.parse(json);
    const path = `${V3}&sid=${sid}`;
    if (!answer.text.endsWith("2:40")) assert.equal((await old.fetch("GET", path)).text, "2:40");
    return { sid, path };
  }

  for (const [name, body, wanted] of [
    ["one packet", '12:42["echo",1]', '12:42["echo",1]'],
    ["lengths count UTF-16 units", '15:42["echo","😀"]', '15:42["echo","😀"]'],
    ["a ping", "1:2", "1:3"],
    ["a length too large", '99:42["echo",1]', { reason: "parse error" }],
    ["a packet cut short", "3:4", { reason: "parse error" }],
    ["no length", '42["echo",1]', { reason: "parse error" }],
    ["no number", 'x:42["echo",1]', { reason: "parse error" }],
    ["an endless number", "9".repeat(100000), { reason: "parse error" }],
    ["nothing", "", { reason: "parse error" }],
  ]) {
    test(name, async () => {
      for (const cut of ["whole", 1]) {
        const { sid, path } = await session();
        const answer = await old.fetch("POST", path, { body, cut });
        assert.ok(answer.text === "ok" || answer.status === 400, answer.text);
        if (wanted.reason) assert.equal(await old.watcher.reason(sid), wanted.reason);
        else assert.equal((await old.fetch("GET", path)).text, wanted);
      }
      await old.served();
    });
  }

  test("binary payloads at random", async () => {
    const headers = ["Content-Type: application/octet-stream"];
    for (const bytes of [
      [],
      [0],
      [1, 255],
      [0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 255],
      [1, 1, 255, 4],
      [0, 5, 255, 52],
      [7, 1, 255, 52],
      [0, 255, 52],
    ]) {
      const { path } = await session();
      const answer = await old.fetch("POST", path.replace("&b64=1", ""), {
        headers,
        body: Buffer.from(bytes),
      });
      assert.ok([200, 400].includes(answer.status), String(answer.status));
    }
    await old.served();
  });

  test("a request of revision 4 for its session is refused", async () => {
    const { sid } = await session();
    refused(await old.fetch("GET", `${POLLING}&sid=${sid}`), 3);
    await old.served();
  });

  test("JSONP escapes what would end its script", async () => {
    const opened = await old.fetch("GET", `${V3}&j=1alert`);
    const [, sid] =
      /^___eio\[1\]\("\d+:0\{\\"sid\\":\\"([^\\]+)/.exec(opened.text) ?? assert.fail(opened.text);
    const path = `${V3}&sid=${sid}&j=1alert`;
    if (!opened.text.includes("2:40"))
      assert.equal((await old.fetch("GET", path)).text, '___eio[1]("2:40");');
    const text = '42["echo","\u2028\\"</script>"]';
    const body = `d=${encodeURIComponent(`${text.length}:${text}`)}`;
    const headers = ["Content-Type: application/x-www-form-urlencoded"];
    assert.equal((await old.fetch("POST", path, { headers, body })).text, "ok");
    const answer = await old.fetch("GET", path);
    assert.match(answer.text, /^___eio\[1\]\("[^\u2028\n]*"\);$/);
    const [, literal] = /^___eio\[1\]\((.*)\);$/s.exec(answer.text);
    assert.equal(JSON.parse(literal), `${text.length}:${text}`);
    await old.served();
  });
});
