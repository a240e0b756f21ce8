/*
 * What the files of this folder share; the only header that sees libuv. Sockets are ours
 * (uv_poll_t), not libuv's streams: so they are written with MSG_NOSIGNAL, a stalled write needs no
 * request, and what the kernel has not taken is known to the byte.
 */
#ifndef SIO_NET_INTERNAL_H
#define SIO_NET_INTERNAL_H

#include <time.h>
#include <uv.h>

#include "net/listener.h"
#include "net/outbox.h"

enum {
  SIO_OWN_HANDLES = 4,       /* of a loop, for itself */
  SIO_READ_SIZE = 65536,     /* bytes of one read */
  SIO_LINGER_TIMEOUT = 5000, /* ms from our FIN to the peer's */
  SIO_REST_TIMEOUT = 100,    /* ms without accepting when accepting is impossible */
};

struct sio_loop {
  uv_loop_t *uv;
  uv_loop_t own; /* uv points here unless the host gave its loop */
  uv_prepare_t before_poll;
  uv_check_t after_poll;
  uv_idle_t backlogger; /* runs while there is a backlog: no turn waits then */
  uv_timer_t alarm;     /* for the earliest deadline of all queues */
  uint64_t alarm_at;
  sio_list outputs; /* streams with something to send, which go before the flushes */
  sio_list flushes;
  sio_outbox_pool rings; /* of the streams' queues */
  sio_list backlog;      /* for the next turn */
  size_t share;          /* work done in the present share */
  size_t work;           /* in this turn */
  sio_list queues;       /* watched */
  sio_list listeners;
  size_t streams; /* not yet closed */
  sio_list timers;
  sio_deadlines finishing; /* streams with output to send before they close */
  sio_deadlines lingering; /* streams that wait for the peer's FIN */
  sio_deadlines resting;   /* listeners */
  sio_deadlines greeting;  /* streams in TLS's handshake */
  size_t handles;          /* of libuv, not yet closed */
  unsigned depth;          /* > 0 inside a turn */
  bool is_running;         /* by sio_loop_run */
  bool is_stopping;
  bool is_orphaned; /* to be freed when the turn ends */
  bool is_leaving;  /* its handles are closing; a host's loop tells when the last one is */
  time_t date_second;
  char date[80];
  char buffer[SIO_READ_SIZE]; /* for whoever reads; for a flush to gather small slices in */
};

/* Every call that libuv makes to us stands between these two: no turn inside a turn. */
static inline void sio_loop_enter(sio_loop *loop) {
  loop->depth++;
}

static inline void sio_loop_leave(sio_loop *loop) {
  loop->depth--;
}

void sio_loop_init_backlog(sio_loop *loop);

/* One of its handles is closed: the last thing that the handle's callback does, as the loop may be
 * gone then. */
void sio_loop_lose_handle(sio_loop *loop);

/* Sends and runs whatever is queued, and what that queues. */
void sio_loop_flush(sio_loop *loop);
bool sio_loop_has_queued(const sio_loop *loop); /* something for that */

/* Arms the alarm and decides whether the loop has to stay alive: at the end of each of libuv's
 * phases but the poll. */
void sio_loop_settle(sio_loop *loop);

void sio_loop_expire(sio_loop *loop); /* what is due */

/* When the earliest deadline is due, or UINT64_MAX. */
uint64_t sio_loop_next(const sio_loop *loop);

/* Queued output, a deadline or a connection: more to do, whatever libuv thinks. */
bool sio_loop_is_busy(const sio_loop *loop);

/* A stream on a connected socket, reading; through TLS unless tls is NULL (shares). Takes fd, also
 * on failure. NULL: failed. */
sio_stream *sio_stream_new(sio_loop *loop, int fd, sio_tls *tls);

void sio_stream_flush(sio_list *node); /* already out of the loop's outputs */

void sio_stream_on_greet_timeout(sio_deadline *deadline);
void sio_stream_on_finish_timeout(sio_deadline *deadline);
void sio_stream_on_linger_timeout(sio_deadline *deadline);
void sio_listener_on_rested(sio_deadline *deadline);

void sio_stream_close_all(sio_loop *loop);
void sio_listener_close_all(sio_loop *loop);
/* Timers only lose their libuv handle: the rest is freed by sio_timer_stop. */
void sio_timer_close_all(sio_loop *loop);

#endif
