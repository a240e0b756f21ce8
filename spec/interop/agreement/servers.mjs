// The servers that both applications run, each with its options. $pattern is what JavaScript and what
// Lua reads, $hook a function of the applications, $date a time in ms.
const PATTERN = { $pattern: ["\\.b\\.example$", "%.b%.example$"] };
const minute = 60_000;

export const servers = {
  plain: {},
  eio3: { options: { allowEIO3: true } },
  hooks: {
    options: { allowRequest: { $hook: "allowRequest" }, allowEIO3: true },
    with: ["generateId", "middlewares", "headers"],
  },
  "polling only": { options: { transports: ["polling"] } },
  "websocket only": { options: { transports: ["websocket"] } },
  "no upgrades": { options: { allowUpgrades: false } },
  "no slash": { options: { addTrailingSlash: false, path: "/p" } },
  "own path": { options: { path: "/a/b/" } },
  small: { options: { maxHttpBufferSize: 100, allowEIO3: true } },
  "initial packet": { options: { initialPacket: "hello", allowEIO3: true } },
  "no files": { options: { serveClient: false } },
  "no compression": { options: { httpCompression: false } },
  "all compressed": { options: { httpCompression: true } },
  "compressed from 10": { options: { httpCompression: { threshold: 10 } } },

  "cors star": { options: { cors: { origin: "*" } } },
  "cors true": { options: { cors: { origin: true, credentials: true } } },
  "cors false": { options: { cors: { origin: false } } },
  "cors one": { options: { cors: { origin: "http://a.example", credentials: true } } },
  "cors list": {
    options: {
      cors: {
        origin: ["http://a.example", PATTERN],
        methods: ["GET", "POST"],
        allowedHeaders: ["X-Token", "X-Other"],
        exposedHeaders: ["X-Seen", "X-Also"],
        credentials: true,
        maxAge: 600,
      },
      cookie: true,
    },
  },
  "cors pattern": { options: { cors: { origin: PATTERN, optionsSuccessStatus: 200 } } },
  "cors function": { options: { cors: { origin: { $hook: "origin" } } } },
  "cors function star": { options: { cors: { origin: { $hook: "originStar" } } } },
  "cors failing": { options: { cors: { origin: { $hook: "originFails" } } } },
  "cors defaults": { options: { cors: {} } },
  "cors continue": { options: { cors: { origin: "*", preflightContinue: true } } },
  "cors texts": {
    options: {
      cors: { origin: "*", methods: "GET", allowedHeaders: "X-A,X-B", exposedHeaders: "X-C" },
    },
  },

  "cookie plain": { options: { cookie: true, allowEIO3: true } },
  "cookie full": {
    options: {
      cookie: {
        name: "my",
        path: "/x",
        domain: "a.example",
        maxAge: 86400,
        expires: { $date: Date.UTC(2030, 0, 2, 3, 4, 5) },
        httpOnly: true,
        secure: true,
        sameSite: "strict",
        priority: "high",
        partitioned: true,
      },
    },
  },
  "cookie bare": {
    options: { cookie: { name: "bare", path: false, httpOnly: false, sameSite: false } },
  },
  "cookie none": { options: { cookie: { sameSite: "none", secure: true, priority: "low" } } },
  "cookie true": { options: { cookie: { sameSite: true, priority: "medium" } } },

  heartbeat: { options: { pingInterval: 1000, allowEIO3: true } },
  "heartbeat missed": { options: { pingInterval: 700, pingTimeout: 700, allowEIO3: true } },
  "upgrade abandoned": { options: { upgradeTimeout: 700, pingInterval: minute } },
  "no one joins": { options: { connectTimeout: 1000 } },
  cleanup: { options: { cleanupEmptyChildNamespaces: true } },
  "closes websocket": {},
  "closes polling": {},
  "closes poll": {},
  counts: {},

  deflate: { options: { perMessageDeflate: true } },
  "deflate above 20": { options: { perMessageDeflate: { threshold: 20 } } },
  "deflate without context": {
    options: {
      perMessageDeflate: {
        threshold: 20,
        serverNoContextTakeover: true,
        clientNoContextTakeover: true,
      },
    },
  },
  "deflate windows": {
    options: { perMessageDeflate: { serverMaxWindowBits: 10, clientMaxWindowBits: 11 } },
  },

  recovery: { options: { connectionStateRecovery: {} } },
  "recovery guarded": { options: { connectionStateRecovery: { skipMiddlewares: false } } },
  "recovery old": { options: { connectionStateRecovery: {}, allowEIO3: true } },
  "recovery msgpack": { options: { connectionStateRecovery: {}, parser: { $parser: "msgpack" } } },
  msgpack: { options: { parser: { $parser: "msgpack" }, allowEIO3: true } },

  engine: {
    kind: "engine",
    options: { maxHttpBufferSize: 100 },
    with: ["generateId", "middlewares", "headers"],
  },
  "engine 3": {
    kind: "engine",
    options: { allowEIO3: true, path: "/e3", cookie: true, cors: { origin: "*" } },
  },
  "engine closes": { kind: "engine" },
};
