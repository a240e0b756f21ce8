// The official clients of three generations under one face, and the ways in which each connects.
import { createRequire } from "node:module";
import net from "node:net";
import { Socket as EngineOfToday } from "engine.io-client";
import { io as today } from "socket.io-client";
import old from "socket.io-client-2";
import { io as before } from "socket.io-client-3";
import { event, transportsOf, upgraded, within } from "./harness.mjs";

/** The version of each, and the revision of Engine.IO that it speaks. */
export const generations = {
  2.5: { lookup: old, protocol: 3 },
  3.1: { lookup: before, protocol: 4 },
  4.8: { lookup: today, protocol: 4 },
};

const engineOf = (client) => createRequire(import.meta.resolve(client))("engine.io-client");

/** The clients of Engine.IO below them: the class of each, and the revision that it speaks. */
export const engines = {
  3.5: { Client: engineOf("socket.io-client-2"), protocol: 3 },
  4.1: { Client: engineOf("socket.io-client-3").Socket, protocol: 4 },
  6.6: { Client: EngineOfToday, protocol: 4 },
};

/** What is given to a client so that it connects in that way. */
export const ways = {
  ...Object.fromEntries(
    Object.entries(transportsOf).map(([name, transports]) => [name, { transports }]),
  ),
  base64: { transports: transportsOf.upgrade, forceBase64: true },
};

/**
 * A client of a generation; not connected yet. `auth` is what the server shall find as such: a
 * query in the first generation.
 */
export function open(server, generation, namespace = "/", { auth, ...options } = {}) {
  const { lookup, protocol } = generations[generation];
  const client = lookup(server.url + namespace, {
    forceNew: true,
    reconnection: false,
    ...(protocol === 3 ? { query: auth } : { auth }),
    ...options,
  });
  return server.keep(client, () => {
    if (client.io._close) client.io._close();
    else client.io.close();
  });
}

/** The same, connected. */
export async function connect(server, generation, namespace, options) {
  const client = open(server, generation, namespace, options);
  const failure = new Promise((_, reject) => {
    for (const name of ["connect_error", "error"]) client.once(name, reject);
  });
  await Promise.race([event(client, "connect"), failure]);
  return client;
}

/** Why the client was refused: a value, or message and data of an error. */
export async function refusal(client) {
  const [reason] = await Promise.race([event(client, "error"), event(client, "connect_error")]);
  if (!(reason instanceof Error)) return reason;
  const { message, data } = reason;
  return data === undefined ? { message } : { message, data };
}

/** What the server answers to an event. */
export function answersTo(client, ...args) {
  const answer = new Promise((resolve) => client.emit(...args, (...values) => resolve(values)));
  return within(answer, `answer to ${args[0]}`);
}

/** Bytes as an array, whatever the client hands out. */
export function bytesOf(data) {
  return [...new Uint8Array(data)];
}

/** Resolves when the client has moved to WebSocket, if it is to. */
export async function settled(client, way) {
  if (ways[way].transports.length > 1) await upgraded(client);
}

/** An Engine.IO client with a queue: `await client.next()` gives the next message. */
export function queued(client) {
  const queue = [];
  const waiting = [];
  // The clients give an empty message as undefined.
  client.on("message", (data = "") => {
    if (waiting.length > 0) waiting.shift()(data);
    else queue.push(data);
  });
  client.next = () =>
    queue.length > 0
      ? Promise.resolve(queue.shift())
      : within(new Promise((resolve) => waiting.push(resolve)), "message");
  return client;
}

/** A network between clients and the server that breaks and is mended on demand. */
export async function network(server) {
  const connections = new Set();
  let whole = true;
  const relay = net.createServer((client) => {
    if (!whole) return client.destroy();
    const upstream = net.connect(server.port, "127.0.0.1");
    for (const [one, other] of [[client, upstream], [upstream, client]]) {
      connections.add(one);
      one.on("error", () => {});
      one.on("close", () => other.destroy() && connections.delete(one));
      one.pipe(other);
    }
  });
  await new Promise((resolve) => relay.listen(0, "127.0.0.1", resolve));
  const it = {
    url: `http://127.0.0.1:${relay.address().port}`,
    keep: (...args) => server.keep(...args),
    cut() {
      whole = false;
      for (const connection of connections) connection.destroy();
    },
    mend: () => (whole = true),
  };
  return server.keep(it, () => it.cut(relay.close()));
}
