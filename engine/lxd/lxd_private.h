/* SPDX-License-Identifier: MIT
 *
 * lxd_private.h - what the files of the LXD provider share: the provider, a session and
 * the ways to call LXD, and the calls that lxd.c puts into the provider's tables.
 */
#ifndef CT_LXD_PRIVATE_H
#define CT_LXD_PRIVATE_H

#include "lxd/lxd.h"

#define LXD_CONFIG_KEY "user.cleantest." /* what we say in an instance's config */
/* A line of raw.lxc; see lxc.container.conf(5). The command behind it runs in place of
 * the instance's init. */
#define LXD_INIT_COMMAND "lxc.init.cmd = "
#define LXD_OPERATIONS   "/1.0/operations/" /* what an operation's path begins with */
#define LXD_PATH_MAX     1024               /* bytes of a request's path, with the NUL */
#define LXD_ANSWER_MAX   (64 * CT_MIB)      /* bytes of one answer */

typedef struct lxd_provider {
    ct_provider base;
    ct_endpoint endpoint;
    char *project; /* NULL: the default one */
} lxd_provider;

/* One thread's connection. */
typedef struct lxd_session {
    ct_session base;
    lxd_provider *provider; /* borrowed */
    ct_http *http;
    ct_json *request; /* being built; lxd_send() and lxd_operate() send it */
    ct_json *answer;  /* the last answer */
    ct_buf text;      /* the bytes of the last answer */
    /* Path of an operation that was not seen to its end; NULL: there is none. */
    char *open_operation;
    /* Name of an instance whose creation was not answered; "": there is none. LXD may be
     * creating it now. */
    char unanswered_create[CT_INSTANCE_NAME_MAX + 1];
    /* When LXD began the last program, by its own clock; "": unknown. */
    char begun[40];
} lxd_session;

static inline lxd_session *lxd_session_of(ct_session *base) {
    return (lxd_session *) base;
}

/* ---- session.c: see also provider.h ---- */

int lxd_session_open(ct_provider *base, ct_session **out, ct_error *error);
void lxd_session_close(ct_session *base);

/* Reads what is at a path. A refusal is an error with LXD's own words. */
CT_CHECK int lxd_get(lxd_session *session, const ct_wait *wait, ct_error *error,
                     const char *path, ...) CT_FORMAT(4, 5);
/* Sends the request document. */
CT_CHECK int lxd_send(lxd_session *session, const char *method, const ct_wait *wait,
                      ct_error *error, const char *path, ...) CT_FORMAT(5, 6);
/* The same for what LXD does in the background: waits for its end. A DELETE sends no
 * document. The answer is the operation then. */
CT_CHECK int lxd_operate(lxd_session *session, const char *method, const ct_wait *wait,
                         ct_error *error, const char *path, ...) CT_FORMAT(5, 6);
/* Waits for the end of an operation by its path ("/1.0/operations/ID"). CT_E_GONE: LXD
 * has forgotten the operation, as it does some seconds after its end. Whatever the
 * operation was about has to tell how it ended. */
CT_CHECK int lxd_wait(lxd_session *session, const char *operation, const ct_wait *wait,
                      ct_error *error);
/* Checks an answer that none of the functions above has received. */
CT_CHECK int lxd_check(lxd_session *session, int status, ct_error *error);
/* Adds "?project=NAME" (or "&...") to path where there is a project. */
CT_CHECK int lxd_add_project(const lxd_provider *provider, char path[LXD_PATH_MAX],
                             ct_error *error);

/* ---- operations.c ---- */

/* Is given each operation in turn. The operation is at "/metadata" of the session's
 * answer, which the visitor may overwrite. CT_OK: go on. Anything else ends the visit,
 * and lxd_visit_operations() returns it. */
typedef int lxd_operation_visitor(lxd_session *session, const char *path, void *context,
                                  const ct_wait *wait, ct_error *error);
/* groups: of "running", "success" and "failure"; NULL ends them. LXD lists operations
 * that have ended for some seconds more. */
CT_CHECK int lxd_visit_operations(lxd_session *session, const char *const *groups,
                                  lxd_operation_visitor *visitor, void *context,
                                  const ct_wait *wait, ct_error *error);
/* Fills in the name of the instance that the visited operation is about. false: it is
 * about none. */
bool lxd_operation_instance(const lxd_session *session,
                            char name[CT_INSTANCE_NAME_MAX + 1]);

/* ---- creation.c ---- */

/* Tells whether a creation that failed, for all that LXD answered, has made its instance.
 * CT_OK: it has, by the lease that no other creation writes. CT_E_CONFLICT: somebody else
 * has the name. CT_E_NOT_FOUND: nobody has. Any other code: LXD can't be asked. */
CT_CHECK int lxd_find_created(lxd_session *session, const ct_instance_spec *spec,
                              const ct_wait *wait);
/* Waits a moment before LXD is asked again, where nothing tells of a change. Ends early
 * when cancelled. */
void lxd_pause(const ct_wait *wait);

/* ---- find.c ---- */

/* Fills the provider's endpoint with the first LXD that answers, and its server. */
CT_CHECK int lxd_find(lxd_provider *provider, const ct_settings *settings,
                      ct_error *error);

/* true for a socket that LXD's own client looks for, too. */
bool lxd_is_usual(const char *socket);

/* ---- config.c ---- */

/* Sets a field of ours in the config of the request; NULL is "". */
CT_CHECK int lxd_config_set(ct_json *json, const char *name, const char *value);
CT_CHECK int lxd_config_set_number(ct_json *json, const char *name, long long value);
/* Writes a lease into a create request. */
CT_CHECK int lxd_write_lease(ct_json *json, const ct_lease *lease);
/* Takes the lease away from the config in the request. */
CT_CHECK int lxd_clear_lease(ct_json *json);

/* Reads the lease of the instance at this path of the document. false: it has none. */
bool lxd_read_lease(ct_json *json, const char *instance, ct_lease *lease);
/* Says in a create request which base the instance is to become (NULL: none), and takes
 * away what it would inherit from another base. idle: see ct_instance_spec. */
CT_CHECK int lxd_write_base(ct_json *json, const char *key, const char *idle);

/* ---- image.c, instance.c, exec.c, files.c, state.c, creation.c: see
 * ct_instance_calls ---- */

int lxd_resolve(ct_session *base, const char *image, char **source, const ct_wait *wait,
                ct_error *error);
int lxd_find_pulled(ct_session *base, const char *remote, const char *json, char **source,
                    const ct_wait *wait, ct_error *error);
int lxd_check_running(ct_session *base, const char *instance, const ct_wait *wait,
                      ct_error *error);
int lxd_create(ct_session *base, const ct_instance_spec *spec, const ct_wait *wait,
               ct_error *error);
int lxd_start(ct_session *base, const char *instance, const ct_wait *wait,
              ct_error *error);
const char *lxd_why_unreachable(ct_session *base, const char *instance,
                                const ct_wait *wait);
int lxd_make_directory(ct_session *base, const char *instance, const char *path,
                       const ct_wait *wait, ct_error *error);
int lxd_push_program(ct_session *base, const char *instance, const char *path,
                     const ct_embedded *program, const ct_wait *wait, ct_error *error);
int lxd_remove_file(ct_session *base, const char *instance, const char *path,
                    const ct_wait *wait, ct_error *error);
int lxd_exec(ct_session *base, const char *instance, const ct_exec *exec, int *exit_code,
             const ct_wait *wait, ct_error *error);
int lxd_check_alive(ct_session *base, const char *instance, const ct_wait *wait,
                    ct_error *error);
int lxd_await_running(ct_session *base, const char *instance, const ct_wait *wait,
                      ct_error *error);
int lxd_check_undisturbed(ct_session *base, const char *instance, const ct_wait *wait,
                          ct_error *error);
int lxd_preserve(ct_session *base, const char *instance, const ct_wait *wait,
                 ct_error *error);
int lxd_destroy(ct_session *base, const char *instance, const ct_wait *wait,
                ct_error *error);
int lxd_stop(ct_session *base, const char *instance, bool force, const ct_wait *wait,
             ct_error *error);
int lxd_freeze(ct_session *base, const char *instance, const ct_wait *wait,
               ct_error *error);
int lxd_unfreeze(ct_session *base, const char *instance, const ct_wait *wait,
                 ct_error *error);
int lxd_set_init(ct_session *base, const char *instance, const char *command,
                 const ct_wait *wait, ct_error *error);
int lxd_await_creations(ct_session *base, const char *run, const ct_wait *wait,
                        ct_error *error);
int lxd_await_creation(ct_session *base, const char *instance, const ct_wait *wait,
                       ct_error *error);
int lxd_visit(ct_session *base, ct_lease_visitor *visitor, void *context,
              const ct_wait *wait, ct_error *error);

/* ---- storage.c, base.c: see ct_base_calls ---- */

int lxd_clones_cheaply(ct_session *base, const char *json, ct_buf *profiles,
                       const ct_wait *wait, ct_error *error);
int lxd_base_find(ct_session *base, ct_base_place *place, const ct_wait *wait,
                  ct_error *error);
int lxd_base_await(ct_session *base, ct_base_place *place, const ct_wait *wait,
                   ct_error *error);
int lxd_base_publish(ct_session *base, const ct_base_place *place, const ct_base *what,
                     const ct_lease *lease, const ct_wait *wait, ct_error *error);
int lxd_base_touch(ct_session *base, const ct_base *what, const ct_wait *wait,
                   ct_error *error);
int lxd_base_visit(ct_session *base, ct_base_visitor *visitor, void *context,
                   const ct_wait *wait, ct_error *error);

#endif
