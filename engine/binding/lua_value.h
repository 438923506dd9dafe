/* SPDX-License-Identifier: MIT
 *
 * lua_value.h - Lua values as bytes and back; the same code in the host's binding and in the
 * guest. The encoding of plain data is value.c's; functions are described in lua_value.c.
 */
#ifndef CT_LUA_VALUE_H
#define CT_LUA_VALUE_H

#include <lua.h>

#include "../engine.h"

/* Adds the value at index to out. With functions, Lua functions travel too, their upvalues by
 * value. CT_E_ARGUMENT when something in it can't travel: the message names it and its place,
 * "upvalue 'sock' is a userdata". CT_E_LIMIT, CT_E_NO_MEMORY. Raises no Lua error; leaves the
 * stack as it was. */
CT_CHECK int ct_lua_pack(lua_State *L, int index, ct_buf *out, bool functions,
                         ct_error *error);

/* Pushes the value at *at, and moves *at behind it. Without functions, which is how the host
 * reads what a guest sent, a function is CT_E_PROTOCOL: its code is never loaded. Pushes
 * nothing on failure. Raises no Lua error. */
CT_CHECK int ct_lua_unpack(lua_State *L, const char **at, const char *end, bool functions,
                           ct_error *error);

#endif
