/* SPDX-License-Identifier: MIT
 *
 * kept_result.c - a caller that keeps a result, and reads it when its batch and its run
 * are closed; and that has a log. Usage: kept_result ENDPOINT, of a simulated LXD. Prints
 * one line for each promise that is broken, and exits with 1 if there was one.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <cleantest.h>

static atomic_int lines; /* of the log, which any thread may call */
static int broken;

static void expect(bool well, const char *what) {
    if (well)
        return;
    puts(what);
    broken = 1;
}

static void count(void *context, ct_log_level level, const char *text) {
    expect(context == &lines, "the log has another context");
    expect(level <= CT_LOG_DEBUG && *text && !strchr(text, '\n'), "the log has no line");
    atomic_fetch_add(&lines, 1);
}

static int start(ct_batch *batch, ct_error *error) {
    static const char *const argv[] = {"true", NULL};
    ct_testlet testlet = CT_TESTLET_INIT;
    ct_job job = CT_JOB_INIT;
    testlet.kind = CT_TESTLET_COMMAND;
    testlet.argv = argv;
    job.image = "simulated";
    job.testlet = &testlet;
    int code = ct_batch_add(batch, &job, error);
    return code < 0 ? code : ct_batch_start(batch, error);
}

/* The result is the caller's. */
static ct_result *keep(ct_batch *batch, ct_error *error) {
    ct_result *kept = NULL;
    ct_event *event;
    int code;
    while ((code = ct_batch_wait(batch, -1, &event, error)) == 1) {
        if (event->type != CT_EVENT_RESULT)
            continue;
        kept = event->result;
        event->result = NULL;
    }
    expect(code == CT_OK, "waiting fails");
    return kept;
}

static void check(const ct_result *result) {
    expect(result && strcmp(result->name, "test-simulated") == 0, "the name is another");
    expect(result && result->status == CT_STATUS_PASS, "it did not pass");
    expect(ct_result_phase(result, CT_PHASE_TESTLET) >= 0, "a phase has no time");
    expect(ct_result_phase(result, CT_PHASE_TEARDOWN) < 0, "teardown has a time");
    expect(ct_result_phase(result, (ct_phase) 1000) < 0, "no phase has a time");
}

int main(int argc, char **argv) {
    ct_error error = {0};
    ct_settings settings = CT_SETTINGS_INIT;
    settings.endpoint = argc > 1 ? argv[1] : NULL;
    settings.state = "";
    settings.log = count;
    settings.log_context = &lines;
    ct_run *run = ct_run_open(&settings, &error);
    ct_batch *batch = run ? ct_batch_new(run, 1, &error) : NULL;
    ct_result *result =
        batch && start(batch, &error) == CT_OK ? keep(batch, &error) : NULL;
    expect(ct_batch_close(batch, &error) == CT_OK, "closing fails");
    ct_run_close(run);
    if (result)
        check(result);
    else
        puts(error.message);
    ct_result_free(result);
    expect(atomic_load(&lines) > 0, "the log is empty");
    return broken || !result;
}
