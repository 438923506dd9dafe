/* SPDX-License-Identifier: MIT
 *
 * bad_arguments.c - everything that cleantest.h calls a bad argument, handed to the
 * public API. Usage: bad_arguments ENDPOINT, of an LXD that has no image "nowhere".
 * Prints one line for each promise that is broken, and exits with 1 if there was one.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cleantest.h>

#define UNTOUCHED 12345 /* a code that nobody returns */

static int broken;

static void expect(const char *what, int wanted, int code, const ct_error *error) {
    int told = wanted < 0 ? wanted : UNTOUCHED;
    if ((wanted < 0 ? code == wanted : code >= 0) && error->code == told)
        return;
    printf("%s: returned %s, error %s (%s)\n", what, ct_error_name(code),
           ct_error_name(error->code), error->message);
    broken = 1;
}

static ct_error untouched(void) {
    return (ct_error){.code = UNTOUCHED, .message = "untouched"};
}

static const char *const argv_true[] = {"true", NULL};

static const ct_testlet good_testlet = {
    .size = sizeof good_testlet, .kind = CT_TESTLET_COMMAND, .argv = argv_true};

static ct_job good_job(void) {
    return (ct_job){
        .size = sizeof(ct_job), .image = "simulated", .testlet = &good_testlet};
}

static void try_job(ct_batch *batch, const char *what, const ct_job *job) {
    ct_error error = untouched();
    expect(what, CT_E_ARGUMENT, ct_batch_add(batch, job, &error), &error);
    if (error.code < 0 && !error.message[0])
        expect("a message", CT_E_ARGUMENT, CT_OK, &error);
}

static void try_hook(ct_batch *batch, const char *what, ct_hook hook) {
    ct_job job = good_job();
    hook.size = sizeof hook;
    job.start_hooks = &hook;
    job.start_hook_count = 1;
    try_job(batch, what, &job);
    job = good_job();
    job.stop_hooks = &hook;
    job.stop_hook_count = 1;
    try_job(batch, what, &job);
}

static void try_step(ct_batch *batch, const char *what, ct_step step) {
    step.size = sizeof step;
    try_hook(batch, what, (ct_hook){.name = "hook", .steps = &step, .step_count = 1});
}

static void try_testlet(ct_batch *batch, const char *what, ct_testlet testlet) {
    ct_job job = good_job();
    job.testlet = &testlet;
    testlet.size = sizeof testlet;
    testlet.kind = CT_TESTLET_COMMAND;
    testlet.argv = argv_true;
    try_job(batch, what, &job);
}

static void try_counts(ct_batch *batch) {
    ct_job job = good_job();
    try_job(batch, "no job", NULL);
    job.start_hook_count = 1;
    try_job(batch, "start_hooks is NULL", &job);
    job = good_job();
    job.stop_hook_count = 1;
    try_job(batch, "stop_hooks is NULL", &job);
    try_hook(batch, "steps is NULL", (ct_hook){.name = "hook", .step_count = 1});
    try_hook(batch, "a hook without a name", (ct_hook){.name = NULL});
    try_step(batch, "data is NULL",
             (ct_step){.kind = CT_STEP_PUSH,
                       .source = "/etc/hosts",
                       .dest = "/tmp/x",
                       .data_length = 1});
    try_step(batch, "a step without testlet", (ct_step){.kind = CT_STEP_RUN});
    try_testlet(batch, "code is NULL", (ct_testlet){.code_length = 1});
    try_testlet(batch, "args is NULL", (ct_testlet){.args_length = 1});
    try_testlet(batch, "identity is NULL", (ct_testlet){.identity_length = 1});
    job = good_job();
    job.testlet = NULL;
    try_job(batch, "no testlet", &job);
    ct_testlet testlet = {.size = sizeof testlet, .kind = CT_TESTLET_COMMAND};
    job.testlet = &testlet;
    try_job(batch, "no argv", &job);
}

static void try_names(ct_batch *batch) {
    static const char *const names[] = {"",        ".",    "..",   "a?project=b", "a/b",
                                        "a#b",     "a%2f", "a b",  "a\nb",        "a&b=c",
                                        "a\r\nX:", "a\\b", "a\"b", "\x7f"};
    char longer[80] = "";
    memset(longer, 'a', 64);
    ct_job job = good_job();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        job.target = names[i];
        try_job(batch, names[i], &job);
        ct_error error = untouched();
        const ct_settings settings = {.size = sizeof settings, .project = names[i]};
        ct_run *run = ct_run_open(&settings, &error);
        expect("a project", CT_E_ARGUMENT, run ? CT_OK : error.code, &error);
        ct_run_close(run);
    }
    job.target = longer;
    try_job(batch, "a target of 64 bytes", &job);
}

static void nobody(void *context, const ct_instance *instance) {
    (void) context, (void) instance;
}

static void try_calls(ct_run *run, ct_batch *batch) {
    ct_error error = untouched();
    ct_event *event;
    const ct_reserve nan_reserve = {.size = sizeof nan_reserve, .cpu = NAN};
    expect("reserve NULL", CT_E_ARGUMENT, ct_batch_reserve(batch, NULL, &error), &error);
    error = untouched();
    expect("reserve NAN", CT_E_ARGUMENT, ct_batch_reserve(batch, &nan_reserve, &error),
           &error);
    error = untouched();
    if (ct_batch_descriptor(batch) != CT_E_ARGUMENT)
        expect("descriptor early", CT_E_ARGUMENT, CT_OK, &error);
    expect("wait early", CT_E_ARGUMENT, ct_batch_wait(batch, 0, &event, &error), &error);
    error = untouched();
    expect("visit NULL", CT_E_ARGUMENT, ct_instances_visit(run, NULL, NULL, &error),
           &error);
    error = untouched();
    expect("visit", CT_OK, ct_instances_visit(run, nobody, NULL, &error), &error);
    error = untouched();
    expect("destroy NULL", CT_E_ARGUMENT, ct_instances_destroy(run, NULL, &error),
           &error);
    error = untouched();
    expect("bases NULL", CT_E_ARGUMENT, ct_bases_visit(NULL, NULL, NULL, &error), &error);
}

/* An image that is not there, but may come from a server: nothing failed. */
static void try_start(ct_batch *batch) {
    ct_error error = untouched();
    ct_job job = good_job();
    job.image = "nowhere";
    job.remote_source = "{\"type\": \"image\", \"alias\": \"nowhere\", "
                        "\"server\": \"https://127.0.0.1:1\"}";
    expect("add", CT_OK, ct_batch_add(batch, &job, &error), &error);
    expect("start", CT_OK, ct_batch_start(batch, &error), &error);
    ct_event *event;
    expect("wait NAN", CT_E_ARGUMENT, ct_batch_wait(batch, NAN, &event, &error), &error);
    error = untouched();
    expect("start again", CT_E_ARGUMENT, ct_batch_start(batch, &error), &error);
    error = untouched();
    expect("close", CT_OK, ct_batch_close(batch, &error), &error);
}

int main(int argc, char **argv) {
    const ct_settings settings = {
        .size = sizeof settings, .endpoint = argc > 1 ? argv[1] : NULL, .state = ""};
    ct_error error = untouched();
    ct_run *run = ct_run_open(&settings, &error);
    expect("open", CT_OK, run ? CT_OK : error.code, &error);
    ct_batch *batch = run ? ct_batch_new(run, 1, &error) : NULL;
    if (!batch)
        return EXIT_FAILURE;
    try_counts(batch);
    try_names(batch);
    try_calls(run, batch);
    try_start(batch);
    ct_run_close(run);
    return broken;
}
