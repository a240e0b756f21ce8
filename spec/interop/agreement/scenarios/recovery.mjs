// Connection state recovery: what a client gets back that comes again with its pid and offset.
const act = (start, ...chain) => `42${JSON.stringify(["do", start, chain])}`;
const P = (num) => `{"_placeholder":true,"num":${num}}`;

/** The pid of a CONNECT, the last argument of an event. */
const pidOf = (packet) => /"pid":"([^"]+)/.exec(packet)[1];
const offsetOf = (packet) => JSON.parse(/\[.*\]$/.exec(packet)[0]).at(-1);

/** A client that has joined; `emit` gets it an event and keeps the event's offset. */
async function join(s, namespace = "") {
  const ws = await s.engine();
  ws.text(`40${namespace}`);
  ws.prefix = namespace;
  ws.pid = pidOf(await ws.next());
  ws.emit = async (...args) => {
    ws.text(act("socket", ["emit", ...args]).replace("42", `42${namespace}`));
    ws.offset = s.named(offsetOf(await ws.next()), "offset");
  };
  return ws;
}

async function lose(s, ws) {
  ws.destroy();
  await s.hears("engine close");
}

/** What is asked for with a CONNECT. */
const wanted = (ws, more) => JSON.stringify({ pid: ws.pid, offset: ws.offset, ...more });

async function comeBack(s, ws, more) {
  const back = await s.engine();
  back.text(`40${ws.prefix}${wanted(ws, more)}`);
  return back;
}

export const scenarios = (add) => {
  const recovering = (name, script) => add(name, "recovery", script);

  recovering("events with offsets", async (s) => {
    const ws = await join(s);
    await ws.emit("x");
    await ws.emit("x", 1, { a: null });
    await ws.ask(act("socket", ["emit", "q", "$ack"]));
    await ws.ask('425["ack",1]');
    await ws.ask('42["volatile"]');
  });
  recovering("nothing missed", async (s) => {
    const ws = await join(s);
    await ws.emit("x", 1);
    await lose(s, ws);
    const back = await comeBack(s, ws);
    await back.next();
    back.text('42["count",1]');
    s.named(offsetOf(await back.next()), "offset");
  });
  recovering("rooms, data and what was missed", async (s) => {
    const ws = await join(s);
    const room = `room-${s.tag}`;
    ws.text(act("socket", ["join", [room, `${room}-too`]]));
    ws.text('42["remember","this"]');
    await ws.emit("x", 1);
    await lose(s, ws);
    await s.command("tell", { room, what: "missed" });
    await s.command("tell", { room: `${room}-too`, what: "missed too" });
    await s.command("tell", { room: `${room}-other`, what: "not for it" });
    await s.command("tell", { room, except: `${room}-too`, what: "not for it either" });
    await s.command("tell", { room, volatile: "1", what: "volatile" });
    const back = await comeBack(s, ws);
    for (const _ of [1, 2]) s.named(offsetOf(await back.next()), "offset");
    await back.next();
    back.text('42["recall"]');
    s.named(offsetOf(await back.next()), "offset");
    await s.command("tell", { room, what: "again" });
    s.named(offsetOf(await back.next()), "offset");
  });
  recovering("binary that was missed", async (s) => {
    const ws = await join(s);
    const other = await join(s);
    const room = `room-${s.tag}`;
    ws.text(act("socket", ["join", room]));
    await ws.emit("x", 1);
    await lose(s, ws);
    other.text(`451-["do","io",[["to","${room}"],["emit","x",${P(0)}]]]`);
    other.binary([1, 2, 3]);
    await s.settled();
    const back = await comeBack(s, ws);
    s.named(offsetOf(await back.next()), "offset");
    await back.next();
    await back.next();
  });
  recovering("by polling", async (s) => {
    const ws = await join(s);
    const room = `room-${s.tag}`;
    ws.text(act("socket", ["join", room]));
    await ws.emit("x", 1);
    await lose(s, ws);
    for (const what of ["one", "two"]) await s.command("tell", { room, what });
    const session = await s.polling();
    await session.post(`40${wanted(ws)}`);
    const { text } = await session.get({ quiet: true });
    for (const packet of text.split("\x1e")) {
      if (packet.startsWith("42")) s.named(offsetOf(packet), "offset");
      s.note("< packet", packet);
    }
  });
  recovering("of a polling session", async (s) => {
    const session = await s.polling();
    const { text } = await session.ask("40");
    await session.post(act("socket", ["emit", "x"]));
    const packet = (await session.get({ quiet: true })).text;
    const offset = s.named(offsetOf(packet), "offset");
    s.note("< packet", packet);
    const poll = await session.poll();
    poll.destroy();
    await s.hears("engine close");
    const back = await s.engine();
    await back.ask(`40${JSON.stringify({ pid: pidOf(text), offset })}`);
  });
  recovering("in another namespace", async (s) => {
    const ws = await join(s, "/one,");
    await ws.emit("x", 1);
    await lose(s, ws);
    const wrong = await s.engine();
    await wrong.ask(`40${wanted(ws)}`);
    const back = await comeBack(s, ws);
    await back.next();
  });
  recovering("with more in the CONNECT", async (s) => {
    const ws = await join(s);
    await ws.emit("x", 1);
    await lose(s, ws);
    const back = await comeBack(s, ws, { token: "t" });
    await back.next();
  });
  for (const [name, more] of Object.entries({
    "an unknown pid": { pid: "unknown" },
    "an unknown offset": { offset: "unknown" },
    "no pid": { pid: undefined },
    "no offset": { offset: undefined },
    "a pid that is no text": { pid: 1 },
    "an offset that is no text": { offset: 1 },
    "a pid of an inherited name": { pid: "__proto__" },
    "empty texts": { pid: "", offset: "" },
  })) {
    recovering(`not with ${name}`, async (s) => {
      const ws = await join(s);
      await ws.emit("x", 1);
      await lose(s, ws);
      const back = await comeBack(s, ws, more);
      await back.next();
    });
  }
  recovering("not while it is still there", async (s) => {
    const ws = await join(s);
    await ws.emit("x", 1);
    const back = await comeBack(s, ws);
    await back.next();
  });
  recovering("not twice", async (s) => {
    const ws = await join(s);
    await ws.emit("x", 1);
    await lose(s, ws);
    const back = await comeBack(s, ws);
    await back.next();
    const again = await comeBack(s, ws);
    await again.next();
  });
  recovering("twice in a row", async (s) => {
    const ws = await join(s);
    await ws.emit("x", 1);
    await lose(s, ws);
    const back = await comeBack(s, ws);
    await back.next();
    back.leave();
    await back.ends();
    await s.app.until(
      "second end",
      () =>
        s.app.logs.get(s.tag).filter((line) => line.startsWith("engine close")).length > 1 ||
        undefined,
    );
    const again = await comeBack(s, ws);
    await again.next();
  });
  for (const [name, end] of Object.entries({
    "the client closes": async (ws) => (ws.leave(), ws.ends()),
    "the connection breaks": async (ws) => ws.destroy(),
    "a bad frame": async (ws) => (ws.send(Buffer.from([0x83, 0x80, 0, 0, 0, 0])), ws.ends()),
    "a bad packet of Socket.IO": async (ws) => (ws.text("4x"), ws.ends()),
    "a bad packet of Engine.IO": async (ws) => (ws.text("9"), ws.ends()),
    "conn.close()": async (ws) => (ws.text(act("conn", ["close"])), ws.ends()),
    "disconnect(true)": async (ws) => (ws.text(act("socket", ["disconnect", true])), ws.ends()),
    "disconnect()": async (ws) => (
      ws.text(act("socket", ["disconnect"])),
      await ws.next(),
      ws.leave(),
      ws.ends()
    ),
    "the client leaves": async (ws, s) => (
      ws.text("41"),
      await s.hears("disconnect"),
      ws.leave(),
      ws.ends()
    ),
  })) {
    recovering(`after ${name}`, async (s) => {
      const ws = await join(s);
      await ws.emit("x", 1);
      await end(ws, s);
      await s.hears("engine close");
      const back = await comeBack(s, ws);
      await back.next();
    });
  }
  add("of an old client", "recovery old", async (s) => {
    const ws = await s.webSocket({ EIO: "3" });
    await ws.next();
    await ws.next();
    ws.text(act("socket", ["emit", "x", { last: true }]));
    const last = offsetOf(await ws.next());
    if (typeof last === "string") s.named(last, "offset");
  });
  for (const server of ["recovery", "recovery guarded"]) {
    add(`${server}: middlewares`, server, async (s) => {
      const ws = await s.engine();
      ws.prefix = "/chain,";
      ws.text("40/chain,");
      let answer;
      while (!(answer = await ws.next()).startsWith("40"));
      ws.pid = pidOf(answer);
      ws.text('42/chain,["echo",1]');
      ws.offset = s.named(offsetOf(await ws.next()), "offset");
      await lose(s, ws);
      const back = await comeBack(s, ws);
      while (!(await back.next()).startsWith("40"));
    });
  }
};
