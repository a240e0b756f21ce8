// The reference (Node's socket.io) under the application of app.lua, event by event.
// Its one argument is a JSON object of server options; `deny` asks for an allowRequest that refuses.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = process.env.SIO_REFERENCE ?? fileURLToPath(new URL("../interop", import.meta.url));
const { Server } = createRequire(join(folder, "package.json"))("socket.io");
const { deny, headersTimeout, requestTimeout, maxHeaderSize, ...options } = JSON.parse(
  process.argv[2] ?? "{}",
);
if (deny) {
  options.allowRequest = (req, callback) =>
    callback(req._query.deny || null, req._query.deny === undefined);
}

const server = createServer(
  {
    headersTimeout: headersTimeout ?? 60000,
    requestTimeout: requestTimeout ?? 300000,
    maxHeaderSize,
    connectionsCheckingInterval: 50,
  },
  (req, res) => res.writeHead(404).end(),
);
const io = new Server(server, options);
let events = 0;

const COMMANDS = new Set([
  "echo",
  "watch",
  "join",
  "tell",
  "burst",
  "flood",
  "ask",
  "facts",
  "bye",
  "hangup",
  "shutdown",
  "volatile",
]);

function flood(socket, total, size, batch) {
  const payload = "x".repeat(size);
  let sent = 0;
  const timer = setInterval(() => {
    for (let i = 0; i < batch; i++) {
      if (sent === total || !socket.connected) return clearInterval(timer);
      socket.emit("flood", ++sent, payload);
    }
  }, 1);
}

function serve(socket) {
  socket.onAny((name, ...args) => {
    events++;
    if (!COMMANDS.has(name)) socket.emit("any", String(name), args.length);
  });
  socket.on("echo", (...args) => {
    if (typeof args.at(-1) === "function") args.pop()(...args);
    else socket.emit("echo", ...args);
  });
  socket.on("watch", (done) => {
    socket.join("watchers");
    done();
  });
  socket.on("join", (room, done) => {
    socket.join(room);
    done();
  });
  socket.on("tell", (room, ...args) => io.to(room).emit("told", ...args));
  socket.on("burst", (n) => {
    for (let i = 1; i <= n; i++) socket.emit("burst", i);
  });
  socket.on("volatile", (name) => socket.volatile.emit(name));
  socket.on("flood", (total, size, batch) => flood(socket, total, size, batch));
  socket.on("ask", (ms) => {
    if (ms)
      socket
        .timeout(ms)
        .emit("question", (err, ...args) => socket.emit("answer", err?.message ?? null, ...args));
    else socket.emit("question", (...args) => socket.emit("answer", ...args));
  });
  socket.on("facts", (done) =>
    done({
      clients: io.engine.clientsCount,
      sockets: io.sockets.sockets.size,
      rooms: io.sockets.adapter.rooms.size,
      events,
    }),
  );
  socket.on("bye", (close) => socket.disconnect(close));
  socket.on("hangup", () => socket.conn.close());
  // A session by polling that nobody polls would keep the reference's process for half a minute.
  socket.on("shutdown", () => io.close(() => process.exit(0)));
  socket.on("disconnect", (reason) => io.to("watchers").emit("gone", socket.id, reason));
}

io.on("connection", serve);
io.of("/admin").use((socket, next) => {
  if (socket.handshake.auth.token === "ok") next();
  else next(Object.assign(new Error("denied"), { data: { code: 7 } }));
});
io.of("/admin").on("connection", serve);
io.of("/slow").use((socket, next) => setTimeout(next, 100));
io.of("/slow").on("connection", serve);
io.of(/^\/dyn-\d+$/).on("connection", serve);

io.engine.on("connection", (conn) => {
  conn.on("close", (reason) => io.to("watchers").emit("closed", conn.id, reason));
});
io.engine.on("connection_error", (err) => io.to("watchers").emit("refused", err.code, err.message));
io.engine.on("headers", (headers, req) => {
  if (req._query?.inject) headers["x-inject"] = req._query.inject;
});

server.listen(0, "127.0.0.1", () => console.log(`listening ${server.address().port}`));
