#include "http/packed.h"

#include "base/alloc.h"
#include "base/limits.h"

/* What tells the content of a file from any other. */
typedef struct identity {
  uint64_t device, inode, size, seconds, nanoseconds, coding;
} identity;

typedef struct entry {
  sio_list node;
  identity of;
  sio_frame *frame;
} entry;

static identity identify(const struct stat *file, enum sio_coding coding) {
  return (identity){.device = (uint64_t)file->st_dev,
                    .inode = (uint64_t)file->st_ino,
                    .size = (uint64_t)file->st_size,
                    .seconds = (uint64_t)file->st_ctim.tv_sec,
                    .nanoseconds = (uint64_t)file->st_ctim.tv_nsec,
                    .coding = (uint64_t)coding};
}

static sio_bytes key_of(const identity *of) {
  return sio_bytes_of((const char *)of, sizeof(*of));
}

static sio_bytes key_of_entry(const void *ctx, const void *it) {
  (void)ctx;
  return key_of(&((const entry *)it)->of);
}

int sio_packed_init(sio_packed *packed) {
  packed->bytes = 0;
  sio_list_init(&packed->entries);
  return sio_map_init(&packed->map, key_of_entry, NULL);
}

static size_t cost(const entry *it) {
  return sizeof(*it) + it->frame->len;
}

static void drop_oldest(sio_packed *packed) {
  entry *oldest = SIO_OF(sio_list_shift(&packed->entries), entry, node);
  packed->bytes -= cost(oldest);
  sio_map_del(&packed->map, key_of(&oldest->of));
  sio_frame_unref(oldest->frame);
  sio_free(oldest);
}

void sio_packed_deinit(sio_packed *packed) {
  while (!sio_list_is_empty(&packed->entries))
    drop_oldest(packed);
  sio_map_deinit(&packed->map);
}

sio_frame *sio_packed_get(sio_packed *packed, const struct stat *file, enum sio_coding coding) {
  identity of = identify(file, coding);
  entry *it = sio_map_get(&packed->map, key_of(&of));
  if (it == NULL)
    return NULL;
  sio_list_remove(&it->node);
  sio_list_push(&packed->entries, &it->node);
  return it->frame;
}

void sio_packed_put(sio_packed *packed, const struct stat *file, enum sio_coding coding,
                    sio_frame *frame) {
  entry *new = sio_malloc(sizeof(*new));
  if (new == NULL)
    return;
  *new = (entry){.of = identify(file, coding), .frame = sio_frame_ref(frame)};
  if (cost(new) > SIO_PACKED_CACHE || sio_map_put(&packed->map, new) != 0) {
    sio_frame_unref(frame);
    sio_free(new);
    return;
  }
  sio_list_push(&packed->entries, &new->node);
  packed->bytes += cost(new);
  while (packed->bytes > SIO_PACKED_CACHE)
    drop_oldest(packed);
}
