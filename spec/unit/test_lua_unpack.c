#include "lua/unpack.h"

#include "base/error.h"
#include "base/limits.h"
#include "lua_fixture.h"

#define BYTES(literal)                                                                             \
  { literal, sizeof(literal) - 1 }

/* From memory of exactly the input's size, so that a sanitizer sees any byte read beyond it. */
static int unpack(lua_State *L, sio_bytes bytes, bool as_args, sio_lua_fault *fault) {
  char *copy = malloc(bytes.len > 0 ? bytes.len : 1);
  assert_non_null(copy);
  if (bytes.len > 0)
    memcpy(copy, bytes.base, bytes.len);
  sio_bytes exact = sio_bytes_of(copy, bytes.len);
  int top = lua_gettop(L);
  int got = as_args ? sio_lua_unpack_args(L, exact, fault) : sio_lua_unpack_value(L, exact, fault);
  free(copy);
  assert_int_equal(lua_gettop(L), top + (got < 0 ? 0 : as_args ? got : 1));
  return got;
}

typedef struct example {
  sio_bytes bytes;
  const char *condition; /* of Lua; it sees the value as v */
} example;

/* Each shorter prefix is refused. */
static void assert_unpacked(lua_State *L, const example *examples, size_t count) {
  for (size_t i = 0; i < count; i++) {
    sio_lua_fault fault;
    sio_bytes bytes = examples[i].bytes;
    for (size_t cut = 0; cut < bytes.len; cut++)
      assert_true(unpack(L, sio_bytes_of(bytes.base, cut), false, &fault) < 0);
    if (unpack(L, bytes, false, &fault) != 0)
      fail_msg("%s: %s at %zu", examples[i].condition, fault.reason, fault.at);
    lua_setglobal(L, "v");
    lua_fixture_eval(L, examples[i].condition);
    if (!lua_toboolean(L, -1))
      fail_msg("not %s", examples[i].condition);
    lua_settop(L, 0);
  }
}

static void unpacks_each_kind_of_value(void **state) {
  static const example examples[] = {
      {BYTES("\xc0"), "v == sio.null"},
      {BYTES("\xd4\0\0"), "v == sio.null"},
      {BYTES("\xc3"), "v == true"},
      {BYTES("\xc2"), "v == false"},
      {BYTES("\x7f"), "math.type(v) == 'integer' and v == 127"},
      {BYTES("\xff"), "math.type(v) == 'integer' and v == -1"},
      {BYTES("\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"), "v == math.maxinteger"},
      {BYTES("\xcf\x80\0\0\0\0\0\0\0"), "math.type(v) == 'float' and v == 2^63"},
      {BYTES("\xd3\x80\0\0\0\0\0\0\0"), "v == math.mininteger"},
      {BYTES("\xcb\x3f\xf8\0\0\0\0\0\0"), "v == 1.5"},
      {BYTES("\xca\x3f\xc0\0\0"), "v == 1.5"},
      {BYTES("\xcb\x3f\xf0\0\0\0\0\0\0"), "math.type(v) == 'integer' and v == 1"},
      {BYTES("\xcb\x80\0\0\0\0\0\0\0"), "math.type(v) == 'integer' and v == 0"},
      {BYTES("\xcb\xc3\xe0\0\0\0\0\0\0"), "v == math.mininteger and math.type(v) == 'integer'"},
      {BYTES("\xcb\x43\xe0\0\0\0\0\0\0"), "math.type(v) == 'float' and v == 2^63"},
      {BYTES("\xcb\x7f\xf0\0\0\0\0\0\0"), "v == math.huge"},
      {BYTES("\xcb\x7f\xf8\0\0\0\0\0\0"), "v ~= v"},
      {BYTES("\xa0"), "v == ''"},
      {BYTES("\xa3\xe2\x82\xac"), "v == '\\u{20ac}'"},
      {BYTES("\xc4\2\0\xff"), "sio.isBinary(v) and tostring(v) == '\\0\\xff'"},
      {BYTES("\xc7\1\0\7"), "sio.isBinary(v) and tostring(v) == '\\7'"},
      {BYTES("\xc7\0\0"), "sio.isBinary(v) and #v == 0"},
      {BYTES("\xc7\1\5\7"),
       "getmetatable(v) == sio.array_mt and v[1] == 5 and v[2] == sio.binary '\\7'"},
      {BYTES("\xd5\0ab"), "v[1] == 0 and v[2] == sio.binary 'ab'"},
      {BYTES("\x90"), "next(v) == nil and getmetatable(v) == sio.array_mt"},
      {BYTES("\x93\1\x91\2\x90"),
       "#v == 3 and v[2][1] == 2 and getmetatable(v[3]) == sio.array_mt"},
      {BYTES("\x94\xc0\xd4\0\0\xc2\1"),
       "v[1] == sio.null and v[2] == sio.null and not v[3] and #v == 4"},
      {BYTES("\x80"), "next(v) == nil and getmetatable(v) == nil"},
      {BYTES("\x82\xa1\x61\1\xa1\x62\x81\xa1\x63\xc0"), "v.a == 1 and v.b.c == sio.null"},
      {BYTES("\x82\xa1\x61\1\xa1\x61\2"), "v.a == 2"},
      {BYTES("\x82\xa1\x61\1\xa1\x62\xd4\0\0"), "v.a == 1 and v.b == nil"},
      {BYTES("\x82\xa1\x61\1\xa1\x61\xd4\0\0"), "next(v) == nil"},
      {BYTES("\x83\1\1\xff\2\xcb\x3f\xf8\0\0\0\0\0\0\3"),
       "v['1'] == 1 and v['-1'] == 2 and v['1.5'] == 3"},
  };
  assert_unpacked(*state, examples, COUNT(examples));
}

static void dates_are_what_json_has(void **state) {
  static const example examples[] = {
      {BYTES("\xd7\0\0\0\0\0\0\0\0\0"), "v == '1970-01-01T00:00:00.000Z'"},
      {BYTES("\xd7\0\xff\xff\xff\xff\xff\xff\xff\xff"), "v == '1969-12-31T23:59:59.999Z'"},
      /* leap years, and those that are none */
      {BYTES("\xd7\0\x00\x00\x00\xdd\x9d\x5a\x0c\x95"), "v == '2000-02-29T12:34:56.789Z'"},
      {BYTES("\xd7\0\xff\xff\xfd\xfe\xdd\xd9\x10\x00"), "v == '1900-03-01T00:00:00.000Z'"},
      {BYTES("\xd7\0\x00\x00\x03\xbc\x5c\x9b\x0c\x00"), "v == '2100-03-01T00:00:00.000Z'"},
      /* the years 0, 9999, 10000, and the first and last day of all */
      {BYTES("\xd7\0\xff\xff\xc7\x75\x90\xfb\xa0\x00"), "v == '0000-01-01T00:00:00.000Z'"},
      {BYTES("\xd7\0\xff\xff\xc7\x75\x90\xfb\x9f\xff"), "v == '-000001-12-31T23:59:59.999Z'"},
      {BYTES("\xd7\0\0\0\xe6\x77\xd2\x1f\xdb\xff"), "v == '9999-12-31T23:59:59.999Z'"},
      {BYTES("\xd7\0\0\0\xe6\x77\xd2\x1f\xdc\0"), "v == '+010000-01-01T00:00:00.000Z'"},
      {BYTES("\xd7\0\0\x1e\xb2\x08\xc2\xdc\0\0"), "v == '+275760-09-13T00:00:00.000Z'"},
      {BYTES("\xd7\0\xff\xe1\x4d\xf7\x3d\x24\0\0"), "v == '-271821-04-20T00:00:00.000Z'"},
      {BYTES("\xd7\0\0\x1e\xb2\x08\xc2\xdc\0\1"), "v == sio.null"},
      {BYTES("\xd7\0\xff\xe1\x4d\xf7\x3d\x23\xff\xff"), "v == sio.null"},
      {BYTES("\xd7\0\x80\0\0\0\0\0\0\0"), "v == sio.null"},
      {BYTES("\x81\xa1\x61\xd7\0\0\0\0\0\0\0\0\0"), "v.a == '1970-01-01T00:00:00.000Z'"},
  };
  assert_unpacked(*state, examples, COUNT(examples));
}

static void refuses_others(void **state) {
  lua_State *L = *state;
  static const char malformed[] = "malformed MessagePack";
  static const struct {
    sio_bytes bytes;
    int code;
    const char *reason;
  } cases[] = {
      {BYTES(""), SIO_EPARSE, malformed},
      {BYTES("\xc1"), SIO_EPARSE, malformed},
      {BYTES("\x91\xc1"), SIO_EPARSE, malformed},
      {BYTES("\xc0\xc0"), SIO_EPARSE, "trailing bytes"},
      {BYTES("\xdd\xff\xff\xff\xff\1"), SIO_EPARSE, malformed},
      {BYTES("\xdf\xff\xff\xff\xff\1\1"), SIO_EPARSE, malformed},
      {BYTES("\x92\xdc\0\3\1\1"), SIO_EPARSE, malformed},
      {BYTES("\xa1\xff"), SIO_EUTF8, "invalid UTF-8"},
      {BYTES("\x81\xa1\xff\1"), SIO_EUTF8, "invalid UTF-8"},
      {BYTES("\xa3\xed\xa0\x80"), SIO_EUTF8, "invalid UTF-8"},
      {BYTES("\x81\xc0\1"), SIO_EPARSE, "malformed key"},
      {BYTES("\x81\xc3\1"), SIO_EPARSE, "malformed key"},
      {BYTES("\x81\xc4\1x\1"), SIO_EPARSE, "malformed key"},
      {BYTES("\x81\x90\1"), SIO_EPARSE, "malformed key"},
      {BYTES("\x81\xcb\x7f\xf8\0\0\0\0\0\0\1"), SIO_EPARSE, "malformed key"},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    sio_lua_fault fault = {0};
    int err = unpack(L, cases[i].bytes, false, &fault);
    if (err != cases[i].code || strcmp(fault.reason, cases[i].reason) != 0)
      fail_msg("case %zu: %d %s", i, err, fault.reason);
    assert_true(fault.at <= cases[i].bytes.len);
  }
}

static void levels_have_a_limit(void **state) {
  lua_State *L = *state;
  char deep[3 * SIO_MAX_DEPTH + 8];
  sio_lua_fault fault;
  memset(deep, 0x91, sizeof(deep));
  deep[SIO_MAX_DEPTH] = 1;
  assert_int_equal(unpack(L, sio_bytes_of(deep, SIO_MAX_DEPTH + 1), false, &fault), 0);
  lua_settop(L, 0);
  deep[SIO_MAX_DEPTH] = (char)0x90;
  assert_int_equal(unpack(L, sio_bytes_of(deep, SIO_MAX_DEPTH + 1), false, &fault), SIO_ELIMIT);
  assert_string_equal(fault.reason, "too deep");
  memcpy(deep + SIO_MAX_DEPTH, "\xd4\1\1", 3); /* which becomes a table */
  assert_int_equal(unpack(L, sio_bytes_of(deep, SIO_MAX_DEPTH + 3), false, &fault), SIO_ELIMIT);
  assert_string_equal(fault.reason, "too deep");
}

/* What a head claims is made as its elements come, at all levels together. */
static void claims_cost_no_memory(void **state) {
  lua_State *L = *state;
  enum { SIZE = 1000000, HEAD = 5 };
  char *input = calloc(1, SIZE);
  assert_non_null(input);
  for (int i = 0; i < SIO_MAX_DEPTH - 1; i++) {
    unsigned left = SIZE - HEAD * (unsigned)(i + 1);
    char head[HEAD] = {(char)0xdd, 0, (char)(left >> 16), (char)(left >> 8), (char)left};
    memcpy(input + HEAD * i, head, HEAD);
  }
  lua_gc(L, LUA_GCCOLLECT);
  lua_gc(L, LUA_GCSTOP);
  int before = lua_gc(L, LUA_GCCOUNT);
  sio_lua_fault fault;
  assert_int_equal(unpack(L, sio_bytes_of(input, SIZE), false, &fault), SIO_EPARSE);
  assert_true(lua_gc(L, LUA_GCCOUNT) - before < 50000); /* KiB; 2 GB were claimed */
  lua_gc(L, LUA_GCRESTART);
  free(input);
}

static void arguments(void **state) {
  lua_State *L = *state;
  sio_lua_fault fault;
  assert_int_equal(unpack(L, (sio_bytes)BYTES("\x90"), true, &fault), 0);
  assert_int_equal(unpack(L, (sio_bytes)BYTES("\x95\xa1x\xc0\xd4\0\0\x91\xc0\xc0"), true, &fault),
                   5);
  assert_string_equal(lua_tostring(L, 1), "x");
  assert_true(lua_isnil(L, 2) && lua_isnil(L, 3) && lua_istable(L, 4) && lua_isnil(L, 5));
  lua_settop(L, 0);
  assert_int_equal(unpack(L, (sio_bytes)BYTES("\x80"), true, &fault), SIO_EPARSE);
  assert_string_equal(fault.reason, "invalid payload");
  assert_int_equal(unpack(L, (sio_bytes)BYTES("\x91\1\1"), true, &fault), SIO_EPARSE);
  assert_string_equal(fault.reason, "trailing bytes");
}

static void arguments_have_a_limit(void **state) {
  lua_State *L = *state;
  for (unsigned count = SIO_MAX_ARGUMENTS - 1; count <= SIO_MAX_ARGUMENTS + 1; count++) {
    char input[3 + SIO_MAX_ARGUMENTS + 1] = {(char)0xdc, (char)(count >> 8), (char)count};
    sio_lua_fault fault;
    int got = unpack(L, sio_bytes_of(input, 3 + count), true, &fault);
    assert_int_equal(got, count <= SIO_MAX_ARGUMENTS ? (int)count : SIO_ELIMIT);
    lua_settop(L, 0);
  }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, lua_fixture_set_up, lua_fixture_tear_down)
  const struct CMUnitTest tests[] = {
      TEST(unpacks_each_kind_of_value), TEST(dates_are_what_json_has), TEST(refuses_others),
      TEST(levels_have_a_limit),        TEST(claims_cost_no_memory),   TEST(arguments),
      TEST(arguments_have_a_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
