#include "http/accept.h"
#include "unit.h"

enum {
  GZIP = 1u << SIO_CODING_GZIP,
  DEFLATE = 1u << SIO_CODING_DEFLATE,
  BR = 1u << SIO_CODING_BR,
  POLLING = GZIP | DEFLATE,
  ALL = GZIP | DEFLATE | BR,
};

static void chooses(void **state) {
  (void)state;
  static const struct {
    const char *header;
    unsigned offered;
    enum sio_coding coding;
  } cases[] = {
      {"", ALL, SIO_CODING_IDENTITY},
      {"gzip", ALL, SIO_CODING_GZIP},
      {"GZip", ALL, SIO_CODING_GZIP},
      {"gzip", BR, SIO_CODING_IDENTITY},
      {"gzip", 0, SIO_CODING_IDENTITY},
      {"zstd", ALL, SIO_CODING_IDENTITY},
      {"gzipx, xgzip", ALL, SIO_CODING_IDENTITY},
      {"gzip, deflate, br, zstd", ALL, SIO_CODING_GZIP},
      {"br, gzip", ALL, SIO_CODING_BR},
      {"br, gzip", POLLING, SIO_CODING_GZIP},
      {"deflate, gzip", POLLING, SIO_CODING_DEFLATE},
      {"gzip;q=0.5, br;q=0.8", ALL, SIO_CODING_BR},
      {"gzip;q=0.500, br;q=0.50, deflate;q=0.501", ALL, SIO_CODING_DEFLATE},
      {"gzip;q=0", ALL, SIO_CODING_IDENTITY},
      {"gzip;q=0.000, br", ALL, SIO_CODING_BR},
      {" gzip ; Q=1.0 ,\tbr ; q=0.9 ", ALL, SIO_CODING_GZIP},
      {"gzip;x=y;q=0", ALL, SIO_CODING_IDENTITY},
      {"*", ALL, SIO_CODING_BR},
      {"*", POLLING, SIO_CODING_GZIP},
      {"*", BR, SIO_CODING_BR},
      {"*;q=0", ALL, SIO_CODING_IDENTITY},
      {"*, gzip;q=0", POLLING, SIO_CODING_DEFLATE},
      {"br;q=0.3, *;q=0.5", BR, SIO_CODING_BR},
      {"identity", ALL, SIO_CODING_IDENTITY},
      {"identity, gzip", ALL, SIO_CODING_IDENTITY},
      {"gzip, identity", ALL, SIO_CODING_GZIP},
      {"identity;q=0.5, gzip;q=0.4", ALL, SIO_CODING_IDENTITY},
      {"identity;q=0, gzip;q=0.1", ALL, SIO_CODING_GZIP},
      {"identity;q=0", ALL, SIO_CODING_IDENTITY},
      {"gzip;q=x", ALL, SIO_CODING_IDENTITY},
      {"gzip;q=1.001, br;q=0.1", ALL, SIO_CODING_BR},
      {"gzip;q=0.1234, br;q=0.1", ALL, SIO_CODING_BR},
      {"gzip;q=2, br;q=0.1", ALL, SIO_CODING_BR},
      {"gzip;q=, br;q=0.1", ALL, SIO_CODING_BR},
      {",,;,=;q, ,gzip,", ALL, SIO_CODING_GZIP},
      {"gzip, gzip;q=0", ALL, SIO_CODING_GZIP},
  };
  for (size_t i = 0; i < COUNT(cases); i++)
    if (sio_accept_coding(sio_bytes_str(cases[i].header), cases[i].offered) != cases[i].coding)
      fail_msg("wrong choice for \"%s\"", cases[i].header);
  assert_int_equal(sio_accept_coding((sio_bytes){0}, ALL), SIO_CODING_IDENTITY);
}

static void chooses_the_smallest(void **state) {
  (void)state;
  static const struct {
    const char *header;
    unsigned offered;
    enum sio_coding coding;
  } cases[] = {
      {"gzip, deflate, br, zstd", ALL, SIO_CODING_BR},
      {"deflate, gzip", ALL, SIO_CODING_GZIP},
      {"gzip;q=1, br;q=0.9", ALL, SIO_CODING_GZIP},
      {"*", ALL, SIO_CODING_BR},
      {"br;q=0, *", ALL, SIO_CODING_GZIP},
      {"identity, gzip", ALL, SIO_CODING_GZIP},
      {"identity, gzip;q=0.5", ALL, SIO_CODING_IDENTITY},
      {"br", GZIP, SIO_CODING_IDENTITY},
      {"", ALL, SIO_CODING_IDENTITY},
  };
  for (size_t i = 0; i < COUNT(cases); i++)
    if (sio_accept_smallest(sio_bytes_str(cases[i].header), cases[i].offered) != cases[i].coding)
      fail_msg("wrong choice for \"%s\"", cases[i].header);
}

static void names(void **state) {
  (void)state;
  assert_true(sio_bytes_eq(sio_coding_name(SIO_CODING_GZIP), SIO_BYTES("gzip")));
  assert_true(sio_bytes_eq(sio_coding_name(SIO_CODING_DEFLATE), SIO_BYTES("deflate")));
  assert_true(sio_bytes_eq(sio_coding_name(SIO_CODING_BR), SIO_BYTES("br")));
  assert_int_equal(sio_coding_name(SIO_CODING_IDENTITY).len, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(chooses), cmocka_unit_test(chooses_the_smallest), cmocka_unit_test(names)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
