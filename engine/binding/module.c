/* SPDX-License-Identifier: MIT
 *
 * module.c - the table that require "cleantest.core" returns, and the two things all
 * bound types share: how a type is registered and how a failure is returned. It is for
 * the Lua layer; suites use "cleantest".
 */
#include "binding/binding.h"

static const luaL_Reg functions[] = {
    {"run_open", lct_run_open},
    {"batch_new", lct_batch_new},
    {"pack", lct_pack},
    {"clean", lct_clean},
    {"bases", lct_bases},
    {"bases_prune", lct_bases_prune},
    {"terminal", lct_terminal},
    {"clock", lct_clock},
    {"absolute", lct_absolute},
    {"make_folders", lct_make_folders},
    {"file_type", lct_file_type},
    {"entries", lct_entries},
    {"signals_open", lct_signals_open},
    {NULL, NULL},
};

int luaopen_cleantest_core(lua_State *L) {
    ct_error error = {0};
    luaL_checkversion(L);
    /* now, not with the first run: a suite may open files before, and the report
     * prints */
    if (ct_standard_streams_ensure(&error) < 0)
        return luaL_error(L, "%s", error.message);
    lct_run_init(L);
    lct_batch_init(L);
    lct_signals_init(L);
    luaL_newlib(L, functions);
    lua_pushstring(L, ct_version());
    lua_setfield(L, -2, "version");
    return 1;
}
