-- Engine.IO over HTTP long-polling, the client's side: one stream polls, another one posts.
local answer = require "support.answer"

local Transport = {}
Transport.__index = Transport

local polling = { name = "polling" }

local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function base64(bytes)
  return (bytes:gsub("..?.?", function(three)
    local a, b, c = three:byte(1, 3)
    local bits = a << 16 | (b or 0) << 8 | (c or 0)
    local out = ""
    for i = 0, 3 do
      local index = (bits >> (18 - 6 * i)) & 63
      out = out .. (i > #three and "=" or alphabet:sub(index + 1, index + 1))
    end
    return out
  end))
end

local function unbase64(text)
  return (text:gsub("=", ""):gsub("..?.?.?", function(four)
    local bits = 0
    for i = 1, 4 do
      local char = four:sub(i, i)
      bits = bits << 6 | (char ~= "" and alphabet:find(char, 1, true) - 1 or 0)
    end
    return string.pack(">I3", bits):sub(1, #four - 1)
  end))
end

-- Opens a session; what comes goes to on_packet(text or nil, bytes or nil). dial() gives a new
-- stream.
function polling.open(stream, path, headers, on_packet, dial)
  stream:send(answer.request("GET", path, { headers = headers }))
  return setmetatable({
    stream = stream,
    path = path,
    headers = headers,
    on_packet = on_packet,
    dial = dial,
    queue = {},
    pongs = 0,
    polls = true,
  }, Transport)
end

local function deliver(self, body)
  for packet in (body .. "\30"):gmatch "(.-)\30" do
    if packet:sub(1, 1) == "b" then
      self.on_packet(nil, unbase64(packet:sub(2)))
    else
      self.on_packet(packet)
    end
  end
end

local function post(self)
  if #self.queue == 0 or self.posting or self.closed then
    return
  end
  self.poster = self.poster or self.dial()
  self.posting = true
  self.poster:send(answer.request("POST", self.path .. "&sid=" .. self.sid, {
    headers = self.headers,
    body = table.concat(self.queue, "\30"),
  }))
  self.queue = {}
end

local function poll(self)
  self.polling = true
  self.stream:send(answer.request("GET", self.path .. "&sid=" .. self.sid,
    { headers = self.headers }))
end

-- Handles what has come.
function Transport:pump()
  local got = answer.take(self.stream)
  if got then
    self.polling = false
    self.answer = self.answer or got
    if got.status == 200 then
      deliver(self, got.body)
    else
      self.refused, self.answer = true, got
      self:close()
    end
    if not self.closed and self.polls then
      poll(self)
    end
  elseif self.stream.closed then
    self:close()
  end
  local posted = self.poster and answer.take(self.poster)
  if posted then
    self.posting = false
    if posted.status ~= 200 then
      self:close()
    end
    post(self)
  end
end

function Transport:send(text)
  self.queue[#self.queue + 1] = text
  post(self)
end

function Transport:send_binary(bytes)
  self:send("b" .. base64(bytes))
end

function Transport:is_closed()
  return self.closed or self.stream.closed
end

function Transport:close()
  self.closed = true
  self.stream:close()
  if self.poster then
    self.poster:close()
  end
end

function Transport:streams()
  return { self.stream, self.poster }
end

return polling
