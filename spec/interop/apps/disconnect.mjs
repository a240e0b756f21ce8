import { Server } from "socket.io";
import { reporter, serve as start } from "./control.mjs";

const io = new Server();
const report = reporter(io);

const text = (details) => details && (details.message ?? String(details));

function serve(socket) {
  socket.on("leave", () => socket.disconnect());
  socket.on("leave and close", () => socket.disconnect(true));
  socket.on("drop", () => socket.conn.close());
  socket.on("say goodbye", () => {
    socket.emit("goodbye", "first");
    socket.emit("goodbye", "last");
    socket.disconnect(true);
    socket.emit("goodbye", "too late");
    report("still usable", socket.id, socket.connected);
  });
  socket.on("id", (done) => done(socket.id, socket.conn.id));
  socket.on("close server", () => io.close());

  const order = [];
  socket.on("disconnecting", (reason) => {
    order.push("disconnecting");
    report("disconnecting", socket.id, reason, socket.connected);
  });
  socket.on("disconnect", (reason, details) => {
    order.push("disconnect");
    report("disconnect", socket.id, reason, text(details), socket.connected, order);
    if (reason === "server shutting down") console.log(reason);
  });
  socket.on("error", (error) => report("error", socket.id, text(error)));
}

io.on("connection", serve);
io.of("/other").on("connection", serve);

start(io);
