#include <time.h>
#include <zlib.h>

#include "base/limits.h"
#include "engine/private.h" /* to let time pass */
#include "engine_fixture.h"

static void answers_a_waiting_poll(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  sid session = client_open(&it);
  client_poll(&it, &session);
  client_expect_silence(&it);
  assert_true(sio_session_is_ready(fix->session));
  engine_send(fix->session, "a");
  engine_send(fix->session, "b");
  sio_frame *binary = sio_message_binary(SIO_BYTES("\x01\x02"));
  sio_session_send(fix->session, binary);
  sio_frame_unref(binary);
  EXPECT_ANSWER(&it, 200,
                "4a\x1e"
                "4b\x1e"
                "bAQI=");
  assert_false(sio_session_is_ready(fix->session));
  client_close(&it);
}

static void keeps_what_no_poll_took(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  sid session = client_open(&it);
  EXPECT_LOG(fix, "open polling\n");
  engine_send(fix->session, "one");
  client_expect_silence(&it);
  engine_send(fix->session, "two");
  assert_int_equal(sio_session_buffered(fix->session), 8);
  client_poll(&it, &session);
  EXPECT_ANSWER(&it, 200,
                "4one\x1e"
                "4two");
  assert_int_equal(sio_session_buffered(fix->session), 0);
  EXPECT_LOG(fix, "");
  client_close(&it);
}

static void hands_out_the_packets_of_a_post(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  sid session = client_open(&it);
  client_post(&it, &session,
              "4hello\x1e"
              "bAQI=\x1e"
              "6\x1e"
              "3\x1e"
              "4\xe2\x82\xac");
  answer got = client_answer(&it);
  assert_int_equal(got.status, 200);
  assert_string_equal(got.body, "ok");
  assert_non_null(strstr(got.head, "\r\nContent-Type: text/html\r\n"));
  assert_non_null(strstr(got.head, "\r\ncache-control: no-store\r\n"));
  EXPECT_LOG(fix, "open polling\ntext hello\nbinary \x01\x02\ntext \xe2\x82\xac\n");
  client_close(&it);
}

static const struct {
  const char *body;
  const char *log;
} bad_posts[] = {
    {"abc", "close parse error\n"},
    {"", "close parse error\n"},
    {"9", "close parse error\n"},
    {"4a\x1e\x1e"
     "4b",
     "text a\nclose parse error\n"},
    {"4a\x1e"
     "bAQI",
     "text a\nclose parse error\n"},
    {"4a\x1e"
     "4\xff\x1e"
     "4b",
     "text a\nclose parse error\n"},
    {"4a\x1e"
     "2\x1e"
     "4b",
     "text a\nclose transport error: invalid heartbeat direction\n"},
    {"4a\x1e"
     "1\x1e"
     "4b",
     "text a\nclose transport close\n"},
};

static void ends_with_a_bad_packet_behind_the_good_ones(void **state) {
  engine_fixture *fix = *state;
  for (size_t i = 0; i < COUNT(bad_posts); i++) {
    client it = client_connect(fix), poll = client_connect(fix);
    sid session = client_open(&it);
    EXPECT_LOG(fix, "open polling\n");
    client_poll(&poll, &session);
    client_expect_silence(&poll);
    client_post(&it, &session, bad_posts[i].body);
    EXPECT_ANSWER(&it, 200, "ok");
    EXPECT_LOG(fix, bad_posts[i].log);
    bool is_close = strstr(bad_posts[i].log, "transport close") != NULL;
    EXPECT_ANSWER(&poll, 200, is_close ? "6" : "1");
    client_poll(&it, &session);
    EXPECT_ANSWER(&it, 400, "{\"code\":1,\"message\":\"Session ID unknown\"}");
    client_close(&it);
    client_close(&poll);
  }
}

static void closes_when_polls_overlap(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix), other = client_connect(fix);
  sid session = client_open(&it);
  client_poll(&it, &session);
  client_expect_silence(&it);
  client_poll(&other, &session);
  EXPECT_ANSWER(&other, 400, "");
  EXPECT_ANSWER(&it, 200, "1");
  EXPECT_LOG(fix, "open polling\nclose transport error: overlap from client\n");
  client_close(&it);
  client_close(&other);
}

static void begin_post(client *it, const sid *session) {
  client_say(it,
             "POST /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: x\r\n"
             "Content-Length: 10\r\n\r\n4",
             session->text);
  client_expect_silence(it);
}

static void closes_when_posts_overlap(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix), other = client_connect(fix);
  sid session = client_open(&it);
  begin_post(&it, &session);
  client_post(&other, &session, "4b");
  EXPECT_ANSWER(&other, 400, "");
  client_expect_end(&it);
  EXPECT_LOG(fix, "open polling\nclose transport error: data request overlap from client\n");
  client_close(&it);
  client_close(&other);
}

static void closes_when_a_poll_is_aborted(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  sid session = client_open(&it);
  client_poll(&it, &session);
  client_expect_silence(&it);
  client_close(&it);
  EXPECT_LOG(fix, "open polling\nclose transport error: poll connection closed prematurely\n");
}

static void closes_when_a_post_is_aborted(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  sid session = client_open(&it);
  begin_post(&it, &session);
  net_reset(it.fd);
  sio_buf_deinit(&it.in);
  EXPECT_LOG(fix,
             "open polling\nclose transport error: data request connection closed prematurely\n");
}

static void survives_a_post_that_is_too_large(void **state) {
  engine_fixture *fix = *state;
  fix->options.max_http_buffer_size = 10;
  engine_reopen(fix);
  for (int chunked = 0; chunked < 2; chunked++) {
    client it = client_connect(fix), large = client_connect(fix);
    sid session = client_open(&it);
    EXPECT_LOG(fix, "open polling\n");
    client_say(&large, "POST /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: x\r\n%s",
               session.text,
               chunked ? "Transfer-Encoding: chunked\r\n\r\nb\r\n4aaaaaaaaaa\r\n0\r\n\r\n"
                       : "Content-Length: 11\r\n\r\n4aaaaaaaaaa");
    EXPECT_ANSWER(&large, 413, "");
    client_post(&it, &session, "4aaaaaaaaa");
    EXPECT_ANSWER(&it, 200, "ok");
    EXPECT_LOG(fix, "text aaaaaaaaa\n");
    client_close(&it);
    client_close(&large);
  }
}

static void refuses_octets(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  sid session = client_open(&it);
  client_say(&it,
             "POST /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: x\r\n"
             "Content-Type: application/octet-stream\r\nContent-Length: 2\r\n\r\n4a",
             session.text);
  EXPECT_ANSWER(&it, 400, "");
  EXPECT_LOG(fix, "open polling\nclose transport error: invalid content\n");
  client_close(&it);
}

static void reads_half_a_million_packets_in_no_time(void **state) {
  enum { PACKETS = 500000 };
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  sid session = client_open(&it);
  char *body = malloc(2 * PACKETS);
  assert_non_null(body);
  for (size_t i = 0; i < PACKETS; i++)
    memcpy(body + 2 * i, "6\x1e", 2);
  client_post_bytes(&it, &session, sio_bytes_of(body, 2 * PACKETS - 1));
  clock_t start = clock();
  EXPECT_ANSWER(&it, 200, "ok");
  assert_true(clock() - start < CLOCKS_PER_SEC);
  free(body);
  client_close(&it);
}

/* --- compression --- */

static size_t inflate_all(const answer *from, char *out, size_t size) {
  z_stream z = {.next_in = (Bytef *)(uintptr_t)from->body,
                .avail_in = (uInt)from->len,
                .next_out = (Bytef *)out,
                .avail_out = (uInt)size};
  assert_int_equal(inflateInit2(&z, 15 + 32), Z_OK);
  assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
  inflateEnd(&z);
  return z.total_out;
}

static void compresses_long_answers(void **state) {
  engine_fixture *fix = *state;
  char text[1024];
  memset(text, 'a', sizeof(text));
  text[1023] = '\0'; /* with its digit, a packet of 1024 bytes */
  client it = client_connect(fix);
  sid session = client_open(&it);
  static const struct {
    const char *accept;
    const char *coding;
  } codings[] = {{"gzip, deflate, br", "gzip"}, {"deflate", "deflate"}, {"br", NULL}};
  for (size_t i = 0; i < COUNT(codings); i++)
    for (size_t shorter = 0; shorter < 2; shorter++) {
      engine_send(fix->session, text + shorter);
      client_say(&it,
                 "GET /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: x\r\n"
                 "Accept-Encoding: %s\r\n\r\n",
                 session.text, codings[i].accept);
      answer got = client_answer(&it);
      char line[64] = "Content-Encoding", plain[2048];
      bool packed = codings[i].coding != NULL && shorter == 0;
      if (packed)
        snprintf(line, sizeof(line), "\r\nContent-Encoding: %s\r\n", codings[i].coding);
      assert_int_equal(strstr(got.head, line) != NULL, packed);
      size_t len = packed ? inflate_all(&got, plain, sizeof(plain)) : got.len;
      assert_int_equal(len, 1024 - shorter);
    }
  client_close(&it);
}

/* --- closing --- */

static void tells_a_waiting_poll_that_it_closes(void **state) {
  engine_fixture *fix = *state;
  for (int discard = 0; discard < 2; discard++) {
    client it = client_connect(fix);
    sid session = client_open(&it);
    client_poll(&it, &session);
    client_expect_silence(&it);
    sio_session_close(fix->session, discard);
    EXPECT_ANSWER(&it, 200, "1");
    EXPECT_LOG(fix, "open polling\nclose forced close\n");
    client_close(&it);
  }
}

static void tells_the_next_poll_that_it_closes(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix), post = client_connect(fix);
  sid session = client_open(&it);
  sio_session_close(fix->session, false);
  assert_int_equal(sio_session_get_state(fix->session), SIO_CLOSING);
  client_post(&post, &session, "4ignored");
  EXPECT_ANSWER(&post, 200, "ok");
  client_poll(&it, &session);
  EXPECT_ANSWER(&it, 200,
                "6\x1e"
                "1");
  EXPECT_LOG(fix, "open polling\nclose forced close\n");
  client_close(&it);
  client_close(&post);
}

static void sends_the_rest_before_it_closes(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  sid session = client_open(&it);
  engine_send(fix->session, "bye");
  sio_session_close(fix->session, false);
  engine_send(fix->session, "too late");
  client_poll(&it, &session);
  EXPECT_ANSWER(&it, 200, "4bye");
  client_poll(&it, &session);
  EXPECT_ANSWER(&it, 200,
                "6\x1e"
                "1");
  EXPECT_LOG(fix, "open polling\nclose forced close\n");
  client_close(&it);
}

static void closes_although_no_poll_comes(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  client_open(&it);
  sio_session_close(fix->session, false);
  uint64_t now = sio_loop_now(fix->loop);
  sio_deadlines_run(&fix->engine->poll_close, now + SIO_POLL_CLOSE_TIMEOUT - 1);
  assert_int_equal(sio_session_get_state(fix->session), SIO_CLOSING);
  sio_deadlines_run(&fix->engine->poll_close, now + SIO_POLL_CLOSE_TIMEOUT);
  EXPECT_LOG(fix, "open polling\nclose forced close\n");
  client_close(&it);
}

static void ends_at_once_when_the_client_closes_too(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  sid session = client_open(&it);
  sio_session_close(fix->session, false);
  client_post(&it, &session,
              "4ignored\x1e"
              "1");
  EXPECT_ANSWER(&it, 200, "ok");
  EXPECT_LOG(fix, "open polling\nclose transport close\n");
  client_close(&it);
}

static void drops_the_rest_when_told_so(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  sid session = client_open(&it);
  engine_send(fix->session, "lost");
  sio_session_close(fix->session, true);
  assert_int_equal(sio_engine_count(fix->engine), 0);
  client_poll(&it, &session);
  assert_int_equal(client_answer(&it).status, 400);
  EXPECT_LOG(fix, "open polling\nclose forced close\n");
  client_close(&it);
}

static void close_session(engine_fixture *fix, sio_session *session, sio_bytes data, bool binary) {
  (void)fix;
  (void)binary;
  sio_session_close(session, sio_bytes_eq(data, SIO_BYTES("discard")));
}

static void answers_the_post_that_made_it_close(void **state) {
  engine_fixture *fix = *state;
  fix->on_message = close_session;
  client it = client_connect(fix);
  sid session = client_open(&it);
  client_post(&it, &session,
              "4discard\x1e"
              "4ignored");
  EXPECT_ANSWER(&it, 200, "ok");
  EXPECT_LOG(fix, "open polling\ntext discard\nclose forced close\n");
  client_close(&it);
}

/* --- slow clients --- */

static void closes_a_client_that_does_not_poll(void **state) {
  engine_fixture *fix = *state;
  fix->options.max_backpressure = 8;
  for (int close = 0; close < 2; close++) {
    fix->options.close_slow = close;
    engine_reopen(fix);
    client it = client_connect(fix);
    sid session = client_open(&it);
    for (int i = 0; i < 5; i++)
      engine_send(fix->session, "1234567"); /* all of this turn */
    assert_int_equal(sio_session_get_state(fix->session), SIO_OPEN);
    client_expect_silence(&it);
    assert_false(sio_session_is_ready(fix->session));
    engine_send(fix->session, "more");
    EXPECT_LOG(fix,
               close ? "open polling\nclose transport error: client too slow\n" : "open polling\n");
    client_poll(&it, &session);
    assert_int_equal(client_answer(&it).status, close ? 400 : 200);
    sio_buf_clear(&fix->log);
    client_close(&it);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ENGINE_TEST(answers_a_waiting_poll),
      ENGINE_TEST(keeps_what_no_poll_took),
      ENGINE_TEST(hands_out_the_packets_of_a_post),
      ENGINE_TEST(ends_with_a_bad_packet_behind_the_good_ones),
      ENGINE_TEST(closes_when_polls_overlap),
      ENGINE_TEST(closes_when_posts_overlap),
      ENGINE_TEST(closes_when_a_poll_is_aborted),
      ENGINE_TEST(closes_when_a_post_is_aborted),
      ENGINE_TEST(survives_a_post_that_is_too_large),
      ENGINE_TEST(refuses_octets),
      ENGINE_TEST(reads_half_a_million_packets_in_no_time),
      ENGINE_TEST(compresses_long_answers),
      ENGINE_TEST(tells_a_waiting_poll_that_it_closes),
      ENGINE_TEST(tells_the_next_poll_that_it_closes),
      ENGINE_TEST(sends_the_rest_before_it_closes),
      ENGINE_TEST(closes_although_no_poll_comes),
      ENGINE_TEST(ends_at_once_when_the_client_closes_too),
      ENGINE_TEST(drops_the_rest_when_told_so),
      ENGINE_TEST(answers_the_post_that_made_it_close),
      ENGINE_TEST(closes_a_client_that_does_not_poll),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
