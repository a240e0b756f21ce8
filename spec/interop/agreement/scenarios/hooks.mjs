// Hooks of the application: allowRequest, generateId, middlewares of the engine, its headers.
export const scenarios = (add) => {
  const answers = ["no", "message", "later", "never"];
  for (const allow of answers) {
    add(`allowRequest ${allow}, polling`, "hooks", async (s) => {
      const answer = await s.request("GET", s.target({ EIO: "4", transport: "polling", allow }));
      return answer;
    });
    add(`allowRequest ${allow}, WebSocket`, "hooks", async (s) => {
      const ws = await s.webSocket({ allow });
      if (ws) await ws.next();
    });
  }
  add("allowRequest is asked once a session", "hooks", async (s) => {
    const session = await s.polling();
    await session.ask("40");
    const ws = await s.webSocket({ sid: session.sid });
    await ws.ask("2probe");
    ws.text("5");
    await s.hears("engine upgrade");
    await ws.ask('42["echo",1]');
  });
  add("allowRequest is not asked of what is refused before", "hooks", async (s) => {
    await s.request("GET", s.target("EIO=4&transport=tube"));
    await s.request("POST", s.target("EIO=4&transport=polling"));
  });
  add("allowRequest before the revision", "hooks", (s) =>
    s.request("GET", s.target("EIO=4&transport=polling&allow=no")),
  );

  for (const id of ["now", "later", "fails"]) {
    add(`generateId ${id}, polling`, "hooks", async (s) => {
      const session = await s.polling({ id });
      if (id !== "fails") await session.ask("40");
    });
    add(`generateId ${id}, WebSocket`, "hooks", async (s) => {
      const ws = await s.webSocket({ id });
      if (ws) await ws.next();
    });
  }

  for (const mw of ["later", "fails", "fails later", "twice", "answers"]) {
    add(`a middleware ${mw}, polling`, "hooks", async (s) => {
      await s.request("GET", s.target({ EIO: "4", transport: "polling", mw }));
    });
    add(`a middleware ${mw}, WebSocket`, "hooks", async (s) => {
      const ws = await s.webSocket({ mw });
      if (ws) await ws.next();
    });
  }
  add("a middleware fails on a session", "hooks", async (s) => {
    const session = await s.polling();
    await s.request("GET", `${session.target}&mw=fails`);
    await s.request("POST", `${session.target}&mw=fails`, { body: "40" });
    await session.ask("40");
  });
  add("middlewares before a refusal", "hooks", (s) =>
    s.request("GET", s.target("EIO=4&transport=tube")),
  );
  add("middlewares and the client's files", "hooks", (s) =>
    s.request("GET", s.target("", "/socket.io/socket.io.js"), {
      headers: ["Accept-Encoding: gzip"],
    }),
  );
  add("headers of each answer", "hooks", async (s) => {
    const session = await s.polling();
    await session.ask("40");
    await session.post("1");
  });
  add("headers as lists", "hooks", async (s) => {
    const session = await s.polling({ cookies: "1" });
    await session.post("40");
  });
  add("headers as lists, WebSocket", "hooks", (s) => s.engine({ cookies: "1" }));
  add("headers that replace others", "hooks", (s) => s.polling({ override: "1" }));
  add("packets as the engine tells them, polling", "hooks", async (s) => {
    const session = await s.polling({ packets: "1" });
    await session.ask("40");
    await session.ask('42["echo",1]');
    await session.post("1");
    await s.hears("engine close");
  });
  add("packets as the engine tells them, WebSocket", "hooks", async (s) => {
    const ws = await s.client("", { packets: "1" });
    await ws.ask('42["echo",1]');
    await ws.ask("6", 0);
    await ws.ask("3", 0);
  });
};
