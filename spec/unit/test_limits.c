/*
 * Time limits: one millisecond before they are over nothing happens, then it does, and no less when
 * nobody looked in time; and the limits of what waits for a slow client, to the byte. The other
 * sizes and counts are those of spec/wire/limits.test.mjs.
 */
#include "base/limits.h"
#include "engine/private.h" /* to stop a clock */
#include "engine_fixture.h"
#include "fake_clock.h"

static void settle(client *it) {
  for (int i = 0; i < 20; i++)
    client_turn(it);
}

/* Nothing at one less than ms; then at ms, or (late) at one more, the caller expects something. */
static void wait_almost(client *it, uint64_t ms, bool late) {
  settle(it);
  size_t before = it->in.len;
  clock_move(ms - 1);
  settle(it);
  assert_true(it->open);
  assert_int_equal(it->in.len, before);
  clock_move(late ? 2 : 1);
}

static void stop_clock(engine_fixture *fix) {
  clock_stop();
  net_turn(fix->loop);
}

/* The test runs twice, the second time it looks too late. */
static void twice(engine_fixture *fix, void (*test)(engine_fixture *fix, client *it, bool late)) {
  for (int late = 0; late < 2; late++) {
    stop_clock(fix);
    client it = client_connect(fix);
    test(fix, &it, late);
    client_close(&it);
    for (int i = 0; i < 20; i++)
      net_turn(fix->loop);
    sio_buf_clear(&fix->log);
  }
}

/* --- HTTP --- */

#define REQUEST_TIMEOUT_ANSWER "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n"

static void head(engine_fixture *fix, client *it, bool late) {
  (void)fix;
  client_say(it, "GET / HTTP/1.1\r\nHost:");
  wait_almost(it, SIO_HEADERS_TIMEOUT, late);
  client_expect(it, SIO_BYTES(REQUEST_TIMEOUT_ANSWER));
  client_expect_end(it);
}

static void ends_a_head(void **state) {
  twice(*state, head);
}

static void silent(engine_fixture *fix, client *it, bool late) {
  (void)fix;
  wait_almost(it, SIO_HEADERS_TIMEOUT, late);
  client_expect_end(it);
}

static void ends_a_silent_connection(void **state) {
  twice(*state, silent);
}

static void body(engine_fixture *fix, client *it, bool late) {
  (void)fix;
  sid session = client_open(it);
  client_say(it,
             "POST /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: x\r\n"
             "Content-Length: 9\r\n\r\n4",
             session.text);
  /* The heartbeat would end the session before: nobody answers its ping. */
  sio_deadline_stop(&fix->session->heartbeat);
  wait_almost(it, SIO_REQUEST_TIMEOUT, late);
  client_expect(it, SIO_BYTES(REQUEST_TIMEOUT_ANSWER));
  client_expect_end(it);
}

static void ends_a_body(void **state) {
  twice(*state, body);
}

static void idle(engine_fixture *fix, client *it, bool late) {
  (void)fix;
  client_say(it, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  assert_int_equal(client_answer(it).status, 404);
  wait_almost(it, SIO_KEEP_ALIVE_TIMEOUT, late);
  client_expect_end(it);
}

static void ends_an_idle_connection(void **state) {
  twice(*state, idle);
}

static void pass(http_fixture *http, uint64_t ms) {
  for (int i = 0; i < 20; i++)
    net_turn(http->loop);
  clock_move(ms);
  for (int i = 0; i < 20; i++)
    net_turn(http->loop);
}

static void ends_an_answer_that_is_not_taken(void **state) {
  http_fixture *http = *state;
  static char zeros[16 << 20];
  for (unsigned late = 0; late < 2; late++) {
    clock_stop();
    net_turn(http->loop);
    http->on_request = http_hold;
    http->aborts = 0;
    int fd = http_connect(http);
    net_say(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    UNTIL(http->loop, http->pending != NULL);
    sio_exchange_start(http->pending, 200, (sio_bytes){0});
    sio_exchange_write(http->pending, sio_bytes_of(zeros, sizeof(zeros)));
    pass(http, SIO_REQUEST_TIMEOUT); /* the kernel has taken some: the time begins anew */
    pass(http, SIO_REQUEST_TIMEOUT - 1);
    assert_int_equal(http->aborts, 0);
    clock_move(1 + late);
    UNTIL(http->loop, http->aborts == 1);
    close(fd);
  }
}

/* --- Engine.IO --- */

static void heartbeat(engine_fixture *fix, client *it, bool late) {
  ws_open(it);
  wait_almost(it, SIO_PING_INTERVAL, late);
  ws_expect(it, 0x81, "2");
  wait_almost(it, SIO_PING_TIMEOUT, late);
  EXPECT_LOG(fix, "open websocket\nclose ping timeout\n");
  ws_expect_close(it, "");
}

static void ends_without_a_pong(void **state) {
  twice(*state, heartbeat);
}

static void silence(engine_fixture *fix, client *it, bool late) {
  ws_ask(it, "EIO=3&transport=websocket");
  client_expect(it, SIO_BYTES(WS_ANSWER));
  settle(it);
  sio_buf_clear(&it->in);
  wait_almost(it, SIO_PING_INTERVAL + SIO_PING_TIMEOUT, late);
  EXPECT_LOG(fix, "open websocket\nclose ping timeout\n");
}

static void ends_without_a_ping_of_revision_3(void **state) {
  engine_fixture *fix = *state;
  fix->options.allow_eio3 = true;
  engine_reopen(fix);
  twice(fix, silence);
}

static void upgrade(engine_fixture *fix, client *it, bool late) {
  client ws = client_connect(fix);
  sid session = client_open(it);
  char query[64];
  snprintf(query, sizeof(query), "transport=websocket&sid=%s", session.text);
  ws_ask(&ws, query);
  client_expect(&ws, SIO_BYTES(WS_ANSWER));
  wait_almost(&ws, SIO_UPGRADE_TIMEOUT, late);
  ws_expect_close(&ws, "");
  assert_int_equal(sio_session_get_state(fix->session), SIO_OPEN);
  client_close(&ws);
}

static void ends_an_upgrade(void **state) {
  twice(*state, upgrade);
}

static void closing_poll(engine_fixture *fix, client *it, bool late) {
  client_open(it);
  client waiting = client_connect(fix);
  engine_send(fix->session, "rest");
  sio_session_close(fix->session, false);
  /* Its clock is not that of this connection, which is idle. */
  for (uint64_t at = 1; at < SIO_POLL_CLOSE_TIMEOUT; at += 1000) {
    clock_move(at == 1 ? 999 : 1000);
    settle(&waiting);
    assert_int_equal(sio_session_get_state(fix->session), SIO_CLOSING);
  }
  clock_move(late ? 2 : 1);
  EXPECT_LOG(fix, "open polling\nclose forced close\n");
  client_close(&waiting);
}

static void forgets_a_closing_session(void **state) {
  twice(*state, closing_poll);
}

static void closing_websocket(engine_fixture *fix, client *it, bool late) {
  ws_open(it);
  sio_session_close(fix->session, false);
  ws_expect_close(it, "");
  wait_almost(it, SIO_WS_CLOSE_TIMEOUT, late);
  client_expect_end(it);
}

static void cuts_a_websocket_that_does_not_answer_its_close(void **state) {
  twice(*state, closing_websocket);
}

/* --- what waits for a slow client --- */

/* So many bytes are left over from earlier turns when one more message is sent. */
static enum sio_session_state send_behind(engine_fixture *fix, size_t bytes) {
  client it = client_connect(fix);
  client_open(&it);
  char *text = calloc(1, bytes);
  memset(text, 'x', bytes - 1); /* the packet's digit is the first */
  engine_send(fix->session, text);
  free(text);
  settle(&it);
  assert_int_equal(sio_session_buffered(fix->session), bytes);
  engine_send(fix->session, "more");
  client_close(&it);
  return sio_session_get_state(fix->session);
}

static void closes_above_max_backpressure(void **state) {
  engine_fixture *fix = *state;
  static const size_t limits[] = {1000, SIO_MAX_BACKPRESSURE};
  for (size_t i = 0; i < COUNT(limits); i++) {
    fix->options.max_backpressure = limits[i];
    engine_reopen(fix);
    assert_int_equal(send_behind(fix, limits[i] - 1), SIO_OPEN);
    assert_int_equal(send_behind(fix, limits[i]), SIO_OPEN);
    assert_int_equal(send_behind(fix, limits[i] + 1), SIO_CLOSED);
  }
}

/* With the policy to keep it, what is volatile has to wait for it to be ready, and no limit ends
 * it. */
static void keeps_a_slow_client_that_drops_volatile(void **state) {
  engine_fixture *fix = *state;
  fix->options.max_backpressure = 1000;
  fix->options.close_slow = false;
  engine_reopen(fix);
  for (size_t bytes = 999; bytes <= 1001; bytes++) {
    assert_int_equal(send_behind(fix, bytes), SIO_OPEN);
    assert_false(sio_session_is_ready(fix->session));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ENGINE_TEST(ends_a_head),
      ENGINE_TEST(ends_a_silent_connection),
      ENGINE_TEST(ends_a_body),
      ENGINE_TEST(ends_an_idle_connection),
      HTTP_TEST(ends_an_answer_that_is_not_taken),
      ENGINE_TEST(ends_without_a_pong),
      ENGINE_TEST(ends_without_a_ping_of_revision_3),
      ENGINE_TEST(ends_an_upgrade),
      ENGINE_TEST(forgets_a_closing_session),
      ENGINE_TEST(cuts_a_websocket_that_does_not_answer_its_close),
      ENGINE_TEST(closes_above_max_backpressure),
      ENGINE_TEST(keeps_a_slow_client_that_drops_volatile),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
