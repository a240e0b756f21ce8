/*
 * permessage-deflate: an offer is read without harm and its answer can be taken as an offer; a
 * payload is inflated to what zlib alone makes of it, within the limit; frames read the same
 * however they are cut. The first byte says which, and how.
 */
#include <zlib.h>

#include "fuzz.h"
#include "ws_transcript.h"

enum { MAX = 20000 };

/* --- offers --- */

static sio_deflate_terms terms_of(uint8_t seed) {
  return (sio_deflate_terms){.server_context = (enum sio_context)(seed % 3),
                             .client_no_context = seed / 3 % 2,
                             .server_bits = (uint8_t)(seed / 6 % 4 == 3 ? 10 : seed / 6 % 2),
                             .client_bits = (uint8_t)(seed / 24 % 4 == 3 ? 12 : seed / 24 % 2)};
}

static enum sio_offer negotiate(const sio_deflate_terms *terms, sio_bytes line,
                                sio_deflate_params *params) {
  const sio_header header = {SIO_BYTES("sec-websocket-extensions"), line};
  const sio_request request = {.headers = &header, .header_count = 1};
  return sio_deflate_negotiate(terms, &request, params);
}

static bool is_window(uint8_t bits) {
  return bits == 0 || (bits >= 8 && bits <= 15);
}

static void check_offer(sio_bytes line, uint8_t seed) {
  static const char name[] = "Sec-WebSocket-Extensions: ";
  const sio_deflate_terms terms = terms_of(seed), none = {0};
  sio_deflate_params params, again;
  sio_buf answer = {0};
  if (negotiate(&terms, line, &params) != SIO_OFFER_TAKEN)
    return;
  CHECK(is_window(params.server_bits) && is_window(params.client_bits));
  CHECK(sio_deflate_put_params(&params, &answer) == 0);
  sio_bytes value = {answer.base + sizeof(name) - 1, answer.len - (sizeof(name) - 1) - 2};
  CHECK(negotiate(&none, value, &again) == SIO_OFFER_TAKEN);
  CHECK(params.server_no_context == again.server_no_context);
  CHECK(params.client_no_context == again.client_no_context);
  CHECK(params.server_bits == again.server_bits && params.client_bits == again.client_bits);
  sio_buf_deinit(&answer);
}

/* --- payloads --- */

static sio_deflate *new_deflate(uint8_t seed) {
  const sio_deflate_params params = {seed % 2, seed % 2, (uint8_t)(8 + seed / 2 % 8),
                                     (uint8_t)(8 + seed / 2 % 8)};
  sio_deflate_options options;
  sio_deflate_options_init(&options);
  options.threshold = 0;
  options.memory_level = 1;
  options.level = seed / 16 % 10;
  sio_deflate_pool *pool = sio_deflate_pool_new(&options);
  CHECK(pool != NULL);
  sio_deflate *deflate = sio_deflate_new(pool, &params);
  CHECK(deflate != NULL);
  sio_deflate_pool_unref(pool);
  return deflate;
}

/* What zlib makes of the payload and its tail in one run; -1: it does not end with a block, or has
 * a last one. */
static long inflate_at_once(sio_bytes payload, char *out, size_t room) {
  static const unsigned char tail[] = {0, 0, 0xff, 0xff};
  char *in = malloc(payload.len + sizeof(tail));
  CHECK(in != NULL);
  memcpy(in, payload.base, payload.len);
  memcpy(in + payload.len, tail, sizeof(tail));
  z_stream zlib = {.next_in = (Bytef *)in, .avail_in = (uInt)(payload.len + sizeof(tail))};
  zlib.next_out = (Bytef *)out;
  zlib.avail_out = (uInt)room;
  CHECK(inflateInit2(&zlib, -15) == Z_OK);
  int code = inflate(&zlib, Z_SYNC_FLUSH);
  bool is_whole = code == Z_OK && zlib.avail_in == 0 && (zlib.data_type & 128) != 0;
  long len = is_whole ? (long)zlib.total_out : -1;
  inflateEnd(&zlib);
  free(in);
  return len;
}

static void check_payload(sio_bytes payload, uint8_t seed) {
  static char expected[MAX];
  sio_deflate *deflate = new_deflate((uint8_t)(seed | 7 << 1)); /* a window of 15 bits */
  sio_buf out = {0};
  int err = sio_deflate_unpack(deflate, payload, MAX, &out);
  CHECK(out.len <= MAX + (err != 0));
  long len = payload.len > 0 ? inflate_at_once(payload, expected, MAX) : 0;
  if (len >= 0 && len < MAX) {
    CHECK(err == 0);
    CHECK(sio_bytes_eq(sio_buf_bytes(&out), sio_bytes_of(expected, (size_t)len)));
  }
  sio_buf_deinit(&out);
  sio_deflate_free(deflate);
}

static void check_round_trip(sio_bytes text, uint8_t seed) {
  sio_deflate *from = new_deflate(seed), *to = new_deflate(seed);
  sio_frame *frame = sio_frame_copy(text);
  CHECK(frame != NULL);
  for (int times = 0; times < 2; times++) {
    sio_frame *packed;
    sio_buf out = {0};
    CHECK(sio_deflate_pack(from, frame, &packed) == 0);
    CHECK((packed == frame) == (text.len == 0));
    CHECK(sio_deflate_unpack(to, sio_frame_payload(packed), text.len, &out) == 0);
    CHECK(sio_bytes_eq(sio_buf_bytes(&out), text));
    sio_buf_deinit(&out);
    sio_frame_unref(packed);
  }
  sio_frame_unref(frame);
  sio_deflate_free(from);
  sio_deflate_free(to);
}

/* --- frames --- */

static size_t next_size(void *ctx) {
  uint32_t *seed = ctx;
  *seed = *seed * 1664525 + 1013904223;
  return 1 + (*seed >> 24) % 23;
}

static void check_frames(sio_bytes stream, uint8_t seed) {
  transcript whole = {0}, cut = {0};
  uint32_t sizes = seed;
  sio_deflate *one = new_deflate(seed), *other = new_deflate(seed);
  transcript_read_packed(&whole, stream, MAX, one, NULL, NULL);
  transcript_read_packed(&cut, stream, MAX, other, next_size, &sizes);
  CHECK(transcript_eq(&whole, &cut));
  transcript_deinit(&whole);
  transcript_deinit(&cut);
  sio_deflate_free(one);
  sio_deflate_free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static void (*const checks[])(sio_bytes, uint8_t) = {check_offer, check_payload, check_round_trip,
                                                       check_frames};
  if (size < 2 || size > MAX)
    return 0;
  sio_bytes rest = {(const char *)data + 2, size - 2};
  checks[data[0] % 4](rest, data[1]);
  return 0;
}
