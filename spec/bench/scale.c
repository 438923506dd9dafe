/* SPDX-License-Identifier: MIT
 *
 * scale.c - many jobs through the C API, for what the engine itself costs: run against
 * the simulated LXD, nothing else is in its way. Usage: scale ENDPOINT JOBS THREADS;
 * prints seconds in total, CPU seconds and peak memory (bytes) of this process. Instances
 * are made from the image when CLEANTEST_FRESH is set, and cloned from a base when it is
 * not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include <cleantest.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
}

static double seconds(struct timeval time) {
    return (double) time.tv_sec + (double) time.tv_usec / 1e6;
}

static int fill(ct_batch *batch, int jobs, ct_error *error) {
    static const char *const argv[] = {"true", NULL};
    const ct_testlet testlet = {
        .size = sizeof testlet, .kind = CT_TESTLET_COMMAND, .argv = argv};
    const ct_job job = {.size = sizeof job,
                        .name = "scale",
                        .image = "simulated",
                        .fresh = getenv("CLEANTEST_FRESH") != NULL,
                        .testlet = &testlet};
    int code = CT_OK;
    for (int i = 0; code >= 0 && i < jobs; i++)
        code = ct_batch_add(batch, &job, error);
    return code < 0 ? code : ct_batch_start(batch, error);
}

/* How many jobs passed. */
static int wait_for_all(ct_batch *batch, ct_error *error) {
    int passed = 0;
    ct_event *event;
    while (ct_batch_wait(batch, -1, &event, error) == 1) {
        if (event->type == CT_EVENT_RESULT) {
            passed += event->result->status == CT_STATUS_PASS;
            if (event->result->error)
                fprintf(stderr, "%s: %s\n", event->result->name, event->result->error);
        }
    }
    return passed;
}

int main(int argc, char **argv) {
    ct_error error = {0};
    struct rusage used;
    if (argc != 4) {
        fprintf(stderr, "usage: scale ENDPOINT JOBS THREADS\n");
        return 2;
    }
    const ct_settings settings = {.size = sizeof settings, .endpoint = argv[1]};
    int jobs = (int) strtol(argv[2], NULL, 10), passed = 0;
    double begun = now();
    ct_run *run = ct_run_open(&settings, &error);
    ct_batch *batch =
        run ? ct_batch_new(run, (unsigned) strtoul(argv[3], NULL, 10), &error) : NULL;
    if (batch && fill(batch, jobs, &error) >= 0)
        passed = wait_for_all(batch, &error);
    ct_batch_close(batch, &error);
    ct_run_close(run);
    getrusage(RUSAGE_SELF, &used);
    if (passed != jobs) {
        fprintf(stderr, "scale: %d of %d passed; %s\n", passed, jobs, error.message);
        return 1;
    }
    printf("%.3f %.4f %ld\n", now() - begun,
           seconds(used.ru_utime) + seconds(used.ru_stime), used.ru_maxrss * 1024);
    return 0;
}
