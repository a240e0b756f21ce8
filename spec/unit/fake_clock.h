/*
 * A clock that stands still until it is moved: what libuv believes. A time limit can so be looked
 * at one millisecond before it is over, and then. Defines clock_gettime for the whole program: to
 * be included by one file of it.
 */
#ifndef SPEC_UNIT_FAKE_CLOCK_H
#define SPEC_UNIT_FAKE_CLOCK_H

#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static uint64_t clock_ms; /* 0: the real one */

__attribute__((visibility("default"))) int clock_gettime(clockid_t id, struct timespec *out);

int clock_gettime(clockid_t id, struct timespec *out) {
  if (clock_ms == 0 || id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)
    return (int)syscall(SYS_clock_gettime, id, out);
  *out = (struct timespec){.tv_sec = (time_t)(clock_ms / 1000)};
  out->tv_nsec = (long)(clock_ms % 1000) * 1000000;
  return 0;
}

static inline void clock_stop(void) {
  struct timespec now;
  clock_ms = 0;
  clock_gettime(CLOCK_MONOTONIC, &now);
  clock_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static inline void clock_move(uint64_t ms) {
  clock_ms += ms;
}

#endif
