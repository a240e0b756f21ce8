#include "base/limits.h"
#include "net/internal.h"

/* --- the end of a turn --- */

void sio_loop_flush_later(sio_loop *loop, sio_flush *flush) {
  if (!sio_list_is_linked(&flush->node))
    sio_list_push(&loop->flushes, &flush->node);
}

static void send_outputs(sio_loop *loop) {
  for (sio_list *node; (node = sio_list_shift(&loop->outputs)) != NULL;)
    sio_stream_flush(node);
}

/* Those that are queued now: what they queue comes behind what they have streams send. */
static void run_flushes(sio_loop *loop) {
  sio_list flushes;
  sio_list_move(&flushes, &loop->flushes);
  for (sio_list *node; (node = sio_list_shift(&flushes)) != NULL;) {
    sio_flush *flush = SIO_OF(node, sio_flush, node);
    flush->run(flush);
  }
}

bool sio_loop_has_queued(const sio_loop *loop) {
  return !sio_list_is_empty(&loop->outputs) || !sio_list_is_empty(&loop->flushes);
}

void sio_loop_flush(sio_loop *loop) {
  while (sio_loop_has_queued(loop)) {
    send_outputs(loop);
    run_flushes(loop);
  }
}

/* --- the next turn --- */

enum { WORK_UNIT = 1024 }; /* bytes that count as one */

void sio_loop_begin_share(sio_loop *loop) {
  loop->share = 0;
}

bool sio_loop_spend(sio_loop *loop, size_t bytes) {
  size_t units = 1 + bytes / WORK_UNIT;
  loop->share += units;
  loop->work += units;
  return loop->share < SIO_CLIENT_WORK && loop->work < SIO_TURN_WORK;
}

/* Whatever queues itself again comes behind the mark: its turn is the next. */
static void run_backlog(uv_idle_t *backlogger) {
  sio_loop *loop = backlogger->data;
  sio_list mark, *node;
  sio_loop_enter(loop);
  sio_list_push(&loop->backlog, &mark);
  while (loop->work < SIO_TURN_WORK && (node = sio_list_shift(&loop->backlog)) != &mark) {
    sio_flush *flush = SIO_OF(node, sio_flush, node);
    flush->run(flush);
  }
  sio_list_remove(&mark);
  if (sio_list_is_empty(&loop->backlog))
    uv_idle_stop(backlogger);
  sio_loop_leave(loop);
  sio_loop_settle(loop);
}

void sio_loop_next_turn(sio_loop *loop, sio_flush *flush) {
  if (sio_list_is_linked(&flush->node))
    return;
  sio_list_push(&loop->backlog, &flush->node);
  uv_idle_start(&loop->backlogger, run_backlog);
}

void sio_loop_init_backlog(sio_loop *loop) {
  uv_idle_init(loop->uv, &loop->backlogger);
  loop->backlogger.data = loop;
}

/* --- deadlines --- */

void sio_loop_watch(sio_loop *loop, sio_deadlines *queue) {
  if (!sio_list_is_linked(&queue->watched))
    sio_list_push(&loop->queues, &queue->watched);
}

void sio_loop_unwatch(sio_deadlines *queue) {
  sio_list_remove(&queue->watched);
}

uint64_t sio_loop_next(const sio_loop *loop) {
  uint64_t next = UINT64_MAX;
  for (const sio_list *node = loop->queues.next; node != &loop->queues; node = node->next) {
    uint64_t due = sio_deadlines_next(SIO_OF(node, sio_deadlines, watched));
    next = due < next ? due : next;
  }
  return next;
}

/* Expiring may watch and unwatch any queue, so each goes back to the list before its turn. */
void sio_loop_expire(sio_loop *loop) {
  sio_list queues;
  sio_list_move(&queues, &loop->queues);
  for (sio_list *node; (node = sio_list_shift(&queues)) != NULL;) {
    sio_list_push(&loop->queues, node);
    sio_deadlines_run(SIO_OF(node, sio_deadlines, watched), uv_now(loop->uv));
  }
}

/* --- what keeps the loop alive --- */

bool sio_loop_is_busy(const sio_loop *loop) {
  return sio_loop_has_queued(loop) || loop->streams > 0 || sio_loop_next(loop) != UINT64_MAX;
}

static void ring(uv_timer_t *alarm) {
  sio_loop *loop = alarm->data;
  sio_loop_enter(loop);
  loop->alarm_at = UINT64_MAX;
  sio_loop_expire(loop);
  sio_loop_leave(loop);
  sio_loop_settle(loop);
}

/* An alarm that comes too early is left as it is: it costs less than moving it each turn. */
static void arm(sio_loop *loop) {
  uint64_t next = sio_loop_next(loop);
  uint64_t now = uv_now(loop->uv);
  if (next < loop->alarm_at)
    uv_timer_start(&loop->alarm, ring, next > now ? next - now : 0, 0);
  else if (next == UINT64_MAX)
    uv_timer_stop(&loop->alarm);
  else
    return;
  loop->alarm_at = next;
}

/*
 * None of our own handles keeps the loop alive by itself, and a paused stream or a deadline is
 * nothing that libuv counts: while there are any, before_poll stands for them.
 */
void sio_loop_settle(sio_loop *loop) {
  if (loop->is_leaving)
    return;
  arm(loop);
  if (sio_loop_is_busy(loop))
    uv_ref((uv_handle_t *)&loop->before_poll);
  else
    uv_unref((uv_handle_t *)&loop->before_poll);
}
