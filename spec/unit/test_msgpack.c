/* MessagePack by tokens: every form, both ways, at the edges of its range and of the input. */
#include "base/msgpack.h"

#include <math.h>

#include "unit.h"

#define BYTES(literal) literal, sizeof(literal) - 1

static void assert_written(const char *written, size_t len, const char *bytes, size_t expected) {
  assert_int_equal(len, expected);
  assert_memory_equal(written, bytes, expected);
}

/* Reads the token from memory of exactly that size, after every shorter prefix was refused. */
static sio_msgpack read_all(const char *bytes, size_t len) {
  sio_msgpack token;
  for (size_t cut = 0; cut <= len; cut++) {
    char *copy = malloc(cut > 0 ? cut : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, cut);
    const char *next = sio_msgpack_read(copy, copy + cut, &token);
    const char *behind = sio_msgpack_skip(copy, copy + cut);
    if (cut < len) {
      assert_null(next);
      assert_null(behind);
    } else {
      assert_ptr_equal(next, copy + len);
    }
    free(copy);
  }
  return token;
}

/* --- numbers --- */

static void integers_have_the_shortest_form(void **state) {
  (void)state;
  static const struct {
    int64_t integer;
    const char *bytes;
    size_t len;
  } samples[] = {
      {0, BYTES("\0")},
      {1, BYTES("\1")},
      {127, BYTES("\x7f")},
      {128, BYTES("\xcc\x80")},
      {255, BYTES("\xcc\xff")},
      {256, BYTES("\xcd\1\0")},
      {65535, BYTES("\xcd\xff\xff")},
      {65536, BYTES("\xce\0\1\0\0")},
      {UINT32_MAX, BYTES("\xce\xff\xff\xff\xff")},
      {UINT32_MAX + INT64_C(1), BYTES("\xcf\0\0\0\1\0\0\0\0")},
      {INT64_MAX, BYTES("\xcf\x7f\xff\xff\xff\xff\xff\xff\xff")},
      {-1, BYTES("\xff")},
      {-32, BYTES("\xe0")},
      {-33, BYTES("\xd0\xdf")},
      {-128, BYTES("\xd0\x80")},
      {-129, BYTES("\xd1\xff\x7f")},
      {-32768, BYTES("\xd1\x80\0")},
      {-32769, BYTES("\xd2\xff\xff\x7f\xff")},
      {INT32_MIN, BYTES("\xd2\x80\0\0\0")},
      {INT32_MIN - INT64_C(1), BYTES("\xd3\xff\xff\xff\xff\x7f\xff\xff\xff")},
      {INT64_MIN, BYTES("\xd3\x80\0\0\0\0\0\0\0")},
  };
  for (size_t i = 0; i < COUNT(samples); i++) {
    char out[SIO_MSGPACK_HEAD];
    assert_written(out, sio_msgpack_integer(out, samples[i].integer), samples[i].bytes,
                   samples[i].len);
    sio_msgpack token = read_all(samples[i].bytes, samples[i].len);
    assert_int_equal(token.kind, SIO_MSGPACK_INTEGER);
    assert_true(token.integer == samples[i].integer);
  }
}

static void longer_forms_are_read(void **state) {
  (void)state;
  assert_true(read_all(BYTES("\xcf\0\0\0\0\0\0\0\5")).integer == 5);
  assert_true(read_all(BYTES("\xd0\5")).integer == 5);
  assert_true(read_all(BYTES("\xd3\xff\xff\xff\xff\xff\xff\xff\xff")).integer == -1);
}

static void integers_above_63_bits_are_real(void **state) {
  (void)state;
  sio_msgpack token = read_all(BYTES("\xcf\x80\0\0\0\0\0\0\0"));
  assert_int_equal(token.kind, SIO_MSGPACK_REAL);
  assert_true(token.real == 0x1p63);
  assert_true(read_all(BYTES("\xcf\xff\xff\xff\xff\xff\xff\xff\xff")).real == 0x1p64);
}

static void reals_are_doubles(void **state) {
  (void)state;
  char out[SIO_MSGPACK_HEAD];
  assert_written(out, sio_msgpack_real(out, 1.5), BYTES("\xcb\x3f\xf8\0\0\0\0\0\0"));
  assert_true(read_all(BYTES("\xcb\x3f\xf8\0\0\0\0\0\0")).real == 1.5);
  assert_true(read_all(BYTES("\xca\x3f\xc0\0\0")).real == 1.5); /* a float of 32 bits */
  assert_true(read_all(BYTES("\xca\xff\x80\0\0")).real == -(double)INFINITY);
  assert_true(isnan(read_all(BYTES("\xcb\x7f\xf8\0\0\0\0\0\0")).real));
}

/* --- other scalars --- */

static void words(void **state) {
  (void)state;
  assert_int_equal(read_all(BYTES("\xc0")).kind, SIO_MSGPACK_NIL);
  sio_msgpack token = read_all(BYTES("\xc3"));
  assert_true(token.kind == SIO_MSGPACK_BOOLEAN && token.boolean);
  token = read_all(BYTES("\xc2"));
  assert_true(token.kind == SIO_MSGPACK_BOOLEAN && !token.boolean);
  const char unused[] = "\xc1";
  assert_null(sio_msgpack_read(unused, unused + 1, &token));
}

typedef size_t (*writer)(char *out, uint32_t n);

typedef struct head {
  uint32_t n;
  const char *bytes;
  size_t len;
} head;

static void assert_heads(writer write, const head *heads, size_t count) {
  for (size_t i = 0; i < count; i++) {
    char out[SIO_MSGPACK_HEAD];
    assert_written(out, write(out, heads[i].n), heads[i].bytes, heads[i].len);
  }
}

static void heads_have_the_shortest_form(void **state) {
  (void)state;
  static const head text[] = {
      {0, BYTES("\xa0")},
      {31, BYTES("\xbf")},
      {32, BYTES("\xd9\x20")},
      {255, BYTES("\xd9\xff")},
      {256, BYTES("\xda\1\0")},
      {65535, BYTES("\xda\xff\xff")},
      {65536, BYTES("\xdb\0\1\0\0")},
      {UINT32_MAX, BYTES("\xdb\xff\xff\xff\xff")},
  };
  static const head binary[] = {
      {0, BYTES("\xc4\0")},           {255, BYTES("\xc4\xff")},
      {256, BYTES("\xc5\1\0")},       {65535, BYTES("\xc5\xff\xff")},
      {65536, BYTES("\xc6\0\1\0\0")}, {UINT32_MAX, BYTES("\xc6\xff\xff\xff\xff")},
  };
  static const head array[] = {
      {0, BYTES("\x90")},
      {15, BYTES("\x9f")},
      {16, BYTES("\xdc\0\x10")},
      {65535, BYTES("\xdc\xff\xff")},
      {65536, BYTES("\xdd\0\1\0\0")},
      {UINT32_MAX, BYTES("\xdd\xff\xff\xff\xff")},
  };
  static const head map[] = {
      {0, BYTES("\x80")},
      {15, BYTES("\x8f")},
      {16, BYTES("\xde\0\x10")},
      {65535, BYTES("\xde\xff\xff")},
      {65536, BYTES("\xdf\0\1\0\0")},
      {UINT32_MAX, BYTES("\xdf\xff\xff\xff\xff")},
  };
  assert_heads(sio_msgpack_text, text, COUNT(text));
  assert_heads(sio_msgpack_binary, binary, COUNT(binary));
  assert_heads(sio_msgpack_array, array, COUNT(array));
  assert_heads(sio_msgpack_map, map, COUNT(map));
}

/* Each length around the edges of the forms, with the bytes there and with one less. */
static void runs_are_bytes_of_the_input(void **state) {
  (void)state;
  static const uint32_t lengths[] = {0, 1, 31, 32, 33, 255, 256, 257, 65535, 65536};
  static const struct {
    writer write;
    enum sio_msgpack_kind kind;
  } forms[] = {{sio_msgpack_text, SIO_MSGPACK_TEXT}, {sio_msgpack_binary, SIO_MSGPACK_BINARY}};
  for (size_t f = 0; f < COUNT(forms); f++)
    for (size_t i = 0; i < COUNT(lengths); i++) {
      char *input = calloc(1, SIO_MSGPACK_HEAD + lengths[i]);
      assert_non_null(input);
      size_t start = forms[f].write(input, lengths[i]);
      const char *end = input + start + lengths[i];
      sio_msgpack token;
      assert_ptr_equal(sio_msgpack_read(input, end, &token), end);
      assert_int_equal(token.kind, forms[f].kind);
      assert_ptr_equal(token.bytes.base, input + start);
      assert_int_equal(token.bytes.len, lengths[i]);
      if (lengths[i] > 0)
        assert_null(sio_msgpack_read(input, end - 1, &token));
      free(input);
    }
}

static void extensions(void **state) {
  (void)state;
  assert_int_equal(read_all(BYTES("\xd4\0\0")).kind, SIO_MSGPACK_UNDEFINED);
  assert_int_equal(read_all(BYTES("\xd4\0\7")).kind, SIO_MSGPACK_UNDEFINED);
  sio_msgpack token = read_all(BYTES("\xd7\0\xff\xff\xff\xff\xff\xff\xff\xff"));
  assert_true(token.kind == SIO_MSGPACK_DATE && token.integer == -1);
  static const struct {
    const char *bytes;
    size_t len, of;
  } buffers[] = {
      {BYTES("\xc7\0\0"), 0},
      {BYTES("\xc7\1\0\7"), 1},
      {BYTES("\xc7\x8\0\1\2\3\4\5\6\7\x8"), 8},
      {BYTES("\xc8\0\2\0ab"), 2},
      {BYTES("\xc9\0\0\0\2\0ab"), 2},
  };
  for (size_t i = 0; i < COUNT(buffers); i++) {
    token = read_all(buffers[i].bytes, buffers[i].len);
    assert_int_equal(token.kind, SIO_MSGPACK_BINARY);
    assert_int_equal(token.bytes.len, buffers[i].of);
  }
  static const struct {
    const char *bytes;
    size_t len;
    int type;
    size_t of;
  } others[] = {
      {BYTES("\xd4\1\7"), 1, 1},
      {BYTES("\xd5\0ab"), 0, 2},
      {BYTES("\xd6\xff"
             "abcd"),
       -1, 4},
      {BYTES("\xd7\x7f"
             "abcdefgh"),
       127, 8},
      {BYTES("\xd8\x80"
             "abcdefghijklmnop"),
       -128, 16},
      {BYTES("\xc7\0\5"), 5, 0},
      {BYTES("\xc7\3\5abc"), 5, 3},
  };
  for (size_t i = 0; i < COUNT(others); i++) {
    token = read_all(others[i].bytes, others[i].len);
    assert_int_equal(token.kind, SIO_MSGPACK_EXTENSION);
    assert_int_equal(token.extension, others[i].type);
    assert_int_equal(token.bytes.len, others[i].of);
  }
}

/* --- what holds others --- */

static size_t skipped_of(const char *bytes, size_t len) {
  char *copy = malloc(len > 0 ? len : 1);
  assert_non_null(copy);
  memcpy(copy, bytes, len);
  const char *next = sio_msgpack_skip(copy, copy + len);
  size_t count = next != NULL ? (size_t)(next - copy) : 0;
  free(copy);
  return count;
}

static void counts_need_bytes(void **state) {
  (void)state;
  static const struct {
    const char *bytes;
    size_t len;
    enum sio_msgpack_kind kind;
    uint32_t count;
  } taken[] = {
      {BYTES("\x90"), SIO_MSGPACK_ARRAY, 0},
      {BYTES("\x92\1\2"), SIO_MSGPACK_ARRAY, 2},
      {BYTES("\xdc\0\1\xc0"), SIO_MSGPACK_ARRAY, 1},
      {BYTES("\xdd\0\0\0\1\xc0"), SIO_MSGPACK_ARRAY, 1},
      {BYTES("\x80"), SIO_MSGPACK_MAP, 0},
      {BYTES("\x81\1\2"), SIO_MSGPACK_MAP, 1},
      {BYTES("\xde\0\1\xc0\xc0"), SIO_MSGPACK_MAP, 1},
      {BYTES("\xdf\0\0\0\1\xc0\xc0"), SIO_MSGPACK_MAP, 1},
  };
  for (size_t i = 0; i < COUNT(taken); i++) {
    sio_msgpack token;
    const char *end = taken[i].bytes + taken[i].len;
    assert_non_null(sio_msgpack_read(taken[i].bytes, end, &token));
    assert_int_equal(token.kind, taken[i].kind);
    assert_int_equal(token.count, taken[i].count);
    assert_int_equal(skipped_of(taken[i].bytes, taken[i].len), taken[i].len);
    for (size_t cut = 0; cut < taken[i].len; cut++)
      assert_int_equal(skipped_of(taken[i].bytes, cut), 0);
    assert_true(taken[i].count == 0 || sio_msgpack_read(taken[i].bytes, end - 1, &token) == NULL);
  }
}

static void hostile_counts_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *bytes;
    size_t len;
  } refused[] = {
      {BYTES("\xdd\xff\xff\xff\xff\1\2\3")},
      {BYTES("\xdf\xff\xff\xff\xff\1\2\3\4")},
      {BYTES("\xdf\x80\0\0\0\1\2\3\4")}, /* twice as many values do not fit 32 bits */
      {BYTES("\xdb\xff\xff\xff\xff"
             "abc")},
      {BYTES("\xc6\xff\xff\xff\xff"
             "abc")},
      {BYTES("\xc9\xff\xff\xff\xff\0abc")},
      {BYTES("\x9f\1\2")},
      {BYTES("\x92\x92\1\2")},
  };
  for (size_t i = 0; i < COUNT(refused); i++)
    assert_int_equal(skipped_of(refused[i].bytes, refused[i].len), 0);
}

static void skips_at_any_depth(void **state) {
  (void)state;
  enum { DEEP = 1000000 };
  char *input = malloc(DEEP + 1);
  assert_non_null(input);
  memset(input, 0x91, DEEP);
  input[DEEP] = 1;
  assert_ptr_equal(sio_msgpack_skip(input, input + DEEP + 1), input + DEEP + 1);
  assert_null(sio_msgpack_skip(input, input + DEEP));
  free(input);
  /* and stops behind the value */
  assert_int_equal(skipped_of(BYTES("\x82\xa1x\x92\1\2\xa1y\x81\xa1z\xc0\5\6")), 12);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(integers_have_the_shortest_form),
      cmocka_unit_test(longer_forms_are_read),
      cmocka_unit_test(integers_above_63_bits_are_real),
      cmocka_unit_test(reals_are_doubles),
      cmocka_unit_test(words),
      cmocka_unit_test(heads_have_the_shortest_form),
      cmocka_unit_test(runs_are_bytes_of_the_input),
      cmocka_unit_test(extensions),
      cmocka_unit_test(counts_need_bytes),
      cmocka_unit_test(hostile_counts_are_refused),
      cmocka_unit_test(skips_at_any_depth),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
