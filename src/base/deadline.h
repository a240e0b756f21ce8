/*
 * Deadlines of one kind. All have the same length, so a queue in order of arrival is in order of
 * expiry too: starting, stopping and expiring take constant time, and a hundred thousand heartbeats
 * need one timer. The queue knows no clock: its owner passes the time (ms) in.
 */
#ifndef SIO_BASE_DEADLINE_H
#define SIO_BASE_DEADLINE_H

#include <stdint.h>

#include "base/list.h"

typedef struct sio_deadline { /* a member of what expires; zeroed is stopped */
  sio_list node;
  uint64_t due;
} sio_deadline;

typedef struct sio_deadlines {
  sio_list head;
  sio_list watched; /* in the loop's list of queues (net/loop.h) */
  uint64_t ms;
  void (*expire)(sio_deadline *deadline); /* already stopped; may start it again or free it */
} sio_deadlines;

void sio_deadlines_init(sio_deadlines *queue, uint64_t ms, void (*expire)(sio_deadline *));

/* Starts or restarts: due at now + queue->ms. */
void sio_deadline_start(sio_deadlines *queue, sio_deadline *deadline, uint64_t now);

static inline void sio_deadline_stop(sio_deadline *deadline) {
  sio_list_remove(&deadline->node);
}

static inline bool sio_deadline_is_running(const sio_deadline *deadline) {
  return sio_list_is_linked(&deadline->node);
}

/* Expires what is due. Deadlines started meanwhile wait for their own time. */
void sio_deadlines_run(sio_deadlines *queue, uint64_t now);

/* When the earliest is due, or UINT64_MAX. */
uint64_t sio_deadlines_next(const sio_deadlines *queue);

#endif
