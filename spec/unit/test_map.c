#include "base/map.h"

#include <stdio.h>

#include "base/error.h"
#include "fail_alloc.h"

enum { KEYS = 3000 };

/* The model: all keys there may be, each in the map or not. */
typedef struct entry {
  char name[24];
  bool present;
  int seen;
} entry;

static entry items[KEYS];

static sio_bytes key_of(const entry *item) {
  return sio_bytes_str(item->name);
}

static sio_bytes key_of_item(const void *ctx, const void *value) {
  assert_ptr_equal(ctx, items);
  return key_of(value);
}

static sio_bytes key_of_bytes(const void *ctx, const void *value) {
  assert_ptr_equal(ctx, items);
  return *(const sio_bytes *)value;
}

static int set_up(void **state) {
  static sio_map map;
  fail_alloc_at(0);
  memset(items, 0, sizeof(items));
  for (int i = 0; i < KEYS; i++)
    snprintf(items[i].name, sizeof(items[i].name), "key%d", i);
  *state = &map;
  return sio_map_init(&map, key_of_item, items);
}

static int tear_down(void **state) {
  sio_map_deinit(*state);
  fail_alloc_at(0);
  return fail_alloc_now.live == 0 ? 0 : -1;
}

static void put(sio_map *map, entry *item) {
  assert_int_equal(sio_map_put(map, item), 0);
  item->present = true;
}

static void del(sio_map *map, entry *item) {
  assert_ptr_equal(sio_map_del(map, key_of(item)), item->present ? item : NULL);
  item->present = false;
}

static void assert_like_model(const sio_map *map) {
  size_t present = 0, at = 0;
  for (int i = 0; i < KEYS; i++) {
    assert_ptr_equal(sio_map_get(map, key_of(&items[i])), items[i].present ? &items[i] : NULL);
    present += items[i].present;
    items[i].seen = 0;
  }
  assert_int_equal(map->count, present);
  for (entry *item; (item = sio_map_next(map, &at)) != NULL;)
    item->seen++;
  assert_null(sio_map_next(map, &at));
  for (int i = 0; i < KEYS; i++)
    assert_int_equal(items[i].seen, items[i].present);
  size_t fill = 0;
  for (size_t i = 0; i < map->cap; i++)
    fill += map->values[i] != NULL;
  assert_int_equal(map->fill, fill);
  assert_true(fill <= map->cap / 4 * 3);
}

static void an_empty_map_finds_nothing(void **state) {
  sio_map *map = *state;
  size_t at = 0;
  assert_null(sio_map_get(map, SIO_BYTES("a")));
  assert_null(sio_map_del(map, SIO_BYTES("a")));
  assert_null(sio_map_next(map, &at));
  assert_int_equal(fail_alloc_now.count, 0);
}

static void keys_are_any_bytes(void **state) {
  sio_map *map = *state;
  sio_bytes keys[] = {SIO_BYTES(""), SIO_BYTES("\0"), SIO_BYTES("\0\0"), SIO_BYTES("a\0b")};
  map->key_of = key_of_bytes;
  for (size_t i = 0; i < COUNT(keys); i++)
    assert_int_equal(sio_map_put(map, &keys[i]), 0);
  for (size_t i = 0; i < COUNT(keys); i++)
    assert_ptr_equal(sio_map_get(map, keys[i]), &keys[i]);
  assert_ptr_equal(sio_map_get(map, sio_bytes_of(NULL, 0)), &keys[0]);
  assert_null(sio_map_get(map, SIO_BYTES("a")));
}

/* The key is the value's, so nothing of the first is looked at any more. */
static void put_replaces_the_value(void **state) {
  sio_map *map = *state;
  entry *first = calloc(1, sizeof(*first)), *second = calloc(1, sizeof(*second));
  memcpy(first->name, "room", 5);
  memcpy(second->name, "room", 5);
  assert_int_equal(sio_map_put(map, first), 0);
  assert_int_equal(sio_map_put(map, second), 0);
  free(first);
  assert_int_equal(map->count, 1);
  assert_ptr_equal(sio_map_get(map, SIO_BYTES("room")), second);
  assert_ptr_equal(sio_map_del(map, SIO_BYTES("room")), second);
  assert_null(sio_map_get(map, SIO_BYTES("room")));
  free(second);
}

static void behaves_like_the_model(void **state) {
  sio_map *map = *state;
  uint64_t seed = 3;
  for (int round = 0; round < 40; round++) {
    uint64_t inclination = next_number(&seed) % 9 + 1; /* to put, in tenths */
    for (int i = 0; i < 5000; i++) {
      uint64_t n = next_number(&seed);
      entry *item = &items[n % KEYS];
      if (n / KEYS % 10 < inclination)
        put(map, item);
      else
        del(map, item);
    }
    assert_like_model(map);
  }
  for (int i = 0; i < KEYS; i++)
    del(map, &items[i]);
  assert_like_model(map);
}

/* Graves must not make the table grow, nor a search endless. */
static void passing_entries_need_no_room(void **state) {
  sio_map *map = *state;
  entry passing = {0};
  put(map, &items[0]);
  del(map, &items[0]);
  assert_int_equal(map->fill, 0);
  put(map, &items[0]);
  for (int i = 0; i < 200000; i++) {
    snprintf(passing.name, sizeof(passing.name), "passing%d", i);
    assert_int_equal(sio_map_put(map, &passing), 0);
    assert_ptr_equal(sio_map_del(map, key_of(&passing)), &passing);
  }
  assert_int_equal(map->cap, 8);
  assert_like_model(map);

  for (int i = 0; i < 100; i++)
    put(map, &items[i]);
  size_t cap = map->cap;
  for (int i = 0; i < 100000; i++) {
    del(map, &items[i % KEYS]);
    put(map, &items[(i + 100) % KEYS]);
  }
  assert_true(map->cap <= 2 * cap);
  assert_like_model(map);
}

static void deleting_while_iterating_misses_none(void **state) {
  sio_map *map = *state;
  for (int i = 0; i < KEYS; i++)
    put(map, &items[i]);
  size_t at = 0, count = 0;
  for (entry *item; (item = sio_map_next(map, &at)) != NULL; count++) {
    assert_int_equal(item->seen++, 0);
    if (count % 3 != 0)
      del(map, item);
  }
  assert_int_equal(count, KEYS);
  assert_like_model(map);
}

static void each_map_has_its_own_seed(void **state) {
  sio_map *map = *state, other;
  assert_int_equal(sio_map_init(&other, key_of_item, items), 0);
  assert_memory_not_equal(map->seed, other.seed, sizeof(other.seed));
  sio_map_deinit(&other);
}

static void failure_changes_nothing(void **state) {
  sio_map *map = *state;
  size_t failures = 0;
  for (int i = 0; i < KEYS; i++) {
    fail_alloc_at(1);
    int err = sio_map_put(map, &items[i]);
    if (err != 0) {
      failures++;
      assert_int_equal(err, SIO_ENOMEM);
      fail_alloc_at(0);
      assert_like_model(map);
      assert_int_equal(sio_map_put(map, &items[i]), 0);
    }
    items[i].present = true;
  }
  assert_true(failures > 5);
  fail_alloc_at(1);
  put(map, &items[7]);
  del(map, &items[7]);
  assert_int_equal(fail_alloc_now.count, 0);
  assert_like_model(map);
}

#define MAP_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      MAP_TEST(an_empty_map_finds_nothing),   MAP_TEST(keys_are_any_bytes),
      MAP_TEST(put_replaces_the_value),       MAP_TEST(behaves_like_the_model),
      MAP_TEST(passing_entries_need_no_room), MAP_TEST(deleting_while_iterating_misses_none),
      MAP_TEST(each_map_has_its_own_seed),    MAP_TEST(failure_changes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
