import { Server } from "socket.io";
import { reporter, serve } from "./control.mjs";

const io = new Server({ allowEIO3: true, pingInterval: 300, pingTimeout: 3000 });
const report = reporter(io);

function connected(socket) {
  socket.on("who", (done) => {
    done(socket.id, socket.nsp.name, socket.conn.protocol, socket.handshake.auth);
  });
  socket.on("echo", (...args) => socket.emit("echo", ...args));
  socket.on("ask", (value, done) => done(value));
  socket.on("ask me", (value) => {
    socket.emit("question", value, (answer) => socket.emit("answered", answer));
  });
  socket.on("join", (room, done) => {
    socket.join(room);
    done();
  });
  socket.on("tell", (room, ...args) => io.to(room).emit("told", ...args));
  socket.on("leave me", (close) => socket.disconnect(close));
  socket.on("disconnect", (reason) => report("disconnect", socket.id, reason));
}

io.on("connection", connected);
io.of("/one").on("connection", connected);
io.of(/^\/made-\d+$/).on("connection", connected);
io.of("/refuses").use((_, next) => next(Object.assign(new Error("no"), { data: { code: 1 } })));
io.of("/refuses-briefly").use((_, next) => next(new Error("no")));

serve(io, () => {
  io.engine.on("connection", (conn) => {
    conn.on("close", (reason) => report("close", conn.id, reason));
  });
});
