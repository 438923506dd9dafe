/* SPDX-License-Identifier: MIT
 *
 * compare.c - whether two jobs' instances are prepared in the same way, as far as the
 * jobs tell: what is in the files that they upload is not looked at.
 */
#include <string.h>

#include "model/model.h"

static bool same_bytes(const void *one, size_t one_length, const void *other,
                       size_t other_length) {
    return one_length == other_length && !one == !other &&
           (!one || memcmp(one, other, one_length) == 0);
}

static bool same_list(const char *const *one, const char *const *other) {
    if (!one || !other)
        return one == other;
    while (*one && *other && strcmp(*one, *other) == 0)
        one++, other++;
    return !*one && !*other;
}

static bool same_testlet(const ct_testlet *one, const ct_testlet *other) {
    if (!one || !other)
        return one == other;
    return one->kind == other->kind && ct_same_text(one->name, other->name) &&
           same_bytes(one->code, one->code_length, other->code, other->code_length) &&
           same_list(one->argv, other->argv) &&
           same_bytes(one->args, one->args_length, other->args, other->args_length);
}

static bool same_step(const ct_step *one, const ct_step *other) {
    return one->kind == other->kind && same_testlet(one->run, other->run) &&
           ct_same_text(one->name, other->name) &&
           ct_same_text(one->source, other->source) &&
           same_bytes(one->data, one->data_length, other->data, other->data_length) &&
           ct_same_text(one->dest, other->dest) && one->directory == other->directory &&
           one->no_overwrite == other->no_overwrite && one->always == other->always &&
           one->keep_owners == other->keep_owners &&
           ct_same_text(one->user, other->user) &&
           ct_same_text(one->group, other->group) && one->mode == other->mode &&
           one->limit == other->limit && one->optional == other->optional;
}

static bool same_hook(const ct_hook *one, const ct_hook *other) {
    if (one->step_count != other->step_count || !ct_same_text(one->name, other->name))
        return false;
    for (size_t i = 0; i < one->step_count; i++)
        if (!same_step(&one->steps[i], &other->steps[i]))
            return false;
    return true;
}

bool ct_job_same_preparation(const ct_job *one, const ct_job *other) {
    if (one->start_hook_count != other->start_hook_count ||
        !same_list(one->env, other->env))
        return false;
    if (one->ready != other->ready && one->start_hook_count > 0)
        return false;
    for (size_t i = 0; i < one->start_hook_count; i++)
        if (!same_hook(&one->start_hooks[i], &other->start_hooks[i]))
            return false;
    return true;
}
