/* SPDX-License-Identifier: MIT
 *
 * provider.h - the contract between a job and what supplies its instances. A provider is
 * shared by threads; a session is one thread's connection to it. Every call may block
 * until its ct_wait is over and fills ct_error, naming the instance, when it fails.
 */
#ifndef CT_PROVIDER_H
#define CT_PROVIDER_H

#include "model/model.h"
#include "net/net.h"

#define CT_BUILD_PREFIX "ct-build-" /* of a base's name while it is built */

/* Who answers for an instance: kept on it, so that any later process can tell whether the
 * owner lives. See lease.c. */
typedef struct ct_lease {
    char run[17];     /* the run's id */
    char host[96];    /* boot id and pid namespace of the owner */
    long pid;         /* the owner's */
    uint64_t started; /* when it started, in ticks since boot (proc(5), field 22) */
    long long expiry; /* seconds since 1970; after that it is dead wherever it was */
    bool preserved;   /* kept on purpose: nobody's to clean */
    /* of all creations the one that this came with: tells it from others of its run */
    char creation[17];
} ct_lease;

typedef struct ct_instance_spec {
    const char *name;
    const char *source; /* what resolve() gave; NULL: json says it, else remote */
    const char *json;   /* a JSON object with more of the create request; NULL: none */
    /* an instance to be cloned, which is the source then; or NULL */
    const char *clone_of;
    const char *base_key; /* it is to become the base of this key; NULL: it is not */
    const char *idle;     /* a program to run in place of its init; NULL: its own */
    const char *remote;   /* a JSON object, the request's source; NULL: none */
    const ct_lease *lease;
} ct_instance_spec;

typedef struct ct_exec {
    const char *const *argv; /* NULL-ended */
    /* Adds stdin's next bytes to out; called when the last ones are gone. 1: there is
     * more; 0: no more (stdin stays open). */
    int (*input)(void *context, ct_buf *out, ct_error *error);
    /* Takes bytes of stdout. 1: go on; 0: that was all, end the exec. */
    int (*output)(void *context, const char *data, size_t length, ct_error *error);
    void *context;
    ct_buf *diagnostics; /* gets stderr, up to its limit */
} ct_exec;

/* Where a base is looked for. It is built under a name of its own, which is the lock,
 * and gets the other one when it is complete: whoever clones by that name never has
 * half of it. */
typedef struct ct_base_look {
    const char *key;
    char base[CT_BASE_NAME_MAX];
    char build[CT_BASE_NAME_MAX];
    /* what was found */
    enum ct_base_state state;
    const char *instance; /* one of the two names; NULL: neither is there */
} ct_base_look;

/* Called for each instance that carries a lease. A negative code ends the listing. */
typedef int ct_lease_visitor(void *context, const char *instance, const ct_lease *lease);

typedef struct ct_provider ct_provider;

typedef struct ct_provider_type {
    void (*close)(ct_provider *provider);
    int (*session_open)(ct_provider *provider, void **session, ct_error *error);
    void (*session_close)(void *session);

    /* *source is what create() makes the image's instances from (free() it). */
    int (*resolve)(void *session, const char *image, char **source, const ct_wait *wait,
                   ct_error *error);
    /* What it still has of an image that it has pulled before: *source is as from
     * resolve() when that image stays up to date by itself, and fits the json; NULL
     * when there is none. */
    int (*find_pulled)(void *session, const char *remote, const char *json, char **source,
                       const ct_wait *wait, ct_error *error);
    /* CT_OK when there is such an instance, and it runs; else CT_E_UNKNOWN_INSTANCE. */
    int (*check_running)(void *session, const char *instance, const ct_wait *wait,
                         ct_error *error);
    /* Sent once, whatever becomes of it; what it has done is looked for when the answer
     * does not tell. So CT_OK says that the instance is there, and that it is this
     * call's: by its lease, which must be this call's alone. CT_E_CONFLICT: another one
     * has the name. After any other failure there may be one all the same, which
     * destroy() waits for first. */
    int (*create)(void *session, const ct_instance_spec *spec, const ct_wait *wait,
                  ct_error *error);
    int (*start)(void *session, const char *instance, const ct_wait *wait,
                 ct_error *error);
    /* Asked when something failed in an instance that runs: NULL when that is final;
     * else it may come to be reached later, and this is what to look into when it does
     * not. */
    const char *(*late)(void *session, const char *instance, const ct_wait *wait);
    int (*make_directory)(void *session, const char *instance, const char *path,
                          const ct_wait *wait, ct_error *error);
    /* Writes a program file, mode 0755, owner root. */
    int (*push_program)(void *session, const char *instance, const char *path,
                        const void *data, size_t length, const ct_wait *wait,
                        ct_error *error);
    /* Removes a file, or an empty directory. CT_E_NOT_FOUND: it is not there, nor may the
     * instance be. */
    int (*remove_file)(void *session, const char *instance, const char *path,
                       const ct_wait *wait, ct_error *error);
    /* *exit_code is set, and CT_OK returned, when the program ended before output()
     * said that was all: 128 and the signal's number when it was killed. -1 when
     * output() did, or when nobody knows. CT_E_CONNECT when a connection broke, which
     * says nothing of the program. */
    int (*exec)(void *session, const char *instance, const ct_exec *exec, int *exit_code,
                const ct_wait *wait, ct_error *error);
    /* CT_OK when the provider still takes orders, whatever became of the instance. */
    int (*in_service)(void *session, const char *instance, const ct_wait *wait,
                      ct_error *error);
    /* Waits until it runs, as one does that has rebooted itself. CT_E_NOT_FOUND: there is
     * none; CT_E_TIMEOUT. */
    int (*await_running)(void *session, const char *instance, const ct_wait *wait,
                         ct_error *error);
    /* Asked when what ran in an instance has ended before its time. CT_E_OPERATION
     * when somebody else has just stopped, restarted or deleted it; what it does to
     * itself is no such thing. */
    int (*check_undisturbed)(void *session, const char *instance, const ct_wait *wait,
                             ct_error *error);
    /* Keeps the instance for good: it outlives its run, its lease and a stop. */
    int (*preserve)(void *session, const char *instance, const ct_wait *wait,
                    ct_error *error);
    /* Stops and deletes; waits first for what is still being done to it. CT_OK when
     * there is no such instance any more. */
    int (*destroy)(void *session, const char *instance, const ct_wait *wait,
                   ct_error *error);
    /* Stops it, but deletes nothing. force: at once, whatever is running. */
    int (*stop)(void *session, const char *instance, bool force, const ct_wait *wait,
                ct_error *error);
    /* Stops and lets go on all its processes. */
    int (*freeze)(void *session, const char *instance, const ct_wait *wait,
                  ct_error *error);
    int (*unfreeze)(void *session, const char *instance, const ct_wait *wait,
                    ct_error *error);

    /* CT_OK when instances made with this json are cloned copy-on-write; CT_E_REFUSED
     * says why they are not. What their profiles say is added to profiles, as equal texts
     * for equal ones.
     */
    int (*clones_cheaply)(void *session, const char *json, ct_buf *profiles,
                          const ct_wait *wait, ct_error *error);
    /* Says in look what there is. CT_E_CONFLICT when one of its names is an instance
     * of somebody's own. */
    int (*find_base)(void *session, ct_base_look *look, const ct_wait *wait,
                     ct_error *error);
    /* Waits until it is not being built, or not any more, nor taken away by a dead
     * builder's reaper. */
    int (*await_base)(void *session, ct_base_look *look, const ct_wait *wait,
                      ct_error *error);
    /* What the next start runs in place of the instance's init. */
    int (*set_init)(void *session, const char *instance, const char *command,
                    const ct_wait *wait, ct_error *error);
    /* What was built under the one name is the base from now on: it is complete, has its
     * own init again, and is nobody's. CT_E_CONFLICT when it is not the lease's. */
    int (*publish_base)(void *session, const ct_base_look *look, const ct_base *base,
                        const ct_lease *lease, const ct_wait *wait, ct_error *error);
    /* Notes that it is used now. */
    int (*touch_base)(void *session, const ct_base *base, const ct_wait *wait,
                      ct_error *error);
    int (*visit_bases)(void *session, ct_base_visitor *visitor, void *context,
                       const ct_wait *wait, ct_error *error);

    /* Waits until nothing is being created for the run any more. */
    int (*settle)(void *session, const char *run, const ct_wait *wait, ct_error *error);
    /* The same for one name. */
    int (*settle_instance)(void *session, const char *instance, const ct_wait *wait,
                           ct_error *error);
    int (*visit)(void *session, ct_lease_visitor *visitor, void *context,
                 const ct_wait *wait, ct_error *error);
    /* How a person gets into an instance: a command line, with what must be known to
     * complete it (free() it). */
    char *(*shell_command)(const ct_provider *provider, const char *instance);
} ct_provider_type;

struct ct_provider {
    const ct_provider_type *type;
    char *server; /* "lxd 5.0.2 at /var/lib/lxd/unix.socket" */
    ct_endpoint endpoint;
    char *project;                  /* NULL: the default one */
    double timeout;                 /* seconds one operation may take */
    struct ct_leftovers *leftovers; /* of this process, there */
};

/* ---- lease.c ----------------------------------------------------------------------- */

/* This process answers for an instance of the run that is done with in so many
 * seconds. */
void ct_lease_init(ct_lease *lease, const char *run, double seconds);
/* true when both are of one creation. */
bool ct_lease_same(const ct_lease *one, const ct_lease *other);
/* true when nobody answers for it any more. */
bool ct_lease_dead(const ct_lease *lease);

/* ---- leftovers.c ----------------------------------------------------------------------
 */

/* What this process has given up and could not delete, by the leases. From any thread. */
typedef struct ct_leftovers ct_leftovers;

CT_CHECK ct_leftovers *ct_leftovers_new(void);
void ct_leftovers_free(ct_leftovers *leftovers);
void ct_leftovers_add(ct_leftovers *leftovers, const ct_lease *lease);
/* Is what has this lease one of them? */
bool ct_leftovers_have(ct_leftovers *leftovers, const ct_lease *lease);
bool ct_leftovers_some(ct_leftovers *leftovers);

/* ---- sweep.c ----------------------------------------------------------------------- */

/* true for the instances that are to go. */
typedef bool ct_doomed(const void *context, const char *instance, const ct_lease *lease);

/* Deletes what is doomed, several at a time. Returns how many are gone. */
CT_CHECK int ct_sweep(ct_provider *provider, ct_doomed *doomed, const void *doom_context,
                      ct_cleaned *cleaned, void *cleaned_context, ct_error *error);

#endif
