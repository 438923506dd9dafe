/* SPDX-License-Identifier: MIT
 *
 * many_cpus.c - two jobs that sleep, on a machine with 4,096 CPUs of which this process
 * may use three: its kernel takes no set of CPUs that is smaller. Usage: many_cpus
 * SOCKET, of a simulated LXD. Ends, with 0, once both jobs run at the same time.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <cleantest.h>

#define CPUS     4096
#define PATIENCE 60 /* seconds, however slow the machine is */

int __wrap_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *cpus);

int __wrap_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *cpus) {
    (void) pid;
    if (size < CPUS / 8) {
        errno = EINVAL;
        return -1;
    }
    memset(cpus, 0, size);
    CPU_SET_S(0, size, cpus);
    CPU_SET_S(2000, size, cpus);
    CPU_SET_S(4000, size, cpus);
    return 0;
}

static int fill(ct_batch *batch, ct_error *error) {
    static const char *const argv[] = {"sleep", "1000", NULL};
    const ct_testlet testlet = {
        .size = sizeof testlet, .kind = CT_TESTLET_COMMAND, .argv = argv};
    const ct_job job = {
        .size = sizeof job, .image = "simulated", .fresh = true, .testlet = &testlet};
    int code = ct_batch_add(batch, &job, error);
    if (code >= 0)
        code = ct_batch_add(batch, &job, error);
    return code < 0 ? code : ct_batch_start(batch, error);
}

static int await_both(ct_batch *batch, ct_error *error) {
    ct_event *event;
    int code = 1;
    for (int running = 0; code == 1 && running < 2;) {
        code = ct_batch_wait(batch, PATIENCE, &event, error);
        if (code != 1)
            break;
        running += event->type == CT_EVENT_PHASE && event->phase == CT_PHASE_TESTLET;
    }
    return code;
}

int main(int argc, char **argv) {
    const ct_settings settings = {
        .size = sizeof settings, .endpoint = argc > 1 ? argv[1] : NULL, .state = ""};
    ct_error error = {0};
    ct_run *run = ct_run_open(&settings, &error);
    ct_batch *batch = run ? ct_batch_new(run, 0, &error) : NULL;
    int code = batch ? fill(batch, &error) : error.code;
    if (code == CT_OK)
        code = await_both(batch, &error);
    if (code != 1)
        fprintf(stderr, "many_cpus: %s\n", error.message);
    if (ct_batch_close(batch, &error) < 0)
        code = error.code;
    ct_run_close(run);
    return code != 1;
}
