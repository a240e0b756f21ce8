import { setTimeout as sleep } from "node:timers/promises";
import { Server } from "socket.io";
import { reporter, serve } from "./control.mjs";

const io = new Server();
const report = reporter(io);

// What the Lua API gives where JavaScript throws: nothing, a message, the answers that came.
async function attempt(promise) {
  try {
    return [await promise];
  } catch (error) {
    return [null, error.message, error.responses];
  }
}

io.on("connection", (socket) => {
  socket.on("join", (room, done) => {
    socket.join(room);
    done();
  });

  socket.on("values", (done) => done("text", null, 42, 1.5, { a: [1, null] }, [], null));
  socket.on("bytes", (bytes, done) => done(bytes, { again: bytes }));
  socket.on("nothing", (done) => done());
  socket.on("double", (n, done) => done(n * 2));
  socket.on("twice", (done) => {
    done("first");
    done("second");
  });
  socket.on("later", async (ms, done) => {
    await sleep(ms);
    done("later", ms);
  });
  const held = [];
  socket.on("hold", (value, done) => {
    held.unshift(() => done(value));
    if (held.length === 3) for (const answer of held) answer();
  });
  socket.on("never", () => {});
  socket.on("after the end", (done) => {
    socket.once("disconnect", () => {
      done("nobody hears");
      report("late acknowledgement", true);
    });
    socket.disconnect();
  });

  socket.on("ask", async (value, done) => done(await socket.emitWithAck("question", value)));
  socket.on("ask by callback", (value, done) => {
    socket.emit("question", value, (...args) => done(...args));
  });
  socket.on("ask in time", async (ms, done) => {
    const [answer, error] = await attempt(socket.timeout(ms).emitWithAck("question", ms));
    done(answer, error);
  });
  socket.on("ask in time by callback", (ms, done) => {
    socket.timeout(ms).emit("question", ms, (error, answer) => done(answer, error?.message));
  });
  socket.on("ask many", (count, done) => {
    const answers = [];
    let left = count;
    for (let i = 0; i < count; i++) {
      socket.emit("question", i + 1, (answer) => {
        answers[i] = answer;
        if (--left === 0) done(answers);
      });
    }
  });
  socket.on("ask, then lose", async (ms) => {
    const [answer, error] = await attempt(socket.timeout(ms).emitWithAck("question", ms));
    report("lost", socket.id, answer, error);
  });

  socket.on("ask room", async (room, ms, value, done) => {
    done(...(await attempt(io.to(room).timeout(ms).emitWithAck("question", value))));
  });
  socket.on("ask room by callback", (room, ms, value, done) => {
    io.to(room)
      .timeout(ms)
      .emit("question", value, (error, answers) => {
        done(answers, error?.message);
      });
  });
  socket.on("ask others", async (room, ms, value, done) => {
    const others = socket.broadcast.to(room).timeout(ms);
    done(...(await attempt(others.emitWithAck("question", value))));
  });
});

const everybody = io.of("/everybody");
everybody.on("connection", (socket) => {
  socket.on("ask everybody", (ms, done) => {
    everybody.timeout(ms).emit("question", 1, (error, answers) => done(answers, error?.message));
  });
});

serve(io);
