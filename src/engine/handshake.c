/* What a request is: of a session or a handshake, in order or not. */
#include "engine/private.h"

/* --- what the query says --- */

typedef struct parameter {
  char text[3 * SIO_MAX_SESSION_ID + 1]; /* an id may be all escapes */
  size_t len;                            /* 0: absent or empty */
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

static bool is_old(const parameter *protocol) {
  return !is(protocol, "4");
}

/* Scripts carry text only; in revision 4 all polling does. */
enum sio_revision sio_request_revision(const sio_request *request) {
  query asked = read_query(request);
  bool is_text = sio_request_query(request, "b64").len > 0;
  if (!is_old(&asked.protocol))
    return is_text ? SIO_REVISION_4_TEXT : SIO_REVISION_4;
  is_text = is_text || sio_request_query(request, "j").base != NULL;
  return is_text ? SIO_REVISION_3_TEXT : SIO_REVISION_3;
}

/* --- verification --- */

typedef struct candidate {
  const sio_request *request;
  bool upgrade;   /* asks for a WebSocket */
  bool websocket; /* names it as its transport */
  bool has_sid;
  bool is_old;          /* speaks revision 3 */
  sio_session *session; /* of its sid, or NULL */
} candidate;

static bool refuse(sio_refusal *refusal, enum sio_fault fault, const char *name) {
  refusal->fault = fault;
  refusal->name = name;
  return false;
}

static bool verify_session(const candidate *it, sio_refusal *refusal) {
  if (it->session == NULL)
    return refuse(refusal, SIO_UNKNOWN_SID, NULL);
  if (!it->upgrade && it->websocket != it->session->is_websocket)
    return refuse(refusal, SIO_BAD_REQUEST, "TRANSPORT_MISMATCH");
  if (it->is_old != sio_session_is_old(it->session))
    return refuse(refusal, SIO_BAD_REQUEST, "PROTOCOL_MISMATCH");
  if (!it->upgrade && it->websocket) /* whose session needs no requests */
    return refuse(refusal, SIO_BAD_REQUEST, "TRANSPORT_MISMATCH");
  return true;
}

static bool verify_handshake(const candidate *it, sio_refusal *refusal) {
  if (!sio_bytes_eq(it->request->method, SIO_BYTES("GET")))
    return refuse(refusal, SIO_BAD_METHOD, NULL);
  if (it->websocket && !it->upgrade)
    return refuse(refusal, SIO_BAD_REQUEST, "TRANSPORT_HANDSHAKE_ERROR");
  return true;
}

static bool verify(const sio_engine *engine, candidate *it, sio_refusal *refusal) {
  query asked = read_query(it->request);
  it->websocket = engine->options.websocket && is(&asked.transport, "websocket");
  if (!it->websocket && !(engine->options.polling && is(&asked.transport, "polling")))
    return refuse(refusal, SIO_UNKNOWN_TRANSPORT, NULL);
  it->is_old = is_old(&asked.protocol);
  it->has_sid = asked.sid.len > 0;
  it->session = it->has_sid ? find_session(engine, &asked.sid) : NULL;
  refusal->session = it->session;
  return it->has_sid ? verify_session(it, refusal) : verify_handshake(it, refusal);
}

/* False: it was refused, by the rules of WebSocket. */
static bool check_websocket(const sio_engine *engine, sio_exchange *exchange) {
  int status;
  const char *message = sio_websocket_check(engine, sio_exchange_request(exchange), &status);
  if (message == NULL)
    return true;
  if (status == 426)
    sio_exchange_header(exchange, SIO_BYTES("Sec-WebSocket-Version"), SIO_BYTES("13"));
  sio_websocket_refuse(exchange, status, sio_bytes_str(message));
  return false;
}

/* --- the requests --- */

/* One that makes no new session. */
static void serve_upgrade(sio_engine *engine, const candidate *it, sio_exchange *exchange) {
  sio_engine_tell_headers(engine, exchange); /* which may close the session */
  if (it->websocket)
    sio_upgrade_start(it->session, exchange);
  else
    sio_websocket_turn_away(engine, exchange);
}

void sio_engine_verify(sio_engine *engine, sio_exchange *exchange) {
  candidate it = {.request = sio_exchange_request(exchange),
                  .upgrade = sio_is_upgrade(engine, exchange)};
  sio_refusal refusal = {0};
  if (!verify(engine, &it, &refusal))
    sio_engine_refuse(engine, exchange, &refusal);
  else if (it.upgrade && !check_websocket(engine, exchange))
    return;
  else if (it.upgrade && (it.has_sid || !it.websocket))
    serve_upgrade(engine, &it, exchange);
  else if (!it.has_sid)
    sio_engine_greet(engine, exchange);
  else
    sio_polling_serve(it.session, exchange);
}

/* A prefix that ends with no slash is a whole path, or followed by one. */
static bool is_ours(const sio_engine *engine, sio_bytes path) {
  sio_bytes prefix = engine->options.path;
  if (!sio_bytes_starts(path, prefix))
    return false;
  return path.len == prefix.len || prefix.len == 0 || prefix.base[prefix.len - 1] == '/' ||
         path.base[prefix.len] == '/';
}

bool sio_engine_on_request(sio_http_handler *handler, sio_exchange *exchange) {
  sio_engine *engine = SIO_OF(handler, sio_engine, handler);
  if (!is_ours(engine, sio_exchange_request(exchange)->path))
    return false;
  sio_engine_receive(engine, exchange);
  return true;
}
