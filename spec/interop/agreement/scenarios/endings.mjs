// How connections end, and what each side is told.
const act = (start, ...chain) => `42${JSON.stringify(["do", start, chain])}`;

export const scenarios = (add) => {
  for (const close of [false, true]) {
    add(`disconnect(${close}), WebSocket`, "plain", async (s) => {
      const ws = await s.client();
      await ws.ask("40/one,");
      ws.text(act("socket", ["disconnect", close]));
      if (close) {
        await ws.ends();
        await s.hears("engine close");
      } else {
        await ws.next();
        await ws.ask('42/one,["echo",1]');
      }
    });
    add(`disconnect(${close}), polling, a poll waiting`, "plain", async (s) => {
      const session = await s.polling();
      await session.ask("40");
      const poll = await session.poll();
      await session.post(act("socket", ["disconnect", close]));
      await poll.answer();
      if (close) {
        await session.get();
        await session.get();
      }
      await s.settled();
    });
    add(`disconnect(${close}), polling, no poll waiting`, "plain", async (s) => {
      const session = await s.polling();
      await session.ask("40");
      await session.post(act("socket", ["disconnect", close]));
      await session.get();
      if (close) {
        await session.get();
        await session.get();
      }
    });
    add(`last words before disconnect(${close}), WebSocket`, "plain", async (s) => {
      const ws = await s.client();
      ws.text(`42["say and leave",${close}]`);
      await s.hears("left");
      if (close) await ws.ends();
    });
    add(`last words before disconnect(${close}), polling`, "plain", async (s) => {
      const session = await s.polling();
      await session.ask("40");
      await session.post(`42["say and leave",${close}]`);
      await session.get();
      if (close) {
        await session.get();
        await session.get();
      }
    });
  }
  add("the client leaves, polling", "plain", async (s) => {
    const session = await s.polling();
    await session.ask("40");
    await session.post("41");
    await s.hears("disconnect");
    await session.ask("40");
    const poll = await session.poll();
    await session.post("1");
    await poll.answer();
    await s.hears("engine close");
    await session.get();
  });
  add("the client leaves, WebSocket", "plain", async (s) => {
    const ws = await s.client();
    ws.text("41");
    await s.hears("disconnect");
    ws.leave();
    await ws.ends();
    await s.hears("engine close");
  });
  add("conn.close(), WebSocket", "plain", async (s) => {
    const ws = await s.client();
    ws.text(act("conn", ["close"]));
    await ws.ends();
    await s.hears("engine close");
  });
  add("conn.close(true), WebSocket", "plain", async (s) => {
    const ws = await s.client();
    ws.text(act("conn", ["close", true]));
    await ws.ends();
    await s.hears("engine close");
  });
  for (const discard of [[], [true]]) {
    add(`conn.close(${discard}), polling, a poll waiting`, "plain", async (s) => {
      const session = await s.polling();
      await session.ask("40");
      const poll = await session.poll();
      await session.post(act("conn", ["close", ...discard]));
      await poll.answer();
      await s.hears("engine close");
      await session.get();
    });
    add(`conn.close(${discard}), polling, no poll waiting`, "plain", async (s) => {
      const session = await s.polling();
      await session.ask("40");
      await session.post(act("conn", ["close", ...discard]));
      await session.get();
      await s.hears("engine close");
      await session.get();
    });
  }
  add("an old client is disconnected", "eio3", async (s) => {
    const ws = await s.webSocket({ EIO: "3" });
    await ws.next();
    await ws.next();
    ws.text(act("socket", ["disconnect", true]));
    await ws.ends();
    await s.hears("engine close");
  });
  add("an old client is disconnected, polling", "eio3", async (s) => {
    const session = await s.polling({ EIO: "3" });
    await session.get();
    await session.post(
      `${act("socket", ["disconnect", true]).length}:${act("socket", ["disconnect", true])}`,
    );
    await session.get();
    await session.get();
    await session.get();
  });
  add("nobody joins, WebSocket", "no one joins", async (s) => {
    const ws = await s.engine();
    await ws.ends();
    await s.hears("engine close");
  });
  add("nobody joins, polling", "no one joins", async (s) => {
    const session = await s.polling();
    await session.get();
    await s.hears("engine close");
    await session.get();
  });
  add("nobody is let in", "no one joins", async (s) => {
    const ws = await s.engine();
    await ws.ask("40/deny,");
    await ws.ends();
    await s.hears("engine close");
  });
  add("joined and left again", "no one joins", async (s) => {
    const ws = await s.client();
    ws.text("41");
    await s.hears("disconnect");
    await new Promise((resolve) => setTimeout(resolve, 1200));
    await ws.ask("40");
  });

  add("the server closes, WebSocket", "closes websocket", async (s) => {
    const ws = await s.client();
    await ws.ask("40/one,");
    await s.command("close");
    await ws.ends();
    await s.hears("closed");
  });
  add("the server closes, a poll waiting", "closes poll", async (s) => {
    const session = await s.polling();
    await session.ask("40");
    const poll = await session.poll();
    await s.command("close");
    await poll.answer();
    poll.destroy();
    await s.hears("engine close");
  });
  add("the server closes, no poll waiting", "closes polling", async (s) => {
    const session = await s.polling();
    await session.ask("40");
    await s.command("close");
    await s.hears("engine close");
  });
  add("an engine alone closes", "engine closes", async (s) => {
    const ws = await s.webSocket({}, { path: "/engine.io/" });
    await ws.next();
    await ws.next();
    await s.command("close");
    await ws.ends();
    await s.hears("closed");
  });
};
