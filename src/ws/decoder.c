#include "ws/decoder.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "ws/frame.h"

enum {
  FIN = 0x80,
  RSV = 0x70,
  RSV1 = 0x40,
  OPCODE = 0x0f,
  CONTROL = 0x08,
  MASKED = 0x80,
  LEN = 0x7f
};
enum { LEN16 = 126, LEN64 = 127 };

/* What a step says beside 0 (go on), close codes and SIO_ENOMEM; never returned to the owner. */
enum { MORE = 1, STOP = 2 };

typedef struct input {
  char *at, *end;
  const sio_ws_decoder_events *events;
  void *owner;
} input;

void sio_ws_decoder_init(sio_ws_decoder *decoder, size_t max_message) {
  *decoder = (sio_ws_decoder){.max_message = max_message};
}

void sio_ws_decoder_deinit(sio_ws_decoder *decoder) {
  sio_buf_deinit(&decoder->gathered);
}

static bool is_control(const sio_ws_decoder *decoder) {
  return (decoder->opcode & CONTROL) != 0;
}

/* --- the header --- */

static bool is_opcode_in_turn(const sio_ws_decoder *decoder) {
  switch (decoder->opcode) {
  case SIO_WS_CONTINUATION:
    return decoder->kind != 0;
  case SIO_WS_TEXT:
  case SIO_WS_BINARY:
    return decoder->kind == 0;
  case SIO_WS_CLOSE:
  case SIO_WS_PING:
  case SIO_WS_PONG:
    return decoder->fin && (decoder->head[1] & LEN) <= SIO_WS_MAX_CONTROL;
  default:
    return false;
  }
}

/* RSV1 says that a message is compressed, in its first frame only (RFC 7692, 6.1). */
static bool is_rsv_in_turn(const sio_ws_decoder *decoder) {
  int rsv = decoder->head[0] & RSV;
  bool may_be_packed = decoder->deflate != NULL &&
                       (decoder->opcode == SIO_WS_TEXT || decoder->opcode == SIO_WS_BINARY);
  return rsv == 0 || (rsv == RSV1 && may_be_packed);
}

/* Judges the first two bytes before the rest has come: a bad frame may have no rest. */
static int check_start(sio_ws_decoder *decoder) {
  decoder->fin = (decoder->head[0] & FIN) != 0;
  decoder->opcode = decoder->head[0] & OPCODE;
  bool ok =
      is_rsv_in_turn(decoder) && (decoder->head[1] & MASKED) != 0 && is_opcode_in_turn(decoder);
  return ok ? 0 : SIO_WS_PROTOCOL_ERROR;
}

static size_t length_size(const sio_ws_decoder *decoder) {
  uint8_t len = decoder->head[1] & LEN;
  return len == LEN64 ? 8 : len == LEN16 ? 2 : 0;
}

static size_t head_size(const sio_ws_decoder *decoder) {
  return decoder->head_len < 2 ? 2 : 2 + length_size(decoder) + sizeof(decoder->mask);
}

/* The length in the header, or UINT64_MAX when it is not in its shortest form. */
static uint64_t claimed_length(const sio_ws_decoder *decoder) {
  size_t size = length_size(decoder);
  if (size == 0)
    return decoder->head[1] & LEN;
  uint64_t len = 0;
  for (size_t i = 0; i < size; i++)
    len = len << 8 | decoder->head[2 + i];
  bool shortest = size == 2 ? len >= LEN16 : len > UINT16_MAX && len <= INT64_MAX;
  return shortest ? len : UINT64_MAX;
}

/* A message that does not shrink grows in compression: by up to 5 bytes in each of its blocks. */
static size_t most_claimed(const sio_ws_decoder *decoder) {
  size_t max = decoder->max_message, more = decoder->packed ? max / 8 + 64 : 0;
  return max < SIZE_MAX - more ? max + more : max;
}

static int begin_data(sio_ws_decoder *decoder, uint64_t len) {
  if (decoder->opcode != SIO_WS_CONTINUATION) {
    decoder->kind = decoder->opcode;
    decoder->packed = (decoder->head[0] & RSV1) != 0;
    decoder->utf8 = SIO_UTF8_START;
    decoder->fragments = 0;
  }
  if (len > most_claimed(decoder) - decoder->gathered.len)
    return SIO_WS_TOO_LARGE;
  if (++decoder->fragments > SIO_WS_MAX_FRAGMENTS)
    return SIO_WS_POLICY;
  return 0;
}

static int begin_frame(sio_ws_decoder *decoder) {
  uint64_t len = claimed_length(decoder);
  if (len == UINT64_MAX)
    return SIO_WS_PROTOCOL_ERROR;
  int code = is_control(decoder) ? 0 : begin_data(decoder, len);
  if (code != 0)
    return code;
  memcpy(decoder->mask, decoder->head + 2 + length_size(decoder), sizeof(decoder->mask));
  decoder->remaining = (size_t)len;
  decoder->control_len = 0;
  decoder->head_len = 0;
  decoder->in_payload = true;
  return 0;
}

/* All of the header has come, as is nearly always so. */
static int read_whole_head(sio_ws_decoder *decoder, input *in) {
  memcpy(decoder->head, in->at, sizeof(decoder->head));
  in->at += decoder->head_len = 2;
  int code = check_start(decoder);
  if (code != 0)
    return code;
  in->at += head_size(decoder) - 2;
  return begin_frame(decoder);
}

static int read_head(sio_ws_decoder *decoder, input *in) {
  if (decoder->head_len == 0 && (size_t)(in->end - in->at) >= sizeof(decoder->head))
    return read_whole_head(decoder, in);
  for (size_t size; decoder->head_len < (size = head_size(decoder));) {
    if (in->at == in->end)
      return MORE;
    while (decoder->head_len < size && in->at < in->end)
      decoder->head[decoder->head_len++] = (uint8_t)*in->at++;
    int code = decoder->head_len == 2 ? check_start(decoder) : 0;
    if (code != 0)
      return code;
  }
  return begin_frame(decoder);
}

/* --- the payload --- */

/* Unmasks from one place to another, or in place. Returns whether all of it is ASCII. */
static bool unmask(char *to, const char *from, size_t len, const uint8_t mask[4]) {
  typedef uint32_t block __attribute__((vector_size(16)));
  uint32_t key;
  memcpy(&key, mask, sizeof(key));
  block run[4], seen = {0};
  uint64_t word, wide = (uint64_t)key << 32 | key, rest = 0;
  for (; len >= sizeof(run); len -= sizeof(run), from += sizeof(run), to += sizeof(run)) {
    memcpy(run, from, sizeof(run));
    for (int i = 0; i < 4; i++)
      seen |= run[i] ^= key;
    memcpy(to, run, sizeof(run));
  }
  for (; len >= sizeof(word); len -= sizeof(word), from += sizeof(word), to += sizeof(word)) {
    memcpy(&word, from, sizeof(word));
    rest |= word ^= wide;
    memcpy(to, &word, sizeof(word));
  }
  for (size_t i = 0; i < len; i++)
    rest |= (unsigned char)(to[i] = (char)(from[i] ^ mask[i % 4]));
  rest |= seen[0] | seen[1] | seen[2] | seen[3];
  return (rest & 0x8080808080808080) == 0;
}

/* Turns the mask so that it fits the byte after len more. */
static void turn_mask(uint8_t mask[4], size_t len) {
  uint8_t old[4];
  memcpy(old, mask, sizeof(old));
  for (size_t i = 0; i < 4; i++)
    mask[i] = old[(i + len) % 4];
}

static bool is_code_allowed(int code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

int sio_ws_close_code(sio_bytes payload) {
  if (payload.len < 2)
    return SIO_WS_NO_CODE;
  return (unsigned char)payload.base[0] << 8 | (unsigned char)payload.base[1];
}

static int check_close(sio_bytes payload) {
  if (payload.len == 0)
    return 0;
  if (payload.len == 1 || !is_code_allowed(sio_ws_close_code(payload)))
    return SIO_WS_PROTOCOL_ERROR;
  sio_bytes reason = {payload.base + 2, payload.len - 2};
  return sio_utf8_is_valid(reason) ? 0 : SIO_WS_BAD_DATA;
}

static int hand_out_control(const sio_ws_decoder *decoder, input *in, sio_bytes payload) {
  int code = decoder->opcode == SIO_WS_CLOSE ? check_close(payload) : 0;
  if (code != 0)
    return code;
  return in->events->on_control(in->owner, decoder->opcode, payload) ? 0 : STOP;
}

static int hand_out_message(sio_ws_decoder *decoder, input *in, char *data, size_t len) {
  bool binary = decoder->kind == SIO_WS_BINARY;
  decoder->kind = 0;
  return in->events->on_message(in->owner, data, len, binary) ? 0 : STOP;
}

static int hand_out_packed(sio_ws_decoder *decoder, input *in, sio_bytes payload) {
  sio_buf message = {0};
  int code = sio_deflate_unpack(decoder->deflate, payload, decoder->max_message, &message);
  if (code == SIO_ELIMIT)
    code = SIO_WS_TOO_LARGE;
  else if (code == SIO_EPARSE || (code == 0 && decoder->kind == SIO_WS_TEXT &&
                                  !sio_utf8_is_valid(sio_buf_bytes(&message))))
    code = SIO_WS_BAD_DATA;
  if (code == 0)
    code = hand_out_message(decoder, in, message.base, message.len);
  sio_buf_deinit(&message);
  return code;
}

static void forget_message(sio_ws_decoder *decoder) {
  if (decoder->gathered.base != NULL)
    sio_buf_deinit(&decoder->gathered);
}

/* All of the frame, and of the message, lies in the input: nothing is copied. */
static int take_in_place(sio_ws_decoder *decoder, input *in) {
  char *data = in->at;
  size_t len = decoder->remaining;
  in->at += len;
  bool is_ascii = unmask(data, data, len, decoder->mask);
  if (is_control(decoder))
    return hand_out_control(decoder, in, sio_bytes_of(data, len));
  if (decoder->packed)
    return hand_out_packed(decoder, in, sio_bytes_of(data, len));
  if (decoder->kind == SIO_WS_TEXT && !is_ascii && !sio_utf8_is_valid(sio_bytes_of(data, len)))
    return SIO_WS_BAD_DATA;
  return hand_out_message(decoder, in, data, len);
}

/*
 * Room for n bytes that have come. Of a frame of which much has come already the rest is believed
 * to follow, up to TIMES times what has come: a long message is not moved as it grows.
 */
static int reserve(sio_ws_decoder *decoder, size_t n) {
  enum { MUCH = 32768, TIMES = 16 };
  size_t come = decoder->gathered.len + n;
  if (come >= MUCH && decoder->remaining > n)
    n = decoder->remaining / TIMES < come ? decoder->remaining : come * TIMES;
  return sio_buf_reserve(&decoder->gathered, n);
}

/* n bytes of the frame. */
static int gather(sio_ws_decoder *decoder, input *in, size_t n) {
  sio_buf *gathered = &decoder->gathered;
  if (n == 0)
    return 0;
  if (reserve(decoder, n) != 0)
    return SIO_ENOMEM;
  sio_bytes piece = {gathered->base + gathered->len, n};
  bool is_ascii = unmask(gathered->base + gathered->len, in->at, n, decoder->mask);
  turn_mask(decoder->mask, n);
  gathered->len += n;
  in->at += n;
  decoder->remaining -= n;
  if (is_control(decoder)) {
    decoder->control_len = (uint8_t)(decoder->control_len + n);
    return 0;
  }
  bool is_text = decoder->kind == SIO_WS_TEXT && !decoder->packed;
  bool is_plain = is_ascii && sio_utf8_is_whole(decoder->utf8);
  return !is_text || is_plain || sio_utf8_feed(&decoder->utf8, piece) ? 0 : SIO_WS_BAD_DATA;
}

static int end_control(sio_ws_decoder *decoder, input *in) {
  decoder->gathered.len -= decoder->control_len;
  sio_bytes payload = {decoder->gathered.base + decoder->gathered.len, decoder->control_len};
  int code = hand_out_control(decoder, in, payload);
  if (decoder->kind == 0)
    forget_message(decoder);
  return code;
}

static int end_data(sio_ws_decoder *decoder, input *in) {
  if (!decoder->fin)
    return 0;
  if (decoder->kind == SIO_WS_TEXT && !sio_utf8_is_whole(decoder->utf8))
    return SIO_WS_BAD_DATA;
  sio_buf *gathered = &decoder->gathered;
  int code = decoder->packed ? hand_out_packed(decoder, in, sio_buf_bytes(gathered))
                             : hand_out_message(decoder, in, gathered->base, gathered->len);
  forget_message(decoder);
  return code;
}

static bool is_ungathered(const sio_ws_decoder *decoder) {
  return is_control(decoder) ? decoder->control_len == 0
                             : decoder->fin && decoder->gathered.len == 0;
}

static int read_payload(sio_ws_decoder *decoder, input *in) {
  size_t come = (size_t)(in->end - in->at);
  bool whole = decoder->remaining <= come;
  if (!whole && come == 0)
    return MORE;
  decoder->in_payload = !whole;
  if (whole && is_ungathered(decoder))
    return take_in_place(decoder, in);
  int code = gather(decoder, in, whole ? decoder->remaining : come);
  if (code != 0)
    return code;
  if (!whole)
    return MORE;
  return is_control(decoder) ? end_control(decoder, in) : end_data(decoder, in);
}

int sio_ws_decode(sio_ws_decoder *decoder, char *data, size_t len,
                  const sio_ws_decoder_events *events, void *owner, size_t *left) {
  input in = {data, data + len, events, owner};
  int code = 0;
  while (code == 0)
    code = decoder->in_payload ? read_payload(decoder, &in) : read_head(decoder, &in);
  *left = (size_t)(in.end - in.at);
  return code == MORE || code == STOP ? 0 : code;
}
