/*
 * Whole, octet by octet and cut once, a text must be the same requests, bodies and refusals. The
 * first two bytes choose the limits and the cut.
 */
#include "fuzz.h"
#include "http_transcript.h"

static const sio_http_limits limits[] = {{.max_header_size = 16384, .max_headers = 100},
                                         {.max_header_size = 120, .max_headers = 3}};

static void check_same(const sio_http_limits *with, sio_bytes text, size_t split, size_t size,
                       sio_bytes whole) {
  sio_buf out = {0};
  http_transcribe(with, text, split, size, &out);
  CHECK(sio_bytes_eq(sio_buf_bytes(&out), whole));
  sio_buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 3)
    return 0;
  const sio_http_limits *with = &limits[data[0] & 1];
  sio_bytes text = {(const char *)data + 2, size - 2};
  sio_buf whole = {0};
  http_transcribe(with, text, 0, text.len, &whole);
  check_same(with, text, 0, 1, sio_buf_bytes(&whole));
  check_same(with, text, data[1], text.len, sio_buf_bytes(&whole));
  sio_buf_deinit(&whole);
  return 0;
}
