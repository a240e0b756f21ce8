// From polling to WebSocket: done right, done strangely, abandoned, abused.
import { TEXT, frame } from "../../../wire/frames.mjs";
import { head } from "../../../wire/raw.mjs";

const ECHO = '42["echo",1]';

export const scenarios = (add) => {
  const begin = async (s, query) => {
    const session = await s.polling(query);
    await session.ask("40");
    const ws = await s.webSocket({ ...query, sid: session.sid });
    return { session, ws };
  };
  add("as the official client does it", "plain", async (s) => {
    const session = await s.polling();
    await session.post("40");
    const ws = await s.webSocket({ sid: session.sid });
    await session.get();
    await ws.ask("2probe");
    const poll = await session.poll();
    await poll.answer();
    ws.text("5");
    await s.hears("engine upgrade");
    await ws.ask('42["facts"]', 3);
    ws.leave();
    await ws.ends();
    await s.hears("engine close");
  });
  add("with a poll waiting before the probe", "plain", async (s) => {
    const { session, ws } = await begin(s);
    const poll = await session.poll();
    await ws.ask("2probe");
    await poll.answer();
    ws.text("5");
    await s.hears("engine upgrade");
    await ws.ask(ECHO);
  });
  add("with a poll waiting at the switch", "plain", async (s) => {
    const { session, ws } = await begin(s);
    const poll = await session.poll();
    ws.text("5");
    await s.hears("engine upgrade");
    await poll.answer();
    await ws.ask(ECHO);
  });
  add("with packets waiting", "plain", async (s) => {
    const { session, ws } = await begin(s);
    await ws.ask("2probe");
    await session.post(ECHO);
    await session.post(['451-["echo",{"_placeholder":true,"num":0}]', "bAQI="]);
    await session.post('42["echo",2]');
    ws.text("5");
    for (let i = 0; i < 4; i++) await ws.next();
  });
  add("without a probe", "plain", async (s) => {
    const { session, ws } = await begin(s);
    ws.text("5");
    await s.hears("engine upgrade");
    await ws.ask(ECHO);
    await session.get();
    await session.post("40");
  });
  add("with two probes", "plain", async (s) => {
    const { ws } = await begin(s);
    await ws.ask("2probe");
    await ws.ask("2probe");
    ws.text("5");
    await s.hears("engine upgrade");
    await ws.ask(ECHO);
  });
  for (const [name, packet] of Object.entries({
    "a ping": "2",
    "another probe": "2other",
    "a pong": "3probe",
    "a message": ECHO,
    "an unknown packet": "9",
    "an empty message": "",
    "a close packet": "1",
    "a noop": "6",
    "an open packet": "0",
  })) {
    add(`${name} first`, "plain", async (s) => {
      const { session, ws } = await begin(s);
      ws.text(packet);
      await ws.ends();
      await session.ask(ECHO);
    });
    add(`${name} after the probe`, "plain", async (s) => {
      const { session, ws } = await begin(s);
      await ws.ask("2probe");
      ws.text(packet);
      await ws.ends();
      await session.ask(ECHO);
    });
  }
  add("binary first", "plain", async (s) => {
    const { session, ws } = await begin(s);
    ws.binary([1, 2]);
    await ws.ends();
    await session.ask(ECHO);
  });
  add("a bad frame first", "plain", async (s) => {
    const { session, ws } = await begin(s);
    ws.send(frame(TEXT, "2probe", { mask: false }));
    await ws.ends();
    await session.ask(ECHO);
  });
  add("closed by the client", "plain", async (s) => {
    const { session, ws } = await begin(s);
    await ws.ask("2probe");
    ws.leave(1000);
    await ws.ends({ silent: true });
    await session.ask(ECHO);
  });
  for (const probe of [true, false]) {
    add(`abandoned ${probe ? "after" : "before"} the probe`, "upgrade abandoned", async (s) => {
      const { session, ws } = await begin(s);
      if (probe) await ws.ask("2probe");
      await ws.ends();
      await session.ask(ECHO);
    });
  }
  add("tried again", "plain", async (s) => {
    const { session, ws } = await begin(s);
    ws.leave(1000);
    await ws.ends({ silent: true });
    const again = await s.webSocket({ sid: session.sid });
    await again.ask("2probe");
    again.text("5");
    await s.hears("engine upgrade");
    await again.ask(ECHO);
  });
  add("a second WebSocket meanwhile", "plain", async (s) => {
    const { session, ws } = await begin(s);
    await ws.ask("2probe");
    const second = await s.webSocket({ sid: session.sid });
    await second.ends();
    ws.text("5");
    await s.hears("engine upgrade");
    await ws.ask(ECHO);
  });
  add("a second WebSocket afterwards", "plain", async (s) => {
    const { session, ws } = await begin(s);
    await ws.ask("2probe");
    ws.text("5");
    await s.hears("engine upgrade");
    const second = await s.webSocket({ sid: session.sid });
    await second?.ends();
    await ws.ask(ECHO);
  });
  add("of a session by WebSocket", "plain", async (s) => {
    const ws = await s.client();
    const second = await s.webSocket({ sid: ws.sid });
    await second?.rest();
    await ws.ask(ECHO);
  });
  add("with another revision", "eio3", async (s) => {
    const session = await s.polling();
    await s.webSocket({ EIO: "3", sid: session.sid });
    await session.ask("40");
  });
  add("the session ends meanwhile", "plain", async (s) => {
    const { session, ws } = await begin(s);
    await ws.ask("2probe");
    await session.post("1");
    await ws.ends();
    await s.hears("engine close");
  });
  add("the server ends the session meanwhile", "plain", async (s) => {
    const { session, ws } = await begin(s);
    const poll = await session.poll();
    await session.post('42["do","conn",[["close"]]]');
    await poll.answer();
    await ws.ends();
    await s.hears("engine close");
  });
  add("a ping meanwhile", "heartbeat", async (s) => {
    const { session, ws } = await begin(s);
    await ws.ask("2probe");
    await session.get();
    ws.text("5");
    await s.hears("engine upgrade");
    await session.get();
    await ws.ask("3", 0);
    await ws.next();
    ws.leave();
    await ws.ends();
    await s.hears("engine close");
  });
  add("with compression", "deflate", async (s) => {
    const session = await s.polling();
    await session.ask("40");
    const headers = ["Sec-WebSocket-Extensions: permessage-deflate"];
    const ws = await s.webSocket({ sid: session.sid }, { headers });
    await ws.ask("2probe");
    ws.text("5");
    await s.hears("engine upgrade");
    await ws.ask(ECHO);
  });
  for (const server of ["cookie plain", "cors one", "hooks"]) {
    add(`headers, ${server}`, server, async (s) => {
      const session = await s.polling();
      await s.webSocket({ sid: session.sid }, { headers: ["Origin: http://a.example"] });
    });
  }
  add("by a bad handshake", "plain", async (s) => {
    const session = await s.polling();
    await session.ask("40");
    const lines = ["Host: a", "Connection: Upgrade", "Upgrade: websocket"];
    await s.webSocket(
      { sid: session.sid },
      { raw: (target) => head(`GET ${target} HTTP/1.1`, ...lines) },
    );
    await session.ask(ECHO);
  });
  add("a post after the switch", "plain", async (s) => {
    const { session, ws } = await begin(s);
    await ws.ask("2probe");
    ws.text("5");
    await s.hears("engine upgrade");
    await session.post(ECHO);
    await session.get();
    await ws.ask(ECHO);
  });
};
