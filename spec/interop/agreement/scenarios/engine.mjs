// Engine.IO alone, as npm's engine.io.
const path = "/engine.io/";

export const scenarios = (add) => {
  add("polling", "engine", async (s) => {
    const session = await s.polling({}, { path });
    await session.get();
    await session.ask("4hello");
    await session.ask("4bytes");
    await session.ask("bAQI=");
    await session.post(["4a", "4b", "bAw=="]);
    await session.get();
    await session.post("1");
    await s.hears("engine close");
  });
  add("WebSocket", "engine", async (s) => {
    const ws = await s.webSocket({}, { path });
    await ws.next();
    await ws.next();
    await ws.ask("4hello");
    await ws.ask("4bytes");
    ws.binary([7, 8]);
    await ws.next();
    await ws.ask("4");
    await ws.ask("bAQI=");
    ws.leave(1000);
    await ws.ends();
    await s.hears("engine close");
  });
  add("upgrade", "engine", async (s) => {
    const session = await s.polling({ packets: "1" }, { path });
    await session.get();
    const ws = await s.webSocket({ sid: session.sid }, { path });
    await ws.ask("2probe");
    await session.post("4before");
    ws.text("5");
    await ws.next();
    await ws.ask("4after");
  });
  for (const word of ["close", "last words"]) {
    add(`${word}, WebSocket`, "engine", async (s) => {
      const ws = await s.webSocket({}, { path });
      await ws.next();
      await ws.next();
      ws.text(`4${word}`);
      await ws.ends();
      await s.hears("engine close");
    });
    add(`${word}, polling, no poll waiting`, "engine", async (s) => {
      const session = await s.polling({}, { path });
      await session.get();
      await session.post(`4${word}`);
      await session.get();
      await session.get();
    });
    add(`${word}, polling, a poll waiting`, "engine", async (s) => {
      const session = await s.polling({}, { path });
      await session.get();
      const poll = await session.poll();
      await session.post(`4${word}`);
      await poll.answer();
      await session.get();
      await session.get();
    });
  }
  for (const query of [
    "EIO=4&transport=tube",
    "EIO=4&transport=polling&sid=x",
    "EIO=3&transport=polling",
    "EIO=4&transport=websocket",
  ]) {
    add(`refused: ${query}`, "engine", (s) => s.request("GET", s.target(query, path)));
  }
  add("sessions are counted", "counts", async (s) => {
    const count = async () => s.note("sessions:", await s.command("count"));
    await count();
    const session = await s.polling();
    const ws = await s.engine();
    await s.request("GET", s.target("EIO=4&transport=tube"));
    await count();
    await ws.ask("40");
    const upgrade = await s.webSocket({ sid: session.sid });
    upgrade.text("5");
    await s.hears("engine upgrade");
    await count();
    upgrade.leave();
    await upgrade.ends();
    await s.hears("engine close");
    await count();
    ws.text("4x");
    await ws.ends();
    await s.settled();
    await count();
  });
  add("events of a connection", "heartbeat", async (s) => {
    const session = await s.polling({ packets: "1" });
    await session.ask("40");
    const ws = await s.webSocket({ sid: session.sid });
    await ws.ask("2probe");
    ws.text("5");
    await s.hears("engine upgrade");
    await ws.ask('42["echo",1]');
    await ws.next();
    ws.text("3");
    await s.hears("heartbeat");
    ws.leave();
    await ws.ends();
    await s.hears("engine close");
  });
  add("events of an old connection", "heartbeat", async (s) => {
    const ws = await s.webSocket({ EIO: "3", packets: "1" });
    await ws.next();
    await ws.next();
    await ws.ask("2");
    await ws.ask('42["echo",1]');
  });
  add("refused, WebSocket", "engine", (s) => s.webSocket({ EIO: "4", sid: "x" }, { path }));
  add("another path", "engine", (s) =>
    s.request("GET", s.target("EIO=4&transport=polling", "/socket.io/")),
  );
  add("an id of the application's", "engine", (s) => s.polling({ id: "later" }, { path }));
  add("a middleware that fails", "engine", (s) =>
    s.request("GET", s.target("EIO=4&transport=polling&mw=fails", path)),
  );
  for (const size of [100, 101]) {
    add(`a message of ${size} bytes where 100 are allowed`, "engine", async (s) => {
      const session = await s.polling({}, { path });
      await session.get();
      await session.post(`4${"a".repeat(size - 1)}`);
      await session.post("4end");
      await session.get();
    });
  }
  add("an old client, polling", "engine 3", async (s) => {
    const session = await s.polling(
      { EIO: "3" },
      { path: "/e3/", headers: ["Origin: http://a.example"] },
    );
    await session.get();
    await session.ask("6:4hello");
    await session.ask("6:4bytes");
    await session.ask("1:2");
  });
  add("an old client, WebSocket", "engine 3", async (s) => {
    const ws = await s.webSocket({ EIO: "3" }, { path: "/e3/" });
    await ws.next();
    await ws.next();
    await ws.ask("4bytes");
    ws.binary([4, 1, 2]);
    await ws.next();
    await ws.ask("2");
  });
  add("JSONP", "engine 3", async (s) => {
    const session = await s.polling({ EIO: "3", j: "1" }, { path: "/e3/" });
    await session.get();
    await session.post("d=6%3A4hello", {
      headers: ["Content-Type: application/x-www-form-urlencoded"],
    });
    await session.get();
  });
};
