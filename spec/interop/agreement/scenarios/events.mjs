// What the server's application does: events, acknowledgements, rooms, broadcasts, volatile.
const P = (num) => `{"_placeholder":true,"num":${num}}`;
const run = (how, start, ...chain) => `42${JSON.stringify([how, start, chain])}`;
const act = (start, ...chain) => run("do", start, ...chain);

export const scenarios = (add) => {
  /** A scenario with one client. */
  const one = (name, script) => add(name, "plain", async (s) => script(await s.client(), s));
  /** A scenario with two clients that have joined the room of the scenario. */
  const two = (name, script) =>
    add(name, "plain", async (s) => {
      const [a, b] = [await s.client(), await s.client()];
      const room = `room-${s.tag}`;
      for (const ws of [a, b]) ws.text(act("socket", ["join", room]));
      await s.settled();
      await script(a, b, room, s);
    });

  one("acknowledgements", async (ws) => {
    await ws.ask('420["ack"]');
    await ws.ask('421["ack",1,"two",{"three":3},null]');
    await ws.ask('429999999999["ack",[]]');
    await ws.ask('420["ack","again"]');
  });
  one("an acknowledgement called twice", (ws) => ws.ask('425["ack twice"]'));
  one("an acknowledgement after the end", async (ws, s) => {
    ws.text('425["ack at the end"]');
    await s.settled();
    ws.text("41");
    await s.hears("disconnect");
  });
  one("an acknowledgement with binary", async (ws) => {
    ws.text(`452-3["ack",${P(0)},{"a":${P(1)}}]`);
    ws.binary([1, 2]);
    ws.binary([]);
    for (let i = 0; i < 3; i++) await ws.next();
  });
  one("arguments of null", (ws) => ws.ask('42["count",null,1,null]'));
  one("arguments of null come back", (ws) => ws.ask('42["echo",null,1,null]'));
  one("asking the client", async (ws) => {
    await ws.ask(act("socket", ["emit", "q", 1, "$ack"]));
    ws.text('43999["wrong id"]');
    ws.text("43[]");
    await ws.rest();
  });
  one("the client answers", async (ws) => {
    const question = await (ws.text(act("socket", ["emit", "q", 1, "$ack"])), ws.next());
    const [, id] = /^42(\d+)/.exec(question);
    await ws.ask(`43${id}["one",2,null]`);
    ws.text(`43${id}["again"]`);
  });
  one("the client answers with binary", async (ws) => {
    const question = await (ws.text(act("socket", ["emit", "q", "$ack"])), ws.next());
    const [, id] = /^42(\d+)/.exec(question);
    ws.text(`461-${id}[${P(0)}]`);
    ws.binary([9]);
    await ws.next();
    await ws.next();
  });
  one("the client answers in time", async (ws) => {
    const question = await (ws.text(act("socket", ["timeout", 5000], ["emit", "q", "$ack"])),
    ws.next());
    await ws.ask(`43${/^42(\d+)/.exec(question)[1]}["in time"]`);
  });
  one("the client does not answer in time", async (ws) => {
    const question = await (ws.text(act("socket", ["timeout", 20], ["emit", "q", "$ack"])),
    ws.next());
    await ws.next();
    ws.text(`43${/^42(\d+)/.exec(question)[1]}["too late"]`);
  });
  one("waiting for the client", async (ws) => {
    const question = await (ws.text(run("wait", "socket", ["emitWithAck", "q", 1])), ws.next());
    await ws.ask(`43${/^42(\d+)/.exec(question)[1]}["answer",2]`);
  });
  one("waiting for the client in vain", async (ws) => {
    ws.text(run("wait", "socket", ["timeout", 20], ["emitWithAck", "q", 1]));
    await ws.next();
    await ws.next();
  });
  one("several events in one turn", (ws) => {
    const chain = ["emit", "a", 1];
    ws.text(act("socket", chain));
    ws.text(act("socket", ["send", "hello", 1]));
    ws.text(act("socket", ["write", "hello"]));
  });
  one("events with names that are used elsewhere", async (ws) => {
    await ws.ask(act("socket", ["emit", "error", 1]));
    await ws.ask(act("socket", ["emit", "connection", 1]));
    await ws.ask(act("socket", ["emit", "message"]));
  });
  add("events by polling in one answer", "plain", async (s) => {
    const session = await s.polling();
    await session.ask("40");
    await session.post([
      act("socket", ["emit", "a", 1]),
      act("socket", ["emit", "b", 2]),
      '42["echo",3]',
    ]);
    await session.get();
  });

  for (const [name, chain] of Object.entries({
    "to a room": (room) => ["io", ["to", room], ["emit", "x", 1]],
    "in a room": (room) => ["io", ["in", room], ["emit", "x", 1]],
    "to a room, from a socket": (room) => ["socket", ["to", room], ["emit", "x", 1]],
    "to several rooms": (room) => ["io", ["to", [room, "none"]], ["to", room], ["emit", "x", 1]],
    "except a room": (room) => ["io", ["to", room], ["except", room], ["emit", "x", 1]],
    "by send": (room) => ["io", ["to", room], ["send", "x", 1]],
    volatile: (room) => ["io", ["to", room], ["volatile"], ["emit", "x", 1]],
    local: (room) => ["io", ["local"], ["to", room], ["emit", "x", 1]],
    "without compression": (room) => ["io", ["to", room], ["compress", false], ["emit", "x", 1]],
    "to an empty room": (room) => ["io", ["to", `${room}-none`], ["emit", "x", 1]],
  })) {
    two(`a broadcast ${name}`, async (a, b, room, s) => {
      a.text(act(...chain(room)));
      await s.settled();
    });
  }
  two("a broadcast to one socket", async (a, b, room, s) => {
    a.text(act("io", ["to", b.id], ["emit", "x", 1]));
    await b.next();
    b.text(act("io", ["to", room], ["except", a.id], ["emit", "y", 1]));
    await b.next();
    b.text(act("socket", ["broadcast"], ["to", room], ["emit", "z", 1]));
    await a.next();
    await s.settled();
  });
  two("rooms left", async (a, b, room, s) => {
    b.text(act("socket", ["leave", room]));
    await s.settled();
    await a.ask(act("io", ["to", room], ["emit", "x", 1]));
    b.text(act("io", ["in", room], ["socketsLeave", room]));
    await s.settled();
    a.text(act("io", ["to", room], ["emit", "y", 1]));
    await s.settled();
  });
  two("sockets made to join", async (a, b, room, s) => {
    a.text(act("io", ["in", room], ["socketsJoin", `${room}-more`]));
    await s.settled();
    a.text(act("io", ["to", `${room}-more`], ["emit", "x", 1]));
    await a.next();
    await b.next();
  });
  two("sockets disconnected", async (a, b, room, s) => {
    a.text(act("io", ["in", room], ["disconnectSockets"]));
    await a.next();
    await b.next();
    await s.settled();
  });
  two("sockets disconnected for good", async (a, b, room, s) => {
    a.text(act("io", ["in", room], ["disconnectSockets", true]));
    await a.ends();
    await b.ends();
    await s.settled();
  });
  const idOf = (packet) => /^42(\d+)/.exec(packet)[1];
  two("a broadcast that all answer", async (a, b, room) => {
    a.text(act("io", ["to", room], ["timeout", 5000], ["emit", "q", "$ack"]));
    const [first, second] = [await a.next(), await b.next()];
    b.text(`43${idOf(second)}["b","ignored"]`);
    await b.rest();
    await a.ask(`43${idOf(first)}["a"]`);
  });
  two("a broadcast that one answers", async (a, b, room) => {
    a.text(act("io", ["to", room], ["timeout", 500], ["emit", "q", "$ack"]));
    await a.next();
    b.text(`43${idOf(await b.next())}["b"]`);
    await a.next();
  });
  two("a broadcast awaited", async (a, b, room) => {
    a.text(run("wait", "socket", ["to", room], ["timeout", 5000], ["emitWithAck", "q", 1]));
    await b.ask(`43${idOf(await b.next())}["b"]`, 0);
    await a.next();
  });
  two("a broadcast awaited in vain", async (a, b, room) => {
    a.text(run("wait", "io", ["to", room], ["timeout", 500], ["emitWithAck", "q", 1]));
    await a.next();
    b.text(`43${idOf(await b.next())}["b"]`);
    await a.next();
  });
  one("a broadcast to nobody, awaited", async (ws, s) => {
    ws.text(run("wait", "io", ["to", `room-${s.tag}`], ["timeout", 5000], ["emitWithAck", "q", 1]));
    await ws.next();
  });
  add("a broadcast to clients of both transports", "eio3", async (s) => {
    const ws = await s.client();
    const session = await s.polling();
    await session.ask("40");
    const old = await s.webSocket({ EIO: "3" });
    await old.next();
    await old.next();
    const room = `room-${s.tag}`;
    ws.text(act("socket", ["join", room]));
    old.text(act("socket", ["join", room]));
    await session.post(act("socket", ["join", room]));
    await s.settled();
    ws.text(act("io", ["to", room], ["emit", "x", "€"]));
    await ws.next();
    await old.next();
    await session.get();
  });
  add("a broadcast of binary to clients of both transports", "eio3", async (s) => {
    const ws = await s.client();
    const session = await s.polling();
    await session.ask("40");
    const old = await s.webSocket({ EIO: "3" });
    await old.next();
    await old.next();
    const room = `room-${s.tag}`;
    for (const one of [ws, old]) one.text(act("socket", ["join", room]));
    await session.post(act("socket", ["join", room]));
    await s.settled();
    ws.text(`451-["do","io",[["to","${room}"],["emit","x",${P(0)}]]]`);
    ws.binary([1, 2, 3]);
    for (const one of [ws, ws, old, old]) await one.next();
    await session.get();
  });

  one("volatile", (ws) => ws.ask('42["volatile"]'));
  one("volatile before another event", (ws) => ws.ask('42["volatile",true]', 2));
  add("volatile by polling without a poll", "plain", async (s) => {
    const session = await s.polling();
    await session.ask("40");
    await session.post('42["volatile"]');
    await session.post('42["echo",1]');
    await session.get();
  });
  add("volatile by polling with a poll", "plain", async (s) => {
    const session = await s.polling();
    await session.ask("40");
    const poll = await session.poll();
    await session.post('42["volatile"]');
    await poll.answer();
  });
};
