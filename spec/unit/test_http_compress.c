#include <zlib.h>

#include "base/error.h"
#include "fail_alloc.h"
#include "http/compress.h"

enum { SIZE = 100000, AUTOMATIC = 32 }; /* zlib tells gzip from zlib by itself */

static char text[SIZE];

static void fill(uint64_t seed, unsigned alphabet) {
  for (size_t i = 0; i < SIZE; i++)
    text[i] = (char)('a' + next_number(&seed) % alphabet);
}

static void expect_same(sio_bytes packed, sio_bytes plain) {
  char *out = malloc(plain.len + 1);
  z_stream zlib = {.next_in = (Bytef *)packed.base, .avail_in = (uInt)packed.len};
  zlib.next_out = (Bytef *)out;
  zlib.avail_out = (uInt)plain.len + 1;
  assert_int_equal(inflateInit2(&zlib, 15 + AUTOMATIC), Z_OK);
  assert_int_equal(inflate(&zlib, Z_FINISH), Z_STREAM_END);
  assert_int_equal(zlib.total_out, plain.len);
  assert_int_equal(zlib.avail_in, 0);
  if (plain.len > 0)
    assert_memory_equal(out, plain.base, plain.len);
  inflateEnd(&zlib);
  free(out);
}

static void round_trips(void **state) {
  (void)state;
  static const size_t lengths[] = {0, 1, 1023, 1024, SIZE};
  static const enum sio_coding codings[] = {SIO_CODING_GZIP, SIO_CODING_DEFLATE};
  for (unsigned alphabet = 2; alphabet <= 256; alphabet *= 2) {
    fill(alphabet, alphabet);
    for (size_t i = 0; i < COUNT(lengths); i++) {
      for (size_t j = 0; j < COUNT(codings); j++) {
        sio_buf out = {0};
        sio_buf_str(&out, "kept");
        assert_int_equal(sio_compress(codings[j], NULL, sio_bytes_of(text, lengths[i]), &out), 0);
        assert_memory_equal(out.base, "kept", 4);
        unsigned char first = (unsigned char)out.base[4];
        assert_int_equal(first, codings[j] == SIO_CODING_GZIP ? 0x1f : 0x78);
        expect_same(sio_bytes_of(out.base + 4, out.len - 4), sio_bytes_of(text, lengths[i]));
        sio_buf_deinit(&out);
      }
    }
  }
}

static size_t size_with(const sio_packing *packing) {
  sio_buf out = {0};
  assert_int_equal(sio_compress(SIO_CODING_GZIP, packing, sio_bytes_of(text, SIZE), &out), 0);
  expect_same(sio_buf_bytes(&out), sio_bytes_of(text, SIZE));
  size_t len = out.len;
  sio_buf_deinit(&out);
  return len;
}

static void packs_as_it_is_told(void **state) {
  (void)state;
  fill(1, 4);
  memcpy(text + SIZE / 2, text, SIZE / 4); /* too far away for a small window */
  sio_packing packing;
  sio_packing_init(&packing);
  size_t usual = size_with(&packing);
  assert_int_equal(usual, size_with(NULL));
  packing.level = 0;
  assert_true(size_with(&packing) > SIZE);
  sio_packing_init(&packing);
  packing.strategy = Z_HUFFMAN_ONLY;
  assert_int_not_equal(size_with(&packing), usual);
  sio_packing_init(&packing);
  packing.memory_level = 1;
  assert_int_not_equal(size_with(&packing), usual);
  sio_packing_init(&packing);
  packing.window_bits = 9;
  assert_int_not_equal(size_with(&packing), usual);
}

static void compress_text(void *ctx) {
  sio_buf out = {0};
  int err = sio_compress(*(enum sio_coding *)ctx, NULL, sio_bytes_of(text, SIZE), &out);
  assert_int_equal(err, fail_alloc_has_failed() ? SIO_ENOMEM : 0);
  sio_buf_deinit(&out);
}

static void out_of_memory(void **state) {
  (void)state;
  fill(1, 4);
  for (enum sio_coding coding = SIO_CODING_GZIP; coding <= SIO_CODING_BR; coding++)
    if (coding != SIO_CODING_BR || (sio_compress_codings() & 1u << SIO_CODING_BR) != 0)
      assert_true(fail_each_alloc(compress_text, &coding) > 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(round_trips),
                                     cmocka_unit_test(packs_as_it_is_told),
                                     cmocka_unit_test(out_of_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
