/* SPDX-License-Identifier: MIT
 *
 * check.c - whether a job can be done at all, as far as the job itself tells. Its structs
 * have been read already: they are of this version's size.
 */
#include <string.h>
#include <sys/stat.h>

#include "model/model.h"
#include "tree/tree.h"

bool ct_name_fits_path(const char *name) {
    for (const char *c = name; *c; c++)
        if ((unsigned char) *c <= ' ' || *c == 0x7f || strchr("\"#%&+/?\\", *c))
            return false;
    return *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static int check_testlet(const ct_testlet *testlet, const char *where, ct_error *error) {
    if (!testlet)
        return ct_fail(error, CT_E_ARGUMENT, "%s: the testlet is NULL", where);
    if ((unsigned) testlet->kind > CT_TESTLET_CALL)
        return ct_fail(error, CT_E_ARGUMENT, "%s: no such kind of testlet: %d", where,
                       (int) testlet->kind);
    if (testlet->kind == CT_TESTLET_COMMAND && (!testlet->argv || !testlet->argv[0]))
        return ct_fail(error, CT_E_ARGUMENT, "%s: a command needs argv", where);
    if (testlet->kind != CT_TESTLET_COMMAND && !testlet->code)
        return ct_fail(error, CT_E_ARGUMENT, "%s: the testlet has no code", where);
    if ((testlet->code_length && !testlet->code) ||
        (testlet->identity_length && !testlet->identity) ||
        (testlet->args_length && !testlet->args))
        return ct_fail(error, CT_E_ARGUMENT,
                       "%s: code, identity or args is NULL, but its length is not 0",
                       where);
    return CT_OK;
}

static int check_owner(const ct_step *step, const char *hook, ct_error *error) {
    bool owned = step->user || step->group;
    if (step->keep_owners && owned)
        return ct_fail(error, CT_E_ARGUMENT,
                       "hook %s: keep_owners together with a user or group", hook);
    if (step->keep_owners && !step->source)
        return ct_fail(error, CT_E_ARGUMENT, "hook %s: data has no owner to keep", hook);
    if ((step->user && !ct_id_plausible(step->user)) ||
        (step->group && !ct_id_plausible(step->group)))
        return ct_fail(error, CT_E_ARGUMENT, "hook %s: no such user or group", hook);
    return CT_OK;
}

static int check_tree(const ct_step *step, const char *hook, ct_error *error) {
    unsigned permissions = step->mode & ~(unsigned) S_IFREG;
    bool pull = step->kind == CT_STEP_PULL;
    if (!step->dest)
        return ct_fail(error, CT_E_ARGUMENT, "hook %s: step without dest", hook);
    if (!step->source && (pull || !step->data || step->directory))
        return ct_fail(error, CT_E_ARGUMENT, "hook %s: step without source", hook);
    if (step->data_length && !step->data)
        return ct_fail(error, CT_E_ARGUMENT,
                       "hook %s: data is NULL, but data_length is not 0", hook);
    if (step->mode && step->directory)
        return ct_fail(error, CT_E_ARGUMENT, "hook %s: a directory with a mode", hook);
    if (permissions > (pull ? 0777u : 07777u))
        return ct_fail(error, CT_E_ARGUMENT, "hook %s: bad mode %o", hook, step->mode);
    if (step->limit && !pull)
        return ct_fail(error, CT_E_ARGUMENT, "hook %s: a push with a limit", hook);
    if (step->optional && !pull)
        return ct_fail(error, CT_E_ARGUMENT, "hook %s: a push that is optional", hook);
    return check_owner(step, hook, error);
}

static int check_step(const ct_step *step, const char *hook, ct_error *error) {
    if (!(step->timeout >= 0))
        return ct_fail(error, CT_E_ARGUMENT, "hook %s: a timeout is negative", hook);
    if (step->kind == CT_STEP_RUN)
        return check_testlet(step->run, hook, error);
    if (step->kind != CT_STEP_PUSH && step->kind != CT_STEP_PULL)
        return ct_fail(error, CT_E_ARGUMENT, "hook %s: no such kind of step: %d", hook,
                       (int) step->kind);
    return check_tree(step, hook, error);
}

/* what: "start_hooks" or "stop_hooks". */
static int check_hooks(const ct_hook *hooks, size_t count, const char *what,
                       ct_error *error) {
    for (size_t i = 0; i < count; i++) {
        const char *name = hooks[i].name;
        if (!name)
            return ct_fail(error, CT_E_ARGUMENT, "%s: number %zu has no name", what,
                           i + 1);
        for (size_t j = 0; j < hooks[i].step_count; j++) {
            int code = check_step(&hooks[i].steps[j], name, error);
            if (code < 0)
                return code;
        }
    }
    return CT_OK;
}

static int check_env(const char *const *env, ct_error *error) {
    for (size_t i = 0; env && env[i]; i++)
        if (env[i][0] == '=' || !strchr(env[i], '='))
            return ct_fail(error, CT_E_ARGUMENT,
                           "environment: \"%.60s\" is not of the form KEY=value", env[i]);
    return CT_OK;
}

/* text may be NULL. */
static int check_object(const ct_job *job, const char *what, const char *text,
                        ct_error *error) {
    if (!text)
        return CT_OK;
    if (text[strspn(text, " \t\r\n")] != '{')
        return ct_fail(error, CT_E_ARGUMENT, "image %s: %s: no JSON object", job->image,
                       what);
    ct_json *json = ct_json_new();
    if (!json)
        return ct_fail(error, CT_E_NO_MEMORY, "out of memory");
    int code = ct_json_parse(json, text, strlen(text), error);
    ct_json_free(json);
    if (code < 0 && error)
        error->code = CT_E_ARGUMENT;
    return code < 0 ? ct_fail_in(error, CT_E_ARGUMENT, "image %s: %s", job->image, what)
                    : code;
}

static int check_source(const ct_job *job, ct_error *error) {
    if (job->local_image && !*job->local_image)
        return ct_fail(error, CT_E_ARGUMENT, "image %s: local_image is empty",
                       job->image);
    int code = check_object(job, "remote_source", job->remote_source, error);
    return code < 0 ? code
                    : check_object(job, "instance_json", job->instance_json, error);
}

static int check_target(const char *target, ct_error *error) {
    if (!target)
        return CT_OK;
    if (ct_name_fits_path(target) && strlen(target) <= CT_INSTANCE_NAME_MAX)
        return CT_OK;
    return ct_fail(error, CT_E_ARGUMENT, "target \"%.80s\" can't be an instance's name",
                   target);
}

static int check_options(const ct_job *job, ct_error *error) {
    if (!(job->timeout >= 0) || !(job->ready_timeout >= 0))
        return ct_fail(error, CT_E_ARGUMENT, "job %s: a timeout is negative",
                       job->name ? job->name : job->image);
    if ((unsigned) job->ready > CT_READY_CLOUD_INIT ||
        (unsigned) job->preserve > CT_PRESERVE_RUN)
        return ct_fail(error, CT_E_ARGUMENT, "job %s: no such ready or preserve",
                       job->name ? job->name : job->image);
    if ((unsigned) job->isolation > CT_ISOLATION_IMAGE)
        return ct_fail(error, CT_E_ARGUMENT, "job %s: no such isolation: %d",
                       job->name ? job->name : job->image, (int) job->isolation);
    return CT_OK;
}

int ct_job_check(const ct_job *job, ct_error *error) {
    if (!job->image || !*job->image)
        return ct_fail(error, CT_E_ARGUMENT, "the job names no image");
    int code = check_target(job->target, error);
    if (code == CT_OK)
        code = check_options(job, error);
    if (code == CT_OK)
        code = check_testlet(job->testlet, job->name ? job->name : "testlet", error);
    if (code == CT_OK)
        code = check_source(job, error);
    if (code == CT_OK)
        code = check_hooks(job->start_hooks, job->start_hook_count, "start_hooks", error);
    if (code == CT_OK)
        code = check_hooks(job->stop_hooks, job->stop_hook_count, "stop_hooks", error);
    if (code == CT_OK)
        code = check_env(job->env, error);
    return code < 0 ? code : check_env(job->testlet_env, error);
}
