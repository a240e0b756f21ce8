#include "net/timer.h"

#include "base/alloc.h"
#include "net/internal.h"

struct sio_timer {
  uv_timer_t uv;
  sio_loop *loop; /* NULL: the loop is gone, only the memory is left */
  sio_list node;
  sio_timer_fn fn;
  void *owner;
  bool is_stopped;
};

static void run(uv_timer_t *uv) {
  sio_timer *timer = uv->data;
  sio_loop *loop = timer->loop;
  sio_loop_enter(loop);
  timer->fn(timer->owner);
  sio_loop_leave(loop);
  sio_loop_settle(loop);
}

static void on_closed(uv_handle_t *uv) {
  sio_timer *timer = uv->data;
  sio_loop *loop = timer->loop;
  timer->loop = NULL;
  if (timer->is_stopped)
    sio_free(timer);
  sio_loop_lose_handle(loop);
}

sio_timer *sio_timer_start(sio_loop *loop, uint64_t ms, uint64_t repeat, sio_timer_fn fn,
                           void *owner) {
  sio_timer *timer = sio_calloc(1, sizeof(*timer));
  if (timer == NULL)
    return NULL;
  timer->loop = loop;
  timer->fn = fn;
  timer->owner = owner;
  timer->uv.data = timer;
  sio_loop_now(loop); /* outside a turn libuv's time may be long past */
  uv_timer_init(loop->uv, &timer->uv);
  uv_timer_start(&timer->uv, run, ms, repeat);
  sio_list_push(&loop->timers, &timer->node);
  loop->handles++;
  return timer;
}

static void detach(sio_timer *timer) {
  sio_list_remove(&timer->node);
  if (!uv_is_closing((uv_handle_t *)&timer->uv))
    uv_close((uv_handle_t *)&timer->uv, on_closed);
}

void sio_timer_stop(sio_timer *timer) {
  if (timer->loop == NULL) {
    sio_free(timer);
    return;
  }
  timer->is_stopped = true;
  detach(timer);
}

void sio_timer_close_all(sio_loop *loop) {
  while (!sio_list_is_empty(&loop->timers))
    detach(SIO_OF(loop->timers.next, sio_timer, node));
}
