// Clients that take more than they should: slow readers, floods, half-open connections.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PING, TEXT, chop, fragments, frame, upgradeRequest } from "./frames.mjs";
import { POLLING, REFERENCE, WEBSOCKET, once, serve } from "./harness.mjs";
import { Conn, head, request } from "./raw.mjs";

const MIB = 1024 * 1024;
const CAP = MIB; // what the server may queue for one client
const SANITIZED = Boolean(process.env.SIO_LD_PRELOAD) || process.env.SIO_PRESET === "asan";

const target = serve({ pingInterval: 300000, maxBackpressure: CAP });

/** Runs something and fails if the server's memory grows by more than `limit` bytes over it. */
async function within(limit, run) {
  const first = target.memory();
  let most = first;
  const watch = setInterval(() => (most = Math.max(most, target.memory())), 5);
  await run().finally(() => clearInterval(watch));
  if (!REFERENCE && !SANITIZED)
    assert.ok(most - first < limit, `memory grew by ${(most - first) / MIB} MiB`);
}

/** Others are answered while something goes on. */
async function othersServed(times = 5) {
  for (let i = 0; i < times; i++) await target.served();
}

describe("slow readers", () => {
  const flood = (events) => `["flood",${events},65536,4]`;
  const EVENTS = 640; // 40 MiB

  /** Reads on until all events have come, in order and whole. */
  async function readAll(client, events) {
    for (let i = 1; i <= events; i++) {
      const got = await client.packet();
      assert.equal(got.length, `42["flood",${i},""]`.length + 65536);
      assert.ok(got.startsWith(`42["flood",${i},"x`));
    }
  }

  test("a client that stops reading is cut, and others are served meanwhile", async () => {
    await within(24 * MIB, async () => {
      const client = await target.client();
      client.conn.socket.pause();
      await client.emit(flood(EVENTS));
      await othersServed();
      if (REFERENCE) {
        client.conn.socket.resume();
        await readAll(client, EVENTS);
      } else {
        await target.watcher.reason(client.sid);
        await target.watcher.reason(client.id, "gone");
      }
      client.destroy();
    });
    await target.served();
  });

  test("one that goes on reading in time gets everything", async () => {
    const client = await target.client();
    client.conn.socket.pause();
    await client.emit(flood(12));
    await othersServed(2);
    client.conn.socket.resume();
    await readAll(client, 12);
    await client.alive();
    await client.leave();
  });

  test("one that reads what it asked for is never cut, however much that is", async () => {
    const client = await target.client();
    for (let portion = 0; portion < EVENTS / 8; portion++) {
      await client.emit(flood(8)); // 512 KiB, half of what may wait
      await readAll(client, 8);
    }
    await client.leave();
  });

  test(
    "a session that nobody polls is cut",
    { skip: REFERENCE && "it knows no limit" },
    async () => {
      await within(24 * MIB, async () => {
        const session = await target.polling();
        await session.join();
        await session.emit(flood(EVENTS));
        await othersServed();
        await target.watcher.reason(session.sid);
      });
      await target.served();
    },
  );

  test("one in a room does not hold up the others", async () => {
    const members = await Promise.all(Array.from({ length: 4 }, () => target.client()));
    for (const member of members) {
      await member.text('420["join","busy"]');
      assert.equal(await member.packet(), "430[]");
    }
    const [slow, ...quick] = members;
    slow.conn.socket.pause();
    const talker = await target.client();
    const payload = "x".repeat(65536);
    for (let i = 0; i < 320; i++) {
      await talker.emit(`["tell","busy",${i},"${payload}"]`);
      for (const member of quick)
        assert.ok((await member.packet()).startsWith(`42["told",${i},"x`));
    }
    if (!REFERENCE) await target.watcher.reason(slow.sid);
    for (const client of [...quick, talker]) await client.leave();
    slow.destroy();
    await target.served();
  });

  test("one that sends and never reads", async () => {
    await within(32 * MIB, async () => {
      const client = await target.client();
      client.conn.socket.pause();
      const event = frame(TEXT, `42["echo","${"x".repeat(60000)}"]`);
      for (let i = 0; i < 400 && !client.conn.broken; i++) {
        client.send(event);
        await new Promise(setImmediate);
      }
      await othersServed();
      client.destroy();
    });
    await target.served();
  });

  test("26 MB of pings, the pongs unread", async () => {
    await within(16 * MIB, async () => {
      const client = await target.client();
      client.conn.socket.pause();
      const pings = Buffer.concat(Array(1000).fill(frame(PING, Buffer.alloc(125))));
      for (let i = 0; i < 200 && !client.conn.broken; i++) {
        client.send(pings);
        if (i % 20 === 0) await new Promise(setImmediate);
      }
      await othersServed();
      client.destroy();
    });
    await target.served();
  });

  test("an unfinished message holds no more than its limit", async () => {
    await within(8 * MIB, async () => {
      const client = await target.client();
      await client.send(fragments(TEXT, chop("4".repeat(900000), 1000)).subarray(0, -1));
      await othersServed();
      client.destroy();
    });
  });

  test("a hundred lengths announced and never sent", async () => {
    await within(24 * MIB, async () => {
      const clients = [];
      for (let i = 0; i < 100; i++) {
        const client = await target.client();
        client.send(frame(TEXT, "", { length: 999999, form: 64 }));
        clients.push(client);
      }
      await othersServed(2);
      for (const client of clients) client.destroy();
    });
  });
});

describe("half-open connections", () => {
  for (const [name, bytes] of [
    ["that say nothing", ""],
    ["with half a request line", "GET /sock"],
    ["with half a head", `GET ${POLLING} HTTP/1.1\r\nHost: a\r\nX-A: `],
    [
      "with half a body",
      head(`POST ${POLLING}&sid=x HTTP/1.1`, "Host: a", "Content-Length: 1000") + "4",
    ],
    [
      "with half a WebSocket handshake",
      `GET ${WEBSOCKET} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n`,
    ],
  ]) {
    test(`300 ${name}`, async () => {
      const conns = await Promise.all(Array.from({ length: 300 }, () => Conn.open(target.port)));
      for (const conn of conns) conn.send(bytes);
      await othersServed(2);
      for (const conn of conns) conn.destroy();
      await target.served();
    });
  }

  test("300 requests, reset at once", async () => {
    for (let i = 0; i < 300; i++) {
      const conn = await target.connect();
      conn.send(request("GET", POLLING));
      conn.socket.resetAndDestroy();
    }
    await target.served();
  });
});

describe("nothing is left behind", () => {
  /** Waits until the server counts what it counted before. */
  async function settled(before) {
    for (let i = 0; i < 200; i++) {
      const { clients, sockets, rooms } = await target.watcher.facts();
      if (clients <= before.clients && sockets <= before.sockets && rooms <= before.rooms) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.fail(
      `${JSON.stringify(await target.watcher.facts())}, before ${JSON.stringify(before)}`,
    );
  }

  for (const [name, visit] of [
    ["clients that leave", async (client) => client.leave()],
    ["clients that vanish", async (client) => client.conn.socket.resetAndDestroy()],
    [
      "clients that break the protocol",
      async (client) => client.text("42{}").then(() => client.closing()),
    ],
    [
      "clients that stop in the middle of a frame",
      async (client) => client.send("\x81\xfe\x10").then(() => client.destroy()),
    ],
    [
      "clients that owe an attachment",
      async (client) =>
        client.text('451-["a",{"_placeholder":true,"num":0}]').then(() => client.destroy()),
    ],
  ]) {
    test(`200 ${name}`, async () => {
      await target.served();
      const before = await target.watcher.facts();
      for (let i = 0; i < 200; i++) {
        const client = await target.client();
        await client.text(`420["join","room-${i}"]`);
        assert.equal(await client.packet(), "430[]");
        await visit(client);
      }
      await settled(before);
      await target.served();
    });
  }

  test("100 sessions by polling that end", async () => {
    await target.served();
    const before = await target.watcher.facts();
    for (let i = 0; i < 100; i++) {
      const session = await target.polling();
      await session.join();
      await session.leave();
    }
    await settled(before);
  });
});

describe("limits of connections", { skip: REFERENCE && "it has no such options" }, () => {
  for (const option of ["maxConnections", "maxConnectionsPerIp"]) {
    test(option, () =>
      once({ [option]: 3 }, async (small) => {
        const [client] = [await small.client(), await small.polling()];
        for (const bytes of [request("GET", POLLING), upgradeRequest(WEBSOCKET)]) {
          const conn = await small.connect();
          conn.send(bytes);
          const answer = await conn.response();
          assert.equal(answer.status, 503);
          assert.match(answer.headers["retry-after"], /^\d+$/);
          conn.destroy();
        }
        await client.leave();
        await small.watcher.reason(client.sid);
        await (await small.client()).leave();
      }),
    );
  }
});
