import { Server } from "socket.io";
import { reporter, serve } from "./control.mjs";

const io = new Server({
  pingInterval: 300,
  pingTimeout: 2000,
  connectTimeout: 500,
  upgradeTimeout: 500,
});
const report = reporter(io);

io.on("connection", (socket) => {
  socket.on("echo", (value, done) => done(value));
  socket.on("disconnect", (reason) => report("disconnect", socket.id, reason));
});

serve(io);
