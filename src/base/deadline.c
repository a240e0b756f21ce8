#include "base/deadline.h"

void sio_deadlines_init(sio_deadlines *queue, uint64_t ms, void (*expire)(sio_deadline *)) {
  *queue = (sio_deadlines){.ms = ms, .expire = expire};
  sio_list_init(&queue->head);
}

void sio_deadline_start(sio_deadlines *queue, sio_deadline *deadline, uint64_t now) {
  sio_list_remove(&deadline->node);
  deadline->due = now + queue->ms;
  sio_list_push(&queue->head, &deadline->node);
}

static sio_deadline *of_node(const sio_list *node) {
  return SIO_OF(node, sio_deadline, node);
}

/*
 * What is due moves to a list of its own first: expire may start, stop and free any deadline, and
 * even the queue, without a step of this loop being wrong.
 */
void sio_deadlines_run(sio_deadlines *queue, uint64_t now) {
  void (*expire)(sio_deadline *) = queue->expire;
  sio_list due;
  sio_list_init(&due);
  while (sio_deadlines_next(queue) <= now)
    sio_list_push(&due, sio_list_shift(&queue->head));
  for (sio_list *node; (node = sio_list_shift(&due)) != NULL;)
    expire(of_node(node));
}

uint64_t sio_deadlines_next(const sio_deadlines *queue) {
  return sio_list_is_empty(&queue->head) ? UINT64_MAX : of_node(queue->head.next)->due;
}
