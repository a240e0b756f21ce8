#include "base/deadline.h"

#include "unit.h"

/* What expired, in order, and what the next one does when it expires. */
typedef struct thing {
  int id;
  sio_deadline deadline;
  void (*then)(struct thing *self);
  struct thing *other;
} thing;

static sio_deadlines *queue;
static uint64_t now;
static int expired[16];
static size_t count;

static void expire(sio_deadline *deadline) {
  thing *self = SIO_OF(deadline, thing, deadline);
  assert_false(sio_deadline_is_running(deadline));
  assert_true(count < COUNT(expired));
  expired[count++] = self->id;
  if (self->then != NULL)
    self->then(self);
}

static int set_up(void **state) {
  (void)state;
  queue = malloc(sizeof(*queue));
  sio_deadlines_init(queue, 100, expire);
  now = 1000;
  count = 0;
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  free(queue);
  return 0;
}

static void start(thing *self) {
  sio_deadline_start(queue, &self->deadline, now);
}

static void assert_expired(const int *ids, size_t n) {
  assert_int_equal(count, n);
  assert_memory_equal(expired, ids, n * sizeof(*ids));
}

static void expires_in_order_at_the_time(void **state) {
  (void)state;
  thing a = {.id = 1}, b = {.id = 2}, c = {.id = 3};
  assert_true(sio_deadlines_next(queue) == UINT64_MAX);
  sio_deadlines_run(queue, UINT64_MAX - 1);
  start(&a);
  now = 1010;
  start(&b);
  start(&c);
  assert_true(sio_deadline_is_running(&a.deadline));
  assert_int_equal(sio_deadlines_next(queue), 1100);
  sio_deadlines_run(queue, 1099);
  assert_int_equal(count, 0);
  sio_deadlines_run(queue, 1100);
  assert_expired((int[]){1}, 1);
  assert_int_equal(sio_deadlines_next(queue), 1110);
  sio_deadlines_run(queue, 5000);
  assert_expired((int[]){1, 2, 3}, 3);
  assert_true(sio_deadlines_next(queue) == UINT64_MAX);
}

static void a_restart_goes_to_the_end(void **state) {
  (void)state;
  thing a = {.id = 1}, b = {.id = 2};
  start(&a);
  start(&b);
  now = 1050;
  start(&a);
  sio_deadlines_run(queue, 1100);
  assert_expired((int[]){2}, 1);
  sio_deadlines_run(queue, 1150);
  assert_expired((int[]){2, 1}, 2);
}

static void a_stopped_one_never_expires(void **state) {
  (void)state;
  thing a = {.id = 1}, b = {.id = 2};
  sio_deadline_stop(&a.deadline);
  start(&a);
  start(&b);
  sio_deadline_stop(&a.deadline);
  sio_deadline_stop(&a.deadline);
  assert_false(sio_deadline_is_running(&a.deadline));
  sio_deadlines_run(queue, 2000);
  assert_expired((int[]){2}, 1);
}

static void restart_self(thing *self) {
  start(self);
}

static void one_started_meanwhile_waits_its_time(void **state) {
  (void)state;
  thing a = {.id = 1, .then = restart_self}, b = {.id = 2};
  start(&a);
  start(&b);
  now = 1100;
  sio_deadlines_run(queue, now);
  assert_expired((int[]){1, 2}, 2);
  assert_int_equal(sio_deadlines_next(queue), 1200);
}

static void even_if_that_time_has_passed(void **state) {
  (void)state;
  queue->ms = 0;
  thing a = {.id = 1, .then = restart_self};
  start(&a);
  sio_deadlines_run(queue, now);
  assert_expired((int[]){1}, 1);
  sio_deadlines_run(queue, now);
  assert_expired((int[]){1, 1}, 2);
}

static void free_self(thing *self) {
  free(self);
}

static thing *new_thing(int id, void (*then)(thing *)) {
  thing *made = calloc(1, sizeof(*made));
  made->id = id;
  made->then = then;
  return made;
}

static void expire_may_free_itself(void **state) {
  (void)state;
  for (int id = 1; id <= 3; id++)
    start(new_thing(id, free_self));
  sio_deadlines_run(queue, 1100);
  assert_expired((int[]){1, 2, 3}, 3);
}

static void free_other(thing *self) {
  sio_deadline_stop(&self->other->deadline);
  free(self->other);
}

static void expire_may_free_another_that_is_due(void **state) {
  (void)state;
  thing a = {.id = 1, .then = free_other, .other = new_thing(2, NULL)}, c = {.id = 3};
  start(&a);
  start(a.other);
  start(&c);
  sio_deadlines_run(queue, 1100);
  assert_expired((int[]){1, 3}, 2);
}

static void restart_other(thing *self) {
  start(self->other);
}

static void expire_may_restart_another_that_is_due(void **state) {
  (void)state;
  thing b = {.id = 2};
  thing a = {.id = 1, .then = restart_other, .other = &b};
  start(&a);
  start(&b);
  now = 1100;
  sio_deadlines_run(queue, now);
  assert_expired((int[]){1}, 1);
  sio_deadlines_run(queue, 1200);
  assert_expired((int[]){1, 2}, 2);
}

static void free_queue(thing *self) {
  sio_deadline_stop(&self->other->deadline);
  free(queue);
  queue = NULL;
}

static void expire_may_free_the_queue(void **state) {
  (void)state;
  thing b = {.id = 2};
  thing a = {.id = 1, .then = free_queue, .other = &b};
  start(&a);
  start(&b);
  sio_deadlines_run(queue, 1100);
  assert_expired((int[]){1}, 1);
}

#define QUEUE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      QUEUE_TEST(expires_in_order_at_the_time),
      QUEUE_TEST(a_restart_goes_to_the_end),
      QUEUE_TEST(a_stopped_one_never_expires),
      QUEUE_TEST(one_started_meanwhile_waits_its_time),
      QUEUE_TEST(even_if_that_time_has_passed),
      QUEUE_TEST(expire_may_free_itself),
      QUEUE_TEST(expire_may_free_another_that_is_due),
      QUEUE_TEST(expire_may_restart_another_that_is_due),
      QUEUE_TEST(expire_may_free_the_queue),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
