-- What the server says over plain HTTP. The argument chooses the options.
local socketio = require "socketio"
local control = require "control"

local variants = {
  plain = {
    cookie = true,
    allowRequest = function(req, callback)
      local reason = req.headers["x-deny"]
      callback(reason, reason == nil)
    end,
  },
  star = {
    cors = { origin = "*" },
    cookie = { name = "my", path = "/x", httpOnly = false, sameSite = "strict", maxAge = 86400 },
  },
  list = {
    cors = {
      origin = { "http://a.example", socketio.pattern "%.b%.example$" },
      methods = { "GET", "POST" },
      allowedHeaders = { "X-Token", "X-Other" },
      exposedHeaders = "X-Exposed",
      credentials = true,
      maxAge = 600,
    },
    serveClient = false,
  },
  ["function"] = {
    cors = {
      origin = function(origin, callback)
        callback(nil, origin == "http://chosen.example")
      end,
      optionsSuccessStatus = 200,
    },
    path = "/elsewhere/",
  },
  asked = {
    cors = function(req, callback)
      local origin = req.headers.origin
      if origin == "http://broken.example" then
        callback("no")
      else
        callback(nil, {
          origin = origin ~= "http://none.example" and { "http://a.example" },
          credentials = origin == "http://a.example",
        })
      end
    end,
    cookie = {
      encode = function(id) return "id" .. #id end, domain = "a.example", secure = true,
      priority = "low", partitioned = true, sameSite = "none",
    },
    httpCompression = { level = 9, threshold = 50, windowBits = 12, memLevel = 5, chunkSize = 512 },
  },
}

local io = socketio.Server(variants[arg[1]])
local report = control.reporter(io)

io.engine:use(function(req, res, next)
  res:set("X-Middleware", "seen")
  next(req.headers["x-refuse"])
end)
io.engine:on("initial_headers", function(headers)
  headers["X-Initial"] = "once"
end)
io.engine:on("headers", function(headers)
  headers["X-Every"] = "always"
end)
io.engine:on("connection_error", function(failure)
  report("connection error", failure.code, failure.message, failure.req.url)
end)

io:on("connection", function(socket)
  socket:on("give", function(length)
    socket:emit("given", string.rep("g", length))
  end)
end)

control.serve(io)
