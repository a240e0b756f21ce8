#include "base/alloc.h"
#include "base/limits.h"
#include "engine/private.h"

enum { NOOP_INTERVAL = 100 }; /* ms that a poll may wait during an upgrade */

void sio_engine_options_init(sio_engine_options *options) {
  *options = (sio_engine_options){
      .path = SIO_BYTES("/socket.io/"),
      .polling = true,
      .websocket = true,
      .allow_upgrades = true,
      .ping_interval = SIO_PING_INTERVAL,
      .ping_timeout = SIO_PING_TIMEOUT,
      .upgrade_timeout = SIO_UPGRADE_TIMEOUT,
      .max_http_buffer_size = SIO_MAX_HTTP_BUFFER_SIZE,
      .max_backpressure = SIO_MAX_BACKPRESSURE,
      .close_slow = true,
      .compression_threshold = 1024,
  };
  sio_packing_init(&options->packing);
  sio_deflate_options_init(&options->deflate);
}

static bool copy(sio_bytes *text) {
  char *bytes = sio_malloc(text->len);
  if (bytes != NULL && text->len > 0)
    memcpy(bytes, text->base, text->len);
  text->base = bytes;
  return bytes != NULL;
}

/* All are tried, so that release frees nothing that is not ours. */
static bool copy_texts(sio_engine_options *options) {
  bool path = copy(&options->path), name = copy(&options->cookie_name),
       attributes = copy(&options->cookie_attributes);
  return path && name && attributes;
}

static bool make_frames(sio_engine *engine) {
  engine->ping = sio_packet_frame(SIO_PACKET_PING, SIO_BYTES(""));
  engine->pong = sio_packet_frame(SIO_PACKET_PONG, SIO_BYTES(""));
  engine->noop = sio_packet_frame(SIO_PACKET_NOOP, SIO_BYTES(""));
  engine->close = sio_packet_frame(SIO_PACKET_CLOSE, SIO_BYTES(""));
  if (engine->ping == NULL || engine->pong == NULL || engine->noop == NULL || engine->close == NULL)
    return false;
  engine->noop->plain = engine->close->plain = true; /* too short to gain by it */
  return true;
}

/* Nothing to be made is no failure. */
static bool make_pool(sio_engine *engine) {
  const sio_deflate_options *options = &engine->options.deflate;
  engine->deflate = options->is_on ? sio_deflate_pool_new(options) : NULL;
  return engine->deflate != NULL || !options->is_on;
}

static void watch(sio_engine *engine, sio_deadlines *queue, uint64_t ms,
                  void (*expire)(sio_deadline *)) {
  sio_deadlines_init(queue, ms, expire);
  sio_loop_watch(engine->loop, queue);
}

static void watch_deadlines(sio_engine *engine) {
  const sio_engine_options *options = &engine->options;
  watch(engine, &engine->ping_interval, options->ping_interval, sio_session_on_ping_due);
  watch(engine, &engine->ping_timeout, options->ping_timeout, sio_session_on_silence);
  watch(engine, &engine->poll_close, SIO_POLL_CLOSE_TIMEOUT, sio_polling_on_close_timeout);
  watch(engine, &engine->upgrade_timeout, options->upgrade_timeout, sio_upgrade_on_timeout);
  watch(engine, &engine->upgrade_noop, NOOP_INTERVAL, sio_upgrade_on_noop_due);
  if (options->allow_eio3)
    watch(engine, &engine->silence, options->ping_interval + options->ping_timeout,
          sio_session_on_silence);
}

static void unwatch_deadlines(sio_engine *engine) {
  sio_loop_unwatch(&engine->ping_interval);
  sio_loop_unwatch(&engine->ping_timeout);
  sio_loop_unwatch(&engine->poll_close);
  sio_loop_unwatch(&engine->upgrade_timeout);
  sio_loop_unwatch(&engine->upgrade_noop);
  if (engine->options.allow_eio3)
    sio_loop_unwatch(&engine->silence);
}

static void release(sio_engine *engine) {
  sio_map_deinit(&engine->sessions);
  sio_quota_deinit(&engine->quota);
  sio_keeper_deinit(&engine->keeper);
  sio_deflate_pool_unref(engine->deflate);
  sio_frame_unref(engine->ping);
  sio_frame_unref(engine->pong);
  sio_frame_unref(engine->noop);
  sio_frame_unref(engine->close);
  sio_frame_unref(engine->options.initial);
  sio_free((char *)engine->options.path.base);
  sio_free((char *)engine->options.cookie_name.base);
  sio_free((char *)engine->options.cookie_attributes.base);
  sio_free(engine);
}

static sio_bytes id_of(const void *ctx, const void *session) {
  (void)ctx;
  return sio_session_id(session);
}

sio_engine *sio_engine_new(sio_loop *loop, const sio_engine_options *options,
                           const sio_engine_hooks *hooks, void *ctx) {
  sio_engine *engine = sio_calloc(1, sizeof(*engine));
  if (engine == NULL)
    return NULL;
  engine->handler.on_request = sio_engine_on_request;
  engine->loop = loop;
  engine->options = *options;
  engine->hooks = hooks;
  engine->ctx = ctx;
  if (options->initial != NULL)
    sio_frame_ref(options->initial);
  if (!copy_texts(&engine->options) || !make_frames(engine) || !make_pool(engine) ||
      sio_map_init(&engine->sessions, id_of, NULL) != 0 || sio_keeper_init(&engine->keeper) != 0 ||
      sio_quota_init(&engine->quota, options->max_connections_per_ip) != 0) {
    release(engine);
    return NULL;
  }
  watch_deadlines(engine);
  return engine;
}

sio_http_handler *sio_engine_handler(sio_engine *engine) {
  return &engine->handler;
}

size_t sio_engine_count(const sio_engine *engine) {
  return engine->open;
}

bool sio_engine_calls_out(const sio_engine *engine) {
  const sio_policy *policy = engine->options.policy;
  return policy != NULL && (policy->on_headers != NULL || engine->is_watched);
}

const sio_engine_options *sio_engine_get_options(const sio_engine *engine) {
  return &engine->options;
}

void sio_engine_close(sio_engine *engine) {
  sio_session *session;
  engine->is_closed = true;
  for (size_t at = 0; (session = sio_map_next(&engine->sessions, &at)) != NULL;)
    sio_session_end(session, "forced close", NULL);
}

void sio_engine_reopen(sio_engine *engine) {
  engine->is_closed = false;
}

void sio_engine_free(sio_engine *engine) {
  sio_session *session;
  engine->options.policy = NULL;
  sio_engine_close(engine);
  for (size_t at = 0; (session = sio_map_next(&engine->sessions, &at)) != NULL;) {
    sio_map_del(&engine->sessions, sio_session_id(session));
    sio_session_silence(session);
  }
  unwatch_deadlines(engine);
  release(engine);
}
