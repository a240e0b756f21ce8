import { Server } from "socket.io";
import { reporter, serve as start } from "./control.mjs";

const io = new Server();
const report = reporter(io);

function serve(socket) {
  const { conn } = socket;
  conn.on("upgrade", (transport) => {
    report("upgrade", socket.id, transport.name, conn.transport.name);
  });
  conn.on("close", (reason) => report("close", socket.id, reason, conn.readyState));

  socket.on("handshake", (done) => done(socket.handshake));
  socket.on("conn", (done) => {
    const { id, transport, protocol, readyState, remoteAddress, request } = conn;
    const { url, method } = request;
    done({ id, transport: transport.name, protocol, readyState, remoteAddress, url, method });
  });
  socket.on("socket", (done) => {
    const { id, connected, disconnected, recovered, rooms, data, nsp, request } = socket;
    done({
      id,
      connected,
      disconnected,
      recovered,
      rooms: [...rooms].sort(),
      data,
      namespace: nsp.name,
      known: nsp.sockets.get(id) === socket,
      agent: request.headers["user-agent"],
    });
  });
  socket.on("remember", (value, done) => {
    socket.data.value = value;
    socket.nickname = value;
    done(socket.data.value, socket.nickname);
  });
  socket.on("packets", (count, done) => {
    const seen = [];
    conn.on("packetCreate", (packet) => seen.push(packet.type));
    for (let i = 1; i <= count; i++) socket.emit("counted", i);
    done(seen);
  });
  socket.on("server", (done) => {
    done({
      clients: io.engine.clientsCount,
      path: io.path(),
      connectTimeout: io.connectTimeout(),
      main: io.sockets === io.of("/"),
    });
  });
}

io.on("connection", serve);
io.of("/other").on("connection", serve);

start(io);
