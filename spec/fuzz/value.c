/* SPDX-License-Identifier: MIT
 *
 * A fuzzer for what the host reads from a guest: values, flat and as Lua. What was read
 * must come out the same when it is written and read again.
 */
#include <lauxlib.h>
#include <stdlib.h>

#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *start = (const char *) data, *end = start + size, *at = start;
    ct_value value;
    ct_value_field(start, end, "exit_code", &value);
    bool valid = ct_value_skip(&at, end) == CT_OK;
    lua_State *L = luaL_newstate();
    at = start;
    if (ct_lua_unpack(L, &at, end, false, NULL) == CT_OK) {
        ct_buf out;
        ct_buf_init(&out, CT_VALUE_SIZE_MAX);
        if (!valid || ct_lua_pack(L, -1, &out, CT_LUA_NO_FUNCTIONS, NULL) < 0)
            abort();
        at = out.data;
        if (ct_value_skip(&at, out.data + out.length) < 0 || at != out.data + out.length)
            abort();
        ct_buf_fini(&out);
    }
    lua_close(L);
    return 0;
}
