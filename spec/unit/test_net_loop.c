#include <uv.h>

#include "base/limits.h"
#include "net/timer.h"
#include "net_fixture.h"

/* --- flushing --- */

static char order[64];

typedef struct step {
  sio_flush flush;
  char letter;
  int again; /* queues itself so many times more */
  struct step *next;
  sio_loop *loop;
} step;

static void run_step(sio_flush *flush) {
  step *self = SIO_OF(flush, step, flush);
  order[strlen(order)] = self->letter;
  if (self->next != NULL)
    sio_loop_flush_later(self->loop, &self->next->flush);
  if (self->again-- > 0)
    sio_loop_flush_later(self->loop, &self->flush);
}

static step make_step(sio_loop *loop, char letter) {
  return (step){.flush = {.run = run_step}, .letter = letter, .loop = loop};
}

static void flushes_in_order_until_nothing_is_queued(void **state) {
  net_fixture *net = *state;
  memset(order, 0, sizeof(order));
  sio_loop_run(net->loop, SIO_RUN_NOWAIT); /* the listener is watched from here */
  assert_int_equal(sio_loop_timeout(net->loop), -1);
  step a = make_step(net->loop, 'a'), b = make_step(net->loop, 'b'), c = make_step(net->loop, 'c');
  a.next = &c;
  b.again = 2;
  sio_loop_flush_later(net->loop, &a.flush);
  sio_loop_flush_later(net->loop, &b.flush);
  sio_loop_flush_later(net->loop, &a.flush); /* stands in the list already */
  assert_int_equal(sio_loop_timeout(net->loop), 0);
  assert_string_equal(order, "");
  sio_loop_run(net->loop, SIO_RUN_NOWAIT);
  assert_string_equal(order, "abcbb");
  assert_int_equal(sio_loop_timeout(net->loop), -1);
}

/* --- the next turn --- */

static void run_again(sio_flush *flush) {
  step *self = SIO_OF(flush, step, flush);
  order[strlen(order)] = self->letter;
  if (self->again-- > 0)
    sio_loop_next_turn(self->loop, &self->flush);
}

static void leaves_work_for_the_next_turn(void **state) {
  net_fixture *net = *state;
  memset(order, 0, sizeof(order));
  sio_loop_run(net->loop, SIO_RUN_NOWAIT);
  step a = make_step(net->loop, 'a'), b = make_step(net->loop, 'b');
  a.flush.run = b.flush.run = run_again;
  a.again = 2;
  sio_loop_next_turn(net->loop, &a.flush);
  sio_loop_next_turn(net->loop, &b.flush);
  sio_loop_next_turn(net->loop, &a.flush); /* stands in the list already */
  sio_loop_flush_later(net->loop, &a.flush);
  static const char *const turns[] = {"ab", "aba", "abaa", "abaa"};
  for (size_t i = 0; i < COUNT(turns); i++) {
    assert_int_equal(sio_loop_timeout(net->loop), i < 3 ? 0 : -1);
    sio_loop_run(net->loop, SIO_RUN_NOWAIT);
    assert_string_equal(order, turns[i]);
  }
}

static void work_keeps_a_loop_alive(void **state) {
  (void)state;
  sio_loop *loop = sio_loop_new(NULL);
  memset(order, 0, sizeof(order));
  step a = make_step(loop, 'a');
  a.flush.run = run_again;
  a.again = 3;
  sio_loop_next_turn(loop, &a.flush);
  assert_int_equal(sio_loop_run(loop, SIO_RUN_DEFAULT), 0);
  assert_string_equal(order, "aaaa");
  sio_loop_next_turn(loop, &a.flush);
  sio_loop_free(loop); /* is not run */
  assert_string_equal(order, "aaaa");
  assert_false(sio_list_is_linked(&a.flush.node));
}

static void work_is_limited_by_count_and_bytes(void **state) {
  net_fixture *net = *state;
  sio_loop_begin_share(net->loop);
  for (int i = 1; i < SIO_CLIENT_WORK; i++)
    assert_true(sio_loop_spend(net->loop, 1023));
  assert_false(sio_loop_spend(net->loop, 0));
  assert_false(sio_loop_spend(net->loop, 0));
  sio_loop_begin_share(net->loop);
  assert_true(sio_loop_spend(net->loop, (SIO_CLIENT_WORK - 2) * 1024));
  assert_false(sio_loop_spend(net->loop, 0));
  /* All shares of one turn together. */
  sio_loop_run(net->loop, SIO_RUN_NOWAIT);
  for (int i = 1; i < SIO_TURN_WORK; i++) {
    sio_loop_begin_share(net->loop);
    assert_true(sio_loop_spend(net->loop, 0));
  }
  sio_loop_begin_share(net->loop);
  assert_false(sio_loop_spend(net->loop, 0));
  sio_loop_run(net->loop, SIO_RUN_NOWAIT);
  sio_loop_begin_share(net->loop);
  assert_true(sio_loop_spend(net->loop, 0));
}

/* --- */

static void queue_step(void *owner) {
  step *self = owner;
  sio_loop_flush_later(self->loop, &self->flush);
}

/* Timers run after the poll in a ONCE turn: what they queue must not stay behind. */
static void no_run_returns_with_something_queued(void **state) {
  net_fixture *net = *state;
  memset(order, 0, sizeof(order));
  step a = make_step(net->loop, 'a');
  sio_timer *timer = sio_timer_start(net->loop, 5, 0, queue_step, &a);
  while (strlen(order) == 0) {
    sio_loop_run(net->loop, SIO_RUN_ONCE);
    assert_false(sio_list_is_linked(&a.flush.node));
  }
  sio_timer_stop(timer);
}

static int writes_at_once; /* the answers a client found together */

static void answer_each_byte(net_peer *peer, char *data, size_t len) {
  for (size_t i = 0; i < len; i++)
    assert_int_equal(sio_stream_write(peer->stream, sio_bytes_of(data + i, 1)), 0);
  assert_int_equal(sio_stream_queued(peer->stream), len); /* only queued */
  writes_at_once++;
}

static void answers_go_out_in_the_turn_that_queued_them(void **state) {
  net_fixture *net = *state;
  net->on_read = answer_each_byte;
  writes_at_once = 0;
  int fd;
  net_connect(net, &fd);
  net_say(fd, "abc");
  sio_buf in = {0};
  while (writes_at_once == 0)
    sio_loop_run(net->loop, SIO_RUN_NOWAIT);
  assert_true(net_hear(fd, &in));
  assert_int_equal(in.len, 3);
  sio_buf_deinit(&in);
  close(fd);
}

/* What one flush has written is sent before the next that it queues looks. */
typedef struct writer {
  sio_flush flush, look;
  sio_stream *stream;
  int fd;
  size_t queued, heard;
} writer;

static void run_writer(sio_flush *flush) {
  writer *self = SIO_OF(flush, writer, flush);
  assert_int_equal(sio_stream_write(self->stream, SIO_BYTES("hello")), 0);
  sio_loop_flush_later(sio_stream_loop(self->stream), &self->look);
}

static void run_look(sio_flush *flush) {
  writer *self = SIO_OF(flush, writer, look);
  char text[8];
  self->queued = sio_stream_queued(self->stream);
  self->heard = (size_t)recv(self->fd, text, sizeof(text), 0);
}

static void output_goes_before_flushes(void **state) {
  net_fixture *net = *state;
  writer it = {.flush.run = run_writer, .look.run = run_look, .queued = 1};
  it.stream = net_connect(net, &it.fd)->stream;
  sio_loop_flush_later(net->loop, &it.flush);
  sio_loop_run(net->loop, SIO_RUN_NOWAIT);
  assert_int_equal(it.queued, 0);
  assert_int_equal(it.heard, 5);
  close(it.fd);
}

/* A host that watches the descriptor must not sleep over it. */
static void queued_output_wants_a_turn(void **state) {
  net_fixture *net = *state;
  int fd;
  net_peer *peer = net_connect(net, &fd);
  sio_loop_run(net->loop, SIO_RUN_NOWAIT);
  assert_int_equal(sio_loop_timeout(net->loop), -1);
  assert_int_equal(sio_stream_write(peer->stream, SIO_BYTES("hello")), 0);
  assert_int_equal(sio_loop_timeout(net->loop), 0);
  sio_loop_run(net->loop, SIO_RUN_NOWAIT);
  assert_int_equal(sio_loop_timeout(net->loop), -1);
  close(fd);
}

/* --- running --- */

static void an_idle_loop_has_nothing_to_do(void **state) {
  (void)state;
  sio_loop *loop = sio_loop_new(NULL);
  assert_int_equal(sio_loop_run(loop, SIO_RUN_DEFAULT), 0);
  assert_int_equal(sio_loop_run(loop, SIO_RUN_ONCE), 0);
  assert_int_equal(sio_loop_run(loop, SIO_RUN_NOWAIT), 0);
  assert_int_equal(sio_loop_timeout(loop), -1);
  assert_true(sio_loop_fd(loop) >= 0);
  sio_loop_free(loop);
  sio_loop_free(NULL);
}

static void run_inside(void *owner) {
  sio_loop *loop = owner;
  for (int mode = SIO_RUN_DEFAULT; mode <= SIO_RUN_NOWAIT; mode++)
    assert_int_equal(sio_loop_run(loop, (enum sio_run_mode)mode), SIO_EINVAL);
  sio_loop_stop(loop);
}

static void no_turn_inside_a_turn(void **state) {
  net_fixture *net = *state;
  sio_timer *timer = sio_timer_start(net->loop, 0, 1, run_inside, net->loop);
  assert_int_equal(sio_loop_run(net->loop, SIO_RUN_DEFAULT), 1);
  sio_timer_stop(timer);
}

static void count_up(void *owner) {
  ++*(int *)owner;
}

static void stop_before_a_run_leaves_it_one_turn(void **state) {
  net_fixture *net = *state;
  int n = 0;
  sio_timer *timer = sio_timer_start(net->loop, 0, 0, count_up, &n);
  sio_loop_stop(net->loop);
  assert_int_equal(sio_loop_run(net->loop, SIO_RUN_DEFAULT), 1);
  assert_int_equal(n, 1);
  sio_timer_stop(timer);
  /* and it counts once: the next run goes on until its own end */
  timer = sio_timer_start(net->loop, 20, 0, count_up, &n);
  sio_listener_close(net->listener);
  assert_int_equal(sio_loop_run(net->loop, SIO_RUN_DEFAULT), 0);
  assert_int_equal(n, 2);
  sio_timer_stop(timer);
}

static void run_once_waits_for_one_event(void **state) {
  net_fixture *net = *state;
  int n = 0;
  sio_timer *timer = sio_timer_start(net->loop, 20, 0, count_up, &n);
  uint64_t before = net_ms();
  while (n == 0)
    assert_int_equal(sio_loop_run(net->loop, SIO_RUN_ONCE), 1);
  assert_true(net_ms() - before >= 19);
  sio_timer_stop(timer);
}

static void free_loop(void *owner) {
  net_fixture *net = owner;
  sio_loop_free(net->loop);
  assert_int_equal(net->listener_closes, 0);
}

static void freeing_inside_a_turn_waits_for_its_end(void **state) {
  net_fixture *net = *state;
  sio_timer *timer = sio_timer_start(net->loop, 0, 0, free_loop, net);
  assert_int_equal(sio_loop_run(net->loop, SIO_RUN_DEFAULT), 0);
  net->loop = NULL;
  assert_int_equal(net->listener_closes, 1);
  sio_timer_stop(timer); /* its memory was left to us */
}

/* --- deadlines --- */

typedef struct candle {
  sio_deadline deadline;
  sio_deadlines *queue;
  sio_loop *loop;
  int n, again;
} candle;

static void burn_down(sio_deadline *deadline) {
  candle *self = SIO_OF(deadline, candle, deadline);
  self->n++;
  if (self->again-- > 0)
    sio_deadline_start(self->queue, deadline, sio_loop_now(self->loop));
}

/* A running deadline is all that keeps this loop alive. */
static void deadlines_keep_the_loop_alive(void **state) {
  (void)state;
  sio_loop *loop = sio_loop_new(NULL);
  sio_deadlines slow, quick;
  sio_deadlines_init(&slow, 60000, burn_down);
  sio_deadlines_init(&quick, 10, burn_down);
  sio_loop_watch(loop, &slow);
  sio_loop_watch(loop, &quick);
  sio_loop_watch(loop, &quick);
  candle a = {.queue = &quick, .loop = loop, .again = 3}, b = {.queue = &slow, .loop = loop};
  sio_deadline_start(&quick, &a.deadline, sio_loop_now(loop));
  sio_deadline_start(&slow, &b.deadline, sio_loop_now(loop));
  int timeout = sio_loop_timeout(loop);
  assert_true(timeout > 0 && timeout <= 10);
  uint64_t before = net_ms();
  UNTIL(loop, a.n == 4);
  assert_true(net_ms() - before >= 39);
  assert_true(sio_loop_timeout(loop) > 1000);
  assert_int_equal(sio_loop_run(loop, SIO_RUN_NOWAIT), 1);
  sio_deadline_stop(&b.deadline);
  assert_int_equal(sio_loop_run(loop, SIO_RUN_DEFAULT), 0);
  assert_int_equal(sio_loop_timeout(loop), -1);
  a.again = 1;
  sio_deadline_start(&quick, &a.deadline, sio_loop_now(loop));
  assert_int_equal(sio_loop_run(loop, SIO_RUN_DEFAULT), 0); /* until none runs */
  assert_int_equal(a.n, 6);
  sio_loop_unwatch(&quick);
  sio_loop_unwatch(&quick);
  sio_deadline_start(&quick, &a.deadline, sio_loop_now(loop));
  assert_int_equal(sio_loop_run(loop, SIO_RUN_DEFAULT), 0); /* not our concern any more */
  assert_int_equal(a.n, 6);
  sio_loop_free(loop);
  assert_false(sio_list_is_linked(&slow.watched));
}

static sio_deadlines *victims[2];

static void unwatch_all(sio_deadline *deadline) {
  SIO_OF(deadline, candle, deadline)->n++;
  sio_loop_unwatch(victims[0]);
  sio_loop_unwatch(victims[1]);
}

static void expiring_may_unwatch_any_queue(void **state) {
  net_fixture *net = *state;
  sio_deadlines a, b;
  sio_deadlines_init(&a, 1, unwatch_all);
  sio_deadlines_init(&b, 1, unwatch_all);
  victims[0] = &a;
  victims[1] = &b;
  sio_loop_watch(net->loop, &a);
  sio_loop_watch(net->loop, &b);
  candle one = {0}, two = {0};
  sio_deadline_start(&a, &one.deadline, sio_loop_now(net->loop));
  sio_deadline_start(&b, &two.deadline, sio_loop_now(net->loop));
  UNTIL(net->loop, one.n + two.n > 0);
  net_turn(net->loop);
  assert_int_equal(one.n, 1);
  assert_int_equal(two.n, 0);
}

/* --- timers --- */

static void timers_repeat_until_stopped(void **state) {
  net_fixture *net = *state;
  int n = 0, m = 0;
  sio_timer *often = sio_timer_start(net->loop, 1, 1, count_up, &n);
  sio_timer *once = sio_timer_start(net->loop, 1, 0, count_up, &m);
  UNTIL(net->loop, n >= 5);
  assert_int_equal(m, 1);
  sio_timer_stop(often);
  sio_timer_stop(once);
  int before = n;
  for (uint64_t end = net_ms() + 10; net_ms() < end;)
    net_turn(net->loop);
  assert_int_equal(n, before);
}

static sio_timer *self_stopper;

static void stop_self(void *owner) {
  ++*(int *)owner;
  sio_timer_stop(self_stopper);
}

static void a_timer_may_stop_itself(void **state) {
  net_fixture *net = *state;
  int n = 0;
  self_stopper = sio_timer_start(net->loop, 1, 1, stop_self, &n);
  UNTIL(net->loop, n == 1);
  for (uint64_t end = net_ms() + 10; net_ms() < end;)
    net_turn(net->loop);
  assert_int_equal(n, 1);
}

static void note_time(void *owner) {
  *(uint64_t *)owner = net_ms();
}

/* libuv's clock stands still outside its turns; a timer must not fire early for it. */
static void a_timer_counts_from_its_start(void **state) {
  net_fixture *net = *state;
  sio_loop_run(net->loop, SIO_RUN_NOWAIT);
  for (uint64_t end = net_ms() + 30; net_ms() < end;)
    ;
  uint64_t before = net_ms(), fired = 0;
  sio_timer *timer = sio_timer_start(net->loop, 20, 0, note_time, &fired);
  for (uint64_t end = net_ms() + 10; net_ms() < end;)
    ;
  int timeout = sio_loop_timeout(net->loop);
  assert_in_range(timeout, 0, 11); /* nor must a host sleep longer for it */
  UNTIL(net->loop, fired > 0);
  assert_true(fired - before >= 19);
  sio_timer_stop(timer);
}

static void timers_left_at_the_end_are_only_memory(void **state) {
  (void)state;
  int n = 0;
  sio_loop *loop = sio_loop_new(NULL);
  sio_timer *never = sio_timer_start(loop, 0, 1, count_up, &n);
  sio_timer *stopped = sio_timer_start(loop, 0, 1, count_up, &n);
  sio_timer_stop(stopped);
  sio_loop_free(loop);
  assert_int_equal(n, 0);
  sio_timer_stop(never);
}

static void stop_loop(void *owner) {
  sio_loop_stop(owner);
}

static void a_timer_ends_a_run(void **state) {
  net_fixture *net = *state;
  sio_timer *timer = sio_timer_start(net->loop, 10, 0, stop_loop, net->loop);
  assert_int_equal(sio_loop_run(net->loop, SIO_RUN_DEFAULT), 1);
  sio_timer_stop(timer);
}

/* --- a host's loop --- */

static int foreign_calls;

static void on_foreign(uv_timer_t *timer) {
  assert_ptr_equal(timer->data, &foreign_calls);
  foreign_calls++;
}

static void echo(net_peer *peer, char *data, size_t len) {
  assert_int_equal(sio_stream_write(peer->stream, sio_bytes_of(data, len)), 0);
}

/* The host turns its own loop; we come and go and leave it as it was. */
static void lives_on_a_hosts_loop(void **state) {
  (void)state;
  uv_loop_t uv;
  uv_timer_t foreign;
  assert_int_equal(uv_loop_init(&uv), 0);
  uv_timer_init(&uv, &foreign);
  foreign.data = &foreign_calls;
  foreign_calls = 0;
  uv_timer_start(&foreign, on_foreign, 1, 1);
  int ends[2];
  uv_poll_t watched; /* of our streams' kind */
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  assert_int_equal(uv_poll_init(&uv, &watched, ends[0]), 0);
  watched.data = &watched;
  net_fixture net = {.loop = sio_loop_new(&uv), .on_read = echo};
  assert_int_equal(sio_loop_fd(net.loop), uv_backend_fd(&uv));
  assert_int_equal(net_open(&net, "127.0.0.1:0"), 0);
  int fd = net_connect_with(&net, 0);
  net_say(fd, "ping");
  sio_buf in = {0};
  for (uint64_t end = net_ms() + NET_PATIENCE; net_hear(fd, &in) && in.len < 4;) {
    assert_true(net_ms() < end);
    uv_run(&uv, UV_RUN_ONCE);
  }
  assert_memory_equal(in.base, "ping", 4);
  int before = foreign_calls;
  sio_loop_free(net.loop);
  assert_int_equal(net.peers[0].closes, 0); /* it is not for us to turn the loop */
  assert_int_equal(foreign_calls, before);
  uv_run(&uv, UV_RUN_NOWAIT);
  assert_int_equal(net.peers[0].closes, 1);
  uv_run(&uv, UV_RUN_ONCE);
  assert_true(foreign_calls > before);
  assert_false(uv_is_closing((uv_handle_t *)&watched));
  uv_close((uv_handle_t *)&watched, NULL);
  uv_close((uv_handle_t *)&foreign, NULL);
  uv_run(&uv, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&uv), 0); /* nothing of ours is left in it */
  close(ends[0]);
  close(ends[1]);
  sio_buf_deinit(&in);
  close(fd);
}

static void try_nested(net_peer *peer, char *data, size_t len) {
  assert_int_equal(sio_loop_run(peer->net->loop, SIO_RUN_NOWAIT), SIO_EINVAL);
  echo(peer, data, len);
}

static void knows_a_hosts_turn_too(void **state) {
  (void)state;
  uv_loop_t uv;
  assert_int_equal(uv_loop_init(&uv), 0);
  net_fixture net = {.loop = sio_loop_new(&uv), .on_read = try_nested};
  assert_int_equal(net_open(&net, "127.0.0.1:0"), 0);
  int fd = net_connect_with(&net, 0);
  net_say(fd, "x");
  sio_buf in = {0};
  for (uint64_t end = net_ms() + NET_PATIENCE; net_hear(fd, &in) && in.len < 1;) {
    assert_true(net_ms() < end);
    uv_run(&uv, UV_RUN_ONCE);
  }
  sio_loop_free(net.loop);
  uv_run(&uv, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&uv), 0);
  sio_buf_deinit(&in);
  close(fd);
}

/* --- time --- */

static void writes_http_dates(void **state) {
  net_fixture *net = *state;
  const char *date = sio_loop_date(net->loop);
  struct tm tm = {0};
  assert_int_equal(strlen(date), 29);
  const char *rest = strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
  assert_non_null(rest);
  assert_string_equal(rest, "");
  int weekday = tm.tm_wday;
  time_t then = timegm(&tm);
  assert_true(time(NULL) - then <= 1);
  assert_int_equal(tm.tm_wday, weekday);
}

static void keep_now(void *owner) {
  net_fixture *net = owner;
  uint64_t now = sio_loop_now(net->loop);
  for (uint64_t end = net_ms() + 5; net_ms() < end;)
    ;
  assert_int_equal(sio_loop_now(net->loop), now);
  sio_loop_stop(net->loop);
}

static void now_stands_still_within_a_turn(void **state) {
  net_fixture *net = *state;
  sio_timer *timer = sio_timer_start(net->loop, 0, 0, keep_now, net);
  sio_loop_run(net->loop, SIO_RUN_DEFAULT);
  sio_timer_stop(timer);
  uint64_t now = sio_loop_now(net->loop);
  for (uint64_t end = net_ms() + 5; net_ms() < end;)
    ;
  assert_true(sio_loop_now(net->loop) > now);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      NET_TEST(flushes_in_order_until_nothing_is_queued),
      NET_TEST(leaves_work_for_the_next_turn),
      cmocka_unit_test(work_keeps_a_loop_alive),
      NET_TEST(work_is_limited_by_count_and_bytes),
      NET_TEST(no_run_returns_with_something_queued),
      NET_TEST(answers_go_out_in_the_turn_that_queued_them),
      cmocka_unit_test(an_idle_loop_has_nothing_to_do),
      NET_TEST(output_goes_before_flushes),
      NET_TEST(queued_output_wants_a_turn),
      NET_TEST(no_turn_inside_a_turn),
      NET_TEST(stop_before_a_run_leaves_it_one_turn),
      NET_TEST(run_once_waits_for_one_event),
      NET_TEST(freeing_inside_a_turn_waits_for_its_end),
      cmocka_unit_test(deadlines_keep_the_loop_alive),
      NET_TEST(expiring_may_unwatch_any_queue),
      NET_TEST(timers_repeat_until_stopped),
      NET_TEST(a_timer_may_stop_itself),
      NET_TEST(a_timer_counts_from_its_start),
      cmocka_unit_test(timers_left_at_the_end_are_only_memory),
      NET_TEST(a_timer_ends_a_run),
      cmocka_unit_test(lives_on_a_hosts_loop),
      cmocka_unit_test(knows_a_hosts_turn_too),
      NET_TEST(writes_http_dates),
      NET_TEST(now_stands_still_within_a_turn),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
