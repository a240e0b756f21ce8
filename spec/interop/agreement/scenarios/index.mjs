// All scenarios, by group.
import { scenarios as cookies } from "./cookies.mjs";
import { scenarios as cors } from "./cors.mjs";
import { scenarios as eio3 } from "./eio3.mjs";
import { scenarios as endings } from "./endings.mjs";
import { scenarios as engine } from "./engine.mjs";
import { scenarios as events } from "./events.mjs";
import { scenarios as files } from "./files.mjs";
import { scenarios as handshake } from "./handshake.mjs";
import { scenarios as heartbeat } from "./heartbeat.mjs";
import { scenarios as hooks } from "./hooks.mjs";
import { scenarios as http } from "./http.mjs";
import { scenarios as msgpack } from "./msgpack.mjs";
import { scenarios as namespaces } from "./namespaces.mjs";
import { scenarios as packets } from "./packets.mjs";
import { scenarios as polling } from "./polling.mjs";
import { scenarios as recovery } from "./recovery.mjs";
import { scenarios as upgrade } from "./upgrade.mjs";
import { scenarios as websocket } from "./websocket.mjs";

export const groups = {
  http,
  handshake,
  hooks,
  cors,
  cookies,
  files,
  polling,
  websocket,
  upgrade,
  eio3,
  heartbeat,
  packets,
  namespaces,
  events,
  endings,
  engine,
  recovery,
  msgpack,
};
