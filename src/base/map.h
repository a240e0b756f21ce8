/*
 * A hash table from byte strings to pointers. Keys come from clients (room names, session ids), so
 * the hash is SipHash-1-3 under a random key of each table: no client can choose colliding names.
 *
 * A value knows its key, which must stay as it is as long as the value is in the table. So an entry
 * takes no more than a pointer and a hash.
 * Deleting while iterating with sio_map_next is allowed; inserting is not.
 */
#ifndef SIO_BASE_MAP_H
#define SIO_BASE_MAP_H

#include <stdint.h>

#include "base/bytes.h"

/* The key of a value; borrows. */
typedef sio_bytes (*sio_map_key)(const void *ctx, const void *value);

typedef struct sio_map {
  void **values; /* NULL: empty; behind them, as many hashes */
  size_t cap;    /* 0 or a power of two */
  size_t count;  /* entries in use */
  size_t fill;   /* in use or deleted */
  uint64_t seed[2];
  sio_map_key key_of;
  const void *ctx;
} sio_map;

/* Borrows ctx, which is key_of's. 0, or SIO_ENOMEM when the system gives no randomness. Allocates
 * nothing. */
int sio_map_init(sio_map *map, sio_map_key key_of, const void *ctx);
void sio_map_deinit(sio_map *map); /* the values are not touched */

void *sio_map_get(const sio_map *map, sio_bytes key); /* NULL: absent */

/* Inserts, or replaces the one of the same key; value must not be NULL. 0 or SIO_ENOMEM (then
 * nothing has changed). */
int sio_map_put(sio_map *map, void *value);

/* Returns the value that was there, or NULL. Never allocates; shrinks nothing. */
void *sio_map_del(sio_map *map, sio_bytes key);

/* Iterates: start with *at = 0; returns the next value, or NULL at the end. */
void *sio_map_next(const sio_map *map, size_t *at);

#endif
