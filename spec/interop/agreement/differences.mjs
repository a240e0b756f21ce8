// Where we differ from the official server on purpose. Each entry: in which scenarios, which lines of
// the transcript only the reference has and which only ours, and why. Entries are taken in order, each
// as often as its lines are there. One that nothing shows any more fails the test.

/** What a closed session says and is answered: lines that follow from a difference, not the difference. */
const ends = (reason, detail = "-") => [
  `log: disconnecting / ${reason} true 1`,
  `log: disconnect / ${reason} ${detail} false 0`,
  `log: engine close ${reason} ${detail}`,
];
const ACCEPT = "<   sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const SWITCHED = [
  "< 101 Switching Protocols",
  "<   connection: Upgrade",
  ACCEPT,
  "<   upgrade: websocket",
];
const OPENED = [/^ws< text 0\{"sid"/, /^log: engine open websocket 4 open$/];
const REFUSED = ["<   connection: close", /^<   content-length: /, "<   content-type: text/html"];
const PREFLIGHT = "<   access-control-allow-methods: GET,HEAD,PUT,PATCH,POST,DELETE";
const PREFLIGHTS =
  "A preflight is answered as one also where a function refuses its origin: without Access-Control-Allow-Origin.";
const FILE = [
  "< 200 OK",
  "<   cache-control: public, max-age=0",
  "<   content-encoding: br",
  "<   content-type: application/javascript; charset=utf-8",
  '<   etag: "4.8.4"',
];
const any = /./;

export const differences = [
  // --- HTTP ---
  {
    where: any,
    reference: ["<   transfer-encoding: chunked"],
    ours: [/^<   content-length: \d+$/],
    why: "An answer whose length is known says it, instead of coming in chunks.",
  },
  {
    where: /by HEAD$|HEAD on a session|a poll by another method/,
    ours: [/^<   content-length: \d+$/],
    why: "An answer to HEAD says how long the answer to GET would be.",
  },
  {
    where: any,
    reference: ["< 500 Internal Server Error"],
    ours: ["< 405 Method Not Allowed", "<   allow: GET, POST"],
    why: "A method that a session does not know is answered with 405: the fault is the client's.",
  },
  {
    where:
      /^polling: a post of .* allowed$|more bytes than letters|^engine: a message of 101|^eio3: JSONP, a post of 101/,
    reference: ["<   connection: keep-alive", "<   keep-alive: timeout=5"],
    ours: ["<   connection: close"],
    why: "After a body that is too large the connection is closed: the rest of the body is not read.",
  },
  {
    where: /^files|the client's files/,
    ours: ["<   vary: Accept-Encoding"],
    why: "Caches are told that the client's files depend on Accept-Encoding.",
  },
  {
    where: /the client's files/,
    reference: [/^<   vary: (Origin|Access-Control-Request-Headers)$/],
    ours: [/^<   vary: (Origin|Access-Control-Request-Headers), Accept-Encoding$/],
    why: "Caches are told that the client's files depend on Accept-Encoding.",
  },
  {
    where: /^files: accepting "(identity, gzip;q=0.5|gzip;q=2)"/,
    reference: ["<   content-encoding: gzip"],
    why: "A client that prefers no compression gets none; a weight above 1 is none.",
  },
  {
    where: /beside the path$/,
    reference: [
      "< 200 OK",
      "<   cache-control: public, max-age=0",
      "<   content-type: application/javascript; charset=utf-8",
      '<   etag: "4.8.4"',
      /^<   body: /,
    ],
    ours: ["< 404 Not Found"],
    why: "The client's files are below the path, not wherever a path begins alike.",
  },
  {
    where: /path \/px$/,
    reference: [
      "< 200 OK",
      "<   cache-control: no-store",
      /^<   content-length: /,
      "<   content-type: text/plain; charset=UTF-8",
      /^<   body: 0\{/,
      /^log: engine open polling/,
      ...SWITCHED,
      ...OPENED,
    ],
    ours: [
      "< 404 Not Found",
      "<   content-length: 0",
      "< 404 Not Found",
      "<   connection: close",
      "<   content-length: 0",
      "<   date: <date>",
      "< end",
    ],
    why: "Without addTrailingSlash a path that merely begins like the server's (/px for /p) is another path.",
  },
  {
    where: /^handshake: .*, path /,
    ours: ["< 404 Not Found", "<   connection: close", "<   content-length: 0", "<   date: <date>"],
    why: "A WebSocket on a path that is nobody's is answered with 404 at once, not dropped after a second.",
  },
  {
    where: /WebSocket not offered$/,
    reference: ["<   connection: keep-alive", "<   keep-alive: timeout=5"],
    ours: ["<   connection: close", "< end"],
    why: "A WebSocket handshake that is refused ends its connection, also where WebSocket is not offered.",
  },

  {
    where: /^http: (an unknown version|the preface of HTTP\/2)$/,
    reference: ["< 400 Bad Request"],
    ours: ["< 505 HTTP Version Not Supported"],
    why: "Another version of HTTP is answered with 505.",
  },
  {
    where: /^http: no host$/,
    reference: ["<   date: <date>", "<   transfer-encoding: chunked"],
    why: "A malformed request is refused in one form: 400, no body, the connection is closed.",
  },
  {
    where: /^http: two hosts$/,
    reference: [
      "< 200 OK",
      "<   cache-control: no-store",
      "<   connection: keep-alive",
      /^<   content-length: /,
      "<   content-type: text/plain; charset=UTF-8",
      "<   date: <date>",
      "<   keep-alive: timeout=5",
      /^<   body: 0\{/,
      /^log: engine open/,
    ],
    ours: ["< 400 Bad Request", "<   connection: close", "< end"],
    why: "A malformed request is refused in one form: 400, no body, the connection is closed.",
  },
  {
    where: /^http: an unknown transfer encoding$/,
    reference: [
      "<   connection: keep-alive",
      "<   content-type: application/json",
      "<   date: <date>",
      "<   keep-alive: timeout=5",
      "<   transfer-encoding: chunked",
      '<   body: {"code":2,"message":"Bad handshake method"}',
      "log: refused 2 Bad handshake method method=POST",
    ],
    ours: ["<   connection: close", "< end"],
    why: "A malformed request is refused in one form: 400, no body, the connection is closed.",
  },
  {
    where: /^http: an absolute target$/,
    reference: ["< 404 Not Found"],
    ours: [
      "< 200 OK",
      "<   cache-control: no-store",
      "<   content-type: text/plain; charset=UTF-8",
      /^<   body: 0\{/,
      /^log: engine open/,
    ],
    why: "A target in absolute form is served, as RFC 9112 has it.",
  },

  // --- CORS ---
  {
    where: /^cors: .*WebSocket refused$/,
    ours: [/^<   (access-control-|vary)/],
    why: "A refused WebSocket handshake carries the headers of CORS and of middlewares too.",
  },
  {
    where: /^(hooks|engine): .*WebSocket$/,
    ours: [/^<   x-(first|second): /],
    why: "A refused WebSocket handshake carries the headers of CORS and of middlewares too.",
  },
  {
    where: /^cors: function, /,
    reference: [
      "< 400 Bad Request",
      "<   content-type: application/json",
      '<   body: {"code":2,"message":"Bad handshake method"}',
      "log: refused 2 Bad handshake method method=OPTIONS",
    ],
    ours: ["< 204 No Content", PREFLIGHT, "<   vary: Origin, Access-Control-Request-Headers"],
    why: PREFLIGHTS,
  },
  {
    where: /^cors: function, preflight$/,
    ours: ["<   access-control-allow-headers: x-token, x-more"],
    why: PREFLIGHTS,
  },
  {
    where: /^cors: function, a session$/,
    reference: ["< 500 Internal Server Error"],
    ours: ["< 204 No Content", PREFLIGHT, "<   vary: Origin, Access-Control-Request-Headers"],
    why: PREFLIGHTS,
  },
  {
    where: /^cors: function, the client's files/,
    reference: [...FILE, /^<   body: /],
    ours: ["< 204 No Content", PREFLIGHT, "<   vary: Origin, Access-Control-Request-Headers"],
    why: PREFLIGHTS,
  },
  {
    where: /^cors: failing, the client's files/,
    reference: [...FILE, /^<   body: /],
    ours: [
      "< 400 Bad Request",
      "<   content-type: application/json",
      '<   body: {"code":3,"message":"Bad request"}',
      "log: refused 3 Bad request name=MIDDLEWARE_FAILURE",
    ],
    why: "Where nobody can tell whether an origin is allowed, the client's files are not served either.",
  },
  {
    where: /^cors: function, /,
    ours: [/^<   vary: Origin(, Accept-Encoding)?$/],
    why: "Where a function decides on origins, caches are told so, also when it refuses.",
  },

  // --- hooks ---
  {
    where: /^handshake: WebSocket with revision [35]$/,
    reference: [...SWITCHED, /^! control frames/],
    ours: ["< 400 Bad Request", ...REFUSED, "<   body: Unsupported protocol version", "< end"],
    why: "A WebSocket of a revision that is not served is refused with 400; the reference accepts it and then writes an HTTP answer into it.",
  },
  {
    where: /^hooks: generateId fails, WebSocket$/,
    reference: [
      ...SWITCHED,
      /^<   x-headers: /,
      /^<   x-initial_headers: /,
      /^! control frames/,
      "log: initial_headers GET",
      "log: headers GET",
    ],
    ours: ["< 400 Bad Request", ...REFUSED, "<   body: Bad request", "< end"],
    why: "A WebSocket whose id could not be made is refused with 400; the reference accepts it and then writes an HTTP answer into it.",
  },
  {
    where: /^hooks: a middleware answers, WebSocket$/,
    ours: [
      "< 401 Unauthorized",
      "<   connection: close",
      "<   content-length: 3",
      "<   content-type: text/plain",
      "<   date: <date>",
      "<   body: no!",
    ],
    why: "What an engine middleware answers to a WebSocket handshake is sent; the reference drops the connection.",
  },
  {
    where: /^hooks: headers as lists, WebSocket$/,
    reference: ["<   set-cookie: a=1,b=2"],
    ours: ["<   set-cookie: a=1, b=2"],
    why: "A list of values makes as many header lines, on a 101 too; the reference joins them, which spoils cookies.",
  },
  {
    where: /^(hooks|engine): /,
    reference: [/^log: headers (GET|POST)$/],
    ours: [/^log: headers (GET|POST)$/],
    why: 'The event "headers" of a POST comes after what its packets caused: the answer is written when they are dealt with.',
  },
  {
    where: /^hooks: packets as the engine tells them, polling$/,
    ours: ["log: packet close -"],
    why: 'The event "packet" tells of a close packet by polling too.',
  },

  {
    where: /^engine: events of an old connection$/,
    reference: ["log: packetCreate pong -"],
    ours: ["log: packetCreate pong -"],
    why: 'The event "heartbeat" of a client of Socket.IO 2 comes before the "packetCreate" of its pong.',
  },

  // --- polling ---
  {
    where: /^polling: a payload of (several packets|binary|empty binary)$/,
    reference: [/^<   content-length: \d+$/, /^<   body: 4\d[^<]*$/],
    ours: [/^<   content-length: \d+$/, /^<   body: 4\d.*<1e>/],
    why: "All that one POST causes goes out in one answer to the poll that waits; the reference answers with the first packet.",
  },
  {
    where:
      /^polling: a payload of binary (without padding|in the alphabet|that is no base64|with a space)/,
    reference: [/^<   body: 451-/, /^<   content-length: \d+$/],
    ours: ["<   body: 1", "<   content-length: 1", ...ends("parse error")],
    why: "Base64 is read strictly: what is not well formed is a parse error.",
  },
  {
    where:
      /^polling: a payload of binary (without padding|in the alphabet|that is no base64|with a space)/,
    reference: [
      "< 200 OK",
      "<   cache-control: no-store",
      /^<   content-length: \d+$/,
      "<   content-type: text/plain; charset=UTF-8",
      /^<   body: 451-/,
    ],
    ours: [
      "< 400 Bad Request",
      /^<   content-length: \d+$/,
      "<   content-type: application/json",
      '<   body: {"code":1,"message":"Session ID unknown"}',
      ...ends("parse error"),
      "log: refused 1 Session ID unknown sid=<sid 1>",
    ],
    why: "Base64 is read strictly: what is not well formed is a parse error.",
  },
  {
    where: /^websocket: a faulty packet: bad base64$/,
    reference: [
      "log: error / got binary data when not reconstructing a packet",
      ...ends("forced close"),
    ],
    ours: ends("parse error"),
    why: "Base64 is read strictly: what is not well formed is a parse error.",
  },

  // --- WebSocket ---
  {
    where: /^websocket: a handshake with (no version|version 12)$/,
    reference: ["< 400 Bad Request", "<   sec-websocket-version: 13, 8"],
    ours: ["< 426 Upgrade Required", "<   sec-websocket-version: 13"],
    why: "Only version 13 of WebSocket is spoken, and another is answered with 426, as RFC 6455 has it.",
  },
  {
    where: /^websocket: a handshake with version 8$/,
    reference: [...SWITCHED, ...OPENED],
    ours: [
      "< 426 Upgrade Required",
      ...REFUSED,
      "<   sec-websocket-version: 13",
      "<   body: Missing or invalid Sec-WebSocket-Version header",
      "< end",
    ],
    why: "Only version 13 of WebSocket is spoken, and another is answered with 426, as RFC 6455 has it.",
  },
  {
    where: /^websocket: a handshake with a subprotocol twice$/,
    reference: [
      "< 400 Bad Request",
      ...REFUSED,
      "<   body: Invalid Sec-WebSocket-Protocol header",
      "< end",
    ],
    ours: [...SWITCHED, "<   sec-websocket-protocol: foo", ...OPENED],
    why: "A subprotocol that is offered twice does no harm: the first is taken.",
  },
  {
    where: any,
    reference: [
      /^log: disconnect \S+ transport error .+ false 0$/,
      /^log: engine close transport error .+$/,
    ],
    ours: [
      /^log: disconnect \S+ transport error .+ false 0$/,
      /^log: engine close transport error .+$/,
    ],
    why: 'The details of "transport error" are in our own words; the reason is the same.',
  },
  {
    where: /^websocket: a bad frame: a length with its highest bit$/,
    reference: ["ws< close 1009"],
    ours: ["ws< close 1002"],
    why: "A length with its highest bit set is a protocol error (1002), as RFC 6455 has it.",
  },
  {
    where: /^websocket: frames: a length in a longer form$/,
    reference: ['ws< text 42["echo",1]'],
    ours: ["ws< close 1002", ...ends("transport error", "invalid WebSocket frame")],
    why: "A length must be written in its shortest form, as RFC 6455 has it.",
  },
  {
    where: /^websocket: a packet without effect: a close packet$/,
    reference: ['ws< text 42["echo",1]'],
    ours: ["ws< close 1005", ...ends("transport close")],
    why: "A close packet ends the session on WebSocket too; the reference ignores it and waits for the ping timeout.",
  },
  {
    where: /^websocket: messages along with the handshake$/,
    ours: ['ws< text 40{"sid":"<sid 2>"}', "log: connect /", "log: connection / true false"],
    why: "Messages that come along with the WebSocket handshake are served; the reference loses them.",
  },

  // --- upgrade ---
  {
    where: /^handshake: an upgrade that was not offered$/,
    reference: ["ws< text 3probe"],
    ours: ["ws< close 1005"],
    why: "With allowUpgrades off an upgrade is not only not offered but refused.",
  },
  {
    where: /^upgrade: of a session by WebSocket$/,
    ours: ["ws< close 1005"],
    why: "A second WebSocket for a session that is on WebSocket is closed: it could take the session over.",
  },

  // --- revision 3 ---
  {
    where: /^eio3: several packets, polling$/,
    reference: [/^<   body: 1:312:42/],
    ours: [/^<   body: 12:42.*1:3$/],
    why: "Answers go out in the order in which the packets came: a pong does not overtake events.",
  },
  {
    where: /^eio3: octets (of an unknown kind|of nothing)$/,
    reference: [
      "< 200 OK",
      "<   cache-control: no-store",
      "<   content-length: 2",
      "<   content-type: text/html",
      "<   body: ok",
      "<   content-length: 21",
      '<   body: 18:42["echo","after"]',
    ],
    ours: [
      "< 400 Bad Request",
      "<   content-length: 41",
      "<   content-type: application/json",
      '<   body: {"code":1,"message":"Session ID unknown"}',
      "<   content-length: 3",
      "<   body: 1:1",
      ...ends("parse error"),
      "log: refused 1 Session ID unknown sid=<sid 1>",
    ],
    why: "Payloads of revision 3 are read strictly: what is empty, cut short or of no known kind is a parse error.",
  },
  {
    where: /^eio3: octets cut short$/,
    reference: ["log: error / invalid payload", ...ends("forced close")],
    ours: ends("parse error"),
    why: "Payloads of revision 3 are read strictly: what is empty, cut short or of no known kind is a parse error.",
  },
  {
    where: /^eio3: binary of a ping, WebSocket$/,
    reference: ["ws< text 3"],
    ours: ["ws< close 1005", ...ends("parse error")],
    why: "A binary packet of revision 3 is a message, or a parse error.",
  },
  {
    where: /^eio3: binary (empty|of a type that is none), WebSocket$/,
    ours: ["ws< close 1005", ...ends("parse error")],
    why: "A binary packet of revision 3 is a message, or a parse error.",
  },
  {
    where: /^eio3: JSONP where old clients are not served$/,
    reference: [/^<   content-length: /, /^<   body: ___eio/],
    ours: [/^<   content-length: /, /^<   body: 0\{/],
    why: "JSONP is spoken where clients of revision 3 are served: others do not use it.",
  },

  // --- packets ---
  {
    where: /^packets: .*(no payload|an id alone|attachments as 1e1), WebSocket$/,
    ours: [
      "ws< close 1005",
      /^log: error \/ (invalid payload|Illegal attachments)$/,
      ...ends("forced close"),
    ],
    why: "An event without a payload, and numbers in forms that JavaScript happens to read, are refused.",
  },
  {
    where: /^packets: .*(no payload|an id alone|attachments as 1e1), polling$/,
    reference: ["< nothing"],
    ours: [
      "< 200 OK",
      "<   cache-control: no-store",
      "<   connection: keep-alive",
      "<   content-length: 1",
      "<   content-type: text/plain; charset=UTF-8",
      "<   date: <date>",
      "<   keep-alive: timeout=5",
      "<   body: 1",
      /^log: error \/ (invalid payload|Illegal attachments)$/,
      ...ends("forced close"),
    ],
    why: "An event without a payload, and numbers in forms that JavaScript happens to read, are refused.",
  },
  {
    where:
      /^packets: .*(spaces in an id|an event with space in its payload|a placeholder of a fraction), WebSocket$/,
    reference: [/^ws< text 4(20\["echo",1\]|3NaN\[\]|2\["echo",null\])$/],
    ours: [
      "ws< close 1005",
      /^log: error \/ (invalid payload|illegal attachments)$/,
      ...ends("forced close"),
    ],
    why: "An event without a payload, and numbers in forms that JavaScript happens to read, are refused.",
  },
  {
    where: /^packets: an event with space in its payload, WebSocket$/,
    reference: ['ws< text 42["echo",1]'],
    why: "An event without a payload, and numbers in forms that JavaScript happens to read, are refused.",
  },
  {
    where:
      /^packets: .*(spaces in an id|an event with space in its payload|a placeholder of a fraction), polling$/,
    reference: [/^<   content-length: \d+$/, /^<   body: 4(3NaN|2)/],
    ours: [
      /^<   content-length: \d$/,
      /^<   body: (6<1e>)?1$/,
      /^log: error \/ (invalid payload|illegal attachments)$/,
      ...ends("forced close"),
    ],
    why: "An event without a payload, and numbers in forms that JavaScript happens to read, are refused.",
  },
  {
    where: /^(packets: bad: |eio3: a payload with a length too short)/,
    reference: [/^log: error \/ (invalid payload|Cannot read properties .*)$/],
    ours: [
      /^log: error \/ (unexpected \w+|control character in a string|unknown packet type NaN)$/,
    ],
    why: 'The event "error" says what is wrong with a payload, in more words than "invalid payload".',
  },
  {
    where: /^packets: an event with an id beyond doubles/,
    reference: [/439007199254740992\[1\]/],
    ours: [/439007199254740993\[1\]/],
    why: "Integers up to 63 bits are exact, as ids and as values.",
  },
  {
    where: /^packets: large numbers/,
    reference: [/\["echo",9007199254740992,null,/],
    ours: [/\["echo",9007199254740993,null,/],
    why: "Integers up to 63 bits are exact, as ids and as values.",
  },
  {
    where: /^packets: bad: an attachment too many, polling$/,
    reference: [/^<   content-length: \d+$/, /^<   body: 1$/, "log: engine close forced close -"],
    ours: [/^<   content-length: \d+$/, /^<   body: 451-.*bAQ==$/],
    why: "Packets are dealt with one after the other: what comes before a bad one is answered.",
  },

  // --- namespaces ---
  {
    where: /^(packets: a leave( by name)?|namespaces: left and joined in one breath)/,
    reference: [
      /^<   content-length: 3$/,
      /^<   body: 6<1e>1$/,
      ...ends("forced server close").slice(0, 2),
      "log: engine close forced close -",
    ],
    ours: [
      /^<   content-length: \d+$/,
      /^<   body: 40\{"sid":"<sid 3>"\}/,
      "log: disconnecting / client namespace disconnect true 1",
      "log: disconnect / client namespace disconnect - false 0",
      "log: connect /",
      "log: connection / true false",
    ],
    why: "A namespace may be left and joined again in one breath; the reference has not yet left it and closes the connection.",
  },
  {
    where: /^namespaces: joining twice at once$/,
    reference: [
      'ws< text 40/slow,{"sid":"<sid 2>"}',
      'ws< text 40/slow,{"sid":"<sid 3>"}',
      "log: slow /slow false",
      "log: connection /slow true false",
      "log: connection /slow true false",
    ],
    ours: ["ws< close 1005", "log: engine close forced close -"],
    why: "A second CONNECT while the first waits closes the connection, as one that comes later does; the reference makes two sockets.",
  },
  {
    where: /^namespaces: next called twice$/,
    reference: ['ws< text 40/twice,{"sid":"<sid 2>"}', "log: connection /twice true false"],
    why: "A middleware that calls next twice lets a client in once.",
  },
  {
    where: /^(namespaces|events|engine): /,
    reference: ["log: engine close forced close -"],
    ours: ["log: engine close forced close -"],
    why: "That a connection is closed is told when the turn ends, after what else the turn has brought.",
  },
  {
    where: /^engine: polling$/,
    reference: ["log: engine close transport close -"],
    ours: ["log: engine close transport close -"],
    why: "That a connection is closed is told when the turn ends, after what else the turn has brought.",
  },

  // --- events and endings ---
  {
    where: /^events: an acknowledgement after the end$/,
    reference: ['ws< text 435["too late"]'],
    why: "A socket that has left its namespace sends nothing any more, neither events nor acknowledgements.",
  },
  {
    where: /^endings: last words before disconnect\(false\), WebSocket$/,
    reference: ['ws< text 42["last",2]'],
    why: "A socket that has left its namespace sends nothing any more, neither events nor acknowledgements.",
  },
  {
    where: /^endings: last words before disconnect\(false\), polling$/,
    reference: [/^<   content-length: \d+$/, '<   body: 42["last",1]<1e>41<1e>42["last",2]'],
    ours: [/^<   content-length: \d+$/, '<   body: 42["last",1]<1e>41'],
    why: "A socket that has left its namespace sends nothing any more, neither events nor acknowledgements.",
  },
  {
    where: /^events: a broadcast by send$/,
    ours: ['ws< text 42["message","x",1]'],
    why: "Broadcast operators have send too; the reference's have not, and the call fails.",
  },
  {
    where: /^engine: last words, polling, a poll waiting$/,
    reference: [
      "<   content-length: 4",
      "<   body: 4one",
      "<   content-length: 4",
      "<   body: 4two",
      "< 200 OK",
      "<   cache-control: no-store",
      "<   content-length: 3",
      "<   content-type: text/plain; charset=UTF-8",
      /^<   x-headers: /,
      "<   body: 6<1e>1",
      "log: headers GET",
    ],
    ours: [
      "<   content-length: 9",
      "<   body: 4one<1e>4two",
      "<   content-length: 3",
      "<   body: 6<1e>1",
      "< 400 Bad Request",
      "<   content-length: 41",
      "<   content-type: application/json",
      '<   body: {"code":1,"message":"Session ID unknown"}',
      "log: refused 1 Session ID unknown sid=<sid 1>",
    ],
    why: "All that one POST causes goes out in one answer to the poll that waits; the reference answers with the first packet.",
  },

  // --- recovery ---
  {
    where: /^recovery: not twice$/,
    reference: ['ws< text 40{"sid":"<sid 2>","pid":"<pid 1>"}', "log: connection / true true"],
    ours: ['ws< text 40{"sid":"<sid 5>","pid":"<pid 2>"}', "log: connection / true false"],
    why: "The state of a lost connection is recovered once; the reference makes two sockets of one id.",
  },
  {
    where: /^recovery: .*middlewares$/,
    ours: ['ws< text 42/chain,["early",1]'],
    why: "What a middleware sends reaches the client with connection state recovery too; the reference loses it.",
  },

  {
    where: /^recovery: of an old client$/,
    reference: ['ws< text 42["x",{"last":true},"<offset 1>"]'],
    ours: ['ws< text 42["x",{"last":true}]'],
    why: "Clients of Socket.IO 2, which cannot recover, get no offset behind what is sent to them alone.",
  },

  // --- MessagePack ---
  {
    where: /^msgpack: a name that is reserved$/,
    reference: [/^ws< binary \{"data":\["counted",1\]/, "log: disconnect / 1 - true 1"],
    ours: ["ws< close 1005", "log: error / invalid payload", ...ends("forced close")],
    why: "Reserved names of events are refused with MessagePack too.",
  },
  {
    where: /^msgpack: (bad: |text|polling)/,
    reference: [/^log: error \/ /],
    ours: [
      /^log: error \/ (malformed MessagePack|invalid packet type|trailing bytes|got plaintext .*)$/,
    ],
    why: 'The event "error" says what is wrong with a payload, in more words than "invalid payload".',
  },
];
