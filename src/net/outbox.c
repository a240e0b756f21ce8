#include "net/outbox.h"

#include "base/alloc.h"
#include "base/error.h"

enum {
  FEWEST = 4,       /* slices in a ring */
  MOST_SPARE = 256, /* rings in a pool */
};

static sio_slice *slice_at(const sio_outbox *box, uint32_t i) {
  if (!box->has_many)
    return (sio_slice *)&box->one;
  return &box->many->at[(box->many->first + i) & (box->many->cap - 1)];
}

static sio_bytes bytes_of(const sio_slice *slice) {
  sio_bytes wire = sio_frame_wire(slice->frame);
  return sio_bytes_of(wire.base + slice->from, wire.len - slice->from);
}

/* --- rings --- */

static sio_slices *take_ring(sio_outbox_pool *pool, uint32_t cap) {
  sio_slices *ring = cap == FEWEST ? pool->rings : NULL;
  if (ring != NULL) {
    pool->rings = ring->next;
    pool->count--;
  } else if ((ring = sio_malloc(sizeof(*ring) + cap * sizeof(sio_slice))) == NULL) {
    return NULL;
  }
  ring->cap = cap;
  ring->first = 0;
  return ring;
}

static void give_ring(sio_outbox_pool *pool, sio_slices *ring) {
  if (ring->cap > FEWEST || pool->count == MOST_SPARE) {
    sio_free(ring);
    return;
  }
  ring->next = pool->rings;
  pool->rings = ring;
  pool->count++;
}

void sio_outbox_pool_deinit(sio_outbox_pool *pool) {
  for (sio_slices *ring; (ring = pool->rings) != NULL;) {
    pool->rings = ring->next;
    sio_free(ring);
  }
  pool->count = 0;
}

/* --- the queue --- */

static int grow(sio_outbox *box, sio_outbox_pool *pool) {
  sio_slices *many = take_ring(pool, box->has_many ? 2 * box->many->cap : FEWEST);
  if (many == NULL)
    return SIO_ENOMEM;
  for (uint32_t i = 0; i < box->count; i++)
    many->at[i] = *slice_at(box, i);
  if (box->has_many)
    give_ring(pool, box->many);
  box->many = many;
  box->has_many = true;
  return 0;
}

int sio_outbox_push(sio_outbox *box, sio_outbox_pool *pool, sio_frame *frame, size_t from) {
  size_t len = sio_frame_wire(frame).len;
  if (from >= len)
    return 0;
  uint32_t cap = box->has_many ? box->many->cap : 1;
  if (box->count == cap && grow(box, pool) != 0)
    return SIO_ENOMEM;
  *slice_at(box, box->count++) = (sio_slice){sio_frame_ref(frame), from};
  box->bytes += len - from;
  return 0;
}

int sio_outbox_gather(const sio_outbox *box, struct iovec *pieces, int max, char *scratch,
                      size_t room) {
  int n = 0;
  char *open = NULL; /* the end of the last piece, if that lies in scratch */
  for (uint32_t i = 0; i < box->count; i++) {
    sio_bytes bytes = bytes_of(slice_at(box, i));
    bool is_small = bytes.len <= SIO_OUTBOX_SMALL && bytes.len <= room && box->count > 1;
    if (n == max && !(is_small && open != NULL))
      break;
    if (!is_small) {
      pieces[n++] = (struct iovec){(char *)bytes.base, bytes.len};
      open = NULL;
      continue;
    }
    memcpy(scratch, bytes.base, bytes.len);
    if (open != NULL)
      pieces[n - 1].iov_len += bytes.len;
    else
      pieces[n++] = (struct iovec){scratch, bytes.len};
    open = scratch += bytes.len;
    room -= bytes.len;
  }
  return n;
}

static void drop_first(sio_outbox *box) {
  sio_slice *slice = slice_at(box, 0);
  box->bytes -= bytes_of(slice).len;
  sio_frame_unref(slice->frame);
  if (box->has_many)
    box->many->first++;
  box->count--;
}

void sio_outbox_consume(sio_outbox *box, sio_outbox_pool *pool, size_t n) {
  while (n > 0) {
    sio_slice *slice = slice_at(box, 0);
    size_t len = bytes_of(slice).len;
    if (n < len) {
      slice->from += n;
      box->bytes -= n;
      return;
    }
    drop_first(box);
    n -= len;
  }
  if (box->count == 0)
    sio_outbox_deinit(box, pool);
}

void sio_outbox_deinit(sio_outbox *box, sio_outbox_pool *pool) {
  while (box->count > 0)
    drop_first(box);
  if (box->has_many)
    give_ring(pool, box->many);
  box->has_many = false;
}
