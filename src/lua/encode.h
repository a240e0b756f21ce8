/*
 * Lua values to JSON, binary attachments taken out in the same walk: one pass, no tree between. The
 * text is JSON.stringify's for the same value, save that integers keep all their digits.
 *
 *   nil, socketio.null          null
 *   boolean, number, string     the same; NaN and infinities null
 *   Binary                      a placeholder, and the bytes as the next attachment
 *   table with array_mt         an array; what is not at an index from 1 on is left out
 *   table with keys 1, 2, ...   an array, null in its holes
 *   other tables                an object, its numeric keys as strings; an empty table is {}
 *   table or userdata with a function __tojson or toJSON, of its own or in its metatable:
 *                               what that returns when called with it
 */
#ifndef SIO_LUA_ENCODE_H
#define SIO_LUA_ENCODE_H

#include <lua.h>

#include "lua/encoding.h"

/*
 * Both append to the encoding and, in either case, push one value. [-0, +1, e]
 *
 * 0: the value anchors what the attachments borrow from: they are valid while it is on the stack.
 * Negative (SIO_EINVAL: a value that JSON has no word for; SIO_EUTF8; SIO_ELIMIT: depth;
 * SIO_ENOMEM): the value is the message to raise, which names the place; the encoding's content is
 * undefined.
 *
 * They call the program's __tojson and toJSON and raise what those raise. The encoding is the
 * caller's and nothing else is owned, so that an error that passes by leaks nothing.
 */

/*
 * The values at first..last (positive indices; none if last < first) as an array. Messages call
 * them args[number], args[number + 1] and so on; number 0 is an event's name.
 */
int sio_lua_encode_args(lua_State *L, int first, int last, int number, sio_lua_encoding *encoding);

/* One value, which messages call name. A Binary is refused: no attachment could follow. */
int sio_lua_encode_value(lua_State *L, int idx, const char *name, sio_lua_encoding *encoding);

#endif
