/* SPDX-License-Identifier: MIT
 *
 * The engine in an event loop: one poll() for a batch, a clock that ticks, and whatever
 * else a program waits for. Enter, on stdin, cancels.
 *
 *     cc poll_loop.c $(pkg-config --cflags --libs cleantest) -o poll_loop
 *     ./poll_loop debian-bookworm-amd64 busybox-amd64
 */
#include <cleantest.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { BATCH, TICKS, INPUT, SOURCES };

static int fail(const ct_error *error) {
    fprintf(stderr, "%s: %s\n", ct_error_name(error->code), error->message);
    return 2;
}

static int add_jobs(ct_batch *batch, char **images, ct_error *error) {
    static const char *const argv[] = {"uname", "-r", NULL};
    ct_testlet testlet = CT_TESTLET_INIT;
    testlet.kind = CT_TESTLET_COMMAND;
    testlet.argv = argv;
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

/* Takes what there is, and waits for nothing. Returns as ct_batch_wait() does: 0 when
 * every job is over, CT_E_TIMEOUT when there is more to come. */
static int take_events(ct_batch *batch, int *status, ct_error *error) {
    ct_event *event;
    int code;
    while ((code = ct_batch_wait(batch, 0, &event, error)) == 1) {
        if (event->type == CT_EVENT_PHASE)
            printf("job %zu: %s\n", event->job, ct_phase_name(event->phase));
        if (event->type == CT_EVENT_RESULT) {
            printf("%s: %s\n", event->result->name,
                   ct_status_name(event->result->status));
            if (event->result->error) {
                fprintf(stderr, "%s\n", event->result->error);
                *status = 1;
            }
        }
    }
    return code;
}

static void tick(int clock) {
    uint64_t times;
    if (read(clock, &times, sizeof times) == sizeof times)
        printf("tick\n");
}

static int loop(ct_batch *batch, struct pollfd *sources, ct_error *error) {
    int status = 0, code = CT_E_TIMEOUT;
    char line[256];
    while (code == CT_E_TIMEOUT || code == CT_E_INTERRUPTED) {
        if (poll(sources, SOURCES, -1) < 0)
            continue; /* a signal was caught */
        if (sources[TICKS].revents)
            tick(sources[TICKS].fd);
        if (sources[INPUT].revents) {
            if (read(sources[INPUT].fd, line, sizeof line) > 0)
                ct_batch_cancel(batch);
            sources[INPUT].fd = -1; /* poll() passes it over */
        }
        if (sources[BATCH].revents)
            code = take_events(batch, &status, error);
    }
    return code < 0 ? fail(error) : status;
}

static int run_jobs(ct_batch *batch, char **images, ct_error *error) {
    struct itimerspec often = {.it_interval.tv_nsec = 50000000,
                               .it_value.tv_nsec = 50000000};
    struct pollfd sources[SOURCES] = {
        {.events = POLLIN}, {.events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
    if (add_jobs(batch, images, error) < 0 || ct_batch_start(batch, error) < 0)
        return fail(error);
    sources[BATCH].fd = ct_batch_descriptor(batch);
    sources[TICKS].fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (sources[TICKS].fd < 0 ||
        timerfd_settime(sources[TICKS].fd, 0, &often, NULL) < 0) {
        perror("timerfd");
        return 2;
    }
    int status = loop(batch, sources, error);
    close(sources[TICKS].fd);
    return status;
}

int main(int argc, char **argv) {
    ct_error error = {0};
    if (argc < 2) {
        fprintf(stderr, "usage: poll_loop IMAGE...\n");
        return 2;
    }
    ct_run *run = ct_run_open(NULL, &error);
    ct_batch *batch = run ? ct_batch_new(run, 2, &error) : NULL;
    int status = batch ? run_jobs(batch, argv + 1, &error) : fail(&error);
    /* whatever happened: these delete what is left of the instances */
    if (ct_batch_close(batch, &error) < 0)
        status = fail(&error);
    ct_run_close(run);
    return status;
}
