#include <stdio.h>

#include "engine/private.h"
#include "http/status.h"
#include "ws/handshake.h"

/* --- refusals --- */

enum fault {
  NONE = -1,
  UNKNOWN_TRANSPORT,
  UNKNOWN_SID,
  BAD_METHOD,
  BAD_REQUEST,
  FORBIDDEN,
  BAD_PROTOCOL
};

static const char *const messages[] = {
    "Transport unknown", "Session ID unknown", "Bad handshake method",
    "Bad request",       "Forbidden",          "Unsupported protocol version"};

/* A stream that gets its refusal and is finished: nobody waits for anything of it. */
static void ignore_close(void *owner, int error) {
  (void)owner;
  (void)error;
}

/* In the reference's own form, which is not that of other answers. */
static void refuse_upgrade(sio_exchange *exchange, int status, const char *extra,
                           const char *message) {
  static const sio_stream_events events = {.on_close = ignore_close};
  char text[512], *rest;
  size_t rest_len;
  int len = snprintf(text, sizeof(text),
                     "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-type: text/html\r\n"
                     "Content-Length: %zu\r\n%s\r\n%s",
                     status, sio_http_reason(status), strlen(message), extra, message);
  sio_stream *stream = sio_exchange_upgrade(exchange, &rest, &rest_len);
  sio_stream_set_owner(stream, &events, NULL);
  sio_stream_write(stream, sio_bytes_of(text, (size_t)len));
  sio_stream_finish(stream);
}

static void refuse(const sio_engine *engine, sio_exchange *exchange, enum fault fault,
                   bool upgrade) {
  char json[64];
  sio_logf(engine->options.log, "engine", "%s: refused, %s",
           sio_stream_address(sio_exchange_stream(exchange)), messages[fault]);
  if (upgrade) {
    refuse_upgrade(exchange, 400, "", messages[fault]);
    return;
  }
  int len =
      snprintf(json, sizeof(json), "{\"code\":%d,\"message\":\"%s\"}", (int)fault, messages[fault]);
  sio_exchange_send(exchange, 400, SIO_BYTES("application/json"), sio_bytes_of(json, (size_t)len));
}

static void refuse_closed(sio_exchange *exchange, bool upgrade) {
  if (upgrade)
    refuse_upgrade(exchange, 503, "", sio_http_reason(503));
  else
    sio_exchange_send(exchange, 503, SIO_BYTES(""), SIO_BYTES(""));
}

/* False: it was refused. */
static bool check_websocket(sio_exchange *exchange) {
  int status;
  const char *message = sio_ws_check(sio_exchange_request(exchange), &status);
  if (message == NULL)
    return true;
  refuse_upgrade(exchange, status, status == 426 ? "Sec-WebSocket-Version: 13\r\n" : "", message);
  return false;
}

/* --- what the query says --- */

typedef struct parameter {
  char text[96];
  size_t len; /* 0: absent or empty */
} parameter;

typedef struct query {
  parameter transport, sid, protocol;
} query;

static parameter *find_parameter(query *out, sio_bytes name) {
  char text[32]; /* no name that we know is longer, escaped or not */
  if (name.len > sizeof(text))
    return NULL;
  sio_bytes decoded = {text, sio_query_decode(text, name)};
  if (sio_bytes_eq(decoded, SIO_BYTES("transport")))
    return &out->transport;
  if (sio_bytes_eq(decoded, SIO_BYTES("sid")))
    return &out->sid;
  return sio_bytes_eq(decoded, SIO_BYTES("EIO")) ? &out->protocol : NULL;
}

/* The last one of a name counts. No value that we know is longer than text: one that is, is cut and
 * stays unknown. */
static query read_query(const sio_request *request) {
  query out = {0};
  sio_bytes name, value;
  for (size_t at = 0; sio_query_next(request->query, &at, &name, &value);) {
    parameter *to = find_parameter(&out, name);
    if (to == NULL)
      continue;
    value.len = value.len < sizeof(to->text) ? value.len : sizeof(to->text);
    to->len = sio_query_decode(to->text, value);
  }
  return out;
}

static bool is(const parameter *it, const char *text) {
  return sio_bytes_eq(sio_bytes_of(it->text, it->len), sio_bytes_str(text));
}

static sio_session *find_session(const sio_engine *engine, const parameter *sid) {
  sio_session *session = sio_map_get(&engine->sessions, sio_bytes_of(sid->text, sid->len));
  return session != NULL && session->state != SIO_CLOSED ? session : NULL;
}

/* --- verification --- */

typedef struct candidate {
  sio_exchange *exchange;
  const sio_request *request;
  bool upgrade;   /* asks for a WebSocket */
  bool websocket; /* names it as its transport */
  bool has_sid;
  bool is_eio4;
  sio_session *session; /* of its sid, or NULL */
} candidate;

static enum fault verify_session(const candidate *it) {
  if (it->session == NULL)
    return UNKNOWN_SID;
  if (!it->upgrade && (it->websocket || it->session->is_websocket))
    return BAD_REQUEST;
  return it->is_eio4 ? NONE : BAD_REQUEST;
}

static enum fault verify_handshake(const sio_engine *engine, const candidate *it) {
  if (!sio_bytes_eq(it->request->method, SIO_BYTES("GET")))
    return BAD_METHOD;
  if (it->websocket && !it->upgrade)
    return BAD_REQUEST;
  if (it->is_eio4)
    return NONE;
  sio_logf(engine->options.log, "engine",
           "client speaks EIO=3 (Socket.IO v2) or no EIO at all; this server speaks EIO=4, which "
           "clients from version 3 on do");
  return BAD_PROTOCOL;
}

static enum fault verify(const sio_engine *engine, candidate *it) {
  query asked = read_query(it->request);
  it->websocket = engine->options.websocket && is(&asked.transport, "websocket");
  if (!it->websocket && !(engine->options.polling && is(&asked.transport, "polling")))
    return UNKNOWN_TRANSPORT;
  it->is_eio4 = is(&asked.protocol, "4");
  it->has_sid = asked.sid.len > 0;
  it->session = it->has_sid ? find_session(engine, &asked.sid) : NULL;
  return it->has_sid ? verify_session(it) : verify_handshake(engine, it);
}

/* --- new sessions --- */

static void open_polling(sio_engine *engine, sio_exchange *exchange) {
  sio_session *session = sio_session_new(engine, sio_exchange_request(exchange));
  if (session == NULL) {
    sio_exchange_destroy(exchange);
  } else if (sio_polling_start(session, exchange) != 0) {
    sio_session_drop(session);
    sio_exchange_destroy(exchange);
  } else {
    sio_session_open(session);
  }
}

static void open_websocket(sio_engine *engine, sio_exchange *exchange) {
  sio_session *session = sio_session_new(engine, sio_exchange_request(exchange));
  if (session == NULL) {
    sio_exchange_destroy(exchange);
    return;
  }
  sio_ws *ws = sio_websocket_accept(engine, exchange, NULL, NULL);
  if (ws == NULL) {
    sio_session_drop(session);
    return;
  }
  sio_websocket_start(session, ws);
  sio_session_open(session);
}

/* --- the requests --- */

static void serve_upgrade(sio_engine *engine, const candidate *it) {
  if (!check_websocket(it->exchange))
    return;
  if (!it->websocket)
    sio_websocket_turn_away(engine, it->exchange);
  else if (it->has_sid)
    sio_upgrade_start(it->session, it->exchange);
  else
    open_websocket(engine, it->exchange);
}

static void serve(sio_engine *engine, sio_exchange *exchange) {
  candidate it = {.exchange = exchange, .request = sio_exchange_request(exchange)};
  it.upgrade = it.request->upgrade && engine->options.websocket;
  enum fault fault = verify(engine, &it);
  if (fault != NONE)
    refuse(engine, exchange, fault, it.upgrade);
  else if (!it.has_sid && engine->is_closed)
    refuse_closed(exchange, it.upgrade);
  else if (it.upgrade)
    serve_upgrade(engine, &it);
  else if (it.has_sid)
    sio_polling_serve(it.session, exchange);
  else
    open_polling(engine, exchange);
}

bool sio_engine_on_request(sio_http_handler *handler, sio_exchange *exchange) {
  sio_engine *engine = SIO_OF(handler, sio_engine, handler);
  const sio_cors *cors = engine->options.cors;
  if (!sio_bytes_starts(sio_exchange_request(exchange)->path, engine->options.path))
    return false;
  if (cors == NULL || !sio_cors_apply(cors, exchange))
    serve(engine, exchange);
  return true;
}
