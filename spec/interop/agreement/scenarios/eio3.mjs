// Clients of Socket.IO 2: Engine.IO 3 by all its transports, JSONP among them.
const P = (num) => `{"_placeholder":true,"num":${num}}`;
const framed = (...packets) => packets.map((packet) => `${packet.length}:${packet}`).join("");
const OLD = { EIO: "3" };

/** Packets as the binary payload of Engine.IO 3. */
function octets(...packets) {
  return Buffer.concat(
    packets.map((packet) => {
      const data = Buffer.from(packet);
      const digits = [...String(data.length)].map(Number);
      return Buffer.concat([
        Buffer.from([typeof packet === "string" ? 0 : 1, ...digits, 255]),
        data,
      ]);
    }),
  );
}
const TYPE = ["Content-Type: application/octet-stream"];

export const scenarios = (add) => {
  const old = (name, script, query = {}) =>
    add(name, "eio3", async (s) => {
      const session = await s.polling({ ...OLD, ...query });
      await session.get();
      await script(session, s);
    });
  const socket = (name, script) =>
    add(name, "eio3", async (s) => {
      const ws = await s.webSocket(OLD);
      await ws.next();
      await ws.next();
      await script(ws, s);
    });

  for (const EIO of ["3", "2", "", undefined]) {
    add(`revision ${EIO === undefined ? "none" : EIO || "empty"}`, "eio3", async (s) => {
      const query = EIO === undefined ? "transport=polling" : `EIO=${EIO}&transport=polling`;
      await s.request("GET", s.target(query));
    });
  }
  old("an event, polling", async (session) => {
    await session.ask(framed('42["echo",1]'));
    await session.ask(framed('42["echo","€😀é"]'));
    await session.ask(framed('42["facts"]'));
    await session.ask(framed('425["ack",1]'));
  });
  old("several packets, polling", async (session) => {
    await session.ask(framed('42["echo",1]', '42["echo",2]', "2"));
    await session.post(framed('42["echo",3]'));
    await session.post(framed('42["echo",4]'));
    await session.get();
  });
  old("binary, polling", async (session) => {
    await session.post(framed(`451-["echo",${P(0)}]`, "b4AQID"));
    await session.get();
    await session.ask(framed('42["echo",1]'));
  });
  old(
    "binary, polling with b64",
    async (session) => {
      await session.post(framed(`452-["echo",${P(0)},"€",${P(1)}]`, "b4AQID", "b4"));
      await session.get();
    },
    { b64: "1" },
  );
  old("binary in octets, polling", async (session) => {
    await session.post(octets(`451-["echo",${P(0)},"€"]`, Buffer.from([4, 1, 2, 3])), {
      headers: TYPE,
    });
    await session.get();
  });
  old("text in octets, polling", async (session) => {
    await session.post(octets('42["echo","€"]', '42["echo",2]'), { headers: TYPE });
    await session.get();
  });
  for (const b64 of ["0", ""]) {
    old(
      `b64 "${b64}"`,
      async (session) => {
        await session.post(framed(`451-["echo",${P(0)}]`, "b4AQID"));
        await session.get();
      },
      { b64 },
    );
  }
  for (const [name, body] of Object.entries({
    "a length too short": '5:42["echo",1]',
    "a length too long": "5:4hell",
    "a length of nothing": "0:",
    "no length": "abc",
    "no colon": "3",
    "a length of letters": "a:4",
    nothing: "",
    "a payload of the newer kind": '42["echo",1]\x1e42["echo",2]',
    "a pong": "1:3",
    "a close packet": "1:1",
    "an unknown packet": "1:9",
    "an upgrade packet": "1:5",
    "a negative length": "-1:4",
    "a length with a leading zero": '012:42["echo",1]',
  })) {
    old(`a payload with ${name}`, async (session, s) => {
      const poll = await session.poll();
      await session.post(body);
      await s.settled();
      await session.post(framed('42["echo","after"]'));
      await poll.answer();
    });
  }
  for (const [name, bytes] of Object.entries({
    "cut short": octets('42["echo",1]').subarray(0, 8),
    "of an unknown kind": Buffer.from([2, 1, 255, 0x36]),
    "without an end of the length": Buffer.from([0, 1, 1, 1]),
    "of nothing": Buffer.alloc(0),
    "with a length of letters": Buffer.from([0, 0x31, 255, 0x36]),
  })) {
    old(`octets ${name}`, async (session, s) => {
      const poll = await session.poll();
      await session.post(bytes, { headers: TYPE });
      await s.settled();
      await session.post(framed('42["echo","after"]'));
      await poll.answer();
    });
  }
  old("the client closes, a poll waiting", async (session, s) => {
    const poll = await session.poll();
    await session.post("1:1");
    await poll.answer();
    await s.hears("engine close");
  });
  old("two polls at once", async (session, s) => {
    const poll = await session.poll();
    await session.get();
    await poll.answer();
    await s.hears("engine close");
  });

  socket("an event, WebSocket", async (ws) => {
    await ws.ask('42["echo",1]');
    await ws.ask('42["facts"]', 3);
    await ws.ask('425["ack","€"]');
  });
  socket("binary, WebSocket", async (ws) => {
    ws.text(`451-["echo",${P(0)}]`);
    ws.binary([4, 1, 2, 3]);
    await ws.next();
    await ws.next();
  });
  socket("binary as text, WebSocket", async (ws) => {
    ws.text(`451-["echo",${P(0)}]`);
    ws.text("b4AQID");
    await ws.next();
    await ws.next();
  });
  for (const [name, bytes] of Object.entries({
    empty: [],
    "of a type that is none": [9, 1],
    "of a ping": [2],
  })) {
    socket(`binary ${name}, WebSocket`, async (ws) => {
      ws.binary(bytes);
      await ws.rest();
    });
  }
  socket("a pong, WebSocket", async (ws, s) => {
    ws.text("3");
    await ws.ends();
    await s.hears("engine close");
  });
  socket("leaving, WebSocket", async (ws, s) => {
    ws.text("41");
    await s.hears("disconnect");
    ws.text("40");
    await ws.rest();
  });

  for (const packet of [
    "40/one",
    "40/one,",
    "40/one?a=1&b=%20c,",
    "40/made-x?q=2,",
    "40/none,",
    "40/deny,",
    "40/deny-text,",
    "40",
    "40/?a=1,",
  ]) {
    socket(`joining by ${packet}`, async (ws) => {
      ws.text(packet);
      await ws.rest();
      const name = /^40(\/[^?,]*)/.exec(packet)?.[1] ?? "/";
      ws.text(`42${name},["facts"]`);
      await ws.rest();
    });
  }
  socket("joining through middlewares", async (ws) => {
    await ws.ask("40/chain,", 2);
    await ws.ask('42/chain,["facts"]', 3);
  });
  old("joining, polling", async (session) => {
    await session.ask(framed("40/one?token=x,"));
    await session.ask(framed('42/one?token=x,["facts"]'));
    await session.post(framed("41/one,"));
    await session.ask(framed("40/deny,"));
  });

  add("an upgrade", "eio3", async (s) => {
    const session = await s.polling(OLD);
    await session.get();
    const ws = await s.webSocket({ ...OLD, sid: session.sid });
    await ws.ask("2probe");
    ws.text("5");
    await s.hears("engine upgrade");
    await ws.ask('42["echo",1]');
    await ws.ask("2");
    ws.leave();
    await ws.ends();
    await s.hears("engine close");
  });

  for (const [name, query] of Object.entries({
    "an old client": { ...OLD, j: "0" },
    "a new client": { EIO: "4", j: "12" },
    "a callback with letters": { ...OLD, j: "a1b2();" },
  })) {
    add(`JSONP, ${name}`, "eio3", async (s) => {
      const session = await s.polling(query);
      if (query.EIO === "4") await s.request("POST", session.target, { body: "d=40" });
      await session.get();
      const wrap = (text) => (query.EIO === "4" ? text : framed(text));
      const body = (text) => `d=${encodeURIComponent(wrap(text))}`;
      const headers = ["Content-Type: application/x-www-form-urlencoded"];
      await session.post(body('42["echo","é€\\u2028<&>"]'), { headers });
      await session.get();
      await session.post(body('42["echo","a\\\\nb"]'), { headers });
      await session.get();
      await session.post(`e=${wrap("2")}`, { headers });
      await s.settled();
      await session.post(body('42["echo",2]'), { headers });
      await session.get();
    });
  }
  add("JSONP where old clients are not served", "plain", (s) => s.polling({ EIO: "4", j: "1" }));
  add("JSONP, binary", "eio3", async (s) => {
    const session = await s.polling({ ...OLD, j: "1", b64: "1" });
    await session.get();
    const text = framed(`451-["echo",${P(0)}]`, "b4AQID");
    await session.post(`d=${encodeURIComponent(text)}`, {
      headers: ["Content-Type: application/x-www-form-urlencoded"],
    });
    await session.get();
  });
  for (const [name, query] of Object.entries({
    text: {},
    base64: { b64: "1" },
    JSONP: { j: "1", b64: "1" },
  })) {
    add(`a large answer, ${name}`, "eio3", async (s) => {
      const session = await s.polling({ ...OLD, ...query });
      await session.get();
      const large = framed(`42["echo","${"a".repeat(3000)}"]`, `451-["echo",${P(0)}]`, "b4AQID");
      const type = ["Content-Type: application/x-www-form-urlencoded"];
      if (query.j) await session.post(`d=${encodeURIComponent(large)}`, { headers: type });
      else await session.post(large);
      await session.get({ headers: ["Accept-Encoding: gzip"] });
    });
  }
  add("JSONP, refused", "eio3", (s) =>
    s.request("GET", s.target({ ...OLD, transport: "tube", j: "1" })),
  );
  for (const size of [100, 101]) {
    add(`JSONP, a post of ${size} bytes where 100 are allowed`, "small", async (s) => {
      const session = await s.polling({ ...OLD, j: "1" });
      await session.get();
      const wrapped = framed('42["echo",1]');
      const body = `d=${wrapped}${"&".repeat(size)}`.slice(0, size);
      await session.post(body, { headers: ["Content-Type: application/x-www-form-urlencoded"] });
    });
  }
};
