/* SPDX-License-Identifier: MIT
 *
 * provider.h - the contract between a job and what supplies its instances. A provider is
 * shared by threads; a session is one thread's connection to it. Every call may block until
 * its ct_wait is over and fills ct_error, naming the instance, when it fails.
 */
#ifndef CT_PROVIDER_H
#define CT_PROVIDER_H

#include "engine.h"

/* Who answers for an instance: kept on it, so that any later process can tell whether the
 * owner lives. See lease.c. */
typedef struct ct_lease {
    char run[17];     /* the run's id */
    char host[96];    /* boot id and pid namespace of the owner */
    long pid;         /* the owner's */
    uint64_t started; /* when it started, in ticks since boot (proc(5), field 22) */
    long long expiry; /* seconds since 1970; after that it is dead wherever it was */
    bool preserved;   /* kept on purpose: nobody's to clean */
} ct_lease;

typedef struct ct_instance_spec {
    const char *name;
    const char *source; /* what resolve() gave; NULL: json says it */
    const char *json;   /* a JSON object with more of the create request; NULL: none */
    const ct_lease *lease;
} ct_instance_spec;

typedef struct ct_exec {
    const char *const *argv; /* NULL-ended */
    /* Adds stdin's next bytes to out; called when the last ones are gone. 1: there is more;
     * 0: no more (stdin stays open). */
    int (*input)(void *context, ct_buf *out, ct_error *error);
    /* Takes bytes of stdout. 1: go on; 0: that was all, end the exec. */
    int (*output)(void *context, const char *data, size_t length, ct_error *error);
    void *context;
    ct_buf *diagnostics; /* gets stderr, up to its limit */
} ct_exec;

/* Called for each instance that carries a lease. A negative code ends the listing. */
typedef int ct_lease_visitor(void *context, const char *instance, const ct_lease *lease);

typedef struct ct_provider ct_provider;

typedef struct ct_provider_type {
    void (*close)(ct_provider *provider);
    void *(*session_open)(ct_provider *provider, ct_error *error);
    void (*session_close)(void *session);

    /* *source is what create() makes the image's instances from (free() it). */
    int (*resolve)(void *session, const char *image, char **source, const ct_wait *wait,
                   ct_error *error);
    /* CT_OK when there is such an instance, and it runs; else CT_E_UNKNOWN_INSTANCE. */
    int (*check_running)(void *session, const char *instance, const ct_wait *wait,
                         ct_error *error);
    int (*create)(void *session, const ct_instance_spec *spec, const ct_wait *wait,
                  ct_error *error);
    int (*start)(void *session, const char *instance, const ct_wait *wait,
                 ct_error *error);
    int (*make_directory)(void *session, const char *instance, const char *path,
                          const ct_wait *wait, ct_error *error);
    /* Writes a program file, mode 0755, owner root. */
    int (*push_program)(void *session, const char *instance, const char *path,
                        const void *data, size_t length, const ct_wait *wait,
                        ct_error *error);
    /* *exit_code is set, and CT_OK returned, when the program ended by itself before output()
     * said that was all; -1 when output() did. */
    int (*exec)(void *session, const char *instance, const ct_exec *exec, int *exit_code,
                const ct_wait *wait, ct_error *error);
    /* CT_OK when the provider still takes orders, whatever became of the instance. */
    int (*in_service)(void *session, const char *instance, const ct_wait *wait,
                      ct_error *error);
    /* Keeps the instance for good: it outlives its run, its lease and a stop. */
    int (*preserve)(void *session, const char *instance, const ct_wait *wait,
                    ct_error *error);
    /* Stops and deletes; waits first for what is still being done to it. CT_OK when there is
     * no such instance any more. */
    int (*destroy)(void *session, const char *instance, const ct_wait *wait,
                   ct_error *error);
    /* Waits until nothing is being created for the run any more. */
    int (*settle)(void *session, const char *run, const ct_wait *wait, ct_error *error);
    int (*visit)(void *session, ct_lease_visitor *visitor, void *context,
                 const ct_wait *wait, ct_error *error);
    /* How a person gets into an instance, as a command line (free() it). */
    char *(*shell_command)(const ct_provider *provider, const char *instance);
} ct_provider_type;

struct ct_provider {
    const ct_provider_type *type;
    char *server; /* "lxd 5.0.2 at /var/lib/lxd/unix.socket" */
    ct_endpoint endpoint;
    char *project;  /* NULL: the default one */
    double timeout; /* seconds one operation may take */
};

/* ---- lease.c ------------------------------------------------------------------------- */

/* This process answers for an instance of the run that is done with in so many seconds. */
void ct_lease_init(ct_lease *lease, const char *run, double seconds);
/* true when nobody answers for it any more. */
bool ct_lease_dead(const ct_lease *lease);

/* ---- guest_request.c, guest_client.c ------------------------------------------------- */

/* The guest in one instance, as a job sees it. */
typedef struct ct_guest {
    const ct_provider_type *provider; /* borrowed, as all below */
    void *session;
    const char *instance;
    const char *directory; /* where the guest lies, in the instance */
    enum ct_ready ready;   /* what the next call waits for first; then CT_READY_EXEC */
    double ready_timeout;  /* seconds */
    void (*on_ready)(void *context); /* called once, when the first call is ready */
    void *context;
} ct_guest;

/* How a testlet, or a hook's run step, ended. */
typedef struct ct_outcome {
    int exit_code; /* -1: it did not end by itself */
    int signal;    /* 0: by itself */
    bool timed_out;
    bool lost;     /* the guest went with it: killed, or its instance stopped */
    char limit[8]; /* "stdout", "stderr": it was killed for writing too much; else "" */
    double cpu_user, cpu_system; /* seconds */
    uint64_t max_rss;            /* bytes */
    ct_buf stdout_bytes, stderr_bytes;
    ct_buf value; /* packed; empty: none */
} ct_outcome;

typedef struct ct_run_options {
    const char *const *env; /* NULL-ended "KEY=value"; NULL: none */
    double timeout;         /* seconds */
    size_t output_limit;    /* bytes of stdout, and of stderr */
} ct_run_options;

/* ---- guest_request.c: what the guest is asked, added to request as a frame ---- */

CT_CHECK int ct_request_run(ct_buf *request, const ct_guest *guest,
                            const ct_testlet *testlet, const ct_run_options *options,
                            ct_error *error);
CT_CHECK int ct_request_push(ct_buf *request, const ct_guest *guest, const ct_step *step,
                             ct_error *error);
CT_CHECK int ct_request_remove(ct_buf *request, const ct_guest *guest, ct_error *error);
CT_CHECK int ct_request_pull(ct_buf *request, const ct_guest *guest, const ct_step *step,
                             ct_error *error);

/* ---- guest_client.c: asking it ---- */

void ct_outcome_init(ct_outcome *outcome, size_t output_limit);
void ct_outcome_fini(ct_outcome *outcome);
/* true when it did not end by itself in time and within its limits: then its exit code says
 * nothing. */
bool ct_outcome_broken(const ct_outcome *outcome);

/* Puts the guest program into the instance. */
CT_CHECK int ct_guest_install(ct_guest *guest, const ct_wait *wait, ct_error *error);
/* Takes it out again, with all that it has put into its directory. */
CT_CHECK int ct_guest_remove(ct_guest *guest, const ct_wait *wait, ct_error *error);
/* CT_OK means: it ran, see outcome. CT_E_GUEST: the guest could not run it. */
CT_CHECK int ct_guest_run(ct_guest *guest, const ct_testlet *testlet,
                          const ct_run_options *options, ct_outcome *outcome,
                          const ct_wait *wait, ct_error *error);
/* Steps of kind CT_STEP_PUSH and CT_STEP_PULL. */
CT_CHECK int ct_guest_push(ct_guest *guest, const ct_step *step, const ct_wait *wait,
                           ct_error *error);
CT_CHECK int ct_guest_pull(ct_guest *guest, const ct_step *step, const ct_wait *wait,
                           ct_error *error);

/* ---- hook.c -------------------------------------------------------------------------- */

/* Does the hooks' steps in order; the first that fails ends it. CT_E_STEP: the step's own
 * doing, with the end of what it wrote added to output; else the environment's. */
CT_CHECK int ct_hooks_run(ct_guest *guest, const ct_hook *hooks, size_t count,
                          const char *const *env, ct_buf *output, const ct_wait *wait,
                          ct_error *error);

/* ---- job_result.c -------------------------------------------------------------------- */

/* A status never improves. */
void ct_result_worsen(ct_result *result, enum ct_status status);
/* Says what went wrong, with what a step wrote behind it; the first cause wins. */
void ct_result_note(ct_result *result, const char *message, const ct_buf *output);
/* What the testlet wrote is worth having however it ended. */
void ct_result_take_output(ct_result *result, ct_outcome *outcome);
/* How it ended, what it returned, and what that means. */
void ct_result_take_end(ct_result *result, const ct_job *job, ct_outcome *outcome);

/* ---- job.c --------------------------------------------------------------------------- */

/* What the jobs of a batch share. */
typedef struct ct_job_context {
    ct_provider *provider;
    const char *run_id;
    size_t first_number; /* of the batch's instances, within the run */
    int cancel;          /* see ct_wait */
    ct_queue *events;
} ct_job_context;

/* Lives one job through, from birth to teardown, and reports it as events. *session is opened
 * as needed. result is given away with the RESULT event. */
void ct_job_perform(const ct_job_context *context, void **session, size_t number,
                    const ct_job *job, const char *source, ct_result *result);

/* ---- sweep.c ------------------------------------------------------------------------- */

/* true for the instances that are to go. */
typedef bool ct_doomed(const void *context, const ct_lease *lease);

/* Deletes what is doomed, several at a time. Returns how many are gone. */
CT_CHECK int ct_sweep(ct_provider *provider, ct_doomed *doomed, const void *doom_context,
                      ct_cleaned *cleaned, void *cleaned_context, ct_error *error);

/* ---- reaper.c ------------------------------------------------------------------------ */

/* The process that deletes the run's instances should this one die. */
typedef struct ct_reaper ct_reaper;

CT_CHECK ct_reaper *ct_reaper_start(const ct_provider *provider, const char *run_id,
                                    ct_error *error);
/* Sends it home; when instances are known to be left, it deletes them first. NULL is fine. */
void ct_reaper_stop(ct_reaper *reaper, bool instances_left);

/* ---- lxd.c --------------------------------------------------------------------------- */

/* Finds and probes LXD (or Incus). See ct_run_open() for the errors. */
CT_CHECK ct_provider *ct_lxd_open(const ct_settings *settings, ct_error *error);

#endif
