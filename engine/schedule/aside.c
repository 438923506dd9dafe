/* SPDX-License-Identifier: MIT
 *
 * aside.c - runs a function on a thread of its own, while the caller's thread waits for
 * its end in a way that a signal interrupts. libcurl does most of the engine's waiting,
 * and goes on waiting after a signal was caught: so the caller's thread must not wait in
 * there.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "schedule/schedule.h"

struct ct_aside {
    ct_aside_work *work;
    void *context;
    ct_scheduler *thread; /* one item on one thread, which blocks every signal */
    int over;             /* becomes readable at the end */
    int code;             /* this and the error belong to the thread until then */
    ct_error error;
};

static void work_aside(void *data, void **state, size_t item) {
    ct_aside *aside = data;
    (void) state, (void) item;
    aside->code = aside->work(aside->context, &aside->error);
    ct_cancel_set(aside->over);
}

int ct_aside_start(ct_aside_work *work, void *context, ct_aside **out, ct_error *error) {
    *out = NULL;
    ct_aside *aside = calloc(1, sizeof *aside);
    if (!aside)
        return ct_fail_memory(error);
    *aside = (ct_aside){.work = work, .context = context, .over = ct_cancel_open()};
    ct_work item = {.perform = work_aside, .context = aside};
    int code = aside->over < 0
                   ? ct_fail_errno(error, "eventfd")
                   : ct_scheduler_start(&item, NULL, 1, 1, &aside->thread, error);
    if (code < 0)
        ct_aside_close(aside);
    else
        *out = aside;
    return code;
}

int ct_aside_wait(ct_aside *aside, ct_error *error) {
    struct pollfd over = {.fd = aside->over, .events = POLLIN};
    if (poll(&over, 1, -1) < 0)
        return errno == EINTR
                   ? ct_fail(error, CT_E_INTERRUPTED, "interrupted by a signal")
                   : ct_fail_errno(error, "poll");
    if (aside->code < 0)
        ct_fail(error, aside->code, "%s", aside->error.message);
    return aside->code;
}

void ct_aside_close(ct_aside *aside) {
    if (!aside)
        return;
    ct_scheduler_join(aside->thread);
    if (aside->over >= 0)
        close(aside->over);
    free(aside);
}
