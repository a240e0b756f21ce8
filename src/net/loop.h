/*
 * The loop: libuv's, with what every connection shares: one read buffer, one timer for all
 * deadlines, one list of what has output to flush. Each Lua state has one. Not thread-safe: one
 * thread turns it.
 *
 * A turn is: deadlines that are due; what earlier turns left over; then libuv's poll, in which
 * streams hand out what they read and their owners queue answers; then one flush of everything
 * queued, so that each connection is written at most once a turn. Flushing happens before the loop
 * sleeps and right after each poll.
 */
#ifndef SIO_NET_LOOP_H
#define SIO_NET_LOOP_H

#include "base/deadline.h"
#include "base/list.h"

struct uv_loop_s;

typedef struct sio_loop sio_loop;

enum sio_run_mode { SIO_RUN_DEFAULT, SIO_RUN_ONCE, SIO_RUN_NOWAIT };

/* A loop on uv (borrowed, outlives it), or on a libuv loop of its own when uv is NULL. NULL:
 * failed. */
sio_loop *sio_loop_new(struct uv_loop_s *uv);

/*
 * Closes every handle of ours (streams and listeners get their on_close), turns the loop until that
 * is done, frees. A host's loop is not turned: the host does that once more (uv_run, in any mode),
 * and what is left is freed then. Whatever refers to the loop must have been told to close before,
 * or be freed by its on_close. From inside a turn of sio_loop_run: that run ends after the turn and
 * frees the loop then. NULL is allowed.
 */
void sio_loop_free(sio_loop *loop);

/*
 * Turns the loop: until stopped or nothing active is left; for one blocking turn; for one that
 * never waits. Returns 1 while anything is active, else 0; SIO_EINVAL when called from inside a
 * turn. A host may as well turn its libuv loop itself. SIGPIPE is no concern: sockets are written
 * so that they do not raise it, and the process's signals are left alone.
 */
int sio_loop_run(sio_loop *loop, enum sio_run_mode mode);

/* Makes the current or the next sio_loop_run return after its turn. */
void sio_loop_stop(sio_loop *loop);

/* Is it a libuv loop of the host's? */
bool sio_loop_is_borrowed(const sio_loop *loop);

/* For a loop of another kind: poll this for reading, for so many ms (-1: no limit), then run. */
bool sio_loop_is_alive(const sio_loop *loop); /* something is active */
int sio_loop_fd(const sio_loop *loop);
int sio_loop_timeout(const sio_loop *loop);

/* ms, monotonic, constant within a turn. */
uint64_t sio_loop_now(const sio_loop *loop);

/* The real time as an HTTP date ("Sun, 06 Nov 1994 08:49:37 GMT"), written once a second. */
const char *sio_loop_date(sio_loop *loop);

/* Watches a queue of deadlines until it is unwatched. The queue outlives that. */
void sio_loop_watch(sio_loop *loop, sio_deadlines *queue);
void sio_loop_unwatch(sio_deadlines *queue);

/* Something with output to prepare at the end of this turn, or with work for the next. What the
 * streams have queued goes out before, each time. */
typedef struct sio_flush {
  sio_list node;
  void (*run)(
      struct sio_flush *flush); /* already out of the list; may queue others, or itself again */
} sio_flush;

/* Queues it unless it stands in a list already. */
void sio_loop_flush_later(sio_loop *loop, sio_flush *flush);

/*
 * A turn has an end, however much one peer has sent at once: who hands out what came on a
 * connection counts each piece of work with its bytes, and when told that this is enough keeps the
 * rest and asks for the next turn. A connection's share of the turn begins when its stream is read,
 * all reads of a turn together, and when it goes on with what it kept. First come, first served;
 * the streams are read in between. (SIO_CLIENT_WORK, SIO_TURN_WORK in base/limits.h.)
 */
void sio_loop_begin_share(sio_loop *loop);
bool sio_loop_spend(sio_loop *loop, size_t bytes); /* true: go on; false: enough for this turn */
/* Runs it once in the next turn, unless it stands in a list already. */
void sio_loop_next_turn(sio_loop *loop, sio_flush *flush);

#endif
