/* A server on a free port with one handler that a test sets; clients are plain sockets. */
#ifndef SPEC_UNIT_HTTP_FIXTURE_H
#define SPEC_UNIT_HTTP_FIXTURE_H

#include <stdio.h>

#include "http/server.h"
#include "net_fixture.h"

typedef struct http_fixture {
  sio_loop *loop;
  sio_http_options options;
  sio_http_server *server;
  sio_http_handler handler;
  bool (*on_request)(struct http_fixture *http, sio_exchange *exchange);
  /* What the test's owner of exchanges saw. */
  sio_exchange *pending;
  sio_buf bodies;
  int requests, aborts, too_large, drains, closed;
} http_fixture;

static inline http_fixture *http_of(sio_http_handler *handler) {
  return SIO_OF(handler, http_fixture, handler);
}

static inline bool http_on_request(sio_http_handler *handler, sio_exchange *exchange) {
  http_fixture *http = http_of(handler);
  http->requests++;
  return http->on_request != NULL && http->on_request(http, exchange);
}

static inline void http_open(http_fixture *http) {
  http->server = sio_http_server_new(http->loop, &http->options);
  assert_non_null(http->server);
  http->handler.on_request = http_on_request;
  sio_http_server_add(http->server, &http->handler, false);
  assert_int_equal(sio_http_server_listen(http->server, "127.0.0.1:0", NULL), 0);
}

static inline int http_set_up(void **state) {
  http_fixture *http = calloc(1, sizeof(*http));
  http->loop = sio_loop_new(NULL);
  assert_non_null(http->loop);
  sio_http_options_init(&http->options);
  http_open(http);
  *state = http;
  return 0;
}

static inline int http_tear_down(void **state) {
  http_fixture *http = *state;
  if (http->server != NULL)
    sio_http_server_free(http->server);
  sio_loop_free(http->loop);
  sio_buf_deinit(&http->bodies);
  free(http);
  return 0;
}

/* With other options than the defaults: before any connection. */
static inline void http_reopen(http_fixture *http) {
  sio_http_server_free(http->server);
  http_open(http);
}

static inline int http_connect(http_fixture *http) {
  sio_address address;
  assert_true(sio_http_server_address(http->server, &address));
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)address.port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

/* Blanks what differs from run to run: the date. */
static inline void http_blank(sio_buf *in) {
  if (sio_buf_put(in, '\0') != 0)
    return;
  in->len--;
  for (char *at = in->base; (at = strstr(at, "Date: ")) != NULL; at += 6) {
    char *end = strstr(at, "\r\n");
    if (end == NULL || end == at + 6)
      continue;
    memmove(at + 6, end, in->len - (size_t)(end - in->base) + 1);
    in->len -= (size_t)(end - at) - 6;
  }
}

/* Waits until what came (dates blanked) is exactly expected. */
#define HTTP_EXPECT(http, fd, expected)                                                            \
  do {                                                                                             \
    sio_buf in = {0};                                                                              \
    uint64_t end = net_ms() + NET_PATIENCE;                                                        \
    while (net_ms() < end) {                                                                       \
      bool open = net_hear(fd, &in);                                                               \
      http_blank(&in);                                                                             \
      if (in.len >= strlen(expected) || !open)                                                     \
        break;                                                                                     \
      net_turn((http)->loop);                                                                      \
    }                                                                                              \
    assert_string_equal(in.base, expected);                                                        \
    sio_buf_deinit(&in);                                                                           \
  } while (0)

/* Waits for the server's FIN, and that nothing else comes. */
#define HTTP_EXPECT_END(http, fd)                                                                  \
  do {                                                                                             \
    sio_buf in = {0};                                                                              \
    UNTIL((http)->loop, !net_hear(fd, &in));                                                       \
    assert_int_equal(errno, 0);                                                                    \
    assert_int_equal(in.len, 0);                                                                   \
    sio_buf_deinit(&in);                                                                           \
    close(fd);                                                                                     \
  } while (0)

#define HTTP_TEST(name) cmocka_unit_test_setup_teardown(name, http_set_up, http_tear_down)

/* --- an owner --- */

static inline void http_on_body(void *owner, sio_exchange *exchange, sio_bytes body) {
  http_fixture *http = owner;
  sio_buf_str(&http->bodies, "[");
  sio_buf_add(&http->bodies, body);
  sio_buf_str(&http->bodies, "]");
  sio_exchange_send(exchange, 200, SIO_BYTES("text/plain"), body);
}

static inline void http_on_too_large(void *owner, sio_exchange *exchange) {
  http_fixture *http = owner;
  http->too_large++;
  sio_exchange_send(exchange, 413, (sio_bytes){0}, (sio_bytes){0});
}

static inline void http_on_abort(void *owner, sio_exchange *exchange) {
  http_fixture *http = owner;
  http->aborts++;
  if (http->pending == exchange)
    http->pending = NULL;
}

static inline void http_on_drain(void *owner, sio_exchange *exchange) {
  http_fixture *http = owner;
  (void)exchange;
  http->drains++;
}

static const sio_exchange_events http_owner_events = {.on_body = http_on_body,
                                                      .on_too_large = http_on_too_large,
                                                      .on_abort = http_on_abort,
                                                      .on_drain = http_on_drain};

/* Keeps the exchange as http->pending. */
static inline bool http_hold(http_fixture *http, sio_exchange *exchange) {
  http->pending = exchange;
  sio_exchange_set_owner(exchange, &http_owner_events, http);
  return true;
}

/* Asks for the body, at most 10 bytes, and answers with it. */
static inline bool http_echo(http_fixture *http, sio_exchange *exchange) {
  sio_exchange_set_owner(exchange, &http_owner_events, http);
  sio_exchange_read_body(exchange, 10);
  return true;
}

/* Answers 200 with the request's target. */
static inline bool http_answer(http_fixture *http, sio_exchange *exchange) {
  (void)http;
  sio_exchange_send(exchange, 200, SIO_BYTES("text/plain"), sio_exchange_request(exchange)->url);
  return true;
}

#define HTTP_KEEP "Date: \r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n"
#define HTTP_CLOSE "Date: \r\nConnection: close\r\n\r\n"
#define HTTP_200(length)                                                                           \
  "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " length "\r\n"
#define HTTP_404 "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n"

#endif
