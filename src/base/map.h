/*
 * A hash table from byte strings to pointers. Keys come from clients (room names, session ids), so
 * the hash is SipHash-1-3 under a random key of each table: no client can choose colliding names.
 *
 * The table does not copy keys: each points into its value, which must outlive the entry.
 * Deleting while iterating with sio_map_next is allowed; inserting is not.
 */
#ifndef SIO_BASE_MAP_H
#define SIO_BASE_MAP_H

#include <stdint.h>

#include "base/bytes.h"

typedef struct sio_map_entry {
  sio_bytes key;
  void *value; /* NULL: empty or deleted */
  uint32_t hash;
} sio_map_entry;

typedef struct sio_map {
  sio_map_entry *entries;
  size_t cap;   /* 0 or a power of two */
  size_t count; /* entries in use */
  size_t fill;  /* in use or deleted */
  uint64_t seed[2];
} sio_map;

/* 0, or SIO_ENOMEM when the system gives no randomness. Allocates nothing. */
int sio_map_init(sio_map *map);
void sio_map_deinit(sio_map *map); /* the values are not touched */

void *sio_map_get(const sio_map *map, sio_bytes key); /* NULL: absent */

/* Inserts or replaces; value must not be NULL. 0 or SIO_ENOMEM (then nothing has changed). */
int sio_map_put(sio_map *map, sio_bytes key, void *value);

/* Returns the value that was there, or NULL. Never allocates; shrinks nothing. */
void *sio_map_del(sio_map *map, sio_bytes key);

/* Iterates: start with *at = 0; returns the next value, or NULL at the end. */
void *sio_map_next(const sio_map *map, size_t *at);

#endif
