/*
 * WebSocket frames in: any cut of a stream reads the same, and wslay reads it so too. The first
 * byte seeds the cuts.
 */
#include <wslay/wslay.h>

#include "fuzz.h"
#include "ws_oracle.h"

enum { MAX_MESSAGE = 1000 };

static size_t next_size(void *ctx) {
  uint32_t *seed = ctx;
  *seed = *seed * 1664525 + 1013904223;
  return 1 + (*seed >> 24) % 23;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  uint32_t seed = data[0];
  sio_bytes stream = {(const char *)data + 1, size - 1};
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
  return 0;
}
