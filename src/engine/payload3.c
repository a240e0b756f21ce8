#include "base/base64.h"
#include "base/utf8.h"
#include "engine/revision3.h"

enum { DIGITS = 20, TEXT = 0, BINARY = 1, END_OF_LENGTH = 0xff };

/* --- in --- */

/* What is left is of no use. */
static bool give_up(size_t len, size_t *at, sio_packet_in *packet) {
  *at = len + 1;
  *packet = (sio_packet_in){.type = -1};
  return true;
}

static bool is_at_end(size_t len, size_t at) {
  return len > 0 ? at >= len : at > 0;
}

/*
 * The number at *at, whose digits have the byte zero as their first, and the byte that ends it;
 * false if it is none, or too large for what is left of the payload.
 */
static bool read_length(const char *payload, size_t len, size_t *at, unsigned zero, unsigned end,
                        size_t *length) {
  const unsigned char *bytes = (const unsigned char *)payload;
  size_t start = *at;
  *length = 0;
  for (; *at < len && bytes[*at] - zero <= 9; ++*at) {
    *length = *length * 10 + (bytes[*at] - zero);
    if (*length > len)
      return false;
  }
  return *at > start && *at < len && bytes[(*at)++] == end;
}

/* How many bytes so many UTF-16 units of the text take; SIZE_MAX if it has fewer, or none at that
 * place. A sequence of four bytes is two units. */
static size_t skip_units(sio_bytes text, size_t units) {
  size_t at = 0;
  while (units > 0 && at < text.len) {
    unsigned char byte = (unsigned char)text.base[at];
    size_t size = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    size_t wide = size == 4 ? 2 : 1;
    if (wide > units || size > text.len - at)
      return SIZE_MAX;
    units -= wide;
    at += size;
  }
  return units == 0 ? at : SIZE_MAX;
}

static sio_packet_in read_text(char *text, size_t len) {
  if (!sio_utf8_is_valid(sio_bytes_of(text, len)))
    return (sio_packet_in){.type = -1};
  return sio_packet3_read(text, len);
}

bool sio_payload3_next(char *payload, size_t len, size_t *at, sio_packet_in *packet) {
  while (!is_at_end(len, *at)) {
    size_t units, size;
    if (!read_length(payload, len, at, '0', ':', &units))
      return give_up(len, at, packet);
    if (units == 0)
      continue;
    size = skip_units(sio_bytes_of(payload + *at, len - *at), units);
    if (size == SIZE_MAX)
      return give_up(len, at, packet);
    *packet = read_text(payload + *at, size);
    *at += size;
    return packet->type >= 0 || give_up(len, at, packet);
  }
  return false;
}

bool sio_payload3_next_binary(char *payload, size_t len, size_t *at, sio_packet_in *packet) {
  size_t size;
  if (is_at_end(len, *at))
    return false;
  if (len == 0 || (unsigned char)payload[*at] > BINARY)
    return give_up(len, at, packet);
  bool binary = payload[(*at)++] == BINARY;
  if (!read_length(payload, len, at, 0, END_OF_LENGTH, &size) || size > len - *at)
    return give_up(len, at, packet);
  char *data = payload + *at;
  *packet = binary ? sio_packet3_read_binary(data, size) : read_text(data, size);
  *at += size;
  return packet->type >= 0 || give_up(len, at, packet);
}

/* --- out --- */

static size_t write_digits(char out[DIGITS], size_t n) {
  char digits[DIGITS];
  size_t at = DIGITS;
  do {
    digits[--at] = (char)('0' + n % 10);
    n /= 10;
  } while (n > 0);
  memcpy(out, digits + at, DIGITS - at);
  return DIGITS - at;
}

/* Of valid UTF-8: each sequence is one unit, one of four bytes two. */
static size_t count_units(sio_bytes text) {
  size_t units = sio_ascii_prefix(text);
  for (size_t i = units; i < text.len; i++) {
    unsigned char byte = (unsigned char)text.base[i];
    units += (byte & 0xc0) != 0x80;
    units += byte >= 0xf0;
  }
  return units;
}

static size_t base64_size(const sio_frame *frame) {
  return 2 + sio_base64_size(frame->len);
}

static size_t text_size(const sio_frame *frame) {
  char digits[DIGITS];
  if (frame->binary)
    return write_digits(digits, base64_size(frame)) + 1 + base64_size(frame);
  return write_digits(digits, count_units(sio_frame_payload(frame))) + 1 + frame->len;
}

static char *put_text(char *out, const sio_frame *frame) {
  out +=
      write_digits(out, frame->binary ? base64_size(frame) : count_units(sio_frame_payload(frame)));
  *out++ = ':';
  if (!frame->binary)
    return (char *)memcpy(out, frame->payload, frame->len) + frame->len;
  memcpy(out, "b4", 2);
  sio_base64_encode(out + 2, sio_frame_payload(frame));
  return out + base64_size(frame);
}

static size_t typed_size(const sio_frame *frame) {
  return frame->len + (frame->binary ? 1 : 0);
}

static size_t binary_size(const sio_frame *frame) {
  char digits[DIGITS];
  return 1 + write_digits(digits, typed_size(frame)) + 1 + typed_size(frame);
}

static char *put_binary(char *out, const sio_frame *frame) {
  *out++ = frame->binary ? BINARY : TEXT;
  size_t digits = write_digits(out, typed_size(frame));
  for (size_t i = 0; i < digits; i++)
    *out++ -= '0';
  *out++ = (char)END_OF_LENGTH;
  if (frame->binary)
    *out++ = SIO_PACKET_MESSAGE;
  if (frame->len > 0)
    memcpy(out, frame->payload, frame->len);
  return out + frame->len;
}

static bool any_binary(sio_frame *const *frames, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (frames[i]->binary)
      return true;
  return false;
}

sio_frame *sio_payload3_join(sio_frame *const *frames, size_t count, enum sio_revision revision) {
  bool binary = revision == SIO_REVISION_3 && any_binary(frames, count);
  size_t size = 0;
  for (size_t i = 0; i < count; i++)
    size += binary ? binary_size(frames[i]) : text_size(frames[i]);
  sio_frame *payload = sio_frame_new(size);
  if (payload == NULL)
    return NULL;
  char *out = payload->payload;
  payload->binary = binary;
  payload->plain = true;
  for (size_t i = 0; i < count; i++) {
    payload->plain = payload->plain && frames[i]->plain;
    out = binary ? put_binary(out, frames[i]) : put_text(out, frames[i]);
  }
  return payload;
}
