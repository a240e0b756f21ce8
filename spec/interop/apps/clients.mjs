import { Server } from "socket.io";
import * as parser from "socket.io-msgpack-parser";
import { reporter, serve } from "./control.mjs";

const io = new Server({
  allowEIO3: true,
  pingInterval: 300,
  pingTimeout: 2000,
  connectionStateRecovery: process.argv[2] === "recovering" ? {} : undefined,
  ...(process.argv[2] === "packing" && { parser }),
});
const report = reporter(io);

function values(socket) {
  socket.on("echo", (...args) => socket.emit("echo", ...args));
  socket.on("message", (...args) => socket.send(...args));
  socket.on("ask", (...args) => {
    const done = args.pop();
    done(...args);
    done("twice");
  });
  socket.on("ask me", (value) => {
    socket.emit("question", value, (...answer) => socket.emit("answered", ...answer));
  });
  socket.on("ask me in time", (ms) => {
    socket.timeout(ms).emit("question", (error, answer) => {
      socket.emit("answered", Boolean(error), answer);
    });
  });

  const waiting = [];
  socket.on("ask late", (count, done) => {
    waiting.push(done);
    if (waiting.length === count) for (let i = count; i >= 1; i--) waiting[i - 1](i);
  });

  const heard = [];
  socket.on("numbered", (n) => heard.push(n));
  socket.on("heard", (done) => done(heard));
  socket.on("number", async (count) => {
    for (let n = 1; n <= count; n++) {
      socket.emit("numbered", n, n % 10 === 0 ? Buffer.from(String(n)) : null);
      if (n % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
  });
}

function rooms(socket) {
  socket.on("join", (room, done) => {
    socket.join(room);
    done();
  });
  socket.on("leave", (room, done) => {
    socket.leave(room);
    done();
  });
  socket.on("tell", (room, ...args) => io.to(room).emit("told", ...args));
  socket.on("tell others", (room, ...args) => socket.to(room).emit("told", ...args));
  socket.on("tell some", (room, but, ...args) => io.to(room).except(but).emit("told", ...args));
  socket.on("ask room", async (room, done) => {
    done(await io.to(room).timeout(10000).emitWithAck("question", 1));
  });
  socket.on("clear room", (room, close) => io.in(room).disconnectSockets(close));

  socket.on("whisper", (n, done) => {
    socket.volatile.emit("whispered", n, Buffer.from(`bytes ${n}`));
    done();
  });
  socket.on("whisper much", (count) => {
    for (let n = 1; n <= count; n++) socket.volatile.emit("whispered", n);
    socket.emit("whispered all");
  });
}

function connected(socket) {
  if (socket.handshake.query.greet) socket.emit("welcome", socket.id);
  socket.on("who", async (done) => {
    done({
      id: socket.id,
      name: socket.nsp.name,
      protocol: socket.conn.protocol,
      auth: socket.handshake.auth,
      query: socket.handshake.query,
      token: socket.handshake.headers["x-token"],
      transport: socket.conn.transport.name,
      rooms: (await socket.nsp.in(socket.id).fetchSockets()).length,
    });
  });
  values(socket);
  rooms(socket);
  socket.on("leave me", (close) => socket.disconnect(close));
  socket.on("say and leave", (text, close) => {
    socket.emit("last words", text, Buffer.from(text));
    socket.disconnect(close);
  });
  socket.on("cut me", () => socket.conn.close());
  socket.on("mark me", (what) => report("marked", socket.id, what));
  socket.on("disconnect", (reason) => report("disconnect", socket.id, reason));
}

const counting = io.of("/counting");
let count = 0;

function countOn() {
  count += 1;
  counting.emit("count", count, count % 3 === 0 ? Buffer.from(String(count)) : null);
  if (counting.sockets.size > 0) setTimeout(countOn, count % 5 === 0 ? 1 : 0);
  else count = 0;
}

counting.on("connection", (socket) => {
  if (count === 0) countOn();
  socket.on("ask", (value, done) => done(value));
  socket.on("connections", (done) => done(io.engine.clientsCount));
});

io.on("connection", connected);
io.of("/one").on("connection", connected);
io.of(/^\/made-\d+$/).on("connection", connected);
io.of((name, auth, next) => {
  next(null, name.startsWith("/chosen-") && auth.token === "known");
}).on("connection", connected);
io.of("/guarded")
  .use(({ handshake }, next) => {
    next(handshake.auth.token === "known" ? undefined : new Error("unknown token"));
  })
  .on("connection", connected);
const refusal = Object.assign(new Error("no"), { data: { code: 1, list: [1, null] } });
io.of("/refuses").use((_, next) => next(refusal));
io.of("/refuses-briefly").use((_, next) => next(new Error("no")));

serve(io, () => {
  io.engine.on("connection", (conn) => {
    conn.on("close", (reason) => report("close", conn.id, reason));
  });
});
