import { Server } from "socket.io";
import * as msgpack from "socket.io-msgpack-parser";
import { reporter, serve } from "./control.mjs";

// There is no lua-cjson; its clients speak the default parser.
const parser = process.argv[2] === "msgpack" ? { parser: msgpack.default ?? msgpack } : {};
const io = new Server({ ...parser, allowEIO3: true });
const report = reporter(io);

io.on("connection", (socket) => {
  socket.on("echo", (...args) => socket.emit("echo", ...args));
  socket.on("echo by ack", (...args) => args.at(-1)(...args.slice(0, -1)));
  socket.on("question", (...args) => {
    socket.emit("question", ...args, (...answer) => socket.emit("answer", ...answer));
  });
  socket.on("join", (room, ack) => {
    socket.join(room);
    ack();
  });
  socket.on("to room", (room, ...args) => io.to(room).emit("to room", ...args));
  socket.on("to others", (...args) => socket.broadcast.emit("to others", ...args));
  socket.on("to all", (...args) => {
    io.timeout(10_000).emit("to all", ...args, (_, answers) => socket.emit("answers", answers));
  });
  socket.on("numbers", () => {
    socket.emit("numbers", 2 ** 63, -(2 ** 63), 2 ** 53, 1, -0, 2 ** 70, 0.5);
  });
  socket.on("send me away", (close) => socket.disconnect(close));
  socket.on("error", (error) => report("error", socket.id, error.message));
  socket.on("disconnect", (reason) => report("disconnect", socket.id, reason));
});

io.of("/auth").on("connection", (socket) => socket.emit("auth", socket.handshake.auth));
io.of("/no").use((socket, next) => {
  const error = new Error("no");
  error.data = socket.handshake.auth;
  next(error);
});
io.of(/^\/room-\d+$/).on("connection", (socket) => {
  socket.nsp.emit("welcome", socket.nsp.name);
});

serve(io);
