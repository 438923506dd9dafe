/* SPDX-License-Identifier: MIT
 *
 * A host without standard streams, as a daemon may be: prints to them while its run has
 * connections. Usage: closed_streams IMAGE; exits with 0 when its testlet passed, and
 * none of what it opens afterwards is a standard stream.
 */
#include <cleantest.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static const char *const wait_a_moment[] = {"sleep", "0.3", NULL};

int main(int argc, char **argv) {
    ct_error error = {0};
    ct_event *event;
    ct_status status = CT_STATUS_ERROR;
    for (int standard = 0; standard <= 2; standard++)
        close(standard);
    ct_run *run = ct_run_open(NULL, &error);
    ct_batch *batch = run ? ct_batch_new(run, 1, &error) : NULL;
    ct_testlet testlet = CT_TESTLET_INIT;
    ct_job job = CT_JOB_INIT;
    testlet.kind = CT_TESTLET_COMMAND;
    testlet.argv = wait_a_moment;
    job.name = "closed";
    job.image = argc > 1 ? argv[1] : "";
    job.testlet = &testlet;
    if (!batch || ct_batch_add(batch, &job, &error) < 0 ||
        ct_batch_start(batch, &error) < 0)
        return 2;
    while (ct_batch_wait(batch, -1, &event, &error) == 1) {
        fprintf(stderr, "an event\n");
        if (event->type == CT_EVENT_RESULT)
            status = event->result->status;
    }
    int code = ct_batch_close(batch, &error);
    ct_run_close(run);
    return code == CT_OK && status == CT_STATUS_PASS && open("/dev/zero", O_RDONLY) > 2
               ? 0
               : 1;
}
