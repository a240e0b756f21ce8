#include "http/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "http/accept.h"
#include "http/compress.h"
#include "http/date.h"
#include "http/head.h"
#include "http/mime.h"

enum {
  WHOLE_SIZE = 65536, /* a larger part is sent in pieces */
  PIECE_SIZE = 16384,
  PIECES = 16,      /* a turn */
  PACK_FROM = 1024, /* what gzip is worth for, */
  PACK_TO = 262144, /* and for how long it may keep everybody waiting */
};

typedef struct part { /* of the file: what is sent */
  int64_t from, len;
} part;

typedef struct file {
  sio_exchange *exchange;
  const sio_request *request;
  int fd;
  int64_t size;
  sio_mime mime;
  enum sio_coding coding;
  char etag[64];
  char modified[SIO_HTTP_DATE_LEN];
  bool has_failed; /* a header could not be added */
} file;

int sio_file_open(const char *path, struct stat *stat) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd >= 0 && (fstat(fd, stat) != 0 || !S_ISREG(stat->st_mode))) {
    close(fd);
    return -1;
  }
  return fd;
}

static bool read_all(int fd, char *out, size_t len, int64_t from) {
  while (len > 0) {
    ssize_t n = pread(fd, out, len, (off_t)from);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return false;
    out += n;
    from += n;
    len -= (size_t)n;
  }
  return true;
}

/* --- in pieces --- */

typedef struct sending {
  sio_exchange *exchange;
  int fd;
  part rest;
} sending;

static void finish(sending *it) {
  close(it->fd);
  sio_free(it);
}

static void on_abort(void *owner, sio_exchange *exchange) {
  (void)exchange;
  finish(owner);
}

/* False: that was all, or the connection is closing. */
static bool send_piece(sending *it) {
  char piece[PIECE_SIZE];
  size_t n = it->rest.len < PIECE_SIZE ? (size_t)it->rest.len : PIECE_SIZE;
  if (!read_all(it->fd, piece, n, it->rest.from)) { /* it has become shorter than was promised */
    sio_exchange_destroy(it->exchange);
    finish(it);
    return false;
  }
  if (sio_exchange_write(it->exchange, sio_bytes_of(piece, n)) != 0)
    return false; /* on_abort follows */
  it->rest.from += (int64_t)n;
  it->rest.len -= (int64_t)n;
  if (it->rest.len > 0)
    return true;
  sio_exchange_end(it->exchange);
  finish(it);
  return false;
}

static void send_some(sending *it) {
  for (int i = 0; i < PIECES && send_piece(it); i++)
    continue;
}

static void on_drain(void *owner, sio_exchange *exchange) {
  (void)exchange;
  send_some(owner);
}

static const sio_exchange_events events = {.on_abort = on_abort, .on_drain = on_drain};

static void send_in_pieces(file *it, int status, part what) {
  sending *rest = sio_malloc(sizeof(*rest));
  if (rest == NULL) {
    close(it->fd);
    sio_exchange_destroy(it->exchange);
    return;
  }
  *rest = (sending){.exchange = it->exchange, .fd = it->fd, .rest = what};
  sio_exchange_set_owner(it->exchange, &events, rest);
  if (sio_exchange_start(it->exchange, status, sio_bytes_str(it->mime.type)) == 0)
    send_some(rest);
}

/* --- at once --- */

/* What was read, or NULL: then the exchange is over. */
static sio_frame *read_part(file *it, part what) {
  sio_frame *frame = sio_frame_new((size_t)what.len);
  if (frame != NULL && read_all(it->fd, frame->payload, frame->len, what.from))
    return frame;
  sio_frame_unref(frame);
  sio_exchange_destroy(it->exchange);
  return NULL;
}

static void send_at_once(file *it, int status, part what) {
  sio_frame *frame = read_part(it, what);
  if (frame != NULL)
    sio_exchange_send_frame(it->exchange, status, sio_bytes_str(it->mime.type), frame);
  sio_frame_unref(frame);
}

static void send_packed(file *it) {
  sio_buf packed = {0};
  sio_frame *frame = read_part(it, (part){0, it->size});
  if (frame == NULL)
    return;
  if (sio_compress(it->coding, sio_frame_payload(frame), &packed) == 0)
    sio_exchange_send(it->exchange, 200, sio_bytes_str(it->mime.type), sio_buf_bytes(&packed));
  else
    sio_exchange_destroy(it->exchange);
  sio_buf_deinit(&packed);
  sio_frame_unref(frame);
}

/* --- what the request asks for --- */

static void add(file *it, const char *name, sio_bytes value) {
  if (sio_exchange_header(it->exchange, sio_bytes_str(name), value) != 0)
    it->has_failed = true;
}

static void describe(file *it, const struct stat *stat) {
  it->size = stat->st_size;
  if (it->mime.is_text && it->size >= PACK_FROM && it->size <= PACK_TO) {
    add(it, "Vary", SIO_BYTES("Accept-Encoding"));
    if (sio_request_header(it->request, "range").base == NULL)
      it->coding = sio_accept_coding(sio_request_header(it->request, "accept-encoding"),
                                     1u << SIO_CODING_GZIP);
  }
  bool is_packed = it->coding != SIO_CODING_IDENTITY;
  snprintf(it->etag, sizeof(it->etag), "\"%llx-%llx%09lx%s\"", (unsigned long long)it->size,
           (unsigned long long)stat->st_mtim.tv_sec, (unsigned long)stat->st_mtim.tv_nsec,
           is_packed ? "-gz" : "");
  sio_http_date_write(it->modified, stat->st_mtim.tv_sec > 0 ? stat->st_mtim.tv_sec : 0);
  add(it, "Accept-Ranges", SIO_BYTES("bytes"));
  add(it, "Cache-Control", SIO_BYTES("public, max-age=0"));
  add(it, "Last-Modified", sio_bytes_of(it->modified, sizeof(it->modified)));
  add(it, "ETag", sio_bytes_str(it->etag));
  if (is_packed)
    add(it, "Content-Encoding", sio_coding_name(it->coding));
}

/* RFC 9110, 13.1.2 and 13.1.3; the list of tags is compared weakly, so "W/" does not matter. */
static bool is_modified(const file *it) {
  sio_bytes tags = sio_request_header(it->request, "if-none-match");
  int64_t since, ours;
  if (tags.base != NULL)
    return !sio_bytes_eq(tags, SIO_BYTES("*")) &&
           memmem(tags.base, tags.len, it->etag, strlen(it->etag)) == NULL;
  sio_bytes ours_text = sio_bytes_of(it->modified, sizeof(it->modified));
  if (!sio_http_date_read(sio_request_header(it->request, "if-modified-since"), &since) ||
      !sio_http_date_read(ours_text, &ours))
    return true;
  return ours > since;
}

/* A condition for the range: without it, the file may not have changed (RFC 9110, 13.1.5). */
static bool is_range_current(const file *it) {
  sio_bytes condition = sio_request_header(it->request, "if-range");
  return condition.base == NULL || sio_bytes_eq(condition, sio_bytes_str(it->etag)) ||
         sio_bytes_eq(condition, sio_bytes_of(it->modified, sizeof(it->modified)));
}

/* One range (RFC 9110, 14.1.2): 206, 416, or 200 for what is none or more than one. */
static int parse_range(const file *it, part *out) {
  sio_bytes text = sio_request_header(it->request, "range");
  if (!sio_bytes_starts(text, SIO_BYTES("bytes=")) || !is_range_current(it))
    return 200;
  const char *from = text.base + 6, *end = text.base + text.len;
  const char *dash = memchr(from, '-', (size_t)(end - from));
  if (dash == NULL)
    return 200;
  int64_t first = sio_length_parse(sio_bytes_of(from, (size_t)(dash - from)));
  int64_t last = sio_length_parse(sio_bytes_of(dash + 1, (size_t)(end - dash - 1)));
  bool is_suffix = dash == from, is_open = dash + 1 == end;
  if ((first < 0 && !is_suffix) || (last < 0 && !is_open) || (is_suffix && is_open) ||
      (!is_suffix && !is_open && first > last))
    return 200;
  if (is_suffix ? last == 0 || it->size == 0 : first >= it->size)
    return 416;
  if (is_suffix)
    first = last < it->size ? it->size - last : 0;
  if (is_suffix || is_open || last >= it->size)
    last = it->size - 1;
  *out = (part){first, last - first + 1};
  return 206;
}

static void add_range(file *it, int status, part what) {
  char text[80];
  int len;
  if (status == 416)
    len = snprintf(text, sizeof(text), "bytes */%lld", (long long)it->size);
  else
    len = snprintf(text, sizeof(text), "bytes %lld-%lld/%lld", (long long)what.from,
                   (long long)(what.from + what.len - 1), (long long)it->size);
  add(it, "Content-Range", sio_bytes_of(text, (size_t)len));
}

static void add_length(file *it, int64_t length) {
  char text[24];
  int len = snprintf(text, sizeof(text), "%lld", (long long)length);
  add(it, "Content-Length", sio_bytes_of(text, (size_t)len));
}

/* True: the descriptor is still to be closed. */
static bool answer(file *it) {
  part what = {0, it->size};
  sio_bytes none = {0};
  bool is_head = sio_bytes_eq(it->request->method, SIO_BYTES("HEAD"));
  int status = is_modified(it) ? 200 : 304;
  if (status == 200 && it->coding == SIO_CODING_IDENTITY && !is_head)
    status = parse_range(it, &what);
  if (status == 206 || status == 416)
    add_range(it, status, what);
  bool is_long = status < 300 && what.len > WHOLE_SIZE && it->coding == SIO_CODING_IDENTITY;
  if (is_long)
    add_length(it, what.len);
  if (it->has_failed)
    sio_exchange_destroy(it->exchange);
  else if (status >= 300)
    sio_exchange_send(it->exchange, status, none, none);
  else if (is_long && is_head)
    sio_exchange_send(it->exchange, status, sio_bytes_str(it->mime.type), none);
  else if (it->coding != SIO_CODING_IDENTITY)
    send_packed(it);
  else if (!is_long)
    send_at_once(it, status, what);
  else
    send_in_pieces(it, status, what);
  return it->has_failed || !is_long || is_head;
}

void sio_file_send(sio_exchange *exchange, const char *path, int fd, const struct stat *stat) {
  file it = {.exchange = exchange,
             .request = sio_exchange_request(exchange),
             .fd = fd,
             .mime = sio_mime_of(sio_bytes_str(path))};
  describe(&it, stat);
  if (answer(&it))
    close(fd);
}
