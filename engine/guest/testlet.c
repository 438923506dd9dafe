/* SPDX-License-Identifier: MIT
 *
 * testlet.c - op "run": runs the testlet in a child process, and sends what it wrote,
 * returned and used as frames. Lua runs in the child, in the state that the request was
 * read into.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lualib.h>

#include "guest/guest.h"

#define PATH_SIZE 512
#define EXIT_MAX  4096 /* bytes of the last frame */

/* What both sides of the fork know. */
struct testlet {
    lua_State *L; /* the request is on top */
    int kind;     /* enum ct_testlet_kind */
    const char **argv;
    int directory;           /* the script's own directory; -1: there is none */
    char folder[32];         /* that directory's name in the guest's */
    const char *script_name; /* borrowed from the request */
    char script[PATH_SIZE];
    size_t limit; /* bytes of stdout, and of stderr */
    size_t written[2];
    ct_buf value;
    bool host_gone;
};

/* ---- the child ---- */

/* Makes the folder for what the testlet leaves. The host names it as lying in the guest's
 * own directory. */
static void make_artifacts(void) {
    static const char variable[] = "CLEANTEST_ARTIFACTS";
    char path[PATH_SIZE];
    ct_error error;
    const char *named = getenv(variable);
    if (!named || !guest_own_path(named, path, sizeof path))
        return;
    int own = guest_own_directory(&error);
    if (own >= 0 && mkdirat(own, strrchr(path, '/') + 1, 0700) == 0)
        setenv(variable, path, 1);
    else
        unsetenv(variable);
}

static void go_home(void) {
    const char *home = getenv("HOME");
    if (!home || chdir(home) < 0)
        if (chdir("/root") < 0 && chdir("/") < 0)
            perror("cleantest: chdir");
}

/* What runs a script without a "#!" line: its name's ending says so, or it is sh, as with
 * execvp(). */
static const char *interpreter(const char *script) {
    const char *suffix = strrchr(script, '.');
    return suffix && strcmp(suffix, ".py") == 0 ? "python3" : "sh";
}

/* true when a function on the stack is not the library's, which is known by the names of
 * its chunks. */
static bool has_own_code(lua_State *L) {
    static const char library[] = "=cleantest.";
    lua_Debug frame;
    for (int level = 1; lua_getstack(L, level, &frame); level++) {
        lua_getinfo(L, "S", &frame);
        if (strcmp(frame.what, "C") != 0 &&
            strncmp(frame.source, library, sizeof library - 1) != 0)
            return true;
    }
    return false;
}

/* What was thrown, in words: a table by its fields. */
static const char *show_thrown(lua_State *L) {
    if (lua_type(L, 1) == LUA_TTABLE) {
        lua_getglobal(L, "require");
        lua_pushstring(L, "cleantest.show");
        if (lua_pcall(L, 1, 1, 0) == LUA_OK) {
            lua_pushvalue(L, 1);
            if (lua_pcall(L, 1, 1, 0) == LUA_OK && lua_type(L, -1) == LUA_TSTRING)
                return lua_tostring(L, -1);
        }
        lua_pop(L, 1);
    }
    return luaL_tolstring(L, 1, NULL);
}

/* Adds a traceback, unless only the library's code is on the stack: where an installer
 * fails helps nobody. */
static int add_traceback(lua_State *L) {
    const char *message = show_thrown(L);
    if (has_own_code(L))
        luaL_traceback(L, L, message, 1);
    return 1;
}

/* Replaces the paths in the table on top that begin with GUEST_PREFIX. */
static void relocate(lua_State *L) {
    char own[PATH_SIZE];
    if (!lua_checkstack(L, 4))
        return;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        if (lua_type(L, -1) == LUA_TTABLE) {
            relocate(L);
        } else if (lua_type(L, -1) == LUA_TSTRING &&
                   guest_own_path(lua_tostring(L, -1), own, sizeof own)) {
            lua_pushvalue(L, -2);
            lua_pushstring(L, own);
            lua_rawset(L, -5);
        }
    }
}

/* Unpacks the request's code, which loads the modules that came along, and pushes the
 * result. false: it pushes a message. */
static bool push_packed(lua_State *L, int request) {
    size_t length = 0;
    ct_error error = {0};
    lua_pushvalue(L, request);
    const char *code = guest_string(L, "code", &length);
    lua_pop(L, 1);
    const char *at = code;
    if (code && ct_lua_unpack(L, &at, code + length, true, &error) == CT_OK)
        return true;
    lua_pushstring(L, error.message);
    return false;
}

/* true for what Lua programs return when they have failed: nil or false, and a
 * message. */
static bool has_failed(lua_State *L, int first) {
    return lua_gettop(L) > first && !lua_toboolean(L, first) &&
           lua_type(L, first + 1) == LUA_TSTRING;
}

/* Pushes the function to call. false: it has written a message to stderr. The request is
 * at the index `request`. */
static bool push_callee(lua_State *L, const struct testlet *testlet, int request) {
    if (testlet->kind == CT_TESTLET_LUA) {
        size_t length = 0;
        lua_pushvalue(L, request);
        const char *code = guest_string(L, "code", &length);
        const char *name = guest_string(L, "name", NULL);
        lua_pop(L, 1);
        if (luaL_loadbufferx(L, code ? code : "", length, name ? name : "=testlet",
                             "t") == LUA_OK)
            return true;
    } else if (push_packed(L, request)) {
        if (lua_type(L, -1) != LUA_TSTRING)
            return true;
        if (lua_getfield(L, request, "args") == LUA_TTABLE)
            relocate(L);
        lua_pop(L, 1);
        lua_getglobal(L, "require");
        lua_insert(L, -2);
        if (lua_pcall(L, 1, 1, 0) == LUA_OK)
            return true;
    }
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
    return false;
}

/* Pushes the arguments, and returns how many. -1: it has written a message to stderr. */
static int push_args(lua_State *L, int request) {
    int count = 0;
    if (lua_getfield(L, request, "args") == LUA_TTABLE) {
        lua_getfield(L, -1, "n");
        lua_Integer wanted = lua_tointeger(L, -1);
        lua_pop(L, 1);
        if (wanted < 0 || wanted >= INT_MAX || !lua_checkstack(L, (int) wanted + 1)) {
            fprintf(stderr, "cleantest: too many arguments\n");
            return -1;
        }
        count = (int) wanted;
        for (int i = 1; i <= count; i++)
            lua_rawgeti(L, -i, i);
        lua_remove(L, -count - 1);
    } else {
        lua_pop(L, 1);
    }
    return count;
}

/* Sends what the testlet returned to the parent. */
static int give_value(lua_State *L, int extra) {
    ct_buf value;
    ct_error error = {0};
    ct_buf_init(&value, CT_VALUE_SIZE_MAX);
    int code = ct_lua_pack(L, -1, &value, CT_LUA_NO_FUNCTIONS, &error);
    if (code < 0) {
        fprintf(stderr, "the testlet's return value can't travel: %s\n", error.message);
        return 1;
    }
    bool ignored = ct_write_all(extra, value.data, value.length);
    (void) ignored; /* the parent may have had enough, and say so itself */
    ct_buf_fini(&value);
    return 0;
}

/* Ends a Lua testlet, whose value is on top. What the module cleantest.test has collected
 * goes along with it, and a failure there is the testlet's. */
static int finish_lua(lua_State *L, int status, int extra) {
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    if (lua_getfield(L, -1, "cleantest.test") != LUA_TNIL &&
        luaL_getmetafield(L, -1, "collect") == LUA_TFUNCTION) {
        lua_pushvalue(L, -4);
        if (lua_pcall(L, 1, 2, 0) == LUA_OK) {
            status |= lua_toboolean(L, -1);
            lua_pop(L, 1);
        }
    } else {
        lua_pop(L, 2);
    }
    if (lua_isnil(L, -1))
        return status;
    return give_value(L, extra) | status;
}

static int run_lua(const struct testlet *testlet, int extra) {
    lua_State *L = testlet->L;
    int request = lua_gettop(L);
    guest_open_libraries(L);
    lua_pushcfunction(L, add_traceback);
    int handler = lua_gettop(L);
    if (!push_callee(L, testlet, request))
        return 1;
    int count = push_args(L, request);
    if (count < 0)
        return 1;
    int first = lua_gettop(L) - count;
    if (lua_pcall(L, count, LUA_MULTRET, handler) != LUA_OK) {
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
        lua_pushnil(L);
        return finish_lua(L, 1, extra);
    }
    if (has_failed(L, first)) {
        fprintf(stderr, "%s\n", lua_tostring(L, first + 1));
        lua_pushnil(L);
        return finish_lua(L, 1, extra);
    }
    lua_settop(L, first);
    return finish_lua(L, 0, extra);
}

static int become_testlet(void *context, int extra) {
    struct testlet *testlet = context;
    guest_set_env(testlet->L);
    make_artifacts();
    go_home();
    if (testlet->kind == CT_TESTLET_COMMAND)
        return process_exec(testlet->argv);
    if (testlet->kind == CT_TESTLET_SCRIPT)
        return process_exec_script(testlet->argv, interpreter(testlet->script));
    return run_lua(testlet, extra);
}

/* ---- the parent ---- */

static bool take_output(struct testlet *testlet, int stream, const char *data,
                        size_t length) {
    size_t room = testlet->limit - testlet->written[stream];
    size_t taken = length < room ? length : room;
    testlet->written[stream] += taken;
    if (taken > 0 &&
        !guest_send(stream == PROCESS_STDOUT ? CT_FRAME_STDOUT : CT_FRAME_STDERR, data,
                    taken))
        testlet->host_gone = true;
    return taken == length && !testlet->host_gone;
}

static bool take_stream(void *context, int stream, const char *data, size_t length) {
    struct testlet *testlet = context;
    if (stream != PROCESS_EXTRA)
        return take_output(testlet, stream, data, length);
    return ct_buf_add(&testlet->value, data, length) == CT_OK;
}

static bool send_exit(const process_end *end) {
    ct_table table;
    ct_buf frame;
    ct_buf_init(&frame, EXIT_MAX);
    ct_table_begin(&table, EXIT_MAX);
    if (end->signal)
        ct_table_number(&table, "signal", end->signal);
    else
        ct_table_number(&table, "exit_code", end->exit_code);
    ct_table_boolean(&table, "timed_out", end->timed_out);
    ct_table_string(&table, "limit", end->limit < 0 ? "" : ct_stream_words[end->limit]);
    ct_table_number(&table, "cpu_user", end->cpu_user);
    ct_table_number(&table, "cpu_system", end->cpu_system);
    ct_table_number(&table, "duration", end->duration);
    ct_table_number(&table, "max_rss", (double) end->max_rss);
    bool sent = ct_table_end(&table, &frame, CT_FRAME_EXIT) == CT_OK &&
                guest_write(frame.data, frame.length);
    ct_buf_fini(&frame);
    return sent;
}

/* Puts the script into a directory of its own in the guest's. */
static int write_script(struct testlet *testlet, ct_error *error) {
    size_t length = 0;
    const char *code = guest_string(testlet->L, "code", &length);
    const char *name = guest_string(testlet->L, "name", NULL);
    const char *base = name && strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
    int own = guest_own_directory(error), file = -1, result = CT_OK;
    if (own < 0)
        return own;
    testlet->script_name = base && *base ? base : "script";
    snprintf(testlet->folder, sizeof testlet->folder, "run-%d", (int) getpid());
    char path[PATH_SIZE / 2];
    snprintf(path, sizeof path, GUEST_PREFIX "%s/%s", testlet->folder,
             testlet->script_name);
    if (!guest_own_path(path, testlet->script, PATH_SIZE))
        return ct_fail(error, CT_E_ARGUMENT, "guest: the script's name is too long");
    if (mkdirat(own, testlet->folder, 0700) == 0 || errno == EEXIST)
        testlet->directory =
            openat(own, testlet->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (testlet->directory >= 0)
        file = openat(testlet->directory, testlet->script_name,
                      O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0700);
    if (file < 0 || !ct_write_all(file, code, length))
        result = ct_fail_errno(error, "guest: writing %s", testlet->script);
    if (file >= 0)
        close(file);
    testlet->argv[0] = testlet->script;
    return result;
}

/* Removes what was opened, not what the path leads to: that the testlet may have
 * replaced. */
static void remove_script(const struct testlet *testlet) {
    ct_error error;
    if (testlet->directory < 0)
        return;
    unlinkat(testlet->directory, testlet->script_name, 0);
    close(testlet->directory);
    int own = guest_own_directory(&error);
    if (own >= 0)
        unlinkat(own, testlet->folder, AT_REMOVEDIR);
}

static int supervise(struct testlet *testlet, ct_error *error) {
    bool lua = testlet->kind == CT_TESTLET_LUA || testlet->kind == CT_TESTLET_CALL;
    process what = {.child = become_testlet,
                    .context = testlet,
                    .want_extra = lua,
                    .timeout = guest_number(testlet->L, "timeout", 0),
                    .hangup = STDIN_FILENO,
                    .outlet = STDOUT_FILENO,
                    .take = take_stream,
                    .take_context = testlet};
    process_end end;
    if (process_run(&what, &end, error) < 0)
        return guest_fail(error);
    if (end.hung_up || testlet->host_gone)
        return GUEST_BROKEN;
    if ((end.exit_code == 0 || end.exit_code == 1) && testlet->value.length > 0 &&
        !guest_send(CT_FRAME_VALUE, testlet->value.data, testlet->value.length))
        return GUEST_BROKEN;
    return send_exit(&end) ? 0 : GUEST_BROKEN;
}

static size_t read_limit(lua_State *L) {
    double limit = guest_number(L, "output_limit", (double) CT_OUTPUT_LIMIT);
    return limit >= 0 && limit < (double) SIZE_MAX ? (size_t) limit : CT_OUTPUT_LIMIT;
}

static int read_kind(lua_State *L) {
    const char *word = guest_string(L, "kind", NULL);
    return word ? ct_word_find(ct_testlet_words, word) : CT_TESTLET_COMMAND;
}

int guest_run(lua_State *L) {
    struct testlet testlet = {.L = L, .kind = read_kind(L), .directory = -1};
    ct_error error = {0};
    int code = CT_OK;
    bool script = testlet.kind == CT_TESTLET_SCRIPT;
    ct_buf_init(&testlet.value, CT_VALUE_SIZE_MAX);
    testlet.limit = read_limit(L);
    testlet.argv = guest_list(L, "argv", script ? "script" : NULL);
    if (!testlet.argv)
        code = ct_fail(&error, CT_E_NO_MEMORY, "guest: out of memory");
    else if (script)
        code = write_script(&testlet, &error);
    int status = code < 0 ? guest_fail(&error) : supervise(&testlet, &error);
    remove_script(&testlet);
    free(testlet.argv);
    ct_buf_fini(&testlet.value);
    return status;
}
