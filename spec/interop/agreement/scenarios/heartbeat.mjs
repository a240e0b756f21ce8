// Heartbeats with short intervals.
export const scenarios = (add) => {
  add("pings are answered, WebSocket", "heartbeat", async (s) => {
    const ws = await s.client();
    for (let i = 0; i < 1; i++) {
      await ws.next();
      ws.text("3");
    }
    await ws.next();
    ws.leave();
    await ws.ends();
    await s.hears("engine close");
  });
  add("pings are not answered, WebSocket", "heartbeat missed", async (s) => {
    const ws = await s.client();
    await ws.next();
    await ws.ends();
    await s.hears("engine close");
  });
  add("pings are not answered but packets come, WebSocket", "heartbeat missed", async (s) => {
    const ws = await s.client();
    await ws.next();
    await ws.ask('42["echo",1]');
    await ws.ends();
    await s.hears("engine close");
  });
  add("pings are answered, polling", "heartbeat", async (s) => {
    const session = await s.polling();
    await session.ask("40");
    for (let i = 0; i < 1; i++) {
      await session.get();
      await session.post("3");
    }
    await session.get();
    await session.post("1");
    await s.hears("engine close");
  });
  add("pings are not answered, a poll waiting", "heartbeat missed", async (s) => {
    const session = await s.polling();
    await session.ask("40");
    await session.get();
    const poll = await session.poll();
    await s.hears("engine close");
    await poll.answer();
    await session.get();
  });
  add("pings are not answered, no poll waiting", "heartbeat missed", async (s) => {
    const session = await s.polling();
    await session.ask("40");
    await s.hears("engine close");
    await session.get();
  });
  add("a pong that nobody asked for", "heartbeat", async (s) => {
    const ws = await s.client();
    ws.text("3");
    await ws.next();
    ws.leave();
    await ws.ends();
    await s.hears("engine close");
  });
  add("a ping without a client of Socket.IO", "heartbeat missed", async (s) => {
    const ws = await s.engine();
    await ws.next();
    await ws.ends();
    await s.hears("engine close");
  });
  add("an old client pings, WebSocket", "heartbeat", async (s) => {
    const ws = await s.webSocket({ EIO: "3" });
    await ws.next();
    await ws.next();
    await ws.ask("2");
    await ws.ask("2with data");
    ws.leave();
    await ws.ends();
    await s.hears("engine close");
  });
  add("an old client does not ping, WebSocket", "heartbeat missed", async (s) => {
    const ws = await s.webSocket({ EIO: "3" });
    await ws.next();
    await ws.next();
    await ws.ends();
    await s.hears("engine close");
  });
  add("an old client pings, polling", "heartbeat", async (s) => {
    const session = await s.polling({ EIO: "3" });
    await session.get();
    await session.post("1:2");
    await session.get();
    await session.post("1:1");
    await s.hears("engine close");
  });
  add("an old client does not ping, polling", "heartbeat missed", async (s) => {
    const session = await s.polling({ EIO: "3" });
    await session.get();
    const poll = await session.poll();
    await s.hears("engine close");
    await poll.answer();
  });
};
