import { setTimeout as sleep } from "node:timers/promises";
import { Server } from "socket.io";
import { reporter, serve } from "./control.mjs";

const io = new Server();
const report = reporter(io);

// In JavaScript an error in a handler ends the process; the Lua server reports it and goes on.
// Phase and event, which only the latter knows, travel with the error here.
process.on("uncaughtException", ({ message, phase = "handler", event }) => {
  report("failure", message, "string", phase, event ?? null);
});
function fail(message, event, phase) {
  throw Object.assign(new Error(message), { event, phase });
}

io.on("connection", (socket) => {
  let log = [];
  const note = (entry) => log.push(entry);
  socket.on("log", (done) => {
    done(log);
    log = [];
  });

  const any = {};
  const outgoing = {};
  for (const name of ["first", "second", "prepended"]) {
    any[name] = (event, ...args) => {
      if (event !== "log" && event !== "any") note([name, event, ...args]);
    };
    outgoing[name] = (event, ...args) => note([name, event, ...args]);
  }
  socket.on("any", (what, done) => {
    if (what === "on") {
      socket.onAny(any.first);
      socket.onAny(any.second);
      socket.prependAny(any.prepended);
    } else if (what === "off one") {
      socket.offAny(any.first);
    } else if (what === "off") {
      socket.offAny();
    }
    done(socket.listenersAny().length);
  });
  socket.on("any outgoing", (what, done) => {
    if (what === "on") {
      socket.onAnyOutgoing(outgoing.first);
      socket.onAnyOutgoing(outgoing.second);
      socket.prependAnyOutgoing(outgoing.prepended);
    } else if (what === "off one") {
      socket.offAnyOutgoing(outgoing.first);
    } else if (what === "off") {
      socket.offAnyOutgoing();
    }
    done(socket.listenersAnyOutgoing().length);
  });
  socket.on("emit back", (...args) => socket.emit(...args));
  socket.on("broadcast back", (...args) => io.to(socket.id).emit(...args));
  socket.on("ask back", async (done) => done(await socket.emitWithAck("question", 1)));

  let release;
  socket.on("release", () => release());
  socket.use(async (event, next) => {
    if (event[0] === "forbidden") return next(new Error("may not be sent"));
    if (event[0] === "changed") event[1] += ", changed";
    if (event[0] === "delayed") await sleep(20);
    if (event[0] === "held") {
      release = next;
      return;
    }
    next();
  });
  socket.use((event, next) => {
    if (event[0] === "changed") event[1] += " twice";
    next();
  });
  socket.on("error", (error) => note(["error", error.message]));
  for (const name of ["forbidden", "changed", "delayed", "held"]) {
    socket.on(name, (value, done) => {
      note(["handled", name, value]);
      done?.(value);
    });
  }

  socket.once("once", (value) => note(["once", value]));
  socket.on("twice heard", (value) => note(["one", value]));
  socket.on("twice heard", (value) => note(["two", value]));
  const counted = () => note("counted");
  socket.on("counted", counted);
  socket.on("stop counting", (done) => {
    const before = socket.listenerCount("counted");
    socket.off("counted", counted);
    done(before, socket.listenerCount("counted"), socket.listeners("twice heard").length);
  });
  socket.on("forget", (name, done) => {
    socket.removeAllListeners(name);
    done(socket.eventNames().includes(name));
  });
  socket.on("7", (value, done) => done(value));

  socket.on("fail", (message) => fail(message, "fail"));
  socket.on("fail after waiting", (message) => {
    setTimeout(() => fail(message, "fail after waiting"), 1);
  });
  socket.on("fail in acknowledgement", (message) => {
    socket.emit("question", 1, () => fail(message, undefined, "acknowledgement"));
  });
  socket.on("fail in timer", (message) => {
    setTimeout(() => fail(message, undefined, "timer"), 1);
  });
  socket.on("emit reserved", (done) => {
    const names = ["connect", "connect_error", "disconnect", "disconnecting"];
    const refuses = (name) => {
      try {
        socket.emit(name, 1);
        return false;
      } catch {
        return true;
      }
    };
    done(names.filter(refuses));
  });

  socket.on("sleep", async (ms, done) => {
    await sleep(ms);
    done(ms);
  });
  socket.on("sleepers", (times, done) => {
    const woken = [];
    times.forEach(async (ms) => {
      await sleep(ms);
      woken.push(ms);
      if (woken.length === times.length) done(woken);
    });
  });
  socket.on("question first", async (done) => {
    note("asking");
    const answer = await socket.emitWithAck("question");
    note(["answer", answer]);
    done(answer);
  });
  socket.on("several waits", async (done) => {
    const answers = [];
    for (let i = 1; i <= 5; i++) {
      await sleep(1);
      const answer = await socket.emitWithAck("question", i);
      answers.push(answer + (await io.to(socket.id).fetchSockets()).length);
    }
    done(answers);
  });
  socket.on("quick", (done) => {
    note("quick");
    done("quick");
  });
});

const dotted = io.of("/dotted");
dotted.use((socket, next) => {
  socket.username = socket.handshake.auth.name;
  next();
});
dotted.on("connection", (socket) => {
  socket.join("dotted");
  socket.onAny((event) => socket.emit("seen", event));
  socket.on("hello", async (done) => {
    socket.broadcast.to("dotted").emit("joined", socket.username);
    dotted.to("dotted").except("nobody").emit("everyone", 1);
    const answer = await socket.timeout(15000).emitWithAck("question", "dots");
    done(answer, (await dotted.to("dotted").fetchSockets()).length);
  });
});

serve(io);
