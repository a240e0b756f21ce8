import * as engineio from "engine.io";
import { Server } from "socket.io";
import { reporter, serve as start } from "./control.mjs";

const io = new Server();
const report = reporter(io);

io.on("connection", (socket) => {
  socket.on("echo", (...args) => socket.emit("echo", ...args));
  socket.on("ask", (...args) => args.pop()(...args));
  socket.on("disconnect", (reason) => report("disconnect", socket.id, reason));
});

function serve(httpServer, options) {
  const engine = engineio.attach(httpServer, options);
  let cookie;
  engine.use((req, _, next) => {
    cookie = req.headers.cookie;
    next();
  });
  engine.on("connection", (connection) => {
    const commands = {
      close: () => connection.close(),
      burst() {
        for (let i = 1; i <= 1000; i++) connection.send(`burst ${i}`);
      },
      "who am I"() {
        const { transport, protocol, request } = connection;
        connection.send([transport.name, protocol, request.headers["x-token"] ?? "-"].join(" "));
      },
      "which cookie": () => connection.send(cookie ?? "none"),
    };
    connection.on("message", (data) => {
      if (Object.hasOwn(commands, data)) commands[data]();
      else connection.send(data);
    });
    connection.on("close", (reason) => report("engine close", connection.id, reason));
    connection.send("welcome");
  });
}

start(io, (httpServer) => {
  serve(httpServer, {
    allowEIO3: true,
    maxHttpBufferSize: 50000,
    pingInterval: 300,
    pingTimeout: 2000,
  });
  serve(httpServer, {
    path: "/polled",
    addTrailingSlash: false,
    allowEIO3: true,
    transports: ["polling"],
    cookie: true,
  });
  serve(httpServer, { path: "/deflated", allowEIO3: true, perMessageDeflate: { threshold: 0 } });
});
