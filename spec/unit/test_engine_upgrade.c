#include "engine_fixture.h"

static void ask_upgrade(client *ws, const sid *session) {
  char query[64];
  snprintf(query, sizeof(query), "transport=websocket&sid=%s", session->text);
  ws_ask(ws, query);
  client_expect(ws, SIO_BYTES(WS_ANSWER));
}

static void probe(client *ws, const sid *session) {
  ask_upgrade(ws, session);
  ws_send(ws, "2probe");
  ws_expect(ws, 0x81, "3probe");
}

static void upgrades_as_the_official_client_does(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix), ws = client_connect(fix);
  sid session = client_open(&it);
  client_poll(&it, &session);
  probe(&ws, &session);
  EXPECT_ANSWER(&it, 200, "6"); /* at once */
  client_post(&it, &session, "4posted");
  EXPECT_ANSWER(&it, 200, "ok");
  engine_send(fix->session, "meanwhile");
  engine_send(fix->session, "and more");
  client_turn(&ws);
  assert_string_equal(sio_session_transport(fix->session), "polling");
  ws_send(&ws, "5");
  ws_expect(&ws, 0x81, "4meanwhile");
  ws_expect(&ws, 0x81, "4and more");
  EXPECT_LOG(fix, "open polling\ntext posted\nupgrade websocket\n");
  assert_string_equal(sio_session_transport(fix->session), "websocket");
  ws_send(&ws, "4hello");
  engine_send(fix->session, "answer");
  ws_expect(&ws, 0x81, "4answer");
  EXPECT_LOG(fix, "text hello\n");
  client_poll(&it, &session);
  EXPECT_ANSWER(&it, 400, "{\"code\":3,\"message\":\"Bad request\"}");
  client_close(&it);
  client_close(&ws);
  EXPECT_LOG(fix, "close transport close\n");
}

static void ends_every_poll_during_the_upgrade(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix), ws = client_connect(fix);
  sid session = client_open(&it);
  probe(&ws, &session);
  for (int i = 0; i < 2; i++) {
    uint64_t start = net_ms();
    client_poll(&it, &session);
    EXPECT_ANSWER(&it, 200, "6");
    assert_true(net_ms() - start < 1000);
  }
  client_poll(&it, &session);
  engine_send(fix->session, "by poll");
  EXPECT_ANSWER(&it, 200, "4by poll");
  client_close(&it);
  client_close(&ws);
}

static void needs_no_probe_and_ends_a_poll_that_waits(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix), ws = client_connect(fix);
  sid session = client_open(&it);
  client_poll(&it, &session);
  ask_upgrade(&ws, &session);
  ws_send(&ws, "5");
  EXPECT_ANSWER(&it, 200, "1");
  EXPECT_LOG(fix, "open polling\nupgrade websocket\n");
  client_close(&it);
  client_close(&ws);
}

static void stays_on_polling_when_the_probe_is_bad(void **state) {
  static const struct {
    unsigned first;
    const char *text;
  } bad[] = {{0x81, "2"}, {0x81, "2prob"}, {0x81, "4hello"}, {0x81, "3probe"},
             {0x81, ""},  {0x81, "x"},     {0x82, "2probe"}};
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  sid session = client_open(&it);
  for (size_t i = 0; i < COUNT(bad); i++) {
    client ws = client_connect(fix);
    ask_upgrade(&ws, &session);
    ws_send_bytes(&ws, bad[i].first, sio_bytes_str(bad[i].text));
    ws_expect_close(&ws, "");
    client_close(&ws);
  }
  client dying = client_connect(fix);
  probe(&dying, &session);
  client_close(&dying);
  client wrong = client_connect(fix);
  ask_upgrade(&wrong, &session);
  ws_send_bytes(&wrong, 0x83, SIO_BYTES("")); /* no WebSocket frame at all */
  ws_expect_close(&wrong, "\x03\xea");
  client_close(&wrong);
  client ws = client_connect(fix);
  probe(&ws, &session);
  client_post(&it, &session, "4still there");
  EXPECT_ANSWER(&it, 200, "ok");
  EXPECT_LOG(fix, "open polling\ntext still there\n");
  client_close(&it);
  client_close(&ws);
}

static void gives_up_after_a_while(void **state) {
  engine_fixture *fix = *state;
  fix->options.upgrade_timeout = 400;
  engine_reopen(fix);
  client it = client_connect(fix), ws = client_connect(fix);
  sid session = client_open(&it);
  probe(&ws, &session);
  ws_expect_close(&ws, "");
  client_poll(&it, &session);
  client_expect_silence(&it); /* no noops any more */
  engine_send(fix->session, "on");
  EXPECT_ANSWER(&it, 200, "4on");
  client_close(&it);
  client_close(&ws);
}

static void turns_away_a_second_websocket(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix), ws = client_connect(fix), second = client_connect(fix);
  sid session = client_open(&it);
  probe(&ws, &session);
  ask_upgrade(&second, &session);
  ws_expect_close(&second, "");
  ws_send(&ws, "5");
  EXPECT_LOG(fix, "open polling\nupgrade websocket\n");
  client third = client_connect(fix);
  ask_upgrade(&third, &session);
  ws_expect_close(&third, "");
  ws_send(&third, "5");
  ws_send(&ws, "4mine");
  EXPECT_LOG(fix, "text mine\n");
  client_close(&it);
  client_close(&ws);
  client_close(&second);
  client_close(&third);
}

static void does_not_hand_a_websocket_session_over(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix), thief = client_connect(fix);
  sid session = ws_open(&it);
  ask_upgrade(&thief, &session);
  ws_expect_close(&thief, "");
  engine_send(fix->session, "secret");
  ws_expect(&it, 0x81, "4secret");
  client_close(&it);
  client_close(&thief);
}

static void is_aborted_when_the_session_ends(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix), ws = client_connect(fix);
  sid session = client_open(&it);
  probe(&ws, &session);
  sio_session_close(fix->session, true);
  ws_expect_close(&ws, "");
  EXPECT_LOG(fix, "open polling\nclose forced close\n");
  client_close(&it);
  client_close(&ws);
}

static void carries_the_rest_of_a_closing_session(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix), ws = client_connect(fix);
  sid session = client_open(&it);
  probe(&ws, &session);
  engine_send(fix->session, "bye");
  sio_session_close(fix->session, false);
  ws_send(&ws, "5");
  ws_expect(&ws, 0x81, "4bye");
  ws_expect_close(&ws, "");
  EXPECT_LOG(fix, "open polling\nclose forced close\n");
  client_close(&it);
  client_close(&ws);
}

/* A client that asks on and on, and reads no answer. */
static void does_not_answer_probes_that_pile_up(void **state) {
  enum { PROBES = 1000, ROUNDS = 1500, PROBE_LEN = 12 };
  engine_fixture *fix = *state;
  client it = client_connect(fix), deaf = client_connect(fix), ws = client_connect(fix);
  assert_int_equal(setsockopt(deaf.fd, SOL_SOCKET, SO_RCVBUF, &(int){4096}, sizeof(int)), 0);
  sid session = client_open(&it);
  probe(&deaf, &session);
  static char probes[PROBES * PROBE_LEN];
  for (int i = 0; i < PROBES; i++)
    memcpy(probes + i * PROBE_LEN,
           "\x81\x86\0\0\0\0"
           "2probe",
           PROBE_LEN);
  for (int i = 0; i < ROUNDS; i++)
    client_send(&deaf, probes, sizeof(probes));
  probe(&ws, &session); /* the other one was given up */
  ws_send(&ws, "5");
  EXPECT_LOG(fix, "open polling\nupgrade websocket\n");
  client_close(&it);
  client_close(&deaf);
  client_close(&ws);
}

/* --- a policy that acts when it is told of headers --- */

static void close_it(void *ctx, sio_exchange *exchange) {
  engine_fixture *fix = ctx;
  (void)exchange;
  if (fix->session != NULL && sio_session_get_state(fix->session) == SIO_OPEN)
    sio_session_close(fix->session, true);
}

static void send_on_it(void *ctx, sio_exchange *exchange) {
  engine_fixture *fix = ctx;
  (void)exchange;
  if (fix->session != NULL && sio_session_is_ready(fix->session))
    engine_send(fix->session, "headers");
}

/* The end of the poll that waits is what the policy is told of. */
static void upgrade_with(engine_fixture *fix, client *it, client *ws,
                         void (*on_headers)(void *, sio_exchange *)) {
  static sio_policy policy;
  policy = (sio_policy){.ctx = fix};
  fix->options.policy = &policy;
  engine_reopen(fix);
  *it = client_connect(fix);
  *ws = client_connect(fix);
  sid session = client_open(it);
  client_poll(it, &session);
  ask_upgrade(ws, &session);
  policy.on_headers = on_headers;
  ws_send(ws, "5");
  EXPECT_ANSWER(it, 200, "1");
  policy.on_headers = NULL;
}

static void may_be_closed_in_the_middle_of_it(void **state) {
  engine_fixture *fix = *state;
  client it, ws;
  upgrade_with(fix, &it, &ws, close_it);
  EXPECT_LOG(fix, "open polling\nclose forced close\n");
  ws_expect_close(&ws, "");
  ws_send(&ws, "4too late");
  client_close(&it);
  client_close(&ws);
  net_turn(fix->loop);
}

static void may_be_sent_on_in_the_middle_of_it(void **state) {
  engine_fixture *fix = *state;
  client it, ws;
  upgrade_with(fix, &it, &ws, send_on_it);
  ws_expect(&ws, 0x81, "4headers");
  EXPECT_LOG(fix, "open polling\nupgrade websocket\n");
  client_close(&it);
  client_close(&ws);
}

/* --- a policy that acts when it is told of the probe --- */

static void tell(void *ctx, sio_session *session) {
  engine_fixture *fix = ctx;
  assert_true(sio_session_is_upgrading(session));
  assert_int_equal(sio_buf_str(&fix->log, "upgrading\n"), 0);
}

static void tell_and_close(void *ctx, sio_session *session) {
  tell(ctx, session);
  sio_session_close(session, true);
}

static void ignore_packet(void *ctx, sio_session *session, const sio_packet_in *packet) {
  (void)ctx, (void)session, (void)packet;
}

static void ignore_frame(void *ctx, sio_session *session, const sio_frame *frame) {
  (void)ctx, (void)session, (void)frame;
}

static void ignore_drain(void *ctx, sio_session *session) {
  (void)ctx, (void)session;
}

static void tells_that_it_has_begun(void **state) {
  engine_fixture *fix = *state;
  sio_policy policy = {.ctx = fix,
                       .on_packet = ignore_packet,
                       .on_packet_create = ignore_frame,
                       .on_drain = ignore_drain,
                       .on_upgrading = tell};
  fix->options.policy = &policy;
  engine_reopen(fix);
  client it = client_connect(fix), ws = client_connect(fix), second = client_connect(fix);
  sid session = client_open(&it);
  sio_session_watch(fix->session);
  assert_false(sio_session_is_upgrading(fix->session));
  probe(&ws, &session);
  ws_send(&ws, "2probe"); /* a second one is not told */
  ws_expect(&ws, 0x81, "3probe");
  ws_send(&ws, "5");
  EXPECT_LOG(fix, "open polling\nupgrading\nupgrade websocket\n");
  assert_false(sio_session_is_upgrading(fix->session));
  policy.on_upgrading = tell_and_close;
  session = client_open(&second);
  sio_session_watch(fix->session);
  client third = client_connect(fix);
  ask_upgrade(&third, &session);
  ws_send(&third, "2probe");
  EXPECT_LOG(fix, "open polling\nupgrading\nclose forced close\n");
  client_close(&it);
  client_close(&ws);
  client_close(&second);
  client_close(&third);
  net_turn(fix->loop);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ENGINE_TEST(upgrades_as_the_official_client_does),
      ENGINE_TEST(ends_every_poll_during_the_upgrade),
      ENGINE_TEST(needs_no_probe_and_ends_a_poll_that_waits),
      ENGINE_TEST(stays_on_polling_when_the_probe_is_bad),
      ENGINE_TEST(gives_up_after_a_while),
      ENGINE_TEST(turns_away_a_second_websocket),
      ENGINE_TEST(does_not_hand_a_websocket_session_over),
      ENGINE_TEST(is_aborted_when_the_session_ends),
      ENGINE_TEST(carries_the_rest_of_a_closing_session),
      ENGINE_TEST(does_not_answer_probes_that_pile_up),
      ENGINE_TEST(tells_that_it_has_begun),
      ENGINE_TEST(may_be_closed_in_the_middle_of_it),
      ENGINE_TEST(may_be_sent_on_in_the_middle_of_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
