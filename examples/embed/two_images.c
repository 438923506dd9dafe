/* SPDX-License-Identifier: MIT
 *
 * One testlet, two images, from C.
 *
 *     cc two_images.c $(pkg-config --cflags --libs cleantest) -o two_images
 *     ./two_images debian-bookworm-amd64 busybox-amd64
 */
#include <cleantest.h>
#include <stdio.h>
#include <string.h>

static int fail(const ct_error *error) {
    fprintf(stderr, "%s: %s\n", ct_error_name(error->code), error->message);
    return 2;
}

/* Adds one job for each image. */
static int add_jobs(ct_batch *batch, char **images, ct_error *error) {
    static const char script[] = "#!/bin/sh\necho \"$0 runs on $(uname -s)\"\n";
    ct_testlet testlet = CT_TESTLET_INIT;
    testlet.kind = CT_TESTLET_SCRIPT;
    testlet.name = "uname.sh";
    testlet.code = script;
    testlet.code_length = strlen(script);
    for (; *images; images++) {
        ct_job job = CT_JOB_INIT;
        job.name = "uname";
        job.image = *images;
        job.testlet = &testlet;
        int number = ct_batch_add(batch, &job, error);
        if (number < 0)
            return number;
    }
    return CT_OK;
}

static int show(const ct_result *result) {
    printf("%s: %s: %s%s", result->name, ct_status_name(result->status),
           result->error ? result->error : result->stdout_data,
           result->error ? "\n" : "");
    return result->status > CT_STATUS_SKIP;
}

/* Returns the exit status: 0 when all passed, 1 when one did not, 2 when it can't be
 * told. */
static int run_jobs(ct_batch *batch, char **images) {
    ct_error error;
    if (add_jobs(batch, images, &error) < 0 || ct_batch_start(batch, &error) < 0)
        return fail(&error);
    int status = 0, code;
    ct_event *event;
    while ((code = ct_batch_wait(batch, -1, &event, &error)) == 1)
        if (event->type == CT_EVENT_RESULT)
            status |= show(event->result);
    return code < 0 ? fail(&error) : status;
}

int main(int argc, char **argv) {
    ct_error error;
    if (argc < 2) {
        fprintf(stderr, "usage: two_images IMAGE...\n");
        return 2;
    }
    ct_run *run = ct_run_open(NULL, &error);
    if (!run)
        return fail(&error);
    ct_batch *batch = ct_batch_new(run, 2, &error);
    int status = batch ? run_jobs(batch, argv + 1) : fail(&error);
    /* whatever happened: these delete what is left of the instances */
    if (ct_batch_close(batch, &error) < 0)
        status = fail(&error);
    ct_run_close(run);
    return status;
}
