// Bun with @socket.io/bun-engine. `bun server.mjs PORT`
import { Server as Engine } from "@socket.io/bun-engine";
import { Server } from "socket.io";
import app from "../app.js";
const io = new Server();
const engine = new Engine({ path: "/socket.io/" });
io.bind(engine);
app.register(io);
Bun.serve({ ...engine.handler(), port: app.port, hostname: "127.0.0.1" });
