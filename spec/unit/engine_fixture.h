/*
 * An engine on a server on a free port. Its hooks write what they are told into a log, one line
 * each; clients are plain sockets that speak HTTP and WebSocket.
 */
#ifndef SPEC_UNIT_ENGINE_FIXTURE_H
#define SPEC_UNIT_ENGINE_FIXTURE_H

#include <stdio.h>

#include "engine/engine.h"
#include "engine/packet.h"
#include "http_fixture.h"
#include "ws/frame.h"

typedef struct engine_fixture {
  sio_loop *loop;
  sio_http_server *server;
  sio_engine *engine;
  sio_engine_options options;
  sio_buf log;
  sio_session *session; /* the newest, held */
  /* What a test does besides; may be NULL. */
  void (*on_session)(struct engine_fixture *fix, sio_session *session);
  void (*on_message)(struct engine_fixture *fix, sio_session *session, sio_bytes data, bool binary);
  void (*on_close)(struct engine_fixture *fix, sio_session *session);
} engine_fixture;

/* --- hooks --- */

static inline void engine_log(engine_fixture *fix, const char *what, sio_bytes more) {
  if (sio_buf_str(&fix->log, what) == 0 && sio_buf_add(&fix->log, more) == 0)
    sio_buf_put(&fix->log, '\n');
}

static inline void engine_on_session(void *ctx, sio_session *session) {
  engine_fixture *fix = ctx;
  sio_session_unref(fix->session);
  fix->session = sio_session_ref(session);
  engine_log(fix, "open ", sio_bytes_str(sio_session_transport(session)));
  if (fix->on_session != NULL)
    fix->on_session(fix, session);
}

static inline void engine_on_message(void *ctx, sio_session *session, char *data, size_t len,
                                     bool binary) {
  engine_fixture *fix = ctx;
  engine_log(fix, binary ? "binary " : "text ", sio_bytes_of(data, len));
  if (fix->on_message != NULL)
    fix->on_message(fix, session, sio_bytes_of(data, len), binary);
}

static inline void engine_on_upgrade(void *ctx, sio_session *session) {
  engine_log(ctx, "upgrade ", sio_bytes_str(sio_session_transport(session)));
}

static inline void engine_on_close(void *ctx, sio_session *session, const char *reason,
                                   const char *detail) {
  engine_fixture *fix = ctx;
  assert_int_equal(sio_session_get_state(session), SIO_CLOSED);
  char text[128];
  int n = snprintf(text, sizeof(text), "%s%s%s", reason, detail != NULL ? ": " : "",
                   detail != NULL ? detail : "");
  engine_log(fix, "close ", sio_bytes_of(text, (size_t)n));
  if (fix->on_close != NULL)
    fix->on_close(fix, session);
}

static const sio_engine_hooks engine_fixture_hooks = {.on_session = engine_on_session,
                                                      .on_message = engine_on_message,
                                                      .on_upgrade = engine_on_upgrade,
                                                      .on_close = engine_on_close};

/* Waits until the log is exactly this, and forgets it. */
#define EXPECT_LOG(fix, expected)                                                                  \
  do {                                                                                             \
    uint64_t log_end = net_ms() + NET_PATIENCE;                                                    \
    while ((fix)->log.len < strlen(expected) && net_ms() < log_end)                                \
      net_turn((fix)->loop);                                                                       \
    assert_int_equal(sio_buf_put(&(fix)->log, '\0'), 0);                                           \
    assert_string_equal((fix)->log.base, expected);                                                \
    sio_buf_clear(&(fix)->log);                                                                    \
  } while (0)

static inline void engine_send(sio_session *session, const char *text) {
  sio_frame *frame = sio_packet_frame(SIO_PACKET_MESSAGE, sio_bytes_str(text));
  assert_non_null(frame);
  sio_session_send(session, frame);
  sio_frame_unref(frame);
}

/* --- set-up --- */

static inline void engine_open(engine_fixture *fix) {
  sio_http_options options;
  sio_http_options_init(&options);
  fix->server = sio_http_server_new(fix->loop, &options);
  assert_non_null(fix->server);
  fix->engine = sio_engine_new(fix->loop, &fix->options, &engine_fixture_hooks, fix);
  assert_non_null(fix->engine);
  sio_http_server_add(fix->server, sio_engine_handler(fix->engine), false);
  assert_int_equal(sio_http_server_listen(fix->server, "127.0.0.1:0", NULL), 0);
}

static inline void engine_shut(engine_fixture *fix) {
  if (fix->server != NULL)
    sio_http_server_free(fix->server);
  if (fix->engine != NULL)
    sio_engine_free(fix->engine);
  fix->server = NULL;
  fix->engine = NULL;
}

static inline int engine_set_up(void **state) {
  engine_fixture *fix = calloc(1, sizeof(*fix));
  assert_non_null(fix);
  fix->loop = sio_loop_new(NULL);
  assert_non_null(fix->loop);
  sio_engine_options_init(&fix->options);
  engine_open(fix);
  *state = fix;
  return 0;
}

static inline int engine_tear_down(void **state) {
  engine_fixture *fix = *state;
  engine_shut(fix);
  sio_loop_free(fix->loop);
  sio_session_unref(fix->session);
  sio_buf_deinit(&fix->log);
  free(fix);
  return 0;
}

/* After the options have been changed; before any session. */
static inline void engine_reopen(engine_fixture *fix) {
  engine_shut(fix);
  engine_open(fix);
}

#define ENGINE_TEST(name) cmocka_unit_test_setup_teardown(name, engine_set_up, engine_tear_down)

/* --- clients --- */

typedef struct client {
  engine_fixture *fix;
  int fd;
  sio_buf in; /* what has come and is not yet taken */
  bool open;
} client;

static inline client client_connect(engine_fixture *fix) {
  sio_address address;
  assert_true(sio_http_server_address(fix->server, &address));
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)address.port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  client out = {.fix = fix, .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .open = true};
  assert_int_equal(connect(out.fd, (struct sockaddr *)&to, sizeof(to)), 0);
  fcntl(out.fd, F_SETFL, O_NONBLOCK);
  return out;
}

static inline void client_close(client *it) {
  close(it->fd);
  sio_buf_deinit(&it->in);
}

static inline void client_send(client *it, const void *data, size_t len) {
  for (size_t at = 0; at < len;) {
    ssize_t n = send(it->fd, (const char *)data + at, len - at, MSG_NOSIGNAL);
    assert_true(n > 0 || errno == EAGAIN);
    at += n > 0 ? (size_t)n : 0;
    if (n < 0)
      net_turn(it->fix->loop);
  }
}

__attribute__((format(printf, 2, 3))) static inline void client_say(client *it, const char *format,
                                                                    ...) {
  char text[4096];
  va_list args;
  va_start(args, format);
  int n = vsnprintf(text, sizeof(text), format, args);
  va_end(args);
  assert_in_range(n, 0, sizeof(text) - 1);
  client_send(it, text, (size_t)n);
}

/* Takes in what has come. */
static inline void client_hear(client *it) {
  if (it->open)
    it->open = net_hear(it->fd, &it->in);
}

static inline void client_turn(client *it) {
  net_turn(it->fix->loop);
  client_hear(it);
}

/* Turns the loop until so many bytes are there. */
static inline void client_await(client *it, size_t len) {
  uint64_t end = net_ms() + NET_PATIENCE;
  client_hear(it);
  while (it->in.len < len && it->open && net_ms() < end)
    client_turn(it);
}

/* The next bytes are these. */
static inline void client_expect(client *it, sio_bytes expected) {
  client_await(it, expected.len);
  if (it->in.len < expected.len || memcmp(it->in.base, expected.base, expected.len) != 0)
    fail_msg("got %zu bytes: %.*s", it->in.len, (int)it->in.len, it->in.base);
  sio_buf_consume(&it->in, expected.len);
}

/* The server has closed, and nothing else has come. */
static inline void client_expect_end(client *it) {
  uint64_t end = net_ms() + NET_PATIENCE;
  client_hear(it);
  while (it->open && net_ms() < end)
    client_turn(it);
  assert_false(it->open);
  assert_int_equal(it->in.len, 0);
}

/* Nothing comes for a few turns. */
static inline void client_expect_silence(client *it) {
  for (int i = 0; i < 5; i++)
    client_turn(it);
  assert_true(it->open);
  assert_int_equal(it->in.len, 0);
}

/* --- HTTP --- */

typedef struct answer {
  int status;
  char head[1024]; /* NUL-terminated, with the empty line */
  char body[4096]; /* NUL-terminated */
  size_t len;
} answer;

static inline size_t client_await_head(client *it) {
  char *end = NULL;
  for (uint64_t stop = net_ms() + NET_PATIENCE; end == NULL && net_ms() < stop;) {
    client_hear(it);
    end = it->in.len > 0 ? memmem(it->in.base, it->in.len, "\r\n\r\n", 4) : NULL;
    if (end == NULL)
      net_turn(it->fix->loop);
  }
  assert_non_null(end);
  return (size_t)(end - it->in.base) + 4;
}

static inline answer client_answer(client *it) {
  answer out = {0};
  size_t head = client_await_head(it);
  assert_in_range(head, 0, sizeof(out.head) - 1);
  memcpy(out.head, it->in.base, head);
  out.status = atoi(out.head + 9);
  const char *length = strstr(out.head, "Content-Length: ");
  out.len = length != NULL ? (size_t)atol(length + 16) : 0;
  client_await(it, head + out.len);
  assert_true(it->in.len >= head + out.len);
  if (out.len < sizeof(out.body))
    memcpy(out.body, it->in.base + head, out.len);
  sio_buf_consume(&it->in, head + out.len);
  return out;
}

#define EXPECT_ANSWER(it, code, text)                                                              \
  do {                                                                                             \
    answer got = client_answer(it);                                                                \
    assert_int_equal(got.status, code);                                                            \
    assert_string_equal(got.body, text);                                                           \
  } while (0)

static inline void client_get(client *it, const char *query) {
  client_say(it, "GET /socket.io/?EIO=4&%s HTTP/1.1\r\nHost: x\r\n\r\n", query);
}

typedef struct sid {
  char text[32];
} sid;

/* Opens a polling session on that connection. */
static inline sid client_open(client *it) {
  sid out = {0};
  client_get(it, "transport=polling");
  answer got = client_answer(it);
  assert_int_equal(got.status, 200);
  assert_int_equal(sscanf(got.body, "0{\"sid\":\"%20[A-Za-z0-9_-]\"", out.text), 1);
  return out;
}

static inline void client_poll(client *it, const sid *session) {
  client_say(it, "GET /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: x\r\n\r\n",
             session->text);
}

static inline void client_post_bytes(client *it, const sid *session, sio_bytes body) {
  client_say(it,
             "POST /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: x\r\n"
             "Content-Type: text/plain;charset=UTF-8\r\nContent-Length: %zu\r\n\r\n",
             session->text, body.len);
  client_send(it, body.base, body.len);
}

static inline void client_post(client *it, const sid *session, const char *body) {
  client_post_bytes(it, session, sio_bytes_str(body));
}

/* --- WebSocket --- */

#define WS_HEADERS                                                                                 \
  "Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"          \
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define WS_ANSWER                                                                                  \
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"              \
  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

static inline void ws_ask(client *it, const char *query) {
  client_say(it, "GET /socket.io/?EIO=4&%s HTTP/1.1\r\n" WS_HEADERS "\r\n", query);
}

static inline size_t ws_head(const client *it, size_t *len) {
  const unsigned char *in = (const unsigned char *)it->in.base;
  *len = in[1];
  if (in[1] == 126)
    *len = (size_t)in[2] << 8 | in[3];
  return in[1] == 126 ? 4 : 2;
}

/* The next frame has this first byte and payload. */
static inline void ws_expect(client *it, unsigned first, const char *payload) {
  size_t len = 0, head = 4;
  client_await(it, 2);
  if (it->in.len >= 2 && (unsigned char)it->in.base[1] == 126)
    client_await(it, 4);
  assert_true(it->in.len >= 2);
  assert_int_equal((unsigned char)it->in.base[0], first);
  head = ws_head(it, &len);
  client_await(it, head + len);
  char text[2048] = "";
  assert_in_range(len, 0, sizeof(text) - 1);
  memcpy(text, it->in.base + head, len);
  assert_string_equal(text, payload);
  sio_buf_consume(&it->in, head + len);
}

/* Opens a session on a WebSocket. */
static inline sid ws_open(client *it) {
  sid out = {0};
  ws_ask(it, "transport=websocket");
  client_expect(it, SIO_BYTES(WS_ANSWER));
  client_await(it, 2);
  size_t len, head = ws_head(it, &len);
  client_await(it, head + len);
  assert_int_equal(sscanf(it->in.base + head, "0{\"sid\":\"%20[A-Za-z0-9_-]\"", out.text), 1);
  sio_buf_consume(&it->in, head + len);
  return out;
}

static inline void ws_send_bytes(client *it, unsigned first, sio_bytes payload) {
  unsigned char head[14] = {(unsigned char)first};
  size_t n = 2;
  if (payload.len < 126) {
    head[1] = (unsigned char)(0x80 | payload.len);
  } else {
    size_t wide = payload.len < 65536 ? 2 : 8;
    head[1] = wide == 2 ? 0x80 | 126 : 0x80 | 127;
    for (size_t i = 0; i < wide; i++)
      head[n++] = (unsigned char)((uint64_t)payload.len >> (8 * (wide - 1 - i)));
  }
  n += 4; /* a mask of zeros */
  client_send(it, head, n);
  client_send(it, payload.base, payload.len);
}

static inline void ws_send(client *it, const char *text) {
  ws_send_bytes(it, 0x80 | SIO_WS_TEXT, sio_bytes_str(text));
}

/* The server's close frame with this payload. */
static inline void ws_expect_close(client *it, const char *payload) {
  ws_expect(it, 0x80 | SIO_WS_CLOSE, payload);
}

#endif
