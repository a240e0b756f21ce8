/* Answers: what goes out, and in which form. conn.c decides what comes after it. */
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "http/conn.h"
#include "http/head.h"
#include "http/status.h"
#include "http/token.h"

enum { SHARED_SIZE = 2048 }; /* a smaller body is cheaper to copy behind its head */

sio_request *sio_exchange_request(const sio_exchange *exchange) {
  return exchange->request;
}

sio_stream *sio_exchange_stream(const sio_exchange *exchange) {
  return sio_conn_of(exchange)->stream;
}

void sio_exchange_set_owner(sio_exchange *exchange, const sio_exchange_events *events,
                            void *owner) {
  exchange->events = events;
  exchange->owner = owner;
}

/* --- headers --- */

/* Finds the line of that name among those added; its octets, CR LF included, or base NULL. */
static sio_bytes find_line(const sio_exchange *exchange, sio_bytes name) {
  if (exchange->headers.len == 0)
    return (sio_bytes){0};
  const char *at = exchange->headers.base, *end = at + exchange->headers.len;
  while (at < end) {
    size_t len = (size_t)((const char *)memchr(at, '\n', (size_t)(end - at)) - at) + 1;
    if (len > name.len && at[name.len] == ':' && sio_bytes_ieq(sio_bytes_of(at, name.len), name))
      return sio_bytes_of(at, len);
    at += len;
  }
  return (sio_bytes){0};
}

bool sio_exchange_has_header(const sio_exchange *exchange, sio_bytes name) {
  return find_line(exchange, name).base != NULL;
}

sio_bytes sio_exchange_headers(const sio_exchange *exchange) {
  return sio_buf_bytes(&exchange->headers);
}

void sio_exchange_remove_header(sio_exchange *exchange, sio_bytes name) {
  if (sio_bytes_ieq(name, SIO_BYTES("content-length")))
    exchange->promised = -1;
  for (sio_bytes line; (line = find_line(exchange, name)).base != NULL;) {
    char *to = exchange->headers.base + (line.base - exchange->headers.base);
    size_t behind = exchange->headers.len - (size_t)(line.base - exchange->headers.base) - line.len;
    memmove(to, to + line.len, behind);
    exchange->headers.len -= line.len;
  }
}

/* RFC 9110, 5.5: no control characters but tabs. */
static bool is_value(sio_bytes value) {
  for (size_t i = 0; i < value.len; i++) {
    unsigned char c = (unsigned char)value.base[i];
    if ((c < ' ' && c != '\t') || c == 0x7f)
      return false;
  }
  return true;
}

static int append_line(sio_buf *out, sio_bytes name, sio_bytes value) {
  if (sio_buf_reserve(out, name.len + value.len + 4) != 0)
    return SIO_ENOMEM;
  sio_buf_add(out, name);
  sio_buf_add(out, SIO_BYTES(": "));
  sio_buf_add(out, value);
  return sio_buf_add(out, SIO_BYTES("\r\n"));
}

static int promise(sio_exchange *exchange, sio_bytes value) {
  int64_t n = sio_length_parse(value);
  if (n < 0 || exchange->promised >= 0)
    return SIO_EINVAL;
  int err = append_line(&exchange->headers, SIO_BYTES("Content-Length"), value);
  if (err == 0)
    exchange->promised = n;
  return err;
}

int sio_exchange_header(sio_exchange *exchange, sio_bytes name, sio_bytes value) {
  if (!sio_token_is_valid(name) || !is_value(value))
    return SIO_EINVAL;
  if (sio_bytes_ieq(name, SIO_BYTES("connection"))) {
    if (!sio_bytes_ieq(value, SIO_BYTES("close")))
      return SIO_EINVAL;
    exchange->close_after = true;
    return 0;
  }
  if (sio_bytes_ieq(name, SIO_BYTES("keep-alive")) ||
      sio_bytes_ieq(name, SIO_BYTES("transfer-encoding")))
    return SIO_EINVAL;
  if (sio_bytes_ieq(name, SIO_BYTES("content-length")))
    return promise(exchange, value);
  return append_line(&exchange->headers, name, value);
}

/* --- the head of an answer --- */

static bool is_bodiless_status(int status) {
  return status < 200 || status == 204 || status == 304;
}

static bool is_head(const sio_exchange *exchange) {
  return sio_bytes_eq(exchange->request->method, SIO_BYTES("HEAD"));
}

/* Whether the status leaves room for a body; 204 not even for its length (RFC 9110, 8.6), but for a
 * zero, which some browsers wait for. */
static bool check_body(sio_exchange *exchange, int status) {
  if (status == 204 && exchange->promised > 0)
    sio_exchange_remove_header(exchange, SIO_BYTES("content-length"));
  return !is_head(exchange) && !is_bodiless_status(status);
}

/* One frame of several runs of bytes. NULL: no memory. */
static sio_frame *join(const sio_bytes *parts, size_t count) {
  size_t len = 0;
  for (size_t i = 0; i < count; i++)
    len += parts[i].len;
  sio_frame *frame = sio_frame_new(len);
  if (frame == NULL)
    return NULL;
  char *to = frame->payload;
  for (size_t i = 0; i < count; i++) {
    if (parts[i].len > 0)
      memcpy(to, parts[i].base, parts[i].len);
    to += parts[i].len;
  }
  return frame;
}

static int send_parts(sio_exchange *exchange, const sio_bytes *parts, size_t count) {
  sio_frame *frame = join(parts, count);
  if (frame == NULL)
    return SIO_ENOMEM;
  int err = sio_stream_send(sio_exchange_stream(exchange), frame);
  sio_frame_unref(frame);
  return err;
}

/* The lines that every answer has, in the order of the reference. */
static size_t write_tail(const sio_exchange *exchange, const char *framing, bool keeps_alive,
                         char *out, size_t size) {
  const sio_http_server *server = sio_conn_of(exchange)->server;
  bool has_date = sio_exchange_has_header(exchange, SIO_BYTES("date"));
  char keep_alive[64] = "Connection: close\r\n";
  if (keeps_alive)
    snprintf(keep_alive, sizeof(keep_alive), "Connection: keep-alive\r\nKeep-Alive: timeout=%u\r\n",
             (unsigned)(server->options.keep_alive_timeout / 1000));
  return (size_t)snprintf(out, size, "%s%s%s%s%s\r\n",
                          has_date ? "" : "Date: ", has_date ? "" : sio_loop_date(server->loop),
                          has_date ? "" : "\r\n", keep_alive, framing);
}

/* Sends a head and the body with it. length: a Content-Length line or empty. */
static int send_head(sio_exchange *exchange, int status, sio_bytes content_type, const char *length,
                     const char *framing, bool keeps_alive, sio_bytes body) {
  char line[64], tail[192];
  int line_len =
      snprintf(line, sizeof(line), "HTTP/1.1 %d %s\r\n", status, sio_http_reason(status));
  size_t tail_len = write_tail(exchange, framing, keeps_alive, tail, sizeof(tail));
  bool has_type =
      content_type.len > 0 && !sio_exchange_has_header(exchange, SIO_BYTES("content-type"));
  sio_bytes none = {0};
  const sio_bytes parts[] = {sio_bytes_of(line, (size_t)line_len),
                             sio_buf_bytes(&exchange->headers),
                             has_type ? SIO_BYTES("Content-Type: ") : none,
                             has_type ? content_type : none,
                             has_type ? SIO_BYTES("\r\n") : none,
                             sio_bytes_str(length),
                             sio_bytes_of(tail, tail_len),
                             body};
  return send_parts(exchange, parts, sizeof(parts) / sizeof(parts[0]));
}

/* --- in one call --- */

/* Sends all but a body that is shared: that follows in a frame of its own. */
static void answer(sio_exchange *exchange, int status, sio_bytes content_type, sio_bytes body,
                   sio_frame *shared) {
  sio_conn *conn = sio_conn_of(exchange);
  bool keeps_alive = sio_conn_keeps_alive(conn);
  bool has_body = check_body(exchange, status);
  size_t len = shared != NULL ? shared->len : body.len;
  char length[48] = "";
  if (!is_bodiless_status(status) && (has_body || exchange->promised < 0)) {
    sio_exchange_remove_header(exchange, SIO_BYTES("content-length"));
    snprintf(length, sizeof(length), "Content-Length: %zu\r\n", len);
  }
  int err = send_head(exchange, status, content_type, length, "", keeps_alive,
                      has_body ? body : (sio_bytes){0});
  if (err == 0 && has_body && shared != NULL)
    err = sio_stream_send_payload(conn->stream, shared);
  if (err == 0)
    sio_conn_answered(conn, keeps_alive);
  else
    sio_conn_destroy(conn);
}

void sio_exchange_send(sio_exchange *exchange, int status, sio_bytes content_type, sio_bytes body) {
  answer(exchange, status, content_type, body, NULL);
}

void sio_exchange_send_frame(sio_exchange *exchange, int status, sio_bytes content_type,
                             sio_frame *body) {
  if (body->len < SHARED_SIZE)
    answer(exchange, status, content_type, sio_frame_payload(body), NULL);
  else
    answer(exchange, status, content_type, (sio_bytes){0}, body);
}

/* --- in pieces --- */

/* The exchange ends when the stream's on_close comes. */
static int fail(sio_exchange *exchange, int err) {
  sio_stream_close(sio_exchange_stream(exchange), err);
  return err;
}

int sio_exchange_start(sio_exchange *exchange, int status, sio_bytes content_type) {
  bool has_body = check_body(exchange, status);
  bool is_open_ended = exchange->promised < 0 && !is_bodiless_status(status);
  bool can_chunk = exchange->request->minor >= 1;
  if (is_open_ended && !can_chunk)
    exchange->close_after = true;
  exchange->is_bodiless = !has_body;
  if (!has_body)
    exchange->promised = 0;
  if (!sio_conn_keeps_alive(sio_conn_of(exchange)))
    exchange->close_after = true;
  exchange->is_started = true;
  exchange->is_chunked = is_open_ended && can_chunk && has_body;
  int err = send_head(exchange, status, content_type, "",
                      is_open_ended && can_chunk ? "Transfer-Encoding: chunked\r\n" : "",
                      !exchange->close_after, (sio_bytes){0});
  sio_buf_deinit(&exchange->headers);
  return err == 0 ? 0 : fail(exchange, err);
}

static int write_chunk(sio_exchange *exchange, sio_bytes piece) {
  char size[24];
  int len = snprintf(size, sizeof(size), "%zx\r\n", piece.len);
  const sio_bytes parts[] = {sio_bytes_of(size, (size_t)len), piece, SIO_BYTES("\r\n")};
  return send_parts(exchange, parts, 3);
}

int sio_exchange_write(sio_exchange *exchange, sio_bytes piece) {
  int err;
  if (piece.len == 0 || exchange->is_bodiless)
    return 0;
  if (exchange->promised >= 0 && (uint64_t)exchange->promised < piece.len)
    return SIO_EINVAL;
  if (exchange->is_chunked)
    err = write_chunk(exchange, piece);
  else
    err = sio_stream_write(sio_exchange_stream(exchange), piece);
  if (err != 0)
    return fail(exchange, err);
  if (exchange->promised >= 0)
    exchange->promised -= (int64_t)piece.len;
  sio_conn_watch_output(sio_conn_of(exchange));
  return 0;
}

void sio_exchange_end(sio_exchange *exchange) {
  sio_conn *conn = sio_conn_of(exchange);
  bool is_whole = exchange->promised <= 0;
  if (is_whole && exchange->is_chunked)
    is_whole = sio_stream_write(conn->stream, SIO_BYTES("0\r\n\r\n")) == 0;
  if (is_whole)
    sio_conn_answered(conn, !exchange->close_after && sio_conn_keeps_alive(conn));
  else
    sio_conn_destroy(conn);
}

/* --- without an answer --- */

void sio_exchange_destroy(sio_exchange *exchange) {
  sio_conn_destroy(sio_conn_of(exchange));
}

void sio_exchange_close_after(sio_exchange *exchange) {
  exchange->close_after = true;
}

sio_stream *sio_exchange_upgrade(sio_exchange *exchange, char **rest, size_t *rest_len) {
  sio_conn *conn = sio_conn_of(exchange);
  sio_bytes in = conn->is_parsing ? conn->in : sio_buf_bytes(&conn->rest);
  *rest = (char *)in.base;
  *rest_len = in.len;
  return sio_conn_release(conn);
}
