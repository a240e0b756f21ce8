#include "lua/encode.h"

#include <stdio.h>

#include "base/error.h"
#include "lua/binary.h"
#include "lua_fixture.h"

/* Encodes what the expressions give, as an acknowledgement; *out is the state's own scratch. */
static int encode(lua_State *L, const char *expressions, sio_lua_encoding **out) {
  lua_settop(L, 0);
  *out = sio_lua_encoding_take(L);
  lua_fixture_eval(L, expressions);
  int top = lua_gettop(L);
  int err = sio_lua_encode_args(L, 2, top, 1, *out);
  assert_int_equal(lua_gettop(L), top + 1);
  return err;
}

static void done(lua_State *L) {
  sio_lua_encoding_give(L, 1);
  lua_settop(L, 0);
}

typedef struct example {
  const char *values;
  const char *expected;
} example;

static void assert_encoded(lua_State *L, const example *examples, size_t count) {
  for (size_t i = 0; i < count; i++) {
    sio_lua_encoding *out;
    int err = encode(L, examples[i].values, &out);
    if (err != 0)
      fail_msg("%s: %s", examples[i].values, lua_tostring(L, -1));
    sio_bytes text = sio_buf_bytes(&out->text);
    if (!sio_bytes_eq(text, sio_bytes_str(examples[i].expected)))
      fail_msg("%s: %.*s instead of %s", examples[i].values, (int)text.len, text.base,
               examples[i].expected);
    done(L);
  }
}

static void encodes_scalars(void **state) {
  static const example examples[] = {
      {"", "[]"},
      {"nil", "[null]"},
      {"nil, sio.null, nil", "[null,null,null]"},
      {"true, false", "[true,false]"},
      {"0, -1, 42, math.maxinteger, math.mininteger",
       "[0,-1,42,9223372036854775807,-9223372036854775808]"},
      {"1.0, -0.0, 2^53, 1e21, 1e-7, 0.1", "[1,0,9007199254740992,1e+21,1e-7,0.1]"},
      {"0/0, 1/0, -1/0", "[null,null,null]"},
      {"'', 'a', 'a/b'", "[\"\",\"a\",\"a/b\"]"},
  };
  assert_encoded(*state, examples, COUNT(examples));
}

static void escapes_strings_as_javascript_does(void **state) {
  static const example examples[] = {
      {"'\"\\\\\\b\\f\\n\\r\\t'", "[\"\\\"\\\\\\b\\f\\n\\r\\t\"]"},
      {"'\\0\\1\\x1f\\x7f'", "[\"\\u0000\\u0001\\u001f\x7f\"]"},
      {"'\\u{2028}\\u{e9}\\u{20ac}\\u{10ffff}'",
       "[\"\xe2\x80\xa8\xc3\xa9\xe2\x82\xac\xf4\x8f\xbf\xbf\"]"},
      {"'0123456789abcdef\"'", "[\"0123456789abcdef\\\"\"]"},
      {"'\\\"0123456789abcdef'", "[\"\\\"0123456789abcdef\"]"},
      {"'a lone \\xed\\xa0\\x80 surrogate'", "[\"a lone \\ud800 surrogate\"]"},
      {"'\\xed\\xbf\\xbf'", "[\"\\udfff\"]"},
      {"'\\u{e9}\"\\xed\\xa0\\x80\\xed\\xb0\\x80'", "[\"\xc3\xa9\\\"\\ud800\\udc00\"]"},
      {"('\\n'):rep(3)", "[\"\\n\\n\\n\"]"},
  };
  assert_encoded(*state, examples, COUNT(examples));
}

/* Each position of something special in a string, around the size of a block. */
static void finds_what_to_escape_anywhere(void **state) {
  lua_State *L = *state;
  static const char specials[] = {'"', '\n', '\x1f', '\0', '\\'};
  for (size_t len = 1; len < 50; len++)
    for (size_t at = 0; at < len; at++)
      for (size_t s = 0; s < COUNT(specials); s++) {
        char text[64], expected[80];
        memset(text, 'x', len);
        text[at] = specials[s];
        static const char *const escapes[] = {"\\\"", "\\n", "\\u001f", "\\u0000", "\\\\"};
        int n = sprintf(expected, "[\"%.*s%s%.*s\"]", (int)at, text, escapes[s],
                        (int)(len - at - 1), text + at + 1);
        sio_lua_encoding *out = sio_lua_encoding_take(L);
        lua_pushlstring(L, text, len);
        assert_int_equal(sio_lua_encode_args(L, 2, 2, 1, out), 0);
        assert_true(sio_bytes_eq(sio_buf_bytes(&out->text), sio_bytes_of(expected, (size_t)n)));
        done(L);
      }
}

static void encodes_tables(void **state) {
  static const example examples[] = {
      {"{}", "[{}]"},
      {"sio.array{}, sio.array(), sio.array(nil)", "[[],[],[]]"},
      {"{1, {2, {3}}}", "[[1,[2,[3]]]]"},
      {"{1, sio.null, 3}, {1, nil, 3}", "[[1,null,3],[1,null,3]]"},
      {"{[3] = 'c'}", "[[null,null,\"c\"]]"},
      {"{a = 1}", "[{\"a\":1}]"},
      {"{['a\"b'] = {}}", "[{\"a\\\"b\":{}}]"},
      {"{[0] = 1}, {[-5] = 1}, {[1.5] = 1}", "[{\"0\":1},{\"-5\":1},{\"1.5\":1}]"},
      {"{[math.huge] = 1}, {[-math.huge] = 1}", "[{\"Infinity\":1},{\"-Infinity\":1}]"},
      {"{'one', x = 'two'}", "[{\"1\":\"one\",\"x\":\"two\"}]"},
      {"sio.array{'one', x = 'two'}", "[[\"one\"]]"},
      {"sio.array{x = 1}", "[[]]"},
      {"{[10] = 1}", "[[null,null,null,null,null,null,null,null,null,1]]"},
      {"{[12] = 1, nil, 2, 3, 4, 5, 6}", "[[null,2,3,4,5,6,null,null,null,null,null,1]]"},
      {"setmetatable({1}, {__index = function() error 'never' end, __len = error})", "[[1]]"},
  };
  assert_encoded(*state, examples, COUNT(examples));
}

static void understands_the_marks_of_lua_cjson(void **state) {
  lua_State *L = *state;
  static const example unknown[] = {{"setmetatable({}, marks.array_mt)", "[{}]"}};
  static const example known[] = {
      {"setmetatable({}, marks.array_mt)", "[[]]"},
      {"setmetatable({1, x = 2}, marks.array_mt)", "[[1]]"},
      {"setmetatable({}, marks.empty_array_mt)", "[[]]"},
      {"setmetatable({x = 1}, marks.empty_array_mt)", "[{\"x\":1}]"},
      {"marks.empty_array, {marks.empty_array}", "[[],[[]]]"},
      {"setmetatable({}, {})", "[{}]"},
  };
  lua_fixture_eval(L, "(function() marks = {array_mt = {}, empty_array_mt = {}} end)()");
  lua_getglobal(L, "marks");
  lua_pushlightuserdata(L, &lua_fixture_alloc);
  lua_setfield(L, -2, "empty_array");
  lua_settop(L, 0);
  assert_encoded(L, unknown, COUNT(unknown));
  lua_fixture_eval(L, "(function() package.loaded['cjson.safe'] = marks end)()");
  lua_settop(L, 0);
  assert_encoded(L, known, COUNT(known));
}

static void calls_what_turns_a_table_into_json(void **state) {
  static const example examples[] = {
      {"{toJSON = function(t) return {t.a} end, a = 1}", "[[1]]"},
      {"{__tojson = function() return 'x' end}", "[\"x\"]"},
      {"setmetatable({a = 2}, {__tojson = function(t) return t.a end})", "[2]"},
      {"setmetatable({a = 2}, {toJSON = function(t) return t.a end})", "[2]"},
      {"{toJSON = 'no function'}", "[{\"toJSON\":\"no function\"}]"},
      {"{{toJSON = function() end}}", "[[null]]"},
      {"{a = {b = {toJSON = function() return {} end}}}", "[{\"a\":{\"b\":{}}}]"},
      /* Once, as in JavaScript; but what it returns may hold others. */
      {"{1, toJSON = function(t) return sio.array(t) end}", "[[1]]"},
      {"{toJSON = function() return {{toJSON = function() return 1 end}} end}", "[[1]]"},
      {"io.stdout and setmetatable({}, {__tojson = function() return true end})", "[true]"},
  };
  assert_encoded(*state, examples, COUNT(examples));
}

static void names_the_place_of_what_it_cannot_encode(void **state) {
  static const struct {
    const char *values;
    int code;
    const char *message;
  } cases[] = {
      {"print", SIO_EINVAL, "cannot encode a function at args[1]"},
      {"1, {user = {name = print}}", SIO_EINVAL, "cannot encode a function at args[2].user.name"},
      {"{1, {2, coroutine.create(print)}}", SIO_EINVAL, "cannot encode a thread at args[1][2][2]"},
      {"{['a b'] = io.stdout}", SIO_EINVAL, "cannot encode a userdata at args[1][\"a b\"]"},
      {"{[2.5] = print}", SIO_EINVAL, "cannot encode a function at args[1][2.5]"},
      {"{[0] = print}", SIO_EINVAL, "cannot encode a function at args[1][0]"},
      {"{[('x'):rep(41) .. ' '] = print}", SIO_EINVAL,
       "cannot encode a function at args[1][\"...\"]"},
      {"{['\\xff'] = {print}}", SIO_EUTF8,
       "cannot encode a key that is not valid UTF-8 at args[1]; socketio.binary(s) sends bytes"},
      {"{x = {[true] = 1}}", SIO_EINVAL, "cannot encode a boolean as a key at args[1].x"},
      {"{[print] = 1}", SIO_EINVAL, "cannot encode a function as a key at args[1]"},
      {"'a', '\\xff'", SIO_EUTF8,
       "cannot encode a string that is not valid UTF-8 at args[2]; socketio.binary(s) sends bytes"},
      {"{x = '\\xed\\xa0\\x80\\xc0'}", SIO_EUTF8,
       "cannot encode a string that is not valid UTF-8 at args[1].x; socketio.binary(s) sends "
       "bytes"},
      {"'\\xed\\xa0'", SIO_EUTF8,
       "cannot encode a string that is not valid UTF-8 at args[1]; socketio.binary(s) sends bytes"},
      {"{a = {[1] = 1, [1000] = 2}}", SIO_EINVAL,
       "cannot encode an excessively sparse array (2 of 1000 elements) at args[1].a"},
      {"sio.array{[11] = 1}", SIO_EINVAL,
       "cannot encode an excessively sparse array (1 of 11 elements) at args[1]"},
      {"{[math.maxinteger] = 1}", SIO_EINVAL,
       "cannot encode an excessively sparse array (1 of 9223372036854775807 elements) at args[1]"},
      {"(function() local t = {} t.a = {b = {t}} return t end)()", SIO_ELIMIT,
       "cannot encode a cycle at args[1].a.b[1]"},
      {"(function() local t = {} t[1] = t return {t} end)()", SIO_ELIMIT,
       "cannot encode a cycle at args[1][1][1]"},
      {"(function() local t = {} for _ = 1, 128 do t = {t} end return t end)()", SIO_ELIMIT,
       "cannot encode more than 128 levels at args[1][1][1][1][1][1][1][1][1][1][1][1][1]..."},
      {"{toJSON = function() return print end}", SIO_EINVAL, "cannot encode a function at args[1]"},
  };
  lua_State *L = *state;
  for (size_t i = 0; i < COUNT(cases); i++) {
    sio_lua_encoding *out;
    assert_int_equal(encode(L, cases[i].values, &out), cases[i].code);
    assert_string_equal(lua_tostring(L, -1), cases[i].message);
    done(L);
  }
}

static void takes_as_many_levels_as_promised(void **state) {
  lua_State *L = *state;
  sio_lua_encoding *out;
  const char *deep = "(function() local t = {} for _ = 1, 127 do t = {t} end return t, t end)()";
  assert_int_equal(encode(L, deep, &out), 0);
  assert_int_equal(out->text.len, 2 * 256 + 3);
  done(L);
}

static void names_the_event_and_the_value(void **state) {
  lua_State *L = *state;
  sio_lua_encoding *out = sio_lua_encoding_take(L);
  lua_pushstring(L, "\xff");
  assert_int_equal(sio_lua_encode_args(L, 2, 2, 0, out), SIO_EUTF8);
  assert_non_null(strstr(lua_tostring(L, -1), "at the event's name;"));
  lua_fixture_eval(L, "{data = print}");
  assert_int_equal(sio_lua_encode_value(L, -1, "auth", out), SIO_EINVAL);
  assert_string_equal(lua_tostring(L, -1), "cannot encode a function at auth.data");
  lua_fixture_eval(L, "{sio.binary 'x'}");
  assert_int_equal(sio_lua_encode_value(L, -1, "value", out), SIO_EINVAL);
  assert_string_equal(lua_tostring(L, -1), "cannot encode a Binary at value[1]; only events and "
                                           "acknowledgements carry it");
  done(L);
}

static void takes_attachments_out_in_order(void **state) {
  lua_State *L = *state;
  sio_lua_encoding *out;
  assert_int_equal(
      encode(L, "sio.binary 'one', {{sio.binary ''}, sio.binary 'th\\0ree'}, 'text'", &out), 0);
  assert_true(sio_bytes_eq(sio_buf_bytes(&out->text),
                           SIO_BYTES("[{\"_placeholder\":true,\"num\":0},[[{\"_placeholder\":true,"
                                     "\"num\":1}],{\"_placeholder\":true,\"num\":2}],\"text\"]")));
  assert_int_equal(out->count, 3);
  assert_true(sio_bytes_eq(out->attachments[0], SIO_BYTES("one")));
  assert_true(sio_bytes_eq(out->attachments[1], SIO_BYTES("")));
  assert_true(sio_bytes_eq(out->attachments[2], SIO_BYTES("th\0ree")));
  done(L);
}

/* Only the pushed value holds these, since their table is dropped and collected. */
static void keeps_attachments_alive(void **state) {
  lua_State *L = *state;
  sio_lua_encoding *out;
  const char *values = "{{toJSON = function() return {sio.binary(('x'):rep(10000))} end},"
                       " {toJSON = function() collectgarbage() return 1 end}}";
  assert_int_equal(encode(L, values, &out), 0);
  lua_gc(L, LUA_GCCOLLECT);
  lua_gc(L, LUA_GCCOLLECT);
  assert_int_equal(out->count, 1);
  for (size_t i = 0; i < 10000; i++)
    assert_int_equal(out->attachments[0].base[i], 'x');
  done(L);
}

static void encodes_within_an_encoding(void **state) {
  static const example examples[] = {
      {"{toJSON = function() return sio.encode{sio.encode{1}} end}", "[\"[\\\"[1]\\\"]\"]"},
      {"{toJSON = function() pcall(sio.encode, {print}) return 1 end}", "[1]"},
  };
  assert_encoded(*state, examples, COUNT(examples));
}

static void passes_errors_of_the_program_on(void **state) {
  lua_State *L = *state;
  lua_fixture_eval(L, "select(2, pcall(sio.encode, {toJSON = function() error('no', 0) end}))");
  assert_string_equal(lua_tostring(L, -1), "no");
  lua_settop(L, 0);
  lua_gc(L, LUA_GCCOLLECT);
  static const example after[] = {{"1", "[1]"}};
  assert_encoded(L, after, COUNT(after));
}

static void a_large_scratch_is_not_kept(void **state) {
  lua_State *L = *state;
  sio_lua_encoding *out;
  assert_int_equal(encode(L, "('x'):rep(1000000)", &out), 0);
  assert_int_equal(out->text.len, 1000004);
  done(L);
  assert_true(sio_lua_encoding_take(L) == out);
  assert_int_equal(out->text.cap, 0);
  done(L);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, lua_fixture_set_up, lua_fixture_tear_down)
  const struct CMUnitTest tests[] = {
      TEST(encodes_scalars),
      TEST(escapes_strings_as_javascript_does),
      TEST(finds_what_to_escape_anywhere),
      TEST(encodes_tables),
      TEST(understands_the_marks_of_lua_cjson),
      TEST(calls_what_turns_a_table_into_json),
      TEST(names_the_place_of_what_it_cannot_encode),
      TEST(takes_as_many_levels_as_promised),
      TEST(names_the_event_and_the_value),
      TEST(takes_attachments_out_in_order),
      TEST(keeps_attachments_alive),
      TEST(encodes_within_an_encoding),
      TEST(passes_errors_of_the_program_on),
      TEST(a_large_scratch_is_not_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
