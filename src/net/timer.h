/* A single timer of any length, for applications and acknowledgement timeouts. */
#ifndef SIO_NET_TIMER_H
#define SIO_NET_TIMER_H

#include <stdint.h>

#include "net/loop.h"

typedef struct sio_timer sio_timer;
typedef void (*sio_timer_fn)(void *owner);

/*
 * Calls fn after ms, and every repeat ms from then on unless repeat is 0. Keeps the loop alive
 * while it runs. NULL: out of memory. Freed by sio_timer_stop, and by nothing else.
 */
sio_timer *sio_timer_start(sio_loop *loop, uint64_t ms, uint64_t repeat, sio_timer_fn fn,
                           void *owner);

/* Stops and frees; allowed from inside fn. fn is not called any more. */
void sio_timer_stop(sio_timer *timer);

#endif
