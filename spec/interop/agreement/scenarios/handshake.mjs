// How Engine.IO lets clients in, and with which words it refuses them.
import { head } from "../../../wire/raw.mjs";

const GOOD = "EIO=4&transport=polling";

const queries = {
  "no query": "",
  "no transport": "EIO=4",
  "an unknown transport": "EIO=4&transport=tube",
  "an empty transport": "EIO=4&transport=",
  "the transport webtransport": "EIO=4&transport=webtransport",
  "a transport by an inherited name": "EIO=4&transport=constructor",
  "a transport in capitals": "EIO=4&transport=POLLING",
  "no revision": "transport=polling",
  "revision 2": "EIO=2&transport=polling",
  "revision 3": "EIO=3&transport=polling",
  "revision 5": "EIO=5&transport=polling",
  "revision 04": "EIO=04&transport=polling",
  "an empty revision": "EIO=&transport=polling",
  "an unknown session": `${GOOD}&sid=unknown`,
  "an inherited session": `${GOOD}&sid=__proto__`,
  "an empty session": `${GOOD}&sid=`,
  "a revision twice": `EIO=3&${GOOD}`,
  "a transport twice": "EIO=4&transport=polling&transport=tube",
  "a transport that is escaped": "EIO=4&transport=%70olling",
  "a name that is escaped": "%45IO=4&transport=polling",
  "a plus in a name": "EIO=4&transport=poll+ing",
  "parameters of the application": `${GOOD}&a=b&c=%20d&t=abc`,
  "websocket without an upgrade": "EIO=4&transport=websocket",
  "a broken escape": `${GOOD}&x=%zz`,
  "empty parameters": `&&${GOOD}&&=&x`,
};

const sockets = {
  "an unknown transport": { transport: "tube" },
  "revision 3": { EIO: "3" },
  "revision 5": { EIO: "5" },
  "an unknown session": { sid: "unknown" },
  "an inherited session": { sid: "constructor" },
  "the transport polling": { transport: "polling" },
  "an empty session": { sid: "" },
};

export const scenarios = (add) => {
  for (const [name, query] of Object.entries(queries)) {
    add(`polling with ${name}`, "plain", (s) => s.request("GET", s.target(query)));
  }
  for (const [name, query] of Object.entries(sockets)) {
    add(`WebSocket with ${name}`, "plain", async (s) => {
      const ws = await s.webSocket(query);
      if (ws) await ws.next();
    });
  }
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"]) {
    add(`by ${method}`, "plain", (s) => s.request(method, s.target(GOOD)));
  }
  add("by POST with a body", "plain", (s) => s.request("POST", s.target(GOOD), { body: "40" }));
  for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"]) {
    add(`${method} on a session`, "plain", async (s) => {
      const session = await s.polling();
      await s.request(method, session.target);
      await session.post("40");
      await session.get();
    });
  }

  add("polling", "plain", async (s) => {
    const session = await s.polling();
    await session.ask("40");
    await session.ask('42["facts"]');
    await session.post("1");
    await s.hears("engine close");
    await session.get();
  });
  add("WebSocket", "plain", async (s) => {
    const ws = await s.client(
      "",
      { a: "b" },
      { headers: ["User-Agent: agent", "Origin: http://a.example"] },
    );
    await ws.ask('42["facts"]', 3);
    ws.leave(1000);
    await ws.ends();
    await s.hears("engine close");
  });
  add("an origin that does not matter", "plain", (s) =>
    s.polling({}, { headers: ["Origin: http://a.example"] }),
  );
  add("an origin with invalid characters", "plain", (s) =>
    s.polling({}, { headers: ["Origin: http://a.example\x7f"] }),
  );
  add("polling as the Explorer", "plain", async (s) => {
    const session = await s.polling(
      {},
      { headers: ["User-Agent: Mozilla (compatible ;MSIE 9.0)"] },
    );
    await session.post("40", { headers: ["User-Agent: Trident/7"] });
    await session.get();
  });
  add("a connection that is not kept", "plain", (s) =>
    s.request("GET", s.target(GOOD), { headers: ["Connection: close"], closes: true }),
  );
  add("a refusal on a connection that is not kept", "plain", (s) =>
    s.request("GET", s.target(""), { headers: ["Connection: close"], closes: true }),
  );
  add("HTTP/1.0", "plain", async (s) => {
    const bytes = head(`GET ${s.target(GOOD)} HTTP/1.0`, "Host: a");
    await s.request("GET", "1.0", { bytes, closes: true });
  });
  add("HTTP/1.0, kept", "plain", async (s) => {
    const bytes = head(`GET ${s.target(GOOD)} HTTP/1.0`, "Host: a", "Connection: keep-alive");
    await s.request("GET", "1.0", { bytes });
  });

  const paths = {
    plain: [
      "/",
      "/socket.io",
      "/socket.io/more",
      "/socket.io/more/",
      "/socket.iox/",
      "/other/",
      "/Socket.io/",
    ],
    "own path": ["/a/b/", "/a/b", "/a/b/c", "/socket.io/"],
    "no slash": ["/p", "/p/", "/px", "/q"],
  };
  for (const [server, list] of Object.entries(paths)) {
    for (const path of list) {
      add(`${server}, path ${path}`, server, async (s) => {
        await s.request("GET", s.target(GOOD, path));
        await s.webSocket({}, { path });
      });
    }
  }

  add("a session by polling, WebSocket not offered", "polling only", (s) => s.polling());
  add("WebSocket not offered", "polling only", (s) => s.webSocket());
  add("polling not offered", "websocket only", (s) => s.polling());
  add("WebSocket alone", "websocket only", (s) => s.client());
  add("upgrades not offered", "no upgrades", (s) => s.polling());
  add("an upgrade that was not offered", "no upgrades", async (s) => {
    const session = await s.polling();
    const ws = await s.webSocket({ sid: session.sid });
    await ws.ask("2probe");
  });
  add("the first packet of the application, by polling", "initial packet", (s) => s.polling());
  add("the first packet of the application, by WebSocket", "initial packet", async (s) => {
    const ws = await s.engine();
    await ws.next();
  });
  add("the first packet of the application, to an old client", "initial packet", async (s) => {
    const session = await s.polling({ EIO: "3" });
    await session.get();
  });

  for (const [name, query] of Object.entries({
    "another transport": (sid) => ({ sid, EIO: "4", transport: "polling" }),
    "another revision": (sid) => ({ sid, EIO: "3", transport: "websocket" }),
    "no revision": (sid) => ({ sid, transport: "websocket" }),
  })) {
    add(`a request by ${name} than the session's`, "plain", async (s) => {
      const ws = await s.client();
      await s.request("GET", s.target(query(ws.sid)));
      await ws.ask('42["echo",1]');
    });
  }
  for (const revision of ["3", "5", ""]) {
    add(`a poll of revision ${revision || "none"}`, "eio3", async (s) => {
      const session = await s.polling();
      await s.request("GET", s.target({ EIO: revision, transport: "polling", sid: session.sid }));
      await s.request("POST", s.target({ EIO: revision, transport: "polling", sid: session.sid }), {
        body: "40",
      });
      await session.ask("40");
    });
  }
};
