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

static const char grave[1]; /* the key of a deleted entry */

static bool is_empty(const sio_map_entry *entry) {
  return entry->value == NULL && entry->key.base != grave;
}

int sio_map_init(sio_map *map) {
  *map = (sio_map){0};
  return sio_random(map->seed, sizeof(map->seed));
}

void sio_map_deinit(sio_map *map) {
  sio_free(map->entries);
  *map = (sio_map){0};
}

static uint32_t hash_of(const sio_map *map, sio_bytes key) {
  return (uint32_t)sio_siphash(map->seed, key);
}

/* The entry of the key; NULL: absent. */
static sio_map_entry *find(const sio_map *map, sio_bytes key, uint32_t hash) {
  if (map->cap == 0)
    return NULL;
  for (size_t at = hash & (map->cap - 1);; at = (at + 1) & (map->cap - 1)) {
    sio_map_entry *entry = &map->entries[at];
    if (is_empty(entry))
      return NULL;
    if (entry->value != NULL && entry->hash == hash && sio_bytes_eq(entry->key, key))
      return entry;
  }
}

/* The first place for a new entry: there is one, since a quarter of the table is empty. */
static sio_map_entry *vacant(const sio_map_entry *entries, size_t cap, uint32_t hash) {
  size_t at = hash & (cap - 1);
  while (entries[at].value != NULL)
    at = (at + 1) & (cap - 1);
  return (sio_map_entry *)&entries[at];
}

/* Room for one more. A rebuilt table is at most half full, and has no graves. */
static int make_room(sio_map *map) {
  if (map->fill < map->cap / 4 * 3)
    return 0;
  size_t cap = SMALLEST;
  while (cap / 2 < map->count + 1)
    cap *= 2;
  sio_map_entry *entries = sio_calloc(cap, sizeof(*entries));
  if (entries == NULL)
    return SIO_ENOMEM;
  for (size_t i = 0; i < map->cap; i++)
    if (map->entries[i].value != NULL)
      *vacant(entries, cap, map->entries[i].hash) = map->entries[i];
  sio_free(map->entries);
  map->entries = entries;
  map->cap = cap;
  map->fill = map->count;
  return 0;
}

void *sio_map_get(const sio_map *map, sio_bytes key) {
  if (map->count == 0)
    return NULL;
  const sio_map_entry *entry = find(map, key, hash_of(map, key));
  return entry != NULL ? entry->value : NULL;
}

int sio_map_put(sio_map *map, sio_bytes key, void *value) {
  uint32_t hash = hash_of(map, key);
  sio_map_entry *entry = find(map, key, hash);
  if (entry == NULL) {
    int err = make_room(map);
    if (err != 0)
      return err;
    entry = vacant(map->entries, map->cap, hash);
    map->fill += is_empty(entry);
    map->count++;
  }
  *entry = (sio_map_entry){key, value, hash};
  return 0;
}

/* A run that ends in graves is shorter without them. */
static void bury(sio_map *map, size_t at) {
  size_t mask = map->cap - 1;
  map->entries[at] = (sio_map_entry){.key.base = grave};
  if (!is_empty(&map->entries[(at + 1) & mask]))
    return;
  for (; map->entries[at].key.base == grave; at = (at - 1) & mask) {
    map->entries[at] = (sio_map_entry){0};
    map->fill--;
  }
}

void *sio_map_del(sio_map *map, sio_bytes key) {
  if (map->count == 0)
    return NULL;
  sio_map_entry *entry = find(map, key, hash_of(map, key));
  if (entry == NULL)
    return NULL;
  void *value = entry->value;
  map->count--;
  bury(map, (size_t)(entry - map->entries));
  return value;
}

void *sio_map_next(const sio_map *map, size_t *at) {
  while (*at < map->cap) {
    void *value = map->entries[(*at)++].value;
    if (value != NULL)
      return value;
  }
  return NULL;
}
