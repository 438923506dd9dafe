/* SPDX-License-Identifier: MIT
 *
 * run.c - the public API's run: a provider, an id, and the reaper that comes with the
 * first instance.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <curl/curl.h>

#include "lxd/lxd.h"
#include "reaper/reaper.h"
#include "run/run_private.h"

struct ct_run {
    ct_provider *provider;
    ct_logger logger;
    char id[17];
    ct_base_limits bases;
    ct_warm *warm;
    ct_history *history;  /* NULL: there is no place for one */
    pthread_mutex_t lock; /* guards what is below */
    pthread_cond_t guarded;
    bool guarding;     /* a thread is starting the reaper */
    ct_reaper *reaper; /* NULL until it is needed */
    bool instances_left;
    bool keeps;      /* some instances are to go when the run is closed */
    size_t numbered; /* instances named so far */
};

static int make_id(char id[17], ct_error *error) {
    static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
    unsigned char bytes[10];
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return ct_fail_errno(error, "getrandom");
    for (size_t i = 0; i < sizeof bytes; i++)
        id[i] = digits[bytes[i] % 32];
    id[sizeof bytes] = '\0';
    return CT_OK;
}

static size_t one_number(void *run) {
    return ct_run_number(run, 1);
}

int ct_run_connect(const ct_settings *settings, ct_provider **out, ct_error *error) {
    const ct_logger logger = {.log = settings->log, .context = settings->log_context};
    *out = NULL;
    int code = ct_standard_streams_ensure(error);
    if (code < 0)
        return code;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    code = ct_lxd_open(settings, out, error);
    if (code < 0)
        curl_global_cleanup();
    else
        ct_log_write(&logger, CT_LOG_INFO, "found %s", (*out)->server);
    return code;
}

void ct_run_disconnect(ct_provider *provider) {
    if (!provider)
        return;
    provider->type->close(provider);
    curl_global_cleanup();
}

static int open_run(const ct_settings *given, ct_run **out, ct_error *error) {
    ct_settings settings;
    char id[17];
    *out = NULL;
    int code = ct_settings_read(&settings, given, error);
    if (code == CT_OK)
        code = make_id(id, error);
    if (code < 0)
        return code;
    ct_run *run = calloc(1, sizeof *run);
    if (!run)
        return ct_fail(error, CT_E_NO_MEMORY, "out of memory");
    memcpy(run->id, id, sizeof id);
    run->bases = ct_settings_limits(&settings);
    run->history = ct_history_open(settings.state);
    run->logger = (ct_logger){.log = settings.log, .context = settings.log_context};
    pthread_mutex_init(&run->lock, NULL);
    pthread_cond_init(&run->guarded, NULL);
    code = ct_run_connect(&settings, &run->provider, error);
    if (code == CT_OK)
        code = ct_warm_open(run->provider, run->id, one_number, run, &run->warm, error);
    if (code < 0) {
        ct_run_close(run);
        return code;
    }
    ct_log_write(&run->logger, CT_LOG_INFO, "run %s: opened", run->id);
    *out = run;
    return CT_OK;
}

ct_run *ct_run_open(const ct_settings *settings, ct_error *error) {
    ct_run *run;
    return open_run(settings, &run, error) < 0 ? NULL : run;
}

static void keep_failure(void *context, const char *instance, const char *why) {
    ct_error *error = context;
    if (why && error->code == CT_OK)
        ct_fail(error, CT_E_OPERATION, "instance %s could not be deleted: %s", instance,
                why);
}

void ct_run_close(ct_run *run) {
    if (!run)
        return;
    ct_error failure = {0}, unable = {0};
    ct_warm_close(run->warm);
    bool sweep =
        run->keeps || (run->provider && ct_leftovers_some(run->provider->leftovers));
    ct_cleaned_sink sink = {.cleaned = keep_failure, .context = &failure};
    if (sweep && ct_sweep(run->provider, ct_lease_of_run, run->id, &sink, &unable) < 0)
        failure = unable;
    if (failure.code < 0) {
        run->instances_left = true; /* the reaper tries again */
        ct_log_write(&run->logger, CT_LOG_ERROR, "run %s: %s", run->id, failure.message);
    }
    ct_reaper_stop(run->reaper, run->instances_left);
    if (run->provider)
        ct_log_write(&run->logger, CT_LOG_INFO, "run %s: closed", run->id);
    ct_run_disconnect(run->provider);
    ct_history_close(run->history);
    pthread_cond_destroy(&run->guarded);
    pthread_mutex_destroy(&run->lock);
    free(run);
}

const char *ct_run_id(const ct_run *run) {
    return run->id;
}

const char *ct_run_server(const ct_run *run) {
    return run->provider->server;
}

ct_warm *ct_run_warm(ct_run *run) {
    return run->warm;
}

ct_history *ct_run_history(ct_run *run) {
    return run->history;
}

const ct_base_limits *ct_run_base_limits(const ct_run *run) {
    return &run->bases;
}

ct_provider *ct_run_provider(ct_run *run) {
    return run->provider;
}

const ct_logger *ct_run_logger(const ct_run *run) {
    return &run->logger;
}

/* The reaper is started without the lock, by one thread; others wait for how that
 * ends, and try again when it failed. */
int ct_run_guard(ct_run *run, ct_error *error) {
    pthread_mutex_lock(&run->lock);
    while (run->guarding)
        pthread_cond_wait(&run->guarded, &run->lock);
    bool start = run->guarding = !run->reaper;
    pthread_mutex_unlock(&run->lock);
    if (!start)
        return CT_OK;
    ct_reaper *reaper;
    int code = ct_reaper_start(run->provider, run->id, &reaper, error);
    if (code == CT_OK)
        ct_log_write(&run->logger, CT_LOG_INFO, "run %s: its reaper is there", run->id);
    pthread_mutex_lock(&run->lock);
    run->reaper = reaper;
    run->guarding = false;
    pthread_cond_broadcast(&run->guarded);
    pthread_mutex_unlock(&run->lock);
    return code;
}

const ct_reaper *ct_run_reaper(ct_run *run) {
    pthread_mutex_lock(&run->lock);
    const ct_reaper *reaper = run->reaper;
    pthread_mutex_unlock(&run->lock);
    return reaper;
}

size_t ct_run_number(ct_run *run, size_t count) {
    pthread_mutex_lock(&run->lock);
    size_t first = run->numbered;
    run->numbered += count;
    pthread_mutex_unlock(&run->lock);
    return first;
}

void ct_run_keep(ct_run *run) {
    pthread_mutex_lock(&run->lock);
    run->keeps = true;
    pthread_mutex_unlock(&run->lock);
}

void ct_run_left_behind(ct_run *run) {
    pthread_mutex_lock(&run->lock);
    run->instances_left = true;
    pthread_mutex_unlock(&run->lock);
}

/* ---- its instances ---- */

struct listing {
    const ct_run *run;
    ct_instance_visitor *visitor;
    void *context;
};

static int list_one(void *context, const char *instance, const ct_lease *lease) {
    struct listing *listing = context;
    const ct_instance shown = {.name = instance};
    if (strcmp(lease->run, listing->run->id) == 0)
        listing->visitor(listing->context, &shown);
    return CT_OK;
}

static int list_instances(ct_session *session, void *listing, const ct_wait *wait,
                          ct_error *error) {
    return session->provider->instances->visit(session, list_one, listing, wait, error);
}

int ct_instances_visit(ct_run *run, ct_instance_visitor *visitor, void *context,
                       ct_error *error) {
    if (!visitor)
        return ct_fail(error, CT_E_ARGUMENT, "the visitor is NULL");
    struct listing listing = {.run = run, .visitor = visitor, .context = context};
    ct_wait wait = ct_wait_for(run->provider->timeout, -1);
    return ct_with_session(run->provider, list_instances, &listing, &wait, error);
}

struct choice {
    const ct_run *run;
    const char *const *names;
};

static bool chosen(const void *context, const char *instance, const ct_lease *lease) {
    const struct choice *choice = context;
    if (strcmp(lease->run, choice->run->id) != 0)
        return false;
    for (size_t i = 0; choice->names[i]; i++)
        if (strcmp(choice->names[i], instance) == 0)
            return true;
    return false;
}

int ct_instances_destroy(ct_run *run, const char *const *names, ct_error *error) {
    if (!names)
        return ct_fail(error, CT_E_ARGUMENT, "the list of instances is NULL");
    struct choice choice = {.run = run, .names = names};
    ct_error failure = {0};
    ct_cleaned_sink sink = {.cleaned = keep_failure, .context = &failure};
    int gone = ct_sweep(run->provider, chosen, &choice, &sink, error);
    if (gone < 0 || failure.code == CT_OK)
        return gone;
    ct_run_left_behind(run);
    return ct_fail(error, failure.code, "%s", failure.message);
}
