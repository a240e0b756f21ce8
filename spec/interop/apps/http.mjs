import { Server } from "socket.io";
import { reporter, serve } from "./control.mjs";

const variants = {
  plain: {
    cookie: true,
    allowRequest(req, callback) {
      const reason = req.headers["x-deny"];
      callback(reason, reason === undefined);
    },
  },
  star: {
    cors: { origin: "*" },
    cookie: { name: "my", path: "/x", httpOnly: false, sameSite: "strict", maxAge: 86400 },
  },
  list: {
    cors: {
      origin: ["http://a.example", /\.b\.example$/],
      methods: ["GET", "POST"],
      allowedHeaders: ["X-Token", "X-Other"],
      exposedHeaders: "X-Exposed",
      credentials: true,
      maxAge: 600,
    },
    serveClient: false,
  },
  function: {
    cors: {
      origin: (origin, callback) => callback(null, origin === "http://chosen.example"),
      optionsSuccessStatus: 200,
    },
    path: "/elsewhere/",
  },
  asked: {
    cors(req, callback) {
      const { origin } = req.headers;
      if (origin === "http://broken.example") return callback("no");
      callback(null, {
        origin: origin !== "http://none.example" && ["http://a.example"],
        credentials: origin === "http://a.example",
      });
    },
    cookie: {
      encode: (id) => `id${id.length}`,
      domain: "a.example",
      secure: true,
      priority: "low",
      partitioned: true,
      sameSite: "none",
    },
    httpCompression: { level: 9, threshold: 50, windowBits: 12, memLevel: 5, chunkSize: 512 },
  },
};

const io = new Server(variants[process.argv[2]]);
const report = reporter(io);

serve(io);

io.engine.use((req, res, next) => {
  res.setHeader("X-Middleware", "seen");
  next(req.headers["x-refuse"] && new Error(req.headers["x-refuse"]));
});
io.engine.on("initial_headers", (headers) => {
  headers["X-Initial"] = "once";
});
io.engine.on("headers", (headers) => {
  headers["X-Every"] = "always";
});
io.engine.on("connection_error", ({ req, code, message }) => {
  report("connection error", code, message, req.url);
});

io.on("connection", (socket) => {
  socket.on("give", (length) => socket.emit("given", "g".repeat(length)));
});
