import * as engineio from "engine.io";
import { Server } from "socket.io";
import { reporter, serve } from "./control.mjs";

const io = new Server();
const report = reporter(io);

io.on("connection", (socket) => {
  socket.on("echo", (...args) => socket.emit("echo", ...args));
  socket.on("ask", (...args) => args.pop()(...args));
  socket.on("disconnect", (reason) => report("disconnect", socket.id, reason));
});

serve(io, (httpServer) => {
  const engine = engineio.attach(httpServer, { maxHttpBufferSize: 10000 });
  engine.on("connection", (connection) => {
    connection.on("message", (data) => {
      if (data === "close") {
        connection.close();
      } else if (data === "burst") {
        for (let i = 1; i <= 1000; i++) connection.send(`burst ${i}`);
      } else {
        connection.send(data);
      }
    });
    connection.on("close", (reason) => report("engine close", connection.id, reason));
    connection.send("welcome");
  });
});
