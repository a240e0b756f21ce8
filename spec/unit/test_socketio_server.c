/* The server as a whole: closing, time limits, lack of memory. */
#include "base/limits.h"
#include "fake_clock.h"
#include "socketio_fixture.h"

static void test_defaults(void **state) {
  (void)state;
  sio_server_options options;
  sio_server_options_init(&options);
  assert_int_equal(options.connect_timeout, 45000);
  assert_int_equal(options.max_attachments, 10);
  assert_int_equal(options.max_namespaces, 256);
  assert_true(options.serve_client);
}

static void test_namespaces(void **state) {
  fixture *f = *state;
  assert_non_null(nsp_of(f, "/"));
  assert_null(nsp_of(f, "/new"));
  sio_nsp *nsp = sio_server_nsp(f->server, SIO_BYTES("/new"), true);
  assert_ptr_equal(sio_server_nsp(f->server, SIO_BYTES("/new"), true), nsp);
}

/* --- closing --- */

static void test_close(void **state) {
  fixture *f = *state;
  sio_socket *socket;
  sio_session *session = join_root(f, &socket);
  session_says(session, "0/a");
  session_sent(session);
  f->accepts = false;
  sio_session *connecting = session_open(f->engine);
  session_says(connecting, "0");
  told(f);
  sio_server_close(f->server);
  assert_sent(session, "");
  assert_told(f, "disconnecting / server shutting down; disconnect / server shutting down; "
                 "forget /; disconnecting /a server shutting down; "
                 "disconnect /a server shutting down; forget /a; forget /");
  assert_true(f->engine->is_closed);
  assert_int_equal(session->state, SIO_CLOSING);
  assert_true(session->was_discarded);
  session_says(session, "0");
  assert_told(f, "");
  engine_settle(f->engine);
  assert_told(f, "end forced close; end forced close");
}

static void test_close_twice_and_reopen(void **state) {
  fixture *f = *state;
  sio_socket *socket;
  join_root(f, &socket);
  sio_server_close(f->server);
  sio_server_close(f->server);
  engine_settle(f->engine);
  told(f);
  sio_server_reopen(f->server);
  assert_false(f->engine->is_closed);
  join_root(f, &socket);
}

static void close_server(fixture *f, sio_socket *socket) {
  (void)socket;
  sio_server_close(f->server);
}

static void test_close_while_closing(void **state) {
  fixture *f = *state;
  sio_socket *socket;
  join_root(f, &socket);
  sio_session *session = join_root(f, &socket);
  session_says(session, "0/a");
  told(f);
  f->deed_at = "disconnecting";
  f->deed = close_server;
  sio_server_close(f->server);
  const char *log = told(f);
  size_t forgotten = 0;
  for (; (log = strstr(log, "forget /")) != NULL; log++)
    forgotten++;
  assert_int_equal(forgotten, 3);
}

/* A freed server leaves harmless sockets to those who hold them, and tells of nothing else. */
static void test_a_freed_server(void **state) {
  (void)state;
  fixture f;
  sio_server_options options;
  sio_server_options_init(&options);
  fixture_init(&f, &options, &fixture_hooks);
  sio_socket *socket;
  sio_session *session = join_root(&f, &socket);
  session_says(session, "52-[1]");
  sio_socket_ref(socket);
  sio_socket_watch_rooms(socket);
  fixture_deinit(&f);
  assert_told(&f, "forget /");
  assert_int_equal(sio_socket_get_state(socket), SIO_SOCKET_DISCONNECTED);
  assert_true(sio_bytes_eq(sio_nsp_name(sio_socket_nsp(socket)), SIO_BYTES("/")));
  assert_int_equal(sio_socket_join(socket, SIO_BYTES("r")), SIO_ECLOSED);
  sio_socket_disconnect(socket, true);
  sio_socket_unref(socket);
}

static void test_an_upgrade_is_told(void **state) {
  (void)state;
  sio_server_options options;
  sio_server_options_init(&options);
  sio_hooks hooks = fixture_hooks;
  fixture f;
  fixture_init(&f, &options, &hooks);
  sio_session *session = session_open(f.engine);
  f.engine->hooks->on_upgrade(f.engine->ctx, session);
  assert_told(&f, "upgrade");
  hooks.on_upgrade = NULL;
  session = session_open(f.engine);
  f.engine->hooks->on_upgrade(f.engine->ctx, session);
  assert_told(&f, "");
  fixture_deinit(&f);
}

/* --- the time to join --- */

static void turn_until_closing(fixture *f, const sio_session *session) {
  for (int i = 0; i < 1000 && session->state == SIO_OPEN; i++)
    sio_loop_run(f->loop, SIO_RUN_ONCE);
}

static void test_connect_timeout(void **state) {
  (void)state;
  fixture f;
  sio_server_options options;
  sio_server_options_init(&options);
  options.connect_timeout = 5;
  fixture_init(&f, &options, &fixture_hooks);
  sio_socket *socket;
  sio_session *joined = join_root(&f, &socket);
  session_says(joined, "1"); /* it has joined once */
  f.accepts = false;
  sio_session *connecting = session_open(f.engine);
  session_says(connecting, "0/a");
  session_says(connecting, "0");
  sio_session *silent = session_open(f.engine);
  told(&f);
  turn_until_closing(&f, silent);
  assert_int_equal(silent->state, SIO_CLOSING);
  assert_int_equal(connecting->state, SIO_CLOSING);
  assert_int_equal(joined->state, SIO_OPEN);
  assert_told(&f, "forget ?; forget /");
  fixture_deinit(&f);
}

/* One ms before its time is over it may still join; then not, nor if nobody looked in time. */
static void test_connect_timeout_to_the_millisecond(void **state) {
  (void)state;
  for (unsigned late = 0; late < 2; late++) {
    fixture f;
    sio_server_options options;
    sio_server_options_init(&options);
    clock_stop();
    fixture_init(&f, &options, &fixture_hooks);
    sio_loop_run(f.loop, SIO_RUN_NOWAIT);
    const sio_session *silent = session_open(f.engine);
    sio_loop_run(f.loop, SIO_RUN_NOWAIT);
    clock_move(SIO_CONNECT_TIMEOUT - 1);
    sio_loop_run(f.loop, SIO_RUN_NOWAIT);
    assert_int_equal(silent->state, SIO_OPEN);
    clock_move(1 + late);
    sio_loop_run(f.loop, SIO_RUN_NOWAIT);
    assert_int_equal(silent->state, SIO_CLOSING);
    fixture_deinit(&f);
    clock_ms = 0;
  }
}

/* --- lack of memory --- */

/* Enough for the index of a socket's rooms to be made, and to grow. */
static void join_many(sio_socket *socket) {
  char name[16];
  for (int i = 0; i < 100; i++) {
    snprintf(name, sizeof(name), "r%d", i);
    sio_socket_join(socket, sio_bytes_str(name));
  }
}

/*
 * A whole life: two clients, two namespaces, binary events, many rooms, broadcasts,
 * refusals. Whatever allocation fails, nothing leaks or crashes, and each socket is
 * forgotten once, which hook_forget sees to.
 */
static void live(fixture *f) {
  sio_session *first = session_open(f->engine);
  session_says(first, "0");
  session_says(first, "0/a,{}");
  session_says(first, "0/unknown");
  sio_session *second = session_open(f->engine);
  session_says(second, "0");
  session_says(second, "52-[1]");
  session_receive(second, SIO_BYTES("x"), true);
  session_receive(second, SIO_BYTES("y"), true);
  sio_nsp *nsp = nsp_of(f, "/");
  size_t count;
  sio_target everybody = {0};
  sio_socket **chosen = sio_nsp_select(nsp, &everybody, &count);
  for (size_t i = 0; chosen != NULL && i < count; i++)
    join_many(chosen[i]);
  if (chosen != NULL)
    sio_nsp_release(chosen, count);
  sio_bytes rooms[] = {SIO_BYTES("r1"), SIO_BYTES("r2")}, attachment = SIO_BYTES("z");
  sio_target some = {rooms, 2, NULL, 0};
  sio_packet packet = {.type = SIO_EVENT, .nsp = SIO_BYTES("/"), .id = 1};
  packet.payload = SIO_BYTES("[1]");
  sio_message message;
  if (sio_message_init(&message, &sio_parser_text, &packet, &attachment, 1) == 0) {
    sio_nsp_broadcast(nsp, &some, &message, false);
    sio_message_deinit(&message);
  }
  session_says(first, "1/a,");
  session_says(second, "0/unknown2");
  if (second->state == SIO_OPEN)
    sio_socket_refuse(f->last, SIO_BYTES("{}"));
  session_says(second, "2{}");
  engine_settle(f->engine);
}

static void live_once(void *ctx) {
  static fixture f;
  f = (fixture){.accepts = true, .loop = ctx};
  sio_server_options options;
  sio_server_options_init(&options);
  f.server = sio_server_new(f.loop, &options, &fixture_hooks, &f);
  if (f.server == NULL) {
    assert_true(fail_alloc_has_failed());
    return;
  }
  f.engine = sio_server_engine(f.server);
  sio_server_nsp(f.server, SIO_BYTES("/a"), true);
  live(&f);
  sio_server_free(f.server);
  assert_int_equal(fake_live_sessions, 0);
}

static void test_lack_of_memory(void **state) {
  (void)state;
  fail_alloc_at(0);
  sio_loop *loop = sio_loop_new(NULL);
  fake_live_sessions = 0;
  assert_true(fail_each_alloc(live_once, loop) > 100);
  sio_loop_free(loop);
}

static void test_a_session_that_lacks_memory(void **state) {
  fixture *f = *state;
  sio_session *session = session_open(f->engine);
  session->lacks_memory = true;
  session_says(session, "0");
  assert_int_equal(session->state, SIO_CLOSING);
  engine_settle(f->engine);
  assert_told(f, "connect /; disconnecting / forced close; disconnect / forced close; forget /; "
                 "end forced close");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_defaults),
      FIXTURE_TEST(test_namespaces),
      FIXTURE_TEST(test_close),
      FIXTURE_TEST(test_close_twice_and_reopen),
      FIXTURE_TEST(test_close_while_closing),
      cmocka_unit_test(test_a_freed_server),
      cmocka_unit_test(test_an_upgrade_is_told),
      cmocka_unit_test(test_connect_timeout),
      cmocka_unit_test(test_connect_timeout_to_the_millisecond),
      cmocka_unit_test(test_lack_of_memory),
      FIXTURE_TEST(test_a_session_that_lacks_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
