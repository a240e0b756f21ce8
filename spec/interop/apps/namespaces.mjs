import { setTimeout as sleep } from "node:timers/promises";
import { Server } from "socket.io";
import { reporter, serve as start } from "./control.mjs";

const io = new Server();
const report = reporter(io);

function refusal(message, data) {
  return Object.assign(new Error(message), { data });
}

function serve(socket) {
  socket.on("who", (done) => done(socket.nsp.name, socket.id, socket.conn.id));
  socket.on("leave", () => socket.disconnect());
  socket.on("broadcast", (...args) => socket.nsp.emit("broadcast", ...args));
  socket.on("disconnect", (reason) => report("disconnect", socket.nsp.name, socket.id, reason));
  report("connection", socket.nsp.name, socket.id);
}

io.on("new_namespace", (namespace) => report("new namespace", namespace.name));

io.on("connection", serve);
io.of("/one").on("connection", serve);
io.of("/two").on("connection", serve);
io.of("without-slash").on("connection", serve);
for (let i = 1; i <= 20; i++) io.of(`/many${i}`).on("connection", serve);

const guarded = io.of("/guarded");
guarded.use((socket, next) => {
  const { auth } = socket.handshake;
  if (auth.token === "secret") return next();
  next(refusal("not authorized", { code: 401, tried: auth }));
});
guarded.on("connection", serve);

io.of("/closed").use((_, next) => next(refusal("closed for today")));

const chain = io.of("/chain");
chain.use((socket, next) => {
  socket.data.steps = ["first"];
  next();
});
chain.use(async (socket, next) => {
  await sleep(20);
  socket.data.steps.push("second");
  next();
});
chain.use((socket, next) => {
  socket.data.steps.push(socket.connected ? "connected" : "not yet");
  socket.join("of the middleware");
  socket.emit("welcome", "from the middleware");
  next(socket.handshake.auth.refuse ? refusal("refused at last") : undefined);
});
chain.use((socket, next) => {
  socket.data.steps.push("last");
  next();
});
chain.on("connection", (socket) => {
  socket.on("steps", (done) => {
    done(socket.data.steps, socket.connected, socket.rooms.has("of the middleware"));
  });
});

const gate = io.of("/gate");
let waiting = [];
gate.use((socket, next) => {
  waiting.push(next);
  socket.conn.on("close", () => report("gone", socket.id));
  report("waiting", socket.id);
});
gate.on("connection", serve);
io.on("connection", (socket) => {
  socket.on("open the gate", (done) => {
    const list = waiting;
    waiting = [];
    for (const next of list) next();
    done();
  });
});

const rooms = io.of(/^\/room-\d+$/);
rooms.use((socket, next) => {
  socket.data.parent = "rooms";
  next();
});
rooms.on("connection", (socket) => {
  serve(socket);
  socket.on("parent", (done) => done(socket.data.parent));
  socket.on("announce", (...args) => rooms.emit("announcement", ...args));
});
io.of((name, auth, next) => next(null, name === `/private-${auth.key ?? ""}`)).on(
  "connection",
  serve,
);

start(io);
