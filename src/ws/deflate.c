#include "ws/deflate.h"

#include <limits.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "http/compress.h"
#include "ws/frame.h"

/*
 * zlib has no window of 8 bits to compress with. One of 9 serves: it looks back 2^9 - 262 bytes at
 * most, which is less than 2^8.
 */
enum { LEAST_WINDOW = 9, MOST_WINDOW = 15, WINDOWS = MOST_WINDOW - LEAST_WINDOW + 1 };

/* Ends each flush of a deflater; not sent, and put back before inflating (RFC 7692, 7.2.1). */
static const char tail[] = {0, 0, (char)0xff, (char)0xff};

enum { AT_BLOCK_END = 128 }; /* in data_type, what zlib says of the end of its input */

/* zlib counts in 32 bits; what it makes of so much fits them, too. */
enum { MOST_PACKED = INT_MAX };

struct sio_deflate_pool {
  uint32_t refs;
  sio_deflate_options options;
  z_stream *deflaters[WINDOWS]; /* by window; those that were needed */
  z_stream *inflater;
};

struct sio_deflate {
  sio_deflate_pool *pool;
  sio_deflate_params params;
  z_stream *deflater, *inflater; /* with a context; NULL: none yet */
};

void sio_deflate_options_init(sio_deflate_options *options) {
  *options = (sio_deflate_options){.threshold = 1024,
                                   .level = Z_DEFAULT_COMPRESSION,
                                   .memory_level = 8,
                                   .strategy = Z_DEFAULT_STRATEGY};
}

/* --- zlib streams --- */

static z_stream *new_stream(void) {
  z_stream *zlib = sio_calloc(1, sizeof(*zlib));
  if (zlib != NULL) {
    zlib->zalloc = sio_zlib_alloc;
    zlib->zfree = sio_zlib_free;
  }
  return zlib;
}

static z_stream *new_deflater(const sio_deflate_options *options, int window) {
  z_stream *zlib = new_stream();
  if (zlib == NULL || deflateInit2(zlib, options->level, Z_DEFLATED, -window, options->memory_level,
                                   options->strategy) == Z_OK)
    return zlib;
  sio_free(zlib);
  return NULL;
}

static z_stream *new_inflater(int window) {
  z_stream *zlib = new_stream();
  if (zlib == NULL || inflateInit2(zlib, -window) == Z_OK)
    return zlib;
  sio_free(zlib);
  return NULL;
}

static void free_deflater(z_stream *zlib) {
  if (zlib != NULL)
    deflateEnd(zlib);
  sio_free(zlib);
}

static void free_inflater(z_stream *zlib) {
  if (zlib != NULL)
    inflateEnd(zlib);
  sio_free(zlib);
}

/* --- pools and connections --- */

sio_deflate_pool *sio_deflate_pool_new(const sio_deflate_options *options) {
  sio_deflate_pool *pool = sio_calloc(1, sizeof(*pool));
  if (pool == NULL)
    return NULL;
  pool->refs = 1;
  pool->options = *options;
  return pool;
}

void sio_deflate_pool_unref(sio_deflate_pool *pool) {
  if (pool == NULL || --pool->refs > 0)
    return;
  for (int i = 0; i < WINDOWS; i++)
    free_deflater(pool->deflaters[i]);
  free_inflater(pool->inflater);
  sio_free(pool);
}

sio_deflate *sio_deflate_new(sio_deflate_pool *pool, const sio_deflate_params *params) {
  sio_deflate *deflate = sio_calloc(1, sizeof(*deflate));
  if (deflate == NULL)
    return NULL;
  pool->refs++;
  deflate->pool = pool;
  deflate->params = *params;
  return deflate;
}

void sio_deflate_free(sio_deflate *deflate) {
  if (deflate == NULL)
    return;
  free_deflater(deflate->deflater);
  free_inflater(deflate->inflater);
  sio_deflate_pool_unref(deflate->pool);
  sio_free(deflate);
}

/* --- out --- */

static int send_window(const sio_deflate *deflate) {
  int bits = deflate->params.server_bits != 0 ? deflate->params.server_bits : MOST_WINDOW;
  return bits > LEAST_WINDOW ? bits : LEAST_WINDOW;
}

enum { FLUSH = 64 }; /* room for what a flush adds */

static size_t most_packed(z_stream *zlib, size_t len) {
  return deflateBound(zlib, len) + FLUSH;
}

static int run_deflater(z_stream *zlib, sio_bytes in, sio_buf *out) {
  zlib->next_in = (Bytef *)in.base;
  zlib->avail_in = (uInt)in.len;
  size_t room = most_packed(zlib, in.len);
  do {
    if (sio_buf_reserve(out, room) != 0)
      return SIO_ENOMEM;
    zlib->next_out = (Bytef *)out->base + out->len;
    zlib->avail_out = (uInt)room;
    deflate(zlib, Z_SYNC_FLUSH);
    out->len += room - zlib->avail_out;
    room = FLUSH;
  } while (zlib->avail_out == 0);
  out->len -= sizeof(tail);
  return 0;
}

static uint8_t packed_form(const sio_frame *frame, int window) {
  return (uint8_t)((frame->form & SIO_FORM_REVISION) | window);
}

static sio_frame *new_packed(z_stream *zlib, const sio_frame *frame, int window) {
  sio_buf out = {0};
  bool is_made = sio_frame_begin(&out, most_packed(zlib, frame->len)) == 0 &&
                 run_deflater(zlib, sio_frame_payload(frame), &out) == 0;
  sio_frame *packed = is_made ? sio_frame_end(&out) : NULL;
  sio_buf_deinit(&out);
  if (packed == NULL)
    return NULL;
  packed->binary = frame->binary;
  packed->form = packed_form(frame, window);
  sio_ws_seal_packed(packed, frame->binary ? SIO_WS_BINARY : SIO_WS_TEXT);
  return packed;
}

/* Without context: what another recipient was sent, or is sent next, serves as well. */
static sio_frame *find_packed(sio_deflate_pool *pool, sio_frame *frame, int window) {
  sio_frame *packed = sio_frame_form(frame, packed_form(frame, window));
  if (packed != NULL)
    return sio_frame_ref(packed);
  z_stream **deflater = &pool->deflaters[window - LEAST_WINDOW];
  if (*deflater == NULL && (*deflater = new_deflater(&pool->options, window)) == NULL)
    return NULL;
  deflateReset(*deflater);
  packed = new_packed(*deflater, frame, window);
  return packed != NULL ? sio_frame_ref(sio_frame_keep(frame, packed)) : NULL;
}

static sio_frame *pack_in_context(sio_deflate *deflate, const sio_frame *frame) {
  int window = send_window(deflate);
  if (deflate->deflater == NULL &&
      (deflate->deflater = new_deflater(&deflate->pool->options, window)) == NULL)
    return NULL;
  sio_frame *packed = new_packed(deflate->deflater, frame, window);
  if (packed == NULL) {
    free_deflater(deflate->deflater);
    deflate->deflater = NULL;
  }
  return packed;
}

/* RFC 7692, 6: any message may go out as it is. A flush of nothing would be an error of zlib's. */
static bool is_packed(const sio_deflate *deflate, const sio_frame *frame) {
  if (frame->len == 0 || frame->len > MOST_PACKED)
    return false;
  return !deflate->params.server_no_context || frame->len >= deflate->pool->options.threshold;
}

int sio_deflate_pack(sio_deflate *deflate, sio_frame *frame, sio_frame **out) {
  if (!is_packed(deflate, frame))
    *out = sio_frame_ref(frame);
  else if (deflate->params.server_no_context)
    *out = find_packed(deflate->pool, frame, send_window(deflate));
  else
    *out = pack_in_context(deflate, frame);
  return *out != NULL ? 0 : SIO_ENOMEM;
}

/* --- in --- */

static z_stream *find_inflater(sio_deflate *deflate) {
  int window = deflate->params.client_bits != 0 ? deflate->params.client_bits : MOST_WINDOW;
  bool is_shared = deflate->params.client_no_context;
  z_stream **inflater = is_shared ? &deflate->pool->inflater : &deflate->inflater;
  if (*inflater == NULL)
    *inflater = new_inflater(window);
  else if (is_shared)
    inflateReset2(*inflater, -window);
  return *inflater;
}

/* Makes room in out; no more than what shows that a message is too long. */
static int make_room(z_stream *zlib, size_t max, sio_buf *out) {
  size_t most = max - out->len < UINT_MAX ? max - out->len + 1 : UINT_MAX;
  if (out->len == out->cap && sio_buf_reserve(out, 1) != 0)
    return SIO_ENOMEM;
  size_t room = out->cap - out->len < most ? out->cap - out->len : most;
  zlib->next_out = (Bytef *)out->base + out->len;
  zlib->avail_out = (uInt)room;
  return 0;
}

/* *is_final: a block that says it is the last one ended with the input. Others may follow such a
 * block (RFC 7692, 7.2.3.4), though none that looks back behind it. */
static int run_inflater(z_stream *zlib, sio_bytes in, size_t max, sio_buf *out, bool *is_final) {
  zlib->next_in = (Bytef *)in.base;
  zlib->avail_in = (uInt)in.len;
  do {
    if (make_room(zlib, max, out) != 0)
      return SIO_ENOMEM;
    uInt room = zlib->avail_out;
    int code = inflate(zlib, Z_SYNC_FLUSH);
    out->len += room - zlib->avail_out;
    if (code == Z_MEM_ERROR)
      return SIO_ENOMEM;
    if (out->len > max)
      return SIO_ELIMIT;
    *is_final = code == Z_STREAM_END;
    if (*is_final)
      inflateReset(zlib);
    else if (code != Z_OK && code != Z_BUF_ERROR) /* the latter: there was nothing to do */
      return SIO_EPARSE;
  } while (zlib->avail_in > 0 || (zlib->avail_out == 0 && !*is_final));
  return 0;
}

int sio_deflate_unpack(sio_deflate *deflate, sio_bytes payload, size_t max, sio_buf *out) {
  bool is_final = false;
  if (payload.len == 0)
    return 0;
  if (payload.len > UINT_MAX)
    return SIO_ELIMIT;
  z_stream *zlib = find_inflater(deflate);
  if (zlib == NULL || sio_buf_reserve(out, payload.len) != 0)
    return SIO_ENOMEM;
  int err = run_inflater(zlib, payload, max, out, &is_final);
  if (err != 0 || is_final)
    return err;
  err = run_inflater(zlib, sio_bytes_of(tail, sizeof(tail)), max, out, &is_final);
  return err == 0 && !is_final && (zlib->data_type & AT_BLOCK_END) == 0 ? SIO_EPARSE : err;
}
