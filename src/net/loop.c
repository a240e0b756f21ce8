#include "net/loop.h"

#include <limits.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "net/internal.h"

/* Before libuv sleeps and right after: whatever callbacks queued goes out. */
static void turn(sio_loop *loop) {
  sio_loop_enter(loop);
  sio_loop_flush(loop);
  if (loop->is_stopping && loop->is_running)
    uv_stop(loop->uv);
  sio_loop_leave(loop);
  sio_loop_settle(loop);
}

static void before_poll(uv_prepare_t *prepare) {
  turn(prepare->data);
}

static void after_poll(uv_check_t *check) {
  sio_loop *loop = check->data;
  turn(loop);
  loop->work = 0;
}

static void init_queue(sio_loop *loop, sio_deadlines *queue, uint64_t ms,
                       void (*expire)(sio_deadline *)) {
  sio_deadlines_init(queue, ms, expire);
  sio_loop_watch(loop, queue);
}

static void init_lists(sio_loop *loop) {
  sio_list_init(&loop->outputs);
  sio_list_init(&loop->flushes);
  sio_list_init(&loop->backlog);
  sio_list_init(&loop->queues);
  sio_list_init(&loop->listeners);
  sio_list_init(&loop->timers);
  init_queue(loop, &loop->finishing, SIO_WS_CLOSE_TIMEOUT, sio_stream_on_finish_timeout);
  init_queue(loop, &loop->lingering, SIO_LINGER_TIMEOUT, sio_stream_on_linger_timeout);
  init_queue(loop, &loop->resting, SIO_REST_TIMEOUT, sio_listener_on_rested);
  init_queue(loop, &loop->greeting, SIO_TLS_HANDSHAKE_TIMEOUT, sio_stream_on_greet_timeout);
}

/* Initialising and starting these cannot fail. */
static void init_handles(sio_loop *loop) {
  uv_timer_init(loop->uv, &loop->alarm);
  uv_prepare_init(loop->uv, &loop->before_poll);
  uv_check_init(loop->uv, &loop->after_poll);
  loop->alarm.data = loop->before_poll.data = loop->after_poll.data = loop;
  loop->alarm_at = UINT64_MAX;
  loop->handles = SIO_OWN_HANDLES;
  uv_prepare_start(&loop->before_poll, before_poll);
  uv_check_start(&loop->after_poll, after_poll);
  uv_unref((uv_handle_t *)&loop->alarm);
  uv_unref((uv_handle_t *)&loop->before_poll);
  uv_unref((uv_handle_t *)&loop->after_poll);
  sio_loop_init_backlog(loop);
}

sio_loop *sio_loop_new(uv_loop_t *uv) {
  sio_loop *loop = sio_calloc(1, sizeof(*loop));
  if (loop == NULL)
    return NULL;
  if (uv == NULL && uv_loop_init(&loop->own) != 0) {
    sio_free(loop);
    return NULL;
  }
  loop->uv = uv != NULL ? uv : &loop->own;
  init_lists(loop);
  init_handles(loop);
  sio_alloc_expect_large();
  return loop;
}

static void unlink_all(sio_list *head) {
  while (sio_list_shift(head) != NULL)
    ;
}

static void destroy(sio_loop *loop) {
  unlink_all(&loop->flushes);
  unlink_all(&loop->backlog);
  unlink_all(&loop->queues);
  sio_outbox_pool_deinit(&loop->rings);
  sio_free(loop);
}

void sio_loop_lose_handle(sio_loop *loop) {
  loop->handles--;
  if (loop->handles == 0 && sio_loop_is_borrowed(loop))
    destroy(loop);
}

static void forget(uv_handle_t *handle) {
  sio_loop_lose_handle(handle->data);
}

static void close_all(sio_loop *loop) {
  sio_listener_close_all(loop);
  sio_stream_close_all(loop);
  sio_timer_close_all(loop);
}

static void close_own(sio_loop *loop) {
  uv_close((uv_handle_t *)&loop->alarm, forget);
  uv_close((uv_handle_t *)&loop->before_poll, forget);
  uv_close((uv_handle_t *)&loop->after_poll, forget);
  uv_close((uv_handle_t *)&loop->backlogger, forget);
}

void sio_loop_free(sio_loop *loop) {
  if (loop == NULL)
    return;
  if (loop->depth > 0) {
    loop->is_orphaned = loop->is_stopping = true;
    return;
  }
  loop->is_leaving = true;
  if (sio_loop_is_borrowed(loop)) { /* only its host turns it */
    close_all(loop);
    close_own(loop);
    return;
  }
  while (loop->handles > SIO_OWN_HANDLES) {
    close_all(loop);
    uv_run(loop->uv, UV_RUN_NOWAIT);
  }
  close_own(loop);
  while (loop->handles > 0)
    uv_run(loop->uv, UV_RUN_NOWAIT);
  uv_loop_close(&loop->own);
  destroy(loop);
}

bool sio_loop_is_borrowed(const sio_loop *loop) {
  return loop->uv != &loop->own;
}

int sio_loop_run(sio_loop *loop, enum sio_run_mode mode) {
  static const uv_run_mode modes[] = {
      [SIO_RUN_DEFAULT] = UV_RUN_DEFAULT,
      [SIO_RUN_ONCE] = UV_RUN_ONCE,
      [SIO_RUN_NOWAIT] = UV_RUN_NOWAIT,
  };
  if (loop->depth > 0)
    return SIO_EINVAL;
  sio_loop_enter(loop);
  sio_loop_settle(loop);
  loop->is_running = true;
  uv_run(loop->uv, modes[mode]);
  sio_loop_flush(loop); /* what timers and closing handles queued after the poll */
  loop->is_running = loop->is_stopping = false;
  sio_loop_leave(loop);
  sio_loop_settle(loop);
  int alive = uv_loop_alive(loop->uv);
  if (!loop->is_orphaned)
    return alive;
  sio_loop_free(loop);
  return 0;
}

void sio_loop_stop(sio_loop *loop) {
  loop->is_stopping = true;
}

bool sio_loop_is_alive(const sio_loop *loop) {
  return uv_loop_alive(loop->uv) != 0;
}

int sio_loop_fd(const sio_loop *loop) {
  return uv_backend_fd(loop->uv);
}

/* libuv's timeouts count from its cached time, which is old when the host was busy meanwhile. */
int sio_loop_timeout(const sio_loop *loop) {
  int of_uv = sio_loop_is_alive(loop) ? uv_backend_timeout(loop->uv) : -1;
  if (of_uv == 0 || sio_loop_has_queued(loop))
    return 0;
  uint64_t due = sio_loop_next(loop);
  if (of_uv > 0 && uv_now(loop->uv) + (uint64_t)of_uv < due)
    due = uv_now(loop->uv) + (uint64_t)of_uv;
  if (due == UINT64_MAX)
    return -1;
  uint64_t now = uv_hrtime() / 1000000;
  if (due <= now)
    return 0;
  return due - now < INT_MAX ? (int)(due - now) : INT_MAX;
}

uint64_t sio_loop_now(const sio_loop *loop) {
  if (loop->depth == 0)
    uv_update_time(loop->uv);
  return uv_now(loop->uv);
}
