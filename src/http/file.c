#include "http/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "http/compress.h"
#include "http/condition.h"
#include "http/conn.h"
#include "http/date.h"
#include "http/mime.h"

enum {
  WHOLE_SIZE = 65536, /* a larger part is sent in pieces */
  PIECE_SIZE = 16384,
  PIECES = 16,     /* a turn */
  PACK_MIN = 1024, /* what compressing is worth for */
};

typedef struct file {
  sio_exchange *exchange;
  const sio_request *request;
  int fd;
  int status; /* 200, or the only one that may be sent */
  const struct stat *stat;
  int64_t size;
  sio_mime mime;
  enum sio_coding coding;
  char etag[64];
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
  sio_range rest;
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

static void send_in_pieces(file *it, int status, sio_range what) {
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
static sio_frame *read_part(file *it, sio_range what) {
  sio_frame *frame = sio_frame_new((size_t)what.len);
  if (frame != NULL && read_all(it->fd, frame->payload, frame->len, what.from))
    return frame;
  sio_frame_unref(frame);
  sio_exchange_destroy(it->exchange);
  return NULL;
}

static void send_at_once(file *it, int status, sio_range what) {
  sio_frame *frame = read_part(it, what);
  if (frame != NULL)
    sio_exchange_send_frame(it->exchange, status, sio_bytes_str(it->mime.type), frame);
  sio_frame_unref(frame);
}

/* NULL: no memory, or the file could not be read. */
static sio_frame *pack(const file *it) {
  sio_buf packed = {0};
  sio_frame *plain = sio_frame_new((size_t)it->size), *frame = NULL;
  if (plain != NULL && read_all(it->fd, plain->payload, plain->len, 0) &&
      sio_compress(it->coding, NULL, sio_frame_payload(plain), &packed) == 0)
    frame = sio_frame_copy(sio_buf_bytes(&packed));
  sio_buf_deinit(&packed);
  sio_frame_unref(plain);
  return frame;
}

static void send_packed(file *it) {
  sio_packed *cache = &sio_conn_of(it->exchange)->server->packed;
  sio_frame *frame = sio_packed_get(cache, it->stat, it->coding);
  if (frame != NULL) {
    sio_frame_ref(frame);
  } else {
    frame = pack(it);
    if (frame != NULL)
      sio_packed_put(cache, it->stat, it->coding, frame);
  }
  if (frame != NULL)
    sio_exchange_send_frame(it->exchange, it->status, sio_bytes_str(it->mime.type), frame);
  else
    sio_exchange_destroy(it->exchange);
  sio_frame_unref(frame);
}

/* --- what the request asks for --- */

/* What the application has set stays. */
static void add(file *it, const char *name, sio_bytes value) {
  if (!sio_exchange_has_header(it->exchange, sio_bytes_str(name)) &&
      sio_exchange_header(it->exchange, sio_bytes_str(name), value) != 0)
    it->has_failed = true;
}

/* Not where the application says how the file is coded, and not for a part of it. */
static void choose_coding(file *it) {
  if (!it->mime.is_text || it->size < PACK_MIN || it->size > SIO_PACK_MAX ||
      sio_exchange_has_header(it->exchange, SIO_BYTES("content-encoding")))
    return;
  sio_exchange_header(it->exchange, SIO_BYTES("Vary"), SIO_BYTES("Accept-Encoding"));
  if (sio_request_header(it->request, "range").base == NULL)
    it->coding = sio_accept_smallest(sio_request_header(it->request, "accept-encoding"),
                                     sio_compress_codings());
}

static void describe(file *it) {
  static const char *const suffixes[] = {
      [SIO_CODING_IDENTITY] = "", [SIO_CODING_GZIP] = "-gz", [SIO_CODING_BR] = "-br"};
  const struct timespec *changed = &it->stat->st_mtim;
  char modified[SIO_HTTP_DATE_LEN];
  choose_coding(it);
  snprintf(it->etag, sizeof(it->etag), "\"%llx-%llx%09lx%s\"", (unsigned long long)it->size,
           (unsigned long long)changed->tv_sec, (unsigned long)changed->tv_nsec,
           suffixes[it->coding]);
  sio_http_date_write(modified, changed->tv_sec > 0 ? changed->tv_sec : 0);
  add(it, "Accept-Ranges", SIO_BYTES("bytes"));
  add(it, "Cache-Control", SIO_BYTES("public, max-age=0"));
  add(it, "Last-Modified", sio_bytes_of(modified, sizeof(modified)));
  add(it, "ETag", sio_bytes_str(it->etag));
  if (it->coding != SIO_CODING_IDENTITY)
    add(it, "Content-Encoding", sio_coding_name(it->coding));
}

/* The status, and what of the file is sent with it. */
static int choose_status(const file *it, sio_range *what) {
  const sio_version version = {.etag = sio_bytes_str(it->etag),
                               .modified = it->stat->st_mtim.tv_sec};
  bool is_get = sio_bytes_eq(it->request->method, SIO_BYTES("GET"));
  bool is_head = sio_bytes_eq(it->request->method, SIO_BYTES("HEAD"));
  int status = it->status;
  if (status == 200 && (is_get || is_head))
    status = sio_condition_check(it->request, &version);
  if (status == 200 && is_get && it->coding == SIO_CODING_IDENTITY)
    status = sio_range_check(it->request, &version, it->size, what);
  return status;
}

static void add_range(file *it, int status, sio_range what) {
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
  sio_range what = {0, it->size};
  sio_bytes none = {0};
  bool is_head = sio_bytes_eq(it->request->method, SIO_BYTES("HEAD"));
  int status = choose_status(it, &what);
  bool has_file = status == it->status || status == 206;
  if (status != it->status && (status == 206 || status == 416))
    add_range(it, status, what);
  bool is_long = has_file && what.len > WHOLE_SIZE && it->coding == SIO_CODING_IDENTITY;
  if (is_long)
    add_length(it, what.len);
  if (it->has_failed)
    sio_exchange_destroy(it->exchange);
  else if (!has_file)
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

void sio_file_send(sio_exchange *exchange, const char *path, int fd, const struct stat *stat,
                   int status) {
  file it = {.exchange = exchange,
             .request = sio_exchange_request(exchange),
             .fd = fd,
             .status = status,
             .stat = stat,
             .size = stat->st_size,
             .mime = sio_mime_of(sio_bytes_str(path))};
  describe(&it);
  if (answer(&it))
    close(fd);
}
