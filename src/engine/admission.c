#include "engine/admission.h"

#include <ctype.h>
#include <stdio.h>

#include "base/error.h"
#include "base/limits.h"
#include "engine/private.h"
#include "http/status.h"

static const char *const messages[] = {
    "Transport unknown", "Session ID unknown", "Bad handshake method",
    "Bad request",       "Forbidden",          "Unsupported protocol version"};

/* --- refusals --- */

/* A stream that gets its refusal and is finished: nobody waits for anything of it. */
static void ignore_close(void *owner, int error) {
  (void)owner;
  (void)error;
}

static int put_answer(sio_buf *out, const sio_exchange *exchange, int status, sio_bytes message) {
  char head[160];
  int len = snprintf(head, sizeof(head),
                     "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-type: text/html\r\n"
                     "Content-Length: %zu\r\n",
                     status, sio_http_reason(status), message.len);
  int err = sio_buf_append(out, head, (size_t)len);
  err = err != 0 ? err : sio_buf_add(out, sio_exchange_headers(exchange));
  err = err != 0 ? err : sio_buf_str(out, "\r\n");
  return err != 0 ? err : sio_buf_add(out, message);
}

void sio_websocket_refuse(sio_exchange *exchange, int status, sio_bytes message) {
  static const sio_stream_events events = {.on_close = ignore_close};
  sio_buf answer = {0};
  if (put_answer(&answer, exchange, status, message) == 0) {
    char *rest;
    size_t rest_len;
    sio_stream *stream = sio_exchange_upgrade(exchange, &rest, &rest_len);
    sio_stream_set_owner(stream, &events, NULL);
    sio_stream_write(stream, sio_buf_bytes(&answer));
    sio_stream_finish(stream);
  } else {
    sio_exchange_destroy(exchange);
  }
  sio_buf_deinit(&answer);
}

static int put_json_char(sio_buf *json, char c) {
  char escape[8];
  if (c == '"' || c == '\\')
    snprintf(escape, sizeof(escape), "\\%c", c);
  else if ((unsigned char)c < 0x20)
    snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)c);
  else
    return sio_buf_put(json, c);
  return sio_buf_str(json, escape);
}

static int put_refusal(sio_buf *json, const sio_refusal *refusal) {
  int err = sio_buf_str(json, "{\"code\":");
  err = err != 0 ? err : sio_buf_u64(json, refusal->fault);
  err = err != 0 ? err : sio_buf_str(json, ",\"message\":\"");
  for (size_t i = 0; err == 0 && i < refusal->message.len; i++)
    err = put_json_char(json, refusal->message.base[i]);
  return err != 0 ? err : sio_buf_str(json, "\"}");
}

static void refuse_poll(sio_exchange *exchange, int status, const sio_refusal *refusal) {
  sio_buf json = {0};
  if (put_refusal(&json, refusal) == 0)
    sio_exchange_send(exchange, status, SIO_BYTES("application/json"), sio_buf_bytes(&json));
  else
    sio_exchange_destroy(exchange);
  sio_buf_deinit(&json);
}

static void tell_refused(const sio_engine *engine, sio_exchange *exchange,
                         const sio_refusal *refusal) {
  const sio_policy *policy = engine->options.policy;
  sio_bytes address = sio_exchange_request(exchange)->remote_address;
  sio_logf(engine->options.log, "engine", "%.*s: refused, %.*s%s%s", (int)address.len, address.base,
           (int)refusal->message.len, refusal->message.base, refusal->name != NULL ? ", " : "",
           refusal->name != NULL ? refusal->name : "");
  if (policy != NULL && policy->on_refused != NULL)
    policy->on_refused(policy->ctx, sio_exchange_request(exchange), refusal);
}

void sio_engine_refuse(sio_engine *engine, sio_exchange *exchange, const sio_refusal *refusal) {
  sio_refusal full = *refusal;
  bool upgrade = sio_is_upgrade(engine, exchange);
  if (full.message.len == 0)
    full.message = sio_bytes_str(messages[full.fault]);
  if (full.status == 0)
    full.status = full.fault == SIO_FORBIDDEN && !upgrade ? 403 : 400;
  tell_refused(engine, exchange, &full);
  if (upgrade)
    sio_websocket_refuse(exchange, full.status, full.message);
  else
    refuse_poll(exchange, full.status, &full);
}

/* --- no room --- */

/* What leaves no room for another session, or NULL. */
static const char *find_limit(const sio_engine *engine, const sio_request *request) {
  const sio_engine_options *options = &engine->options;
  if (engine->is_closed)
    return "CLOSED";
  if (options->max_connections > 0 && engine->open >= options->max_connections)
    return "MAX_CONNECTIONS";
  if (sio_quota_is_full(&engine->quota, request->remote_address))
    return "MAX_CONNECTIONS_PER_IP";
  return NULL;
}

static void refuse_for_now(const sio_engine *engine, sio_exchange *exchange, const char *limit) {
  sio_refusal refusal = {.fault = SIO_FORBIDDEN,
                         .status = 503,
                         .name = limit,
                         .message = sio_bytes_str(messages[SIO_FORBIDDEN])};
  tell_refused(engine, exchange, &refusal);
  sio_exchange_header(exchange, SIO_BYTES("Retry-After"), SIO_BYTES(SIO_RETRY_AFTER));
  if (sio_is_upgrade(engine, exchange))
    sio_websocket_refuse(exchange, 503, sio_bytes_str(sio_http_reason(503)));
  else
    sio_exchange_send(exchange, 503, (sio_bytes){0}, (sio_bytes){0});
}

/* --- new sessions --- */

/* Escaped as by encodeURIComponent. */
static int put_escaped(sio_buf *out, sio_bytes text) {
  char escape[4];
  int err = 0;
  for (size_t i = 0; err == 0 && i < text.len; i++) {
    char c = text.base[i];
    snprintf(escape, sizeof(escape), "%%%02X", (unsigned)c);
    bool is_plain = isalnum(c) || strchr("-_.!~*'()", c) != NULL;
    err = is_plain ? sio_buf_put(out, c) : sio_buf_str(out, escape);
  }
  return err;
}

static bool put_value(const sio_engine *engine, sio_bytes id, sio_buf *out) {
  const sio_policy *policy = engine->options.policy;
  if (policy != NULL && policy->on_cookie != NULL)
    return policy->on_cookie(policy->ctx, id, out);
  return put_escaped(out, id) == 0;
}

/* What does not fit into memory is no cookie. */
static void add_cookie(const sio_session *session, sio_exchange *exchange) {
  const sio_engine_options *options = &session->engine->options;
  sio_buf cookie = {0};
  if (sio_buf_add(&cookie, options->cookie_name) == 0 && sio_buf_put(&cookie, '=') == 0 &&
      put_value(session->engine, sio_session_id(session), &cookie) &&
      sio_buf_add(&cookie, options->cookie_attributes) == 0)
    sio_exchange_header(exchange, SIO_BYTES("Set-Cookie"), sio_buf_bytes(&cookie));
  sio_buf_deinit(&cookie);
}

static void open_polling(sio_session *session, sio_exchange *exchange) {
  if (sio_polling_start(session, exchange) != 0) {
    sio_session_drop(session);
    sio_exchange_destroy(exchange);
    return;
  }
  if (session->engine->options.cookie_name.len > 0)
    add_cookie(session, exchange);
  sio_session_open(session);
}

static void open_websocket(sio_session *session, sio_exchange *exchange) {
  sio_ws *ws = sio_websocket_accept(session->engine, exchange, NULL, NULL);
  if (ws == NULL) {
    sio_session_drop(session);
    return;
  }
  sio_websocket_start(session, ws);
  sio_session_open(session);
}

int sio_engine_random_id(sio_engine *engine, char out[SIO_ID_LEN]) {
  return sio_random_id(out, &engine->id_counter);
}

static bool is_id(const sio_engine *engine, sio_bytes id) {
  if (id.len > SIO_MAX_SESSION_ID || sio_map_get(&engine->sessions, id) != NULL)
    return false;
  for (size_t i = 0; i < id.len; i++)
    if (id.base[i] <= ' ' || id.base[i] > '~' || id.base[i] == '"' || id.base[i] == '\\')
      return false;
  return true;
}

int sio_engine_open(sio_engine *engine, sio_exchange *exchange, sio_bytes id) {
  sio_request *request = sio_exchange_request(exchange);
  bool upgrade = sio_is_upgrade(engine, exchange);
  if (upgrade)
    sio_engine_tell_headers(engine, exchange); /* which may change what is looked at below */
  if (!is_id(engine, id))
    return SIO_EINVAL;
  const char *limit = find_limit(engine, request);
  if (limit != NULL) {
    refuse_for_now(engine, exchange, limit);
    return 0;
  }
  sio_session *session = sio_session_new(engine, request, id);
  if (session == NULL)
    sio_exchange_destroy(exchange);
  else if (upgrade)
    open_websocket(session, exchange);
  else
    open_polling(session, exchange);
  return 0;
}

/* --- the steps --- */

static void ask_request(sio_engine *engine, sio_exchange *exchange) {
  const sio_policy *policy = engine->options.policy;
  const sio_engine_hooks *hooks = engine->hooks;
  if (hooks->on_request != NULL && hooks->on_request(engine->ctx, exchange))
    return;
  if (policy != NULL && policy->on_request != NULL)
    policy->on_request(policy->ctx, exchange);
  else
    sio_engine_verify(engine, exchange);
}

void sio_engine_share(sio_engine *engine, sio_exchange *exchange, const sio_cors *cors) {
  if (cors == NULL || !sio_cors_apply(cors, exchange))
    ask_request(engine, exchange);
}

void sio_engine_receive(sio_engine *engine, sio_exchange *exchange) {
  const sio_policy *policy = engine->options.policy;
  if (policy != NULL && policy->on_origin != NULL)
    policy->on_origin(policy->ctx, exchange);
  else
    sio_engine_share(engine, exchange, engine->options.cors);
}

/* Nobody is asked about a handshake for which there is no room. */
void sio_engine_greet(sio_engine *engine, sio_exchange *exchange) {
  const sio_policy *policy = engine->options.policy;
  const char *limit = find_limit(engine, sio_exchange_request(exchange));
  if (limit != NULL)
    refuse_for_now(engine, exchange, limit);
  else if (policy != NULL && policy->on_handshake != NULL)
    policy->on_handshake(policy->ctx, exchange);
  else
    sio_engine_allow(engine, exchange);
}

void sio_engine_allow(sio_engine *engine, sio_exchange *exchange) {
  const sio_policy *policy = engine->options.policy;
  if (!engine->options.allow_eio3 &&
      sio_revision_is_old(sio_request_revision(sio_exchange_request(exchange)))) {
    sio_logf(engine->options.log, "engine",
             "client speaks EIO=3 (Socket.IO v2) or no EIO at all; clients from version 3 on speak "
             "EIO=4, and allowEIO3 lets older ones in");
    sio_engine_refuse(engine, exchange, &(sio_refusal){.fault = SIO_BAD_PROTOCOL});
  } else if (policy != NULL && policy->on_id != NULL) {
    policy->on_id(policy->ctx, exchange);
  } else {
    sio_engine_open(engine, exchange, (sio_bytes){0});
  }
}
