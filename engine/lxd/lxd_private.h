/* SPDX-License-Identifier: MIT
 *
 * lxd_private.h - what the files of the LXD provider share: the session and its two ways
 * to call.
 */
#ifndef CT_LXD_PRIVATE_H
#define CT_LXD_PRIVATE_H

#include "lxd/lxd.h"

#define LXD_CONFIG_KEY "user.cleantest." /* what we say in an instance's config */
/* Of raw.lxc; lxc.container.conf(5). What is behind it runs in place of an init. */
#define LXD_INIT_COMMAND "lxc.init.cmd = "
#define LXD_PATH_MAX     1024
#define LXD_OPERATIONS   "/1.0/operations/" /* what an operation's path begins with */
#define LXD_ANSWER_MAX   (64 * CT_MIB)      /* bytes of one answer */

/* One thread's connection. */
typedef struct lxd_session {
    ct_provider *provider; /* borrowed */
    ct_http *http;
    ct_json *request; /* being built; lxd_call() sends it */
    ct_json *answer;  /* the last answer */
    ct_buf text;      /* bytes of either on their way */
    char *pending;    /* path of an operation whose end was not seen; NULL: none */
    /* an instance that may be being created, for all that is known; "": none */
    char unsure[CT_INSTANCE_NAME_MAX + 1];
    char begun[40]; /* when LXD began the last program, by its own clock; "": unknown */
} lxd_session;

/* ---- session.c ---- */

/* See provider.h. */
int lxd_session_open(ct_provider *provider, void **out, ct_error *error);
void lxd_session_close(void *session);

/* Sends method and path, with the request document when with_request, and reads the
 * answer. A refusal is an error with LXD's own words. */
CT_CHECK int lxd_call(lxd_session *session, const char *method, bool with_request,
                      const ct_wait *wait, ct_error *error, const char *path, ...)
    CT_FORMAT(6, 7);
/* The same for what LXD does in the background: waits until it is done; the answer is
 * then the operation. */
CT_CHECK int lxd_operate(lxd_session *session, const char *method, bool with_request,
                         const ct_wait *wait, ct_error *error, const char *path, ...)
    CT_FORMAT(6, 7);
/* Waits for the end of an operation by its path ("/1.0/operations/ID"). CT_E_GONE: LXD
 * has forgotten it, as it does some seconds after its end; what it was about has to tell
 * how it ended. */
CT_CHECK int lxd_wait(lxd_session *session, const char *operation, const ct_wait *wait,
                      ct_error *error);
/* Checks an answer that did not come through lxd_call(). */
CT_CHECK int lxd_check(lxd_session *session, int status, ct_error *error);
/* Adds "?project=NAME" (or "&...") to path where there is a project. */
CT_CHECK int lxd_add_project(const ct_provider *provider, char path[LXD_PATH_MAX],
                             ct_error *error);

/* ---- operations.c ---- */

/* Is given each operation in turn: it is at "/metadata" of the session's answer, which
 * the visitor may overwrite. CT_OK: go on; anything else ends the visit, and is what
 * lxd_visit_operations() returns. */
typedef int lxd_operation_visitor(lxd_session *session, const char *path, void *context,
                                  const ct_wait *wait, ct_error *error);
/* groups: of "running", "success", "failure"; NULL ends them. LXD lists what has ended
 * for some seconds more. */
CT_CHECK int lxd_visit_operations(lxd_session *session, const char *const *groups,
                                  lxd_operation_visitor *visitor, void *context,
                                  const ct_wait *wait, ct_error *error);
/* Fills in the name of the instance that the visited operation is about; false: it is
 * about none. */
bool lxd_operation_instance(const lxd_session *session,
                            char name[CT_INSTANCE_NAME_MAX + 1]);

/* ---- settle.c ---- */

/* Whether a creation that failed, for all that LXD answered, has made its instance: CT_OK
 * when it has, by the lease that no other creation writes; CT_E_CONFLICT when somebody
 * else has the name, CT_E_NOT_FOUND when nobody has. Any other code: LXD can't be asked.
 */
CT_CHECK int lxd_find_created(lxd_session *session, const ct_instance_spec *spec,
                              const ct_wait *wait);
/* A moment, for what nothing tells of. Ends early when cancelled. */
void lxd_pause(const ct_wait *wait);

/* ---- find.c ---- */

/* Fills provider->endpoint with the first LXD that answers, and provider->server. */
CT_CHECK int lxd_find(ct_provider *provider, const ct_settings *settings,
                      ct_error *error);

/* true for a socket that LXD's own client looks for, too. */
bool lxd_is_usual(const char *socket);

/* ---- config.c ---- */

/* Sets a field of ours in the config of the request; NULL is "". */
CT_CHECK int lxd_config_set(ct_json *json, const char *name, const char *value);
CT_CHECK int lxd_config_set_number(ct_json *json, const char *name, long long value);
/* Writes a lease into a create request. */
CT_CHECK int lxd_write_lease(ct_json *json, const ct_lease *lease);

/* false when the instance at this path of the document carries no lease. */
bool lxd_read_lease(ct_json *json, const char *instance, ct_lease *lease);
/* Says in a create request which base it is to become (NULL: none), and nothing that
 * it might inherit from one; idle: see ct_instance_spec. */
CT_CHECK int lxd_write_base(ct_json *json, const char *key, const char *idle);

/* ---- image.c, instance.c, base.c, storage.c, files.c, exec.c: see
 * provider.h ---- */

int lxd_resolve(void *session, const char *image, char **source, const ct_wait *wait,
                ct_error *error);
int lxd_find_pulled(void *session, const char *remote, const char *json, char **source,
                    const ct_wait *wait, ct_error *error);
int lxd_check_running(void *session, const char *instance, const ct_wait *wait,
                      ct_error *error);
int lxd_create(void *session, const ct_instance_spec *spec, const ct_wait *wait,
               ct_error *error);
int lxd_start(void *session, const char *instance, const ct_wait *wait, ct_error *error);
const char *lxd_late(void *session, const char *instance, const ct_wait *wait);
int lxd_preserve(void *session, const char *instance, const ct_wait *wait,
                 ct_error *error);
int lxd_destroy(void *session, const char *instance, const ct_wait *wait,
                ct_error *error);
int lxd_settle(void *session, const char *run, const ct_wait *wait, ct_error *error);
int lxd_settle_instance(void *session, const char *instance, const ct_wait *wait,
                        ct_error *error);
int lxd_stop(void *session, const char *instance, bool force, const ct_wait *wait,
             ct_error *error);
int lxd_freeze(void *session, const char *instance, const ct_wait *wait, ct_error *error);
int lxd_unfreeze(void *session, const char *instance, const ct_wait *wait,
                 ct_error *error);
int lxd_clones_cheaply(void *session, const char *json, ct_buf *profiles,
                       const ct_wait *wait, ct_error *error);
int lxd_find_base(void *session, ct_base_look *look, const ct_wait *wait,
                  ct_error *error);
int lxd_await_base(void *session, ct_base_look *look, const ct_wait *wait,
                   ct_error *error);
int lxd_set_init(void *session, const char *instance, const char *command,
                 const ct_wait *wait, ct_error *error);
int lxd_publish_base(void *session, const ct_base_look *look, const ct_base *base,
                     const ct_lease *lease, const ct_wait *wait, ct_error *error);
int lxd_touch_base(void *session, const ct_base *base, const ct_wait *wait,
                   ct_error *error);
int lxd_visit_bases(void *session, ct_base_visitor *visitor, void *context,
                    const ct_wait *wait, ct_error *error);
int lxd_visit(void *session, ct_lease_visitor *visitor, void *context,
              const ct_wait *wait, ct_error *error);
int lxd_make_directory(void *session, const char *instance, const char *path,
                       const ct_wait *wait, ct_error *error);
int lxd_push_program(void *session, const char *instance, const char *path,
                     const void *data, size_t length, const ct_wait *wait,
                     ct_error *error);
int lxd_await_running(void *session, const char *instance, const ct_wait *wait,
                      ct_error *error);
int lxd_check_undisturbed(void *session, const char *instance, const ct_wait *wait,
                          ct_error *error);
int lxd_remove_file(void *session, const char *instance, const char *path,
                    const ct_wait *wait, ct_error *error);
int lxd_in_service(void *session, const char *instance, const ct_wait *wait,
                   ct_error *error);
int lxd_exec(void *session, const char *instance, const ct_exec *exec, int *exit_code,
             const ct_wait *wait, ct_error *error);

#endif
