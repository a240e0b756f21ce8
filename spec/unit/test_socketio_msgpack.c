/* Clients of a server whose parser is MessagePack's: each packet is one binary message. */
#include "base/error.h"
#include "socketio_fixture.h"

static void start(fixture *f, const sio_hooks *hooks) {
  sio_server_options options;
  sio_server_options_init(&options);
  options.parser = &sio_parser_msgpack;
  fixture_init(f, &options, hooks);
}

static int set_up(void **state) {
  static fixture f;
  fail_alloc_at(0);
  fail_alloc_now.live = 0;
  fake_live_sessions = 0;
  start(&f, &fixture_hooks);
  sio_server_nsp(f.server, SIO_BYTES("/a"), true);
  *state = &f;
  return 0;
}

#define MSGPACK_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, fixture_tear_down)

/* A packet in "/"; map is the head of as many members as there are. */
#define PACKET(map, type, more) SIO_BYTES(map "\xa4type" type "\xa3nsp\xa1/" more)
#define BYTES(literal) literal, sizeof(literal) - 1
#define DATA "\xa4\x64\x61ta"

static const char FORCED[] = "disconnecting / forced close; disconnect / forced close; forget /";

static void say(sio_session *session, sio_bytes packet) {
  session_receive(session, packet, true);
}

/* A session whose socket is connected to "/". */
static sio_session *join(fixture *f) {
  sio_session *session = session_open(f->engine);
  say(session, PACKET("\x82", "\0", ""));
  session_sent(session);
  assert_told(f, "connect /");
  return session;
}

/* Hexadecimal digits of what was sent, as fake_engine.h writes them. */
#define TYPE "a474797065"
#define NSP "a36e7370"
#define DATA_HEX "a464617461"

static void joins_and_leaves(void **state) {
  fixture *f = *state;
  sio_session *session = session_open(f->engine);
  say(session, PACKET("\x83", "\0", DATA "\x81\xa1t\5"));
  const char *sent = session_sent(session);
  static const char head[] = "<83" TYPE "00" DATA_HEX "82a3736964b4",
                    tail[] = "a3706964d40000" NSP "a12f>";
  assert_int_equal(strlen(sent), sizeof(head) - 1 + 2 * SIO_ID_LEN + sizeof(tail) - 1);
  assert_memory_equal(sent, head, sizeof(head) - 1);
  assert_string_equal(sent + sizeof(head) - 1 + 2 * SIO_ID_LEN, tail);
  assert_told(f, "connect / \x81\xa1t\5");
  say(session, PACKET("\x82", "\1", ""));
  assert_sent(session, "");
  assert_told(f, "disconnecting / client namespace disconnect; "
                 "disconnect / client namespace disconnect; forget /");
}

static void is_told_that_a_namespace_is_unknown(void **state) {
  (void)state;
  sio_hooks hooks = fixture_hooks;
  hooks.on_unknown = NULL;
  fixture f;
  start(&f, &hooks);
  sio_session *session = session_open(f.engine);
  say(session, SIO_BYTES("\x82\xa4type\0\xa3nsp\xa2/b"));
  assert_sent(session, "<83" TYPE "04" DATA_HEX "81a76d657373616765b1"
                       "496e76616c6964206e616d657370616365" NSP "a22f62>");
  fixture_deinit(&f);
}

static void events_come_in_whole(void **state) {
  fixture *f = *state;
  sio_session *session = join(f);
  say(session, PACKET("\x83", "\2", DATA "\x92\xa1x\xc4\1!"));
  say(session, PACKET("\x84", "\2", DATA "\x91\xa1y\xa2id\7"));
  say(session, PACKET("\x84", "\3", DATA "\x91\xa1z\xa2id\0"));
  assert_told(f, "event / \x92\xa1x\xc4\1!; event / \x91\xa1y #7; ack / \x91\xa1z #0");
  assert_int_equal(session->state, SIO_OPEN);
}

static void sends_what_it_is_told_to(void **state) {
  fixture *f = *state;
  sio_session *first = join(f), *second = join(f);
  sio_packet packet = {.type = SIO_EVENT, .nsp = SIO_BYTES("/"), .id = SIO_NO_ACK};
  packet.payload = SIO_BYTES("\x91\xa1x");
  sio_message message;
  assert_int_equal(sio_message_init(&message, &sio_parser_msgpack, &packet, NULL, 0), 0);
  sio_target all = {0};
  assert_int_equal(sio_nsp_broadcast(nsp_of(f, "/"), &all, &message, false), 2);
  sio_message_deinit(&message);
  assert_sent(first, "<83" TYPE "02" DATA_HEX "91a178" NSP "a12f>");
  assert_sent(second, "<83" TYPE "02" DATA_HEX "91a178" NSP "a12f>");
  sio_socket_disconnect(f->last, true);
  assert_sent(second, "<82" TYPE "01" NSP "a12f>");
}

static void text_is_refused(void **state) {
  fixture *f = *state;
  sio_session *session = join(f);
  session_says(session, "2[\"x\"]");
  char expected[256];
  snprintf(expected, sizeof(expected), "error / %s; %s",
           "got plaintext data where packets are binary", FORCED);
  assert_told(f, expected);
  assert_int_equal(session->state, SIO_CLOSING);
}

static void what_is_malformed_closes(void **state) {
  static const struct {
    sio_bytes packet;
    const char *reason;
  } cases[] = {
      {{BYTES("")}, "malformed MessagePack"},
      {{BYTES("\x83\xa4type\2\xa3nsp\xa1/" DATA "\xdd\xff\xff\xff\xff")}, "malformed MessagePack"},
      {{BYTES("\x82\xa4type\1\xa3nsp\xa1/!")}, "trailing bytes"},
      {{BYTES("\x82\xa4type\5\xa3nsp\xa1/")}, "invalid packet type"},
      {{BYTES("\x82\xa4type\2\xa3nsp\xa1/")}, "invalid payload"},
  };
  fixture *f = *state;
  for (size_t i = 0; i < COUNT(cases); i++) {
    sio_session *session = join(f);
    say(session, cases[i].packet);
    char expected[256];
    snprintf(expected, sizeof(expected), "error / %s; %s", cases[i].reason, FORCED);
    assert_told(f, expected);
    assert_int_equal(session->state, SIO_CLOSING);
  }
}

static void protocol_3_has_the_same_packets(void **state) {
  fixture *f = *state;
  sio_session *session = session_open_as(f->engine, 3);
  assert_sent(session, "<82" TYPE "00" NSP "a12f>");
  say(session, SIO_BYTES("\x82\xa4type\0\xa3nsp\xa6/a?x=1"));
  assert_sent(session, "<82" TYPE "00" NSP "a22f61>");
  assert_told(f, "connect /; connect /a x=1");
  say(session, SIO_BYTES("\x83\xa4type\2\xa3nsp\xa6/a?x=1" DATA "\x91\xa1y"));
  assert_told(f, "event /a \x91\xa1y");
}

static void live(void *ctx) {
  fixture *f = ctx;
  sio_session *session = session_open(f->engine);
  say(session, PACKET("\x82", "\0", ""));
  say(session, SIO_BYTES("\x82\xa4type\0\xa3nsp\xa4/new"));
  say(session, PACKET("\x83", "\2", DATA "\x91\xa1x"));
  session_end(session, "transport close", NULL);
  told(f);
}

static void needs_memory(void **state) {
  live(*state);
  assert_true(fail_each_alloc(live, *state) > 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      MSGPACK_TEST(joins_and_leaves),
      MSGPACK_TEST(is_told_that_a_namespace_is_unknown),
      MSGPACK_TEST(events_come_in_whole),
      MSGPACK_TEST(sends_what_it_is_told_to),
      MSGPACK_TEST(text_is_refused),
      MSGPACK_TEST(what_is_malformed_closes),
      MSGPACK_TEST(protocol_3_has_the_same_packets),
      MSGPACK_TEST(needs_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
