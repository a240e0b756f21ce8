// The official server under the application of app.lua, line by line. Its argument is the table of
// servers.mjs as JSON. Prints what happens, each line behind the tag of the scenario it belongs to.
import { createServer } from "node:http";
import * as engineio from "engine.io";
import { Server } from "socket.io";
import msgpack from "socket.io-msgpack-parser";

const words = (value) => String(value instanceof Error ? value.message : (value ?? "-"));
const log = (tag, ...list) => tag && console.log(`${tag}\t${list.map(words).join(" ")}`);
const refusal = (message, data) => Object.assign(new Error(message), { data });

// === What options and hooks may name ==========================================================

const hooks = {
  allowRequest(req, callback) {
    const { allow, tag } = req._query;
    log(tag, "allowRequest", req.method);
    if (allow === "no") return callback(null, false);
    if (allow === "message") return callback("not you", false);
    if (allow === "later") return setTimeout(callback, 5, null, true);
    if (allow === "never") return setTimeout(callback, 5, "never", false);
    callback(null, true);
  },
  origin: (origin, callback) => callback(null, origin === "http://chosen.example"),
  originFails: (origin, callback) => callback(new Error("cannot tell")),
  originStar: (origin, callback) => callback(null, "*"),
};

/** Options as the tables of servers.mjs write them: { $pattern: [JS, Lua] }, { $hook: name }. */
function real(value) {
  if (value === null || typeof value !== "object") return value;
  if (value.$pattern) return new RegExp(value.$pattern[0]);
  if (value.$hook) return hooks[value.$hook];
  if (value.$parser) return msgpack;
  if (value.$date) return new Date(value.$date);
  if (Array.isArray(value)) return value.map(real);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, real(one)]));
}

// === Engine.IO ===============================================================================

function watch(engine) {
  engine.on("connection", (conn) => {
    const { tag, packets } = conn.request._query;
    log(tag, "engine open", conn.transport.name, conn.protocol, conn.readyState);
    conn.on("upgrade", (transport) => log(tag, "engine upgrade", transport.name));
    conn.on("close", (reason, detail) => log(tag, "engine close", reason, detail));
    if (!packets) return;
    conn.on("packet", ({ type, data }) => log(tag, "packet", type, data));
    conn.on("packetCreate", ({ type, data }) => log(tag, "packetCreate", type, data));
    for (const name of ["heartbeat", "upgrading"]) conn.on(name, () => log(tag, name));
    for (const name of ["data", "message"]) conn.on(name, (data) => log(tag, name, data));
  });
  engine.on("connection_error", ({ req, code, message, context = {} }) => {
    const pairs = Object.entries(context).filter(
      ([, value]) => value !== undefined && value !== null,
    );
    const told = pairs.sort().map(([key, value]) => `${key}=${words(value)}`);
    log(req._query.tag, "refused", code, message, told.join(","));
  });
}

const special = {
  generateId(engine) {
    const usual = engine.generateId;
    engine.generateId = (req) => {
      const { id, tag } = req._query;
      if (id === "now") return `custom-${tag}`;
      if (id === "later") return new Promise((done) => setTimeout(done, 5, `custom-${tag}`));
      if (id === "fails") throw new Error("no id today");
      return usual(req);
    };
  },
  middlewares(engine) {
    engine.use((req, res, next) => {
      const { tag, mw } = req._query;
      log(tag, "first middleware", req.method);
      res.setHeader("X-First", "1");
      if (mw === "later") return setTimeout(next, 5);
      if (mw === "fails") return next(new Error("no"));
      if (mw === "fails later") return setTimeout(next, 5, new Error("no"));
      if (mw === "twice") next();
      if (mw === "answers") {
        res.writeHead(401, { "Content-Type": "text/plain" });
        return res.end("no!");
      }
      next();
    });
    engine.use((req, res, next) => {
      log(req._query.tag, "second middleware", req.method);
      res.setHeader("X-Second", "2");
      next();
    });
  },
  headers(engine) {
    for (const name of ["initial_headers", "headers"]) {
      engine.on(name, (headers, req) => {
        log(req._query.tag, name, req.method);
        headers[`X-${name}`] = req._query.tag;
        if (req._query.cookies && name === "headers") headers["Set-Cookie"] = ["a=1", "b=2"];
        if (req._query.override) headers["cache-control"] = "private";
      });
    }
  },
};

// === Socket.IO ===============================================================================

/** Follows [[member, ...arguments], ...] from `target`: calls methods, reads properties. */
function follow(socket, target, chain) {
  const answer = (...args) => socket.emit("answer", ...args.map((arg) => arg?.message ?? arg));
  for (const [name, ...args] of chain) {
    const member = target[name];
    const given = args.map((arg) => (arg === "$ack" ? answer : arg));
    target = typeof member === "function" ? member.apply(target, given) : member;
  }
  return target;
}

function serve(io, socket) {
  const { nsp, conn, handshake } = socket;
  const { tag } = handshake.query;
  const starts = { socket, nsp, conn, io };
  log(tag, "connection", nsp.name, socket.connected, socket.recovered);

  socket.on("disconnecting", (reason) => {
    log(tag, "disconnecting", nsp.name, reason, socket.connected, socket.rooms.size);
  });
  socket.on("disconnect", (reason, detail) => {
    log(
      tag,
      "disconnect",
      nsp.name,
      reason,
      detail?.message ?? detail,
      socket.connected,
      socket.rooms.size,
    );
  });
  socket.on("error", (error) => log(tag, "error", nsp.name, error));
  socket.on("echo", (...args) => socket.emit("echo", ...args));
  socket.on("1", (...args) => socket.emit("one", ...args));
  socket.on("ack", (...args) => args.pop()(...args));
  socket.on("ack twice", (done) => {
    done("first");
    done("second");
  });
  socket.on("ack at the end", (done) => socket.on("disconnect", () => done("too late")));
  socket.on("count", (...args) => socket.emit("counted", args.length));
  socket.on("do", (start, chain) => void follow(socket, starts[start], chain));
  socket.on("wait", async (start, chain) => {
    try {
      const result = await follow(socket, starts[start], chain);
      socket.emit("resolved", result);
    } catch (error) {
      socket.emit("rejected", error.message, error.responses);
    }
  });
  socket.on("say and leave", (close) => {
    socket.emit("last", 1);
    socket.disconnect(close);
    socket.emit("last", 2);
    log(tag, "left", socket.connected, socket.disconnected);
  });
  socket.on("remember", (value) => {
    socket.data.value = value;
  });
  socket.on("recall", () => socket.emit("recalled", socket.data.value ?? null));
  socket.on("volatile", (twice) => {
    socket.volatile.emit("volatile", 1);
    if (twice) socket.emit("kept", 2);
  });
  socket.on("facts", () => {
    const { readyState, transport, protocol } = conn;
    const rooms = [...socket.rooms].filter((room) => room !== socket.id).sort();
    const { xdomain, secure, query, auth, url, headers } = handshake;
    socket.emit("facts", readyState, transport.name, protocol, rooms);
    socket.emit("facts", xdomain, secure, url, headers["user-agent"]);
    socket.emit("facts", Object.entries(query).sort(), Object.entries(auth).sort());
  });
}

/** A socket whose way through the catch-all listeners and middlewares is told. */
function guarded(socket) {
  const { tag } = socket.handshake.query;
  socket.onAny((name, ...args) => log(tag, "any", name, args.length));
  socket.onAnyOutgoing((name, ...args) => log(tag, "outgoing", name, args.length));
  socket.use(([name, ...args], next) => {
    log(tag, "socket middleware", name, args.length);
    next(name === "forbidden" ? new Error("forbidden event") : undefined);
  });
  socket.use((event, next) => setTimeout(next, event[0] === "slow" ? 5 : 0));
  socket.on("forbidden", () => log(tag, "never"));
  socket.on("slow", () => socket.emit("slow one"));
}

function namespaces(io) {
  const all = (nsp) => nsp.on("connection", (socket) => serve(io, socket));
  const tell = (name, next) => (socket, go) => {
    log(socket.handshake.query.tag, name, socket.nsp.name, socket.connected);
    next(socket, go);
  };
  all(io);
  io.on("connect", (socket) => log(socket.handshake.query.tag, "connect", socket.nsp.name));
  all(io.of("/one"));
  all(io.of("two"));

  const chain = io.of("/chain");
  chain.use(tell("first", (socket, next) => next()));
  chain.use(tell("second", (socket, next) => setTimeout(next, 5)));
  chain.use(
    tell("third", (socket, next) => {
      socket.join("early");
      socket.emit("early", 1);
      next(socket.handshake.auth.refuse ? refusal("refused") : undefined);
    }),
  );
  chain.use(tell("fourth", (socket, next) => next()));
  all(chain);
  chain.on("connection", guarded);

  all(io.of("/deny").use((_, next) => next(refusal("denied", { list: [1, "two"] }))));
  all(io.of("/deny-text").use((_, next) => next(new Error("plainly denied"))));
  all(io.of("/deny-later").use((_, next) => setTimeout(next, 5, refusal("later", "text"))));
  all(io.of("/slow").use(tell("slow", (_, next) => setTimeout(next, 500))));
  all(io.of("/twice").use((_, next) => (next(), next())));
  all(io.of("/leaves").use((socket, next) => (socket.disconnect(), next())));
  all(io.of("/closes").use((socket, next) => (socket.conn.close(), next())));

  const made = io.of(/^\/made-/);
  made.use(
    tell("parent middleware", (socket, next) => {
      next(socket.handshake.auth.refuse ? refusal("refused") : undefined);
    }),
  );
  all(made);
  all(
    io.of((name, auth, next) => {
      log(auth?.tag, "asked", name);
      if (auth?.later) return setTimeout(next, 300, null, name.startsWith("/asked-"));
      if (auth?.error) return next(new Error("no"), true);
      next(null, name.startsWith("/asked-"));
    }),
  );
  io.on("new_namespace", (nsp) => log(nsp.name.split("-")[1], "new namespace", nsp.name));
}

// === Starting ================================================================================

function echo(engine) {
  engine.on("connection", (conn) => {
    conn.send("welcome");
    conn.on("message", (data) => {
      if (data === "close") conn.close();
      else if (data === "bytes") conn.send(Buffer.from([1, 2, 3]));
      else if (data === "last words") conn.send("one").send("two").close();
      else conn.send(data);
    });
  });
}

const running = {};

function start(name, { kind, options = {}, with: extras = [] }) {
  const http = createServer((_, res) => res.writeHead(404).end());
  if (kind === "engine") {
    const engine = engineio.attach(http, real(options));
    running[name] = { engine, close: (done) => (engine.close(), http.close(done)) };
    watch(engine);
    echo(engine);
  } else {
    const io = new Server(http, real(options));
    running[name] = io;
    namespaces(io);
    watch(io.engine);
  }
  for (const extra of extras) special[extra](running[name].engine);
  http.listen(0, "127.0.0.1", () => console.log(`listening\t${name} ${http.address().port}`));
}

const commands = {
  mark: (query) => log(query.get("tag"), "mark"),
  count: (query) => running[query.get("server")].engine.clientsCount,
  close: (query) => running[query.get("server")].close(() => log(query.get("tag"), "closed")),
  tell: (query) => {
    const { [query.get("server")]: io } = running;
    const nsp = io.of(query.get("nsp") ?? "/");
    const to = query.get("except") ? nsp.except(query.get("except")) : nsp;
    const kind = query.get("volatile") ? to.volatile : to;
    (query.get("room") ? kind.to(query.get("room")) : kind).emit("told", query.get("what"));
  },
  quit: () => setImmediate(() => process.exit(0)),
};

for (const [name, spec] of Object.entries(JSON.parse(process.argv[2]))) start(name, spec);
const control = createServer((req, res) => {
  const { pathname, searchParams } = new URL(req.url, "http://control");
  const result = commands[pathname.slice(1)](searchParams);
  res.end(typeof result === "number" ? String(result) : "");
});
control.listen(0, "127.0.0.1", () => console.log(`listening\tcontrol ${control.address().port}`));
