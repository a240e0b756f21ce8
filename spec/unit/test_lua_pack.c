#include "lua/pack.h"

#include <stdio.h>

#include "base/error.h"
#include "lua_fixture.h"

/* Encodes what the expressions give, as an acknowledgement; *out is the state's own scratch. */
static int pack(lua_State *L, const char *expressions, sio_lua_encoding **out) {
  lua_settop(L, 0);
  *out = sio_lua_encoding_take(L);
  lua_fixture_eval(L, expressions);
  int top = lua_gettop(L);
  int err = sio_lua_pack_args(L, 2, top, 1, *out);
  assert_int_equal(lua_gettop(L), top + 1);
  return err;
}

static void done(lua_State *L) {
  sio_lua_encoding_give(L, 1);
  lua_settop(L, 0);
}

typedef struct example {
  const char *values;
  const char *hex;
} example;

static void assert_packed(lua_State *L, const example *examples, size_t count) {
  for (size_t i = 0; i < count; i++) {
    sio_lua_encoding *out;
    if (pack(L, examples[i].values, &out) != 0)
      fail_msg("%s: %s", examples[i].values, lua_tostring(L, -1));
    char hex[1024];
    for (size_t at = 0; at < out->text.len; at++)
      snprintf(hex + 2 * at, sizeof(hex) - 2 * at, "%02x", (unsigned char)out->text.base[at]);
    if (strcmp(hex, examples[i].hex) != 0)
      fail_msg("%s: %s instead of %s", examples[i].values, hex, examples[i].hex);
    assert_int_equal(out->count, 0);
    done(L);
  }
}

static void packs_scalars(void **state) {
  static const example examples[] = {
      {"", "90"},
      {"nil", "91c0"},
      {"nil, sio.null, nil", "93c0c0c0"},
      {"true, false", "92c3c2"},
      {"0, -1, 127, 128, -32, -33", "9600ff7fcc80e0d0df"},
      {"math.maxinteger, math.mininteger", "92cf7fffffffffffffffd38000000000000000"},
      {"1.0, -0.0, 2^53, -2^63", "940100cf0020000000000000d38000000000000000"},
      {"2^63, 1.5, 1e300", "93cb43e0000000000000cb3ff8000000000000cb7e37e43c8800759c"},
      {"1/0, -1/0", "92cb7ff0000000000000cbfff0000000000000"},
      {"'', 'a', '\\u{e9}'", "93a0a161a2c3a9"},
      {"('x'):rep(32)", "91d9207878787878787878787878787878787878787878787878787878787878787878"},
      {"sio.binary '', sio.binary '\\0\\xff'", "92c400c40200ff"},
  };
  assert_packed(*state, examples, COUNT(examples));
}

static void packs_tables(void **state) {
  static const example examples[] = {
      {"{}", "9180"},
      {"sio.array{}, sio.array()", "929090"},
      {"{1, {2, {3}}}", "91920192029103"},
      {"{1, sio.null, 3}, {1, nil, 3}", "929301c0039301c003"},
      {"{a = 1}, {a = {b = sio.binary 'x'}}", "9281a1610181a16181a162c40178"},
      {"{[0] = 1}, {[-5] = 1}, {[1.5] = 1}", "9381a1300181a22d350181a3312e3501"},
      {"{[math.huge] = 1}, {[-math.huge] = 1}", "9281a8496e66696e6974790181a92d496e66696e69747901"},
      {"sio.array{'one', x = 'two'}", "9191a36f6e65"},
      {"setmetatable({1}, {__index = function() error 'never' end, __len = error})", "919101"},
      {"{toJSON = function() return {1} end}, {__tojson = function(t) return t.x end, x = 'y'}",
       "929101a179"},
      {"setmetatable({}, {toJSON = function() return sio.binary 'b' end})", "91c40162"},
      {"{toJSON = function() return nil end}", "91c0"},
  };
  assert_packed(*state, examples, COUNT(examples));
}

static void understands_the_marks_of_lua_cjson(void **state) {
  lua_State *L = *state;
  static const example known[] = {
      {"setmetatable({}, marks.array_mt)", "9190"},
      {"setmetatable({}, marks.empty_array_mt)", "9190"},
      {"setmetatable({x = 1}, marks.empty_array_mt)", "9181a17801"},
      {"marks.empty_array, {marks.empty_array}", "92909190"},
  };
  lua_fixture_eval(L, "(function() marks = {array_mt = {}, empty_array_mt = {}} end)()");
  lua_getglobal(L, "marks");
  lua_pushlightuserdata(L, &lua_fixture_alloc);
  lua_setfield(L, -2, "empty_array");
  lua_fixture_eval(L, "(function() package.loaded['cjson.safe'] = marks end)()");
  lua_settop(L, 0);
  assert_packed(L, known, COUNT(known));
}

/* Counts whose head is longer, with as many elements behind. */
static void packs_what_is_long(void **state) {
  lua_State *L = *state;
  static const struct {
    const char *values;
    size_t len;
    const char *head;
  } cases[] = {
      {"(function() local t = {} for i = 1, 16 do t[i] = 1 end return t end)()", 20, "\xdc\0\x10"},
      {"(function() local t = {} for i = 1, 70000 do t[i] = 1 end return t end)()", 70006,
       "\xdd\0\1\x11\x70"},
      {"(function() local t = {} for i = 1, 16 do t['k' .. i % 10 .. i // 10] = 1 end"
       " return t end)()",
       84, "\xde\0\x10"},
      {"('x'):rep(70000)", 70006, "\xdb\0\1\x11\x70"},
      {"sio.binary(('x'):rep(70000))", 70006, "\xc6\0\1\x11\x70"},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    sio_lua_encoding *out;
    assert_int_equal(pack(L, cases[i].values, &out), 0);
    assert_int_equal(out->text.len, cases[i].len);
    assert_memory_equal(out->text.base + 1, cases[i].head, 3);
    done(L);
  }
}

static void names_the_place_of_what_it_cannot_pack(void **state) {
  lua_State *L = *state;
  static const struct {
    const char *values;
    int code;
    const char *message;
  } cases[] = {
      {"print", SIO_EINVAL, "a function at args[1]"},
      {"1, {user = {name = print}}", SIO_EINVAL, "a function at args[2].user.name"},
      {"1, {user = {1, {2, print}}}", SIO_EINVAL, "a function at args[2].user[2][2]"},
      {"{['a b'] = {coroutine.create(print)}}", SIO_EINVAL, "a thread at args[1][\"a b\"][1]"},
      {"{x = {[true] = 1}}", SIO_EINVAL, "a boolean as a key at args[1].x"},
      {"{x = {['\\xff'] = 1}}", SIO_EUTF8,
       "a key that is not valid UTF-8 at args[1].x; socketio.binary(s) sends bytes"},
      {"'\\xed\\xa0\\x80'", SIO_EUTF8,
       "a string that is not valid UTF-8 at args[1]; socketio.binary(s) sends bytes"},
      {"{[1] = 1, [100] = 1}", SIO_EINVAL,
       "an excessively sparse array (2 of 100 elements) at args[1]"},
      {"(function() local t = {a = {}} t.a.b = t return t end)()", SIO_ELIMIT,
       "a cycle at args[1].a.b"},
      {"(function() local t = 1 for _ = 1, 129 do t = {t} end return t end)()", SIO_ELIMIT,
       "more than 128 levels at args[1][1][1][1][1][1][1][1][1][1][1][1][1]..."},
      {"io.stdout", SIO_EINVAL, "a userdata at args[1]"},
      {"(function() local t = {} for i = 1, 9 do t['x' .. i] = {toJSON = function()"
       " for key in pairs(t) do t[key] = nil end return 1 end} end return {t} end)()",
       SIO_EINVAL, "a table that changes meanwhile at args[1][1]"},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    sio_lua_encoding *out;
    int err = pack(L, cases[i].values, &out);
    char expected[256];
    snprintf(expected, sizeof(expected), "cannot encode %s", cases[i].message);
    if (err != cases[i].code || strcmp(lua_tostring(L, -1), expected) != 0)
      fail_msg("%s: %d %s", cases[i].values, err, lua_tostring(L, -1));
    done(L);
  }
}

static void names_the_event_and_the_value(void **state) {
  lua_State *L = *state;
  sio_lua_encoding *out = sio_lua_encoding_take(L);
  lua_pushstring(L, "\xff");
  assert_int_equal(sio_lua_pack_args(L, 2, 2, 0, out), SIO_EUTF8);
  assert_non_null(strstr(lua_tostring(L, -1), "at the event's name;"));
  lua_fixture_eval(L, "{data = print}");
  assert_int_equal(sio_lua_pack_value(L, -1, "error", out), SIO_EINVAL);
  assert_string_equal(lua_tostring(L, -1), "cannot encode a function at error.data");
  sio_buf_clear(&out->text);
  lua_fixture_eval(L, "{sio.binary 'x'}");
  assert_int_equal(sio_lua_pack_value(L, -1, "value", out), 0);
  assert_true(sio_bytes_eq(sio_buf_bytes(&out->text), SIO_BYTES("\x91\xc4\1x")));
  done(L);
}

static void takes_as_many_levels_as_promised(void **state) {
  lua_State *L = *state;
  sio_lua_encoding *out;
  const char *deep = "(function() local t = {} for _ = 1, 127 do t = {t} end return t, t end)()";
  assert_int_equal(pack(L, deep, &out), 0);
  assert_int_equal(out->text.len, 2 * 128 + 1);
  done(L);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, lua_fixture_set_up, lua_fixture_tear_down)
  const struct CMUnitTest tests[] = {
      TEST(packs_scalars),
      TEST(packs_tables),
      TEST(understands_the_marks_of_lua_cjson),
      TEST(packs_what_is_long),
      TEST(names_the_place_of_what_it_cannot_pack),
      TEST(names_the_event_and_the_value),
      TEST(takes_as_many_levels_as_promised),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
