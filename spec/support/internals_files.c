/* SPDX-License-Identifier: MIT
 *
 * internals_files.c - trees of files, and leases, for internals_spec.lua.
 */
#include <stdio.h>
#include <string.h>

#include "internals.h"
#include "provider/provider.h"
#include "tree/tree.h"

/* read_tree(source, directory, meanwhile) -> the frames' bytes; meanwhile, if it is
 * given, is called when the first 64 KiB were read */
static int read_tree(lua_State *L) {
    ct_buf buf;
    ct_error error = {0};
    ct_tree_reader *reader;
    int more = ct_tree_reader_open(luaL_checkstring(L, 1), lua_toboolean(L, 2) != 0,
                                   &reader, &error);
    if (more < 0)
        return internals_failure(L, more, &error);
    ct_buf_init(&buf, 64 * CT_MIB);
    more = ct_tree_reader_next(reader, &buf, &error);
    if (more > 0 && lua_isfunction(L, 3))
        lua_call(L, 0, 0);
    while (more > 0)
        more = ct_tree_reader_next(reader, &buf, &error);
    ct_tree_reader_close(reader);
    if (more == 0)
        return internals_take(L, &buf);
    ct_buf_fini(&buf);
    return internals_failure(L, more, &error);
}

static int write_frames(ct_tree_writer *writer, const char *at, size_t left,
                        ct_error *error) {
    int code = 1;
    while (code > 0 && left > 0) {
        enum ct_frame_type type;
        const char *data;
        size_t length;
        int taken = ct_frame_parse(at, left, &type, &data, &length);
        if (taken <= 0)
            return ct_fail(error, CT_E_PROTOCOL, "no frame");
        code = ct_tree_writer_take(writer, type, data, length, error);
        at += taken;
        left -= (size_t) taken;
    }
    return code;
}

/* write_tree(dest, bytes, options) -> true when END was taken, false when more is
 * expected */
static int write_tree(lua_State *L) {
    size_t length;
    ct_error error = {0};
    const char *dest = luaL_checkstring(L, 1), *bytes = luaL_checklstring(L, 2, &length);
    luaL_checktype(L, 3, LUA_TTABLE);
    lua_getfield(L, 3, "directory");
    lua_getfield(L, 3, "no_overwrite");
    lua_getfield(L, 3, "limit");
    ct_tree_options options = {.directory = lua_toboolean(L, -3) != 0,
                               .no_overwrite = lua_toboolean(L, -2) != 0,
                               .limit = (uint64_t) lua_tointeger(L, -1)};
    ct_tree_writer *writer;
    int code = ct_tree_writer_open(dest, &options, &writer, &error);
    if (code < 0)
        return internals_failure(L, code, &error);
    code = write_frames(writer, bytes, length, &error);
    ct_tree_writer_close(writer);
    if (code < 0)
        return internals_failure(L, code, &error);
    lua_pushboolean(L, code == 0);
    return 1;
}

/* lease_dead(changes) -> whether this process' own lease, with changes, is a dead one's
 * */
static int lease_dead(lua_State *L) {
    ct_lease lease;
    luaL_checktype(L, 1, LUA_TTABLE);
    ct_lease_init(&lease, "specs", 60);
    if (lua_getfield(L, 1, "pid") != LUA_TNIL)
        lease.pid = (long) lua_tointeger(L, -1);
    if (lua_getfield(L, 1, "started") != LUA_TNIL)
        lease.started += (uint64_t) lua_tointeger(L, -1);
    if (lua_getfield(L, 1, "expiry") != LUA_TNIL)
        lease.expiry += lua_tointeger(L, -1);
    if (lua_getfield(L, 1, "host") != LUA_TNIL)
        snprintf(lease.host, sizeof lease.host, "%s", lua_tostring(L, -1));
    lua_getfield(L, 1, "preserved");
    lease.preserved = lua_toboolean(L, -1) != 0;
    lua_pushboolean(L, ct_lease_dead(&lease));
    return 1;
}

void internals_files(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"read_tree", read_tree},
        {"write_tree", write_tree},
        {"lease_dead", lease_dead},
        {NULL, NULL},
    };
    luaL_setfuncs(L, functions, 0);
}
