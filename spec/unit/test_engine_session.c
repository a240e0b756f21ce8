#include "engine_fixture.h"

/* --- the heartbeat --- */

static void set_heartbeat(engine_fixture *fix, uint64_t interval, uint64_t timeout) {
  fix->options.ping_interval = interval;
  fix->options.ping_timeout = timeout;
  engine_reopen(fix);
}

static void pings_and_lives_on_pongs(void **state) {
  engine_fixture *fix = *state;
  set_heartbeat(fix, 20, 5000);
  client it = client_connect(fix);
  ws_open(&it);
  for (int i = 0; i < 3; i++) {
    ws_expect(&it, 0x81, "2");
    ws_send(&it, "3");
  }
  EXPECT_LOG(fix, "open websocket\n");
  client_close(&it);
}

static void pings_over_polling(void **state) {
  engine_fixture *fix = *state;
  set_heartbeat(fix, 20, 5000);
  client it = client_connect(fix);
  sid session = client_open(&it);
  for (int i = 0; i < 2; i++) {
    client_poll(&it, &session);
    EXPECT_ANSWER(&it, 200, "2");
    client_post(&it, &session, "3");
    EXPECT_ANSWER(&it, 200, "ok");
  }
  client_close(&it);
}

static void closes_without_a_pong(void **state) {
  engine_fixture *fix = *state;
  set_heartbeat(fix, 20, 20);
  client it = client_connect(fix), ws = client_connect(fix);
  client_open(&it);
  EXPECT_LOG(fix, "open polling\nclose ping timeout\n");
  ws_open(&ws);
  ws_expect(&ws, 0x81, "2");
  ws_expect_close(&ws, "");
  EXPECT_LOG(fix, "open websocket\nclose ping timeout\n");
  client_close(&it);
  client_close(&ws);
}

/* Another packet proves life, but once a ping only. */
static void extends_the_timeout_once(void **state) {
  engine_fixture *fix = *state;
  set_heartbeat(fix, 10, 1000);
  client it = client_connect(fix);
  ws_open(&it);
  ws_expect(&it, 0x81, "2");
  uint64_t start = net_ms();
  while (net_ms() - start < 600)
    net_turn(fix->loop);
  ws_send(&it, "4first"); /* due at 600 + 1000 now */
  while (net_ms() - start < 1400)
    net_turn(fix->loop);
  ws_send(&it, "4second"); /* changes nothing, else it would be due at 2400 */
  EXPECT_LOG(fix, "open websocket\ntext first\ntext second\nclose ping timeout\n");
  assert_in_range(net_ms() - start, 1590, 2390);
  client_close(&it);
}

static void takes_pongs_nobody_asked_for(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  ws_open(&it);
  for (int i = 0; i < 1000; i++)
    ws_send(&it, "3");
  ws_send(&it, "4alive");
  EXPECT_LOG(fix, "open websocket\ntext alive\n");
  client_close(&it);
}

static void goes_on_pinging_after_an_upgrade(void **state) {
  engine_fixture *fix = *state;
  set_heartbeat(fix, 50, 5000);
  client it = client_connect(fix), ws = client_connect(fix);
  sid session = client_open(&it);
  char query[64];
  snprintf(query, sizeof(query), "transport=websocket&sid=%s", session.text);
  ws_ask(&ws, query);
  client_expect(&ws, SIO_BYTES(WS_ANSWER));
  ws_send(&ws, "5");
  ws_expect(&ws, 0x81, "2");
  client_close(&it);
  client_close(&ws);
}

/* --- life --- */

static void outlives_its_end_and_its_engine(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  ws_open(&it);
  sio_session *session = sio_session_ref(fix->session);
  engine_shut(fix);
  assert_int_equal(sio_session_get_state(session), SIO_CLOSED);
  assert_string_equal(sio_session_transport(session), "websocket");
  assert_int_equal(sio_session_id(session).len, 20);
  assert_int_equal(sio_session_buffered(session), 0);
  assert_false(sio_session_is_ready(session));
  engine_send(session, "nothing");
  sio_session_close(session, false);
  sio_session_close(session, true);
  sio_request *request = sio_session_request(session);
  assert_true(sio_bytes_eq(request->method, SIO_BYTES("GET")));
  sio_request_unref(request);
  EXPECT_LOG(fix, "open websocket\n"); /* no hook */
  sio_session_unref(session);
  ws_expect_close(&it, "");
  client_close(&it);
}

static void closes_every_session(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix), ws = client_connect(fix);
  sid session = client_open(&it);
  ws_open(&ws);
  client_poll(&it, &session);
  client_expect_silence(&it);
  EXPECT_LOG(fix, "open polling\nopen websocket\n");
  assert_int_equal(sio_engine_count(fix->engine), 2);
  sio_engine_close(fix->engine);
  assert_int_equal(sio_engine_count(fix->engine), 0);
  assert_int_equal(fix->log.len, 0); /* not from inside the call */
  EXPECT_ANSWER(&it, 200, "1");
  ws_expect_close(&ws, "");
  EXPECT_LOG(fix, "close forced close\nclose forced close\n");
  client_close(&it);
  client_close(&ws);
}

static void close_engine(engine_fixture *fix, sio_session *session) {
  (void)session;
  sio_engine_close(fix->engine);
}

static void close_engine_on_message(engine_fixture *fix, sio_session *session, sio_bytes data,
                                    bool binary) {
  (void)data, (void)binary;
  close_engine(fix, session);
}

static void free_all(engine_fixture *fix, sio_session *session) {
  (void)session;
  engine_shut(fix);
}

static void free_all_on_message(engine_fixture *fix, sio_session *session, sio_bytes data,
                                bool binary) {
  (void)data, (void)binary;
  free_all(fix, session);
}

typedef struct inside {
  void (*on_session)(engine_fixture *fix, sio_session *session);
  void (*on_message)(engine_fixture *fix, sio_session *session, sio_bytes data, bool binary);
  void (*on_close)(engine_fixture *fix, sio_session *session);
} inside;

/* Each kind of hook closes, or even frees, everything, on each transport. */
static void survives_what_hooks_do(void **state) {
  static const inside all[] = {
      {close_engine, NULL, NULL}, {NULL, close_engine_on_message, NULL}, {NULL, NULL, close_engine},
      {free_all, NULL, NULL},     {NULL, free_all_on_message, NULL},     {NULL, NULL, free_all}};
  engine_fixture *fix = *state;
  for (size_t i = 0; i < 2 * COUNT(all); i++) {
    const inside *how = &all[i / 2];
    if (fix->engine == NULL)
      engine_open(fix);
    sio_engine_reopen(fix->engine);
    fix->on_session = how->on_session;
    fix->on_message = how->on_message;
    fix->on_close = how->on_close;
    client it = client_connect(fix);
    if (i % 2 == 0)
      ws_ask(&it, "transport=websocket");
    else
      client_get(&it, "transport=polling");
    UNTIL(fix->loop, fix->log.len > 0);
    if (how->on_session == NULL) {
      sid session;
      snprintf(session.text, sizeof(session.text), "%.20s", sio_session_id(fix->session).base);
      if (i % 2 == 0)
        ws_send(&it, "4a");
      else
        client_post(&it, &session,
                    "4a\x1e"
                    "4b");
      UNTIL(fix->loop, memmem(fix->log.base, fix->log.len, "text a", 6) != NULL);
    }
    if (how->on_close != NULL)
      sio_session_close(fix->session, true);
    for (int turn = 0; turn < 5; turn++)
      client_turn(&it);
    assert_int_equal(sio_session_get_state(fix->session), SIO_CLOSED);
    if (how->on_message != NULL)
      assert_null(memmem(fix->log.base, fix->log.len, "text b", 6));
    sio_buf_clear(&fix->log);
    client_close(&it);
  }
}

static void knows_what_its_owner_gives_it(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  client_open(&it);
  assert_null(sio_session_data(fix->session));
  sio_session_set_data(fix->session, fix);
  assert_ptr_equal(sio_session_data(fix->session), fix);
  client_close(&it);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ENGINE_TEST(pings_and_lives_on_pongs),        ENGINE_TEST(pings_over_polling),
      ENGINE_TEST(closes_without_a_pong),           ENGINE_TEST(extends_the_timeout_once),
      ENGINE_TEST(takes_pongs_nobody_asked_for),    ENGINE_TEST(goes_on_pinging_after_an_upgrade),
      ENGINE_TEST(outlives_its_end_and_its_engine), ENGINE_TEST(closes_every_session),
      ENGINE_TEST(survives_what_hooks_do),          ENGINE_TEST(knows_what_its_owner_gives_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
