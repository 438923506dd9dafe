/* SPDX-License-Identifier: MIT
 *
 * provider.h - the contract between a job and what supplies its instances. Threads share
 * a provider; each has a session of its own. Every call may block until its ct_wait is
 * over. One that fails fills the ct_error, and names the instance there.
 */
#ifndef CT_PROVIDER_H
#define CT_PROVIDER_H

#include "model/model.h"
#include "net/net.h"

/* Who answers for an instance. It is kept on the instance, so that any later process can
 * tell whether its holder lives. See lease.c. */
typedef struct ct_lease {
    char run[17];     /* the run's id */
    char host[96];    /* the holder's boot id and PID namespace */
    long pid;         /* the holder's */
    uint64_t started; /* when the holder started: ticks since boot (proc(5), field 22) */
    long long expiry; /* seconds since 1970, for those who can't ask after the holder */
    bool preserved;   /* the instance is kept on purpose: nobody deletes it */
    /* The creation's own id, which tells it from the others of its run. */
    char creation[17];
} ct_lease;

typedef struct ct_instance_spec {
    const char *name;
    /* What it is made from: the instance to clone, or what resolve() gave, or the source
     * that json has, or the source that is remote (a JSON object). NULL: not that one. */
    const char *clone_of;
    const char *source;
    const char *json; /* a JSON object with more of the create request; NULL: none */
    const char *remote;
    const char *base_key; /* the instance becomes the base of this key; NULL: no base */
    const char *idle;     /* a program to run in place of its init; NULL: none */
    const ct_lease *lease;
} ct_instance_spec;

typedef struct ct_exec {
    const char *const *argv; /* NULL-ended */
    /* Adds stdin's next bytes to out, whenever the last ones have been sent. 1: there is
     * more; 0: there is no more (stdin stays open). */
    int (*input)(void *context, ct_buf *out, ct_error *error);
    /* Takes bytes of stdout. 1: it wants more; 0: it does not, and the exec ends. */
    int (*output)(void *context, const char *data, size_t length, ct_error *error);
    void *context;
    ct_buf *diagnostics; /* gets stderr, up to its limit */
} ct_exec;

/* Where the base of a key is, and what was found there. A base is built under one name,
 * which is the lock that all builders compete for, and is renamed when it is complete:
 * whoever clones it by its final name never gets half of it. */
typedef struct ct_base_place {
    const char *key;
    char base[CT_BASE_NAME_MAX];  /* the final name */
    char build[CT_BASE_NAME_MAX]; /* the name while it is built */
    /* What was found. */
    ct_base_state state;
    const char *instance; /* one of the two names; NULL: neither is there */
} ct_base_place;

/* Called for each instance that carries a lease. A negative code ends the listing. */
typedef int ct_lease_visitor(void *context, const char *instance, const ct_lease *lease);

typedef struct ct_provider ct_provider;

/* One thread's connection to a provider. The provider's own struct begins with this. */
typedef struct ct_session {
    ct_provider *provider; /* borrowed */
} ct_session;

/* ---- what a provider does for instances -------------------------------------------- */

typedef struct ct_instance_calls {
    /* Looks an image up by the name that the user gave. *source is what create() makes
     * the image's instances from; free() it. */
    int (*resolve)(ct_session *session, const char *image, char **source,
                   const ct_wait *wait, ct_error *error);
    /* Looks for a local copy of a remote image that the provider keeps up to date by
     * itself. remote and json are a job's remote_source and instance_json. *source is as
     * from resolve(), or NULL when there is no copy that fits. */
    int (*find_pulled)(ct_session *session, const char *remote, const char *json,
                       char **source, const ct_wait *wait, ct_error *error);
    /* CT_E_UNKNOWN_INSTANCE: there is no such instance, or it does not run. */
    int (*check_running)(ct_session *session, const char *instance, const ct_wait *wait,
                         ct_error *error);
    /* Sends the request once, whatever becomes of it. When the answer does not tell what
     * it did, the provider is asked which instance there is. So CT_OK says that the
     * instance exists and carries this call's lease, which no other call may use.
     * CT_E_CONFLICT: another instance has the name. After any other failure the instance
     * may exist all the same, or come to exist: destroy() waits for that first. */
    int (*create)(ct_session *session, const ct_instance_spec *spec, const ct_wait *wait,
                  ct_error *error);
    int (*start)(ct_session *session, const char *instance, const ct_wait *wait,
                 ct_error *error);
    /* Asked when an instance that runs could not be reached. NULL: waiting won't help.
     * Else it may be reached later, and the text is a hint for the case that it never
     * is. */
    const char *(*why_unreachable)(ct_session *session, const char *instance,
                                   const ct_wait *wait);
    int (*make_directory)(ct_session *session, const char *instance, const char *path,
                          const ct_wait *wait, ct_error *error);
    /* Writes a program file with mode 0755 and owner root. */
    int (*push_program)(ct_session *session, const char *instance, const char *path,
                        const ct_embedded *program, const ct_wait *wait, ct_error *error);
    /* Removes a file or an empty directory. CT_E_NOT_FOUND: the file does not exist, and
     * the instance may not exist either. */
    int (*remove_file)(ct_session *session, const char *instance, const char *path,
                       const ct_wait *wait, ct_error *error);
    /* Runs a program. *exit_code is the program's when it ended before output() asked for
     * no more: 128 and the signal's number when it was killed. *exit_code is -1 when
     * output() asked for no more, or when nobody knows. CT_E_CONNECT: a connection broke,
     * which says nothing of the program. */
    int (*exec)(ct_session *session, const char *instance, const ct_exec *exec,
                int *exit_code, const ct_wait *wait, ct_error *error);
    /* CT_OK: the provider still takes orders, whatever became of the instance. */
    int (*check_alive)(ct_session *session, const char *instance, const ct_wait *wait,
                       ct_error *error);
    /* Waits until the instance runs, as one does that has rebooted itself.
     * CT_E_NOT_FOUND: there is no such instance. */
    int (*await_running)(ct_session *session, const char *instance, const ct_wait *wait,
                         ct_error *error);
    /* Asked when a program has ended before its time. CT_E_OPERATION: somebody else has
     * just stopped, restarted or deleted the instance. What the instance does to itself
     * does not count. */
    int (*check_undisturbed)(ct_session *session, const char *instance,
                             const ct_wait *wait, ct_error *error);
    /* Keeps the instance for good: it outlives its run, its lease and a stop. */
    int (*preserve)(ct_session *session, const char *instance, const ct_wait *wait,
                    ct_error *error);
    /* Waits for what is still being done to the instance, stops it and deletes it.
     * CT_OK: there is no such instance any more. */
    int (*destroy)(ct_session *session, const char *instance, const ct_wait *wait,
                   ct_error *error);
    /* Stops the instance and deletes nothing. force: it is not asked to end by itself. */
    int (*stop)(ct_session *session, const char *instance, bool force,
                const ct_wait *wait, ct_error *error);
    /* These two stop all processes of an instance, and let them go on. */
    int (*freeze)(ct_session *session, const char *instance, const ct_wait *wait,
                  ct_error *error);
    int (*unfreeze)(ct_session *session, const char *instance, const ct_wait *wait,
                    ct_error *error);
    /* Says what the next start runs in place of the instance's init. */
    int (*set_init)(ct_session *session, const char *instance, const char *command,
                    const ct_wait *wait, ct_error *error);
    /* Waits until nothing is being created any more: for the run, or under the name. */
    int (*await_creations)(ct_session *session, const char *run, const ct_wait *wait,
                           ct_error *error);
    int (*await_creation)(ct_session *session, const char *instance, const ct_wait *wait,
                          ct_error *error);
    int (*visit)(ct_session *session, ct_lease_visitor *visitor, void *context,
                 const ct_wait *wait, ct_error *error);
} ct_instance_calls;

/* ---- what a provider does for bases ------------------------------------------------ */

typedef struct ct_base_calls {
    /* CT_OK: instances made with this json are cloned copy-on-write. CT_E_REFUSED says
     * why they are not. What their profiles say is added to profiles, as equal texts for
     * equal profiles. */
    int (*clones_cheaply)(ct_session *session, const char *json, ct_buf *profiles,
                          const ct_wait *wait, ct_error *error);
    /* Says in place what there is. CT_E_CONFLICT: one of its names belongs to an instance
     * that is not cleantest's. */
    int (*find)(ct_session *session, ct_base_place *place, const ct_wait *wait,
                ct_error *error);
    /* The same, but waits while somebody builds the base, and while a dead builder's
     * reaper deletes it. */
    int (*await)(ct_session *session, ct_base_place *place, const ct_wait *wait,
                 ct_error *error);
    /* Makes what was built the base: complete, with its own init again, and without a
     * lease. CT_E_CONFLICT: the instance does not carry this lease. */
    int (*publish)(ct_session *session, const ct_base_place *place, const ct_base *base,
                   const ct_lease *lease, const ct_wait *wait, ct_error *error);
    /* Notes that the base is used now. */
    int (*touch)(ct_session *session, const ct_base *base, const ct_wait *wait,
                 ct_error *error);
    int (*visit)(ct_session *session, ct_base_visitor *visitor, void *context,
                 const ct_wait *wait, ct_error *error);
} ct_base_calls;

/* ---- the provider itself ----------------------------------------------------------- */

typedef struct ct_provider_type {
    void (*close)(ct_provider *provider);
    /* The settings that open the same provider again, in another process and another
     * folder. Their strings are borrowed from the provider. */
    ct_settings (*settings)(const ct_provider *provider);
    int (*session_open)(ct_provider *provider, ct_session **session, ct_error *error);
    void (*session_close)(ct_session *session);
    /* How a person gets into an instance: a command line, with what must be known to
     * complete it (free() it). */
    char *(*shell_command)(const ct_provider *provider, const char *instance);
} ct_provider_type;

/* A provider's own struct begins with this. */
struct ct_provider {
    const ct_provider_type *type;
    const ct_instance_calls *instances;
    const ct_base_calls *bases;
    char *server;                   /* "lxd 5.0.2 at /var/lib/lxd/unix.socket"; owned */
    double timeout;                 /* seconds one operation may take */
    struct ct_leftovers *leftovers; /* this process's, at this provider; owned */
};

/* ---- session.c --------------------------------------------------------------------- */

CT_CHECK int ct_session_open(ct_provider *provider, ct_session **session,
                             ct_error *error);
/* Opens one unless *session is one already. */
CT_CHECK int ct_session_ensure(ct_provider *provider, ct_session **session,
                               ct_error *error);
/* NULL is fine. */
void ct_session_close(ct_session *session);

/* What ct_with_session() does with its session. */
typedef int ct_session_work(ct_session *session, void *context, const ct_wait *wait,
                            ct_error *error);
/* Opens a session, does the work with it, and closes it. Returns what the work does. */
CT_CHECK int ct_with_session(ct_provider *provider, ct_session_work *work, void *context,
                             const ct_wait *wait, ct_error *error);

/* ---- lease.c ----------------------------------------------------------------------- */

/* A lease that this process holds on an instance of the run, for so many seconds. */
void ct_lease_init(ct_lease *lease, const char *run, double seconds);
/* true when both leases are of one creation. */
bool ct_lease_same(const ct_lease *one, const ct_lease *other);
/* true when nobody answers for the instance any more. */
bool ct_lease_dead(const ct_lease *lease);
/* A ct_doomed for all instances of a run; the context is the run's id. */
bool ct_lease_of_run(const void *run, const char *instance, const ct_lease *lease);

/* ---- names.c ----------------------------------------------------------------------- */

/* Makes the name of an instance of the run: "<label>-<run>-<number>". What can't stand in
 * a name becomes "-", and a label that is too long is cut. */
void ct_name_instance(char name[CT_INSTANCE_NAME_MAX + 1], const char *label,
                      const char *run, size_t number);
/* true for what ct_name_instance() made for this run. */
bool ct_name_has_run(const char *name, const char *run);
/* Fills in both names of the base of this key, which is borrowed. Nothing is found
 * yet. */
void ct_base_place_init(ct_base_place *place, const char *key);
/* true when one of the two names is the instance's. */
bool ct_base_place_has(const ct_base_place *place, const char *instance);
/* The end that both names have in common. */
const char *ct_base_place_digits(const ct_base_place *place);
/* true for the name of any base that is being built. */
bool ct_name_is_build(const char *name);

/* ---- leftovers.c ------------------------------------------------------------------- */

/* The leases of what this process has given up and could not delete. For all threads. */
typedef struct ct_leftovers ct_leftovers;

CT_CHECK ct_leftovers *ct_leftovers_new(void);
void ct_leftovers_free(ct_leftovers *leftovers);
void ct_leftovers_add(ct_leftovers *leftovers, const ct_lease *lease);
/* true when what has this lease is one of them. */
bool ct_leftovers_have(ct_leftovers *leftovers, const ct_lease *lease);
/* true when there has been any. */
bool ct_leftovers_some(ct_leftovers *leftovers);

/* ---- sweep.c ----------------------------------------------------------------------- */

/* Who is told of each instance that was to be deleted; see ct_cleaned. */
typedef struct ct_cleaned_sink {
    ct_cleaned *cleaned; /* NULL: nobody is told */
    void *context;
} ct_cleaned_sink;

/* why: NULL for an instance that is gone. The sink may be NULL. */
void ct_tell_cleaned(const ct_cleaned_sink *sink, const char *instance, const char *why);

/* true for the instances that are to go. */
typedef bool ct_doomed(const void *context, const char *instance, const ct_lease *lease);

/* Deletes what is doomed, several instances at a time. Returns how many are gone. */
CT_CHECK int ct_sweep(ct_provider *provider, ct_doomed *doomed, const void *context,
                      const ct_cleaned_sink *sink, ct_error *error);

#endif
