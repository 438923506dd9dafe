/* SPDX-License-Identifier: MIT
 *
 * sizes.c - programs that were compiled with other headers: their structs are smaller or
 * larger than the library's, or were never initialised. Usage: sizes ENDPOINT. Behind
 * each struct there is memory that can't be read. Prints one line for each promise that
 * is broken, and exits with 1 if there was one.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cleantest.h>

static int broken;

/* Bytes at the end of what can be read. */
static void *at_the_end(const void *bytes, size_t length) {
    size_t page = (size_t) sysconf(_SC_PAGESIZE), room = (length / page + 1) * page;
    char *memory = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory + room, page, PROT_NONE) < 0) {
        perror("memory");
        exit(EXIT_FAILURE);
    }
    return memcpy(memory + room - length, bytes, length);
}

/* One of the caller's structs, and what the library is to make of it. */
struct type {
    const char *name;
    const char *init;
    size_t size;
    const void *good;
    int (*pass)(void *context, const void *given, ct_error *error);
};

static void expect(const struct type *type, const char *what, size_t size, int wanted,
                   int code, const ct_error *error) {
    bool well = wanted < 0 ? code == wanted && error->code == wanted : code >= 0;
    if (wanted < 0 &&
        (!strstr(error->message, type->name) ||
         (strcmp(what, "nonsense") == 0 && !strstr(error->message, type->init))))
        well = false;
    if (well)
        return;
    printf("%s, %s, size %zu: %s: %s\n", type->name, what, size, ct_error_name(code),
           error->message);
    broken = 1;
}

/* The first `kept` bytes of a good one, whatever size it says that it has. */
static void try(const struct type *type, void *context, const char *what, size_t kept,
                size_t size, char last, int wanted) {
    char bytes[8192] = "";
    ct_error error = {0};
    memcpy(bytes, type->good, kept < type->size ? kept : type->size);
    bytes[kept - 1] |= last;
    memcpy(bytes, &size, sizeof size);
    const void *given = at_the_end(bytes, kept);
    expect(type, what, size, wanted, type->pass(context, given, &error), &error);
}

/* kept: bytes of the smallest that is all right. */
static void try_sizes(const struct type *type, void *context, size_t kept) {
    static const size_t nonsense[] = {0, 1, 7, 9, 4104, SIZE_MAX, (size_t) 1 << 40};
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++)
        try(type, context, "nonsense", type->size, nonsense[i], 0, CT_E_ARGUMENT);
    try(type, context, "its own", type->size, type->size, 0, CT_OK);
    try(type, context, "older", kept, kept, 0, CT_OK);
    try(type, context, "newer", type->size + 64, type->size + 64, 0, CT_OK);
    try(type, context, "newer, and used", type->size + 64, type->size + 64, 1,
        CT_E_ARGUMENT);
}

/* ---- how each is passed ---- */

static const char *const argv_true[] = {"true", NULL};
static const ct_testlet testlet = {
    .size = sizeof testlet, .kind = CT_TESTLET_COMMAND, .argv = argv_true};
static const ct_step step = {
    .size = sizeof step, .kind = CT_STEP_RUN, .name = "run", .run = &testlet};
static const ct_hook hook = {
    .size = sizeof hook, .name = "hook", .steps = &step, .step_count = 1};
static const ct_job job = {.size = sizeof job, .image = "simulated", .testlet = &testlet};

static int pass_job(void *batch, const void *given, ct_error *error) {
    return ct_batch_add(batch, given, error);
}

static int pass_testlet(void *batch, const void *given, ct_error *error) {
    ct_job of_it = job;
    of_it.testlet = given;
    return ct_batch_add(batch, &of_it, error);
}

static int pass_hook(void *batch, const void *given, ct_error *error) {
    ct_job of_it = job;
    of_it.stop_hooks = given;
    of_it.stop_hook_count = 1;
    return ct_batch_add(batch, &of_it, error);
}

static int pass_step(void *batch, const void *given, ct_error *error) {
    ct_hook of_it = hook;
    of_it.steps = given;
    return pass_hook(batch, &of_it, error);
}

static int pass_reserve(void *batch, const void *given, ct_error *error) {
    return ct_batch_reserve(batch, given, error);
}

static int pass_settings(void *context, const void *given, ct_error *error) {
    (void) context;
    ct_run *run = ct_run_open(given, error);
    ct_run_close(run);
    return run ? CT_OK : error->code;
}

/* Of a program whose ct_step ends before `limit`: the second is where it has it. */
static void try_list(ct_batch *batch) {
    enum { OLD = offsetof(ct_step, limit) };
    char steps[2 * OLD];
    ct_hook of_them = hook;
    ct_job of_it = job;
    ct_error error = {0};
    const size_t size = OLD, other = OLD - 8;
    memcpy(steps, &step, OLD);
    memcpy(steps, &size, sizeof size);
    memcpy(steps + OLD, steps, OLD);
    of_them.steps = at_the_end(steps, sizeof steps);
    of_them.step_count = 2;
    of_it.start_hooks = &of_them;
    of_it.start_hook_count = 1;
    const struct type type = {.name = "ct_step", .init = "CT_STEP_INIT"};
    expect(&type, "a list of older ones", OLD, CT_OK, ct_batch_add(batch, &of_it, &error),
           &error);
    memcpy(steps + OLD, &other, sizeof other);
    of_them.steps = at_the_end(steps, sizeof steps);
    expect(&type, "a list of several sizes", OLD, CT_E_ARGUMENT,
           ct_batch_add(batch, &of_it, &error), &error);
}

int main(int argc, char **argv) {
    const ct_settings settings = {
        .size = sizeof settings, .endpoint = argc > 1 ? argv[1] : NULL, .state = ""};
    const ct_reserve reserve = {.size = sizeof reserve, .memory = 1};
    const struct type types[] = {
        {"ct_job", "CT_JOB_INIT", sizeof job, &job, pass_job},
        {"ct_testlet", "CT_TESTLET_INIT", sizeof testlet, &testlet, pass_testlet},
        {"ct_hook", "CT_HOOK_INIT", sizeof hook, &hook, pass_hook},
        {"ct_step", "CT_STEP_INIT", sizeof step, &step, pass_step},
        {"ct_reserve", "CT_RESERVE_INIT", sizeof reserve, &reserve, pass_reserve},
        {"ct_settings", "CT_SETTINGS_INIT", sizeof settings, &settings, pass_settings}};
    static const size_t kept[] = {
        offsetof(ct_job, start_hooks), offsetof(ct_testlet, args),
        offsetof(ct_hook, steps),      offsetof(ct_step, limit),
        offsetof(ct_reserve, memory),  offsetof(ct_settings, base_age)};
    ct_error error = {0};
    ct_run *run = ct_run_open(&settings, &error);
    ct_batch *batch = run ? ct_batch_new(run, 1, &error) : NULL;
    if (!batch) {
        printf("%s\n", error.message);
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        try_sizes(&types[i], batch, kept[i]);
    try_list(batch);
    if (ct_batch_close(batch, &error) < 0)
        printf("%s\n", error.message);
    ct_run_close(run);
    return broken;
}
