/*
 * JSON to Lua values, attachments put in in the same walk: one pass, no tree between. RFC 8259 to
 * the letter: what Node's JSON.parse accepts is accepted, save more than SIO_MAX_DEPTH levels and
 * invalid UTF-8. Integers of 64 bits are exact.
 */
#ifndef SIO_LUA_DECODE_H
#define SIO_LUA_DECODE_H

#include <lua.h>

#include "base/bytes.h"

/* Why and where a text was refused. */
typedef struct sio_lua_fault {
  const char *reason; /* a few words, static */
  size_t at;          /* bytes before the place */
} sio_lua_fault;

/*
 * Both leave the stack as it was when they fail: SIO_EPARSE, SIO_EUTF8, SIO_ELIMIT, SIO_ENOMEM.
 * They call no Lua code but finalizers, and raise memory errors.
 */

/*
 * Pushes the elements of the array that the text is, and returns their number. null is pushed as
 * nil; inside an argument it is socketio.null. If there are attachments (copied), each object with
 * `"_placeholder": true` is replaced by the Binary that its num says, which must exist; without
 * attachments such an object is plain data. More than SIO_MAX_ARGUMENTS elements, an event's name
 * among them, are SIO_ELIMIT. [-0, +n, m]
 */
int sio_lua_decode_args(lua_State *L, sio_bytes text, const sio_bytes *attachments, size_t count,
                        sio_lua_fault *fault);

/* Pushes the value that the text is; null is socketio.null. 0 or an error. [-0, +1, m] */
int sio_lua_decode_value(lua_State *L, sio_bytes text, sio_lua_fault *fault);

#endif
