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

int main(int argc, char **argv) {
    static const char script[] = "#!/bin/sh\necho \"$0 runs on $(uname -s)\"\n";
    ct_error error;
    ct_run *run = ct_run_open(NULL, &error);
    if (!run)
        return fail(&error);
    ct_batch *batch = ct_batch_new(run, 2);
    for (int i = 1; i < argc; i++) {
        ct_job job = {.name = "uname",
                      .image = argv[i],
                      .testlet = {.kind = CT_TESTLET_SCRIPT,
                                  .name = "uname.sh",
                                  .code = script,
                                  .code_length = strlen(script)}};
        if (ct_batch_add(batch, &job, &error) < 0)
            return fail(&error);
    }
    if (ct_batch_start(batch, &error) < 0)
        return fail(&error);
    int status = 0;
    ct_event event;
    while (ct_batch_wait(batch, -1, &event, &error) == 1) {
        if (event.result) {
            printf("%s: %s: %s", event.result->name, ct_status_name(event.result->status),
                   event.result->stdout_data);
            if (event.result->status > CT_SKIP)
                status = 1;
        }
        ct_event_fini(&event);
    }
    if (ct_batch_close(batch, &error) < 0)
        status = fail(&error);
    ct_run_close(run);
    return status;
}
