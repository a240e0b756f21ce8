/*
 * WebSocket frames in: any cut of a stream reads the same, and wslay reads it so too. The first
 * byte seeds the cuts. Zeros behind the stream complete its last header or close frame: wslay and
 * we do not judge unfinished ones equally early.
 */
#include <wslay/wslay.h>

#include "fuzz.h"
#include "ws_oracle.h"

enum { MAX_MESSAGE = 1000, PADDING = 160 };

static size_t next_size(void *ctx) {
  uint32_t *seed = ctx;
  *seed = *seed * 1664525 + 1013904223;
  return 1 + (*seed >> 24) % 23;
}

static void check(sio_bytes stream, uint32_t seed) {
  transcript whole = {0}, cut = {0}, wslays = {0};
  transcript_read(&whole, stream, MAX_MESSAGE, NULL, NULL);
  transcript_read(&cut, stream, MAX_MESSAGE, next_size, &seed);
  CHECK(transcript_eq(&whole, &cut));
  oracle_read(&wslays, stream, MAX_MESSAGE);
  if (transcript_is_comparable(&whole, &wslays)) {
    CHECK((whole.code != 0) == (wslays.code != 0));
    CHECK(sio_bytes_eq(sio_buf_bytes(&whole.text), sio_buf_bytes(&wslays.text)));
  }
  transcript_deinit(&whole);
  transcript_deinit(&cut);
  transcript_deinit(&wslays);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  sio_buf stream = {0};
  CHECK(sio_buf_append(&stream, data + 1, size - 1) == 0 && sio_buf_reserve(&stream, PADDING) == 0);
  memset(stream.base + stream.len, 0, PADDING);
  stream.len += PADDING;
  check(sio_buf_bytes(&stream), data[0]);
  sio_buf_deinit(&stream);
  return 0;
}
