/* SPDX-License-Identifier: MIT
 *
 * cleantest.h - run tests in clean machines. The whole public C API; the only header that
 * is installed. The Lua binding runs suites by it, as any other caller would.
 *
 *
 * WHAT IT IS
 *
 * A job is one testlet on one image: a program, script or Lua function that runs in an
 * LXD or Incus instance of its own, which is made for it and deleted afterwards. A batch
 * is many jobs, of which so many at a time are live. A run is the connection to LXD, and
 * all that this process starts there. What a testlet leaves is a result: its status, exit
 * code, output and value. Results come back as events, each as soon as it is ready.
 *
 *
 * A FIRST PROGRAM
 *
 *     #include <cleantest.h>
 *     #include <stdio.h>
 *
 *     static int run_jobs(ct_batch *batch, const char *image, ct_error *error) {
 *         static const char *const argv[] = {"uname", "-a", NULL};
 *         ct_testlet testlet = CT_TESTLET_INIT;
 *         ct_job job = CT_JOB_INIT;
 *         ct_event *event;
 *         int code;
 *         testlet.kind = CT_TESTLET_COMMAND;
 *         testlet.argv = argv;
 *         job.image = image;
 *         job.testlet = &testlet;
 *         if ((code = ct_batch_add(batch, &job, error)) < 0 ||
 *             (code = ct_batch_start(batch, error)) < 0)
 *             return code;
 *         while ((code = ct_batch_wait(batch, -1, &event, error)) == 1)
 *             if (event->type == CT_EVENT_RESULT)
 *                 printf("%s: %s\n%s", event->result->name,
 *                        ct_status_name(event->result->status),
 *                        event->result->stdout_data);
 *         return code;
 *     }
 *
 *     int main(int argc, char **argv) {
 *         ct_error error = {0};
 *         ct_run *run = ct_run_open(NULL, &error);
 *         ct_batch *batch = run ? ct_batch_new(run, 2, &error) : NULL;
 *         const char *image = argc > 1 ? argv[1] : "debian-bookworm-amd64";
 *         int code = batch ? run_jobs(batch, image, &error) : error.code;
 *         if (code < 0)
 *             fprintf(stderr, "%s: %s\n", ct_error_name(code), error.message);
 *         if (ct_batch_close(batch, &error) < 0)
 *             fprintf(stderr, "%s\n", error.message);
 *         ct_run_close(run);
 *         return code < 0;
 *     }
 *
 *
 * THREADS
 *
 * A run may be shared by threads. A batch belongs to one thread at a time, but
 * ct_batch_cancel() may be called from any thread, and from a signal handler. The engine
 * has a thread for each live job, one for a start on its way, and one for clones that are
 * kept ahead (ct_job.warm). They block every signal. Of the caller's functions they call
 * only the log (ct_settings.log), and that from several of them at once. Those of a batch
 * are gone when ct_batch_close() returns; the one for clones belongs to the run, and is
 * gone when ct_run_close() returns. Visitors are called by the caller's own thread.
 *
 *
 * OWNERSHIP
 *
 * What is passed in is borrowed for the call, and copied where it is kept. What comes out
 * is the caller's when the function is named _new or _open, or when its comment says so;
 * each such type has one function that frees it, which accepts NULL. All else that comes
 * out is borrowed: an event until the next ct_batch_wait() or ct_batch_close() with its
 * batch, what a visitor is shown until it returns.
 *
 *
 * ERRORS
 *
 * A function that can fail returns CT_OK (0) or more, or a negative code from CT_ERRORS;
 * one that returns a pointer returns NULL. The code is that of the ct_error, too. A
 * ct_error is the caller's, may be NULL, and is written only on failure: what was being
 * done, to what, why it failed, what to do. Bad values, and a NULL where something must
 * be, are CT_E_ARGUMENT; handles (ct_run, ct_batch) are not looked at. What goes wrong
 * with a job is no failure of any call: it is in the job's result.
 *
 *
 * WAITING, CANCELLING, AND YOUR OWN EVENT LOOP
 *
 * ct_batch_wait() waits for the next event. A program with an event loop of its own polls
 * ct_batch_descriptor() instead, and takes what there is by ct_batch_wait() with 0
 * seconds; examples/embed/poll_loop.c is such a program. How long others may take:
 *
 *     ct_run_open()            until LXD has answered; 10 seconds for each place
 *     ct_batch_new, _reserve, _add, _cancel, _descriptor     wait for nothing
 *     ct_batch_start()         until LXD has told which images and bases it has: seconds
 *                              where it is busy, ct_settings.timeout for each request
 *     ct_batch_close()         until the instances that are left have been deleted
 *     ct_run_close()           the same, for those that were kept for the run
 *     ct_instances_..., ct_bases_...   until LXD has done it
 *
 * Every request to LXD ends after ct_settings.timeout. ct_batch_cancel() ends all jobs,
 * and also a ct_batch_start() that waits; clean-up it does not end.
 *
 *
 * SIGNALS, CHILDREN, AND THE REAPER
 *
 * The engine installs no handlers and never exits or prints, but for ct_main(), which is
 * a whole program: it catches signals and reports. A signal that is caught by the waiting
 * thread makes ct_batch_start() and ct_batch_wait() return CT_E_INTERRUPTED: call them
 * again to wait on, or cancel. Over https, TLS may raise SIGPIPE in the calls that speak
 * to LXD on the caller's thread: a program that uses https is to ignore it.
 *
 * With the first instance the engine starts one helper process, the reaper: should this
 * process die by any means, the reaper deletes the run's instances, and takes out of
 * targets what the run has put there. It is no child of this process, needs no waiting
 * for, and ends with the run. The child that starts it is waited for by its process id; a
 * program that waits for all its children, or ignores SIGCHLD, is not in the way.
 *
 * After fork() only the parent may use its runs and batches. The child may do anything
 * else; the run ends with the parent, also when the child lives on.
 *
 * Each of the descriptors 0 to 2 that is closed when a run is opened is opened as
 * /dev/null, so that no connection gets such a number. All others of the engine are
 * closed by exec. The locale may be any.
 *
 *
 * WHAT IT COSTS
 *
 * A live job has one thread, one connection to LXD, and three more while something runs
 * in its instance: six descriptors in all over a unix socket, more over https. That is
 * some 150 KiB, beside what the testlet writes, which is in memory until the result is
 * freed: stdout and stderr of up to ct_job.output_limit (16 MiB) each, a value of up to
 * 16 MiB, and up to twice that while they grow. A job that waits for its turn has its
 * copy of ct_job, code included, and room for its events. Of the disk only the file of
 * durations is used (ct_settings.state).
 *
 *
 * VERSIONS AND COMPATIBILITY
 *
 * Before version 1.0 any release may change anything here; a program is to be compiled
 * anew for each. From 1.0 on a program that was compiled with an older header of the same
 * major version goes on working, with the library that has CT_VERSION's major number in
 * its soname:
 *
 *   - Structs that the caller fills begin with their size, and are initialised with
 *     CT_JOB_INIT and its like, or by `.size = sizeof(ct_job)`. The library reads no
 *     further than size, so fields may be added at the end; what the caller does not know
 *     is zero. Also a newer program runs with an older library, as long as it leaves what
 *     that does not know zero; else it is told so (CT_E_ARGUMENT).
 *   - ct_event, ct_result, ct_base and ct_instance are made by the library alone. Fields
 *     are added at their ends: their size is not to be relied on, and they are not to be
 *     copied.
 *   - ct_error and ct_value stay as they are.
 *   - Enumerations and CT_ERRORS get new members at their ends: a program is to do
 *     something sensible with what it does not know.
 *   - Words (ct_status_name() and the like) stay. Messages are for people, and change.
 *
 * A zero means the default in every field. Times are seconds, as double; sizes are bytes.
 * Strings are UTF-8 and end in NUL; what a testlet printed is bytes with a length (and a
 * NUL behind them for convenience).
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

/* What a struct that the caller fills begins with: all else is zero. */
#ifdef __cplusplus
#define CT_INIT(type)                                                                    \
    { sizeof(type) }
#else
#define CT_INIT(type)                                                                    \
    { .size = sizeof(type) }
#endif

/* ---- Version ----------------------------------------------------------------------- */

#define CT_VERSION "0.1.0"
/* The same as a number, for #if: a byte for each part, 0x010203 is 1.2.3. */
#define CT_VERSION_NUMBER 0x000100

/* The version of the library that is running, as CT_VERSION. Static. */
CT_API const char *ct_version(void);
/* The same as CT_VERSION_NUMBER. */
CT_API unsigned ct_version_number(void);

/* ---- Errors ------------------------------------------------------------------------ */

/* Name, what it means. The enum, ct_error_name() and ct_error_text() are made from it, as
 * are other enumerations, and the words for them, from lists like this one. */
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

typedef enum ct_code {
    CT_OK = 0,
#define CT_X(name, text) CT_E_##name = -CT_INDEX_##name,
    CT_ERRORS(CT_X)
#undef CT_X
} ct_code;

typedef struct ct_error {
    /* CT_OK or CT_E_... */
    int code;
    /* one sentence or a few; ends in NUL */
    char message[1024];
} ct_error;

/* "TIMEOUT" for CT_E_TIMEOUT; "OK" for 0; "UNKNOWN" for what is no code. Static. */
CT_API const char *ct_error_name(int code);
/* "timed out" for CT_E_TIMEOUT. Static. */
CT_API const char *ct_error_text(int code);

/* Opens /dev/null as each of the descriptors 0 to 2 that is closed. ct_run_open() does
 * it; a program that opens files before is to call it first. */
CT_API CT_CHECK int ct_standard_streams_ensure(ct_error *error);

/* ---- Values ------------------------------------------------------------------------ */

/* Plain data in bytes: what a Lua testlet returns. Read it as a flat sequence of tokens:
 * a table token is followed by `length` pairs, each a key and a value. */
typedef enum ct_value_type {
    CT_VALUE_NIL,
    CT_VALUE_BOOLEAN,
    CT_VALUE_INTEGER,
    CT_VALUE_NUMBER,
    CT_VALUE_STRING,
    CT_VALUE_TABLE,
    /* never in what comes from a guest */
    CT_VALUE_FUNCTION
} ct_value_type;

typedef struct ct_value {
    ct_value_type type;
    bool boolean;
    int64_t integer;
    double number;
    /* of a string: borrowed from the bytes read; no NUL */
    const char *string;
    /* of a string: bytes. Of a table: pairs that follow */
    size_t length;
} ct_value;

/* Reads the token at *at, which lies before end, and moves *at behind it. CT_E_PROTOCOL
 * when the bytes are no value; *at is then unchanged. */
CT_API CT_CHECK int ct_value_read(const char **at, const char *end, ct_value *value);

/* ---- Testlets, steps, hooks -------------------------------------------------------- */

/* What a testlet is:
 *
 *   COMMAND  argv, found by PATH
 *   SCRIPT   code is a file's content; run as `name`, by its #! or by sh
 *   LUA      code is Lua source; `name` is its chunk name
 *   CALL     code is a callee packed by the Lua binding
 */
#define CT_TESTLET_KINDS(X)                                                              \
    X(COMMAND, "command")                                                                \
    X(SCRIPT, "script")                                                                  \
    X(LUA, "lua")                                                                        \
    X(CALL, "call")

typedef enum ct_testlet_kind {
#define CT_X(name, word) CT_TESTLET_##name,
    CT_TESTLET_KINDS(CT_X)
#undef CT_X
} ct_testlet_kind;

typedef struct ct_testlet {
    /* sizeof(ct_testlet) */
    size_t size;
    ct_testlet_kind kind;
    /* see ct_testlet_kind; may be NULL */
    const char *name;
    /* see ct_testlet_kind */
    const void *code;
    /* bytes */
    size_t code_length;
    /* what a base takes for the code when it asks whether it is the same; NULL: the code
     * itself */
    const void *identity;
    /* bytes */
    size_t identity_length;
    /* NULL-ended. COMMAND: the command. SCRIPT: its arguments */
    const char *const *argv;
    /* LUA, CALL: packed arguments; may be NULL */
    const void *args;
    /* bytes */
    size_t args_length;
} ct_testlet;

#define CT_TESTLET_INIT CT_INIT(ct_testlet)

/* What a step does: RUN runs a testlet, PUSH puts a file or directory into the instance,
 * PULL fetches one from it. */
#define CT_STEP_KINDS(X)                                                                 \
    X(RUN, "run")                                                                        \
    X(PUSH, "push")                                                                      \
    X(PULL, "pull")

typedef enum ct_step_kind {
#define CT_X(name, word) CT_STEP_##name,
    CT_STEP_KINDS(CT_X)
#undef CT_X
} ct_step_kind;

/* One thing a hook does in the instance. The steps of a hook are an array: all of one
 * size. */
typedef struct ct_step {
    /* sizeof(ct_step) */
    size_t size;
    ct_step_kind kind;
    /* for messages: "apt", "upload" */
    const char *name;
    /* RUN: what is run */
    const ct_testlet *run;
    /* PUSH: a path here, or NULL for data. PULL: a path in the instance */
    const char *source;
    /* PUSH without source: a file's content */
    const void *data;
    /* bytes */
    size_t data_length;
    /* PUSH: a path in the instance. PULL: a path here; links on the way are followed, but
     * for those in a directory that is dest of another PULL of the job's */
    const char *dest;
    /* PUSH, PULL: source must be a directory (else: a file) */
    bool directory;
    /* PUSH, PULL: a dest that exists is an error */
    bool no_overwrite;
    /* PUSH, PULL: each entry keeps its uid and gid, as numbers; not for data. Whose the
     * entries become is this, and the two below; directories that were there already stay
     * whose they are. A PULL for others than this process needs the right to give files
     * away. */
    bool keep_owners;
    /* it runs in every instance: what it does is not kept in a base */
    bool always;
    /* PUSH, PULL of a file: permission bits, up to 07777 for a PUSH and 0777 for a PULL,
     * which S_IFREG may be added to, so that none at all can be said; 0: the source's,
     * 0644 for data */
    unsigned mode;
    /* a name or a decimal number, of the side that is written to: its /etc/passwd for a
     * PUSH. NULL: whoever writes (root for a PUSH). Not with keep_owners */
    const char *user;
    /* the same, of /etc/group */
    const char *group;
    /* PULL: bytes written here, a file, directory or link counting for 1024 and its
     * content; more fails. 0: 4 GiB */
    uint64_t limit;
    /* PULL: that its source is not there is no failure */
    bool optional;
    /* seconds; 0: 600 */
    double timeout;
} ct_step;

#define CT_STEP_INIT CT_INIT(ct_step)

/* A job's start hooks and stop hooks are arrays, too. */
typedef struct ct_hook {
    /* sizeof(ct_hook) */
    size_t size;
    const char *name;
    const ct_step *steps;
    size_t step_count;
} ct_hook;

#define CT_HOOK_INIT CT_INIT(ct_hook)

/* ---- Jobs -------------------------------------------------------------------------- */

/* What becomes of the instance:
 *
 *   NEVER       it is deleted when its job is over
 *   ALWAYS      it outlives the run
 *   ON_FAILURE  so, when the testlet did not pass
 *   RUN         when the testlet passed, it goes on running until ct_instances_destroy()
 *               or ct_run_close(): other jobs may have it as their target. Machines that
 *               share the LXD count it as left behind after a day
 */
#define CT_PRESERVES(X)                                                                  \
    X(NEVER, "never")                                                                    \
    X(ALWAYS, "always")                                                                  \
    X(ON_FAILURE, "on_failure")                                                          \
    X(RUN, "run")

typedef enum ct_preserve {
#define CT_X(name, word) CT_PRESERVE_##name,
    CT_PRESERVES(CT_X)
#undef CT_X
} ct_preserve;

/* How far an instance must have come before anything runs in it. Each but the first
 * includes the ones before it:
 *
 *   DEFAULT     NETWORK where a step of a start hook is a call, as packages are; else
 *               SYSTEM
 *   EXEC        a program can be executed
 *   SYSTEM      systemd, where it runs the instance, has finished starting up, whatever
 *               failed
 *   NETWORK     there is a default route, and a name server
 *   CLOUD_INIT  cloud-init, where there is one, has finished
 */
#define CT_READY_LEVELS(X)                                                               \
    X(DEFAULT, "default")                                                                \
    X(EXEC, "exec")                                                                      \
    X(SYSTEM, "system")                                                                  \
    X(NETWORK, "network")                                                                \
    X(CLOUD_INIT, "cloud-init")

typedef enum ct_ready {
#define CT_X(name, word) CT_READY_##name,
    CT_READY_LEVELS(CT_X)
#undef CT_X
} ct_ready;

/* Who has an instance:
 *
 *   TESTLET  each job has one of its own
 *   IMAGE    the batch's jobs that say so have one together, in the order in which they
 *            were added, if it is to be made and prepared in the same way: same image,
 *            instance_json and start hooks, and, where there are any, variables and
 *            ready. It is prepared once, and goes with the last of them, or stays, if one
 *            of them is to preserve it. Stop hooks run for each. When it could not be
 *            prepared, or a testlet has stopped it, the others end in error with that
 *            cause
 */
#define CT_ISOLATIONS(X)                                                                 \
    X(TESTLET, "testlet")                                                                \
    X(IMAGE, "image")

typedef enum ct_isolation {
#define CT_X(name, word) CT_ISOLATION_##name,
    CT_ISOLATIONS(CT_X)
#undef CT_X
} ct_isolation;

/* One testlet on one image. */
typedef struct ct_job {
    /* sizeof(ct_job) */
    size_t size;
    /* the testlet's name; NULL: "test" */
    const char *name;
    /* a local alias or fingerprint; only a label where local_image is set, or
     * instance_json has a source */
    const char *image;
    /* NULL, or the alias or fingerprint that is meant, image being another name for it */
    const char *local_image;
    /* NULL, or a JSON object: the source to create from where LXD has no such image of
     * its own */
    const char *remote_source;
    /* NULL, or a JSON object merged into the create request: source, config, devices,
     * profiles, type */
    const char *instance_json;
    /* NULL, or an existing instance to run in: nothing is created, started or deleted
     * then, and image is only a label */
    const char *target;
    const ct_testlet *testlet;
    const ct_hook *start_hooks;
    size_t start_hook_count;
    const ct_hook *stop_hooks;
    size_t stop_hook_count;
    /* NULL-ended, "KEY=value" */
    const char *const *env;
    /* the same, for the testlet alone, and winning over env: hooks don't get them, and no
     * base is another one for them */
    const char *const *testlet_env;
    ct_ready ready;
    ct_preserve preserve;
    /* means nothing with a target, or CT_PRESERVE_RUN */
    ct_isolation isolation;
    /* this many clones of the base are kept booted and frozen, ahead of the jobs that
     * take them, until the run is closed; not counted as live. 0: none */
    unsigned warm;
    /* from the image, whatever bases there are */
    bool fresh;
    /* seconds for the testlet; 0: 300 */
    double timeout;
    /* seconds until ready; 0: 120 */
    double ready_timeout;
    /* bytes of stdout, and of stderr; 0: 16 MiB. A testlet that writes more is killed and
     * fails */
    size_t output_limit;
} ct_job;

#define CT_JOB_INIT CT_INIT(ct_job)

/* ---- Results ----------------------------------------------------------------------- */

/* How it ended. Ordered: a status never improves.
 *
 *   PASS   exit code 0
 *   SKIP   exit code 77
 *   FAIL   any other exit code, a signal, a timeout, too much output
 *   ERROR  the environment broke: nothing is known about the test
 */
#define CT_STATUSES(X)                                                                   \
    X(PASS, "pass")                                                                      \
    X(SKIP, "skip")                                                                      \
    X(FAIL, "fail")                                                                      \
    X(ERROR, "error")

typedef enum ct_status {
#define CT_X(name, word) CT_STATUS_##name,
    CT_STATUSES(CT_X)
#undef CT_X
} ct_status;

/* Where a job is. PREPARE is building the base that its instance is cloned from, when
 * that was for it. */
#define CT_PHASES(X)                                                                     \
    X(PREPARE, "prepare")                                                                \
    X(CREATE, "create")                                                                  \
    X(START, "start")                                                                    \
    X(READY, "ready")                                                                    \
    X(HOOKS, "hooks")                                                                    \
    X(TESTLET, "testlet")                                                                \
    X(COLLECT, "collect")                                                                \
    X(TEARDOWN, "teardown")

typedef enum ct_phase {
#define CT_X(name, word) CT_PHASE_##name,
    CT_PHASES(CT_X)
#undef CT_X
} ct_phase;

/* How many phases this header knows. */
enum {
    CT_PHASE_COUNT = 0
#define CT_X(name, word) +1
    CT_PHASES(CT_X)
#undef CT_X
};

/* What one testlet left on one instance. */
typedef struct ct_result {
    /* "<testlet>-<image>"; no name is ever NULL */
    char *name;
    /* as the job named it */
    char *image;
    /* as the job named it */
    char *testlet;
    /* its name in LXD; "" when none was made */
    char *instance;
    ct_status status;
    /* 0..255; -1: killed (signal, timeout, too much output), or never ran */
    int exit_code;
    /* 0, or the signal that ended it */
    int signal;
    bool timed_out;
    /* base was built by this run */
    bool base_built;
    /* never NULL */
    char *stdout_data;
    size_t stdout_length;
    /* never NULL */
    char *stderr_data;
    size_t stderr_length;
    /* packed, for ct_value_read(); NULL when it returned nothing */
    char *value;
    size_t value_length;
    /* what went wrong, in words, the first cause first; NULL on pass and skip, and only
     * then */
    char *error;
    /* the base its instance was cloned from, by its name in LXD; NULL: none */
    char *base;
    /* seconds from the start of create to the result */
    double duration;
    /* seconds of CPU time, of the testlet and its children */
    double cpu_user, cpu_system;
    /* bytes, of the largest of them */
    uint64_t max_rss;
} ct_result;

/* "pass", "skip", "fail", "error"; "unknown" for what is none. Static. */
CT_API const char *ct_status_name(ct_status status);
/* "prepare" for CT_PHASE_PREPARE ...; "unknown" for what is none. Static. */
CT_API const char *ct_phase_name(ct_phase phase);
/* Seconds that a phase took; -1: it was not reached. TEARDOWN always is -1 here: it comes
 * with CT_EVENT_DONE. */
CT_API double ct_result_phase(const ct_result *result, ct_phase phase);
/* Frees a result and all it owns; NULL is fine. For those that were kept: see
 * ct_event.result. */
CT_API void ct_result_free(ct_result *result);

/* ---- Runs -------------------------------------------------------------------------- */

/* How much a line of the log matters:
 *
 *   ERROR    something went wrong that no call, event or result tells of
 *   WARNING  something was not as it should be, and was done without
 *   INFO     the large steps: which LXD was found, a run's beginning and end
 *   DEBUG    each request to LXD: method, path, status and seconds
 */
#define CT_LOG_LEVELS(X)                                                                 \
    X(ERROR, "error")                                                                    \
    X(WARNING, "warning")                                                                \
    X(INFO, "info")                                                                      \
    X(DEBUG, "debug")

typedef enum ct_log_level {
#define CT_X(name, word) CT_LOG_##name,
    CT_LOG_LEVELS(CT_X)
#undef CT_X
} ct_log_level;

/* Called with a line, which has no newline, and is borrowed for the call. The engine's
 * threads call it, too, several of them at once: it is to be safe for that, and quick,
 * and may call nothing of the engine's. It is called until ct_run_close() returns. */
typedef void ct_log(void *context, ct_log_level level, const char *text);

/* Where LXD is and how to speak to it. */
typedef struct ct_settings {
    /* sizeof(ct_settings) */
    size_t size;
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
    /* what is kept of prepared environments, see there: seconds since one was built; 0:
     * 7 days */
    double base_age;
    /* bytes of all of them together; 0: 20 GiB */
    uint64_t base_size;
    /* how many; 0: 50 */
    size_t base_count;
    /* gets what the engine does in words; never passwords, keys, or the secrets of LXD's
     * connections. NULL: nobody does */
    ct_log *log;
    /* the log's */
    void *log_context;
} ct_settings;

#define CT_SETTINGS_INIT CT_INIT(ct_settings)

typedef struct ct_run ct_run;

/* Finds LXD, connects, and checks that it trusts us. settings may be NULL. NULL on
 * failure: CT_E_NO_LXD, CT_E_CONNECT, CT_E_REFUSED, CT_E_ARGUMENT ... */
CT_API CT_CHECK ct_run *ct_run_open(const ct_settings *settings, ct_error *error);
/* The id that the run's instances carry. Borrowed. */
CT_API const char *ct_run_id(const ct_run *run);
/* "lxd 5.0.2 at /var/lib/lxd/unix.socket". Borrowed. */
CT_API const char *ct_run_server(const ct_run *run);
/* Ends the run, and deletes the instances that were kept for it; its batches must be
 * closed. NULL is fine. */
CT_API void ct_run_close(ct_run *run);

/* ---- Batches ----------------------------------------------------------------------- */

typedef struct ct_batch ct_batch;

/* What must be left of this machine before one more instance is started. 0: nothing. What
 * is not reached holds starts back until another job is over; a job that would be alone
 * is started all the same. */
typedef struct ct_reserve {
    /* sizeof(ct_reserve) */
    size_t size;
    /* bytes available, as the kernel counts them */
    size_t memory;
    /* CPUs that were idle, on average over the last minute */
    double cpu;
} ct_reserve;

#define CT_RESERVE_INIT CT_INIT(ct_reserve)

/* What an event tells:
 *
 *   PHASE   the job entered `phase`
 *   RESULT  `result` is ready; teardown goes on
 *   DONE    the job is over; phase TEARDOWN took `seconds`; `message`, when not NULL,
 *           says why the instance could not be torn down, or, with `preserved`, how to
 *           get into it
 *   NOTE    `message` is worth knowing; `job` is the first it is about
 */
#define CT_EVENT_TYPES(X)                                                                \
    X(PHASE, "phase")                                                                    \
    X(RESULT, "result")                                                                  \
    X(DONE, "done")                                                                      \
    X(NOTE, "note")

typedef enum ct_event_type {
#define CT_X(name, word) CT_EVENT_##name,
    CT_EVENT_TYPES(CT_X)
#undef CT_X
} ct_event_type;

/* All that is in it is the event's. */
typedef struct ct_event {
    ct_event_type type;
    ct_phase phase;
    /* the job's number: 0 for the first added */
    size_t job;
    double seconds;
    /* when it was, in seconds of CLOCK_MONOTONIC */
    double time;
    /* its name in LXD; may be NULL */
    char *instance;
    /* NULL but for RESULT. Set it to NULL to keep the result: it is yours then, and to be
     * freed by ct_result_free() */
    ct_result *result;
    /* may be NULL */
    char *message;
    bool preserved;
} ct_event;

/* An empty batch that will keep at most max_live instances alive at once; 0: as many as
 * this process may use CPUs. NULL on failure: CT_E_NO_MEMORY, CT_E_SYSTEM. */
CT_API CT_CHECK ct_batch *ct_batch_new(ct_run *run, unsigned max_live, ct_error *error);
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
/* Waits up to `seconds` (0: not at all; negative: for ever) for the next event. Returns 1
 * with an event, which is the batch's, and there until the next call; 0 when every job is
 * over; CT_E_TIMEOUT; CT_E_INTERRUPTED when a signal was caught. */
CT_API CT_CHECK int ct_batch_wait(ct_batch *batch, double seconds, ct_event **event,
                                  ct_error *error);
/* For poll(): a descriptor that is readable when there is an event, of a batch that was
 * started; CT_E_ARGUMENT before. It is the batch's: don't read from it, and don't close
 * it. When the last event was taken it is readable no more. */
CT_API CT_CHECK int ct_batch_descriptor(const ct_batch *batch);
/* Ends every job as soon as it can be ended; their results are errors, "cancelled". From
 * any thread, and from a signal handler; returns at once. */
CT_API void ct_batch_cancel(ct_batch *batch);
/* Cancels what is not over, waits until no instance is left, frees the batch. Returns
 * CT_OK, or the first failure to tear an instance down. NULL is fine. */
CT_API int ct_batch_close(ct_batch *batch, ct_error *error);

/* ---- Instances --------------------------------------------------------------------- */

/* Made by the library alone. */
typedef struct ct_instance {
    /* in LXD */
    const char *name;
} ct_instance;

/* Called for each; what instance points to is borrowed for the call. */
typedef void ct_instance_visitor(void *context, const ct_instance *instance);
/* Lists the run's instances that LXD has now. */
CT_API CT_CHECK int ct_instances_visit(ct_run *run, ct_instance_visitor *visitor,
                                       void *context, ct_error *error);
/* Deletes the run's instances of these names (a NULL-ended list), several at a time; what
 * is not there, or another run's, is passed over. Returns how many were deleted, or the
 * first failure: then the others have been deleted all the same. */
CT_API CT_CHECK int ct_instances_destroy(ct_run *run, const char *const *names,
                                         ct_error *error);

/* Called for each instance that was to be deleted: error is NULL when it was. May be NULL
 * where it is an argument. */
typedef void ct_cleaned(void *context, const char *instance, const char *error);
/* Deletes the instances of runs whose process is gone, or whose lease is over when it ran
 * on another machine; nothing else's. Returns how many were deleted. */
CT_API CT_CHECK int ct_instances_clean(const ct_settings *settings, ct_cleaned *cleaned,
                                       void *context, ct_error *error);

/* ---- Prepared environments --------------------------------------------------------- */

/* Where storage copies on write, what a job's start hooks leave is kept: as a stopped
 * instance, a base, that the instances of later jobs with the same image, configuration,
 * variables and steps are cloned from. Each hook makes one, on top of the one before.
 *
 *   ABSENT    there is none
 *   BUILDING  somebody builds it, who lives
 *   READY     it may be cloned
 *   SPOILED   half built and given up, or started since: never used
 */
#define CT_BASE_STATES(X)                                                                \
    X(ABSENT, "absent")                                                                  \
    X(BUILDING, "building")                                                              \
    X(READY, "ready")                                                                    \
    X(SPOILED, "spoiled")

typedef enum ct_base_state {
#define CT_X(name, word) CT_BASE_##name,
    CT_BASE_STATES(CT_X)
#undef CT_X
} ct_base_state;

/* Made by the library alone. */
typedef struct ct_base {
    /* its name in LXD */
    const char *instance;
    /* 64 hexadecimal digits: of all that made it */
    const char *key;
    /* the image and the hooks: "debian-bookworm-amd64 + tabulate" */
    const char *label;
    /* all that made it: lines of what it is, a tab, and a digest */
    const char *inputs;
    /* why it was built */
    const char *reason;
    /* seconds since 1970; 0: not yet */
    long long built;
    /* the same, to the hour */
    long long used;
    /* bytes of its files, as if it shared none; 0: an image's alone */
    uint64_t size;
    ct_base_state state;
} ct_base;

/* Called for each; what base points to is borrowed for the call. */
typedef void ct_base_visitor(void *context, const ct_base *base);
/* Lists the bases there are. */
CT_API CT_CHECK int ct_bases_visit(const ct_settings *settings, ct_base_visitor *visitor,
                                   void *context, ct_error *error);
/* Deletes bases that are spoiled, older than settings->base_age allows, or more than the
 * settings allow, those that were not used for the longest time first; with `all`, all
 * that nobody is building. Returns how many were deleted. */
CT_API CT_CHECK int ct_bases_prune(const ct_settings *settings, bool all,
                                   ct_cleaned *cleaned, void *context, ct_error *error);

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
