/*
 * One client that sends much at once, and what a turn of the loop does of it: the rest waits,
 * others are served in between, and nothing is lost, doubled or put into another order.
 */
#include "base/limits.h"
#include "engine_fixture.h"

enum { MANY = 4 * SIO_CLIENT_WORK };

/* Messages "4<i>", as a payload or as frames. */
static void put_messages(sio_buf *out, int count, bool framed) {
  for (int i = 0; i < count; i++) {
    char text[16];
    int len = snprintf(text, sizeof(text), "4%d", i);
    const char head[] = {(char)0x81, (char)(0x80 | len), 0, 0, 0, 0};
    if (framed)
      assert_int_equal(sio_buf_append(out, head, sizeof(head)), 0);
    else if (i > 0)
      assert_int_equal(sio_buf_put(out, 0x1e), 0);
    assert_int_equal(sio_buf_append(out, text, (size_t)len), 0);
  }
}

static size_t count_lines(const engine_fixture *fix) {
  size_t lines = 0;
  for (size_t i = 0; i < fix->log.len; i++)
    lines += fix->log.base[i] == '\n';
  return lines;
}

static void await_lines(engine_fixture *fix, size_t lines) {
  UNTIL(fix->loop, count_lines(fix) >= lines);
  assert_int_equal(count_lines(fix), lines);
}

/* The log is that of so many messages in order, with the line of another client among them; at
 * least so many stand behind that. */
static void expect_others_between(engine_fixture *fix, int count, const char *other, int behind) {
  await_lines(fix, (size_t)count + 1);
  assert_int_equal(sio_buf_put(&fix->log, '\0'), 0);
  int next = 0, at = -1;
  for (char *rest = NULL, *line = strtok_r(fix->log.base, "\n", &rest); line != NULL;
       line = strtok_r(NULL, "\n", &rest)) {
    char expected[32];
    snprintf(expected, sizeof(expected), "text %d", next);
    if (strcmp(line, other) == 0) {
      at = next;
      continue;
    }
    assert_string_equal(line, expected);
    next++;
  }
  assert_int_equal(next, count);
  assert_in_range(at, 0, count - behind);
  sio_buf_clear(&fix->log);
}

/* Another client, which has said something that the server has not looked at. */
static client speak_up(engine_fixture *fix) {
  client other = client_connect(fix);
  ws_open(&other);
  sio_buf_clear(&fix->log);
  return other;
}

/* In one piece, which nothing delays. */
static void say_other(client *other) {
  static const char frame[] = "\x81\x86\0\0\0\0"
                              "4other";
  client_send(other, frame, sizeof(frame) - 1);
}

/* --- polling --- */

static void post_many(client *it, const sid *session, int count) {
  sio_buf body = {0};
  put_messages(&body, count, false);
  client_post_bytes(it, session, sio_buf_bytes(&body));
  sio_buf_deinit(&body);
}

static void serves_others_between_the_packets_of_a_post(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  sid session = client_open(&it);
  client other = speak_up(fix);
  post_many(&it, &session, MANY);
  say_other(&other);
  expect_others_between(fix, MANY, "text other", MANY - 2 * SIO_CLIENT_WORK);
  EXPECT_ANSWER(&it, 200, "ok");
  client_poll(&it, &session);
  engine_send(fix->session, "x"); /* the other's */
  ws_expect(&other, 0x81, "4x");
  client_close(&it);
  client_close(&other);
}

/* Around the most that one turn does (the POST itself counts too). */
static void hands_out_every_packet_once(void **state) {
  engine_fixture *fix = *state;
  for (int count = SIO_CLIENT_WORK - 5; count <= SIO_CLIENT_WORK + 1; count++) {
    client it = client_connect(fix);
    sid session = client_open(&it);
    sio_buf_clear(&fix->log);
    sio_buf body = {0};
    put_messages(&body, count, false);
    assert_int_equal(sio_buf_put(&body, 0x1e), 0); /* a packet without bytes, at the very end */
    client_post_bytes(&it, &session, sio_buf_bytes(&body));
    sio_buf_deinit(&body);
    EXPECT_ANSWER(&it, 200, "ok");
    await_lines(fix, (size_t)count + 1);
    assert_int_equal(sio_buf_put(&fix->log, '\0'), 0);
    assert_non_null(strstr(fix->log.base, "\nclose parse error\n"));
    sio_buf_clear(&fix->log);
    client_close(&it);
  }
}

/* By how much its share is used up when it has seen something. */
static void turn_until_some(engine_fixture *fix) {
  UNTIL(fix->loop, count_lines(fix) > 0);
  assert_in_range(count_lines(fix), 1, SIO_CLIENT_WORK);
}

static void drops_the_rest_when_the_session_ends(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  sid session = client_open(&it);
  sio_buf_clear(&fix->log);
  post_many(&it, &session, MANY);
  turn_until_some(fix);
  size_t seen = count_lines(fix);
  sio_session_close(fix->session, true);
  EXPECT_ANSWER(&it, 200, "ok");
  await_lines(fix, seen + 1);
  client_expect_silence(&it);
  assert_int_equal(count_lines(fix), seen + 1);
  client_close(&it);
}

static void is_freed_with_its_rest(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  sid session = client_open(&it);
  sio_buf_clear(&fix->log);
  post_many(&it, &session, MANY);
  turn_until_some(fix);
  client_close(&it); /* with the engine, by the tear-down */
}

static void close_it(engine_fixture *fix, sio_session *session, sio_bytes data, bool binary) {
  (void)fix, (void)binary;
  if (sio_bytes_eq(data, SIO_BYTES("600")))
    sio_session_close(session, true);
}

static void may_be_closed_by_what_was_left(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  sid session = client_open(&it);
  sio_buf_clear(&fix->log);
  fix->on_message = close_it;
  post_many(&it, &session, MANY);
  EXPECT_ANSWER(&it, 200, "ok");
  await_lines(fix, 602);
  client_close(&it);
}

/* As long as it is not answered it is in progress. */
static void counts_as_a_post_until_it_is_answered(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix), other = client_connect(fix);
  sid session = client_open(&it);
  sio_buf_clear(&fix->log);
  post_many(&it, &session, MANY);
  turn_until_some(fix);
  client_post(&other, &session, "4overlap");
  EXPECT_ANSWER(&other, 400, "");
  EXPECT_ANSWER(&it, 200, "ok");
  client_close(&it);
  client_close(&other);
}

static void hands_out_what_came_although_nobody_waits(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  sid session = client_open(&it);
  sio_buf_clear(&fix->log);
  post_many(&it, &session, MANY);
  turn_until_some(fix);
  client_close(&it);
  await_lines(fix, MANY);
  assert_int_equal(sio_session_get_state(fix->session), SIO_OPEN);
}

/* Its messages would overtake those of the POST. */
static void upgrades_only_after_the_answer(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix), ws = client_connect(fix);
  sid session = client_open(&it);
  char query[64];
  snprintf(query, sizeof(query), "transport=websocket&sid=%s", session.text);
  ws_ask(&ws, query);
  client_expect(&ws, SIO_BYTES(WS_ANSWER));
  ws_send(&ws, "2probe");
  ws_expect(&ws, 0x81, "3probe");
  sio_buf_clear(&fix->log);
  post_many(&it, &session, MANY);
  turn_until_some(fix);
  static const char frames[] = "\x81\x81\0\0\0\0"
                               "5\x81\x82\0\0\0\0"
                               "4x";
  client_send(&ws, frames, sizeof(frames) - 1);
  ws_expect_close(&ws, "");
  EXPECT_ANSWER(&it, 200, "ok");
  await_lines(fix, MANY);
  assert_string_equal(sio_session_transport(fix->session), "polling");
  client_close(&it);
  client_close(&ws);
}

static void hands_out_payloads_of_revision_3(void **state) {
  engine_fixture *fix = *state;
  fix->options.allow_eio3 = true;
  engine_reopen(fix);
  client it = client_connect(fix);
  client_say(&it, "GET /socket.io/?EIO=3&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n");
  sid session = {0};
  answer opened = client_answer(&it);
  assert_int_equal(sscanf(strchr(opened.body, '0'), "0{\"sid\":\"%20[A-Za-z0-9_-]\"", session.text),
                   1);
  sio_buf_clear(&fix->log);
  sio_buf body = {0};
  for (int i = 0; i < MANY; i++)
    assert_int_equal(sio_buf_str(&body, "2:4a"), 0);
  client_say(&it,
             "POST /socket.io/?EIO=3&transport=polling&sid=%s HTTP/1.1\r\nHost: x\r\n"
             "Content-Length: %zu\r\n\r\n",
             session.text, body.len);
  client_send(&it, body.base, body.len);
  sio_buf_deinit(&body);
  EXPECT_ANSWER(&it, 200, "ok");
  await_lines(fix, MANY);
  client_close(&it);
}

/* --- WebSocket --- */

static void send_many(client *it, int count) {
  sio_buf frames = {0};
  put_messages(&frames, count, true);
  client_send(it, frames.base, frames.len);
  sio_buf_deinit(&frames);
}

static void serves_others_between_the_messages_of_a_websocket(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  ws_open(&it);
  client other = speak_up(fix);
  send_many(&it, MANY);
  say_other(&other);
  expect_others_between(fix, MANY, "text other", MANY - 2 * SIO_CLIENT_WORK);
  send_many(&it, 2);
  EXPECT_LOG(fix, "text 0\ntext 1\n");
  client_close(&it);
  client_close(&other);
}

/* They count by their bytes. */
static void serves_others_between_large_messages(void **state) {
  enum { LARGE = 20000, COUNT_OF_LARGE = 40 };
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  ws_open(&it);
  client other = speak_up(fix);
  char *large = malloc(LARGE);
  memset(large, '4', LARGE);
  for (int i = 0; i < COUNT_OF_LARGE; i++)
    ws_send_bytes(&it, 0x81, sio_bytes_of(large, LARGE));
  free(large);
  say_other(&other);
  await_lines(fix, COUNT_OF_LARGE + 1);
  const char *found = memmem(fix->log.base, fix->log.len, "text other\n", 11);
  assert_non_null(found);
  assert_in_range(found - fix->log.base, 0, fix->log.len - 2 * LARGE);
  client_close(&it);
  client_close(&other);
}

/* A stream is read more than once in a turn; the share is the same. */
static void counts_all_that_is_read_in_a_turn(void **state) {
  enum { SIZE = 252 }; /* just less than a share of them fills one read */
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  ws_open(&it);
  sio_buf_clear(&fix->log);
  char message[SIZE];
  memset(message, '4', SIZE);
  for (int i = 0; i < 2 * SIO_CLIENT_WORK; i++)
    ws_send_bytes(&it, 0x81, sio_bytes_of(message, SIZE));
  turn_until_some(fix);
  await_lines(fix, 2 * SIO_CLIENT_WORK);
  client_close(&it);
}

static void answers_pings_in_order_across_turns(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  ws_open(&it);
  for (int i = 0; i < MANY; i++) {
    char text[16];
    snprintf(text, sizeof(text), "%04d", i);
    ws_send_bytes(&it, 0x89, sio_bytes_str(text));
  }
  for (int i = 0; i < MANY; i++) {
    char text[16];
    snprintf(text, sizeof(text), "%04d", i);
    ws_expect(&it, 0x8a, text);
  }
  client_close(&it);
}

static void hears_the_end_behind_what_is_left(void **state) {
  engine_fixture *fix = *state;
  for (int kind = 0; kind < 2; kind++) {
    client it = client_connect(fix);
    ws_open(&it);
    sio_buf_clear(&fix->log);
    send_many(&it, MANY);
    if (kind == 0)
      ws_send_bytes(&it, 0x88, SIO_BYTES(""));
    shutdown(it.fd, SHUT_WR);
    await_lines(fix, MANY + 1);
    assert_memory_equal(fix->log.base + fix->log.len - 22, "close transport close\n", 22);
    client_close(&it);
  }
}

static void drops_messages_left_when_it_is_closed(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  ws_open(&it);
  sio_buf_clear(&fix->log);
  send_many(&it, MANY);
  turn_until_some(fix);
  size_t seen = count_lines(fix);
  sio_session_close(fix->session, true);
  ws_expect_close(&it, "");
  ws_send_bytes(&it, 0x88, SIO_BYTES(""));
  client_expect_end(&it);
  assert_int_equal(count_lines(fix), seen + 1);
  client_close(&it);
}

static void is_reset_with_messages_left(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  ws_open(&it);
  sio_buf_clear(&fix->log);
  send_many(&it, MANY);
  turn_until_some(fix);
  net_reset(it.fd);
  UNTIL(fix->loop, sio_session_get_state(fix->session) == SIO_CLOSED);
  sio_buf_deinit(&it.in);
}

/* Many that each send much: what all do in one turn is limited too, and each gets its share. */
static void shares_a_turn_among_all(void **state) {
  enum { CLIENTS = 2 * SIO_TURN_WORK / SIO_CLIENT_WORK };
  engine_fixture *fix = *state;
  client them[CLIENTS];
  for (size_t i = 0; i < CLIENTS; i++) {
    them[i] = client_connect(fix);
    ws_open(&them[i]);
  }
  client other = speak_up(fix);
  for (size_t i = 0; i < CLIENTS; i++)
    send_many(&them[i], MANY);
  say_other(&other);
  await_lines(fix, CLIENTS * MANY + 1);
  assert_int_equal(sio_buf_put(&fix->log, '\0'), 0);
  const char *found = strstr(fix->log.base, "text other\n");
  assert_non_null(found);
  size_t before = 0;
  for (const char *at = fix->log.base; at < found; at++)
    before += *at == '\n';
  assert_in_range(before, 0, 2 * SIO_TURN_WORK);
  for (size_t i = 0; i < CLIENTS; i++)
    client_close(&them[i]);
  client_close(&other);
}

/* --- requests --- */

static void serves_others_between_pipelined_requests(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix), other = speak_up(fix);
  static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  static const char *answers = "HTTP/1.1 404 Not Found\r\n";
  sio_buf many = {0};
  for (int i = 0; i < MANY; i++)
    assert_int_equal(sio_buf_str(&many, request), 0);
  client_send(&it, many.base, many.len);
  say_other(&other);
  UNTIL(fix->loop, count_lines(fix) == 1);
  client_hear(&it);
  size_t seen = 0;
  for (const char *at = it.in.base; at != NULL && at < it.in.base + it.in.len;) {
    at = memmem(at, (size_t)(it.in.base + it.in.len - at), answers, strlen(answers));
    seen += at != NULL;
    at = at != NULL ? at + 1 : NULL;
  }
  assert_in_range(seen, 0, 2 * SIO_CLIENT_WORK);
  for (int i = 0; i < MANY; i++)
    assert_int_equal(client_answer(&it).status, 404);
  client_expect_silence(&it);
  sio_buf_deinit(&many);
  client_close(&it);
  client_close(&other);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ENGINE_TEST(serves_others_between_the_packets_of_a_post),
      ENGINE_TEST(hands_out_every_packet_once),
      ENGINE_TEST(drops_the_rest_when_the_session_ends),
      ENGINE_TEST(is_freed_with_its_rest),
      ENGINE_TEST(may_be_closed_by_what_was_left),
      ENGINE_TEST(counts_as_a_post_until_it_is_answered),
      ENGINE_TEST(hands_out_what_came_although_nobody_waits),
      ENGINE_TEST(upgrades_only_after_the_answer),
      ENGINE_TEST(hands_out_payloads_of_revision_3),
      ENGINE_TEST(serves_others_between_the_messages_of_a_websocket),
      ENGINE_TEST(serves_others_between_large_messages),
      ENGINE_TEST(counts_all_that_is_read_in_a_turn),
      ENGINE_TEST(answers_pings_in_order_across_turns),
      ENGINE_TEST(hears_the_end_behind_what_is_left),
      ENGINE_TEST(drops_messages_left_when_it_is_closed),
      ENGINE_TEST(is_reset_with_messages_left),
      ENGINE_TEST(shares_a_turn_among_all),
      ENGINE_TEST(serves_others_between_pipelined_requests),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
