/* SPDX-License-Identifier: MIT
 *
 * guest_client.h - what a job asks of the guest in its instance. guest/guest.h says what
 * the guest does then.
 */
#ifndef CT_GUEST_CLIENT_H
#define CT_GUEST_CLIENT_H

#include "provider/provider.h"
#include "tree/tree.h"

#define CT_GUEST_DIRECTORY "/.cleantest" /* in an instance of our own */

/* The guest in one instance, as a job sees it. */
typedef struct ct_guest {
    ct_session *session; /* borrowed, as all below */
    const char *instance;
    const char *directory; /* the guest's, in the instance */
    ct_ready ready;        /* what the next call waits for; after it CT_READY_EXEC */
    double ready_timeout;  /* seconds */
    const char *program;   /* its file in the directory; NULL: "guest" */
    char identity[64];     /* the directory's, from the first call on; "" before */
    bool booted;           /* its instance was seen to be up */
    bool partial;          /* putting it there was begun, and did not succeed */
    bool lost;             /* a testlet has killed it, or stopped its instance */
    bool disturbed;        /* somebody else has stopped or deleted its instance */
    /* All that the last pull, or the last hooks, failed at is that what they were to
     * bring was not there. */
    bool absent;
    /* Called once, when the instance is ready for the first call. */
    void (*on_ready)(void *context);
    void *context;
} ct_guest;

/* How a testlet, or a hook's run step, ended. */
typedef struct ct_outcome {
    int exit_code; /* -1: it did not end by itself */
    int signal;    /* the one that ended it; 0: none did */
    bool timed_out;
    bool lost; /* it has killed the guest, or stopped its instance */
    /* What it wrote too much to, and was killed for: "stdout", "stderr", "value"; else
     * "". */
    char limit[8];
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

/* ---- request.c --------------------------------------------------------------------- */

/* Each adds what the guest is asked to request, as a frame. */

CT_CHECK int ct_request_run(ct_buf *request, const ct_guest *guest,
                            const ct_testlet *testlet, const ct_run_options *options,
                            ct_error *error);
CT_CHECK int ct_request_push(ct_buf *request, const ct_guest *guest, const ct_step *step,
                             ct_error *error);
CT_CHECK int ct_request_remove(ct_buf *request, const ct_guest *guest, ct_error *error);
CT_CHECK int ct_request_seal(ct_buf *request, const ct_guest *guest, ct_error *error);
CT_CHECK int ct_request_pull(ct_buf *request, const ct_guest *guest, const ct_step *step,
                             ct_error *error);

/* ---- outcome.c --------------------------------------------------------------------- */

void ct_outcome_init(ct_outcome *outcome, size_t output_limit);
void ct_outcome_fini(ct_outcome *outcome);
/* true when it did not end by itself, in time and within its limits. Its exit code says
 * nothing then. */
bool ct_outcome_broken(const ct_outcome *outcome);
/* Takes what an EXIT frame says. CT_E_PROTOCOL: the frame is no value. A field that can't
 * be true counts as missing. */
CT_CHECK int ct_outcome_take_exit(ct_outcome *outcome, const char *data, size_t length,
                                  ct_error *error);

/* ---- guest_client.c ---------------------------------------------------------------- */

/* Puts the guest program into the instance. */
CT_CHECK int ct_guest_install(ct_guest *guest, const ct_wait *wait, ct_error *error);
/* Takes the guest out again with all that it has put into its directory, whether it was
 * installed wholly or in part. Does not wait until the instance is ready. */
CT_CHECK int ct_guest_remove(ct_guest *guest, const ct_wait *wait, ct_error *error);
/* Makes an instance fit to be cloned. Its init must be the idle guest. *size: bytes of
 * its files. */
CT_CHECK int ct_guest_seal(ct_guest *guest, uint64_t *size, const ct_wait *wait,
                           ct_error *error);
/* A digest of the guest program. */
CT_CHECK int ct_guest_digest(char hex[CT_DIGEST_SIZE], ct_error *error);
/* Writes the command line that runs the guest as an init which does nothing. */
void ct_guest_idle(const char *directory, char *command, size_t size);
/* Runs a testlet. CT_OK: it ran, and the outcome says how it ended. CT_E_GUEST: the guest
 * could not run it. */
CT_CHECK int ct_guest_run(ct_guest *guest, const ct_testlet *testlet,
                          const ct_run_options *options, ct_outcome *outcome,
                          const ct_wait *wait, ct_error *error);
/* Do a step of kind CT_STEP_PUSH or CT_STEP_PULL. untrusted: as in ct_tree_options. */
CT_CHECK int ct_guest_push(ct_guest *guest, const ct_step *step, const ct_wait *wait,
                           ct_error *error);
CT_CHECK int ct_guest_pull(ct_guest *guest, const ct_step *step,
                           const char *const *untrusted, const ct_wait *wait,
                           ct_error *error);

/* ---- install.c --------------------------------------------------------------------- */

/* Puts the guest into an instance that runs. Waits for one that can't be reached yet, for
 * guest->ready_timeout at most, from which the time that this took is taken off. */
CT_CHECK int ct_guest_install_when_up(ct_guest *guest, int cancel, ct_error *error);

/* ---- hooks.c ----------------------------------------------------------------------- */

/* Some of the steps of a job's hooks. */
typedef struct ct_hook_steps {
    const ct_hook *hooks;
    size_t count;           /* of the hooks */
    ct_step_range range;    /* of the steps that are done */
    const char *const *env; /* NULL-ended "KEY=value"; NULL: none */
} ct_hook_steps;

/* Does the steps in order, until one fails; but after a pull that brings nothing the
 * others go on, and the failure tells of all: see guest->absent. CT_E_STEP: it was the
 * step's own doing, and output has the end of what it wrote. Any other code: the
 * environment broke. */
CT_CHECK int ct_hooks_run(ct_guest *guest, const ct_hook_steps *steps, ct_buf *output,
                          const ct_wait *wait, ct_error *error);

#endif
