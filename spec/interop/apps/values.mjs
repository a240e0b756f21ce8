import { setTimeout as sleep } from "node:timers/promises";
import { Server } from "socket.io";
import { reporter, serve } from "./control.mjs";

const io = new Server({ perMessageDeflate: process.argv[2] === "deflate" });
const report = reporter(io);

function kind(value, isArgument = true) {
  if (value === null) return isArgument ? "nil" : "null";
  if (Buffer.isBuffer(value)) return "binary";
  if (Array.isArray(value)) return "array";
  if (typeof value !== "number") return typeof value;
  const fits = Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63;
  return fits ? "integer" : "float";
}

io.on("connection", (socket) => {
  socket.on("echo", (...args) => socket.emit("echo", ...args));
  socket.on("echo by ack", (...args) => args.pop()(...args));
  socket.on("kinds", (...args) => args.pop()(args.map((value) => kind(value))));
  socket.on("kinds in list", (list, ack) => ack(list.map((value) => kind(value, false))));
  socket.on("field", (object, name, ack) => ack(object[name]));

  socket.on("numbers", () => {
    const most = 2 ** 53;
    socket.emit("numbers", 1, -1, 1.0, most, most - 1, -(2 ** 63), 0.1, 1 / 3, -2.5);
    socket.emit("numbers", 1e21, 1e300, 5e-324, 123456789012345680, 0.30000000000000004, 1e-7);
    socket.emit("numbers", NaN, Infinity, -Infinity);
  });

  socket.on("nothing", () => {
    socket.emit("nothing", null, 1, undefined);
    socket.emit("nothing", null, { a: null }, [1, null, 3]);
    socket.emit("nothing");
  });

  socket.on("tables", () => {
    socket.emit("tables", {}, [], [1, 2, 3], { a: { b: { c: {} } } });
    socket.emit("tables", { list: [], nested: [[{}]], yes: true, no: false });
  });

  socket.on("bytes", () => {
    const bytes = Buffer.from([0, 1, 254, 255]);
    socket.emit("bytes", bytes);
    socket.emit("bytes", { inner: [bytes, Buffer.alloc(0)] }, "text", [bytes]);
  });

  socket.on("length", (value, ack) => ack(value.length));
  socket.on("give", (length, ack) => ack("x".repeat(length)));
  socket.on("give bytes", (length, ack) => ack(Buffer.alloc(length, 1)));

  let expected = 0;
  let disorder = 0;
  socket.on("sequence", (i) => {
    if (i !== expected) disorder += 1;
    expected = i + 1;
    socket.emit("sequence", i);
  });
  socket.on("sequence result", (ack) => ack(expected, disorder));

  socket.on("push", (count, padding) => {
    for (let i = 0; i < count; i++) socket.emit("pushed", i, padding);
  });

  socket.on("message", (...args) => socket.send(...args));

  socket.on("compressed", () => {
    socket.compress(false).emit("compressed", 1);
    socket.compress(true).emit("compressed", 2);
    io.to(socket.id).compress(false).emit("compressed", 3);
  });

  socket.on("volatile", () => {
    let i = 0;
    const timer = setInterval(() => socket.volatile.emit("volatile", ++i), 10);
    const stop = () => clearInterval(timer);
    socket.once("seen", stop);
    socket.once("disconnect", stop);
  });

  socket.on("volatile then firm", () => {
    socket.volatile.emit("volatile", 1);
    socket.emit("firm", 1);
  });

  socket.on("volatile flood", async (count, padding) => {
    for (let i = 1; i <= count; i++) {
      socket.volatile.emit("volatile", i, padding);
      await sleep(1);
    }
    socket.emit("firm");
    report("flood over");
  });
});

serve(io);
