/*
 * Open addressing with linear probing. A deleted entry stays as a grave, so that iteration may go
 * on and later entries of its run are still found; graves go when the next entry is empty, or when
 * the table is rebuilt.
 */
#include "base/map.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/random.h"
#include "base/siphash.h"

enum { SMALLEST = 8 };

static const char grave; /* the value of a deleted entry */

static bool is_in_use(const void *value) {
  return value != NULL && value != &grave;
}

int sio_map_init(sio_map *map, sio_map_key key_of, const void *ctx) {
  *map = (sio_map){.key_of = key_of, .ctx = ctx};
  return sio_random(map->seed, sizeof(map->seed));
}

void sio_map_deinit(sio_map *map) {
  sio_free(map->values);
  *map = (sio_map){0};
}

static uint32_t hash_of(const sio_map *map, sio_bytes key) {
  return (uint32_t)sio_siphash(map->seed, key);
}

static uint32_t *hashes_of(void **values, size_t cap) {
  return (uint32_t *)(values + cap);
}

#define ABSENT SIZE_MAX

/* The place of the key, or ABSENT. */
static size_t find(const sio_map *map, sio_bytes key, uint32_t hash) {
  if (map->cap == 0)
    return ABSENT;
  const uint32_t *hashes = hashes_of(map->values, map->cap);
  for (size_t at = hash & (map->cap - 1);; at = (at + 1) & (map->cap - 1)) {
    const void *value = map->values[at];
    if (value == NULL)
      return ABSENT;
    if (hashes[at] == hash && value != &grave && sio_bytes_eq(map->key_of(map->ctx, value), key))
      return at;
  }
}

/* The first place for a new entry: there is one, since a quarter of the table is empty. */
static size_t vacant(void *const *values, size_t cap, uint32_t hash) {
  size_t at = hash & (cap - 1);
  while (is_in_use(values[at]))
    at = (at + 1) & (cap - 1);
  return at;
}

static void move(const sio_map *map, void **values, size_t cap) {
  const uint32_t *from = hashes_of(map->values, map->cap);
  for (size_t i = 0; i < map->cap; i++) {
    if (!is_in_use(map->values[i]))
      continue;
    size_t at = vacant(values, cap, from[i]);
    values[at] = map->values[i];
    hashes_of(values, cap)[at] = from[i];
  }
}

/* Room for one more. A rebuilt table is at most half full, and has no graves. */
static int make_room(sio_map *map) {
  if (map->fill < map->cap / 4 * 3)
    return 0;
  size_t cap = SMALLEST;
  while (cap / 2 < map->count + 1)
    cap *= 2;
  void **values = sio_calloc(cap, sizeof(void *) + sizeof(uint32_t));
  if (values == NULL)
    return SIO_ENOMEM;
  if (map->cap > 0)
    move(map, values, cap);
  sio_free(map->values);
  map->values = values;
  map->cap = cap;
  map->fill = map->count;
  return 0;
}

void *sio_map_get(const sio_map *map, sio_bytes key) {
  if (map->count == 0)
    return NULL;
  size_t at = find(map, key, hash_of(map, key));
  return at != ABSENT ? map->values[at] : NULL;
}

int sio_map_put(sio_map *map, void *value) {
  sio_bytes key = map->key_of(map->ctx, value);
  uint32_t hash = hash_of(map, key);
  size_t at = find(map, key, hash);
  if (at == ABSENT) {
    int err = make_room(map);
    if (err != 0)
      return err;
    at = vacant(map->values, map->cap, hash);
    map->fill += map->values[at] == NULL;
    map->count++;
  }
  map->values[at] = value;
  hashes_of(map->values, map->cap)[at] = hash;
  return 0;
}

/* A run that ends in graves is shorter without them. */
static void bury(sio_map *map, size_t at) {
  size_t mask = map->cap - 1;
  map->values[at] = (void *)&grave;
  if (map->values[(at + 1) & mask] != NULL)
    return;
  for (; map->values[at] == &grave; at = (at - 1) & mask) {
    map->values[at] = NULL;
    map->fill--;
  }
}

void *sio_map_del(sio_map *map, sio_bytes key) {
  if (map->count == 0)
    return NULL;
  size_t at = find(map, key, hash_of(map, key));
  if (at == ABSENT)
    return NULL;
  void *value = map->values[at];
  map->count--;
  bury(map, at);
  return value;
}

void *sio_map_next(const sio_map *map, size_t *at) {
  while (*at < map->cap) {
    void *value = map->values[(*at)++];
    if (is_in_use(value))
      return value;
  }
  return NULL;
}
