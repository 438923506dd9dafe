/* SPDX-License-Identifier: MIT
 *
 * testlet.c - op "run": runs the testlet in a child process, and sends what it wrote,
 * returned and used as frames. lua_testlet.c is what the child does when it is Lua.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/guest.h"

#define PATH_SIZE 512
#define EXIT_MAX  4096 /* bytes of the last frame */

/* What both sides of the fork know. */
struct testlet {
    lua_State *L; /* the request is on top */
    int kind;     /* ct_testlet_kind */
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

/* The path of the folder for what the testlet leaves, which the host names as lying in
 * the guest's own directory. false: there is none. */
static bool find_artifacts(const char *named, char path[PATH_SIZE]) {
    return named && guest_own_path(named, path, PATH_SIZE);
}

static void make_artifacts(void) {
    static const char variable[] = "CLEANTEST_ARTIFACTS";
    char path[PATH_SIZE];
    ct_error error;
    if (!find_artifacts(getenv(variable), path))
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

static int become_testlet(void *context, int extra) {
    struct testlet *testlet = context;
    guest_set_env(testlet->L);
    make_artifacts();
    go_home();
    if (testlet->kind == CT_TESTLET_COMMAND)
        return process_exec(testlet->argv);
    if (testlet->kind == CT_TESTLET_SCRIPT)
        return process_exec_script(testlet->argv, interpreter(testlet->script));
    return guest_run_lua(testlet->L, testlet->kind, extra);
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

/* Removes the folder, when the testlet has left nothing in it. */
static void remove_artifacts(lua_State *L) {
    char path[PATH_SIZE];
    ct_error error;
    bool has_env = lua_getfield(L, -1, "env") == LUA_TTABLE;
    if (has_env && find_artifacts(guest_string(L, "CLEANTEST_ARTIFACTS", NULL), path)) {
        int own = guest_own_directory(&error);
        if (own >= 0)
            unlinkat(own, strrchr(path, '/') + 1, AT_REMOVEDIR);
    }
    lua_pop(L, 1);
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
    remove_artifacts(L);
    free(testlet.argv);
    ct_buf_fini(&testlet.value);
    return status;
}
