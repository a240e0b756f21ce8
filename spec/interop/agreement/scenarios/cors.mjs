// Cross-origin requests, to every kind of answer.
const GOOD = "EIO=4&transport=polling";
const origins = [
  "http://a.example",
  "http://x.b.example",
  "http://chosen.example",
  "http://other.example",
];
const all = [
  "star",
  "true",
  "false",
  "one",
  "list",
  "pattern",
  "function",
  "function star",
  "failing",
  "defaults",
  "continue",
  "texts",
];

export const scenarios = (add) => {
  for (const name of all) {
    const server = `cors ${name}`;
    add(`${name}, polling`, server, async (s) => {
      for (const origin of [...origins, undefined]) {
        await s.request("GET", s.target(GOOD), { headers: origin ? [`Origin: ${origin}`] : [] });
      }
    });
    add(`${name}, preflight`, server, async (s) => {
      for (const origin of [origins[0], origins[3]]) {
        const headers = [`Origin: ${origin}`, "Access-Control-Request-Method: POST"];
        await s.request("OPTIONS", s.target(GOOD), { headers });
        headers.push("Access-Control-Request-Headers: x-token, x-more");
        await s.request("OPTIONS", s.target(GOOD), { headers });
      }
      await s.request("OPTIONS", s.target(GOOD));
    });
    add(`${name}, a session`, server, async (s) => {
      const headers = ["Origin: http://a.example"];
      const session = await s.polling({}, { headers });
      if (!session.sid) return;
      await session.post("40", { headers });
      await session.get();
      await s.request("OPTIONS", session.target, { headers });
      await s.request("PUT", session.target, { headers });
    });
    add(`${name}, refused`, server, (s) =>
      s.request("GET", s.target("EIO=4&transport=tube"), { headers: ["Origin: http://a.example"] }),
    );
    add(`${name}, WebSocket`, server, async (s) => {
      for (const origin of [origins[0], origins[3]]) {
        const ws = await s.webSocket({}, { headers: [`Origin: ${origin}`] });
        if (ws) await ws.next();
      }
    });
    add(`${name}, WebSocket refused`, server, (s) =>
      s.webSocket({ transport: "tube" }, { headers: ["Origin: http://a.example"] }),
    );
    add(`${name}, the client's files`, server, async (s) => {
      const headers = ["Origin: http://a.example", 'If-None-Match: "none"', "Accept-Encoding: br"];
      await s.request("GET", s.target("", "/socket.io/socket.io.min.js"), { headers });
      await s.request("OPTIONS", s.target("", "/socket.io/socket.io.min.js"), { headers });
    });
  }
  add("an origin of null", "cors list", (s) => s.polling({}, { headers: ["Origin: null"] }));
  add("another path", "cors star", (s) =>
    s.request("GET", "/other", { headers: ["Origin: http://a.example"] }),
  );
};
