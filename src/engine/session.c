#include "engine/session.h"

#include "base/alloc.h"
#include "base/error.h"
#include "engine/private.h"

/* --- what the owner may ask --- */

sio_session *sio_session_ref(sio_session *session) {
  session->refs++;
  return session;
}

void sio_session_unref(sio_session *session) {
  if (session == NULL || --session->refs > 0)
    return;
  sio_kept_deinit(&session->kept);
  sio_free(session);
}

sio_bytes sio_session_id(const sio_session *session) {
  return sio_bytes_of(session->id, session->id_len);
}

/* What kept has of its own. */
static const char *own_of(const sio_session *session) {
  return session->id + session->id_len;
}

sio_request *sio_session_request(sio_session *session) {
  return sio_kept_request(&session->kept, own_of(session));
}

enum sio_session_state sio_session_get_state(const sio_session *session) {
  return session->state;
}

int sio_session_protocol(const sio_session *session) {
  return sio_session_is_old(session) ? 3 : 4;
}

const char *sio_session_transport(const sio_session *session) {
  return session->is_websocket ? "websocket" : "polling";
}

bool sio_session_is_upgrading(const sio_session *session) {
  const sio_polling *polling = sio_session_polling(session);
  return polling != NULL && polling->upgrade != NULL;
}

void sio_session_set_data(sio_session *session, void *data) {
  session->data = data;
}

void *sio_session_data(const sio_session *session) {
  return session->data;
}

void sio_session_watch(sio_session *session) {
  session->is_watched = true;
  if (session->engine != NULL)
    session->engine->is_watched = true;
}

const sio_policy *sio_session_watcher(const sio_session *session) {
  return session->is_watched ? session->engine->options.policy : NULL;
}

bool sio_session_is_ready(const sio_session *session) {
  if (session->state != SIO_OPEN)
    return false;
  return session->is_websocket ? sio_ws_stalled(session->ws) == 0 : session->polling->poll != NULL;
}

size_t sio_session_buffered(const sio_session *session) {
  if (session->ws == NULL)
    return 0;
  return session->is_websocket ? sio_ws_queued(session->ws) : session->polling->bytes;
}

/* --- sending --- */

static int push(sio_session *session, sio_frame *frame) {
  return session->is_websocket ? sio_websocket_send(session->ws, frame, session->revision)
                               : sio_polling_push(session, frame);
}

/* The flush, which comes behind that of the transport, tells of the drain. */
static int push_watched(sio_session *session, sio_frame *frame, const sio_policy *policy) {
  policy->on_packet_create(policy->ctx, session, frame);
  if (session->state == SIO_CLOSED)
    return SIO_ECLOSED;
  int err = push(session, frame);
  sio_session_flush_later(session);
  return err;
}

int sio_session_push(sio_session *session, sio_frame *frame) {
  const sio_policy *policy = sio_session_watcher(session);
  return policy != NULL ? push_watched(session, frame, policy) : push(session, frame);
}

static bool is_too_slow(const sio_session *session) {
  const sio_engine_options *options = &session->engine->options;
  return options->close_slow && session->stale > options->max_backpressure &&
         sio_session_buffered(session) > options->max_backpressure;
}

/* A close frame would wait behind all that the client does not read. */
static void end_slow(sio_session *session) {
  if (session->is_websocket)
    sio_ws_destroy(session->ws);
  sio_session_end(session, "transport error", "client too slow");
}

int sio_session_send(sio_session *session, sio_frame *frame) {
  if (session->state != SIO_OPEN)
    return SIO_ECLOSED;
  if (is_too_slow(session)) {
    end_slow(session);
    return SIO_ECLOSED;
  }
  int err = sio_session_push(session, frame);
  if (err == SIO_ENOMEM)
    sio_session_end(session, "transport error", "out of memory");
  else if (session->is_websocket && session->state == SIO_OPEN && sio_ws_stalled(session->ws) > 0)
    sio_session_flush_later(session);
  return err;
}

/* --- life --- */

static void on_flush(sio_flush *flush);

void sio_session_flush_later(sio_session *session) {
  sio_loop_flush_later(session->engine->loop, &session->flush);
}

static bool set_id(sio_session *session, sio_bytes id) {
  if (id.len == 0)
    return sio_random_id(session->id, &session->engine->id_counter) == 0;
  memcpy(session->id, id.base, id.len);
  return true;
}

void sio_session_set_stale(sio_session *session, size_t bytes) {
  session->stale = bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX;
}

/* A session that is not among the engine's yet. Takes kind. */
static sio_session *make(sio_engine *engine, sio_kind *kind, sio_request *request, sio_bytes id) {
  size_t len = id.len > 0 ? id.len : SIO_ID_LEN;
  size_t own = kind != NULL ? sio_kind_measure(kind, request) : 0;
  sio_session *session = kind != NULL ? sio_calloc(1, sizeof(*session) + len + own) : NULL;
  if (session == NULL) {
    sio_kind_unref(kind);
    return NULL;
  }
  session->refs = 1;
  session->engine = engine;
  session->id_len = (uint8_t)len;
  sio_kept_init(&session->kept, kind, request, (char *)own_of(session));
  if (!set_id(session, id)) {
    sio_session_unref(session);
    return NULL;
  }
  return session;
}

static int enlist(sio_session *session, sio_bytes address) {
  sio_engine *engine = session->engine;
  int err = sio_quota_take(&engine->quota, address);
  if (err != 0)
    return err;
  err = sio_map_put(&engine->sessions, session);
  if (err != 0)
    sio_quota_give(&engine->quota, address);
  return err;
}

sio_session *sio_session_new(sio_engine *engine, sio_request *request, sio_bytes id) {
  sio_session *session = make(engine, sio_keeper_find(&engine->keeper, request), request, id);
  if (session == NULL || enlist(session, request->remote_address) != 0) {
    sio_session_unref(session);
    return NULL;
  }
  session->revision = sio_request_revision(request);
  session->flush.run = on_flush;
  engine->open++;
  return session;
}

/* It counts no longer. */
static void leave(const sio_session *session) {
  sio_engine *engine = session->engine;
  engine->open--;
  sio_quota_give(&engine->quota, sio_kept_address(&session->kept, own_of(session)));
}

void sio_session_drop(sio_session *session) {
  sio_map_del(&session->engine->sessions, sio_session_id(session));
  leave(session);
  sio_session_unref(session);
}

static sio_frame *open_packet(const sio_session *session) {
  const sio_engine_options *options = &session->engine->options;
  bool has_upgrade = !session->is_websocket && options->allow_upgrades && options->websocket;
  sio_buf json = {0};
  sio_frame *frame = NULL;
  if (sio_buf_str(&json, "{\"sid\":\"") == 0 && sio_buf_add(&json, sio_session_id(session)) == 0 &&
      sio_buf_str(&json, "\",\"upgrades\":[") == 0 &&
      sio_buf_str(&json, has_upgrade ? "\"websocket\"" : "") == 0 &&
      sio_buf_str(&json, "],\"pingInterval\":") == 0 &&
      sio_buf_u64(&json, options->ping_interval) == 0 &&
      sio_buf_str(&json, ",\"pingTimeout\":") == 0 &&
      sio_buf_u64(&json, options->ping_timeout) == 0 &&
      sio_buf_str(&json, ",\"maxPayload\":") == 0 &&
      sio_buf_u64(&json, options->max_http_buffer_size) == 0 && sio_buf_put(&json, '}') == 0)
    frame = sio_packet_frame(SIO_PACKET_OPEN, sio_buf_bytes(&json));
  sio_buf_deinit(&json);
  return frame;
}

/* Its client's next ping is awaited, or ours is due later. */
static void await_ping(sio_session *session) {
  sio_engine *engine = session->engine;
  sio_deadlines *queue = sio_session_is_old(session) ? &engine->silence : &engine->ping_interval;
  session->awaits_pong = false;
  sio_deadline_start(queue, &session->heartbeat, sio_loop_now(engine->loop));
}

void sio_session_open(sio_session *session) {
  sio_engine *engine = session->engine;
  const sio_policy *policy = engine->options.policy;
  sio_frame *packet = open_packet(session), *initial = engine->options.initial;
  session->state = SIO_OPEN;
  await_ping(session);
  sio_logf(engine->options.log, "engine", "%.*s open on %s", (int)session->id_len, session->id,
           sio_session_transport(session));
  if (packet == NULL || sio_session_push(session, packet) == SIO_ENOMEM ||
      (initial != NULL && sio_session_push(session, initial) == SIO_ENOMEM))
    sio_session_end(session, "transport error", "out of memory");
  else if (!session->is_websocket)
    sio_polling_flush(session); /* what the owner sends waits for the next poll */
  sio_frame_unref(packet);
  if (policy != NULL && policy->on_session != NULL)
    policy->on_session(policy->ctx, session);
  engine->hooks->on_session(engine->ctx, session);
}

static void leave_transport(sio_session *session) {
  sio_polling *polling = sio_session_polling(session);
  sio_ws *ws = sio_session_ws(session);
  session->ws = NULL;
  if (polling != NULL)
    sio_polling_end(session, polling, session->engine->close);
  if (ws != NULL) {
    sio_ws_set_owner(ws, NULL, NULL);
    sio_ws_close(ws, 0);
  }
}

void sio_session_end(sio_session *session, const char *reason, const char *detail) {
  sio_engine *engine = session->engine;
  if (session->state == SIO_CLOSED)
    return;
  sio_logf(engine->options.log, "engine", "%.*s closed: %s%s%s", (int)session->id_len, session->id,
           reason, detail != NULL ? ", " : "", detail != NULL ? detail : "");
  session->state = SIO_CLOSED;
  leave(session);
  sio_deadline_stop(&session->heartbeat);
  session->reason = reason;
  session->detail = detail;
  sio_upgrade_abort(session);
  leave_transport(session);
  sio_session_flush_later(session);
}

void sio_session_silence(sio_session *session) {
  sio_list_remove(&session->flush.node);
  session->engine = NULL;
  sio_session_unref(session);
}

static void tell_end(sio_session *session) {
  sio_engine *engine = session->engine;
  sio_map_del(&engine->sessions, sio_session_id(session));
  engine->hooks->on_close(engine->ctx, session, session->reason, session->detail);
  session->engine = NULL; /* which may be freed before those who still hold the session */
  sio_session_unref(session);
}

static void look_at_output(sio_session *session) {
  size_t queued = sio_ws_queued(session->ws);
  sio_session_set_stale(session, queued);
  if (queued == 0)
    sio_session_tell_drain(session);
}

static void on_flush(sio_flush *flush) {
  sio_session *session = SIO_OF(flush, sio_session, flush);
  if (session->state == SIO_CLOSED)
    tell_end(session);
  else if (!session->is_websocket)
    sio_polling_flush(session);
  else
    look_at_output(session);
}

void sio_session_tell_drain(sio_session *session) {
  const sio_policy *policy = sio_session_watcher(session);
  if (policy != NULL)
    policy->on_drain(policy->ctx, session);
}

void sio_session_close(sio_session *session, bool discard) {
  if (session->state == SIO_CLOSED || (session->state == SIO_CLOSING && !discard))
    return;
  /* On a WebSocket the close frame goes out behind whatever is queued. */
  if (discard || session->is_websocket) {
    sio_session_end(session, "forced close", NULL);
    return;
  }
  session->state = SIO_CLOSING;
  sio_deadline_stop(&session->heartbeat);
  sio_polling_close(session);
}

/* --- receiving --- */

static sio_session *of_heartbeat(sio_deadline *deadline) {
  return SIO_OF(deadline, sio_session, heartbeat);
}

static void await_pong(sio_session *session) {
  sio_engine *engine = session->engine;
  sio_deadline_start(&engine->ping_timeout, &session->heartbeat, sio_loop_now(engine->loop));
}

void sio_session_on_ping_due(sio_deadline *deadline) {
  sio_session *session = of_heartbeat(deadline);
  session->awaits_pong = true;
  session->is_extended = false;
  await_pong(session);
  if (sio_session_push(session, session->engine->ping) == SIO_ENOMEM)
    sio_session_end(session, "transport error", "out of memory");
}

void sio_session_on_silence(sio_deadline *deadline) {
  sio_session_end(of_heartbeat(deadline), "ping timeout", NULL);
}

/* Once a ping, any other packet shows that the client lives: a long message may delay its pong. */
static void extend(sio_session *session) {
  if (!session->awaits_pong || session->is_extended)
    return;
  session->is_extended = true;
  await_pong(session);
}

static void on_message(sio_session *session, const sio_packet_in *packet) {
  sio_engine *engine = session->engine;
  engine->hooks->on_message(engine->ctx, session, packet->data, packet->len, packet->binary);
}

static void tell_packet(sio_session *session, const sio_packet_in *packet) {
  const sio_policy *policy = sio_session_watcher(session);
  if (policy != NULL)
    policy->on_packet(policy->ctx, session, packet);
}

/* A client that pings on and on, and reads nothing, makes nothing grow. */
static void on_ping(sio_session *session) {
  const sio_engine *engine = session->engine;
  await_ping(session);
  if (session->stale <= engine->options.max_backpressure)
    sio_session_send(session, engine->pong);
}

/* In revision 3 the client sends the pings, since then the server. */
static void on_heartbeat(sio_session *session, int type) {
  if ((type == SIO_PACKET_PING) != sio_session_is_old(session))
    sio_session_end(session, "transport error", "invalid heartbeat direction");
  else if (type == SIO_PACKET_PING)
    on_ping(session);
  else
    await_ping(session);
}

/* A closing session only hears that the client closes too. */
static bool is_heard(const sio_session *session, const sio_packet_in *packet) {
  return session->state == SIO_OPEN ||
         (session->state == SIO_CLOSING && packet->type == SIO_PACKET_CLOSE);
}

void sio_session_receive(sio_session *session, const sio_packet_in *packet) {
  if (!is_heard(session, packet))
    return;
  tell_packet(session, packet);
  if (session->state == SIO_CLOSED)
    return;
  if (packet->type != SIO_PACKET_PONG)
    extend(session);
  if (packet->type == SIO_PACKET_MESSAGE)
    on_message(session, packet);
  else if (packet->type == SIO_PACKET_PING || packet->type == SIO_PACKET_PONG)
    on_heartbeat(session, packet->type);
  else if (packet->type == SIO_PACKET_CLOSE)
    sio_session_end(session, "transport close", NULL);
  else if (packet->type < 0)
    sio_session_end(session, "parse error", NULL);
}
