#include "base/base64.h"

#include "base/error.h"
#include "unit.h"

/* RFC 4648 section 10, and the two characters in which the alphabets differ. */
static const struct {
  sio_bytes plain;
  const char *text, *for_urls;
} vectors[] = {
    {SIO_BYTES(""), "", ""},
    {SIO_BYTES("f"), "Zg==", "Zg"},
    {SIO_BYTES("fo"), "Zm8=", "Zm8"},
    {SIO_BYTES("foo"), "Zm9v", "Zm9v"},
    {SIO_BYTES("foob"), "Zm9vYg==", "Zm9vYg"},
    {SIO_BYTES("fooba"), "Zm9vYmE=", "Zm9vYmE"},
    {SIO_BYTES("foobar"), "Zm9vYmFy", "Zm9vYmFy"},
    {SIO_BYTES("\xfb\xef\xbe\xff"), "++++/w==", "----_w"},
};

static void agrees_with_the_rfc(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) {
    char out[16] = {0};
    sio_base64_encode(out, vectors[i].plain);
    assert_string_equal(out, vectors[i].text);
    assert_int_equal(sio_base64_size(vectors[i].plain.len), strlen(vectors[i].text));

    memset(out, 0, sizeof(out));
    assert_int_equal(sio_base64url_encode(out, vectors[i].plain), strlen(vectors[i].for_urls));
    assert_string_equal(out, vectors[i].for_urls);

    long n = sio_base64_decode(out, sio_bytes_str(vectors[i].text));
    assert_int_equal(n, vectors[i].plain.len);
    assert_memory_equal(out, vectors[i].plain.base, vectors[i].plain.len);
  }
}

static void nothing_encodes_to_nothing(void **state) {
  (void)state;
  char out[1];
  assert_int_equal(sio_base64url_encode(out, sio_bytes_of(NULL, 0)), 0);
  assert_int_equal(sio_base64_decode(out, sio_bytes_of(NULL, 0)), 0);
  sio_base64_encode(out, sio_bytes_of(NULL, 0));
}

/* Blocks of the exact size, so that a sanitizer sees a byte read or written too far. */
static void every_length_comes_back(void **state) {
  (void)state;
  uint64_t seed = 1;
  for (size_t len = 1; len < 300; len++) {
    char *plain = malloc(len);
    for (size_t i = 0; i < len; i++)
      plain[i] = (char)next_number(&seed);
    size_t size = sio_base64_size(len);
    char *text = malloc(size);
    char *back = malloc(size / 4 * 3);
    sio_base64_encode(text, sio_bytes_of(plain, len));
    assert_int_equal(sio_base64_decode(back, sio_bytes_of(text, size)), len);
    assert_memory_equal(back, plain, len);
    assert_int_equal(sio_base64_decode(text, sio_bytes_of(text, size)), len);
    assert_memory_equal(text, plain, len);
    free(plain);
    free(text);
    free(back);
  }
}

static void every_pair_of_last_characters_is_judged(void **state) {
  (void)state;
  const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char text[9] = "AAAAAAA=", out[6];
  for (int third = 0; third < 256; third++)
    for (int fourth = 0; fourth < 256; fourth++) {
      text[6] = (char)third;
      text[7] = (char)fourth;
      const char *at = third != 0 ? strchr(alphabet, third) : NULL;
      bool digit = fourth != 0 && strchr(alphabet, fourth) != NULL;
      long want = SIO_EPARSE;
      if (third == '=' && fourth == '=')
        want = 4;
      else if (at != NULL && fourth == '=' && (at - alphabet) % 4 == 0)
        want = 5;
      else if (at != NULL && digit)
        want = 6;
      assert_int_equal(sio_base64_decode(out, sio_bytes_of(text, 8)), want);
    }
}

static void refuses(sio_bytes text) {
  char out[64];
  if (sio_base64_decode(out, text) != SIO_EPARSE)
    fail_msg("accepted: %.*s", (int)text.len, text.base);
}

static void is_strict(void **state) {
  (void)state;
  const char *bad[] = {
      "A",        "AA",   "AAA",  "AAAAA",    "AAAAAA", "AAAAAAA", /* length */
      "====",     "A===", "=AAA", "A=AA",     "AA=A",   "AAA=AAAA", "AA==AAAA",
      "AAAA====",                                                           /* padding */
      "AA\n=",    "AAA ", " AAA", "AAAA\r\n", "-AAA",   "_AAA",     "A*AA", /* alphabet */
      "AB==",     "AP==", "AAB=", "AAD=",     "//==",   "///=",             /* stray bits */
  };
  for (size_t i = 0; i < COUNT(bad); i++)
    refuses(sio_bytes_str(bad[i]));
  refuses(SIO_BYTES("AA\0A"));
  refuses(SIO_BYTES("\0\0\0\0"));
}

static void a_bad_character_is_found_anywhere(void **state) {
  (void)state;
  char text[48], out[36];
  for (size_t at = 0; at < sizeof(text); at++)
    for (int c = 0; c < 256; c++) {
      memset(text, 'A', sizeof(text));
      text[at] = (char)c;
      bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '+' || c == '/' || (c == '=' && at == sizeof(text) - 1);
      assert_int_equal(sio_base64_decode(out, sio_bytes_of(text, sizeof(text))) >= 0, fine);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(agrees_with_the_rfc),
      cmocka_unit_test(nothing_encodes_to_nothing),
      cmocka_unit_test(every_length_comes_back),
      cmocka_unit_test(every_pair_of_last_characters_is_judged),
      cmocka_unit_test(is_strict),
      cmocka_unit_test(a_bad_character_is_found_anywhere),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
