/* SPDX-License-Identifier: MIT
 *
 * job.c - a job as the caller described it, read, checked, and copied with all it points
 * to.
 */
#include "model/model.h"
#include "wire/wire.h"

/* ---- reading: structs become this version's, and still point to the caller's ---- */

static const ct_sized job_type = {"ct_job", "CT_JOB_INIT", sizeof(ct_job)};
static const ct_sized hook_type = {"ct_hook", "CT_HOOK_INIT", sizeof(ct_hook)};
static const ct_sized step_type = {"ct_step", "CT_STEP_INIT", sizeof(ct_step)};
static const ct_sized testlet_type = {"ct_testlet", "CT_TESTLET_INIT",
                                      sizeof(ct_testlet)};

static int read_testlet(ct_arena *arena, const ct_testlet **testlet, ct_error *error) {
    return *testlet
               ? ct_sized_read_list(arena, testlet, *testlet, 1, &testlet_type, error)
               : CT_OK;
}

static int read_steps(ct_arena *arena, ct_hook *hook, ct_error *error) {
    ct_step *steps = NULL;
    const char *name = hook->name ? hook->name : "";
    if (hook->step_count && !hook->steps)
        return ct_fail(error, CT_E_ARGUMENT,
                       "hook %s: steps is NULL, but step_count is %zu", name,
                       hook->step_count);
    int code = hook->step_count ? ct_sized_read_list(arena, &steps, hook->steps,
                                                     hook->step_count, &step_type, error)
                                : CT_OK;
    for (size_t i = 0; code == CT_OK && i < hook->step_count; i++)
        code = read_testlet(arena, &steps[i].run, error);
    hook->steps = steps;
    return code < 0 ? ct_fail_in(error, code, "hook %s", name) : code;
}

/* what: "start_hooks" or "stop_hooks". */
static int read_hooks(ct_arena *arena, const ct_hook **list, size_t count,
                      const char *what, ct_error *error) {
    ct_hook *hooks = NULL;
    if (count && !*list)
        return ct_fail(error, CT_E_ARGUMENT, "%s is NULL, but its count is %zu", what,
                       count);
    int code = count ? ct_sized_read_list(arena, &hooks, *list, count, &hook_type, error)
                     : CT_OK;
    for (size_t i = 0; code == CT_OK && i < count; i++)
        code = read_steps(arena, &hooks[i], error);
    *list = hooks;
    return code;
}

static int read_job(ct_arena *arena, ct_job *to, const ct_job *from, ct_error *error) {
    if (!from)
        return ct_fail(error, CT_E_ARGUMENT, "the job is NULL");
    int code = ct_sized_read(to, from, &job_type, error);
    if (code == CT_OK)
        code = read_testlet(arena, &to->testlet, error);
    if (code == CT_OK)
        code = read_hooks(arena, &to->start_hooks, to->start_hook_count, "start_hooks",
                          error);
    return code < 0 ? code
                    : read_hooks(arena, &to->stop_hooks, to->stop_hook_count,
                                 "stop_hooks", error);
}

/* ---- copies; a failed allocation is noted in the arena ---- */

static const char *const *copy_list(ct_arena *arena, const char *const *list) {
    size_t count = 0;
    if (!list)
        return NULL;
    while (list[count])
        count++;
    const char **copy = ct_arena_alloc(arena, (count + 1) * sizeof *copy);
    for (size_t i = 0; copy && i < count; i++)
        copy[i] = ct_arena_string(arena, list[i]);
    return copy;
}

/* What was read is in the arena, and may be written to. */
static void copy_testlet(ct_arena *arena, const ct_testlet *read) {
    ct_testlet *testlet = (ct_testlet *) read;
    if (!testlet)
        return;
    testlet->name = ct_arena_string(arena, testlet->name);
    testlet->code = ct_arena_copy(arena, testlet->code, testlet->code_length);
    testlet->identity = ct_arena_copy(arena, testlet->identity, testlet->identity_length);
    testlet->argv = copy_list(arena, testlet->argv);
    testlet->args = ct_arena_copy(arena, testlet->args, testlet->args_length);
}

static void copy_step(ct_arena *arena, ct_step *step) {
    step->name = ct_arena_string(arena, step->name);
    copy_testlet(arena, step->run);
    step->source = ct_arena_string(arena, step->source);
    step->data = ct_arena_copy(arena, step->data, step->data_length);
    step->dest = ct_arena_string(arena, step->dest);
    step->user = ct_arena_string(arena, step->user);
    step->group = ct_arena_string(arena, step->group);
    if (step->timeout <= 0)
        step->timeout = CT_TIMEOUT_STEP;
}

static void copy_hooks(ct_arena *arena, const ct_hook *read, size_t count) {
    ct_hook *hooks = (ct_hook *) read;
    for (size_t i = 0; i < count; i++) {
        hooks[i].name = ct_arena_string(arena, hooks[i].name);
        for (size_t j = 0; j < hooks[i].step_count; j++)
            copy_step(arena, (ct_step *) &hooks[i].steps[j]);
    }
}

static void fill_defaults(ct_job *job) {
    if (job->timeout <= 0)
        job->timeout = CT_TIMEOUT_TESTLET;
    if (job->ready_timeout <= 0)
        job->ready_timeout = CT_TIMEOUT_READY;
    if (job->output_limit == 0)
        job->output_limit = CT_OUTPUT_LIMIT;
}

int ct_job_copy(ct_arena *arena, ct_job *to, const ct_job *from, ct_error *error) {
    int code = read_job(arena, to, from, error);
    if (code == CT_OK)
        code = ct_job_check(to, error);
    if (code < 0)
        return code;
    to->name = ct_arena_string(arena, to->name ? to->name : "test");
    to->image = ct_arena_string(arena, to->image);
    to->local_image = ct_arena_string(arena, to->local_image);
    to->remote_source = ct_arena_string(arena, to->remote_source);
    to->target = ct_arena_string(arena, to->target);
    to->instance_json = ct_arena_string(arena, to->instance_json);
    copy_testlet(arena, to->testlet);
    copy_hooks(arena, to->start_hooks, to->start_hook_count);
    copy_hooks(arena, to->stop_hooks, to->stop_hook_count);
    to->env = copy_list(arena, to->env);
    to->testlet_env = copy_list(arena, to->testlet_env);
    fill_defaults(to);
    return ct_arena_check(arena, error);
}
