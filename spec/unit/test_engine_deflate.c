/* Sessions whose WebSocket compresses: the handshake, both ways, the end. */
#include "engine_fixture.h"

#define NO_CONTEXT "; server_no_context_takeover; client_no_context_takeover"

static void open_deflating(engine_fixture *fix, size_t threshold) {
  fix->options.deflate.is_on = true;
  fix->options.deflate.threshold = threshold;
  engine_reopen(fix);
}

static void ask(client *it, const char *query, const char *extensions) {
  client_say(
      it, "GET /socket.io/?EIO=4&%s HTTP/1.1\r\n" WS_HEADERS "Sec-WebSocket-Extensions: %s\r\n\r\n",
      query, extensions);
}

/* A message of the client. The payloads are those of RFC 7692, 7.2.3, or zlib's. */
#define SEND_PACKED(it, payload) ws_send_bytes(it, 0xc1, SIO_BYTES(payload))
#define HELLO "\x32\xf1\x48\xcd\xc9\xc9\x07\x00" /* "4Hello" */

/* The next frame is a compressed one of text; text NULL: the open packet. */
static void expect_packed(client *it, sio_deflate *reader, const char *text) {
  client_await(it, 2);
  assert_int_equal((unsigned char)it->in.base[0], 0xc1);
  size_t len, head = ws_head(it, &len);
  client_await(it, head + len);
  sio_buf out = {0};
  sio_bytes payload = {it->in.base + head, len};
  assert_int_equal(sio_deflate_unpack(reader, payload, 4096, &out), 0);
  if (text != NULL)
    assert_true(sio_bytes_eq(sio_buf_bytes(&out), sio_bytes_str(text)));
  else
    assert_true(sio_bytes_starts(sio_buf_bytes(&out), SIO_BYTES("0{\"sid\":\"")));
  sio_buf_deinit(&out);
  sio_buf_consume(&it->in, head + len);
}

/* The open packet, too short to be compressed. */
static void skip_open(client *it) {
  client_await(it, 2);
  assert_int_equal((unsigned char)it->in.base[0], 0x81);
  size_t len, head = ws_head(it, &len);
  client_await(it, head + len);
  sio_buf_consume(&it->in, head + len);
}

static sio_deflate *new_reader(bool no_context) {
  const sio_deflate_params params = {.client_no_context = no_context};
  sio_deflate_options options;
  sio_deflate_options_init(&options);
  sio_deflate_pool *pool = sio_deflate_pool_new(&options);
  sio_deflate *reader = sio_deflate_new(pool, &params);
  sio_deflate_pool_unref(pool);
  return reader;
}

static void expect_accepted(client *it, const char *parameters) {
  char head[512];
  snprintf(head, sizeof(head), "%.*s%s%s%s\r\n", (int)sizeof(WS_ANSWER) - 3, WS_ANSWER,
           parameters != NULL ? "Sec-WebSocket-Extensions: permessage-deflate" : "",
           parameters != NULL ? parameters : "", parameters != NULL ? "\r\n" : "");
  client_expect(it, sio_bytes_str(head));
}

static const struct {
  const char *extensions;
  const char *parameters; /* of the answer; NULL: none */
} offers[] = {
    {"permessage-deflate; client_max_window_bits", ""},
    {"permessage-deflate" NO_CONTEXT, NO_CONTEXT},
    {"foo, permessage-deflate; server_max_window_bits=10", "; server_max_window_bits=10"},
    {"constructor", NULL},
};

static void names_what_it_takes_in_the_answer(void **state) {
  engine_fixture *fix = *state;
  for (int is_on = 0; is_on < 2; is_on++) {
    fix->options.deflate.is_on = is_on;
    engine_reopen(fix);
    for (size_t i = 0; i < COUNT(offers); i++) {
      client it = client_connect(fix);
      ask(&it, "transport=websocket", offers[i].extensions);
      expect_accepted(&it, is_on ? offers[i].parameters : NULL);
      client_close(&it);
    }
  }
}

static void refuses_what_it_cannot_take(void **state) {
  engine_fixture *fix = *state;
  static const char *const bad[] = {"permessage-deflate; foo", "permessage-deflate, =", "",
                                    "permessage-deflate; server_max_window_bits=7"};
  open_deflating(fix, 0);
  for (size_t i = 0; i < COUNT(bad); i++) {
    client it = client_connect(fix);
    ask(&it, "transport=websocket", bad[i]);
    EXPECT_ANSWER(&it, 400, "Invalid or unacceptable Sec-WebSocket-Extensions header");
    client_expect_end(&it);
    client_close(&it);
  }
  assert_int_equal(sio_engine_count(fix->engine), 0);
}

static void compresses_both_ways(void **state) {
  engine_fixture *fix = *state;
  open_deflating(fix, 1024);
  client it = client_connect(fix);
  sio_deflate *reader = new_reader(false);
  ask(&it, "transport=websocket", "permessage-deflate");
  expect_accepted(&it, "");
  expect_packed(&it, reader, NULL); /* with a context the threshold means nothing */
  SEND_PACKED(&it, HELLO);
  ws_send(&it, "4plain");
  EXPECT_LOG(fix, "open websocket\ntext Hello\ntext plain\n");
  for (int i = 0; i < 3; i++) {
    engine_send(fix->session, "Hello");
    expect_packed(&it, reader, "4Hello");
  }
  ws_send_bytes(&it, 0x89, SIO_BYTES("?"));
  ws_expect(&it, 0x8a, "?"); /* control frames are never compressed */
  sio_session_close(fix->session, false);
  ws_expect_close(&it, "");
  sio_deflate_free(reader);
  client_close(&it);
}

/* What the application says of compression is for polling. */
static void compresses_what_is_called_plain(void **state) {
  engine_fixture *fix = *state;
  open_deflating(fix, 1024);
  client it = client_connect(fix);
  sio_deflate *reader = new_reader(false);
  ask(&it, "transport=websocket", "permessage-deflate");
  expect_accepted(&it, "");
  expect_packed(&it, reader, NULL);
  sio_frame *frame = sio_packet_frame(SIO_PACKET_MESSAGE, SIO_BYTES("Hello"));
  frame->plain = true;
  assert_int_equal(sio_session_send(fix->session, frame), 0);
  sio_frame_unref(frame);
  expect_packed(&it, reader, "4Hello");
  sio_deflate_free(reader);
  client_close(&it);
}

static void compresses_a_broadcast_once(void **state) {
  enum { CROWD = 3 };
  engine_fixture *fix = *state;
  char text[2001] = "";
  memset(text, 'x', sizeof(text) - 1);
  open_deflating(fix, 1024);
  client crowd[CROWD];
  sio_session *sessions[CROWD];
  for (int i = 0; i < CROWD; i++) {
    crowd[i] = client_connect(fix);
    ask(&crowd[i], "transport=websocket", "permessage-deflate" NO_CONTEXT);
    expect_accepted(&crowd[i], NO_CONTEXT);
    skip_open(&crowd[i]);
    sessions[i] = sio_session_ref(fix->session);
  }
  sio_frame *frame = sio_packet_frame(SIO_PACKET_MESSAGE, sio_bytes_str(text));
  for (int i = 0; i < CROWD; i++)
    assert_int_equal(sio_session_send(sessions[i], frame), 0);
  assert_int_equal(frame->refs, 1);
  assert_non_null(frame->others);
  assert_null(frame->others->others);
  assert_int_equal(frame->others->refs, 1 + CROWD);
  sio_frame_unref(frame);
  char message[2002];
  snprintf(message, sizeof(message), "4%s", text);
  sio_deflate *reader = new_reader(true);
  for (int i = 0; i < CROWD; i++) {
    expect_packed(&crowd[i], reader, message);
    sio_session_unref(sessions[i]);
    client_close(&crowd[i]);
  }
  sio_deflate_free(reader);
}

static void compresses_after_an_upgrade(void **state) {
  engine_fixture *fix = *state;
  open_deflating(fix, 0);
  client poll = client_connect(fix), it = client_connect(fix);
  sid id = client_open(&poll);
  char query[64];
  snprintf(query, sizeof(query), "transport=websocket&sid=%s", id.text);
  ask(&it, query, "permessage-deflate" NO_CONTEXT);
  expect_accepted(&it, NO_CONTEXT);
  sio_deflate *reader = new_reader(true);
  ws_send(&it, "2probe");
  expect_packed(&it, reader, "3probe");
  engine_send(fix->session, "queued");
  SEND_PACKED(&it, "\x32\x05\x00"); /* "5" */
  expect_packed(&it, reader, "4queued");
  SEND_PACKED(&it, HELLO);
  EXPECT_LOG(fix, "open polling\nupgrade websocket\ntext Hello\n");
  sio_deflate_free(reader);
  client_close(&it);
  client_close(&poll);
}

#define UNREADABLE "close transport error: invalid UTF-8 or compression\n"

static const struct {
  unsigned first;
  sio_bytes payload;
  const char *goodbye;
  const char *log;
} ends[] = {
    {0xc1, SIO_BYTES("\xff\xff"), "\x03\xef", UNREADABLE},
    {0xc1, SIO_BYTES("\xfb\x0f\x00"), "\x03\xef", UNREADABLE}, /* an octet 255 */
    {0xc1, SIO_BYTES("\x4a\x4c\x24\x12\x00\x00"), "\x03\xf1",  /* 41 times 'a' */
     "close transport error: message too large\n"},
    {0xc9, SIO_BYTES(""), "\x03\xea", "close transport error: invalid WebSocket frame\n"},
    {0xa1, SIO_BYTES(""), "\x03\xea", "close transport error: invalid WebSocket frame\n"},
};

static void ends_with_the_right_reason_and_close_frame(void **state) {
  engine_fixture *fix = *state;
  fix->options.max_http_buffer_size = 40;
  open_deflating(fix, 1024);
  for (size_t i = 0; i < COUNT(ends); i++) {
    client it = client_connect(fix);
    ask(&it, "transport=websocket", "permessage-deflate" NO_CONTEXT);
    expect_accepted(&it, NO_CONTEXT);
    skip_open(&it);
    EXPECT_LOG(fix, "open websocket\n");
    ws_send_bytes(&it, ends[i].first, ends[i].payload);
    ws_expect_close(&it, ends[i].goodbye);
    EXPECT_LOG(fix, ends[i].log);
    client_expect_end(&it);
    client_close(&it);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ENGINE_TEST(names_what_it_takes_in_the_answer),
      ENGINE_TEST(refuses_what_it_cannot_take),
      ENGINE_TEST(compresses_both_ways),
      ENGINE_TEST(compresses_what_is_called_plain),
      ENGINE_TEST(compresses_a_broadcast_once),
      ENGINE_TEST(compresses_after_an_upgrade),
      ENGINE_TEST(ends_with_the_right_reason_and_close_frame),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
