/* SPDX-License-Identifier: MIT
 *
 * duration_keys.c - what a job is called from run to run, for its duration. It goes by
 * the job's name, not by what it does: a testlet that was edited takes about as long as
 * before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schedule/schedule.h"

struct named {
    const ct_job *job;
    size_t number;
};

static int by_name(const void *a, const void *b) {
    const ct_job *job_a = ((const struct named *) a)->job;
    const ct_job *job_b = ((const struct named *) b)->job;
    int order = strcmp(job_a->name, job_b->name);
    return order ? order : strcmp(job_a->image, job_b->image);
}

static int by_name_and_number(const void *a, const void *b) {
    size_t number_a = ((const struct named *) a)->number;
    size_t number_b = ((const struct named *) b)->number;
    int order = by_name(a, b);
    return order ? order : (number_a > number_b) - (number_a < number_b);
}

static char *make_key(ct_arena *arena, const ct_job *job, size_t repeat) {
    size_t size = strlen(job->name) + strlen(job->image) + 40;
    char *key = ct_arena_alloc(arena, size);
    if (key)
        snprintf(key, size, "job %s-%s #%zu", job->name, job->image, repeat);
    return key;
}

int ct_job_keys(ct_arena *arena, const ct_job *const *jobs, size_t count, char **keys,
                ct_error *error) {
    struct named *list = calloc(count + 1, sizeof *list);
    if (!list)
        return ct_fail_memory(error);
    for (size_t i = 0; i < count; i++)
        list[i] = (struct named){.job = jobs[i], .number = i};
    qsort(list, count, sizeof *list, by_name_and_number);
    size_t repeat = 1;
    for (size_t i = 0; i < count; i++) {
        repeat = i > 0 && by_name(&list[i - 1], &list[i]) == 0 ? repeat + 1 : 1;
        keys[list[i].number] = make_key(arena, list[i].job, repeat);
    }
    free(list);
    return ct_arena_check(arena, error);
}
