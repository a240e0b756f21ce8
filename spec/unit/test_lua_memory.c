/* Every allocation of the codec fails once: those of Lua, which then raises, and the core's. */
#include "base/error.h"
#include "lua/decode.h"
#include "lua/unpack.h"
#include "lua_fixture.h"

/*
 * Runs the function in a new state each time, with its first allocation failing, then its second,
 * and so on until one run needs fewer. Each run must succeed or say that there is no memory, leave
 * the state usable, and no block behind when that is closed. Returns the number of allocations.
 */
static size_t fail_each(const char *preparation, lua_CFunction function) {
  for (size_t n = 1; n < 100000; n++) {
    void *state = NULL;
    assert_int_equal(lua_fixture_set_up(&state), 0);
    lua_State *L = state;
    if (luaL_dostring(L, preparation) != LUA_OK)
      fail_msg("%s", lua_tostring(L, -1));

    lua_pushcfunction(L, function);
    fail_alloc_at(n);
    int status = lua_pcall(L, 0, 0, 0);
    bool failed = fail_alloc_has_failed();
    fail_alloc_at(0);
    if (status != LUA_OK && !(failed && strstr(lua_tostring(L, -1), "memory") != NULL))
      fail_msg("allocation %zu: %s", n, lua_tostring(L, -1));

    lua_settop(L, 0);
    lua_pushcfunction(L, function);
    lua_call(L, 0, 0);
    assert_int_equal(lua_fixture_tear_down(&state), 0);
    if (!failed)
      return n - 1;
  }
  fail_msg("no end");
  return 0;
}

static int encode(lua_State *L) {
  lua_getglobal(L, "encodeAll");
  lua_call(L, 0, 0);
  return 0;
}

static void encoding_survives_each_failure(void **state) {
  (void)state;
  size_t count =
      fail_each("local wide, deep = {}, {}"
                " for i = 1, 100 do wide[i] = {i, 'text ' .. i, sio.binary 'b'} end"
                " for _ = 1, 100 do deep = {deep, x = 1} end"
                " local hooked = {toJSON = function() return {sio.encode{1}, sio.binary 'x'} end}"
                " local refused = {a = {b = print}}"
                " function encodeAll()"
                "   sio.encodeArgs(1, wide, hooked, deep, '\\xed\\xa0\\x80', 'a\\nb')"
                "   local ok, message = pcall(sio.encode, refused)"
                "   assert(not ok)"
                "   if message ~= 'cannot encode a function at value.a.b' then error(message) end"
                " end",
                encode);
  assert_true(count > 100);
}

static int decode(lua_State *L) {
  static const char text[] = "[\"a string of more than forty bytes, which Lua does not intern\","
                             "{\"a\\n\":[1,2.5,{\"_placeholder\":true,\"num\":1}],\"b\":{}},null,"
                             "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]],"
                             "[1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,"
                             "4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6]]";
  const sio_bytes attachments[] = {SIO_BYTES("one"), SIO_BYTES("two")};
  L = lua_newthread(L); /* whose stack is small and has to grow */
  lua_pushliteral(L, "below");
  sio_lua_fault fault;
  int values = sio_lua_decode_args(L, SIO_BYTES(text), attachments, 2, &fault);
  if (values != 5) {
    assert_int_equal(values, SIO_ENOMEM);
    assert_int_equal(lua_gettop(L), 1);
  }
  return 0;
}

static void decoding_survives_each_failure(void **state) {
  (void)state;
  assert_true(fail_each("", decode) > 50);
}

static void packing_survives_each_failure(void **state) {
  (void)state;
  size_t count =
      fail_each("local wide, deep = {}, {}"
                " for i = 1, 100 do wide[i] = {i, 'text ' .. i, sio.binary 'b'} end"
                " for _ = 1, 100 do deep = {deep, x = 1} end"
                " local hooked = {toJSON = function() return {sio.binary(sio.pack{1})} end}"
                " local refused = {a = {b = print}}"
                " function encodeAll()"
                "   sio.pack(wide) sio.pack(deep)"
                "   assert(sio.pack(('x'):rep(1000)) and sio.pack({[1.5] = 1}))"
                "   local ok, message = pcall(sio.pack, hooked)"
                "   if not ok then error(message) end"
                "   ok, message = pcall(sio.pack, refused)"
                "   assert(not ok)"
                "   if message ~= 'cannot encode a function at value.a.b' then error(message) end"
                " end",
                encode);
  assert_true(count > 20);
}

static int unpack(lua_State *L) {
  static const char bytes[] =
      "\x96\xd9\x31"
      "a string of more than forty bytes, and so a block"
      "\xd7\0\0\0\0\0\0\0\0\0"
      "\x82\xa1x\x92\1\xcb\x3f\xf8\0\0\0\0\0\0\xa1y\xc4\1!"
      "\xc0\xc7\1\5!"
      "\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x90";
  L = lua_newthread(L); /* whose stack is small and has to grow */
  lua_pushliteral(L, "below");
  sio_lua_fault fault;
  int values = sio_lua_unpack_args(L, SIO_BYTES(bytes), &fault);
  if (values != 6) {
    assert_int_equal(values, SIO_ENOMEM);
    assert_int_equal(lua_gettop(L), 1);
  }
  return 0;
}

static void unpacking_survives_each_failure(void **state) {
  (void)state;
  assert_true(fail_each("", unpack) > 30);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(encoding_survives_each_failure),
      cmocka_unit_test(decoding_survives_each_failure),
      cmocka_unit_test(packing_survives_each_failure),
      cmocka_unit_test(unpacking_survives_each_failure),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
