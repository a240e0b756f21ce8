/* Rooms and the fan-out, against a model that is a plain matrix. */
#include "socketio_fixture.h"

enum { SOCKETS = 24, ROOMS = 80, STEPS = 20000 };

static sio_session *sessions[SOCKETS];
static sio_socket *sockets[SOCKETS];
static bool model[SOCKETS][ROOMS];
static char names[ROOMS][8];

static sio_bytes room_name(size_t room) {
  return sio_bytes_str(names[room]);
}

static void open_socket(fixture *f, size_t i) {
  sessions[i] = session_open(f->engine);
  session_says(sessions[i], "0");
  session_sent(sessions[i]);
  sockets[i] = f->last;
  memset(model[i], 0, sizeof(model[i]));
  told(f);
}

static void close_socket(fixture *f, size_t i) {
  session_end(sessions[i], "transport close", NULL);
  sockets[i] = NULL;
  memset(model[i], 0, sizeof(model[i]));
  told(f);
}

static void open_all(fixture *f) {
  for (size_t room = 0; room < ROOMS; room++)
    snprintf(names[room], sizeof(names[room]), "r%zu", room);
  for (size_t i = 0; i < SOCKETS; i++)
    open_socket(f, i);
}

/* A fixed sequence, so that a failure repeats. */
static uint32_t random_below(uint32_t n) {
  static uint32_t x = 2463534242;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return x % n;
}

static size_t members_of(size_t room) {
  size_t n = 0;
  for (size_t i = 0; i < SOCKETS; i++)
    n += model[i][room];
  return n;
}

static void assert_memberships(size_t i) {
  size_t at = 0, seen = 0, expected = 1; /* the room of its id */
  for (sio_bytes name; (name = sio_socket_next_room(sockets[i], &at)).base != NULL; seen++)
    assert_true(sio_socket_is_in(sockets[i], name));
  for (size_t room = 0; room < ROOMS; room++) {
    assert_int_equal(sio_socket_is_in(sockets[i], room_name(room)), model[i][room]);
    expected += model[i][room];
  }
  assert_int_equal(seen, expected);
}

static void assert_like_model(sio_nsp *nsp) {
  size_t live = 0, rooms = 0, at = 0;
  for (size_t i = 0; i < SOCKETS; i++)
    if (sockets[i] != NULL) {
      assert_memberships(i);
      live++;
    }
  for (size_t room = 0; room < ROOMS; room++) {
    size_t count = members_of(room);
    rooms += count > 0;
    assert_int_equal(sio_nsp_room_count(nsp, room_name(room)), count);
    for (size_t k = 0; k < count; k++)
      assert_true(sio_socket_is_in(sio_nsp_room_member(nsp, room_name(room), k), room_name(room)));
    assert_null(sio_nsp_room_member(nsp, room_name(room), count));
  }
  for (; sio_nsp_next_room(nsp, &at).base != NULL; rooms--)
    continue;
  assert_int_equal(0 - rooms, live); /* beside the rooms, one for each socket's id */
}

static void step(fixture *f) {
  size_t i = random_below(SOCKETS), room = random_below(ROOMS);
  uint32_t dice = random_below(1000);
  if (sockets[i] == NULL) {
    open_socket(f, i);
  } else if (dice < 5) {
    close_socket(f, i);
  } else if (dice < 600) {
    assert_int_equal(sio_socket_join(sockets[i], room_name(room)), 0);
    model[i][room] = true;
  } else {
    assert_int_equal(sio_socket_leave(sockets[i], room_name(room)), 0);
    model[i][room] = false;
  }
}

static void test_rooms_like_a_model(void **state) {
  fixture *f = *state;
  open_all(f);
  for (int n = 0; n < STEPS; n++) {
    step(f);
    if (n % 97 == 0)
      assert_like_model(nsp_of(f, "/"));
  }
  assert_like_model(nsp_of(f, "/"));
}

/* --- the fan-out --- */

static bool is_in_any(size_t i, const size_t *rooms, size_t count) {
  for (size_t k = 0; k < count; k++)
    if (model[i][rooms[k]])
      return true;
  return false;
}

static sio_message message_of(const char *json) {
  sio_packet packet = {.type = SIO_EVENT, .nsp = SIO_BYTES("/"), .id = SIO_NO_ACK};
  packet.payload = sio_bytes_str(json);
  sio_message message;
  assert_int_equal(sio_message_init(&message, &sio_parser_text, &packet, NULL, 0), 0);
  return message;
}

static void choose(size_t *rooms, sio_bytes *out, size_t count) {
  for (size_t k = 0; k < count; k++) {
    rooms[k] = random_below(ROOMS);
    out[k] = room_name(rooms[k]);
  }
}

static void assert_selection(sio_nsp *nsp, const sio_target *target, const bool *expected) {
  size_t count, wanted = 0;
  sio_socket **chosen = sio_nsp_select(nsp, target, &count);
  assert_non_null(chosen);
  for (size_t i = 0; i < SOCKETS; i++) {
    size_t seen = 0;
    for (size_t k = 0; k < count; k++)
      seen += sockets[i] != NULL && chosen[k] == sockets[i];
    assert_int_equal(seen, expected[i]);
    wanted += expected[i];
  }
  assert_int_equal(count, wanted);
  sio_nsp_release(chosen, count);
}

static void assert_broadcast(sio_nsp *nsp, const sio_target *target, const bool *expected) {
  sio_message message = message_of("[\"b\"]");
  size_t count = sio_nsp_broadcast(nsp, target, &message, false);
  sio_message_deinit(&message);
  for (size_t i = 0; i < SOCKETS; i++) {
    if (sockets[i] != NULL)
      assert_sent(sessions[i], expected[i] ? "42[\"b\"]" : "");
    count -= expected[i];
  }
  assert_int_equal(count, 0);
}

static void try_target(fixture *f, size_t room_count, size_t except_count) {
  size_t rooms[4], except[4];
  sio_bytes room_names[4], except_names[4];
  bool expected[SOCKETS];
  choose(rooms, room_names, room_count);
  choose(except, except_names, except_count);
  for (size_t i = 0; i < SOCKETS; i++)
    expected[i] = sockets[i] != NULL && (room_count == 0 || is_in_any(i, rooms, room_count)) &&
                  !is_in_any(i, except, except_count);
  sio_target target = {room_names, room_count, except_names, except_count};
  assert_selection(nsp_of(f, "/"), &target, expected);
  assert_broadcast(nsp_of(f, "/"), &target, expected);
}

static void test_broadcasts_like_a_model(void **state) {
  fixture *f = *state;
  open_all(f);
  for (int n = 0; n < STEPS; n++) {
    step(f);
    if (n % 37 == 0)
      try_target(f, random_below(5), random_below(5));
  }
}

/* Arrays grow with a crowd and shrink behind it, and those who stay are still reached. */
static void test_a_crowd_comes_and_goes(void **state) {
  enum { CROWD = 600, STAY = 7 };
  fixture *f = *state;
  static sio_session *crowd[CROWD];
  sio_bytes room = SIO_BYTES("crowd");
  for (size_t i = 0; i < CROWD; i++) {
    crowd[i] = session_open(f->engine);
    session_says(crowd[i], "0");
    assert_int_equal(sio_socket_join(f->last, room), 0);
    session_sent(crowd[i]);
  }
  sio_nsp *nsp = nsp_of(f, "/");
  assert_int_equal(sio_nsp_room_count(nsp, room), CROWD);
  sio_target in_room = {&room, 1, NULL, 0}, everybody = {0};
  size_t count;
  sio_socket **all = sio_nsp_select(nsp, &everybody, &count);
  fail_alloc_at(0);
  for (size_t i = 1; i < CROWD; i++)
    sio_socket_leave(all[i], room);
  assert_true(fail_alloc_now.count > 0); /* given back */
  for (size_t i = 1; i < CROWD; i++)
    assert_int_equal(sio_socket_join(all[i], room), 0);
  assert_int_equal(sio_nsp_room_count(nsp, room), CROWD);
  sio_nsp_release(all, count);
  for (size_t i = 0; i < CROWD - STAY; i++) {
    session_end(crowd[i], "transport close", NULL);
    told(f);
  }
  sio_message message = message_of("[1]");
  assert_int_equal(sio_nsp_broadcast(nsp, &in_room, &message, false), STAY);
  assert_int_equal(sio_nsp_broadcast(nsp, &everybody, &message, false), STAY);
  sio_message_deinit(&message);
  for (size_t i = CROWD - STAY; i < CROWD; i++)
    assert_sent(crowd[i], "42[1]\n42[1]");
  for (size_t i = 0; i < CROWD; i++)
    session_says(session_open(f->engine), "0");
  assert_int_equal(sio_nsp_count(nsp), CROWD + STAY);
}

static void test_a_broadcast_is_one_frame(void **state) {
  enum { CROWD = 3 };
  fixture *f = *state;
  sio_session *crowd[CROWD];
  sio_socket *socket;
  for (int i = 0; i < CROWD; i++)
    crowd[i] = join_root(f, &socket);
  sio_target everybody = {0};
  sio_message message = message_of("[1]");
  assert_int_equal(sio_nsp_broadcast(nsp_of(f, "/"), &everybody, &message, false), CROWD);
  for (int i = 0; i < CROWD; i++) {
    assert_sent(crowd[i], "42[1]");
    assert_ptr_equal(crowd[i]->last, crowd[0]->last);
  }
  sio_message_deinit(&message);
}

static void test_the_same_room_twice(void **state) {
  fixture *f = *state;
  sio_socket *socket;
  sio_session *session = join_root(f, &socket);
  sio_socket_join(socket, SIO_BYTES("r"));
  sio_bytes rooms[] = {SIO_BYTES("r"), SIO_BYTES("r"), sio_socket_id(socket), SIO_BYTES("none")};
  sio_target target = {rooms, 4, NULL, 0};
  sio_message message = message_of("[1]");
  assert_int_equal(sio_nsp_broadcast(nsp_of(f, "/"), &target, &message, false), 1);
  assert_sent(session, "42[1]");
  target = (sio_target){rooms, 4, rooms, 1};
  assert_int_equal(sio_nsp_broadcast(nsp_of(f, "/"), &target, &message, false), 0);
  assert_sent(session, "");
  sio_message_deinit(&message);
}

static void test_selection_outlives_its_sockets(void **state) {
  fixture *f = *state;
  sio_socket *socket;
  sio_session *session = join_root(f, &socket);
  sio_target everybody = {0};
  size_t count;
  sio_socket **chosen = sio_nsp_select(nsp_of(f, "/"), &everybody, &count);
  assert_int_equal(count, 1);
  session_end(session, "transport close", NULL);
  assert_int_equal(sio_socket_get_state(chosen[0]), SIO_SOCKET_DISCONNECTED);
  sio_nsp_release(chosen, count);
  chosen = sio_nsp_select(nsp_of(f, "/"), &everybody, &count);
  assert_non_null(chosen);
  assert_int_equal(count, 0);
  sio_nsp_release(chosen, count);
}

static void test_connecting_sockets_get_no_broadcast(void **state) {
  fixture *f = *state;
  f->accepts = false;
  sio_session *session = session_open(f->engine);
  session_says(session, "0");
  assert_int_equal(sio_socket_join(f->last, SIO_BYTES("r")), 0);
  sio_bytes room = SIO_BYTES("r");
  sio_target target = {&room, 1, NULL, 0};
  sio_message message = message_of("[1]");
  assert_int_equal(sio_nsp_broadcast(nsp_of(f, "/"), &target, &message, false), 0);
  sio_socket_accept(f->last, sio_bytes_of(NULL, 0));
  assert_int_equal(sio_nsp_broadcast(nsp_of(f, "/"), &target, &message, false), 1);
  assert_sent(session, "40{\"sid\":\"*\"}\n42[1]");
  sio_message_deinit(&message);
}

static void test_attachments_follow_their_text(void **state) {
  fixture *f = *state;
  sio_socket *socket;
  sio_session *session = join_root(f, &socket);
  sio_bytes attachments[] = {SIO_BYTES("\1\2"), SIO_BYTES("\3")};
  sio_packet packet = {.type = SIO_EVENT, .nsp = SIO_BYTES("/"), .id = SIO_NO_ACK};
  packet.payload = SIO_BYTES("[1]");
  sio_message message;
  sio_target everybody = {0};
  assert_int_equal(sio_message_init(&message, &sio_parser_text, &packet, attachments, 2), 0);
  assert_int_equal(sio_nsp_broadcast(nsp_of(f, "/"), &everybody, &message, false), 1);
  assert_sent(session, "452-[1]\n<0102>\n<03>");
  session->is_ready = false; /* volatile: all of it, or nothing */
  assert_int_equal(sio_nsp_broadcast(nsp_of(f, "/"), &everybody, &message, true), 0);
  assert_int_equal(sio_socket_send(socket, &message, true), 0);
  assert_sent(session, "");
  session->is_ready = true;
  assert_int_equal(sio_nsp_broadcast(nsp_of(f, "/"), &everybody, &message, true), 1);
  assert_int_equal(sio_socket_send(socket, &message, true), 0);
  assert_sent(session, "452-[1]\n<0102>\n<03>\n452-[1]\n<0102>\n<03>");
  session->lacks_memory = true;
  assert_int_equal(sio_socket_send(socket, &message, false), SIO_ENOMEM);
  assert_int_equal(sio_socket_send(socket, &message, false), SIO_ECLOSED);
  sio_message_deinit(&message);
}

/* A closed session is no recipient, and disturbs nobody. */
static void test_a_closed_recipient(void **state) {
  fixture *f = *state;
  sio_socket *socket;
  sio_session *gone = join_root(f, &socket);
  sio_session *session = join_root(f, &socket);
  sio_session_close(gone, true);
  sio_target everybody = {0};
  sio_message message = message_of("[1]");
  assert_int_equal(sio_nsp_broadcast(nsp_of(f, "/"), &everybody, &message, false), 1);
  assert_sent(session, "42[1]");
  assert_sent(gone, "");
  sio_message_deinit(&message);
}

/* --- what watchers are told --- */

static void leave_it(fixture *f, sio_socket *socket) {
  (void)f;
  sio_socket_leave(socket, SIO_BYTES("r"));
}

static void join_it(fixture *f, sio_socket *socket) {
  (void)f;
  sio_socket_join(socket, SIO_BYTES("r"));
}

static void test_watching_a_namespace(void **state) {
  fixture *f = *state;
  sio_nsp_watch_rooms(nsp_of(f, "/"), true);
  sio_session *session = session_open(f->engine);
  session_says(session, "0");
  sio_socket *socket = sio_socket_ref(f->last);
  sio_socket_join(socket, SIO_BYTES("r"));
  sio_socket_join(socket, SIO_BYTES("r"));
  sio_socket_leave(socket, SIO_BYTES("q"));
  sio_socket_leave(socket, SIO_BYTES("r"));
  sio_socket_leave(socket, SIO_BYTES("r"));
  assert_told(f, "connect /; +room / id; +room / r; -room / r");
  sio_nsp_watch_rooms(nsp_of(f, "/"), false);
  sio_socket_join(socket, SIO_BYTES("r"));
  sio_nsp_watch_rooms(nsp_of(f, "/"), true);
  session_end(session, "transport close", NULL);
  assert_told(f, "disconnecting / transport close; -room / r; -room / id; "
                 "disconnect / transport close; forget /; end transport close");
  sio_socket_unref(socket);
}

static void test_the_room_of_the_id_is_told_once(void **state) {
  fixture *f = *state;
  f->accepts = false;
  sio_session *session = session_open(f->engine);
  session_says(session, "0");
  sio_socket_watch_rooms(f->last);
  sio_socket_join(f->last, sio_socket_id(f->last));
  sio_socket_accept(f->last, sio_bytes_of(NULL, 0));
  assert_told(f, "connect /; +room / id");
}

static void test_watching_a_socket(void **state) {
  fixture *f = *state;
  sio_socket *socket, *other;
  join_root(f, &socket);
  join_root(f, &other);
  sio_socket_watch_rooms(socket);
  sio_socket_join(socket, SIO_BYTES("r"));
  sio_socket_join(other, SIO_BYTES("r"));
  assert_told(f, "+room / r");
}

static void test_a_watcher_that_changes_rooms(void **state) {
  fixture *f = *state;
  sio_socket *socket;
  sio_session *session = join_root(f, &socket);
  sio_socket_watch_rooms(socket);
  f->deed_at = "+room";
  f->deed = leave_it;
  sio_socket_join(socket, SIO_BYTES("r"));
  assert_told(f, "+room / r; -room / r");
  assert_int_equal(sio_nsp_room_count(nsp_of(f, "/"), SIO_BYTES("r")), 0);
  sio_socket_join(socket, SIO_BYTES("r"));
  f->deed_at = "-room";
  f->deed = join_it;
  sio_socket_leave(socket, SIO_BYTES("r"));
  assert_told(f, "+room / r; -room / r; +room / r");
  assert_true(sio_socket_is_in(socket, SIO_BYTES("r")));
  f->deed_at = "-room"; /* too late: it is disconnected */
  session_end(session, "transport close", NULL);
  assert_int_equal(sio_nsp_room_count(nsp_of(f, "/"), SIO_BYTES("r")), 0);
}

/* --- names --- */

static void test_room_names_are_bytes(void **state) {
  fixture *f = *state;
  sio_socket *socket;
  join_root(f, &socket);
  char name[] = "a\0b";
  assert_int_equal(sio_socket_join(socket, sio_bytes_of(name, 3)), 0);
  assert_int_equal(sio_socket_join(socket, sio_bytes_of(NULL, 0)), 0);
  name[0] = 'x'; /* it was copied */
  assert_true(sio_socket_is_in(socket, sio_bytes_of("a\0b", 3)));
  assert_true(sio_socket_is_in(socket, SIO_BYTES("")));
  assert_false(sio_socket_is_in(socket, SIO_BYTES("a")));
  size_t at = 1;
  assert_int_equal(sio_socket_next_room(socket, &at).len, 3);
}

static void test_leaving_the_room_of_the_id(void **state) {
  fixture *f = *state;
  sio_socket *socket, *other;
  join_root(f, &socket);
  sio_session *session = join_root(f, &other);
  sio_bytes id = sio_socket_id(socket);
  sio_socket_join(other, id);
  sio_socket_leave(socket, id);
  assert_int_equal(sio_nsp_room_count(nsp_of(f, "/"), id), 1);
  assert_ptr_equal(sio_nsp_find(nsp_of(f, "/"), id), socket);
  session_end(session, "transport close", NULL);
  assert_int_equal(sio_nsp_room_count(nsp_of(f, "/"), id), 0);
}

/* --- who joins the rooms of others' ids --- */

static bool visits[SOCKETS][SOCKETS]; /* who is in the room of whose id */
static char ids[SOCKETS][SIO_ID_LEN];

static sio_bytes id_of(size_t i) {
  return sio_bytes_of(ids[i], SIO_ID_LEN);
}

static void assert_room_of(sio_nsp *nsp, size_t host) {
  size_t count = 0;
  sio_message message = message_of("[2]");
  for (size_t i = 0; i < SOCKETS; i++)
    count += visits[i][host];
  assert_int_equal(sio_nsp_room_count(nsp, id_of(host)), count);
  for (size_t k = 0; k < count; k++)
    assert_true(sio_socket_is_in(sio_nsp_room_member(nsp, id_of(host), k), id_of(host)));
  assert_null(sio_nsp_room_member(nsp, id_of(host), count));
  sio_bytes room = id_of(host);
  sio_target in_it = {&room, 1, NULL, 0}, others = {NULL, 0, &room, 1};
  assert_int_equal(sio_nsp_broadcast(nsp, &in_it, &message, false), count);
  assert_int_equal(sio_nsp_broadcast(nsp, &others, &message, false), sio_nsp_count(nsp) - count);
  sio_message_deinit(&message);
  for (size_t i = 0; i < SOCKETS; i++)
    if (sockets[i] != NULL)
      assert_sent(sessions[i], "42[2]");
}

static void assert_visits(sio_nsp *nsp) {
  size_t rooms = 0, named = 0, at = 0;
  for (size_t host = 0; host < SOCKETS; host++) {
    assert_room_of(nsp, host);
    rooms += sio_nsp_room_count(nsp, id_of(host)) > 0;
  }
  while (sio_nsp_next_room(nsp, &at).base != NULL)
    named++;
  assert_int_equal(named, rooms);
  for (size_t i = 0; i < SOCKETS; i++) {
    size_t expected = 0, seen = 0;
    for (size_t host = 0; host < SOCKETS; host++)
      expected += visits[i][host];
    if (sockets[i] == NULL)
      continue;
    for (at = 0; sio_socket_next_room(sockets[i], &at).base != NULL;)
      seen++;
    assert_int_equal(seen, expected);
  }
}

static void visit_step(void) {
  size_t i = random_below(SOCKETS), host = random_below(3) == 0 ? i : random_below(SOCKETS);
  if (sockets[i] == NULL)
    return;
  visits[i][host] = random_below(100) < 40;
  assert_int_equal((visits[i][host] ? sio_socket_join : sio_socket_leave)(sockets[i], id_of(host)),
                   0);
  assert_int_equal(sio_socket_is_in(sockets[i], id_of(host)), visits[i][host]);
}

static void test_rooms_of_ids_like_a_model(void **state) {
  fixture *f = *state;
  sio_nsp *nsp = nsp_of(f, "/");
  open_all(f);
  memset(visits, 0, sizeof(visits));
  for (size_t i = 0; i < SOCKETS; i++) {
    memcpy(ids[i], sio_socket_id(sockets[i]).base, SIO_ID_LEN);
    visits[i][i] = true;
  }
  assert_visits(nsp);
  for (size_t gone = 0; gone < SOCKETS; gone++) { /* the rooms of who has gone stay */
    for (int n = 0; n < STEPS / SOCKETS; n++) {
      visit_step();
      if (n % 89 == 0)
        assert_visits(nsp);
    }
    close_socket(f, gone);
    memset(visits[gone], 0, sizeof(visits[gone]));
    assert_visits(nsp);
  }
}

/* Whoever joins gets a room made, or nothing has changed. */
static void test_a_room_of_an_id_without_memory(void **state) {
  fixture *f = *state;
  sio_nsp *nsp = nsp_of(f, "/");
  sio_socket *host, *guest;
  join_root(f, &host);
  join_root(f, &guest);
  sio_bytes id = sio_socket_id(host);
  for (size_t n = 1;; n++) {
    fail_alloc_at(n);
    int err = sio_socket_join(guest, id);
    fail_alloc_at(0);
    assert_true(sio_socket_is_in(host, id));
    assert_int_equal(sio_socket_is_in(guest, id), err == 0);
    assert_int_equal(sio_nsp_room_count(nsp, id), 1 + (err == 0));
    if (err == 0)
      break;
    assert_int_equal(err, SIO_ENOMEM);
  }
}

static void test_ids_of_acknowledgements(void **state) {
  fixture *f = *state;
  assert_int_equal(sio_nsp_next_id(nsp_of(f, "/")), 0);
  assert_int_equal(sio_nsp_next_id(nsp_of(f, "/")), 1);
  assert_int_equal(sio_nsp_next_id(nsp_of(f, "/a")), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(test_rooms_like_a_model),
      FIXTURE_TEST(test_broadcasts_like_a_model),
      FIXTURE_TEST(test_a_crowd_comes_and_goes),
      FIXTURE_TEST(test_a_broadcast_is_one_frame),
      FIXTURE_TEST(test_the_same_room_twice),
      FIXTURE_TEST(test_selection_outlives_its_sockets),
      FIXTURE_TEST(test_connecting_sockets_get_no_broadcast),
      FIXTURE_TEST(test_attachments_follow_their_text),
      FIXTURE_TEST(test_a_closed_recipient),
      FIXTURE_TEST(test_watching_a_namespace),
      FIXTURE_TEST(test_the_room_of_the_id_is_told_once),
      FIXTURE_TEST(test_watching_a_socket),
      FIXTURE_TEST(test_a_watcher_that_changes_rooms),
      FIXTURE_TEST(test_room_names_are_bytes),
      FIXTURE_TEST(test_leaving_the_room_of_the_id),
      FIXTURE_TEST(test_rooms_of_ids_like_a_model),
      FIXTURE_TEST(test_a_room_of_an_id_without_memory),
      FIXTURE_TEST(test_ids_of_acknowledgements),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
