#include "lua/decode.h"

#include <stdio.h>

#include "base/error.h"
#include "base/limits.h"
#include "lua/binary.h"
#include "lua_fixture.h"

/* A copy of exactly the text's size, so that a sanitizer sees any byte read beyond it. */
typedef struct exact {
  char *base;
  sio_bytes text;
} exact;

static exact exact_copy(sio_bytes text) {
  char *base = malloc(text.len > 0 ? text.len : 1);
  if (text.len > 0)
    memcpy(base, text.base, text.len);
  return (exact){base, sio_bytes_of(base, text.len)};
}

static int decode(lua_State *L, sio_bytes text, sio_lua_fault *fault) {
  exact copy = exact_copy(text);
  int top = lua_gettop(L);
  int err = sio_lua_decode_value(L, copy.text, fault);
  free(copy.base);
  assert_int_equal(lua_gettop(L), top + (err == 0));
  return err;
}

/* ---- what is accepted ---- */

/* The condition is Lua; it sees the value as v. */
static void assert_decoded(lua_State *L, const char *text, const char *condition) {
  sio_lua_fault fault;
  if (decode(L, sio_bytes_str(text), &fault) != 0)
    fail_msg("%s: %s at %zu", text, fault.reason, fault.at);
  lua_setglobal(L, "v");
  lua_fixture_eval(L, condition);
  if (!lua_toboolean(L, -1))
    fail_msg("%s: not %s", text, condition);
  lua_settop(L, 0);
}

static void decodes_each_kind_of_value(void **state) {
  static const struct {
    const char *text;
    const char *condition;
  } cases[] = {
      {"null", "v == sio.null"},
      {"true", "v == true"},
      {"false", "v == false"},
      {" \t\r\n1 \t\r\n", "v == 1"},
      {"42", "math.type(v) == 'integer' and v == 42"},
      {"1.0", "math.type(v) == 'integer' and v == 1"},
      {"-0", "math.type(v) == 'integer' and v == 0"},
      {"0.5", "math.type(v) == 'float' and v == 0.5"},
      {"9223372036854775807", "v == math.maxinteger"},
      {"9223372036854775808", "math.type(v) == 'float' and v == 2^63"},
      {"1e400", "v == math.huge"},
      {"\"\"", "v == ''"},
      {"\"abc\"", "v == 'abc'"},
      {"\"a longer string, of more than one block\"", "#v == 39"},
      {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "v == '\"\\\\/\\b\\f\\n\\r\\t'"},
      {"\"\\u0041\\u00e9\\u20AC\\u0000\"", "v == 'A\\u{e9}\\u{20ac}\\0'"},
      {"\"\\ud83d\\ude00\\uDBFF\\uDFFF\"", "v == '\\u{1f600}\\u{10ffff}'"},
      {"\"\\ud83d\"", "v == '\\xed\\xa0\\xbd'"},
      {"\"\\ude00x\"", "v == '\\xed\\xb8\\x80x'"},
      {"\"\\ud83d\\ud83d\\ude00\"", "v == '\\xed\\xa0\\xbd\\u{1f600}'"},
      {"\"\\ud83d\\u0041\"", "v == '\\xed\\xa0\\xbdA'"},
      {"\"\\ud83d\\ue000\"", "v == '\\xed\\xa0\\xbd\\u{e000}'"},
      {"\"\\ud83d\\n\"", "v == '\\xed\\xa0\\xbd\\n'"},
      {"\"\x7f\xc3\xa9\xe2\x80\xa8\xf4\x8f\xbf\xbf\"", "v == '\\x7f\\u{e9}\\u{2028}\\u{10ffff}'"},
      {"[]", "next(v) == nil and getmetatable(v) == sio.array_mt"},
      {"[1,[2,[]]]", "#v == 2 and v[2][1] == 2 and getmetatable(v[2][2]) == sio.array_mt"},
      {"[null,false]", "v[1] == sio.null and v[2] == false"},
      {"{}", "next(v) == nil and getmetatable(v) == nil"},
      {" { \"a\" : 1 , \"b\" : { \"c\" : null } } ", "v.a == 1 and v.b.c == sio.null"},
      {"{\"a\":1,\"b\":2,\"a\":3}", "v.a == 3 and v.b == 2"},
      {"{\"\":1,\"\\u0061\":2}", "v[''] == 1 and v.a == 2"},
      {"{\"__index\":1,\"__gc\":2,\"__metatable\":3}",
       "getmetatable(v) == nil and v.__gc == 2 and v.x == nil"},
      {"{\"1\":1}", "v['1'] == 1 and v[1] == nil"},
      {"{\"_placeholder\":true,\"num\":0}", "v._placeholder == true and v.num == 0"},
  };
  for (size_t i = 0; i < COUNT(cases); i++)
    assert_decoded(*state, cases[i].text, cases[i].condition);
}

/* Around the size of a batch, each element and member at its place. */
static void decodes_containers_of_any_size(void **state) {
  lua_State *L = *state;
  lua_fixture_eval(L, "(function()"
                      "  for n = 0, 400 do"
                      "    local list, members = {}, {}"
                      "    for i = 1, n do"
                      "      list[i] = i"
                      "      members[i] = ('\"k%d\":%d'):format(i, i)"
                      "    end"
                      "    members[n + 1] = '\"k1\":\"last\"'"
                      "    local array = sio.decode('[' .. table.concat(list, ',') .. ']')"
                      "    local object = sio.decode('{' .. table.concat(members, ',') .. '}')"
                      "    assert(#array == n)"
                      "    for i = 1, n do assert(array[i] == i) end"
                      "    local count = 0"
                      "    for key, value in pairs(object) do"
                      "      count = count + 1"
                      "      assert(key == 'k1' and value == 'last' or key == 'k' .. value)"
                      "    end"
                      "    assert(count == math.max(n, 1))"
                      "  end"
                      " end)()");
}

/* ---- what is refused ---- */

static void refuses_what_is_not_json(void **state) {
  static const struct {
    const char *text;
    int code;
    size_t at;
    const char *reason;
  } cases[] = {
      {"", SIO_EPARSE, 0, "unexpected end"},
      {"  ", SIO_EPARSE, 2, "unexpected end"},
      {"[", SIO_EPARSE, 1, "unexpected end"},
      {"[1", SIO_EPARSE, 2, "unexpected end"},
      {"[1,", SIO_EPARSE, 3, "unexpected end"},
      {"[1,]", SIO_EPARSE, 3, "unexpected character"},
      {"[,1]", SIO_EPARSE, 1, "unexpected character"},
      {"[1 2]", SIO_EPARSE, 3, "unexpected character"},
      {"[1}", SIO_EPARSE, 2, "unexpected character"},
      {"]", SIO_EPARSE, 0, "unexpected character"},
      {"{", SIO_EPARSE, 1, "unexpected end"},
      {"{\"a\"", SIO_EPARSE, 4, "unexpected end"},
      {"{\"a\":", SIO_EPARSE, 5, "unexpected end"},
      {"{\"a\":1", SIO_EPARSE, 6, "unexpected end"},
      {"{\"a\":1,", SIO_EPARSE, 7, "unexpected end"},
      {"{\"a\":1,}", SIO_EPARSE, 7, "unexpected character"},
      {"{\"a\" 1}", SIO_EPARSE, 5, "unexpected character"},
      {"{a:1}", SIO_EPARSE, 1, "unexpected character"},
      {"{1:1}", SIO_EPARSE, 1, "unexpected character"},
      {"{'a':1}", SIO_EPARSE, 1, "unexpected character"},
      {"1 2", SIO_EPARSE, 2, "unexpected character"},
      {"[] []", SIO_EPARSE, 3, "unexpected character"},
      {"tru", SIO_EPARSE, 0, "unexpected character"},
      {"truex", SIO_EPARSE, 4, "unexpected character"},
      {"True", SIO_EPARSE, 0, "unexpected character"},
      {"nul", SIO_EPARSE, 0, "unexpected character"},
      {"NaN", SIO_EPARSE, 0, "unexpected character"},
      {"Infinity", SIO_EPARSE, 0, "unexpected character"},
      {"-Infinity", SIO_EPARSE, 0, "malformed number"},
      {"+1", SIO_EPARSE, 0, "unexpected character"},
      {"01", SIO_EPARSE, 1, "unexpected character"},
      {"-", SIO_EPARSE, 0, "malformed number"},
      {"1.", SIO_EPARSE, 0, "malformed number"},
      {".5", SIO_EPARSE, 0, "unexpected character"},
      {"1e", SIO_EPARSE, 0, "malformed number"},
      {"0x10", SIO_EPARSE, 1, "unexpected character"},
      {"1_000", SIO_EPARSE, 1, "unexpected character"},
      {"\"", SIO_EPARSE, 1, "unexpected end"},
      {"\"abc", SIO_EPARSE, 4, "unexpected end"},
      {"\"\\", SIO_EPARSE, 2, "unexpected end"},
      {"\"\\\"", SIO_EPARSE, 3, "unexpected end"},
      {"\"\\x\"", SIO_EPARSE, 1, "unknown escape"},
      {"\"ab\\u12\"", SIO_EPARSE, 3, "unknown escape"},
      {"\"\\u12g4\"", SIO_EPARSE, 1, "unknown escape"},
      {"\"\\ud800\\u12\"", SIO_EPARSE, 7, "unknown escape"},
      {"\"a\tb\"", SIO_EPARSE, 2, "control character in a string"},
      {"\"\x1f\"", SIO_EPARSE, 1, "control character in a string"},
      {"\"\\\n\"", SIO_EPARSE, 1, "unknown escape"},
      {"\xef\xbb\xbf[]", SIO_EPARSE, 0, "unexpected character"},
      {"\xc2\xa0[]", SIO_EPARSE, 0, "unexpected character"},
      {"// x\n1", SIO_EPARSE, 0, "unexpected character"},
      {"'a'", SIO_EPARSE, 0, "unexpected character"},
      {"\"\xff\"", SIO_EUTF8, 3, "invalid UTF-8"},
      {"\"\xc3\"", SIO_EUTF8, 3, "invalid UTF-8"},
      {"\"\xc0\x80\"", SIO_EUTF8, 4, "invalid UTF-8"},
      {"\"\xed\xa0\x80\"", SIO_EUTF8, 5, "invalid UTF-8"},
      {"\"\xc3\\u0041\xa9\"", SIO_EUTF8, 10, "invalid UTF-8"},
      {"{\"\xff\":1}", SIO_EUTF8, 4, "invalid UTF-8"},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    sio_lua_fault fault = {0};
    int err = decode(*state, sio_bytes_str(cases[i].text), &fault);
    if (err != cases[i].code || fault.at != cases[i].at ||
        strcmp(fault.reason, cases[i].reason) != 0)
      fail_msg("%s: %d, %s at %zu", cases[i].text, err, err != 0 ? fault.reason : "", fault.at);
  }
}

static void a_nul_is_no_end(void **state) {
  sio_lua_fault fault;
  assert_int_equal(decode(*state, SIO_BYTES("[1]\0"), &fault), SIO_EPARSE);
  assert_int_equal(decode(*state, SIO_BYTES("[1,\0]"), &fault), SIO_EPARSE);
  assert_int_equal(decode(*state, SIO_BYTES("\"\0\""), &fault), SIO_EPARSE);
}

static void assert_levels(lua_State *L, size_t levels, const char *open, const char *close,
                          int expected) {
  luaL_Buffer text;
  luaL_buffinit(L, &text);
  for (size_t i = 0; i < levels; i++)
    luaL_addstring(&text, open);
  luaL_addstring(&text, "1");
  for (size_t i = 0; i < levels; i++)
    luaL_addstring(&text, close);
  luaL_pushresult(&text);
  size_t len;
  const char *base = lua_tolstring(L, -1, &len);
  sio_lua_fault fault;
  assert_int_equal(decode(L, sio_bytes_of(base, len), &fault), expected);
  lua_pushfstring(L, "[1,%s]", base);
  base = lua_tolstring(L, -1, &len);
  int values = sio_lua_decode_args(L, sio_bytes_of(base, len), NULL, 0, &fault);
  assert_int_equal(values, expected == 0 ? 2 : expected);
  lua_settop(L, 0);
}

static void takes_as_many_levels_as_promised(void **state) {
  assert_levels(*state, SIO_MAX_DEPTH, "[", "]", 0);
  assert_levels(*state, SIO_MAX_DEPTH, "{\"a\":", "}", 0);
  assert_levels(*state, SIO_MAX_DEPTH + 1, "[", "]", SIO_ELIMIT);
  assert_levels(*state, SIO_MAX_DEPTH + 1, "{\"a\":", "}", SIO_ELIMIT);
  assert_levels(*state, 100000, "[", "]", SIO_ELIMIT);
}

/* ---- arguments ---- */

static int decode_args(lua_State *L, const char *text, const sio_bytes *attachments, size_t count) {
  exact copy = exact_copy(sio_bytes_str(text));
  sio_lua_fault fault;
  int top = lua_gettop(L);
  int values = sio_lua_decode_args(L, copy.text, attachments, count, &fault);
  free(copy.base);
  assert_int_equal(lua_gettop(L), top + (values > 0 ? values : 0));
  return values;
}

static void spreads_arguments_on_the_stack(void **state) {
  lua_State *L = *state;
  lua_pushliteral(L, "below");
  assert_int_equal(decode_args(L, "[]", NULL, 0), 0);
  assert_int_equal(decode_args(L, " [ \"name\" , null, [null], null ] ", NULL, 0), 4);
  assert_string_equal(lua_tostring(L, 1), "below");
  assert_string_equal(lua_tostring(L, 2), "name");
  assert_true(lua_isnil(L, 3));
  lua_rawgeti(L, 4, 1);
  assert_true(sio_lua_is_null(L, -1));
  assert_true(lua_isnil(L, 5));
  lua_settop(L, 0);
  static const char *const refused[] = {"",     "{}",   "1",     "\"a\"", "null", "[1",
                                        "[1,]", "[1]]", "[1] 2", "[,]",   "[[1]", "[1}"};
  for (size_t i = 0; i < COUNT(refused); i++)
    assert_int_equal(decode_args(L, refused[i], NULL, 0), SIO_EPARSE);
}

static void counts_arguments(void **state) {
  lua_State *L = *state;
  static char text[2 * SIO_MAX_ARGUMENTS + 64];
  for (int more = 0; more < 2; more++) {
    size_t len = 0;
    text[len++] = '[';
    for (int i = 0; i < SIO_MAX_ARGUMENTS + more; i++) {
      text[len++] = '1';
      text[len++] = ',';
    }
    text[len - 1] = ']';
    text[len] = '\0';
    assert_int_equal(decode_args(L, text, NULL, 0), more ? SIO_ELIMIT : SIO_MAX_ARGUMENTS);
    lua_settop(L, 0);
  }
}

static void puts_attachments_in(void **state) {
  lua_State *L = *state;
  const sio_bytes attachments[] = {SIO_BYTES("on\0e"), SIO_BYTES("")};
  const char *text =
      "[{\"num\":1,\"_placeholder\":true},{\"a\":[{\"_placeholder\":true,\"num\":0}]},"
      "{\"_placeholder\":true,\"num\":0.0,\"more\":1}]";
  assert_int_equal(decode_args(L, text, attachments, 2), 3);
  sio_bytes bytes;
  assert_true(sio_lua_binary_test(L, 1, &bytes));
  assert_int_equal(bytes.len, 0);
  lua_getfield(L, 2, "a");
  lua_rawgeti(L, -1, 1);
  assert_true(sio_lua_binary_test(L, -1, &bytes));
  assert_true(sio_bytes_eq(bytes, attachments[0]));
  assert_true(lua_rawequal(L, -1, 3)); /* one Binary, however often it is named */
  lua_settop(L, 0);
}

static void only_true_makes_a_placeholder(void **state) {
  lua_State *L = *state;
  const sio_bytes attachment = SIO_BYTES("x");
  static const char *const plain[] = {
      "[{\"_placeholder\":false,\"num\":0}]", "[{\"_placeholder\":1,\"num\":0}]",
      "[{\"_placeholder\":\"true\",\"num\":0}]", "[{\"num\":0}]", "[[true,0]]"};
  for (size_t i = 0; i < COUNT(plain); i++) {
    assert_int_equal(decode_args(L, plain[i], &attachment, 1), 1);
    assert_true(lua_istable(L, 1));
    lua_settop(L, 0);
  }
}

static void refuses_placeholders_of_nothing(void **state) {
  lua_State *L = *state;
  const sio_bytes attachment = SIO_BYTES("x");
  static const char *const nums[] = {"1",
                                     "-1",
                                     "5",
                                     "0.5",
                                     "1e999",
                                     "\"0\"",
                                     "\"splice\"",
                                     "[0]",
                                     "{}",
                                     "null",
                                     "true",
                                     "9223372036854775807",
                                     "-9223372036854775808",
                                     "1e20"};
  for (size_t i = 0; i < COUNT(nums); i++) {
    char text[80];
    sprintf(text, "[1,{\"_placeholder\":true,\"num\":%s}]", nums[i]);
    assert_int_equal(decode_args(L, text, &attachment, 1), SIO_EPARSE);
  }
  assert_int_equal(decode_args(L, "[{\"_placeholder\":true}]", &attachment, 1), SIO_EPARSE);
}

/* The object of a placeholder is a level, however it is written. */
static void placeholders_count_as_levels(void **state) {
  static const char *const placeholders[] = {"{\"_placeholder\":true,\"num\":0}",
                                             "{ \"_placeholder\":true,\"num\":0}"};
  lua_State *L = *state;
  const sio_bytes attachment = SIO_BYTES("a");
  char open[SIO_MAX_DEPTH + 1], close[SIO_MAX_DEPTH + 1], text[3 * SIO_MAX_DEPTH];
  for (int levels = SIO_MAX_DEPTH - 1; levels <= SIO_MAX_DEPTH; levels++)
    for (size_t i = 0; i < COUNT(placeholders); i++) {
      memset(open, '[', sizeof(open));
      memset(close, ']', sizeof(close));
      sprintf(text, "[%.*s%s%.*s]", levels, open, placeholders[i], levels, close);
      int n = decode_args(L, text, &attachment, 1);
      assert_int_equal(n, levels < SIO_MAX_DEPTH ? 1 : SIO_ELIMIT);
      lua_settop(L, 0);
    }
}

/* ---- Binary ---- */

static void a_binary_is_bytes_that_are_no_text(void **state) {
  lua_State *L = *state;
  static const char *const conditions[] = {
      "tostring(sio.binary 'a\\0b') == 'a\\0b'",
      "#sio.binary 'abc' == 3 and #sio.binary '' == 0",
      "sio.binary 'abc' == sio.binary 'abc' and sio.binary 'abc' ~= sio.binary 'abd'",
      "sio.binary 'abc' ~= 'abc' and sio.binary '' ~= io.stdout",
      "sio.isBinary(sio.binary '')",
      "not sio.isBinary 'x' and not sio.isBinary(nil) and not sio.isBinary()",
      "not sio.isBinary(io.stdout) and not sio.isBinary {} and not sio.isBinary(sio.null)",
      "sio.binary(sio.binary 'x') == sio.binary 'x'",
      "getmetatable(sio.binary 'x') == 'socketio.Binary'",
      "not pcall(sio.binary) and not pcall(sio.binary, 1) and not pcall(sio.binary, {})",
      "not pcall(function() return sio.binary('x').field end)",
  };
  for (size_t i = 0; i < COUNT(conditions); i++) {
    lua_fixture_eval(L, conditions[i]);
    if (!lua_toboolean(L, -1))
      fail_msg("not %s", conditions[i]);
    lua_settop(L, 0);
  }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, lua_fixture_set_up, lua_fixture_tear_down)
  const struct CMUnitTest tests[] = {
      TEST(decodes_each_kind_of_value),
      TEST(decodes_containers_of_any_size),
      TEST(refuses_what_is_not_json),
      TEST(a_nul_is_no_end),
      TEST(takes_as_many_levels_as_promised),
      TEST(spreads_arguments_on_the_stack),
      TEST(counts_arguments),
      TEST(puts_attachments_in),
      TEST(only_true_makes_a_placeholder),
      TEST(refuses_placeholders_of_nothing),
      TEST(placeholders_count_as_levels),
      TEST(a_binary_is_bytes_that_are_no_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
