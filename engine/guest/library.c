/* SPDX-License-Identifier: MIT
 *
 * library.c - what Lua finds inside the instance: the standard libraries, lua-cjson, the
 * modules that are embedded in the guest (lua/guest), and the module "cleantest.guest",
 * which those stand on.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lua-cjson.h>
#include <lualib.h>

#include "guest/guest.h"

/* ---- execute ---- */

#define CAPTURE_TYPE "cleantest.capture"

/* What a command wrote. It is a userdata, so that a throw leaks nothing. */
struct capture {
    ct_buf streams[2];
    const char **argv;
    lua_State *L; /* the options are at index 2 */
};

static int capture_close(lua_State *L) {
    struct capture *capture = luaL_checkudata(L, 1, CAPTURE_TYPE);
    ct_buf_fini(&capture->streams[PROCESS_STDOUT]);
    ct_buf_fini(&capture->streams[PROCESS_STDERR]);
    free(capture->argv);
    capture->argv = NULL;
    return 0;
}

static struct capture *new_capture(lua_State *L, size_t limit) {
    struct capture *capture = lua_newuserdatauv(L, sizeof *capture, 0);
    *capture = (struct capture){.L = L};
    ct_buf_init(&capture->streams[PROCESS_STDOUT], limit);
    ct_buf_init(&capture->streams[PROCESS_STDERR], limit);
    if (luaL_newmetatable(L, CAPTURE_TYPE)) {
        lua_pushcfunction(L, capture_close);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return capture;
}

static bool capture_take(void *context, int stream, const char *data, size_t length) {
    struct capture *capture = context;
    return ct_buf_add(&capture->streams[stream], data, length) == CT_OK;
}

static int capture_child(void *context, int extra) {
    (void) extra;
    struct capture *capture = context;
    lua_State *L = capture->L;
    lua_settop(L, 2);
    const char *cwd = guest_string(L, "cwd", NULL);
    if (cwd && chdir(cwd) < 0) {
        fprintf(stderr, "cleantest: can't change to %s: %s\n", cwd, strerror(errno));
        return 126;
    }
    guest_set_env(L);
    return process_exec(capture->argv);
}

static void push_end(lua_State *L, const struct capture *capture,
                     const process_end *end) {
    lua_createtable(L, 0, 6);
    lua_pushinteger(L, end->exit_code);
    lua_setfield(L, -2, "exit_code");
    if (end->signal) {
        lua_pushinteger(L, end->signal);
        lua_setfield(L, -2, "signal");
    }
    lua_pushboolean(L, end->timed_out);
    lua_setfield(L, -2, "timed_out");
    lua_pushboolean(L, end->limit >= 0);
    lua_setfield(L, -2, "truncated");
    for (int i = 0; i < 2; i++) {
        const ct_buf *bytes = &capture->streams[i];
        lua_pushlstring(L, bytes->data ? bytes->data : "", bytes->length);
        lua_setfield(L, -2, ct_stream_words[i]);
    }
}

/***
Runs a program to its end.
@function execute
@tparam table argv strings: the program, found by PATH, and its arguments
@tparam table options env (strings by name; false: none of that name), cwd, stdin (a
  string; default: nothing), timeout (seconds), output_limit (bytes of stdout, and of
  stderr; past it the program is killed)
@treturn table exit_code (-1 when it did not end by itself), signal, timed_out, truncated,
  stdout, stderr
*/
static int execute(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    size_t input_length = 0;
    const char *input = guest_string(L, "stdin", &input_length);
    double timeout = guest_number(L, "timeout", 0);
    double limit = guest_number(L, "output_limit", (double) CT_OUTPUT_LIMIT);
    struct capture *capture = new_capture(L, (size_t) limit);
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, 1);
    lua_setfield(L, -2, "argv");
    capture->argv = guest_list(L, "argv", NULL);
    if (!capture->argv || !capture->argv[0])
        return luaL_error(L, "no program to execute");
    process what = {.child = capture_child,
                    .context = capture,
                    .input = input,
                    .input_length = input_length,
                    .timeout = timeout,
                    .hangup = -1,
                    .outlet = -1,
                    .take = capture_take,
                    .take_context = capture};
    process_end end;
    ct_error error;
    if (process_run(&what, &end, &error) < 0)
        return luaL_error(L, "%s", error.message);
    push_end(L, capture, &end);
    return 1;
}

/***
Waits until the instance is ready.
@function wait_ready
@tparam string level "system", "network" or "cloud-init"
@tparam number seconds the longest wait
@treturn boolean true; or nil and a message
*/
static int wait_ready(lua_State *L) {
    ct_error error;
    const char *level = luaL_checkstring(L, 1);
    if (guest_wait_ready(level, luaL_checknumber(L, 2), -1, &error) < 0) {
        lua_pushnil(L);
        lua_pushstring(L, error.message);
        return 2;
    }
    lua_pushboolean(L, 1);
    return 1;
}

/***
@function machine
@treturn string the kernel's name of the architecture: "x86_64"
*/
static int machine(lua_State *L) {
    struct utsname name;
    lua_pushstring(L, uname(&name) == 0 ? name.machine : "unknown");
    return 1;
}

static int open_primitives(lua_State *L) {
    static const luaL_Reg functions[] = {{"execute", execute},
                                         {"exchange", guest_exchange},
                                         {"address", guest_address},
                                         {"wait_ready", wait_ready},
                                         {"machine", machine},
                                         {"stat", guest_stat},
                                         {"read_link", guest_read_link},
                                         {"list", guest_list_directory},
                                         {"clock", guest_clock},
                                         {"sleep", guest_sleep},
                                         {"wait_file", guest_wait_path},
                                         {"connect", guest_connect},
                                         {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}

/* ---- embedded modules ---- */

extern const ct_embedded guest_modules[];

void guest_open_libraries(lua_State *L) {
    luaL_openlibs(L);
    guest_open_output(L);
    ct_lua_preload(L, guest_modules, "");
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, open_primitives);
    lua_setfield(L, -2, "cleantest.guest");
    lua_pushcfunction(L, luaopen_cjson);
    lua_setfield(L, -2, "cjson");
    lua_pop(L, 1);
}
