/* SPDX-License-Identifier: MIT
 *
 * cleantest.h - run tests in clean machines. The whole public C API; the only header that
 * is installed. The Lua binding runs suites by it, as any other caller would.
 *
 * A program opens a run (where LXD is), fills a batch with jobs (one testlet on one image
 * each), starts it, and waits for events until there are no more:
 *
 *     ct_run *run = ct_run_open(NULL, &err);
 *     ct_batch *batch = ct_batch_new(run, 2);
 *     ct_batch_add(batch, &job, &err);
 *     ct_batch_start(batch, &err);
 *     while (ct_batch_wait(batch, -1, &event, &err) == 1) { ...; ct_event_fini(&event); }
 *     ct_batch_close(batch, &err);
 *     ct_run_close(run);
 *
 * THREADS. A run may be shared by threads. A batch belongs to the thread that made it,
 * but ct_batch_cancel() may be called from any thread, and from a signal handler. The
 * engine's own threads block every signal and call nothing of the caller's. Those of a
 * batch are gone when ct_batch_close() returns; the one that keeps clones ahead of need
 * (ct_job.warm) belongs to the run, and is gone when ct_run_close() returns.
 *
 * OWNERSHIP. What is passed in is borrowed for the call and copied where it is kept. What
 * comes out is the caller's when the function is named _new, _open or _take, or when its
 * comment says so; each such type has one function that frees it, which accepts NULL.
 *
 * ERRORS. A function that can fail returns CT_OK (0) or more, or a negative code from
 * CT_ERRORS, which is the code in the ct_error, too. A ct_error is the caller's, may be
 * NULL, and is written only on failure: what was being done, to what, why it failed, what
 * to do. Bad values, and a NULL where something must be, are CT_E_ARGUMENT; handles
 * (ct_run, ct_batch) are not looked at.
 *
 * SIGNALS AND PROCESSES. The engine installs no handlers and never exits or prints, but
 * for ct_main(), which is a whole program: it catches signals and reports. With the first
 * instance the engine starts one helper process, the reaper: should this process die by
 * any means, the reaper deletes the run's instances, and takes out of targets what the
 * run has put there. A signal that is caught by the waiting thread makes ct_batch_start()
 * and ct_batch_wait() return CT_E_INTERRUPTED: call them again to wait on, or cancel.
 *
 * DESCRIPTORS. Each of the descriptors 0 to 2 that is closed when a run is opened is
 * opened as /dev/null, so that no connection gets such a number. All others of the engine
 * are closed by exec.
 *
 * UNITS. Times are seconds, as double; sizes are bytes. Strings are UTF-8 and end in NUL;
 * what a testlet printed is bytes with a length (and a NUL behind them for convenience).
 */
#ifndef CLEANTEST_H
#define CLEANTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CT_API   __attribute__((visibility("default")))
#define CT_CHECK __attribute__((warn_unused_result))
#else
#define CT_API
#define CT_CHECK
#endif

#define CT_VERSION "0.1.0"
/* The same as a number, for #if: a byte for each part, 0x010203 is 1.2.3. */
#define CT_VERSION_NUMBER 0x000100

/* ---- Errors ------------------------------------------------------------------------ */

/* Name, what it means. The enum, ct_error_name() and ct_error_text() are made from it. */
#define CT_ERRORS(X)                                                                     \
    X(NO_MEMORY, "out of memory")                                                        \
    X(ARGUMENT, "bad argument")                                                          \
    X(LIMIT, "limit exceeded")                                                           \
    X(TIMEOUT, "timed out")                                                              \
    X(CANCELLED, "cancelled")                                                            \
    X(INTERRUPTED, "interrupted by a signal")                                            \
    X(SYSTEM, "system call failed")                                                      \
    X(NO_LXD, "no LXD found")                                                            \
    X(CONNECT, "cannot reach LXD")                                                       \
    X(REFUSED, "refused by LXD")                                                         \
    X(NOT_FOUND, "not found")                                                            \
    X(CONFLICT, "already exists")                                                        \
    X(PROTOCOL, "unexpected answer")                                                     \
    X(OPERATION, "operation failed")                                                     \
    X(GONE, "nobody knows any more how it ended")                                        \
    X(UNKNOWN_IMAGE, "unknown image")                                                    \
    X(UNKNOWN_INSTANCE, "unknown instance, or one that is stopped")                      \
    X(GUEST, "the guest failed")                                                         \
    X(STEP, "a hook's step failed")                                                      \
    X(SUITE, "the suite could not be run")

enum ct_code_index {
    CT_INDEX_OK,
#define CT_X(name, text) CT_INDEX_##name,
    CT_ERRORS(CT_X)
#undef CT_X
};

enum ct_code {
    CT_OK = 0,
#define CT_X(name, text) CT_E_##name = -CT_INDEX_##name,
    CT_ERRORS(CT_X)
#undef CT_X
};

typedef struct ct_error {
    int code;           /* CT_OK or CT_E_... */
    char message[1024]; /* one sentence or a few; ends in NUL */
} ct_error;

/* "TIMEOUT" for CT_E_TIMEOUT; "OK" for 0; "UNKNOWN" for what is no code. Static. */
CT_API const char *ct_error_name(int code);
/* "timed out" for CT_E_TIMEOUT. Static. */
CT_API const char *ct_error_text(int code);
/* The version of the library that is running, as CT_VERSION. Static. */
CT_API const char *ct_version(void);
/* The same as CT_VERSION_NUMBER. */
CT_API unsigned ct_version_number(void);

/* Opens /dev/null as each of the descriptors 0 to 2 that is closed. ct_run_open() does
 * it; a program that opens files before is to call it first. */
CT_API CT_CHECK int ct_standard_streams_ensure(ct_error *error);

/* ---- Values ------------------------------------------------------------------------ */

/* Plain data in bytes: what a Lua testlet returns. Read it as a flat sequence of tokens:
 * a table token is followed by `length` pairs, each a key and a value. */
enum ct_value_type {
    CT_NIL,
    CT_BOOLEAN,
    CT_INTEGER,
    CT_NUMBER,
    CT_STRING,
    CT_TABLE,
    CT_FUNCTION /* never in what comes from a guest */
};

typedef struct ct_value {
    enum ct_value_type type;
    bool boolean;
    int64_t integer;
    double number;
    const char *string; /* CT_STRING: borrowed from the bytes read; no NUL */
    size_t length;      /* CT_STRING: bytes. CT_TABLE: pairs that follow */
} ct_value;

/* Reads the token at *at, which lies before end, and moves *at behind it. CT_E_PROTOCOL
 * when the bytes are no value; *at is then unchanged. */
CT_API CT_CHECK int ct_value_read(const char **at, const char *end, ct_value *value);

/* ---- Testlets, steps, hooks -------------------------------------------------------- */

enum ct_testlet_kind {
    CT_TESTLET_COMMAND, /* argv, found by PATH */
    CT_TESTLET_SCRIPT,  /* code is a file's content; run as `name`, by its #! or by sh */
    CT_TESTLET_LUA,     /* code is Lua source; `name` is its chunk name */
    CT_TESTLET_CALL     /* code is a callee packed by the Lua binding */
};

typedef struct ct_testlet {
    enum ct_testlet_kind kind;
    const char *name;     /* see kind; may be NULL */
    const void *code;     /* see kind */
    size_t code_length;   /* bytes */
    const void *identity; /* what a base takes for the code when it asks whether it is the
                                same; NULL: the code itself */
    size_t identity_length;  /* bytes */
    const char *const *argv; /* NULL-ended. COMMAND: the command. SCRIPT: its arguments */
    const void *args;        /* LUA, CALL: packed arguments; may be NULL */
    size_t args_length;      /* bytes */
} ct_testlet;

enum ct_step_kind { CT_STEP_RUN, CT_STEP_PUSH, CT_STEP_PULL };

/* One thing a hook does in the instance. */
typedef struct ct_step {
    enum ct_step_kind kind;
    const char *name; /* for messages: "apt", "upload" */
    ct_testlet run;   /* RUN */
    /* PUSH: a path here, or NULL for data. PULL: a path in the instance */
    const char *source;
    const void *data;   /* PUSH without source: a file's content */
    size_t data_length; /* bytes */
    const char *dest;   /* PUSH: a path in the instance. PULL: a path here; links on the
                           way are followed, but for those in a directory that is dest of
                           another PULL of the job's */
    bool directory;     /* PUSH, PULL: source must be a directory (else: a file) */
    bool no_overwrite;  /* PUSH, PULL: a dest that exists is an error */
    /* PUSH, PULL: whose the entries become; those of directories that were there already
     * stay. A PULL for others than this process needs the right to give files away. */
    bool keep_owners;  /* each entry's uid and gid, as numbers; not for data */
    const char *user;  /* a name or a decimal number, of the side that is written to: its
                           /etc/passwd for a PUSH. NULL: whoever writes (root for a PUSH).
                           Not with keep_owners */
    const char *group; /* the same, of /etc/group */
    /* PUSH, PULL of a file: permission bits, up to 07777 for a PUSH and 0777 for a PULL,
     * which S_IFREG may be added to, so that none at all can be said; 0: the source's,
     * 0644 for data */
    unsigned mode;
    uint64_t limit; /* PULL: bytes written here, a file, directory or link counting for
                           1024 and its content; more fails. 0: 4 GiB */
    bool always;    /* runs in every instance: what it does is not kept in a base */
    double timeout; /* seconds; 0: 600 */
    bool optional;  /* PULL: that its source is not there is no failure */
} ct_step;

typedef struct ct_hook {
    const char *name;
    const ct_step *steps;
    size_t step_count;
} ct_hook;

/* ---- Jobs -------------------------------------------------------------------------- */

/* What becomes of the instance. */
enum ct_preserve {
    CT_PRESERVE_NEVER,      /* it is deleted when its job is over */
    CT_PRESERVE_ALWAYS,     /* it outlives the run */
    CT_PRESERVE_ON_FAILURE, /* so, when the testlet did not pass */
    /* when the testlet passed, it goes on running until ct_run_destroy() or
     * ct_run_close(): other jobs may have it as their target. Machines that share the LXD
     * count it as left behind after a day */
    CT_PRESERVE_RUN
};

/* How far an instance must have come before anything runs in it. Each includes the ones
 * before it. */
enum ct_ready {
    /* NETWORK where a step of a start hook is a call, as packages are; else SYSTEM */
    CT_READY_DEFAULT,
    /* a program can be executed */
    CT_READY_EXEC,
    /* systemd, where it runs the instance, has finished starting up, whatever failed */
    CT_READY_SYSTEM,
    /* there is a default route, and a name server */
    CT_READY_NETWORK,
    /* cloud-init, where there is one, has finished */
    CT_READY_CLOUD_INIT
};

/* Who has an instance. */
enum ct_isolation {
    CT_ISOLATION_TESTLET, /* each job has one of its own */
    /* the batch's jobs that say so have one together, in the order in which they were
     * added, if it is to be made and prepared in the same way: same image, instance_json
     * and start hooks, and, where there are any, variables and ready. It is prepared
     * once, and goes with the last of them, or stays, if one of them is to preserve it.
     * Stop hooks run for each. When it could not be prepared, or a testlet has stopped
     * it, the others are CT_ERROR with that cause */
    CT_ISOLATION_IMAGE
};

/* One testlet on one image. Zero means the default everywhere. */
typedef struct ct_job {
    const char *name;          /* the testlet's name; NULL: "test" */
    const char *image;         /* a local alias or fingerprint; only a label where
                          local_image is set, or instance_json has a source */
    const char *local_image;   /* NULL, or the alias or fingerprint that is meant, image
                                being another name for it */
    const char *remote_source; /* NULL, or a JSON object: the source to create from where
                                  LXD has no such image of its own */
    const char *instance_json; /* NULL, or a JSON object merged into the create request:
                                  source, config, devices, profiles, type */
    const char *target; /* NULL, or an existing instance to run in: nothing is created,
                           started or deleted then, and image is only a label */
    ct_testlet testlet;
    const ct_hook *start_hooks;
    size_t start_hook_count;
    const ct_hook *stop_hooks;
    size_t stop_hook_count;
    const char *const *env; /* NULL-ended, "KEY=value" */
    /* the same, for the testlet alone, and winning over env: hooks don't get them, and no
     * base is another one for them */
    const char *const *testlet_env;
    double timeout;       /* seconds for the testlet; 0: 300 */
    double ready_timeout; /* seconds until ready; 0: 120 */
    size_t output_limit;  /* bytes of stdout, and of stderr; 0: 16 MiB. A testlet that
                               writes more is killed and fails */
    enum ct_ready ready;
    enum ct_preserve preserve;
    enum ct_isolation isolation; /* means nothing with a target, or CT_PRESERVE_RUN */
    bool fresh;                  /* from the image, whatever bases there are */
    /* this many clones of the base are kept booted and frozen, ahead of the jobs that
     * take them, until the run is closed; not counted as live. 0: none */
    unsigned warm;
} ct_job;

/* ---- Results ----------------------------------------------------------------------- */

/* Ordered: a status never improves. */
enum ct_status {
    CT_PASS, /* exit code 0 */
    CT_SKIP, /* exit code 77 */
    CT_FAIL, /* any other exit code, a signal, a timeout, too much output */
    CT_ERROR /* the environment broke: nothing is known about the test */
};

enum ct_phase {
    CT_PHASE_PREPARE, /* building the base it is cloned from, when that was for it */
    CT_PHASE_CREATE,
    CT_PHASE_START,
    CT_PHASE_READY,
    CT_PHASE_HOOKS,
    CT_PHASE_TESTLET,
    CT_PHASE_COLLECT,
    CT_PHASE_TEARDOWN,
    CT_PHASE_COUNT
};

/* What one testlet left on one instance. */
typedef struct ct_result {
    char *name;     /* "<testlet>-<image>" */
    char *image;    /* as the job named it */
    char *testlet;  /* as the job named it */
    char *instance; /* its name in LXD; "" when none was made */
    enum ct_status status;
    /* 0..255; -1: killed (signal, timeout, too much output), or never ran */
    int exit_code;
    int signal; /* 0, or the signal that ended it */
    bool timed_out;
    char *stdout_data; /* never NULL, like the names above */
    size_t stdout_length;
    char *stderr_data; /* never NULL */
    size_t stderr_length;
    char *value; /* packed, for ct_value_read(); NULL when it returned nothing */
    size_t value_length;
    /* what went wrong, in words, the first cause first; NULL on pass and skip, and only
     * then */
    char *error;
    /* the base its instance was cloned from, by its name in LXD; NULL: none */
    char *base;
    bool base_built;               /* it was built by this run */
    double duration;               /* seconds from the start of create to the result */
    double phases[CT_PHASE_COUNT]; /* seconds; -1: not reached. TEARDOWN is always -1
                                      here: it comes with CT_EVENT_DONE */
    double cpu_user, cpu_system;   /* seconds, of the testlet and its children */
    uint64_t max_rss;              /* bytes, of the largest of them */
} ct_result;

/* "pass", "skip", "fail", "error". Static. */
CT_API const char *ct_status_name(enum ct_status status);
/* "prepare", "create", "start", "ready", "hooks", "testlet", "collect", "teardown".
 * Static. */
CT_API const char *ct_phase_name(enum ct_phase phase);
/* Frees a result and all it owns; NULL is fine. */
CT_API void ct_result_free(ct_result *result);

/* ---- Runs -------------------------------------------------------------------------- */

/* What is kept of prepared environments; see there. Zero means the default. */
typedef struct ct_base_limits {
    double age;     /* seconds since it was built; 0: 7 days */
    unsigned count; /* 0: 50 */
    uint64_t size;  /* bytes, of all together; 0: 20 GiB */
} ct_base_limits;

/* Where LXD is and how to speak to it. Zero means the default everywhere. */
typedef struct ct_settings {
    /* a unix socket's path or https://HOST:PORT; NULL: $LXD_DIR, or, where that is not
     * set, the sockets of Debian's LXD, the snap's, and Incus */
    const char *endpoint;
    /* PEM files; for https */
    const char *client_cert;
    const char *client_key;
    /* NULL: the system's CAs; "no": not at all; 64 hexadecimal digits: the fingerprint of
     * the server's certificate, for which libcurl's TLS has to be OpenSSL's; else a CA
     * file, in place of the system's */
    const char *verify;
    /* seconds one request or operation may take; 0: 300 */
    double timeout;
    /* NULL: the default project */
    const char *project;
    /* the file in which durations are kept, so that the next run can start the longest
     * first; "": none; NULL: $CLEANTEST_STATE (empty: none), cleantest/durations in
     * $XDG_STATE_HOME or ~/.local/state */
    const char *state;
    ct_base_limits bases;
} ct_settings;

typedef struct ct_run ct_run;

/* Finds LXD, connects, and checks that it trusts us. settings may be NULL. NULL on
 * failure: CT_E_NO_LXD, CT_E_CONNECT, CT_E_REFUSED, CT_E_ARGUMENT ... */
CT_API CT_CHECK ct_run *ct_run_open(const ct_settings *settings, ct_error *error);
/* The id that the run's instances carry. Borrowed. */
CT_API const char *ct_run_id(const ct_run *run);
/* "lxd 5.0.2 at /var/lib/lxd/unix.socket". Borrowed. */
CT_API const char *ct_run_server(const ct_run *run);
/* Called with the name of each instance. */
typedef void ct_instance_visitor(void *context, const char *instance);
/* Lists the run's instances that LXD has now, on the caller's thread. */
CT_API CT_CHECK int ct_run_visit(ct_run *run, ct_instance_visitor *visitor, void *context,
                                 ct_error *error);
/* Deletes the run's instances of these names (a NULL-ended list), several at a time; what
 * is not there, or another run's, is passed over. Returns how many were deleted, or the
 * first failure: then the others have been deleted all the same. */
CT_API CT_CHECK int ct_run_destroy(ct_run *run, const char *const *instances,
                                   ct_error *error);
/* Ends the run, and deletes the instances that were kept for it; its batches must be
 * closed. NULL is fine. */
CT_API void ct_run_close(ct_run *run);

/* ---- Batches ----------------------------------------------------------------------- */

typedef struct ct_batch ct_batch;

/* What must be left of this machine before one more instance is started. 0: nothing. What
 * is not reached holds starts back until another job is over; a job that would be alone
 * is started all the same. */
typedef struct ct_reserve {
    size_t memory; /* bytes available, as the kernel counts them */
    double cpu;    /* CPUs that were idle, on average over the last minute */
} ct_reserve;

enum ct_event_type {
    CT_EVENT_PHASE,  /* the job entered `phase` */
    CT_EVENT_RESULT, /* `result` is ready; teardown goes on */
    CT_EVENT_DONE, /* the job is over; phase TEARDOWN took `seconds`; `message`, when not
                     NULL, says why the instance could not be torn down, or, with
                     `preserved`, how to get into it */
    CT_EVENT_NOTE  /* `message` is worth knowing; `job` is the first it is about */
};

typedef struct ct_event {
    enum ct_event_type type;
    size_t job; /* the job's number: 0 for the first added */
    enum ct_phase phase;
    double seconds;
    double time; /* when it was, in seconds of CLOCK_MONOTONIC */
    bool preserved;
    char *instance;    /* its name in LXD; may be NULL. Owned by the event */
    ct_result *result; /* owned by the event; set it to NULL to keep it */
    char *message;     /* owned by the event; ct_event_fini() alone frees it */
} ct_event;

/* An empty batch that will keep at most max_live instances alive at once; 0: as many as
 * this process may use CPUs. NULL when out of memory. */
CT_API CT_CHECK ct_batch *ct_batch_new(ct_run *run, unsigned max_live);
/* Sets what must be left of this machine, where LXD is on it; before the batch is
 * started. */
CT_API CT_CHECK int ct_batch_reserve(ct_batch *batch, const ct_reserve *reserve,
                                     ct_error *error);

/* Copies a job into the batch, which must not have started. Returns the job's number. */
CT_API CT_CHECK int ct_batch_add(ct_batch *batch, const ct_job *job, ct_error *error);
/* Checks that every image exists, or may come from a remote_source (CT_E_UNKNOWN_IMAGE),
 * and every target exists and runs (CT_E_UNKNOWN_INSTANCE), then starts the work. Of more
 * jobs than max_live those come first that took longest in earlier runs, or are new; of
 * one at a time, those that were added first. CT_E_INTERRUPTED when a signal was caught:
 * what it asks of LXD goes on, and the next call waits for it; meanwhile the batch takes
 * no jobs. After any other failure it may be started again. */
CT_API CT_CHECK int ct_batch_start(ct_batch *batch, ct_error *error);
/* Waits up to `seconds` (negative: for ever) for the next event. Returns 1 with an event,
 * which the caller ends with ct_event_fini(); 0 when every job is over; CT_E_TIMEOUT;
 * CT_E_INTERRUPTED when a signal was caught. */
CT_API CT_CHECK int ct_batch_wait(ct_batch *batch, double seconds, ct_event *event,
                                  ct_error *error);
/* Frees what an event owns. */
CT_API void ct_event_fini(ct_event *event);
/* Ends every job as soon as it can be ended; their results are CT_ERROR, "cancelled".
 * From any thread, and from a signal handler; returns at once. */
CT_API void ct_batch_cancel(ct_batch *batch);
/* Cancels what is not over, waits until no instance is left, frees the batch. Returns
 * CT_OK, or the first failure to tear an instance down. NULL is fine. */
CT_API int ct_batch_close(ct_batch *batch, ct_error *error);

/* ---- Prepared environments --------------------------------------------------------- */

/* Where storage copies on write, what a job's start hooks leave is kept: as a stopped
 * instance, a base, that the instances of later jobs with the same image, configuration,
 * variables and steps are cloned from. Each hook makes one, on top of the one before. */

enum ct_base_state {
    CT_BASE_ABSENT,
    CT_BASE_BUILDING, /* somebody does, who lives */
    CT_BASE_READY,
    CT_BASE_SPOILED /* half built and given up, or started since: never used */
};

typedef struct ct_base {
    const char *instance; /* its name in LXD */
    const char *key;      /* 64 hexadecimal digits: of all that made it */
    const char *label;  /* the image and the hooks: "debian-bookworm-amd64 + tabulate" */
    const char *inputs; /* all that made it: lines of what it is, a tab, and a digest */
    const char *reason; /* why it was built */
    long long built;    /* seconds since 1970; 0: not yet */
    long long used;     /* the same, to the hour */
    uint64_t size; /* bytes of its files, as if it shared none; 0: an image's alone */
    enum ct_base_state state;
} ct_base;

/* Called for each; what base points to is borrowed for the call. */
typedef void ct_base_visitor(void *context, const ct_base *base);
/* Lists the bases there are. */
CT_API CT_CHECK int ct_bases_visit(const ct_settings *settings, ct_base_visitor *visitor,
                                   void *context, ct_error *error);

/* Called for each instance that was to be deleted: error is NULL when it was. May be NULL
 * where it is an argument. */
typedef void ct_cleaned(void *context, const char *instance, const char *error);
/* Deletes bases that are spoiled, older than settings->bases allows, or more than it
 * allows, those that were not used for the longest time first; with `all`, all that
 * nobody is building. Returns how many were deleted. */
CT_API CT_CHECK int ct_bases_prune(const ct_settings *settings, bool all,
                                   ct_cleaned *cleaned, void *context, ct_error *error);

/* ---- Cleaning ---------------------------------------------------------------------- */

/* Deletes the instances of runs whose process is gone, or whose lease is over when it ran
 * on another machine; nothing else's. Returns how many were deleted. */
CT_API CT_CHECK int ct_clean(const ct_settings *settings, ct_cleaned *cleaned,
                             void *context, ct_error *error);

/* ---- Suites ------------------------------------------------------------------------ */

/* Runs the `cleantest` command with these arguments (argv[0] is its name) in a Lua state
 * of its own: argv = {"cleantest", "suite.lua", NULL}. Prints its report to stdout and
 * stderr. Returns the command's exit status: 0 all passed, 1 a testlet failed or the
 * suite raised an error, 2 the environment failed, the suite can't be loaded, or a report
 * can't be written, 3 nothing ran, 128 and a signal's number when that ended it. */
CT_API CT_CHECK int ct_main(const char *const *argv);

#ifdef __cplusplus
}
#endif
#endif
