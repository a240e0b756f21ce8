/*
 * A server on the double of the engine, whose hooks write what they are told to a log:
 *
 *   connect /a {}; event / ["x"]; disconnecting / why; disconnect / why; forget /; end why
 *
 * Sockets are accepted at once unless the fixture says otherwise. In the course of one hook a deed
 * may be done to its socket, to try what hooks may do.
 */
#ifndef SPEC_UNIT_SOCKETIO_FIXTURE_H
#define SPEC_UNIT_SOCKETIO_FIXTURE_H

#include "fail_alloc.h"
#include "fake_engine.h"
#include "net/loop.h"
#include "socketio/server.h"

typedef struct fixture {
  sio_loop *loop;
  sio_server *server;
  sio_engine *engine;
  bool accepts;       /* on_connect answers at once */
  int connect_status; /* what on_connect returns */
  int event_status;   /* what on_event returns */
  const char *event_reason;
  const char *deed_at;                          /* a hook in whose course the deed is done */
  void (*deed)(struct fixture *, sio_socket *); /* once */
  sio_socket *last; /* told about by on_connect or on_unknown; not held */
  char log[65536];
  size_t log_len;
} fixture;

static inline void note(fixture *f, const char *what, sio_bytes name, sio_bytes text) {
  int n = snprintf(f->log + f->log_len, sizeof(f->log) - f->log_len, "%s%s%s%.*s%s%.*s",
                   f->log_len > 0 ? "; " : "", what, name.len > 0 ? " " : "", (int)name.len,
                   name.base != NULL ? name.base : "", text.len > 0 ? " " : "", (int)text.len,
                   text.base != NULL ? text.base : "");
  assert_true(n > 0 && (size_t)n < sizeof(f->log) - f->log_len);
  f->log_len += (size_t)n;
}

static inline void do_deed(fixture *f, const char *hook, sio_socket *socket) {
  if (f->deed_at == NULL || strcmp(f->deed_at, hook) != 0)
    return;
  f->deed_at = NULL;
  f->deed(f, socket);
}

static inline sio_bytes text_of(const char *text) {
  return sio_bytes_str(text != NULL ? text : "");
}

static inline void note_socket(fixture *f, const char *hook, sio_socket *socket, sio_bytes text) {
  sio_nsp *nsp = sio_socket_nsp(socket);
  note(f, hook, nsp != NULL ? sio_nsp_name(nsp) : SIO_BYTES("?"), text);
  do_deed(f, hook, socket);
}

static inline int hook_connect(void *ctx, sio_socket *socket, sio_bytes auth) {
  fixture *f = ctx;
  f->last = socket;
  note_socket(f, "connect", socket, auth);
  if (f->connect_status < 0)
    return f->connect_status;
  if (f->accepts)
    sio_socket_accept(socket, sio_bytes_of(NULL, 0));
  return 0;
}

static inline int hook_unknown(void *ctx, sio_socket *socket, sio_bytes name, sio_bytes auth) {
  fixture *f = ctx;
  f->last = socket;
  note(f, "unknown", name, auth);
  do_deed(f, "unknown", socket);
  return 0;
}

static inline void note_incoming(fixture *f, const char *hook, sio_socket *socket,
                                 const sio_incoming *in) {
  char text[512];
  int len =
      snprintf(text, sizeof(text), "%.*s", (int)in->packet->payload.len, in->packet->payload.base);
  if (in->packet->id != SIO_NO_ACK)
    len += snprintf(text + len, sizeof(text) - (size_t)len, " #%lld", (long long)in->packet->id);
  for (size_t i = 0; i < in->packet->attachments; i++)
    len += snprintf(text + len, sizeof(text) - (size_t)len, " <%.*s>", (int)in->attachments[i].len,
                    in->attachments[i].base);
  note_socket(f, hook, socket, sio_bytes_of(text, (size_t)len));
}

static inline int hook_event(void *ctx, sio_socket *socket, const sio_incoming *in,
                             const char **reason) {
  fixture *f = ctx;
  note_incoming(f, "event", socket, in);
  *reason = f->event_reason;
  return f->event_status;
}

static inline int hook_ack(void *ctx, sio_socket *socket, const sio_incoming *in,
                           const char **reason) {
  fixture *f = ctx;
  note_incoming(f, "ack", socket, in);
  *reason = f->event_reason;
  return f->event_status;
}

static inline void hook_disconnecting(void *ctx, sio_socket *socket, const char *reason,
                                      const char *detail) {
  (void)detail;
  assert_int_equal(sio_socket_get_state(socket), SIO_SOCKET_CONNECTED);
  note_socket(ctx, "disconnecting", socket, text_of(reason));
}

static inline void hook_disconnect(void *ctx, sio_socket *socket, const char *reason,
                                   const char *detail) {
  (void)detail;
  size_t at = 0;
  assert_int_equal(sio_socket_get_state(socket), SIO_SOCKET_DISCONNECTED);
  assert_null(sio_socket_next_room(socket, &at).base);
  note_socket(ctx, "disconnect", socket, text_of(reason));
}

static inline void hook_error(void *ctx, sio_socket *socket, const char *message) {
  note_socket(ctx, "error", socket, text_of(message));
}

static inline void hook_forget(void *ctx, sio_socket *socket) {
  assert_null(sio_socket_data(socket)); /* nobody was forgotten before */
  sio_socket_set_data(socket, ctx);
  note_socket(ctx, "forget", socket, SIO_BYTES(""));
}

static inline void hook_room(void *ctx, sio_socket *socket, sio_bytes room, bool joined) {
  sio_bytes id = sio_socket_id(socket);
  note_socket(ctx, joined ? "+room" : "-room", socket,
              sio_bytes_eq(room, id) ? SIO_BYTES("id") : room);
}

static inline void hook_upgrade(void *ctx, sio_session *session) {
  (void)session;
  note(ctx, "upgrade", SIO_BYTES(""), SIO_BYTES(""));
}

static inline void hook_session_close(void *ctx, sio_session *session, const char *reason,
                                      const char *detail) {
  (void)session, (void)detail;
  note(ctx, "end", text_of(reason), SIO_BYTES(""));
}

static const sio_hooks fixture_hooks = {.on_connect = hook_connect,
                                        .on_unknown = hook_unknown,
                                        .on_event = hook_event,
                                        .on_ack = hook_ack,
                                        .on_disconnecting = hook_disconnecting,
                                        .on_disconnect = hook_disconnect,
                                        .on_error = hook_error,
                                        .on_forget = hook_forget,
                                        .on_room = hook_room,
                                        .on_upgrade = hook_upgrade,
                                        .on_session_close = hook_session_close};

/* The log since the last time. */
static inline const char *told(fixture *f) {
  f->log[f->log_len] = '\0';
  f->log_len = 0;
  return f->log;
}

#define assert_told(f, expected) assert_string_equal(told(f), expected)

static inline void fixture_init(fixture *f, const sio_server_options *options,
                                const sio_hooks *hooks) {
  *f = (fixture){.accepts = true};
  f->loop = sio_loop_new(NULL);
  f->server = sio_server_new(f->loop, options, hooks, f);
  assert_non_null(f->server);
  f->engine = sio_server_engine(f->server);
}

static inline void fixture_deinit(fixture *f) {
  sio_server_free(f->server);
  sio_loop_free(f->loop);
}

static inline int fixture_set_up(void **state) {
  static fixture f;
  fail_alloc_at(0);
  fail_alloc_now.live = 0;
  fake_live_sessions = 0;
  sio_server_options options;
  sio_server_options_init(&options);
  fixture_init(&f, &options, &fixture_hooks);
  sio_server_nsp(f.server, SIO_BYTES("/a"), true);
  *state = &f;
  return 0;
}

static inline int fixture_tear_down(void **state) {
  fixture_deinit(*state);
  if (fake_live_sessions != 0 || fail_alloc_now.live != 0)
    print_error("left: %d sessions, %zu blocks\n", fake_live_sessions, fail_alloc_now.live);
  return fake_live_sessions == 0 && fail_alloc_now.live == 0 ? 0 : -1;
}

#define FIXTURE_TEST(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

static inline sio_nsp *nsp_of(fixture *f, const char *name) {
  return sio_server_nsp(f->server, sio_bytes_str(name), false);
}

/* A session whose socket is connected to "/". */
static inline sio_session *join_root(fixture *f, sio_socket **socket) {
  sio_session *session = session_open(f->engine);
  session_says(session, "0");
  assert_sent(session, "40{\"sid\":\"*\"}");
  assert_told(f, "connect /");
  *socket = f->last;
  assert_int_equal(sio_socket_get_state(*socket), SIO_SOCKET_CONNECTED);
  return session;
}

#endif
