/* SPDX-License-Identifier: MIT
 *
 * needs.c - what a job asks for before it begins: how far its instance must have come,
 * and how long all of it may take.
 */
#include <string.h>

#include "model/model.h"

/* The names of a path, one by one; "." and empty ones are none. */
static const char *next_name(const char *path, size_t *length) {
    do {
        path += strspn(path, "/");
        *length = strcspn(path, "/");
        if (*length != 1 || *path != '.')
            return path;
        path++;
    } while (true);
}

bool ct_path_lies_in(const char *path, const char *folder) {
    size_t length, wanted;
    for (;;) {
        folder = next_name(folder, &wanted);
        path = next_name(path, &length);
        if (wanted == 0)
            return true;
        if (length != wanted || memcmp(path, folder, length) != 0)
            return false;
        folder += wanted;
        path += length;
    }
}

bool ct_step_needs_boot(const ct_step *step) {
    static const char *const mounts[] = {"/tmp", "/run", "/var/run", "/var/lock", "/dev"};
    for (size_t i = 0; step->kind == CT_STEP_PUSH && i < CT_COUNT(mounts); i++)
        if (ct_path_lies_in(step->dest, mounts[i]))
            return true;
    return false;
}

static bool is_call(const ct_step *step) {
    return step->kind == CT_STEP_RUN && step->run->kind == CT_TESTLET_CALL;
}

ct_ready ct_job_ready(const ct_job *job, ct_step_range range) {
    size_t number = 0;
    if (job->ready != CT_READY_DEFAULT)
        return job->ready;
    for (size_t i = 0; i < job->start_hook_count; i++)
        for (size_t j = 0; j < job->start_hooks[i].step_count; j++, number++)
            if (number >= range.from && number < range.to &&
                is_call(&job->start_hooks[i].steps[j]))
                return CT_READY_NETWORK;
    return CT_READY_SYSTEM;
}

static double time_of(const ct_hook *hooks, size_t count) {
    double seconds = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < hooks[i].step_count; j++)
            seconds += hooks[i].steps[j].timeout;
    return seconds;
}

double ct_job_longest(const ct_job *job, double operation) {
    return 4 * operation + job->ready_timeout + job->timeout + 600 +
           time_of(job->start_hooks, job->start_hook_count) +
           time_of(job->stop_hooks, job->stop_hook_count);
}
