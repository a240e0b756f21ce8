/*
 * A double of the engine (engine/engine.h, engine/session.h) for the tests of the layer above:
 * sessions that record what is sent, and do nothing on their own. The test plays the client.
 *
 * Its own memory comes from libc, so that tests of failing allocations see only what they test.
 * Incoming messages are blocks of their exact size that are gone after the call, as for the
 * engine's lent bytes.
 */
#ifndef SPEC_UNIT_FAKE_ENGINE_H
#define SPEC_UNIT_FAKE_ENGINE_H

#include <stdio.h>

#include "base/error.h"
#include "engine/engine.h"
#include "unit.h"

struct sio_session {
  int refs;
  enum sio_session_state state;
  sio_engine *engine; /* NULL once it has ended */
  void *data;
  bool is_ready;
  bool was_discarded;
  bool lacks_memory; /* the next send fails */
  int protocol;
  char sid[8];
  char sent[8192];       /* one message a line; binary ones as "<hex>" */
  const sio_frame *last; /* of them, for comparison only */
  size_t sent_len;
  sio_session *next;
};

struct sio_engine {
  sio_engine_options options;
  const sio_engine_hooks *hooks;
  void *ctx;
  sio_http_handler handler;
  sio_session *sessions;
  bool is_closed;
};

static int fake_live_sessions;

/* --- the engine's calls --- */

void sio_engine_options_init(sio_engine_options *options) {
  *options = (sio_engine_options){.path = SIO_BYTES("/socket.io/"), .max_http_buffer_size = 1000};
}

sio_engine *sio_engine_new(sio_loop *loop, const sio_engine_options *options,
                           const sio_engine_hooks *hooks, void *ctx) {
  (void)loop;
  sio_engine *engine = calloc(1, sizeof(*engine));
  engine->options = *options;
  engine->hooks = hooks;
  engine->ctx = ctx;
  return engine;
}

sio_http_handler *sio_engine_handler(sio_engine *engine) {
  return &engine->handler;
}

bool sio_engine_calls_out(const sio_engine *engine) {
  (void)engine;
  return false;
}

const sio_engine_options *sio_engine_get_options(const sio_engine *engine) {
  return &engine->options;
}

sio_session *sio_session_ref(sio_session *session) {
  session->refs++;
  return session;
}

void sio_session_unref(sio_session *session) {
  if (session == NULL || --session->refs > 0)
    return;
  fake_live_sessions--;
  free(session);
}

/* The session is over: the engine tells, and lets it go. */
static inline void session_end(sio_session *session, const char *reason, const char *detail) {
  sio_engine *engine = session->engine;
  if (engine == NULL)
    return;
  session->state = SIO_CLOSED;
  session->engine = NULL;
  for (sio_session **at = &engine->sessions; *at != NULL; at = &(*at)->next)
    if (*at == session) {
      *at = session->next;
      break;
    }
  engine->hooks->on_close(engine->ctx, session, reason, detail);
  sio_session_unref(session);
}

void sio_engine_close(sio_engine *engine) {
  engine->is_closed = true;
  for (sio_session *it = engine->sessions; it != NULL; it = it->next)
    sio_session_close(it, true);
}

void sio_engine_reopen(sio_engine *engine) {
  engine->is_closed = false;
}

void sio_engine_free(sio_engine *engine) {
  for (sio_session *session; (session = engine->sessions) != NULL;) {
    engine->sessions = session->next;
    session->engine = NULL;
    session->state = SIO_CLOSED;
    sio_session_unref(session);
  }
  free(engine);
}

sio_bytes sio_session_id(const sio_session *session) {
  return sio_bytes_str(session->sid);
}

int sio_session_protocol(const sio_session *session) {
  return session->protocol;
}

enum sio_session_state sio_session_get_state(const sio_session *session) {
  return session->state;
}

void sio_session_set_data(sio_session *session, void *data) {
  session->data = data;
}

void *sio_session_data(const sio_session *session) {
  return session->data;
}

bool sio_session_is_ready(const sio_session *session) {
  return session->is_ready && session->state == SIO_OPEN;
}

void sio_session_close(sio_session *session, bool discard) {
  if (session->state != SIO_OPEN)
    return;
  session->state = SIO_CLOSING;
  session->was_discarded = discard;
}

static inline void record(sio_session *session, const char *text, size_t len) {
  assert_true(session->sent_len + len < sizeof(session->sent));
  memcpy(session->sent + session->sent_len, text, len);
  session->sent_len += len;
}

int sio_session_send(sio_session *session, sio_frame *frame) {
  if (session->state != SIO_OPEN)
    return SIO_ECLOSED;
  if (session->lacks_memory) {
    sio_session_close(session, true);
    return SIO_ENOMEM;
  }
  session->last = frame;
  if (session->sent_len > 0)
    record(session, "\n", 1);
  if (!frame->binary) {
    record(session, frame->payload, frame->len);
    return 0;
  }
  record(session, "<", 1);
  for (size_t i = 0; i < frame->len; i++) {
    char hex[3];
    snprintf(hex, sizeof(hex), "%02x", (unsigned char)frame->payload[i]);
    record(session, hex, 2);
  }
  record(session, ">", 1);
  return 0;
}

/* --- the test's calls --- */

static inline sio_session *session_open_as(sio_engine *engine, int protocol) {
  sio_session *session = calloc(1, sizeof(*session));
  session->protocol = protocol;
  strcpy(session->sid, "sid");
  fake_live_sessions++;
  session->refs = 1;
  session->state = SIO_OPEN;
  session->is_ready = true;
  session->engine = engine;
  session->next = engine->sessions;
  engine->sessions = session;
  engine->hooks->on_session(engine->ctx, session);
  return session;
}

static inline sio_session *session_open(sio_engine *engine) {
  return session_open_as(engine, 4);
}

/* Closes go through: every session that asked to be closed ends. */
static inline void engine_settle(sio_engine *engine) {
  for (sio_session *it = engine->sessions; it != NULL;) {
    sio_session *closing = it->state == SIO_CLOSING ? it : NULL;
    it = it->next;
    if (closing != NULL) {
      session_end(closing, "forced close", NULL);
      it = engine->sessions;
    }
  }
}

static inline void session_receive(sio_session *session, sio_bytes data, bool binary) {
  if (session->engine == NULL)
    return;
  char *lent = malloc(data.len > 0 ? data.len : 1);
  if (data.len > 0)
    memcpy(lent, data.base, data.len);
  sio_session_ref(session);
  session->engine->hooks->on_message(session->engine->ctx, session, lent, data.len, binary);
  sio_session_unref(session);
  memset(lent, '?', data.len);
  free(lent);
}

/* A text message, without the engine's digit. */
static inline void session_says(sio_session *session, const char *text) {
  session_receive(session, sio_bytes_str(text), false);
}

/* What was sent since the last time, socket ids replaced by "*". */
static inline const char *session_sent(sio_session *session) {
  static char out[sizeof(session->sent)];
  static const char mark[] = "{\"sid\":\"";
  session->sent[session->sent_len] = '\0';
  session->sent_len = 0;
  size_t len = 0;
  for (const char *at = session->sent; *at != '\0';) {
    bool is_id = strncmp(at, mark, sizeof(mark) - 1) == 0;
    size_t n = is_id ? sizeof(mark) - 1 : 1;
    memcpy(out + len, at, n);
    len += n;
    at += n;
    if (is_id) {
      at += strcspn(at, "\"");
      out[len++] = '*';
    }
  }
  out[len] = '\0';
  return out;
}

#define assert_sent(session, expected) assert_string_equal(session_sent(session), expected)

#endif
