#include "net/outbox.h"

#include "base/alloc.h"
#include "base/error.h"

static sio_slice *slice_at(const sio_outbox *box, size_t i) {
  if (box->many == NULL)
    return (sio_slice *)&box->few[(box->first + i) % SIO_OUTBOX_FEW];
  return &box->many[(box->first + i) & (box->cap - 1)];
}

static sio_bytes bytes_of(const sio_slice *slice) {
  sio_bytes wire = sio_frame_wire(slice->frame);
  return sio_bytes_of(wire.base + slice->from, wire.len - slice->from);
}

static int grow(sio_outbox *box) {
  size_t cap = box->many == NULL ? 8 * SIO_OUTBOX_FEW : 2 * box->cap;
  sio_slice *many = sio_malloc(cap * sizeof(*many));
  if (many == NULL)
    return SIO_ENOMEM;
  for (size_t i = 0; i < box->count; i++)
    many[i] = *slice_at(box, i);
  sio_free(box->many);
  box->many = many;
  box->cap = cap;
  box->first = 0;
  return 0;
}

int sio_outbox_push(sio_outbox *box, sio_frame *frame, size_t from) {
  size_t len = sio_frame_wire(frame).len;
  if (from >= len)
    return 0;
  size_t cap = box->many == NULL ? SIO_OUTBOX_FEW : box->cap;
  if (box->count == cap && grow(box) != 0)
    return SIO_ENOMEM;
  *slice_at(box, box->count++) = (sio_slice){sio_frame_ref(frame), from};
  box->bytes += len - from;
  return 0;
}

int sio_outbox_gather(const sio_outbox *box, struct iovec *pieces, int max, char *scratch,
                      size_t room) {
  int n = 0;
  char *open = NULL; /* the end of the last piece, if that lies in scratch */
  for (size_t i = 0; i < box->count; i++) {
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
  box->first++;
  box->count--;
}

void sio_outbox_consume(sio_outbox *box, size_t n) {
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
    sio_outbox_deinit(box);
}

void sio_outbox_deinit(sio_outbox *box) {
  while (box->count > 0)
    drop_first(box);
  sio_free(box->many);
  box->many = NULL;
  box->first = 0;
}
