// WebSocket: the handshake's forms, frames good and bad, closing, compression.
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  PING,
  PONG,
  TEXT,
  closeFrame,
  fragments,
  frame,
} from "../../../wire/frames.mjs";
import { head } from "../../../wire/raw.mjs";
import { deflateRawSync, constants } from "node:zlib";

const ECHO = '42["echo",1]';
const UPGRADE = ["Host: a", "Connection: Upgrade", "Upgrade: websocket"];
const KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
const VERSION = "Sec-WebSocket-Version: 13";

const handshakes = {
  "no key": [...UPGRADE, VERSION],
  "a short key": [...UPGRADE, VERSION, "Sec-WebSocket-Key: abc"],
  "no version": [...UPGRADE, KEY],
  "version 8": [...UPGRADE, KEY, "Sec-WebSocket-Version: 8"],
  "version 12": [...UPGRADE, KEY, "Sec-WebSocket-Version: 12"],
  "another protocol": ["Host: a", "Connection: Upgrade", "Upgrade: tube", KEY, VERSION],
  "Upgrade in capitals": ["Host: a", "Connection: upgrade", "Upgrade: WebSocket", KEY, VERSION],
  "several connection tokens": [
    "Host: a",
    "Connection: keep-alive, Upgrade",
    "Upgrade: websocket",
    KEY,
    VERSION,
  ],
  "no connection token": ["Host: a", "Upgrade: websocket", KEY, VERSION],
  "one subprotocol": [...UPGRADE, KEY, VERSION, "Sec-WebSocket-Protocol: foo"],
  "two subprotocols": [...UPGRADE, KEY, VERSION, "Sec-WebSocket-Protocol: foo, bar"],
  "subprotocols in two lines": [
    ...UPGRADE,
    KEY,
    VERSION,
    "Sec-WebSocket-Protocol: foo",
    "Sec-WebSocket-Protocol: bar",
  ],
  "a subprotocol twice": [...UPGRADE, KEY, VERSION, "Sec-WebSocket-Protocol: foo, foo"],
  "a bad subprotocol": [...UPGRADE, KEY, VERSION, "Sec-WebSocket-Protocol: f(o"],
  "an unknown extension": [...UPGRADE, KEY, VERSION, "Sec-WebSocket-Extensions: x-unknown"],
  "an offer of compression": [
    ...UPGRADE,
    KEY,
    VERSION,
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
  ],
  "a bad extension": [...UPGRADE, KEY, VERSION, "Sec-WebSocket-Extensions: ;;"],
};

const endings = {
  "no code": [undefined],
  1000: [1000],
  "1000 and a reason": [1000, "bye"],
  1001: [1001],
  3000: [3000, "a"],
  "4001 and a reason": [4001, "bye"],
  4999: [4999],
  1012: [1012],
  999: [999],
  1004: [1004],
  1005: [1005],
  1006: [1006],
  1015: [1015],
  2999: [2999],
  5000: [5000],
};

const bad = {
  "no mask": frame(TEXT, ECHO, { mask: false }),
  "a reserved bit": frame(TEXT, ECHO, { rsv: 4 }),
  "another reserved bit": frame(TEXT, ECHO, { rsv: 2 }),
  "opcode 3": frame(3, ECHO),
  "opcode 11": frame(11, ""),
  "bad UTF-8": frame(TEXT, Buffer.from([0x34, 0x32, 0xff])),
  "a continuation of nothing": frame(CONTINUATION, ECHO),
  "a message within another": Buffer.concat([frame(TEXT, "42", { fin: false }), frame(TEXT, ECHO)]),
  "a ping in parts": frame(PING, "", { fin: false }),
  "a long ping": frame(PING, "a".repeat(126)),
  "a close of one octet": frame(CLOSE, "a"),
  "a close with bad UTF-8": closeFrame(1000, Buffer.from([0xff])),
  "a length with its highest bit": frame(TEXT, "", { length: 2 ** 63 }),
};

const good = {
  "a message in parts": fragments(TEXT, ["42[", '"echo"', ",1]"]),
  "empty parts": fragments(TEXT, ["", "42[", "", '"echo",1]', ""]),
  "a ping between parts": Buffer.concat([
    frame(TEXT, "42[", { fin: false }),
    frame(PING, "between"),
    frame(CONTINUATION, '"echo",1]'),
  ]),
  "a pong that nobody asked for": Buffer.concat([frame(PONG, "x"), frame(TEXT, ECHO)]),
  "a ping": Buffer.concat([frame(PING, "hello"), frame(TEXT, ECHO)]),
  "an empty ping": Buffer.concat([frame(PING, ""), frame(TEXT, ECHO)]),
  "a length in a longer form": frame(TEXT, ECHO, { form: 16 }),
  "base64 as text": Buffer.concat([
    frame(TEXT, '451-["echo",{"_placeholder":true,"num":0}]'),
    frame(TEXT, "bAQID"),
  ]),
  "base64 in parts": Buffer.concat([
    frame(TEXT, '451-["echo",{"_placeholder":true,"num":0}]'),
    fragments(BINARY, [Buffer.from([1]), Buffer.from([2, 3])]),
  ]),
  "two messages at once": Buffer.concat([frame(TEXT, ECHO), frame(TEXT, '42["echo",2]')]),
};

const ignored = {
  "an open packet": "0",
  "a noop": "6",
  "an upgrade packet": "5",
  "a pong": "3",
  "a pong with data": "3x",
  "a close packet": "1",
};
const faulty = {
  "a ping": "2",
  "a probe": "2probe",
  "an unknown packet": "7",
  "an empty message": "",
  letters: "abc",
  "bad base64": "b@@",
};

export const scenarios = (add) => {
  for (const [name, lines] of Object.entries(handshakes)) {
    add(`a handshake with ${name}`, "plain", async (s) => {
      const ws = await s.webSocket(
        {},
        { raw: (target) => head(`GET ${target} HTTP/1.1`, ...lines) },
      );
      if (ws) await ws.next();
    });
  }
  add("a handshake by POST", "plain", async (s) => {
    await s.webSocket(
      {},
      { raw: (target) => head(`POST ${target} HTTP/1.1`, ...UPGRADE, KEY, VERSION) },
    );
  });
  for (const [name, how] of Object.entries(endings)) {
    add(`closing with ${name}`, "plain", async (s) => {
      const ws = await s.client();
      ws.leave(...how);
      await ws.ends({ silent: true });
      await s.hears("engine close");
    });
  }
  add("the connection is cut", "plain", async (s) => {
    const ws = await s.client();
    ws.destroy();
    await s.hears("engine close");
  });
  add("the connection is ended", "plain", async (s) => {
    const ws = await s.client();
    ws.conn.socket.end();
    await ws.ends();
    await s.hears("engine close");
  });
  add("the connection is reset", "plain", async (s) => {
    const ws = await s.client();
    ws.conn.socket.resetAndDestroy();
    await s.hears("engine close");
  });
  add("data after the close frame", "plain", async (s) => {
    const ws = await s.client();
    ws.send(Buffer.concat([closeFrame(1000), frame(TEXT, ECHO)]));
    await ws.ends({ silent: true });
    await s.hears("engine close");
  });
  for (const [name, bytes] of Object.entries(bad)) {
    add(`a bad frame: ${name}`, "plain", async (s) => {
      const ws = await s.client();
      ws.send(bytes);
      await ws.ends();
      await s.hears("engine close");
    });
  }
  for (const [name, bytes] of Object.entries(good)) {
    add(`frames: ${name}`, "plain", async (s) => {
      const ws = await s.client();
      ws.send(bytes);
    });
  }
  for (const [name, packet] of Object.entries(ignored)) {
    add(`a packet without effect: ${name}`, "plain", async (s) => {
      const ws = await s.client();
      ws.text(packet);
      await ws.ask(ECHO);
    });
  }
  for (const [name, packet] of Object.entries(faulty)) {
    add(`a faulty packet: ${name}`, "plain", async (s) => {
      const ws = await s.client();
      ws.text(packet);
      await ws.ends();
      await s.hears("engine close");
    });
  }
  const event = (size) => `42["echo","${"a".repeat(size - 13)}"]`;
  for (const size of [99, 100]) {
    add(`a message of ${size} bytes where 100 are allowed`, "small", async (s) => {
      const ws = await s.client();
      await ws.ask(event(size));
    });
  }
  add("a message of 101 bytes where 100 are allowed", "small", async (s) => {
    const ws = await s.client();
    ws.text(event(101));
    await ws.ends();
    await s.hears("engine close");
  });
  add("101 bytes in parts where 100 are allowed", "small", async (s) => {
    const ws = await s.client();
    ws.send(fragments(TEXT, [event(101).slice(0, 60), event(101).slice(60)]));
    await ws.ends();
    await s.hears("engine close");
  });
  for (const size of [100, 101]) {
    add(`an attachment of ${size} bytes where 100 are allowed`, "small", async (s) => {
      const ws = await s.client();
      ws.text('451-["echo",{"_placeholder":true,"num":0}]');
      ws.binary(Buffer.alloc(size, 7));
      if (size > 100) {
        await ws.ends();
        await s.hears("engine close");
      } else {
        await ws.next();
        await ws.next();
      }
    });
  }
  add("messages along with the handshake", "plain", async (s) => {
    const ws = await s.webSocket({}, { more: [frame(TEXT, "40")] });
    await ws.next();
  });

  const offers = [
    "permessage-deflate",
    "permessage-deflate; client_max_window_bits",
    "permessage-deflate; client_max_window_bits=10",
    "permessage-deflate; server_max_window_bits=10",
    "permessage-deflate; server_max_window_bits=8",
    "permessage-deflate; server_no_context_takeover",
    "permessage-deflate; client_no_context_takeover",
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=12",
    "permessage-deflate; unknown",
    "permessage-deflate; server_max_window_bits",
    "permessage-deflate; server_max_window_bits=7",
    "permessage-deflate; server_max_window_bits=16",
    "permessage-deflate; client_max_window_bits=7",
    "permessage-deflate; server_no_context_takeover=1",
    "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
    "permessage-deflate; unknown, permessage-deflate",
    "permessage-deflate; server_max_window_bits=9, permessage-deflate; client_max_window_bits",
    "x-webkit-deflate-frame",
    "x-other, permessage-deflate",
    'permessage-deflate; client_max_window_bits="12"',
    "permessage-deflate;",
    "permessage-deflate; =1",
  ];
  for (const server of ["deflate", "deflate without context", "deflate windows"]) {
    for (const offer of offers) {
      add(`${server}: ${offer}`, server, async (s) => {
        const ws = await s.webSocket({}, { headers: [`Sec-WebSocket-Extensions: ${offer}`] });
        if (!ws) return;
        await ws.next();
        await ws.ask("40");
        await ws.ask(ECHO);
      });
    }
    add(`${server}: no offer`, server, async (s) => {
      const ws = await s.client();
      await ws.ask(ECHO);
    });
  }
  const packed = (text) =>
    frame(TEXT, deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4), {
      rsv: 4,
    });
  for (const server of ["deflate above 20", "deflate without context"]) {
    add(`${server}: large and small messages`, server, async (s) => {
      const ws = await s.client(
        "",
        {},
        { headers: ["Sec-WebSocket-Extensions: permessage-deflate"] },
      );
      await ws.ask('42["echo",1]');
      await ws.ask(`42["echo","${"a".repeat(100)}"]`);
      await ws.ask(`42["do","socket",[["compress",false],["emit","x","${"a".repeat(100)}"]]]`);
      ws.send(packed(`42["echo","${"b".repeat(100)}"]`));
      await ws.next();
      ws.text('451-["echo",{"_placeholder":true,"num":0}]');
      ws.binary([1, 2, 3]);
      await ws.next();
      await ws.next();
    });
  }
  for (const server of ["deflate", "deflate without context"]) {
    add(`${server}: a broadcast`, server, async (s) => {
      const offer = ["Sec-WebSocket-Extensions: permessage-deflate"];
      const all = [];
      for (const headers of [offer, offer, []]) all.push(await s.client("", {}, { headers }));
      const room = `room-${s.tag}`;
      for (const ws of all) ws.text(`42["do","socket",[["join","${room}"]]]`);
      await s.settled();
      for (const text of ["a".repeat(100), "b"]) {
        all[0].text(`42["do","io",[["to","${room}"],["emit","x","${text}"]]]`);
        for (const ws of all) await ws.next();
      }
    });
  }
  add("a compressed message that is too large", "deflate", async (s) => {
    const ws = await s.client(
      "",
      {},
      { headers: ["Sec-WebSocket-Extensions: permessage-deflate"] },
    );
    ws.send(packed("4" + "a".repeat(1_000_001)));
    await ws.ends();
    await s.hears("engine close");
  });
  add("a compressed message that is none", "deflate", async (s) => {
    const ws = await s.client(
      "",
      {},
      { headers: ["Sec-WebSocket-Extensions: permessage-deflate"] },
    );
    ws.send(frame(TEXT, Buffer.from([0xff, 0xff, 0xff]), { rsv: 4 }));
    await ws.ends();
    await s.hears("engine close");
  });
};
