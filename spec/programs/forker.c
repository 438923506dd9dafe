/* SPDX-License-Identifier: MIT
 *
 * A host that forks without exec, and is then killed: its child, which goes on for a
 * while, holds everything open that the host did. Usage: forker IMAGE; prints the
 * instance's name.
 */
#include <cleantest.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv) {
    static const char *const sleeping[] = {"sleep", "60", NULL};
    ct_error error = {0};
    ct_event *event;
    ct_run *run = ct_run_open(NULL, &error);
    ct_batch *batch = run ? ct_batch_new(run, 1, &error) : NULL;
    ct_testlet testlet = CT_TESTLET_INIT;
    ct_job job = CT_JOB_INIT;
    testlet.kind = CT_TESTLET_COMMAND;
    testlet.argv = sleeping;
    job.name = "forker";
    job.image = argc > 1 ? argv[1] : "";
    job.testlet = &testlet;
    if (!batch || ct_batch_add(batch, &job, &error) < 0 ||
        ct_batch_start(batch, &error) < 0) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    while (ct_batch_wait(batch, -1, &event, &error) == 1 &&
           event->phase != CT_PHASE_READY)
        continue;
    puts(event->instance);
    fflush(stdout);
    if (fork() > 0)
        raise(SIGKILL);
    close(STDOUT_FILENO); /* who reads it must not wait for us */
    close(STDERR_FILENO);
    sleep(60);
}
