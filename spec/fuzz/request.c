/* SPDX-License-Identifier: MIT
 *
 * A fuzzer for the guest's side: a request, as the host packs it, and how it is read.
 * Nothing is executed: process_run(), which would, reads the rest of the request instead,
 * as the child does. Functions, which are code, are not read.
 */
#include "guest/lua_testlet.c"
#include "guest/testlet.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FOLDER "/tmp/cleantest-fuzz-guest"

/* ---- what stands in for the guest's other files ---- */

int process_run(const process *what, process_end *end, ct_error *error) {
    struct testlet *testlet = what->context;
    lua_State *L = testlet->L;
    int request = lua_gettop(L);
    (void) error;
    guest_set_env(L);
    clearenv();
    for (const char **word = testlet->argv; *word; word++)
        if (strlen(*word) > CT_FRAME_MAX)
            abort();
    if (lua_getfield(L, request, "args") == LUA_TTABLE)
        relocate(L);
    lua_settop(L, request);
    if (testlet->kind == CT_TESTLET_LUA && push_callee(L, testlet->kind, request))
        (void) push_args(L, request);
    lua_settop(L, request);
    *end = (process_end){.limit = -1};
    return take_stream(what->take_context, PROCESS_STDOUT, "output", 6) ? CT_OK : CT_OK;
}

int process_exec(const char *const *argv) {
    (void) argv;
    return 127;
}

bool guest_send(enum ct_frame_type type, const void *data, size_t length) {
    (void) type;
    (void) data;
    return length <= CT_FRAME_MAX;
}

bool guest_write(const char *data, size_t length) {
    (void) data;
    return length <= CT_FRAME_MAX;
}

int guest_fail(const ct_error *error) {
    return error->code < 0 ? 1 : 2;
}

int process_exec_script(const char *const *argv, const char *interpreter) {
    (void) argv;
    (void) interpreter;
    return 127;
}

int guest_own_directory(ct_error *error) {
    int folder = open(FOLDER, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return folder < 0 ? ct_fail_errno(error, FOLDER) : folder;
}

bool guest_own_path(const char *path, char *own, size_t size) {
    static const char prefix[] = GUEST_PREFIX;
    if (strncmp(path, prefix, sizeof prefix - 1) != 0)
        return false;
    snprintf(own, size, FOLDER "/%s", path + sizeof prefix - 1);
    return true;
}

void guest_open_libraries(lua_State *L) {
    (void) L;
}

/* ---- the fuzzer ---- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bool ready;
    if (!ready)
        ready = mkdir(FOLDER, 0700) == 0 || errno == EEXIST;
    const char *at = (const char *) data;
    lua_State *L = luaL_newstate();
    ct_error error = {0};
    if (ct_lua_unpack(L, &at, at + size, false, &error) == CT_OK && lua_istable(L, -1)) {
        guest_string(L, "op", NULL);
        guest_number(L, "ready_timeout", 120);
        guest_boolean(L, "directory");
        guest_run(L);
    }
    lua_close(L);
    return 0;
}
