// Two TLS ports beside the plain one of control.mjs; see tls.lua.
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { Server } from "socket.io";
import { serve } from "./control.mjs";

const pem = (name) => readFileSync(`${process.argv[2]}/${name}.pem`);
const own = () => ({ cert: pem("server"), key: pem("server-key") });
const locked = () => ({
  cert: pem("server"),
  key: pem("locked-key"),
  passphrase: "open sesame",
  ca: pem("ca"),
  requestCert: true,
  minVersion: "TLSv1.3",
});

const io = new Server();
const reloads = [];

io.on("connection", (socket) => {
  socket.on("echo", (...args) => args.at(-1)(args[0]));
  socket.on("secure", (done) => done(socket.handshake.secure, "encrypted" in socket.request.socket));
  socket.on("broadcast", (value) => io.emit("broadcast", value));
  socket.on("reload", (done) => {
    for (const reload of reloads) reload();
    done();
  });
});

async function listen(options) {
  const https = createServer(options(), async (req, res) => {
    let length = 0;
    for await (const chunk of req) length += chunk.length;
    res.setHeader("Content-Type", "application/json").end(JSON.stringify({ secure: true, length }));
  });
  io.attach(https);
  reloads.push(() => https.setSecureContext(options()));
  await new Promise((resolve) => https.listen(0, "127.0.0.1", resolve));
  return https.address().port;
}

console.log(`tls\t${await listen(own)}\t${await listen(locked)}`);
serve(io);
