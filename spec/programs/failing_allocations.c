/* SPDX-License-Identifier: MIT
 *
 * failing_allocations.c - a run of two jobs against the simulated LXD, again and again,
 * with one allocation that fails: the first in the first run, then the one STEP after
 * that, until a run has no more of them. Usage:
 *     failing_allocations SOCKET MODE SOURCE [STEP [FIRST [LAST]]]
 *
 *   MODE    fresh     instances are made from the image
 *           build     the bases they are cloned from are built first
 *           prepared  the bases are there
 *           warm      clones are kept ahead, too
 *   SOURCE  engine, lua (its states), or curl: whose allocations fail
 *
 * Prints how many failed. Exits with 1, naming the allocation, when a run broke a promise
 * of cleantest.h, left an instance or memory behind, or did not end.
 *
 * The linker puts the functions named __wrap_ here in place of the engine's allocator;
 * Lua and libcurl take theirs by their own means. cjson has none: it ends the process
 * when it is out of memory.
 */
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>
#include <lauxlib.h>
#include <wslay/wslay.h>

#include <cleantest.h>

#include "lxd/lxd.h"

#define PATIENCE  120   /* seconds that one run may take, however slow the machine is */
#define UNTOUCHED 12345 /* a code that nobody returns */

/* ---- the allocator ---- */

enum source { FROM_ENGINE, FROM_LUA, FROM_CURL };
static const char *const sources[] = {"engine", "lua", "curl"};

static enum source failing;   /* whose allocations are counted */
static atomic_long countdown; /* the one that takes it from 1 to 0 fails */
static atomic_long blocks;    /* that were allocated, and not freed */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
char *__real_realpath(const char *path, char *resolved);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t length);
int __wrap_vasprintf(char **text, const char *format, va_list args);
int __wrap_asprintf(char **text, const char *format, ...);
char *__wrap_realpath(const char *path, char *resolved);
lua_State *__wrap_luaL_newstate(void);
int __real_wslay_event_context_client_init(wslay_event_context_ptr *context,
                                           const struct wslay_event_callbacks *callbacks,
                                           void *data);
int __wrap_wslay_event_context_client_init(wslay_event_context_ptr *context,
                                           const struct wslay_event_callbacks *callbacks,
                                           void *data);

static bool fails(enum source source) {
    return source == failing && atomic_fetch_sub(&countdown, 1) == 1;
}

static void *counted(void *block) {
    if (block)
        atomic_fetch_add(&blocks, 1);
    return block;
}

static void *allocate(enum source source, size_t size) {
    return fails(source) ? NULL : counted(__real_calloc(1, size));
}

static void *move(enum source source, void *block, size_t size) {
    if (fails(source))
        return NULL;
    void *moved = __real_realloc(block, size);
    return block ? moved : counted(moved);
}

void *__wrap_malloc(size_t size) {
    return allocate(FROM_ENGINE, size);
}

void *__wrap_calloc(size_t count, size_t size) {
    return allocate(FROM_ENGINE, count * size);
}

void *__wrap_realloc(void *block, size_t size) {
    return move(FROM_ENGINE, block, size);
}

void __wrap_free(void *block) {
    if (block)
        atomic_fetch_sub(&blocks, 1);
    __real_free(block);
}

char *__wrap_strndup(const char *text, size_t length) {
    size_t used = strnlen(text, length);
    char *copy = __wrap_calloc(used + 1, 1);
    return copy ? memcpy(copy, text, used) : NULL;
}

char *__wrap_strdup(const char *text) {
    return __wrap_strndup(text, strlen(text));
}

int __wrap_vasprintf(char **text, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    *text = __wrap_malloc((size_t) length + 1);
    if (*text)
        vsnprintf(*text, (size_t) length + 1, format, again);
    va_end(again);
    return *text ? length : -1;
}

int __wrap_asprintf(char **text, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int length = __wrap_vasprintf(text, format, args);
    va_end(args);
    return length;
}

char *__wrap_realpath(const char *path, char *resolved) {
    if (!resolved && fails(FROM_ENGINE))
        return NULL;
    char *found = __real_realpath(path, resolved);
    return resolved ? found : counted(found);
}

/* wslay's second allocation: it frees its first, and leaves the pointer to it. */
int __wrap_wslay_event_context_client_init(wslay_event_context_ptr *context,
                                           const struct wslay_event_callbacks *callbacks,
                                           void *data) {
    int code = __real_wslay_event_context_client_init(context, callbacks, data);
    if (code != 0 || !fails(FROM_ENGINE))
        return code;
    wslay_event_context_free(*context);
    return WSLAY_ERR_NOMEM;
}

/* Lua takes it that shrinking never fails. */
static void *lua_allocate(void *context, void *block, size_t before, size_t size) {
    (void) context;
    if (size == 0) {
        __wrap_free(block);
        return NULL;
    }
    return block && size <= before ? __real_realloc(block, size)
                                   : move(FROM_LUA, block, size);
}

lua_State *__wrap_luaL_newstate(void) {
    return lua_newstate(lua_allocate, NULL);
}

static void *curl_malloc(size_t size) {
    return allocate(FROM_CURL, size);
}

static void *curl_calloc(size_t count, size_t size) {
    return allocate(FROM_CURL, count * size);
}

static void *curl_realloc(void *block, size_t size) {
    return move(FROM_CURL, block, size);
}

static char *curl_strdup(const char *text) {
    size_t size = strlen(text) + 1;
    void *copy = allocate(FROM_CURL, size);
    return copy ? memcpy(copy, text, size) : NULL;
}

/* ---- what is promised ---- */

static atomic_long number; /* of the allocation that fails */

static void broken(const char *what, const char *why) {
    fprintf(stderr, "allocation %ld: %s: %s\n", atomic_load(&number), what, why);
    exit(EXIT_FAILURE);
}

static void on_alarm(int signal) {
    static const char words[] = "failing_allocations: a run does not end\n";
    (void) signal;
    ssize_t ignored = write(STDERR_FILENO, words, sizeof words - 1);
    (void) ignored;
    abort();
}

static ct_error untouched(void) {
    return (ct_error){.code = UNTOUCHED, .message = "untouched"};
}

/* The code that is returned is the error's, which is written on failure alone. */
static bool succeeded(const char *what, int code, const ct_error *error) {
    if (code >= 0 && error->code != UNTOUCHED)
        broken(what, "an error is filled, but nothing failed");
    if (code < 0 && error->code != code)
        broken(what, error->code == UNTOUCHED ? "no error is filled"
                                              : "the error's code is another");
    if (code < 0 && !error->message[0])
        broken(what, "the error has no words");
    return code >= 0;
}

static void check_result(const ct_result *result) {
    if (!result->name || !result->image || !result->testlet || !result->instance)
        broken("result", "a name is NULL");
    if (!result->stdout_data || !result->stderr_data)
        broken("result", "what was written is NULL");
    if ((result->status == CT_STATUS_PASS) != !result->error)
        broken("result",
               result->error ? result->error : "it did not pass, without words");
    if (result->status != CT_STATUS_PASS && result->status != CT_STATUS_ERROR)
        broken("result", result->error);
    if (result->status == CT_STATUS_PASS && strcmp(result->stdout_data, "hello\n") != 0)
        broken("result", "it passed without its output");
    if (result->base_built && !result->base)
        broken("result", "a base was built, and has no name");
}

/* ---- one run ---- */

struct sweep {
    const char *socket, *mode;
    ct_provider *provider;
    ct_session *session;
    long total; /* allocations of the latest run */
};

static bool is(const struct sweep *sweep, const char *mode) {
    return strcmp(sweep->mode, mode) == 0;
}

/* What failed for want of memory can be done again when there is some. */
static void add(ct_batch *batch, const ct_job *job) {
    ct_error error = untouched();
    if (succeeded("ct_batch_add", ct_batch_add(batch, job, &error), &error))
        return;
    error = untouched();
    if (!succeeded("ct_batch_add", ct_batch_add(batch, job, &error), &error))
        broken("ct_batch_add, again", error.message);
}

static void start(ct_batch *batch) {
    ct_error error = untouched();
    if (succeeded("ct_batch_start", ct_batch_start(batch, &error), &error))
        return;
    error = untouched();
    if (!succeeded("ct_batch_start", ct_batch_start(batch, &error), &error))
        broken("ct_batch_start, again", error.message);
}

static const char *const argv_true[] = {"true", NULL};
static const ct_testlet run_true = {
    .size = sizeof run_true, .kind = CT_TESTLET_COMMAND, .argv = argv_true};
static const ct_testlet return_one = {.size = sizeof return_one,
                                      .kind = CT_TESTLET_LUA,
                                      .name = "=second",
                                      .code = "return 1",
                                      .code_length = 8};
static const ct_step steps[] = {
    {.size = sizeof *steps, .kind = CT_STEP_RUN, .name = "run", .run = &run_true},
    {.size = sizeof *steps,
     .kind = CT_STEP_PUSH,
     .name = "upload",
     .data = "text",
     .data_length = 4,
     .dest = "/root/text"},
    {.size = sizeof *steps,
     .kind = CT_STEP_PUSH,
     .name = "upload",
     .source = "/etc/hosts",
     .dest = "/root/"},
};

static void fill(ct_batch *batch, const struct sweep *sweep) {
    const ct_hook before = {
        .size = sizeof before, .name = "start", .steps = steps, .step_count = 3};
    const ct_hook after = {
        .size = sizeof after, .name = "stop", .steps = steps, .step_count = 1};
    static const char *const env[] = {"KEY=value", NULL};
    ct_job job = {.size = sizeof job,
                  .name = "first",
                  .image = "simulated",
                  .start_hooks = &before,
                  .start_hook_count = 1,
                  .stop_hooks = &after,
                  .stop_hook_count = 1,
                  .env = env,
                  .fresh = is(sweep, "fresh"),
                  .warm = is(sweep, "warm"),
                  .testlet = &run_true};
    add(batch, &job);
    job.name = "second";
    job.testlet = &return_one;
    add(batch, &job);
}

static void take_events(ct_batch *batch) {
    ct_error error = untouched();
    ct_event *event;
    int code, results = 0;
    while ((code = ct_batch_wait(batch, -1, &event, &error)) == 1) {
        if (event->type == CT_EVENT_RESULT) {
            check_result(event->result);
            results++;
        }
        if (event->type == CT_EVENT_NOTE && !event->message)
            broken("note", "it says nothing");
    }
    succeeded("ct_batch_wait", code, &error);
    if (results != 2)
        broken("ct_batch_wait", "there are not two results");
}

static void run_batch(ct_run *run, const struct sweep *sweep) {
    ct_error error = untouched();
    ct_batch *batch = ct_batch_new(run, 1, &error);
    succeeded("ct_batch_new", batch ? CT_OK : error.code, &error);
    if (!batch)
        return;
    fill(batch, sweep);
    start(batch);
    take_events(batch);
    error = untouched();
    succeeded("ct_batch_close", ct_batch_close(batch, &error), &error);
}

static void run_once(const struct sweep *sweep) {
    const ct_settings settings = {
        .size = sizeof settings, .endpoint = sweep->socket, .state = ""};
    ct_error error = untouched();
    ct_run *run = ct_run_open(&settings, &error);
    succeeded("ct_run_open", run ? CT_OK : error.code, &error);
    if (!run)
        return;
    run_batch(run, sweep);
    ct_run_close(run);
}

/* ---- all of them ---- */

static int count_instance(void *count, const char *instance, const ct_lease *lease) {
    (void) instance, (void) lease;
    ++*(int *) count;
    return CT_OK;
}

/* What a run could not delete for want of memory the reaper deletes, in a moment. */
static void check_nothing_left(struct sweep *sweep) {
    static const struct timespec pause = {.tv_nsec = 5000000};
    for (int left = 1; left > 0;) {
        ct_wait wait = ct_wait_for(PATIENCE, -1);
        ct_error error = {0};
        left = 0;
        if (sweep->provider->instances->visit(sweep->session, count_instance, &left,
                                              &wait, &error) < 0)
            broken("what is left", error.message);
        if (left > 0)
            nanosleep(&pause, NULL);
    }
}

/* false: the run had fewer allocations. */
static bool spoil(struct sweep *sweep, long allocation) {
    const ct_settings settings = {.size = sizeof settings, .endpoint = sweep->socket};
    ct_error error = {0};
    if (is(sweep, "build") && ct_bases_prune(&settings, true, NULL, NULL, &error) < 0)
        broken("bases", error.message);
    long before = atomic_load(&blocks);
    atomic_store(&number, allocation);
    atomic_store(&countdown, allocation);
    alarm(PATIENCE);
    run_once(sweep);
    long left = atomic_exchange(&countdown, 0);
    sweep->total = allocation - left;
    if (atomic_load(&blocks) != before)
        broken("memory", "some is left behind");
    check_nothing_left(sweep);
    alarm(0);
    return left <= 0;
}

static void open_sweep(struct sweep *sweep) {
    ct_error error = {0};
    const ct_settings settings = {.size = sizeof settings, .endpoint = sweep->socket};
    int code = ct_lxd_open(&settings, &sweep->provider, &error);
    if (code == CT_OK)
        code = ct_session_open(sweep->provider, &sweep->session, &error);
    if (code < 0)
        broken("simulated LXD", error.message);
}

int main(int argc, char **argv) {
    if (argc < 4)
        return 2;
    struct sweep sweep = {.socket = argv[1], .mode = argv[2]};
    while (strcmp(sources[failing], argv[3]) != 0)
        failing++;
    long step = argc > 4 ? strtol(argv[4], NULL, 10) : 1;
    long first = argc > 5 ? strtol(argv[5], NULL, 10) : 1;
    long last = argc > 6 ? strtol(argv[6], NULL, 10) : LONG_MAX;
    signal(SIGALRM, on_alarm);
    curl_global_init_mem(CURL_GLOBAL_DEFAULT, curl_malloc, __wrap_free, curl_realloc,
                         curl_strdup, curl_calloc);
    open_sweep(&sweep);
    run_once(&sweep); /* bases that are there, and what is made once in a process */
    check_nothing_left(&sweep);
    long count = 0;
    while (first <= last && spoil(&sweep, first)) {
        first += step;
        count++;
    }
    ct_session_close(sweep.session);
    sweep.provider->type->close(sweep.provider);
    printf("%ld of %ld allocations failed\n", count, sweep.total);
    return EXIT_SUCCESS;
}
