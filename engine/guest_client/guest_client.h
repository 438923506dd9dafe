/* SPDX-License-Identifier: MIT
 *
 * guest_client.h - what a job asks of the guest in its instance. What the guest makes of
 * it is in guest/guest.h.
 */
#ifndef CT_GUEST_CLIENT_H
#define CT_GUEST_CLIENT_H

#include "provider/provider.h"
#include "tree/tree.h"

#define CT_GUEST_DIRECTORY "/.cleantest" /* in an instance of our own */

/* The guest in one instance, as a job sees it. */
typedef struct ct_guest {
    const ct_provider_type *provider; /* borrowed, as all below */
    void *session;
    const char *instance;
    const char *directory; /* where the guest lies, in the instance */
    enum ct_ready ready;   /* what the next call waits for first; then CT_READY_EXEC */
    double ready_timeout;  /* seconds */
    const char *program;   /* its name there; NULL: "guest" */
    /* Of its directory, as the first call has found it; "": not known yet. */
    char identity[64];
    bool booted;    /* its instance was seen to be up */
    bool partial;   /* putting it there was begun, and did not succeed */
    bool lost;      /* what it ran has killed it, or stopped its instance */
    bool absent;    /* all that the last pull, or the last hooks, failed at is that what
                       they were to bring was not there */
    bool disturbed; /* somebody else has stopped, restarted or deleted its instance */
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
    const char *const *env;      /* NULL-ended "KEY=value"; NULL: none */
    const char *const *more_env; /* the same; these win */
    double timeout;              /* seconds */
    size_t output_limit;         /* bytes of stdout, and of stderr */
} ct_run_options;

/* ---- guest_request.c: what the guest is asked, added to request as a frame --------- */

CT_CHECK int ct_request_run(ct_buf *request, const ct_guest *guest,
                            const ct_testlet *testlet, const ct_run_options *options,
                            ct_error *error);
CT_CHECK int ct_request_push(ct_buf *request, const ct_guest *guest, const ct_step *step,
                             ct_error *error);
CT_CHECK int ct_request_remove(ct_buf *request, const ct_guest *guest, ct_error *error);
CT_CHECK int ct_request_seal(ct_buf *request, const ct_guest *guest, ct_error *error);
CT_CHECK int ct_request_pull(ct_buf *request, const ct_guest *guest, const ct_step *step,
                             ct_error *error);

/* ---- guest_outcome.c --------------------------------------------------------------- */

void ct_outcome_init(ct_outcome *outcome, size_t output_limit);
void ct_outcome_fini(ct_outcome *outcome);
/* true when it did not end by itself in time and within its limits: then its exit code
 * says nothing. */
bool ct_outcome_broken(const ct_outcome *outcome);
/* Takes what an EXIT frame says. CT_E_PROTOCOL when it is no value; a field in it that
 * can't be true is as one that is not there. */
CT_CHECK int ct_outcome_take_exit(ct_outcome *outcome, const char *data, size_t length,
                                  ct_error *error);

/* ---- guest_client.c: asking it ----------------------------------------------------- */

/* Puts the guest program into the instance. */
CT_CHECK int ct_guest_install(ct_guest *guest, const ct_wait *wait, ct_error *error);
/* Takes it out again, with all that it has put into its directory, be it installed
 * wholly or in part; waits for no readiness. */
CT_CHECK int ct_guest_remove(ct_guest *guest, const ct_wait *wait, ct_error *error);
/* Makes an instance whose init is the idle guest fit to be cloned from. *size: bytes
 * of its files. */
CT_CHECK int ct_guest_seal(ct_guest *guest, uint64_t *size, const ct_wait *wait,
                           ct_error *error);
/* A digest of the guest program. */
CT_CHECK int ct_guest_digest(char hex[CT_DIGEST_SIZE], ct_error *error);
/* The guest as an init that does nothing: a command line. */
void ct_guest_idle(const char *directory, char *command, size_t size);
/* CT_OK means: it ran, see outcome. CT_E_GUEST: the guest could not run it. */
CT_CHECK int ct_guest_run(ct_guest *guest, const ct_testlet *testlet,
                          const ct_run_options *options, ct_outcome *outcome,
                          const ct_wait *wait, ct_error *error);
/* Steps of kind CT_STEP_PUSH and CT_STEP_PULL. untrusted: as in ct_tree_options. */
CT_CHECK int ct_guest_push(ct_guest *guest, const ct_step *step, const ct_wait *wait,
                           ct_error *error);
CT_CHECK int ct_guest_pull(ct_guest *guest, const ct_step *step,
                           const char *const *untrusted, const ct_wait *wait,
                           ct_error *error);

/* ---- install.c --------------------------------------------------------------------- */

/* Puts the guest into an instance that runs. One that can't be reached yet is waited
 * for, up to guest->ready_timeout, which is then what is left of it. operation:
 * seconds one operation of the provider may take. */
CT_CHECK int ct_guest_install_when_up(ct_guest *guest, double operation, int cancel,
                                      ct_error *error);

/* ---- hooks.c ----------------------------------------------------------------------- */

/* Does these of the hooks' steps in order; the first that fails ends it, but for a pull
 * that brings nothing: the others go on, and the failure tells of all. See
 * guest->absent. CT_E_STEP: the step's own doing, with the end of what it wrote in
 * output; else the environment's. */
CT_CHECK int ct_hooks_run(ct_guest *guest, const ct_hook *hooks, size_t count,
                          ct_step_range range, const char *const *env, ct_buf *output,
                          const ct_wait *wait, ct_error *error);

#endif
