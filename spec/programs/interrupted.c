/* SPDX-License-Identifier: MIT
 *
 * interrupted.c - an embedder whose LXD stops answering before a batch is started, and
 * who gets a signal then: interrupted ENDPOINT PID where PID is that LXD's. Prints what
 * each call returned: of a batch that is waited for once more when LXD goes on, and of
 * one that is cancelled.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>

#include <cleantest.h>

static const char *const argv_true[] = {"true", NULL};
static const ct_testlet testlet = {
    .size = sizeof testlet, .kind = CT_TESTLET_COMMAND, .argv = argv_true};
static const ct_job job = {
    .size = sizeof job, .name = "job", .image = "simulated", .testlet = &testlet};

static void notice(int number) {
    (void) number;
}

static void tell(const char *what, int code) {
    printf("%s %s\n", what, code < 0 ? ct_error_name(code) : "OK");
}

/* A batch whose start was interrupted; NULL: not even that. */
static ct_batch *interrupt(ct_run *run, pid_t lxd, ct_error *error) {
    /* again and again: it is all one where the first one comes */
    struct itimerval often = {.it_interval.tv_usec = 200000, .it_value.tv_usec = 200000};
    struct itimerval never = {0};
    ct_batch *batch = ct_batch_new(run, 1, error);
    if (!batch || ct_batch_add(batch, &job, error) < 0)
        return NULL;
    kill(lxd, SIGSTOP);
    setitimer(ITIMER_REAL, &often, NULL);
    tell("start", ct_batch_start(batch, error));
    setitimer(ITIMER_REAL, &never, NULL);
    tell("add", ct_batch_add(batch, &job, error));
    return batch;
}

static void take_all(ct_batch *batch, ct_error *error) {
    ct_event *event;
    while (ct_batch_wait(batch, -1, &event, error) == 1) {
        if (event->type == CT_EVENT_RESULT)
            printf("result %s\n", ct_status_name(event->result->status));
    }
}

int main(int argc, char **argv) {
    ct_error error = {0};
    ct_settings settings = {.size = sizeof settings,
                            .endpoint = argc > 1 ? argv[1] : NULL};
    pid_t lxd = argc > 2 ? (pid_t) strtol(argv[2], NULL, 10) : 0;
    struct sigaction action = {.sa_handler = notice};
    ct_run *run = lxd > 0 ? ct_run_open(&settings, &error) : NULL;
    sigaction(SIGALRM, &action, NULL);
    ct_batch *batch = run ? interrupt(run, lxd, &error) : NULL;
    if (!batch) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    kill(lxd, SIGCONT);
    tell("start again", ct_batch_start(batch, &error));
    take_all(batch, &error);
    tell("close", ct_batch_close(batch, &error));
    batch = interrupt(run, lxd, &error);
    if (!batch)
        return 1;
    ct_batch_cancel(batch);
    tell("start cancelled", ct_batch_start(batch, &error));
    tell("close", ct_batch_close(batch, &error));
    batch = interrupt(run, lxd, &error);
    tell("close at once", ct_batch_close(batch, &error));
    kill(lxd, SIGCONT);
    ct_run_close(run);
    return 0;
}
