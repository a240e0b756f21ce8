#include "socketio/packet.h"

#include "base/error.h"
#include "base/limits.h"
#include "engine/packet.h"

/* --- reading --- */

typedef struct reader { /* over the text of one packet */
  const char *at, *end;
  const char *reason;
} reader;

static int refuse(reader *in, int code, const char *reason) {
  in->reason = reason;
  return code;
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_next(const reader *in, char c) {
  return in->at < in->end && *in->at == c;
}

/* The number at the reader, past which it moves; UINT64_MAX stands for all too large ones. */
static uint64_t number(reader *in, size_t *digits) {
  const char *start = in->at;
  uint64_t n = 0;
  for (; in->at < in->end && is_digit(*in->at); in->at++) {
    uint64_t digit = (uint64_t)(*in->at - '0');
    n = n > (UINT64_MAX - digit) / 10 ? UINT64_MAX : n * 10 + digit;
  }
  *digits = (size_t)(in->at - start);
  return n;
}

static int read_type(reader *in, sio_packet *packet) {
  static const char *const unknown[] = {"unknown packet type 7", "unknown packet type 8",
                                        "unknown packet type 9"};
  if (in->at == in->end || !is_digit(*in->at))
    return refuse(in, SIO_EPARSE, "unknown packet type NaN");
  int type = *in->at++ - '0';
  if (type > SIO_BINARY_ACK)
    return refuse(in, SIO_EPARSE, unknown[type - SIO_BINARY_ACK - 1]);
  packet->type = (enum sio_type)type;
  return 0;
}

static int read_attachments(reader *in, size_t max, sio_packet *packet) {
  if (packet->type != SIO_BINARY_EVENT && packet->type != SIO_BINARY_ACK)
    return 0;
  size_t digits;
  uint64_t count = number(in, &digits);
  if (digits == 0 || count == 0 || !is_next(in, '-'))
    return refuse(in, SIO_EPARSE, "Illegal attachments");
  if (count > max)
    return refuse(in, SIO_ELIMIT, "too many attachments");
  packet->attachments = (size_t)count;
  in->at++;
  return 0;
}

static int read_nsp(reader *in, sio_packet *packet) {
  if (!is_next(in, '/'))
    return 0;
  size_t rest = (size_t)(in->end - in->at);
  const char *comma = memchr(in->at, ',', rest);
  size_t len = comma != NULL ? (size_t)(comma - in->at) : rest;
  if (len > SIO_MAX_NAME)
    return refuse(in, SIO_ELIMIT, "namespace too long");
  packet->nsp = sio_bytes_of(in->at, len);
  in->at += comma != NULL ? len + 1 : len;
  return 0;
}

static int read_id(reader *in, sio_packet *packet) {
  size_t digits;
  uint64_t id = number(in, &digits);
  if (digits == 0)
    return 0;
  if (digits > SIO_MAX_ACK_DIGITS || id > INT64_MAX)
    return refuse(in, SIO_ELIMIT, "acknowledgement id too large");
  packet->id = (int64_t)id;
  return 0;
}

static bool may_begin(enum sio_type type, sio_bytes payload) {
  char first = payload.len > 0 ? *payload.base : '\0';
  switch (type) {
  case SIO_CONNECT:
    return payload.len == 0 || first == '{';
  case SIO_DISCONNECT:
    return payload.len == 0;
  case SIO_CONNECT_ERROR:
    return payload.len == 0 || first == '{' || first == '"';
  default:
    return first == '[';
  }
}

static int read_payload(reader *in, sio_packet *packet) {
  packet->payload = sio_bytes_of(in->at, (size_t)(in->end - in->at));
  if (!may_begin(packet->type, packet->payload))
    return refuse(in, SIO_EPARSE, "invalid payload");
  return 0;
}

static int read_packet(reader *in, size_t max_attachments, sio_packet *packet) {
  int err = read_type(in, packet);
  if (err == 0)
    err = read_attachments(in, max_attachments, packet);
  if (err == 0)
    err = read_nsp(in, packet);
  if (err == 0)
    err = read_id(in, packet);
  if (err == 0)
    err = read_payload(in, packet);
  return err;
}

int sio_packet_parse(sio_bytes text, size_t max_attachments, sio_packet *packet,
                     const char **reason) {
  reader in = {.at = text.base, .end = text.base + text.len};
  *packet = (sio_packet){.nsp = SIO_BYTES("/"), .id = SIO_NO_ACK};
  int err = read_packet(&in, max_attachments, packet);
  *reason = in.reason;
  return err;
}

/* --- writing --- */

enum { DIGITS = 20 }; /* of the largest 64-bit number */

/* Writes n in decimal digits; returns their number. */
static size_t write_number(char out[DIGITS], uint64_t n) {
  char digits[DIGITS];
  size_t at = DIGITS;
  do {
    digits[--at] = (char)('0' + n % 10);
    n /= 10;
  } while (n > 0);
  memcpy(out, digits + at, DIGITS - at);
  return DIGITS - at;
}

/* What stands before the name: the type, and a count with its dash. */
static size_t write_start(char out[DIGITS + 2], const sio_packet *packet) {
  out[0] = (char)('0' + packet->type);
  if (packet->attachments == 0)
    return 1;
  size_t len = 1 + write_number(out + 1, packet->attachments);
  out[len] = '-';
  return len + 1;
}

static void append(sio_buf *out, const char *base, size_t len) { /* what has been reserved */
  if (len > 0)
    memcpy(out->base + out->len, base, len);
  out->len += len;
}

int sio_packet_begin(sio_buf *out, const sio_packet *packet, size_t room) {
  char start[DIGITS + 2], id[DIGITS];
  size_t start_len = write_start(start, packet);
  size_t id_len = packet->id == SIO_NO_ACK ? 0 : write_number(id, (uint64_t)packet->id);
  size_t head = start_len + packet->nsp.len + 1 + id_len;
  if (room > SIZE_MAX - head || sio_message_begin(out, false, head + room) != 0)
    return SIO_ENOMEM;
  append(out, start, start_len);
  if (!sio_bytes_eq(packet->nsp, SIO_BYTES("/"))) {
    append(out, packet->nsp.base, packet->nsp.len);
    append(out, ",", 1);
  }
  append(out, id, id_len);
  return 0;
}

int sio_packet_announce(sio_buf *out, enum sio_type type, size_t attachments) {
  char count[DIGITS + 1];
  size_t len = write_number(count, attachments);
  count[len++] = '-';
  if (sio_buf_reserve(out, len) != 0)
    return SIO_ENOMEM;
  char *first = out->base + SIO_TEXT_START, *rest = first + 1;
  *first = (char)('0' + type);
  memmove(rest + len, rest, (size_t)(out->base + out->len - rest));
  memcpy(rest, count, len);
  out->len += len;
  return 0;
}
