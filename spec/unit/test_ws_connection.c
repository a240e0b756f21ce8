#include "ws/connection.h"

#include <stdio.h>

#include "base/limits.h"
#include "fail_alloc.h"
#include "net/internal.h"
#include "net_fixture.h"
#include "ws/frame.h"

/* A WebSocket on an accepted stream, and its peer, a plain socket. */
typedef struct pair {
  net_fixture *net;
  sio_ws *ws; /* NULL: over */
  int fd;
  sio_buf in;  /* what the peer got */
  sio_buf log; /* what the owner was told */
  void (*on_message)(struct pair *pair);
} pair;

static void add(pair *it, const char *text) {
  assert_int_equal(sio_buf_str(&it->log, text), 0);
}

static void on_message(void *owner, char *data, size_t len, bool binary) {
  pair *it = owner;
  add(it, binary ? "binary " : "text ");
  assert_int_equal(sio_buf_append(&it->log, data, len), 0);
  add(it, "\n");
  if (it->on_message != NULL)
    it->on_message(it);
}

static void on_drain(void *owner) {
  add(owner, "drain\n");
}

static void on_close(void *owner, int code, sio_bytes reason, bool error) {
  pair *it = owner;
  char text[160];
  snprintf(text, sizeof(text), "close %d %.*s%s\n", code, (int)reason.len, reason.base,
           error ? "error" : "");
  add(it, text);
  it->ws = NULL;
}

static const sio_ws_events events = {on_message, on_drain, on_close};

static pair *now; /* the accepted stream has no way to its pair but this */

static void on_accept(net_peer *peer) {
  static const char early[] = "\x81\x85\0\0\0\0"
                              "early";
  now->ws = sio_ws_new(peer->stream, SIO_BYTES("101\r\n"), early, sizeof(early) - 1, 1 << 20, NULL,
                       &events, now);
  assert_non_null(now->ws);
  assert_int_equal(now->log.len, 0); /* not before the caller has finished */
  peer->closes = 1;                  /* the stream is the WebSocket's */
  peer->stream = NULL;
}

static void expect(pair *it, const char *bytes, size_t len) {
  UNTIL(it->net->loop, (net_hear(it->fd, &it->in), it->in.len >= len));
  assert_memory_equal(it->in.base, bytes, len);
  sio_buf_consume(&it->in, len);
}

#define EXPECT(it, literal) expect(it, literal, sizeof(literal) - 1)

static void expect_log(pair *it, const char *text) {
  UNTIL(it->net->loop, it->log.len >= strlen(text));
  assert_int_equal(sio_buf_put(&it->log, '\0'), 0);
  assert_string_equal(it->log.base, text);
  sio_buf_clear(&it->log);
}

static void expect_end(pair *it) {
  UNTIL(it->net->loop, !net_hear(it->fd, &it->in));
  assert_int_equal(it->in.len, 0);
}

static void say(pair *it, const char *bytes, size_t len) {
  assert_int_equal(send(it->fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

#define SAY(it, literal) say(it, literal, sizeof(literal) - 1)

static pair begin(net_fixture *net) {
  return (pair){.net = net};
}

static void meet(pair *it) {
  now = it;
  it->net->on_accept = on_accept;
  it->fd = net_connect_with(it->net, 4096);
  EXPECT(it, "101\r\n");
  expect_log(it, "text early\n");
}

static void part(pair *it) {
  if (it->ws != NULL) {
    sio_ws_set_owner(it->ws, NULL, NULL);
    sio_ws_destroy(it->ws);
  }
  close(it->fd);
  sio_buf_deinit(&it->in);
  sio_buf_deinit(&it->log);
}

static void send_text(pair *it, const char *text) {
  sio_frame *frame = sio_frame_copy(sio_bytes_str(text));
  sio_ws_seal(frame, SIO_WS_TEXT);
  sio_ws_send(it->ws, frame);
  sio_frame_unref(frame);
}

static void carries_messages(void **state) {
  pair it = begin(*state);
  meet(&it);
  SAY(&it, "\x81\x82\0\0\0\0"
           "hi\x02\x81\0\0\0\0"
           "a\x80\x81\0\0\0\0"
           "b");
  expect_log(&it, "text hi\nbinary ab\n");
  send_text(&it, "hello");
  EXPECT(&it, "\x81\x05"
              "hello");
  part(&it);
}

/* Between messages nothing is kept but the connection itself. */
static void keeps_a_decoder_only_inside_a_message(void **state) {
  static const char *const parts[] = {"\x01\x82", "\1\1\1\1hi", "\x89\x82\1\1\1\1ab",
                                      "\x80\x81\1\1\1", "\1o"};
  pair it = begin(*state);
  fail_alloc_at(0);
  meet(&it);
  sio_buf_deinit(&it.log);
  sio_buf_deinit(&it.in);
  size_t before = fail_alloc_now.live;
  for (size_t i = 0; i < COUNT(parts); i++) {
    say(&it, parts[i], strlen(parts[i]));
    for (int turn = 0; turn < 3; turn++)
      net_turn(it.net->loop);
    if (i + 1 < COUNT(parts))
      assert_true(fail_alloc_now.live > before);
  }
  expect_log(&it, "text ihn\n");
  EXPECT(&it, "\x8a\x02`c");
  sio_buf_deinit(&it.log);
  sio_buf_deinit(&it.in);
  assert_int_equal(fail_alloc_now.live, before);
  part(&it);
}

static void answers_pings(void **state) {
  pair it = begin(*state);
  meet(&it);
  SAY(&it, "\x89\x80\0\0\0\0\x89\x82\0\0\0\0"
           "hi\x8a\x81\0\0\0\0"
           "x");
  EXPECT(&it, "\x8a\x00\x8a\x02hi");
  part(&it);
}

static void echoes_a_close_frame_and_ends(void **state) {
  pair it = begin(*state);
  meet(&it);
  SAY(&it, "\x88\x85\0\0\0\0\x0f\xa1"
           "bye\x81\x82\0\0\0\0"
           "hi");
  EXPECT(&it, "\x88\x05\x0f\xa1"
              "bye");
  expect_log(&it, "close 4001 bye\n");
  expect_end(&it);
  part(&it);
}

static void closes_and_waits_for_the_answer(void **state) {
  pair it = begin(*state);
  meet(&it);
  send_text(&it, "last");
  sio_ws_close(it.ws, 1001);
  sio_ws_close(it.ws, 1000);
  send_text(&it, "too late");
  EXPECT(&it, "\x81\x04"
              "last\x88\x02\x03\xe9");
  SAY(&it, "\x81\x82\0\0\0\0"
           "hi\x89\x80\0\0\0\0");
  for (int i = 0; i < 5; i++)
    net_turn(it.net->loop);
  assert_int_equal(it.log.len, 0);
  SAY(&it, "\x88\x82\0\0\0\0\x03\xe9");
  expect_log(&it, "close 1001 \n");
  expect_end(&it);
  part(&it);
}

/* The timer that waits for a close frame runs off at once. */
static void expire(uv_handle_t *handle, void *count) {
  uv_timer_t *timer = (uv_timer_t *)handle;
  if (handle->type != UV_TIMER || !uv_is_active(handle))
    return;
  uint64_t due = uv_timer_get_due_in(timer);
  if (due <= SIO_WS_CLOSE_TIMEOUT - 5000 || due > SIO_WS_CLOSE_TIMEOUT)
    return;
  uv_timer_start(timer, timer->timer_cb, 0, 0);
  ++*(int *)count;
}

static void waits_no_longer_than_it_should(void **state) {
  pair it = begin(*state);
  meet(&it);
  sio_ws_close(it.ws, 1000);
  EXPECT(&it, "\x88\x02\x03\xe8");
  int count = 0;
  uv_walk(it.net->loop->uv, expire, &count);
  assert_int_equal(count, 1);
  expect_end(&it);
  expect_log(&it, "close 1006 \n");
  part(&it);
}

static void refuses_bytes_with_their_code(void **state) {
  static const struct {
    const char *bytes;
    size_t len;
    const char *answer;
    const char *log;
  } bad[] = {
      {"\x83\x80\0\0\0\0", 6, "\x88\x02\x03\xea", "close 1002 error\n"},
      {"\x81\x81\0\0\0\0\xff", 7, "\x88\x02\x03\xef", "close 1007 error\n"},
      {"\x82\xff\0\0\0\0\0\x20\0\0\0\0\0\0", 14, "\x88\x02\x03\xf1", "close 1009 error\n"},
  };
  for (size_t i = 0; i < COUNT(bad); i++) {
    pair it = begin(*state);
    meet(&it);
    say(&it, bad[i].bytes, bad[i].len);
    expect(&it, bad[i].answer, 4);
    expect_log(&it, bad[i].log);
    expect_end(&it);
    part(&it);
  }
}

static void tells_of_a_peer_that_is_gone(void **state) {
  pair it = begin(*state);
  meet(&it);
  shutdown(it.fd, SHUT_WR);
  expect_log(&it, "close 1006 \n");
  part(&it);
  pair other = begin(*state);
  meet(&other);
  net_reset(other.fd);
  expect_log(&other, "close 1006 \n");
  sio_buf_deinit(&other.in);
  sio_buf_deinit(&other.log);
}

static void close_at_once(pair *it) {
  sio_ws_destroy(it->ws);
  sio_ws_destroy(it->ws);
  add(it, "destroyed\n");
}

static void may_be_destroyed_from_inside(void **state) {
  pair it = begin(*state);
  meet(&it);
  it.on_message = close_at_once;
  SAY(&it, "\x81\x82\0\0\0\0"
           "hi\x81\x82\0\0\0\0"
           "no");
  expect_log(&it, "text hi\ndestroyed\nclose 1006 \n");
  part(&it);
}

static void forget(pair *it) {
  sio_ws_set_owner(it->ws, NULL, NULL);
  sio_ws_close(it->ws, 0);
}

static void reports_nothing_to_nobody(void **state) {
  pair it = begin(*state);
  meet(&it);
  it.on_message = forget;
  SAY(&it, "\x81\x82\0\0\0\0"
           "hi\x81\x82\0\0\0\0"
           "no\x88\x80\0\0\0\0");
  EXPECT(&it, "\x88\x00");
  expect_end(&it);
  expect_log(&it, "text hi\n");
  part(&it);
}

/* While the peer reads nothing, a flood of pings waits as one pong: that of the latest. */
static void answers_the_latest_ping_when_stalled(void **state) {
  enum { PIECE = 1 << 16, PINGS = 5000 };
  pair it = begin(*state);
  meet(&it);
  sio_frame *frame = sio_frame_new(PIECE);
  memset(frame->payload, 'x', PIECE);
  sio_ws_seal(frame, SIO_WS_BINARY);
  for (int i = 0; i < 1000 && sio_ws_stalled(it.ws) == 0; i++) {
    sio_ws_send(it.ws, frame);
    net_turn(it.net->loop);
  }
  sio_frame_unref(frame);
  size_t queued = sio_ws_queued(it.ws);
  assert_true(queued > 0);
  char ping[6 + 12] = "\x89\x84\0\0\0\0";
  for (int i = 0; i < PINGS; i++) {
    snprintf(ping + 6, sizeof(ping) - 6, "%04d", i);
    while (send(it.fd, ping, 10, MSG_NOSIGNAL) != 10)
      net_turn(it.net->loop);
  }
  for (int i = 0; i < PINGS / SIO_CLIENT_WORK + 10; i++)
    net_turn(it.net->loop);
  assert_int_equal(sio_ws_queued(it.ws), queued);
  const char *tail = "\x8a\x04"
                     "4999";
  UNTIL(it.net->loop, (net_hear(it.fd, &it.in),
                       it.in.len > 6 && memcmp(it.in.base + it.in.len - 6, tail, 6) == 0));
  assert_int_equal(it.in.len % (PIECE + 10), 6);
  expect_log(&it, "drain\n");
  part(&it);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      NET_TEST(carries_messages),
      NET_TEST(keeps_a_decoder_only_inside_a_message),
      NET_TEST(answers_pings),
      NET_TEST(echoes_a_close_frame_and_ends),
      NET_TEST(closes_and_waits_for_the_answer),
      NET_TEST(waits_no_longer_than_it_should),
      NET_TEST(refuses_bytes_with_their_code),
      NET_TEST(tells_of_a_peer_that_is_gone),
      NET_TEST(may_be_destroyed_from_inside),
      NET_TEST(reports_nothing_to_nobody),
      NET_TEST(answers_the_latest_ping_when_stalled),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
