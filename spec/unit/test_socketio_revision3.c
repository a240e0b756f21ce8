/* Clients of protocol 3: they join "/" unasked, and name their payload behind a namespace. */
#include "base/error.h"
#include "socketio_fixture.h"

#define assert_id(socket, text) assert_true(sio_bytes_eq(sio_socket_id(socket), SIO_BYTES(text)))

static void joins_the_main_namespace_unasked(void **state) {
  fixture *f = *state;
  sio_session *session = session_open_as(f->engine, 3);
  assert_sent(session, "40");
  assert_told(f, "connect /");
  assert_id(f->last, "sid");
  assert_ptr_equal(sio_nsp_find(nsp_of(f, "/"), SIO_BYTES("sid")), f->last);
  assert_true(sio_socket_is_in(f->last, SIO_BYTES("sid")));
  session_says(session, "0"); /* a second time */
  assert_told(f, "disconnecting / forced close; disconnect / forced close; forget /");
}

static void joins_others_with_a_query(void **state) {
  fixture *f = *state;
  sio_session *session = session_open_as(f->engine, 3);
  session_says(session, "0/a?token=1&b=2,");
  assert_sent(session, "40\n40/a,");
  assert_told(f, "connect /; connect /a token=1&b=2");
  assert_id(f->last, "/a#sid");
  session_says(session, "2/a?token=1&b=2,[\"x\"]");
  session_says(session, "51-/a?,[\"y\"]");
  session_receive(session, SIO_BYTES("!"), true);
  assert_told(f, "event /a [\"x\"]; event /a [\"y\"] <!>");
  session_says(session, "1/a");
  assert_told(f, "disconnecting /a client namespace disconnect; "
                 "disconnect /a client namespace disconnect; forget /a");
  session_says(session, "0/a,{\"no\":\"payload\"}");
  assert_sent(session, "40/a,");
  assert_told(f, "connect /a");
}

static void asks_for_unknown_ones(void **state) {
  fixture *f = *state;
  sio_session *session = session_open_as(f->engine, 3);
  session_says(session, "0/new?x,");
  assert_told(f, "connect /; unknown /new x");
  assert_id(f->last, "/new#sid");
  sio_nsp *nsp = sio_server_nsp(f->server, SIO_BYTES("/new"), true);
  assert_int_equal(sio_socket_enter(f->last, nsp), 0);
  assert_int_equal(sio_socket_accept(f->last, sio_bytes_of(NULL, 0)), 0);
  assert_sent(session, "40\n40/new,");
  assert_ptr_equal(sio_nsp_find(nsp, SIO_BYTES("/new#sid")), f->last);
}

static void is_refused_with_any_payload(void **state) {
  fixture *f = *state;
  sio_session *session = session_open_as(f->engine, 3);
  f->accepts = false;
  session_says(session, "0/a");
  assert_int_equal(sio_socket_refuse(f->last, SIO_BYTES("\"no\"")), 0);
  assert_sent(session, "40\n44/a,\"no\"");
}

static void keeps_a_query_in_protocol_5(void **state) {
  fixture *f = *state;
  sio_session *session = session_open(f->engine);
  session_says(session, "0/a?x=1,");
  assert_told(f, "unknown /a?x=1");
}

static void live(void *ctx) {
  fixture *f = ctx;
  sio_session *session = session_open_as(f->engine, 3);
  session_says(session, "0/a?x,");
  session_says(session, "0/new?x,");
  session_says(session, "51-/a,[\"y\"]");
  session_end(session, "transport close", NULL);
  told(f);
}

static void needs_memory(void **state) {
  live(*state);
  assert_true(fail_each_alloc(live, *state) > 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(joins_the_main_namespace_unasked),
      FIXTURE_TEST(joins_others_with_a_query),
      FIXTURE_TEST(asks_for_unknown_ones),
      FIXTURE_TEST(is_refused_with_any_payload),
      FIXTURE_TEST(keeps_a_query_in_protocol_5),
      FIXTURE_TEST(needs_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
