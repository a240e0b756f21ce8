/*
 * Whole lives of sessions with one allocation after another failing, whoever makes it: nothing
 * crashes, nothing stays, and each session that was told of is told to be closed.
 */
#include "engine_fixture.h"
#include "fail_alloc.h"

typedef struct life {
  void (*live)(client *it, client *other);
  int opened, messages, upgraded, closed; /* of the last run */
} life;

static void turn_loop(sio_loop *loop) {
  for (int i = 0; i < 3; i++) {
    sio_loop_run(loop, SIO_RUN_NOWAIT);
    struct pollfd fd = {.fd = sio_loop_fd(loop), .events = POLLIN};
    poll(&fd, 1, i == 0 ? 1 : 0);
  }
}

static void turn(client *it, client *other) {
  char bytes[4096];
  turn_loop(it->fix->loop);
  while (recv(it->fd, bytes, sizeof(bytes), 0) > 0 || recv(other->fd, bytes, sizeof(bytes), 0) > 0)
    continue;
}

static void say(client *it, const char *text, size_t len) {
  (void)!send(it->fd, text, len, MSG_NOSIGNAL);
}

#define SAY(it, literal) say(it, literal, sizeof(literal) - 1)

__attribute__((format(printf, 2, 3))) static void say_line(client *it, const char *format, ...) {
  char text[1024];
  va_list args;
  va_start(args, format);
  int n = vsnprintf(text, sizeof(text), format, args);
  va_end(args);
  say(it, text, (size_t)n);
}

static void send_message(engine_fixture *fix, const char *text) {
  sio_frame *frame = sio_packet_frame(SIO_PACKET_MESSAGE, sio_bytes_str(text));
  if (frame != NULL && fix->session != NULL)
    sio_session_send(fix->session, frame);
  sio_frame_unref(frame);
}

static void send_bytes(engine_fixture *fix) {
  sio_frame *frame = sio_message_binary(SIO_BYTES("x"));
  if (frame != NULL && fix->session != NULL)
    sio_session_send(fix->session, frame);
  sio_frame_unref(frame);
}

static void live_on_websocket(client *it, client *other) {
  engine_fixture *fix = it->fix;
  SAY(it, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n" WS_HEADERS "\r\n\x81\x86\0\0\0\0"
          "4early");
  turn(it, other);
  SAY(it, "\x01\x83\0\0\0\0"
          "4ab\x89\x82\0\0\0\0hi\x80\x81\0\0\0\0"
          "c\x81\x84\0\0\0\0"
          "4");
  turn(it, other);
  SAY(it, "end");
  send_message(fix, "out");
  turn(it, other);
  if (fix->session != NULL)
    sio_session_close(fix->session, false);
  turn(it, other);
}

/* "Hello" of RFC 7692, 7.2.3.1, with the type of a message before it. */
#define PACKED "\xc1\x88\0\0\0\0\x32\xf1\x48\xcd\xc9\xc9\x07\x00"

static void live_packed(client *it, client *other, const char *parameters) {
  engine_fixture *fix = it->fix;
  say_line(it,
           "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n" WS_HEADERS
           "Sec-WebSocket-Extensions: permessage-deflate%s\r\n\r\n",
           parameters);
  turn(it, other);
  SAY(it, PACKED PACKED);
  send_message(fix, "out");
  send_message(fix, "out");
  turn(it, other);
  if (fix->session != NULL)
    sio_session_close(fix->session, false);
  turn(it, other);
}

static void live_in_context(client *it, client *other) {
  live_packed(it, other, "");
}

static void live_without_context(client *it, client *other) {
  live_packed(it, other, "; server_no_context_takeover; client_no_context_takeover");
}

static void live_on_polling(client *it, client *other) {
  engine_fixture *fix = it->fix;
  SAY(it, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip"
          "\r\n\r\n");
  turn(it, other);
  if (fix->session == NULL)
    return;
  const char *id = sio_session_id(fix->session).base;
  say_line(it,
           "POST /socket.io/?EIO=4&transport=polling&sid=%.20s HTTP/1.1\r\nHost: x\r\n"
           "Content-Length: 8\r\n\r\n4a\x1e"
           "bAQI=",
           id);
  turn(it, other);
  send_message(fix, "one");
  send_message(fix, "two");
  say_line(it,
           "GET /socket.io/?EIO=4&transport=polling&sid=%.20s HTTP/1.1\r\nHost: x\r\n"
           "Accept-Encoding: gzip\r\n\r\n",
           id);
  turn(it, other);
  say_line(other,
           "GET /socket.io/?EIO=4&transport=websocket&sid=%.20s HTTP/1.1\r\n" WS_HEADERS "\r\n",
           id);
  SAY(other, "\x81\x86\0\0\0\0"
             "2probe");
  turn(it, other);
  send_message(fix, "meanwhile");
  SAY(other, "\x81\x81\0\0\0\0"
             "5");
  turn(it, other);
  sio_session_close(fix->session, true);
  turn(it, other);
}

/* The same in revision 3, with scripts and bytes. */
static void live_in_revision3(client *it, client *other) {
  engine_fixture *fix = it->fix;
  SAY(it, "GET /socket.io/?EIO=3&transport=polling&j=1 HTTP/1.1\r\nHost: x\r\n\r\n");
  turn(it, other);
  if (fix->session == NULL)
    return;
  const char *id = sio_session_id(fix->session).base;
  say_line(it,
           "POST /socket.io/?EIO=3&transport=polling&sid=%.20s HTTP/1.1\r\nHost: x\r\n"
           "Content-Length: 14\r\n\r\nd=2:4a6:b4AQI=",
           id);
  turn(it, other);
  send_message(fix, "one");
  say_line(it, "GET /socket.io/?EIO=3&transport=polling&sid=%.20s HTTP/1.1\r\nHost: x\r\n\r\n", id);
  turn(it, other);
  say_line(other,
           "GET /socket.io/?EIO=3&transport=websocket&sid=%.20s HTTP/1.1\r\n" WS_HEADERS "\r\n",
           id);
  SAY(other, "\x81\x86\0\0\0\0"
             "2probe");
  turn(it, other);
  send_bytes(fix);
  SAY(other, "\x81\x81\0\0\0\0"
             "5\x81\x81\0\0\0\0"
             "2\x82\x82\0\0\0\0\x04x");
  turn(it, other);
  send_bytes(fix);
  turn(it, other);
  sio_session_close(fix->session, true);
  turn(it, other);
}

static void live_refused(client *it, client *other) {
  SAY(it, "GET /socket.io/?transport=tobi HTTP/1.1\r\nHost: x\r\n\r\n");
  SAY(other, "GET /socket.io/?EIO=4&transport=websocket&sid=x HTTP/1.1\r\n" WS_HEADERS "\r\n");
  turn(it, other);
}

/* What the hooks tell is counted, not logged: the log would need memory too. */
typedef struct count {
  engine_fixture fix;
  life *life;
} count;

static void on_session(void *ctx, sio_session *session) {
  count *it = ctx;
  it->life->opened++;
  it->fix.session = sio_session_ref(session);
}

static void on_message(void *ctx, sio_session *session, char *data, size_t len, bool binary) {
  count *it = ctx;
  (void)session, (void)data, (void)len, (void)binary;
  it->life->messages++;
}

static void on_upgrade(void *ctx, sio_session *session) {
  count *it = ctx;
  (void)session;
  it->life->upgraded++;
}

static void on_close(void *ctx, sio_session *session, const char *reason, const char *detail) {
  count *it = ctx;
  (void)session, (void)reason, (void)detail;
  it->life->closed++;
}

static const sio_engine_hooks hooks = {.on_session = on_session,
                                       .on_message = on_message,
                                       .on_upgrade = on_upgrade,
                                       .on_close = on_close};

static bool open_all(count *it) {
  sio_http_options options;
  sio_http_options_init(&options);
  sio_engine_options_init(&it->fix.options);
  it->fix.options.compression_threshold = 0;
  it->fix.options.max_connections_per_ip = 10;
  it->fix.options.allow_eio3 = true;
  it->fix.options.cookie_name = SIO_BYTES("io");
  it->fix.options.deflate.is_on = true;
  it->fix.options.deflate.threshold = 0;
  it->fix.server = sio_http_server_new(it->fix.loop, &options);
  it->fix.engine = sio_engine_new(it->fix.loop, &it->fix.options, &hooks, it);
  if (it->fix.server == NULL || it->fix.engine == NULL)
    return false;
  sio_http_server_add(it->fix.server, sio_engine_handler(it->fix.engine), false);
  return sio_http_server_listen(it->fix.server, "127.0.0.1:0", NULL) == 0;
}

static void live_once(void *ctx) {
  life *how = ctx;
  count it = {.fix = {.loop = sio_loop_new(NULL)}, .life = how};
  how->opened = how->messages = how->upgraded = how->closed = 0;
  if (it.fix.loop == NULL)
    return;
  if (open_all(&it)) {
    client one = client_connect(&it.fix), two = client_connect(&it.fix);
    how->live(&one, &two);
    client_close(&one);
    client_close(&two);
    turn_loop(it.fix.loop);
  }
  assert_int_equal(how->opened, how->closed);
  engine_shut(&it.fix);
  sio_loop_free(it.fix.loop);
  sio_session_unref(it.fix.session);
}

static void survives_on_websocket(void **state) {
  (void)state;
  life how = {.live = live_on_websocket};
  fail_alloc_at(0);
  assert_true(fail_each_alloc(live_once, &how) > 10);
  assert_int_equal(how.opened, 1);
  assert_int_equal(how.messages, 3);
}

static void survives_compression(void **state) {
  (void)state;
  life lives[] = {{.live = live_in_context}, {.live = live_without_context}};
  for (size_t i = 0; i < COUNT(lives); i++) {
    fail_alloc_at(0);
    assert_true(fail_each_alloc(live_once, &lives[i]) > 20);
    assert_int_equal(lives[i].opened, 1);
    assert_int_equal(lives[i].messages, 2);
  }
}

static void survives_on_polling_and_the_upgrade(void **state) {
  (void)state;
  life how = {.live = live_on_polling};
  fail_alloc_at(0);
  assert_true(fail_each_alloc(live_once, &how) > 20);
  assert_int_equal(how.opened, 1);
  assert_int_equal(how.messages, 2);
  assert_int_equal(how.upgraded, 1);
}

static void survives_in_revision3(void **state) {
  (void)state;
  life how = {.live = live_in_revision3};
  fail_alloc_at(0);
  assert_true(fail_each_alloc(live_once, &how) > 20);
  assert_int_equal(how.opened, 1);
  assert_int_equal(how.messages, 3);
  assert_int_equal(how.upgraded, 1);
}

static void survives_refusals(void **state) {
  (void)state;
  life how = {.live = live_refused};
  fail_alloc_at(0);
  assert_true(fail_each_alloc(live_once, &how) > 10);
  assert_int_equal(how.opened, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(survives_on_websocket),
      cmocka_unit_test(survives_compression),
      cmocka_unit_test(survives_on_polling_and_the_upgrade),
      cmocka_unit_test(survives_in_revision3),
      cmocka_unit_test(survives_refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
