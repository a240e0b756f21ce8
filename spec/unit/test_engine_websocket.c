#include "base/limits.h"
#include "engine_fixture.h"

static void carries_packets_both_ways(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  ws_open(&it);
  ws_send(&it, "4hello");
  ws_send(&it, "bAQI=");
  ws_send_bytes(&it, 0x82, SIO_BYTES("\x03\x04"));
  ws_send(&it, "3");
  ws_send(&it, "6");
  ws_send(&it, "5");
  ws_send(&it, "0{}");
  ws_send(&it, "4");
  EXPECT_LOG(fix, "open websocket\ntext hello\nbinary \x01\x02\nbinary \x03\x04\ntext \n");
  engine_send(fix->session, "one");
  sio_frame *binary = sio_message_binary(SIO_BYTES("\x01\x02"));
  sio_session_send(fix->session, binary);
  sio_frame_unref(binary);
  ws_expect(&it, 0x81, "4one");
  ws_expect(&it, 0x82, "\x01\x02");
  assert_true(sio_session_is_ready(fix->session));
  client_close(&it);
}

static const struct {
  unsigned first;
  const char *payload;
  const char *goodbye;
  const char *log;
} ends[] = {
    {0x81, "", "", "close parse error\n"},
    {0x81, "9", "", "close parse error\n"},
    {0x81, "abc", "", "close parse error\n"},
    {0x81, "bAQI", "", "close parse error\n"},
    {0x81, "2", "", "close transport error: invalid heartbeat direction\n"},
    {0x81, "2probe", "", "close transport error: invalid heartbeat direction\n"},
    {0x81, "1", "", "close transport close\n"},
    {0x88, "", "", "close transport close\n"},
    {0x88, "\x03\xe9", "\x03\xe9", "close transport close\n"},
    {0x88,
     "\x0f\xa1"
     "bye",
     "\x0f\xa1"
     "bye",
     "close transport close\n"},
    {0x83, "", "\x03\xea", "close transport error: invalid WebSocket frame\n"},
    {0x81, "4\xff", "\x03\xef", "close transport error: invalid UTF-8 or compression\n"},
    {0x82, "0123456789a", "\x03\xf1", "close transport error: message too large\n"},
};

static void ends_with_the_right_reason_and_close_frame(void **state) {
  engine_fixture *fix = *state;
  fix->options.max_http_buffer_size = 10;
  engine_reopen(fix);
  for (size_t i = 0; i < COUNT(ends); i++) {
    client it = client_connect(fix);
    ws_open(&it);
    EXPECT_LOG(fix, "open websocket\n");
    ws_send_bytes(&it, ends[i].first, sio_bytes_str(ends[i].payload));
    ws_send(&it, "4ignored");
    ws_expect_close(&it, ends[i].goodbye);
    EXPECT_LOG(fix, ends[i].log);
    if (ends[i].goodbye[0] == '\0' && ends[i].first != 0x88)
      ws_send_bytes(&it, 0x88, SIO_BYTES("")); /* the answer to ours */
    client_expect_end(&it);
    assert_int_equal(sio_engine_count(fix->engine), 0);
    client_close(&it);
  }
}

static void limits_the_fragments_of_a_message(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  ws_open(&it);
  ws_send_bytes(&it, 0x01, SIO_BYTES("4"));
  for (int i = 0; i < SIO_WS_MAX_FRAGMENTS; i++)
    ws_send_bytes(&it, 0x00, SIO_BYTES(""));
  ws_expect_close(&it, "\x03\xf0");
  EXPECT_LOG(fix, "open websocket\nclose transport error: too many fragments\n");
  client_close(&it);
}

static void ends_when_the_connection_dies(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  ws_open(&it);
  net_reset(it.fd);
  sio_buf_deinit(&it.in);
  EXPECT_LOG(fix, "open websocket\nclose transport close\n");
}

static void closes_behind_what_is_queued(void **state) {
  engine_fixture *fix = *state;
  for (int discard = 0; discard < 2; discard++) {
    client it = client_connect(fix);
    ws_open(&it);
    engine_send(fix->session, "bye");
    sio_session_close(fix->session, discard);
    sio_session_close(fix->session, discard);
    engine_send(fix->session, "too late");
    EXPECT_LOG(fix, "open websocket\nclose forced close\n");
    ws_expect(&it, 0x81, "4bye");
    ws_expect_close(&it, "");
    ws_send(&it, "4ignored");
    client_expect_silence(&it);
    ws_send_bytes(&it, 0x88, SIO_BYTES(""));
    client_expect_end(&it);
    assert_int_equal(fix->log.len, 0);
    client_close(&it);
  }
}

static void close_session(engine_fixture *fix, sio_session *session, sio_bytes data, bool binary) {
  (void)fix, (void)data, (void)binary;
  sio_session_close(session, false);
}

static void hands_out_nothing_after_it_was_closed(void **state) {
  engine_fixture *fix = *state;
  fix->on_message = close_session;
  client it = client_connect(fix);
  ws_open(&it);
  client_send(&it,
              "\x81\x82\0\0\0\0"
              "4a"
              "\x81\x82\0\0\0\0"
              "4b",
              16);
  EXPECT_LOG(fix, "open websocket\ntext a\nclose forced close\n");
  ws_expect_close(&it, "");
  client_close(&it);
}

/* --- slow clients --- */

static void stall(engine_fixture *fix, sio_frame *frame) {
  for (int i = 0; i < 200 && sio_session_is_ready(fix->session); i++) {
    sio_session_send(fix->session, frame);
    net_turn(fix->loop);
  }
  assert_false(sio_session_is_ready(fix->session));
}

static void closes_a_client_that_does_not_read(void **state) {
  engine_fixture *fix = *state;
  fix->options.max_backpressure = 100000;
  engine_reopen(fix);
  client it = client_connect(fix);
  ws_open(&it);
  sio_frame *frame = sio_message_new(100000);
  assert_non_null(frame);
  memset(sio_message_data(frame), 'x', 100000);
  stall(fix, frame);
  for (int i = 0; i < 3; i++) {
    sio_session_send(fix->session, frame);
    net_turn(fix->loop);
  }
  EXPECT_LOG(fix, "open websocket\nclose transport error: client too slow\n");
  sio_frame_unref(frame);
  client_close(&it);
}

static void is_ready_when_a_slow_client_has_read_all(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  ws_open(&it);
  sio_frame *frame = sio_message_new(100000);
  assert_non_null(frame);
  memset(sio_message_data(frame), 'x', 100000);
  stall(fix, frame);
  assert_true(sio_session_buffered(fix->session) > 0);
  UNTIL(fix->loop, (client_hear(&it), sio_session_buffered(fix->session) == 0));
  EXPECT_LOG(fix, "open websocket\n");
  assert_true(sio_session_is_ready(fix->session));
  sio_frame_unref(frame);
  client_close(&it);
}

/* Of protocol 3, where the client sends the pings. */
static void does_not_answer_pings_that_pile_up(void **state) {
  enum { PINGS = 1000, ROUNDS = 3000, PING_LEN = 7, LIMIT = 65536 };
  engine_fixture *fix = *state;
  fix->options.allow_eio3 = true;
  fix->options.close_slow = false;
  fix->options.max_backpressure = LIMIT;
  engine_reopen(fix);
  client deaf = client_connect(fix);
  ws_ask(&deaf, "transport=websocket&EIO=3");
  client_expect(&deaf, SIO_BYTES(WS_ANSWER));
  static char pings[PINGS * PING_LEN];
  for (int i = 0; i < PINGS; i++)
    memcpy(pings + i * PING_LEN,
           "\x81\x81\0\0\0\0"
           "2",
           PING_LEN);
  for (int i = 0; i < ROUNDS; i++)
    client_send(&deaf, pings, sizeof(pings));
  assert_int_equal(sio_session_get_state(fix->session), SIO_OPEN);
  assert_in_range(sio_session_buffered(fix->session), LIMIT, 16 * LIMIT);
  client_close(&deaf);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ENGINE_TEST(carries_packets_both_ways),
      ENGINE_TEST(ends_with_the_right_reason_and_close_frame),
      ENGINE_TEST(limits_the_fragments_of_a_message),
      ENGINE_TEST(ends_when_the_connection_dies),
      ENGINE_TEST(closes_behind_what_is_queued),
      ENGINE_TEST(hands_out_nothing_after_it_was_closed),
      ENGINE_TEST(closes_a_client_that_does_not_read),
      ENGINE_TEST(is_ready_when_a_slow_client_has_read_all),
      ENGINE_TEST(does_not_answer_pings_that_pile_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
