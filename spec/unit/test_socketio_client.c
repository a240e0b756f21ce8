/* What a client may send, and what becomes of it if it may not. */
#include "base/limits.h"
#include "socketio_fixture.h"

static const char ERROR_END[] = "disconnecting / forced close; disconnect / forced close; forget /";

/* --- joining --- */

static void test_connect(void **state) {
  fixture *f = *state;
  sio_session *session = session_open(f->engine);
  session_says(session, "0{\"token\":1}");
  assert_sent(session, "40{\"sid\":\"*\"}");
  session_says(session, "0/a");
  assert_sent(session, "40/a,{\"sid\":\"*\"}");
  assert_told(f, "connect / {\"token\":1}; connect /a");
  assert_int_equal(sio_nsp_count(nsp_of(f, "/")), 1);
  assert_int_equal(sio_nsp_count(nsp_of(f, "/a")), 1);
  assert_ptr_equal(sio_nsp_find(nsp_of(f, "/a"), sio_socket_id(f->last)), f->last);
  assert_true(sio_socket_is_in(f->last, sio_socket_id(f->last)));
  assert_int_equal(session->state, SIO_OPEN);
}

static void test_connect_later(void **state) {
  fixture *f = *state;
  f->accepts = false;
  sio_session *session = session_open(f->engine);
  session_says(session, "0");
  assert_int_equal(sio_nsp_count(nsp_of(f, "/")), 0);
  assert_null(sio_nsp_find(nsp_of(f, "/"), sio_socket_id(f->last)));
  assert_sent(session, "");
  assert_int_equal(sio_socket_accept(f->last, sio_bytes_of(NULL, 0)), 0);
  assert_int_equal(sio_socket_accept(f->last, sio_bytes_of(NULL, 0)), SIO_ECLOSED);
  assert_int_equal(sio_socket_refuse(f->last, SIO_BYTES("{}")), SIO_ECLOSED);
  assert_sent(session, "40{\"sid\":\"*\"}");
  assert_int_equal(sio_nsp_count(nsp_of(f, "/")), 1);
}

static void test_refuse(void **state) {
  fixture *f = *state;
  f->accepts = false;
  sio_session *session = session_open(f->engine);
  session_says(session, "0/a,");
  sio_socket *socket = sio_socket_ref(f->last);
  assert_int_equal(sio_socket_join(socket, SIO_BYTES("r")), 0);
  assert_int_equal(sio_socket_refuse(socket, SIO_BYTES("{\"message\":\"no\"}")), 0);
  assert_sent(session, "44/a,{\"message\":\"no\"}");
  assert_told(f, "connect /a; forget /a");
  assert_int_equal(sio_nsp_room_count(nsp_of(f, "/a"), SIO_BYTES("r")), 0);
  assert_int_equal(sio_socket_accept(socket, sio_bytes_of(NULL, 0)), SIO_ECLOSED);
  sio_socket_unref(socket);
  f->accepts = true; /* it may try again */
  session_says(session, "0/a,");
  assert_sent(session, "40/a,{\"sid\":\"*\"}");
}

static void test_restoring(void **state) {
  fixture *f = *state;
  f->accepts = false;
  sio_session *session = session_open(f->engine);
  session_says(session, "0");
  sio_bytes id = SIO_BYTES("abcdefghijklmnopqrst");
  assert_int_equal(sio_socket_restore(f->last, SIO_BYTES("short")), SIO_EINVAL);
  assert_int_equal(sio_socket_restore(f->last, id), 0);
  assert_int_equal(sio_socket_join(f->last, SIO_BYTES("r")), 0);
  assert_int_equal(sio_socket_restore(f->last, id), SIO_EINVAL); /* rooms know it by its id now */
  assert_int_equal(sio_socket_accept(f->last, SIO_BYTES("secret")), 0);
  assert_sent(session, "40{\"sid\":\"*\",\"pid\":\"secret\"}");
  assert_ptr_equal(sio_nsp_find(nsp_of(f, "/"), id), f->last);
  assert_int_equal(sio_socket_restore(f->last, id), SIO_ECLOSED);
}

static void test_restoring_an_id_in_use(void **state) {
  fixture *f = *state;
  f->accepts = false;
  sio_bytes id = SIO_BYTES("abcdefghijklmnopqrst");
  session_says(session_open(f->engine), "0");
  sio_socket *first = f->last;
  sio_session *session = session_open(f->engine);
  session_says(session, "0");
  assert_int_equal(sio_socket_restore(first, id), 0);
  assert_int_equal(sio_socket_restore(f->last, id), 0); /* neither is connected yet */
  assert_int_equal(sio_socket_accept(first, sio_bytes_of(NULL, 0)), 0);
  assert_int_equal(sio_socket_accept(f->last, sio_bytes_of(NULL, 0)), SIO_EINVAL);
  assert_sent(session, "");
  session_says(session_open(f->engine), "0");
  assert_int_equal(sio_socket_restore(f->last, id), SIO_EINVAL);
}

static void test_sending_before_connect(void **state) {
  fixture *f = *state;
  f->accepts = false;
  sio_session *session = session_open(f->engine);
  session_says(session, "0");
  sio_packet packet = {.type = SIO_EVENT, .nsp = SIO_BYTES("/"), .id = SIO_NO_ACK};
  packet.payload = SIO_BYTES("[\"early\"]");
  sio_message message;
  assert_int_equal(sio_message_init(&message, &sio_parser_text, &packet, NULL, 0), 0);
  assert_int_equal(sio_socket_send(f->last, &message, false), 0);
  sio_message_deinit(&message);
  sio_socket_accept(f->last, sio_bytes_of(NULL, 0));
  assert_sent(session, "42[\"early\"]\n40{\"sid\":\"*\"}");
}

static void test_auth_that_is_no_object(void **state) {
  fixture *f = *state;
  sio_socket *socket;
  sio_session *session = join_root(f, &socket);
  f->connect_status = SIO_EPARSE;
  session_says(session, "0/a,{bad");
  assert_told(f, "connect /a {bad; error / invalid payload; disconnecting / forced close; "
                 "disconnect / forced close; forget /; forget /a");
  assert_int_equal(session->state, SIO_CLOSING);
}

static void test_connecting_twice(void **state) {
  fixture *f = *state;
  sio_socket *socket;
  sio_session *session = join_root(f, &socket);
  session_says(session, "0");
  assert_told(f, ERROR_END);
  assert_int_equal(session->state, SIO_CLOSING);
  assert_false(session->was_discarded);
  assert_int_equal(sio_nsp_count(nsp_of(f, "/")), 0);
  session_says(session, "0/a"); /* too late */
  assert_told(f, "");
}

static void test_connecting_twice_while_connecting(void **state) {
  fixture *f = *state;
  f->accepts = false;
  sio_session *session = session_open(f->engine);
  session_says(session, "0");
  session_says(session, "0");
  assert_told(f, "connect /; forget /");
  assert_int_equal(session->state, SIO_CLOSING);
}

static void test_many_namespaces(void **state) {
  fixture *f = *state;
  char name[32];
  sio_session *session = session_open(f->engine);
  for (int i = 0; i <= SIO_MAX_NAMESPACES; i++) {
    snprintf(name, sizeof(name), "/n%d", i);
    assert_non_null(sio_server_nsp(f->server, sio_bytes_str(name), true));
    snprintf(name, sizeof(name), "0/n%d,", i);
    if (i == SIO_MAX_NAMESPACES) {
      assert_int_equal(session->state, SIO_OPEN);
      told(f);
    }
    session_says(session, name);
    session_sent(session);
  }
  assert_int_equal(session->state, SIO_CLOSING);
  assert_non_null(strstr(told(f), "error /n0 too many namespaces; error /n1 too many"));
}

/* The limit is of those at one time. */
static void test_coming_and_going(void **state) {
  fixture *f = *state;
  sio_session *session = session_open(f->engine);
  for (int i = 0; i < 2 * SIO_MAX_NAMESPACES; i++) {
    session_says(session, "0/a");
    session_says(session, "1/a");
    session_sent(session);
  }
  assert_int_equal(session->state, SIO_OPEN);
}

/* --- unknown namespaces --- */

static void test_unknown_without_hook(void **state) {
  (void)state;
  sio_hooks hooks = fixture_hooks;
  hooks.on_unknown = NULL;
  sio_server_options options;
  sio_server_options_init(&options);
  fixture f;
  fixture_init(&f, &options, &hooks);
  sio_session *session = session_open(f.engine);
  session_says(session, "0/zz\"\\\n?x=1,{}");
  assert_sent(session, "44/zz\"\\\n?x=1,{\"message\":\"Invalid namespace\"}");
  assert_int_equal(session->state, SIO_OPEN);
  session_says(session, "0");
  assert_sent(session, "40{\"sid\":\"*\"}");
  fixture_deinit(&f);
}

static void test_unknown_is_entered(void **state) {
  fixture *f = *state;
  sio_session *session = session_open(f->engine);
  session_says(session, "0/new?x,{\"k\":1}");
  assert_told(f, "unknown /new?x {\"k\":1}");
  sio_socket *socket = f->last;
  assert_null(sio_socket_nsp(socket));
  assert_int_equal(sio_socket_accept(socket, sio_bytes_of(NULL, 0)), SIO_EINVAL);
  assert_int_equal(sio_socket_join(socket, SIO_BYTES("r")), SIO_EINVAL);
  assert_int_equal(sio_socket_leave(socket, SIO_BYTES("r")), SIO_EINVAL);
  assert_false(sio_socket_is_in(socket, SIO_BYTES("r")));
  assert_int_equal(sio_socket_enter(socket, nsp_of(f, "/")), SIO_EINVAL);
  sio_nsp *nsp = sio_server_nsp(f->server, SIO_BYTES("/new?x"), true);
  assert_int_equal(sio_socket_enter(socket, nsp), 0);
  assert_int_equal(sio_socket_enter(socket, nsp), SIO_EINVAL);
  assert_false(sio_nsp_remove(nsp));
  assert_int_equal(sio_socket_accept(socket, sio_bytes_of(NULL, 0)), 0);
  assert_sent(session, "40/new?x,{\"sid\":\"*\"}");
  session_says(session, "2/new?x,[1]");
  assert_told(f, "event /new?x [1]");
  session_says(session, "1/new?x,");
  assert_true(sio_nsp_remove(nsp));
  assert_null(nsp_of(f, "/new?x"));
}

static void test_unknown_is_refused(void **state) {
  fixture *f = *state;
  sio_session *session = session_open(f->engine);
  session_says(session, "0/new");
  session_says(session, "0/new2");
  sio_socket_refuse(f->last, SIO_BYTES("{\"message\":\"Invalid namespace\"}"));
  assert_sent(session, "44/new2,{\"message\":\"Invalid namespace\"}");
  session_says(session, "0/new"); /* asked already */
  assert_told(f, "unknown /new; unknown /new2; forget ?; forget ?");
  assert_int_equal(session->state, SIO_CLOSING);
}

static void test_a_namespace_outlives_its_removal(void **state) {
  fixture *f = *state;
  sio_session *session = session_open(f->engine);
  session_says(session, "0/a");
  sio_socket *socket = sio_socket_ref(f->last);
  session_says(session, "1/a");
  assert_true(sio_nsp_remove(nsp_of(f, "/a")));
  assert_true(sio_bytes_eq(sio_nsp_name(sio_socket_nsp(socket)), SIO_BYTES("/a")));
  assert_int_equal(sio_socket_join(socket, SIO_BYTES("r")), SIO_ECLOSED);
  assert_false(sio_socket_is_in(socket, SIO_BYTES("r")));
  sio_socket_unref(socket);
}

/* --- events --- */

static void test_events_and_acks(void **state) {
  fixture *f = *state;
  sio_socket *socket;
  sio_session *session = join_root(f, &socket);
  session_says(session, "2[\"x\",1]");
  session_says(session, "2/,7[\"x\"]");
  session_says(session, "30[]");
  session_says(session, "3[1]");
  assert_told(f, "event / [\"x\",1]; event / [\"x\"] #7; ack / [] #0; ack / [1]");
}

static void test_malformed_payload(void **state) {
  fixture *f = *state;
  sio_socket *socket;
  sio_session *session = join_root(f, &socket);
  session_says(session, "0/a");
  told(f);
  f->event_status = SIO_EPARSE;
  f->event_reason = "illegal attachments";
  session_says(session, "2/a,[x]");
  assert_told(f, "event /a [x]; error / illegal attachments; error /a illegal attachments; "
                 "disconnecting / forced close; disconnect / forced close; forget /; "
                 "disconnecting /a forced close; disconnect /a forced close; forget /a");
  assert_int_equal(session->state, SIO_CLOSING);
  session_says(session, "2[\"late\"]");
  engine_settle(f->engine);
  assert_told(f, "end forced close");
}

static void test_malformed_payload_without_a_reason(void **state) {
  fixture *f = *state;
  sio_socket *socket;
  sio_session *session = join_root(f, &socket);
  f->event_status = SIO_ENOMEM;
  session_says(session, "3[]");
  assert_non_null(strstr(told(f), "ack / []; error / out of memory; disconnecting"));
}

static void test_malformed_packets(void **state) {
  static const char *const texts[] = {"", "x", "9", "2{}", "2", "212", "50-[1]", "0[]", "1{}"};
  fixture *f = *state;
  for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
    sio_socket *socket;
    sio_session *session = join_root(f, &socket);
    session_says(session, texts[i]);
    const char *log = told(f);
    if (strncmp(log, "error / ", 8) != 0 || strstr(log, ERROR_END) == NULL)
      fail_msg("'%s': %s", texts[i], log);
    assert_int_equal(session->state, SIO_CLOSING);
    engine_settle(f->engine);
    assert_told(f, "end forced close");
  }
}

/* Without an error event: the packet is right, its place is wrong. */
static void test_packets_out_of_place(void **state) {
  static const char *const texts[] = {"2/a,[1]", "3/a,0[]", "1/a,",          "4{\"message\":\"x\"}",
                                      "4",       "4\"x\"",  "51-/a,[\"b\"]", "2/zz,[1]"};
  fixture *f = *state;
  for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
    sio_socket *socket;
    sio_session *session = join_root(f, &socket);
    session_says(session, texts[i]);
    const char *log = told(f);
    if (strcmp(log, ERROR_END) != 0)
      fail_msg("'%s': %s", texts[i], log);
    assert_int_equal(session->state, SIO_CLOSING);
    engine_settle(f->engine);
    told(f);
  }
}

static void test_packets_while_connecting(void **state) {
  static const char *const texts[] = {"2[1]", "30[]", "1", "51-[\"b\"]"};
  fixture *f = *state;
  f->accepts = false;
  for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
    sio_session *session = session_open(f->engine);
    session_says(session, "0");
    session_says(session, texts[i]);
    assert_told(f, "connect /; forget /");
    assert_int_equal(session->state, SIO_CLOSING);
    engine_settle(f->engine);
    told(f);
  }
}

/* By polling without a pending poll the reference's word is another. */
static void test_the_reason_when_the_client_is_not_ready(void **state) {
  fixture *f = *state;
  sio_socket *socket;
  sio_session *session = join_root(f, &socket);
  session->is_ready = false;
  session_says(session, "0");
  assert_told(f, "disconnecting / forced server close; disconnect / forced server close; forget /");
}

/* --- attachments --- */

static void says_binary(sio_session *session, const char *text) {
  session_receive(session, sio_bytes_str(text), true);
}

static void test_one_attachment(void **state) {
  fixture *f = *state;
  sio_socket *socket;
  sio_session *session = join_root(f, &socket);
  session_says(session, "51-[\"b\",{\"_placeholder\":true,\"num\":0}]");
  assert_told(f, "");
  says_binary(session, "bytes");
  assert_told(f, "event / [\"b\",{\"_placeholder\":true,\"num\":0}] <bytes>");
  session_says(session, "2[1]");
  assert_told(f, "event / [1]");
}

static void test_many_attachments(void **state) {
  fixture *f = *state;
  sio_session *session = session_open(f->engine);
  session_says(session, "0/a");
  told(f);
  session_says(session, "63-/a,12[1]");
  says_binary(session, "one");
  says_binary(session, "");
  says_binary(session, "three");
  assert_told(f, "ack /a [1] #12 <one> <> <three>");
}

static void test_binary_that_nobody_awaits(void **state) {
  fixture *f = *state;
  sio_socket *socket;
  sio_session *session = join_root(f, &socket);
  says_binary(session, "x");
  assert_non_null(
      strstr(told(f), "error / got binary data when not reconstructing a packet; disc"));
  assert_int_equal(session->state, SIO_CLOSING);
}

static void test_binary_before_anything_was_joined(void **state) {
  fixture *f = *state;
  sio_session *session = session_open(f->engine);
  says_binary(session, "x");
  assert_told(f, "");
  assert_int_equal(session->state, SIO_CLOSING);
  session_end(session, "forced close", NULL);
  assert_told(f, "end forced close");
}

static void test_text_while_attachments_are_awaited(void **state) {
  fixture *f = *state;
  sio_socket *socket;
  sio_session *session = join_root(f, &socket);
  session_says(session, "52-[1]");
  says_binary(session, "x");
  session_says(session, "2[1]");
  assert_non_null(strstr(told(f), "error / got plaintext data when reconstructing a packet; disc"));
  assert_int_equal(session->state, SIO_CLOSING);
}

static void test_attachments_have_a_limit_together(void **state) {
  fixture *f = *state; /* 1000 bytes */
  static const char zeros[1000];
  sio_socket *socket;
  sio_session *session = join_root(f, &socket);
  session_says(session, "53-[1]");
  session_receive(session, sio_bytes_of(zeros, 400), true);
  session_receive(session, sio_bytes_of(zeros, 600), true);
  session_receive(session, sio_bytes_of(zeros, 0), true);
  assert_int_equal(session->state, SIO_OPEN);
  told(f);
  session_says(session, "54-[1]");
  session_receive(session, sio_bytes_of(zeros, 400), true);
  session_receive(session, sio_bytes_of(zeros, 300), true);
  assert_int_equal(session->state, SIO_OPEN);
  session_receive(session, sio_bytes_of(zeros, 301), true);
  assert_non_null(strstr(told(f), "error / attachments too large; disc"));
  assert_int_equal(session->state, SIO_CLOSING);
}

static void test_the_socket_goes_while_attachments_come(void **state) {
  fixture *f = *state;
  sio_socket *socket;
  sio_session *session = join_root(f, &socket);
  session_says(session, "52-[1]");
  says_binary(session, "x");
  sio_socket_disconnect(socket, false);
  told(f);
  says_binary(session, "y");
  assert_told(f, "");
  assert_int_equal(session->state, SIO_CLOSING);
}

static void test_the_session_goes_while_attachments_come(void **state) {
  fixture *f = *state;
  sio_socket *socket;
  sio_session *session = join_root(f, &socket);
  session_says(session, "52-[1]");
  says_binary(session, "x");
  session_end(session, "transport close", NULL); /* the tear-down looks for what is left */
  assert_told(f, "disconnecting / transport close; disconnect / transport close; forget /; "
                 "end transport close");
}

/* --- leaving --- */

static void test_disconnect_packet(void **state) {
  fixture *f = *state;
  sio_socket *socket;
  sio_session *session = join_root(f, &socket);
  session_says(session, "1");
  session_says(session, "0"); /* in one segment, in order */
  assert_told(f, "disconnecting / client namespace disconnect; disconnect / client namespace "
                 "disconnect; forget /; connect /");
  assert_sent(session, "40{\"sid\":\"*\"}");
  assert_int_equal(session->state, SIO_OPEN);
  session_says(session, "112");
  assert_int_equal(session->state, SIO_OPEN);
  assert_int_equal(sio_nsp_count(nsp_of(f, "/")), 0);
}

static void test_disconnect(void **state) {
  fixture *f = *state;
  sio_socket *socket;
  sio_session *session = join_root(f, &socket);
  session_says(session, "0/a");
  session_sent(session);
  told(f);
  socket = sio_socket_ref(f->last);
  sio_socket_disconnect(socket, false);
  sio_socket_disconnect(socket, false);
  assert_sent(session, "41/a,");
  assert_told(f, "disconnecting /a server namespace disconnect; disconnect /a server namespace "
                 "disconnect; forget /a");
  assert_int_equal(session->state, SIO_OPEN);
  sio_socket_unref(socket);
}

static void test_disconnect_and_close(void **state) {
  fixture *f = *state;
  sio_socket *socket;
  sio_session *session = join_root(f, &socket);
  session_says(session, "0/a");
  f->accepts = false;
  sio_server_nsp(f->server, SIO_BYTES("/b"), true);
  session_says(session, "0/b");
  session_sent(session);
  told(f);
  sio_socket_disconnect(socket, true);
  assert_sent(session, "41\n41/a,");
  assert_told(f, "disconnecting / server namespace disconnect; disconnect / server namespace "
                 "disconnect; forget /; disconnecting /a server namespace disconnect; "
                 "disconnect /a server namespace disconnect; forget /a; forget /b");
  assert_int_equal(session->state, SIO_CLOSING);
  assert_false(session->was_discarded);
  engine_settle(f->engine);
  assert_told(f, "end forced close");
}

static void test_a_connecting_socket_cannot_be_disconnected(void **state) {
  fixture *f = *state;
  f->accepts = false;
  sio_session *session = session_open(f->engine);
  session_says(session, "0");
  sio_socket_disconnect(f->last, true);
  assert_int_equal(session->state, SIO_OPEN);
  assert_int_equal(sio_socket_accept(f->last, sio_bytes_of(NULL, 0)), 0);
}

static void test_the_client_goes_while_connecting(void **state) {
  fixture *f = *state;
  f->accepts = false;
  sio_session *session = session_open(f->engine);
  session_says(session, "0");
  sio_socket *socket = sio_socket_ref(f->last);
  session_end(session, "transport close", NULL);
  assert_told(f, "connect /; forget /; end transport close");
  assert_int_equal(sio_socket_accept(socket, sio_bytes_of(NULL, 0)), SIO_ECLOSED);
  assert_int_equal(sio_nsp_count(nsp_of(f, "/")), 0);
  sio_socket_unref(socket);
}

static void test_accepting_while_the_session_closes(void **state) {
  fixture *f = *state;
  f->accepts = false;
  sio_session *session = session_open(f->engine);
  session_says(session, "0");
  sio_session_close(session, false);
  assert_int_equal(sio_socket_accept(f->last, sio_bytes_of(NULL, 0)), SIO_ECLOSED);
  engine_settle(f->engine);
  assert_told(f, "connect /; forget /; end forced close");
}

static void test_calls_on_a_disconnected_socket(void **state) {
  fixture *f = *state;
  sio_socket *socket;
  sio_session *session = join_root(f, &socket);
  sio_socket_ref(socket);
  session_end(session, "transport close", NULL);
  assert_null(sio_nsp_find(nsp_of(f, "/"), sio_socket_id(socket)));
  sio_packet packet = {.type = SIO_EVENT, .nsp = SIO_BYTES("/"), .id = SIO_NO_ACK};
  packet.payload = SIO_BYTES("[1]");
  sio_message message;
  size_t at = 0;
  sio_message_init(&message, &sio_parser_text, &packet, NULL, 0);
  assert_int_equal(sio_socket_send(socket, &message, false), SIO_ECLOSED);
  sio_message_deinit(&message);
  assert_int_equal(sio_socket_join(socket, SIO_BYTES("r")), SIO_ECLOSED);
  assert_int_equal(sio_socket_leave(socket, SIO_BYTES("r")), SIO_ECLOSED);
  assert_int_equal(sio_socket_enter(socket, nsp_of(f, "/")), SIO_ECLOSED);
  assert_null(sio_socket_next_room(socket, &at).base);
  assert_int_equal(sio_session_get_state(sio_socket_session(socket)), SIO_CLOSED);
  sio_socket_disconnect(socket, true);
  sio_socket_unref(socket);
}

/* --- hooks that do things --- */

static void disconnect_it(fixture *f, sio_socket *socket) {
  (void)f;
  sio_socket_disconnect(socket, false);
}

static void close_it(fixture *f, sio_socket *socket) {
  (void)f;
  sio_socket_disconnect(socket, true);
}

static void close_server(fixture *f, sio_socket *socket) {
  (void)socket;
  sio_server_close(f->server);
}

static void end_session(fixture *f, sio_socket *socket) {
  (void)f;
  sio_session_close(sio_socket_session(socket), true);
}

static void accept_and_disconnect(fixture *f, sio_socket *socket) {
  (void)f;
  sio_socket_accept(socket, sio_bytes_of(NULL, 0));
  sio_socket_disconnect(socket, false);
}

static void refuse_it(fixture *f, sio_socket *socket) {
  (void)f;
  sio_socket_refuse(socket, SIO_BYTES("{}"));
}

static size_t times(const char *text, const char *part) {
  size_t n = 0;
  for (; (text = strstr(text, part)) != NULL; text++)
    n++;
  return n;
}

/*
 * Two sockets of one client, and one of another. Whatever is done in whichever hook, every socket
 * disconnects and is forgotten once, and nothing is told of it afterwards.
 */
static void try_deed(fixture *f, const char *hook, void (*deed)(fixture *, sio_socket *),
                     const char *trigger) {
  sio_socket *socket;
  sio_session *other = join_root(f, &socket);
  sio_session *session = session_open(f->engine);
  f->deed_at = strcmp(hook, "connect") == 0 ? hook : NULL;
  f->deed = deed;
  session_says(session, "0");
  session_says(session, "0/a");
  f->deed_at = hook;
  session_says(session, trigger);
  f->deed_at = NULL;
  session_end(session, "transport close", NULL);
  session_end(other, "transport close", NULL);
  const char *log = told(f);
  /* "disconnect /" ends with "connect /"; the first connect was read by join_root. */
  size_t connects = 1 + times(log, "connect /") - times(log, "disconnect /");
  if (times(log, "forget /") != connects ||
      times(log, "disconnect /") != times(log, "disconnecting /"))
    fail_msg("in %s, after %s: %s", hook, trigger, log);
  assert_int_equal(times(log, "end "), 2);
  assert_int_equal(sio_nsp_count(nsp_of(f, "/")), 0);
  assert_int_equal(sio_nsp_count(nsp_of(f, "/a")), 0);
  sio_server_reopen(f->server);
}

static void test_deeds_in_hooks(void **state) {
  static const char *const hooks[] = {"connect", "event", "disconnecting", "disconnect", "forget",
                                      "error",   "ack"};
  static const char *const triggers[] = {"2[1]", "30[]", "1", "2{}", "0", "4"};
  static void (*const deeds[])(fixture *, sio_socket *) = {
      disconnect_it, close_it, close_server, end_session, accept_and_disconnect, refuse_it};
  fixture *f = *state;
  for (size_t i = 0; i < sizeof(hooks) / sizeof(*hooks); i++)
    for (size_t j = 0; j < sizeof(deeds) / sizeof(*deeds); j++)
      for (size_t k = 0; k < sizeof(triggers) / sizeof(*triggers); k++)
        try_deed(f, hooks[i], deeds[j], triggers[k]);
}

static void test_a_bad_event_whose_hook_closed_everything(void **state) {
  fixture *f = *state;
  sio_socket *socket;
  sio_session *session = join_root(f, &socket);
  f->deed_at = "event";
  f->deed = close_server;
  f->event_status = SIO_EPARSE;
  session_says(session, "2[1]");
  assert_told(f, "event / [1]; disconnecting / server shutting down; "
                 "disconnect / server shutting down; forget /");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(test_connect),
      FIXTURE_TEST(test_connect_later),
      FIXTURE_TEST(test_refuse),
      FIXTURE_TEST(test_restoring),
      FIXTURE_TEST(test_restoring_an_id_in_use),
      FIXTURE_TEST(test_sending_before_connect),
      FIXTURE_TEST(test_auth_that_is_no_object),
      FIXTURE_TEST(test_connecting_twice),
      FIXTURE_TEST(test_connecting_twice_while_connecting),
      FIXTURE_TEST(test_many_namespaces),
      FIXTURE_TEST(test_coming_and_going),
      FIXTURE_TEST(test_unknown_without_hook),
      FIXTURE_TEST(test_unknown_is_entered),
      FIXTURE_TEST(test_unknown_is_refused),
      FIXTURE_TEST(test_a_namespace_outlives_its_removal),
      FIXTURE_TEST(test_events_and_acks),
      FIXTURE_TEST(test_malformed_payload),
      FIXTURE_TEST(test_malformed_payload_without_a_reason),
      FIXTURE_TEST(test_malformed_packets),
      FIXTURE_TEST(test_packets_out_of_place),
      FIXTURE_TEST(test_packets_while_connecting),
      FIXTURE_TEST(test_the_reason_when_the_client_is_not_ready),
      FIXTURE_TEST(test_one_attachment),
      FIXTURE_TEST(test_many_attachments),
      FIXTURE_TEST(test_binary_that_nobody_awaits),
      FIXTURE_TEST(test_binary_before_anything_was_joined),
      FIXTURE_TEST(test_text_while_attachments_are_awaited),
      FIXTURE_TEST(test_attachments_have_a_limit_together),
      FIXTURE_TEST(test_the_socket_goes_while_attachments_come),
      FIXTURE_TEST(test_the_session_goes_while_attachments_come),
      FIXTURE_TEST(test_disconnect_packet),
      FIXTURE_TEST(test_disconnect),
      FIXTURE_TEST(test_disconnect_and_close),
      FIXTURE_TEST(test_a_connecting_socket_cannot_be_disconnected),
      FIXTURE_TEST(test_the_client_goes_while_connecting),
      FIXTURE_TEST(test_accepting_while_the_session_closes),
      FIXTURE_TEST(test_calls_on_a_disconnected_socket),
      FIXTURE_TEST(test_deeds_in_hooks),
      FIXTURE_TEST(test_a_bad_event_whose_hook_closed_everything),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
