import * as engineio from "engine.io";
import { Server } from "socket.io";
import { reporter, serve } from "./control.mjs";

const variants = {
  hasty: { connectTimeout: 1000 },
  fixed: { allowUpgrades: false },
  uncompressed: { httpCompression: false },
  compressed: { httpCompression: true },
  merged: { pingInterval: 11111 },
};
const variant = process.argv[2];

const io = new Server(variants[variant]);
const report = reporter(io);

const names = (set) => [...set].sort();

io.on("connection", (socket) => {
  socket.conn.on("close", (reason) => report("closed", socket.conn.id, reason));
  socket.on("echo", (...args) => socket.emit("echo", ...args));
  socket.on("give", (length, compress) => {
    socket.compress(compress).emit("given", "g".repeat(length));
  });
  socket.on("give two", (length) => {
    socket.compress(false).emit("given", "g".repeat(length));
    socket.emit("small");
  });
  socket.on("volatile bytes, then firm", () => {
    socket.volatile.emit("volatile", Buffer.from("one"), [Buffer.from("two")]);
    socket.emit("firm");
  });
  socket.on("ask the others", (done) => {
    socket.timeout(50).to(socket.id).emit("question", (err, answers) => {
      done(err?.message, answers);
    });
  });
  socket.on("last words", (atOnce) => {
    socket.emit("last", "l".repeat(100000));
    socket.emit("words", 1);
    socket.conn.close(atOnce);
  });
  socket.on("upgraded", (done) => done(socket.conn.upgraded));
  socket.on("send me away", () => socket.disconnect());
  socket.on("after that", () => report("heard", socket.id));
  socket.on("rooms of", (name, done) => done(names(io.of(name).adapter.rooms.keys())));
  socket.on("listen to", (what, done) => {
    const log = [];
    socket.onAny((event) => log.push(event));
    socket.use(([event], next) => next(event === what ? new Error("refused") : undefined));
    socket.on("log", (answer) => answer(log));
    done();
  });
  socket.on("heartbeats", (done) => {
    const seen = [];
    socket.conn.on("heartbeat", () => seen.push(["heartbeat"]));
    for (const event of ["message", "data"]) {
      socket.conn.on(event, (data) => seen.push([event, data]));
    }
    socket.on("seen", (answer) => answer(seen));
    done();
  });
});

const early = io.of("/early");
early.use((socket, next) => {
  socket.emit("welcome", 1);
  socket.join("early");
  next();
});
early.on("connection", (socket) => socket.emit("rooms", names(socket.rooms)));

io.of("/refused").use((socket, next) => {
  socket.join("before");
  next(new Error("no"));
  socket.join("after");
});

const order = [];
const ordered = io.of("/order");
ordered.use((socket, next) => {
  order.push("middleware");
  next();
});
ordered.adapter.on("join-room", () => order.push("join"));
for (const event of ["connection", "connect"]) {
  ordered.on(event, (socket) => {
    order.push([event, socket.connected, ordered.sockets.get(socket.id) === socket]);
    if (event === "connection") socket.emit("order", order);
  });
}

io.of("/ids").on("connection", (socket) => {
  socket.emit("first", () => {});
  io.of("/ids").timeout(1000).emit("second", () => {});
  socket.timeout(1000).emit("third", () => {});
});

io.of("/names").on("connection", (socket) => {
  socket.on("any name", (done) => {
    socket.emit("error", 1);
    socket.emit("connection", 2);
    done();
  });
});

serve(io, (httpServer) => {
  io.engine.on("connection", (conn) => {
    for (const event of ["upgrading", "upgrade"]) {
      conn.on(event, (transport) => {
        report(event, conn.id, transport.name, conn.upgrading, conn.upgraded);
      });
    }
  });
  if (variant === "bound") {
    httpServer.removeAllListeners("request").removeAllListeners("upgrade");
    const engine = engineio.attach(httpServer, { path: "/socket.io", pingInterval: 12345 });
    io.bind(engine);
  }
  if (variant === "merged") {
    const other = new Server({ path: "/other", pingInterval: 22222 });
    other.attach(httpServer, { path: "/ignored", pingTimeout: 33333 });
  }
});
