import { Server } from "socket.io";
import { reporter, serve } from "./control.mjs";

const io = new Server();
const report = reporter(io);

const names = (set) => [...set].sort();

function operator(socket, { from, to = [], within, except = [] }) {
  let target = { socket, broadcast: socket.broadcast }[from] ?? io;
  for (const room of to) target = target.to(room);
  if (within) target = target.in(within);
  for (const room of except) target = target.except(room);
  return target;
}

io.on("connection", (socket) => {
  socket.on("join", (rooms, done) => {
    socket.join(rooms);
    done(names(socket.rooms));
  });
  socket.on("leave", (room, done) => {
    socket.leave(room);
    done(names(socket.rooms));
  });
  socket.on("rooms", (done) => done(names(socket.rooms), socket.rooms.has(socket.id)));
  socket.on("set", (data, done) => {
    socket.data.name = data;
    done();
  });

  socket.on("emit", (spec, ...args) => operator(socket, spec).emit(...args));
  socket.on("reuse", (a, b) => {
    const both = io.to(a);
    const narrowed = both.except(b);
    both.to(b).emit("reused", "both");
    narrowed.emit("reused", "narrowed");
    both.emit("reused", "first");
  });

  socket.on("sockets join", (spec, rooms, done) => {
    operator(socket, spec).socketsJoin(rooms);
    done();
  });
  socket.on("sockets leave", (spec, rooms, done) => {
    operator(socket, spec).socketsLeave(rooms);
    done();
  });
  socket.on("disconnect sockets", (spec, close) => {
    operator(socket, spec).disconnectSockets(close);
  });
  socket.on("fetch", async (spec, done) => {
    const found = await operator(socket, spec).fetchSockets();
    done(
      found.map(({ id, rooms, data, handshake }) => ({
        id,
        rooms: names(rooms),
        name: data.name,
        transport: handshake.query.transport,
      })),
    );
  });
  socket.on("tell fetched", async (spec, event, done) => {
    for (const found of await operator(socket, spec).fetchSockets()) found.emit(event, 1);
    done();
  });
  socket.on("ids", async (spec, done) => done(names(await operator(socket, spec).allSockets())));
  socket.on("adapter", (room, done) => {
    const { adapter } = io.of("/");
    done(names(adapter.rooms.get(room) ?? []), names(adapter.sids.get(socket.id)));
  });
  socket.on("rooms after leaving", (room, done) => {
    socket.leave(room);
    done(!io.of("/").adapter.rooms.has(room));
  });

  socket.on("disconnecting", (reason) => {
    report("disconnecting", socket.id, names(socket.rooms), reason);
  });
  socket.on("disconnect", (reason) => {
    report("disconnect", socket.id, names(socket.rooms), reason);
    socket.join("too late");
    report("joined", socket.id, names(socket.rooms));
  });
});

for (const name of ["create-room", "join-room", "leave-room", "delete-room"]) {
  io.of("/").adapter.on(name, (room, id) => report(name, room, id));
}

serve(io);
