// A session's life: packets of the engine by WebSocket, the heartbeat, all ways to end.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PING, PONG, TEXT, frame } from "./frames.mjs";
import { REFERENCE, SEPARATOR, once, refused, serve } from "./harness.mjs";
import { CUTS, request } from "./raw.mjs";

const target = serve({ pingInterval: 300000 });

describe("closing", () => {
  test("the client's close packet ends a pending poll with a noop", async () => {
    const session = await target.polling();
    const poll = await session.begin(request("GET", session.target));
    await session.post("6");
    assert.equal((await session.post("1")).text, "ok");
    assert.equal((await poll.response()).text, "6");
    assert.equal(await target.watcher.reason(session.sid), "transport close");
    refused(await session.poll(), 1);
    poll.destroy();
  });

  test("the server closes while a poll is pending", async () => {
    const session = await target.polling();
    await session.join();
    const poll = await session.begin(request("GET", session.target));
    await session.post("6");
    await session.emit('["hangup"]');
    assert.equal((await poll.response()).text, "1");
    assert.equal(await target.watcher.reason(session.sid), "forced close");
    refused(await session.poll(), 1);
    poll.destroy();
  });

  test("the server closes while none is pending", async () => {
    const session = await target.polling();
    await session.join();
    await session.emit('["hangup"]');
    assert.equal((await session.poll()).text, `6${SEPARATOR}1`);
    assert.equal(await target.watcher.reason(session.sid), "forced close");
    refused(await session.poll(), 1);
  });

  test("by WebSocket the server sends an empty close frame", async () => {
    const socket = await target.client();
    await socket.emit('["hangup"]');
    assert.equal(await socket.closing(), 1005);
    assert.equal(await target.watcher.reason(socket.sid), "forced close");
  });

  test("the client's close frame", async () => {
    const socket = await target.client();
    await socket.leave();
    assert.equal(await target.watcher.reason(socket.sid), "transport close");
  });

  test("the client's TCP connection ends", async () => {
    const socket = await target.client();
    socket.destroy();
    assert.equal(await target.watcher.reason(socket.sid), "transport close");
  });

  test("the close packet by WebSocket", { skip: REFERENCE && "it is ignored" }, async () => {
    const socket = await target.client();
    await socket.text("1");
    assert.equal(await target.watcher.reason(socket.sid), "transport close");
    await socket.closing();
  });

  test("the server leaves a namespace, or all with the connection", async () => {
    const socket = await target.client();
    await socket.emit('["bye",false]');
    assert.equal(await socket.packet(), "41");
    await socket.join();
    await socket.emit('["bye",true]');
    assert.equal(await socket.packet(), "41");
    assert.equal(await socket.closing(), 1005);
    assert.equal(await target.watcher.reason(socket.sid), "forced close");
    assert.equal(await target.watcher.reason(socket.id, "gone"), "server namespace disconnect");
  });

  test("the same by polling", async () => {
    const session = await target.polling();
    await session.join();
    await session.emit('["bye",true]');
    assert.equal((await session.poll()).text, "41");
    assert.equal((await session.poll()).text, `6${SEPARATOR}1`);
    assert.equal(await target.watcher.reason(session.sid), "forced close");
  });
});

describe("packets of the engine by WebSocket", () => {
  for (const [name, bytes, reason] of [
    ["an empty message", frame(TEXT), "parse error"],
    ["an unknown packet", frame(TEXT, "9"), "parse error"],
    ["letters", frame(TEXT, "hello"), "parse error"],
    ["a ping", frame(TEXT, "2"), "transport error"],
    ["a probe", frame(TEXT, "2probe"), "transport error"],
  ]) {
    test(name, async () => {
      for (const cut of CUTS) {
        const socket = await target.client();
        await socket.send(bytes, cut);
        assert.equal(await target.watcher.reason(socket.sid), reason);
        await socket.closing();
      }
      await target.served();
    });
  }

  test("pongs, noops, upgrades and open packets mean nothing", async () => {
    const socket = await target.client();
    for (const packet of ["3", "3x", "6", "6x", "5", "0", "0{}"]) await socket.text(packet);
    await socket.alive();
    await socket.leave();
  });

  test("20 000 pongs", async () => {
    const socket = await target.client();
    await socket.send(Buffer.concat(Array(20000).fill(frame(TEXT, "3"))));
    await socket.alive();
    await socket.leave();
    await target.served();
  });

  test("a text message in base64 is binary", async () => {
    const socket = await target.client();
    await socket.text('451-["echo",{"_placeholder":true,"num":0}]');
    await socket.text("bAQID");
    assert.equal(await socket.packet(), '451-["echo",{"_placeholder":true,"num":0}]');
    assert.deepEqual(await socket.packet(), Buffer.from([1, 2, 3]));
    await socket.leave();
  });
});

describe("heartbeat", () => {
  const quick = serve({ pingInterval: 200, pingTimeout: 1000 });

  test("by polling", async () => {
    const session = await quick.polling();
    for (let i = 0; i < 2; i++) {
      assert.equal((await session.poll()).text, "2");
      await session.post("3");
    }
    assert.equal((await session.poll()).text, "2");
    assert.equal(await quick.watcher.reason(session.sid), "ping timeout");
    refused(await session.poll(), 1);
  });

  test("by polling, while a poll is pending", async () => {
    const session = await quick.polling();
    assert.equal((await session.poll()).text, "2");
    const poll = await session.begin(request("GET", session.target));
    assert.equal(await quick.watcher.reason(session.sid), "ping timeout");
    assert.equal((await poll.response()).text, "1");
    poll.destroy();
  });

  test("by WebSocket", async () => {
    const socket = await quick.engine();
    for (let i = 0; i < 2; i++) {
      assert.equal(await socket.message(), "2");
      await socket.text("3");
    }
    assert.equal(await socket.message(), "2");
    assert.equal(await socket.closing(), 1005);
    assert.equal(await quick.watcher.reason(socket.sid), "ping timeout");
  });

  test("another packet lengthens the wait, but once", async () => {
    const socket = await quick.client();
    assert.equal(await socket.message(), "2");
    const asked = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 600));
    const chatter = setInterval(() => socket.emit('["echo",1]'), 100);
    const over = quick.watcher.reason(socket.sid).finally(() => clearInterval(chatter));
    assert.equal(await over, "ping timeout");
    assert.ok(performance.now() - asked > 1300, "the first packet counts");
    await socket.closing();
  });

  test("a WebSocket ping is no pong of the engine", async () => {
    const socket = await quick.engine();
    assert.equal(await socket.message(), "2");
    await socket.send(frame(PING, "x"));
    const got = await socket.frame();
    assert.equal(got.opcode, PONG);
    assert.equal(got.payload.toString(), "x");
    assert.equal(await quick.watcher.reason(socket.sid), "ping timeout");
    await socket.closing();
  });

  test("early pongs do not multiply the pings", async () => {
    const socket = await quick.engine();
    await socket.send(Buffer.concat(Array(100).fill(frame(TEXT, "3"))));
    assert.equal(await socket.message(), "2");
    await socket.text("3");
    const began = performance.now();
    assert.equal(await socket.message(), "2");
    assert.ok(performance.now() - began > 100, "one ping an interval");
    socket.destroy();
  });
});

describe("connectTimeout", () => {
  test("a client that joins no namespace is closed", () =>
    once({ connectTimeout: 300 }, async (hasty) => {
      const [session, socket] = [await hasty.polling(), await hasty.engine()];
      assert.equal(await socket.closing(), 1005);
      assert.equal(await hasty.watcher.reason(socket.sid), "forced close");
      await session.closed();
      await hasty.served();
    }));
});
