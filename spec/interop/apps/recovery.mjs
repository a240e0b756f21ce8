// Clients that lose their connection and come back for their state.
import { Server } from "socket.io";
import { reporter, serve as start } from "./control.mjs";

const io = new Server({ connectionStateRecovery: { maxDisconnectionDuration: 1000 } });
const report = reporter(io);

function serve(socket) {
  report("connection", socket.id, socket.recovered, [...socket.rooms].sort(), socket.data);
  socket.on("setup", (rooms, data, done) => {
    socket.join(rooms);
    socket.data = data;
    done();
  });
  socket.on("emit", (...args) => socket.emit(...args));
  socket.on("ask", (done) => {
    socket.timeout(5000).emit("question", 1, (_, answer) => done(answer));
  });
  socket.on("leave", () => socket.disconnect(true));
  socket.on("disconnect", (reason) => report("disconnect", socket.id, reason));
}

for (const name of ["/", "/other", "/guarded"]) io.of(name).on("connection", serve);

io.of("/guarded").use((socket, next) => {
  report("middleware", socket.id, socket.recovered);
  next();
});

io.of("/control").on("connection", (socket) => {
  socket.on("emit to", (nsp, rooms, except, event, ...args) => {
    const done = args.pop();
    let target = io.of(nsp).except(except);
    for (const room of rooms) target = target.to(room);
    target.emit(event, ...args);
    done();
  });
  socket.on("volatile", (nsp, event, done) => {
    io.of(nsp).volatile.emit(event);
    done();
  });
});

start(io);
