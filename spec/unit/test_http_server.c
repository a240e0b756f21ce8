#include "http_fixture.h"

static const char get[] = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

static void answers_and_keeps_the_connection(void **state) {
  http_fixture *http = *state;
  int fd = http_connect(http);
  net_say(fd, get);
  HTTP_EXPECT(http, fd, HTTP_404 HTTP_KEEP);
  http->on_request = http_answer;
  net_say(fd, get);
  HTTP_EXPECT(http, fd, HTTP_200("2") HTTP_KEEP "/a");
  net_say(fd, "GET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  HTTP_EXPECT(http, fd, HTTP_200("2") HTTP_CLOSE "/b");
  HTTP_EXPECT_END(http, fd);
}

static void http_1_0(void **state) {
  http_fixture *http = *state;
  http->on_request = http_answer;
  int fd = http_connect(http);
  net_say(fd, "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  HTTP_EXPECT(http, fd, HTTP_200("2") HTTP_KEEP "/a");
  net_say(fd, "GET /a HTTP/1.0\r\n\r\n");
  HTTP_EXPECT(http, fd, HTTP_200("2") HTTP_CLOSE "/a");
  HTTP_EXPECT_END(http, fd);
}

static bool answer_status_of_path(http_fixture *http, sio_exchange *exchange) {
  (void)http;
  int status = atoi(sio_exchange_request(exchange)->path.base + 1);
  sio_exchange_send(exchange, status, (sio_bytes){0}, SIO_BYTES("x"));
  return true;
}

static void answers_without_body(void **state) {
  http_fixture *http = *state;
  http->on_request = answer_status_of_path;
  int fd = http_connect(http);
  net_say(fd, "GET /204 HTTP/1.1\r\nHost: x\r\n\r\nGET /304 HTTP/1.1\r\nHost: x\r\n\r\n"
              "HEAD /200 HTTP/1.1\r\nHost: x\r\n\r\nGET /299 HTTP/1.1\r\nHost: x\r\n\r\n");
  HTTP_EXPECT(http, fd,
              "HTTP/1.1 204 No Content\r\n" HTTP_KEEP "HTTP/1.1 304 Not Modified\r\n" HTTP_KEEP
              "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n" HTTP_KEEP
              "HTTP/1.1 299 unknown\r\nContent-Length: 1\r\n" HTTP_KEEP "x");
  close(fd);
}

/* --- refusals --- */

static void refuses_bad_requests(void **state) {
  http_fixture *http = *state;
  static const char *const cases[][2] = {
      {"garbage\r\n\r\n", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"},
      {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"},
      {"GET / HTTP/2.0\r\nHost: x\r\n\r\n",
       "HTTP/1.1 505 HTTP Version Not Supported\r\nConnection: close\r\n\r\n"},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    int fd = http_connect(http);
    net_say(fd, cases[i][0]);
    net_say(fd, get); /* never served */
    HTTP_EXPECT(http, fd, cases[i][1]);
    HTTP_EXPECT_END(http, fd);
  }
  assert_int_equal(http->requests, 0);
}

static void refuses_a_large_head(void **state) {
  http_fixture *http = *state;
  http->options.max_header_size = 100;
  http_reopen(http);
  int fd = http_connect(http);
  net_say(fd, "GET / HTTP/1.1\r\nHost: x\r\nX: 0123456789012345678901234567890123456789"
              "0123456789012345678901234567890123456789\r\n\r\n");
  HTTP_EXPECT(http, fd,
              "HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n\r\n");
  HTTP_EXPECT_END(http, fd);
}

/* What came before is answered before. */
static void refuses_in_order(void **state) {
  http_fixture *http = *state;
  http->on_request = http_hold;
  int fd = http_connect(http);
  net_say(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\ngarbage\r\n");
  UNTIL(http->loop, http->pending != NULL);
  sio_exchange_send(http->pending, 200, SIO_BYTES("text/plain"), SIO_BYTES("ok"));
  HTTP_EXPECT(http, fd,
              HTTP_200("2") HTTP_KEEP "okHTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
  HTTP_EXPECT_END(http, fd);
}

/* --- pipelining --- */

static void serves_pipelined_requests_in_order(void **state) {
  http_fixture *http = *state;
  http->on_request = http_hold;
  int fd = http_connect(http);
  net_say(fd, "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /2 HTTP/1.1\r\nHost: x\r\n"
              "Content-Length: 3\r\n\r\nabcGET /3 HTTP/1.1\r\nHost: x\r\n\r\n");
  for (int i = 1; i <= 3; i++) {
    UNTIL(http->loop, http->pending != NULL);
    assert_int_equal(http->requests, i);
    net_turn(http->loop);
    assert_int_equal(http->requests, i);
    sio_exchange *exchange = http->pending;
    http->pending = NULL;
    sio_exchange_send(exchange, 200, SIO_BYTES("text/plain"), sio_exchange_request(exchange)->url);
    assert_null(http->pending); /* the next one is served from the loop, not from in here */
  }
  HTTP_EXPECT(http, fd,
              HTTP_200("2") HTTP_KEEP "/1" HTTP_200("2") HTTP_KEEP "/2" HTTP_200("2") HTTP_KEEP
              "/3");
  close(fd);
}

static bool answer_much(http_fixture *http, sio_exchange *exchange) {
  static char much[50000];
  (void)http;
  sio_exchange_send(exchange, 200, (sio_bytes){0}, sio_bytes_of(much, sizeof(much)));
  return true;
}

/* A peer that asks and asks and takes no answer must not fill the memory. */
static void answers_do_not_pile_up(void **state) {
  http_fixture *http = *state;
  enum { REQUESTS = 2000, KERNEL = 16 << 20 /* what socket buffers hold at most */ };
  http->on_request = answer_much;
  int fd = http_connect(http);
  sio_buf text = {0};
  for (int i = 0; i < REQUESTS; i++)
    sio_buf_str(&text, get);
  assert_int_equal(send(fd, text.base, text.len, MSG_NOSIGNAL), text.len);
  for (int i = 0; i < 50; i++)
    net_turn(http->loop);
  assert_in_range(http->requests, 6, KERNEL / 50000);
  size_t got = 0;
  char *sink = malloc(1 << 20);
  uint64_t end = net_ms() + NET_PATIENCE;
  while (got < (size_t)REQUESTS * 50000 && net_ms() < end) {
    ssize_t n = recv(fd, sink, 1 << 20, 0);
    got += n > 0 ? (size_t)n : 0;
    net_turn(http->loop);
  }
  assert_int_equal(http->requests, REQUESTS);
  free(sink);
  sio_buf_deinit(&text);
  close(fd);
}

/* Byte by byte, and the answers are the same. */
static void serves_dripping_requests(void **state) {
  http_fixture *http = *state;
  http->on_request = http_echo;
  int fd = http_connect(http);
  const char *text = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "2\r\nab\r\n1\r\nc\r\n0\r\n\r\nPOST / HTTP/1.1\r\nHost: x\r\n"
                     "Content-Length: 3\r\n\r\ndef";
  for (size_t i = 0; text[i] != '\0'; i++) {
    assert_int_equal(send(fd, text + i, 1, MSG_NOSIGNAL), 1);
    net_turn(http->loop);
  }
  HTTP_EXPECT(http, fd, HTTP_200("3") HTTP_KEEP "abc" HTTP_200("3") HTTP_KEEP "def");
  close(fd);
}

/* --- bodies --- */

static void reads_bodies(void **state) {
  http_fixture *http = *state;
  http->on_request = http_echo;
  int fd = http_connect(http);
  net_say(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123456789");
  HTTP_EXPECT(http, fd, HTTP_200("10") HTTP_KEEP "0123456789");
  net_say(fd, get);
  HTTP_EXPECT(http, fd, HTTP_200("0") HTTP_KEEP);
  net_say(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab");
  net_turn(http->loop);
  net_say(fd, "cd");
  HTTP_EXPECT(http, fd, HTTP_200("4") HTTP_KEEP "abcd");
  assert_int_equal(http->bodies.len, 20);
  assert_memory_equal(http->bodies.base, "[0123456789][][abcd]", 20);
  close(fd);
}

static bool wait_then_echo(http_fixture *http, sio_exchange *exchange) {
  return http_hold(http, exchange);
}

/* The body waits until somebody asks. */
static void reads_bodies_late(void **state) {
  http_fixture *http = *state;
  http->on_request = wait_then_echo;
  int fd = http_connect(http);
  net_say(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd");
  UNTIL(http->loop, http->pending != NULL);
  net_turn(http->loop);
  sio_exchange_read_body(http->pending, 10);
  assert_int_equal(http->bodies.len, 0);
  HTTP_EXPECT(http, fd, HTTP_200("4") HTTP_KEEP "abcd");
  close(fd);
}

static void refuses_large_bodies(void **state) {
  http_fixture *http = *state;
  http->on_request = http_echo;
  static const char *const cases[] = {
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n01234567890",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n1\r\n0",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n",
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    int fd = http_connect(http);
    net_say(fd, cases[i]);
    HTTP_EXPECT(http, fd, "HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\n" HTTP_CLOSE);
    HTTP_EXPECT_END(http, fd);
    assert_int_equal(http->too_large, i + 1);
  }
  assert_int_equal(http->bodies.len, 0);
  assert_int_equal(http->aborts, 0);
}

/* Nobody wants it: a small one is dropped, a large one ends the connection. */
static void drops_bodies(void **state) {
  http_fixture *http = *state;
  int fd = http_connect(http);
  net_say(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n");
  HTTP_EXPECT(http, fd, HTTP_404 HTTP_KEEP);
  char *zeros = calloc(1, 65536);
  assert_int_equal(send(fd, zeros, 65536, MSG_NOSIGNAL), 65536);
  net_say(fd, get);
  HTTP_EXPECT(http, fd, HTTP_404 HTTP_KEEP);
  net_say(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n");
  HTTP_EXPECT(http, fd, HTTP_404 HTTP_CLOSE);
  HTTP_EXPECT_END(http, fd);
  fd = http_connect(http);
  net_say(fd, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n");
  HTTP_EXPECT(http, fd, HTTP_404 HTTP_KEEP);
  assert_int_equal(send(fd, zeros, 65536, MSG_NOSIGNAL), 65536);
  net_turn(http->loop);
  net_say(fd, "0");
  HTTP_EXPECT_END(http, fd);
  free(zeros);
}

static void expectations(void **state) {
  http_fixture *http = *state;
  http->on_request = http_echo;
  int fd = http_connect(http);
  net_say(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n");
  HTTP_EXPECT(http, fd, "HTTP/1.1 100 Continue\r\n\r\n");
  net_say(fd, "ab");
  HTTP_EXPECT(http, fd, HTTP_200("2") HTTP_KEEP "ab");
  net_say(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nab");
  HTTP_EXPECT(http, fd, HTTP_200("2") HTTP_KEEP "ab");
  net_say(fd, "GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n");
  HTTP_EXPECT(http, fd, HTTP_200("0") HTTP_KEEP);
  net_say(fd, "GET / HTTP/1.1\r\nHost: x\r\nExpect: a\r\n\r\n");
  HTTP_EXPECT(http, fd, "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n" HTTP_KEEP);
  http->on_request = http_answer; /* the client may send its body or not: no next request */
  net_say(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  HTTP_EXPECT(http, fd, HTTP_200("1") HTTP_CLOSE "/");
  HTTP_EXPECT_END(http, fd);
}

static void a_bad_body_aborts(void **state) {
  http_fixture *http = *state;
  http->on_request = http_echo;
  int fd = http_connect(http);
  net_say(fd, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n");
  HTTP_EXPECT(http, fd, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
  HTTP_EXPECT_END(http, fd);
  assert_int_equal(http->aborts, 1);
}

/* --- headers of the answer --- */

static bool answer_with_headers(http_fixture *http, sio_exchange *exchange) {
  (void)http;
  static const struct {
    sio_bytes name, value;
    int result;
  } headers[] = {
      {SIO_BYTES("X-A"), SIO_BYTES("b"), 0},
      {SIO_BYTES("X-A"), SIO_BYTES("c"), 0},
      {SIO_BYTES("X-B"), SIO_BYTES(""), 0},
      {SIO_BYTES("X-C"), SIO_BYTES("a\r\nX-D: b"), SIO_EINVAL},
      {SIO_BYTES("X-C"), SIO_BYTES("a\nb"), SIO_EINVAL},
      {SIO_BYTES("X-C"), SIO_BYTES("a\0b"), SIO_EINVAL},
      {SIO_BYTES("X-C"), SIO_BYTES("a\x1b[2J"), SIO_EINVAL},
      {SIO_BYTES("X-C"), SIO_BYTES("\x7f"), SIO_EINVAL},
      {SIO_BYTES("X C"), SIO_BYTES("a"), SIO_EINVAL},
      {SIO_BYTES("X-C:"), SIO_BYTES("a"), SIO_EINVAL},
      {SIO_BYTES(""), SIO_BYTES("a"), SIO_EINVAL},
      {SIO_BYTES("Transfer-Encoding"), SIO_BYTES("chunked"), SIO_EINVAL},
      {SIO_BYTES("Connection"), SIO_BYTES("upgrade"), SIO_EINVAL},
      {SIO_BYTES("Content-Length"), SIO_BYTES("a"), SIO_EINVAL},
      {SIO_BYTES("content-length"), SIO_BYTES("7"), 0},
      {SIO_BYTES("date"), SIO_BYTES("today"), 0},
      {SIO_BYTES("Content-Type"), SIO_BYTES("text/css"), 0},
  };
  for (size_t i = 0; i < COUNT(headers); i++)
    assert_int_equal(sio_exchange_header(exchange, headers[i].name, headers[i].value),
                     headers[i].result);
  assert_true(sio_exchange_has_header(exchange, SIO_BYTES("x-a")));
  assert_false(sio_exchange_has_header(exchange, SIO_BYTES("x")));
  sio_exchange_header(exchange, SIO_BYTES("X-E"), SIO_BYTES("e"));
  sio_exchange_remove_header(exchange, SIO_BYTES("x-a"));
  assert_false(sio_exchange_has_header(exchange, SIO_BYTES("X-A")));
  sio_bytes lines = SIO_BYTES("X-B: \r\nContent-Length: 7\r\ndate: today\r\n"
                              "Content-Type: text/css\r\nX-E: e\r\n");
  assert_true(sio_bytes_eq(sio_exchange_headers(exchange), lines));
  sio_exchange_send(exchange, 200, SIO_BYTES("text/plain"), SIO_BYTES("ab"));
  return true;
}

static void headers(void **state) {
  http_fixture *http = *state;
  http->on_request = answer_with_headers;
  int fd = http_connect(http);
  net_say(fd, get);
  HTTP_EXPECT(http, fd,
              "HTTP/1.1 200 OK\r\nX-B: \r\ndate: today\r\nContent-Type: text/css\r\n"
              "X-E: e\r\nContent-Length: 2\r\nConnection: keep-alive\r\n"
              "Keep-Alive: timeout=5\r\n\r\nab");
  close(fd);
}

static bool answer_and_close(http_fixture *http, sio_exchange *exchange) {
  if (sio_bytes_eq(sio_exchange_request(exchange)->path, SIO_BYTES("/a")))
    assert_int_equal(sio_exchange_header(exchange, SIO_BYTES("Connection"), SIO_BYTES("close")), 0);
  else
    sio_exchange_close_after(exchange);
  return http_answer(http, exchange);
}

static void close_after(void **state) {
  http_fixture *http = *state;
  http->on_request = answer_and_close;
  int fd = http_connect(http);
  net_say(fd, get);
  net_say(fd, get);
  HTTP_EXPECT(http, fd, HTTP_200("2") HTTP_CLOSE "/a");
  HTTP_EXPECT_END(http, fd);
  fd = http_connect(http);
  net_say(fd, "GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
  HTTP_EXPECT(http, fd, HTTP_200("2") HTTP_CLOSE "/b");
  HTTP_EXPECT_END(http, fd);
}

static bool answer_frame(http_fixture *http, sio_exchange *exchange) {
  (void)http;
  sio_frame *frame = sio_frame_new(3000);
  memset(frame->payload, 'x', 3000);
  frame->head = 2; /* must not go out */
  sio_exchange_send_frame(exchange, 200, SIO_BYTES("text/plain"), frame);
  sio_frame_unref(frame);
  return true;
}

static void shares_frames(void **state) {
  http_fixture *http = *state;
  http->on_request = answer_frame;
  int fd = http_connect(http);
  net_say(fd, get);
  char expected[4000];
  int len = snprintf(expected, sizeof(expected), "%s", HTTP_200("3000") HTTP_KEEP);
  memset(expected + len, 'x', 3000);
  expected[len + 3000] = '\0';
  HTTP_EXPECT(http, fd, expected);
  net_say(fd, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  HTTP_EXPECT(http, fd, HTTP_200("3000") HTTP_KEEP);
  close(fd);
}

/* --- in pieces --- */

static bool answer_in_pieces(http_fixture *http, sio_exchange *exchange) {
  if (sio_bytes_eq(sio_exchange_request(exchange)->path, SIO_BYTES("/length")))
    sio_exchange_header(exchange, SIO_BYTES("Content-Length"), SIO_BYTES("15"));
  http_hold(http, exchange);
  http->pending = NULL;
  assert_int_equal(sio_exchange_start(exchange, 200, SIO_BYTES("text/plain")), 0);
  assert_int_equal(sio_exchange_write(exchange, SIO_BYTES("hello")), 0);
  assert_int_equal(sio_exchange_write(exchange, SIO_BYTES("")), 0);
  assert_int_equal(sio_exchange_write(exchange, SIO_BYTES("0123456789")), 0);
  if (sio_bytes_eq(sio_exchange_request(exchange)->path, SIO_BYTES("/length")) &&
      !sio_bytes_eq(sio_exchange_request(exchange)->method, SIO_BYTES("HEAD")))
    assert_int_equal(sio_exchange_write(exchange, SIO_BYTES("!")), SIO_EINVAL);
  sio_exchange_end(exchange);
  return true;
}

static void pieces(void **state) {
  http_fixture *http = *state;
  http->on_request = answer_in_pieces;
  int fd = http_connect(http);
  net_say(fd, get);
  HTTP_EXPECT(http, fd,
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: \r\n"
              "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n"
              "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\na\r\n0123456789\r\n"
              "0\r\n\r\n");
  net_say(fd, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  HTTP_EXPECT(http, fd,
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: \r\n"
              "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n"
              "Transfer-Encoding: chunked\r\n\r\n");
  net_say(fd, "GET /length HTTP/1.1\r\nHost: x\r\n\r\n");
  HTTP_EXPECT(http, fd,
              "HTTP/1.1 200 OK\r\nContent-Length: 15\r\nContent-Type: text/plain\r\n" HTTP_KEEP
              "hello0123456789");
  net_say(fd, "HEAD /length HTTP/1.1\r\nHost: x\r\n\r\n");
  HTTP_EXPECT(http, fd,
              "HTTP/1.1 200 OK\r\nContent-Length: 15\r\nContent-Type: text/plain\r\n" HTTP_KEEP);
  net_say(fd, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  HTTP_EXPECT(http, fd,
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" HTTP_CLOSE "hello0123456789");
  HTTP_EXPECT_END(http, fd);
  assert_int_equal(http->aborts, 0);
}

/* Fewer bytes than promised: the client must not take the rest from the next answer. */
static void a_broken_promise_closes(void **state) {
  http_fixture *http = *state;
  http->on_request = http_hold;
  int fd = http_connect(http);
  net_say(fd, get);
  UNTIL(http->loop, http->pending != NULL);
  sio_exchange_header(http->pending, SIO_BYTES("Content-Length"), SIO_BYTES("3"));
  sio_exchange_start(http->pending, 200, (sio_bytes){0});
  sio_exchange_write(http->pending, SIO_BYTES("ab"));
  net_turn(http->loop);
  sio_exchange_end(http->pending);
  HTTP_EXPECT(http, fd, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n" HTTP_KEEP "ab");
  HTTP_EXPECT_END(http, fd);
  assert_int_equal(http->aborts, 0);
}

/* What did not have to wait is sent, too: each piece is told of, but never from inside of a call.
 */
static void drains_of_a_fast_peer(void **state) {
  http_fixture *http = *state;
  http->on_request = http_hold;
  int fd = http_connect(http);
  net_say(fd, get);
  UNTIL(http->loop, http->pending != NULL);
  sio_exchange_start(http->pending, 200, (sio_bytes){0});
  for (int i = 1; i <= 3; i++) {
    sio_exchange_write(http->pending, SIO_BYTES("a"));
    assert_int_equal(http->drains, i - 1);
    UNTIL(http->loop, http->drains == i);
  }
  sio_exchange_end(http->pending);
  close(fd);
}

static void back_pressure(void **state) {
  http_fixture *http = *state;
  http->on_request = http_hold;
  int fd = http_connect(http);
  net_say(fd, get);
  UNTIL(http->loop, http->pending != NULL);
  enum { PIECE = 1 << 20, PIECES = 16 };
  char *zeros = calloc(1, PIECE);
  sio_exchange_start(http->pending, 200, (sio_bytes){0});
  for (int i = 0; i < PIECES; i++)
    sio_exchange_write(http->pending, sio_bytes_of(zeros, PIECE));
  free(zeros);
  net_turn(http->loop);
  net_turn(http->loop);
  assert_int_equal(http->drains, 0);
  size_t got = 0;
  char *sink = malloc(PIECE);
  while (http->drains == 0) {
    ssize_t n = recv(fd, sink, PIECE, 0);
    got += n > 0 ? (size_t)n : 0;
    net_turn(http->loop);
  }
  assert_true(got > PIECE);
  sio_exchange_end(http->pending);
  net_reset(fd);
  free(sink);
  net_turn(http->loop);
  assert_int_equal(http->aborts, 0);
}

/* --- the end of connections --- */

static void a_dead_connection_aborts(void **state) {
  http_fixture *http = *state;
  http->on_request = http_hold;
  for (int i = 0; i < 2; i++) {
    int fd = http_connect(http);
    net_say(fd, get);
    UNTIL(http->loop, http->pending != NULL);
    if (i == 0)
      net_reset(fd);
    else
      shutdown(fd, SHUT_WR);
    UNTIL(http->loop, http->aborts == i + 1);
    assert_null(http->pending);
    if (i == 1)
      HTTP_EXPECT_END(http, fd);
  }
}

/* Sent and half-closed at once: what is answered at once still arrives. */
static void answers_a_half_closed_client(void **state) {
  http_fixture *http = *state;
  http->on_request = http_answer;
  int fd = http_connect(http);
  net_say(fd, get);
  shutdown(fd, SHUT_WR);
  HTTP_EXPECT(http, fd, HTTP_200("2") HTTP_KEEP "/a");
  HTTP_EXPECT_END(http, fd);
}

static void destroys(void **state) {
  http_fixture *http = *state;
  http->on_request = http_hold;
  int fd = http_connect(http);
  net_say(fd, get);
  UNTIL(http->loop, http->pending != NULL);
  sio_exchange_destroy(http->pending);
  HTTP_EXPECT_END(http, fd);
  assert_int_equal(http->aborts, 0);
}

static void hold_body(void *owner, sio_exchange *exchange, sio_bytes body) {
  http_fixture *http = owner;
  sio_buf_add(&http->bodies, body);
  http->pending = exchange;
}

static bool read_and_hold(http_fixture *http, sio_exchange *exchange) {
  static const sio_exchange_events events = {.on_body = hold_body, .on_abort = http_on_abort};
  sio_exchange_set_owner(exchange, &events, http);
  sio_exchange_read_body(exchange, 10);
  return true;
}

/* The limit is for the body, not for what is done with it. */
static void an_answer_after_a_body_has_no_limit(void **state) {
  http_fixture *http = *state;
  http->options.request_timeout = 30;
  http_reopen(http);
  http->on_request = read_and_hold;
  int fd = http_connect(http);
  net_say(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na");
  net_turn(http->loop);
  net_say(fd, "b");
  UNTIL(http->loop, http->pending != NULL);
  uint64_t start = net_ms();
  UNTIL(http->loop, net_ms() > start + 100);
  sio_exchange_send(http->pending, 200, SIO_BYTES("text/plain"), sio_buf_bytes(&http->bodies));
  HTTP_EXPECT(http, fd, HTTP_200("2") HTTP_KEEP "ab");
  close(fd);
}

static void time_limits(void **state) {
  http_fixture *http = *state;
  http->options.headers_timeout = 60;
  http->options.request_timeout = 60;
  http->options.keep_alive_timeout = 60;
  http_reopen(http);
  http->on_request = http_echo;
  static const char *const cases[][2] = {
      {"", ""}, /* nothing came: closed silently */
      {"GET / HT", "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na",
       "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n"},
      {"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
       "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 0\r\nDate: \r\n"
       "Connection: keep-alive\r\nKeep-Alive: timeout=0\r\n\r\n"},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    uint64_t start = net_ms();
    int fd = http_connect(http);
    net_say(fd, cases[i][0]);
    HTTP_EXPECT(http, fd, cases[i][1]);
    HTTP_EXPECT_END(http, fd);
    assert_true(net_ms() - start >= 59);
    assert_true(net_ms() - start < 5000);
  }
  assert_int_equal(http->aborts, 1); /* the body that never came */
}

/* Dripping bytes wins no time. */
static void a_dripping_head_expires(void **state) {
  http_fixture *http = *state;
  http->options.headers_timeout = 100;
  http_reopen(http);
  int fd = http_connect(http);
  sio_buf in = {0};
  uint64_t start = net_ms();
  net_say(fd, "GET /");
  while (in.len == 0 && net_ms() < start + NET_PATIENCE) {
    send(fd, "a", 1, MSG_NOSIGNAL);
    net_turn(http->loop);
    net_hear(fd, &in);
  }
  assert_true(net_ms() - start < 5000);
  assert_memory_equal(in.base, "HTTP/1.1 408", 12);
  sio_buf_deinit(&in);
  close(fd);
}

/* A long poll waits as long as it takes. */
static void a_pending_exchange_has_no_limit(void **state) {
  http_fixture *http = *state;
  http->options.headers_timeout = 30;
  http->options.request_timeout = 30;
  http->options.keep_alive_timeout = 30;
  http_reopen(http);
  http->on_request = http_hold;
  int fd = http_connect(http);
  net_say(fd, get);
  UNTIL(http->loop, http->pending != NULL);
  uint64_t start = net_ms();
  UNTIL(http->loop, net_ms() > start + 150);
  assert_non_null(http->pending);
  sio_exchange_send(http->pending, 204, (sio_bytes){0}, (sio_bytes){0});
  HTTP_EXPECT(http, fd,
              "HTTP/1.1 204 No Content\r\nDate: \r\nConnection: keep-alive\r\n"
              "Keep-Alive: timeout=0\r\n\r\n");
  HTTP_EXPECT_END(http, fd);
}

/* An answer in pieces, too, as long as the peer takes it. */
static void a_stalled_peer_is_cut(void **state) {
  http_fixture *http = *state;
  http->options.request_timeout = 100;
  http_reopen(http);
  http->on_request = http_hold;
  int fd = http_connect(http);
  net_say(fd, get);
  UNTIL(http->loop, http->pending != NULL);
  sio_exchange_start(http->pending, 200, (sio_bytes){0});
  sio_exchange_write(http->pending, SIO_BYTES("a"));
  uint64_t start = net_ms();
  UNTIL(http->loop, net_ms() > start + 300);
  assert_int_equal(http->aborts, 0); /* all was taken: nothing to complain of */
  char *zeros = calloc(1, 16 << 20);
  sio_exchange_write(http->pending, sio_bytes_of(zeros, 16 << 20));
  free(zeros);
  UNTIL(http->loop, http->aborts == 1);
  close(fd);
}

/* --- upgrades --- */

static const char upgrade[] = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
                              "Upgrade: websocket\r\n\r\n";

typedef struct taken {
  sio_stream *stream;
  sio_buf in;
  int closes;
} taken;

static void taken_on_read(void *owner, char *data, size_t len) {
  taken *it = owner;
  sio_buf_append(&it->in, data, len);
}

static void taken_on_end(void *owner) {
  taken *it = owner;
  sio_stream_close(it->stream, 0);
}

static void taken_on_close(void *owner, int error) {
  taken *it = owner;
  (void)error;
  it->closes++;
}

static const sio_stream_events taken_events = {
    .on_read = taken_on_read, .on_end = taken_on_end, .on_close = taken_on_close};

static taken taken_one;

static void take(sio_exchange *exchange) {
  char *rest;
  size_t len;
  taken_one.stream = sio_exchange_upgrade(exchange, &rest, &len);
  sio_stream_set_owner(taken_one.stream, &taken_events, &taken_one);
  sio_buf_append(&taken_one.in, rest, len);
  sio_stream_write(taken_one.stream, SIO_BYTES("taken"));
}

static bool upgrade_at_once(http_fixture *http, sio_exchange *exchange) {
  (void)http;
  assert_true(sio_exchange_request(exchange)->upgrade);
  take(exchange);
  return true;
}

static void upgrades(void **state) {
  http_fixture *http = *state;
  for (int late = 0; late < 2; late++) {
    taken_one = (taken){0};
    http->on_request = late ? http_hold : upgrade_at_once;
    int fd = http_connect(http);
    net_say(fd, upgrade);
    net_say(fd, "rest");
    if (late) {
      UNTIL(http->loop, http->pending != NULL);
      net_turn(http->loop);
      take(http->pending);
      http->pending = NULL;
    }
    HTTP_EXPECT(http, fd, "taken");
    net_say(fd, "more");
    UNTIL(http->loop, taken_one.in.len == 8);
    assert_memory_equal(taken_one.in.base, "restmore", 8);
    shutdown(fd, SHUT_WR);
    HTTP_EXPECT_END(http, fd);
    UNTIL(http->loop, taken_one.closes == 1);
    sio_buf_deinit(&taken_one.in);
  }
  assert_int_equal(http->aborts, 0);
}

/* The stream outlives the server that it came from. */
static void upgrades_and_frees_the_server(void **state) {
  http_fixture *http = *state;
  taken_one = (taken){0};
  http->on_request = http_hold;
  int fd = http_connect(http);
  net_say(fd, upgrade);
  UNTIL(http->loop, http->pending != NULL);
  take(http->pending);
  sio_http_server_free(http->server);
  http->server = NULL;
  HTTP_EXPECT(http, fd, "taken");
  shutdown(fd, SHUT_WR);
  HTTP_EXPECT_END(http, fd);
  sio_buf_deinit(&taken_one.in);
  assert_int_equal(http->aborts, 0);
}

/* Nobody takes it: then it closes. */
static void refuses_upgrades(void **state) {
  http_fixture *http = *state;
  int fd = http_connect(http);
  net_say(fd, upgrade);
  HTTP_EXPECT(http, fd, HTTP_404 HTTP_CLOSE);
  HTTP_EXPECT_END(http, fd);
}

/* --- handlers --- */

typedef struct chain {
  http_fixture *http;
  sio_http_handler handler;
  char name;
  bool removes;
  struct chain *other;
} chain;

static bool chain_on_request(sio_http_handler *handler, sio_exchange *exchange) {
  chain *it = SIO_OF(handler, chain, handler);
  (void)exchange;
  sio_buf_put(&it->http->bodies, it->name);
  if (it->removes) {
    sio_http_server_remove(&it->handler);
    sio_http_server_remove(&it->other->handler);
  }
  return false;
}

static void handlers(void **state) {
  http_fixture *http = *state;
  chain chains[3];
  for (int i = 0; i < 3; i++) {
    chains[i] =
        (chain){.http = http, .name = (char)('a' + i), .handler = {.on_request = chain_on_request}};
    sio_http_server_add(http->server, &chains[i].handler, i == 2);
  }
  http->on_request = NULL;
  int fd = http_connect(http);
  net_say(fd, get);
  HTTP_EXPECT(http, fd, HTTP_404 HTTP_KEEP);
  assert_int_equal(http->bodies.len, 3);
  assert_memory_equal(http->bodies.base, "cab", 3);
  chains[0].removes = true;
  chains[0].other = &chains[1];
  net_say(fd, get);
  HTTP_EXPECT(http, fd, HTTP_404 HTTP_KEEP);
  net_say(fd, get);
  HTTP_EXPECT(http, fd, HTTP_404 HTTP_KEEP);
  assert_int_equal(http->bodies.len, 6);
  assert_memory_equal(http->bodies.base, "cabcac", 6);
  sio_http_server_remove(&chains[2].handler);
  close(fd);
}

/* --- closing the server --- */

static void count_closed(void *owner) {
  http_fixture *http = owner;
  http->closed++;
}

static void closes(void **state) {
  http_fixture *http = *state;
  http->on_request = http_hold;
  int idle = http_connect(http), busy = http_connect(http);
  net_say(busy, get);
  UNTIL(http->loop, http->pending != NULL);
  sio_http_server_close(http->server, count_closed, http);
  sio_address address;
  assert_false(sio_http_server_address(http->server, &address));
  HTTP_EXPECT_END(http, idle);
  assert_int_equal(http->closed, 0);
  sio_exchange_send(http->pending, 200, SIO_BYTES("text/plain"), SIO_BYTES("bye"));
  HTTP_EXPECT(http, busy, HTTP_200("3") HTTP_CLOSE "bye");
  HTTP_EXPECT_END(http, busy);
  UNTIL(http->loop, http->closed == 1);
  sio_http_server_close(http->server, count_closed, http); /* again, with nothing to close */
  assert_int_equal(http->closed, 1);
  UNTIL(http->loop, http->closed == 2);
  assert_int_equal(sio_http_server_listen(http->server, "127.0.0.1:0", NULL), 0);
  int fd = http_connect(http);
  http->on_request = http_answer;
  net_say(fd, get);
  HTTP_EXPECT(http, fd, HTTP_200("2") HTTP_KEEP "/a");
  close(fd);
}

/* Closing twice changes nothing; a body that is still coming is dropped first. */
static void closes_after_dropping(void **state) {
  http_fixture *http = *state;
  http->on_request = http_answer;
  int fd = http_connect(http);
  net_say(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na");
  HTTP_EXPECT(http, fd, HTTP_200("1") HTTP_KEEP "/");
  sio_http_server_close(http->server, NULL, NULL);
  sio_http_server_close(http->server, count_closed, http);
  for (int i = 0; i < 5; i++)
    net_turn(http->loop);
  assert_int_equal(http->closed, 0);
  net_say(fd, "b");
  HTTP_EXPECT_END(http, fd);
  UNTIL(http->loop, http->closed == 1);
}

static bool close_server(http_fixture *http, sio_exchange *exchange) {
  sio_http_server_close(http->server, count_closed, http);
  return http_answer(http, exchange);
}

static bool free_server(http_fixture *http, sio_exchange *exchange) {
  http_hold(http, exchange);
  sio_http_server_free(http->server);
  http->server = NULL;
  return false;
}

static void closes_inside_a_handler(void **state) {
  http_fixture *http = *state;
  http->on_request = close_server;
  int fd = http_connect(http);
  net_say(fd, get);
  HTTP_EXPECT(http, fd, HTTP_200("2") HTTP_CLOSE "/a");
  HTTP_EXPECT_END(http, fd);
  UNTIL(http->loop, http->closed == 1);
}

static void is_freed_inside_a_handler(void **state) {
  http_fixture *http = *state;
  http->on_request = free_server;
  int fd = http_connect(http);
  net_say(fd, get);
  HTTP_EXPECT_END(http, fd);
  assert_int_equal(http->aborts, 1);
}

static void is_freed_with_exchanges_pending(void **state) {
  http_fixture *http = *state;
  http->on_request = http_hold;
  int fd = http_connect(http);
  net_say(fd, get);
  UNTIL(http->loop, http->pending != NULL);
  sio_http_server_free(http->server);
  http->server = NULL;
  assert_int_equal(http->aborts, 1);
  HTTP_EXPECT_END(http, fd);
}

static void listens_twice_and_not(void **state) {
  http_fixture *http = *state;
  sio_address first, second;
  assert_true(sio_http_server_address(http->server, &first));
  assert_int_equal(sio_http_server_listen(http->server, "127.0.0.1:0", NULL), 0);
  assert_true(sio_http_server_address(http->server, &second));
  assert_int_not_equal(first.port, second.port);
  char taken_address[32];
  snprintf(taken_address, sizeof(taken_address), "127.0.0.1:%d", first.port);
  assert_true(sio_http_server_listen(http->server, taken_address, NULL) < 0);
  assert_true(sio_http_server_listen(http->server, "nonsense:port", NULL) < 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      HTTP_TEST(answers_and_keeps_the_connection),
      HTTP_TEST(http_1_0),
      HTTP_TEST(answers_without_body),
      HTTP_TEST(refuses_bad_requests),
      HTTP_TEST(refuses_a_large_head),
      HTTP_TEST(refuses_in_order),
      HTTP_TEST(serves_pipelined_requests_in_order),
      HTTP_TEST(answers_do_not_pile_up),
      HTTP_TEST(serves_dripping_requests),
      HTTP_TEST(reads_bodies),
      HTTP_TEST(reads_bodies_late),
      HTTP_TEST(refuses_large_bodies),
      HTTP_TEST(drops_bodies),
      HTTP_TEST(expectations),
      HTTP_TEST(a_bad_body_aborts),
      HTTP_TEST(headers),
      HTTP_TEST(close_after),
      HTTP_TEST(shares_frames),
      HTTP_TEST(pieces),
      HTTP_TEST(a_broken_promise_closes),
      HTTP_TEST(drains_of_a_fast_peer),
      HTTP_TEST(back_pressure),
      HTTP_TEST(a_dead_connection_aborts),
      HTTP_TEST(answers_a_half_closed_client),
      HTTP_TEST(destroys),
      HTTP_TEST(an_answer_after_a_body_has_no_limit),
      HTTP_TEST(time_limits),
      HTTP_TEST(a_dripping_head_expires),
      HTTP_TEST(a_pending_exchange_has_no_limit),
      HTTP_TEST(a_stalled_peer_is_cut),
      HTTP_TEST(upgrades),
      HTTP_TEST(upgrades_and_frees_the_server),
      HTTP_TEST(refuses_upgrades),
      HTTP_TEST(handlers),
      HTTP_TEST(closes),
      HTTP_TEST(closes_after_dropping),
      HTTP_TEST(closes_inside_a_handler),
      HTTP_TEST(is_freed_inside_a_handler),
      HTTP_TEST(is_freed_with_exchanges_pending),
      HTTP_TEST(listens_twice_and_not),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
