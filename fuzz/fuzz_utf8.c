/* Whole and in pieces, whose length the first byte chooses, validation agrees with the oracle. */
#include "base/utf8.h"
#include "fuzz.h"
#include "utf8_oracle.h"

static bool is_valid_in_pieces(sio_bytes text, size_t most) {
  uint32_t state = SIO_UTF8_START;
  while (text.len > 0) {
    size_t n = text.len < most ? text.len : most;
    if (!sio_utf8_feed(&state, sio_bytes_of(text.base, n)))
      return false;
    text = sio_bytes_of(text.base + n, text.len - n);
  }
  return sio_utf8_is_whole(state);
}

static size_t count_ascii(const uint8_t *text, size_t len) {
  size_t n = 0;
  while (n < len && text[n] < 0x80)
    n++;
  return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  const uint8_t *rest = data + 1;
  sio_bytes text = {(const char *)rest, size - 1};
  bool want = utf8_oracle_is_valid(rest, text.len);
  CHECK(sio_utf8_is_valid(text) == want);
  CHECK(is_valid_in_pieces(text, (size_t)data[0] + 1) == want);
  CHECK(sio_ascii_prefix(text) == count_ascii(rest, text.len));
  return 0;
}
