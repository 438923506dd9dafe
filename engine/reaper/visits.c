/* SPDX-License-Identifier: MIT
 *
 * visits.c - see visits.h. What a guest has started needs nothing done: the guest ends
 * that by itself when its host is gone (guest/main.c). A guest that is there as a whole
 * and can run removes its files, too; else they are removed one by one, from outside.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest_client/guest_client.h"
#include "reaper/visits.h"

#define PATIENCE    20.0 /* seconds one guest may take */
#define PATH_SIZE   256
#define DIAGNOSTICS 4096 /* bytes; nobody reads them */
/* Exit codes of LXD's exec, as a shell has them. */
#define CANT_EXECUTE 126
#define NOT_FOUND    127

/* ---- the list ---- */

static void free_visit(ct_visit *visit) {
    free(visit->instance);
    free(visit->directory);
    free(visit->identity);
    free(visit);
}

void ct_visits_add(ct_visits *visits, const char *instance, const char *directory,
                   const char *identity) {
    ct_visit *visit = calloc(1, sizeof *visit);
    if (!visit)
        return;
    visit->instance = strdup(instance);
    visit->directory = strdup(directory);
    visit->identity = strdup(identity);
    if (!visit->instance || !visit->directory || !visit->identity) {
        free_visit(visit);
        return;
    }
    ct_visits_remove(visits, directory);
    visit->next = visits->first;
    visits->first = visit;
}

void ct_visits_remove(ct_visits *visits, const char *directory) {
    ct_visit **at = &visits->first;
    while (*at && strcmp((*at)->directory, directory) != 0)
        at = &(*at)->next;
    ct_visit *visit = *at;
    if (!visit)
        return;
    *at = visit->next;
    free_visit(visit);
}

void ct_visits_fini(ct_visits *visits) {
    while (visits->first) {
        ct_visit *visit = visits->first;
        visits->first = visit->next;
        free_visit(visit);
    }
}

/* ---- their end ---- */

/* Gives the guest its one request; see ct_exec.input. */
static int give_request(void *context, ct_buf *out, ct_error *error) {
    ct_buf *request = context;
    int code = ct_buf_add(out, request->data, request->length);
    return code < 0 ? ct_fail(error, code, "%s", ct_error_text(code)) : 0;
}

/* Passes over what the guest says: its exit status says it all. See ct_exec.output. */
static int pass_over(void *context, const char *data, size_t length, ct_error *error) {
    (void) context, (void) data, (void) length, (void) error;
    return 1;
}

/* Has the guest remove itself. Returns its exit code, which is 0 when it has, and
 * CANT_EXECUTE or NOT_FOUND where there is none to be executed; or a negative code. */
static int ask_guest(ct_session *session, const ct_visit *visit, const ct_wait *wait) {
    ct_guest guest = {.directory = visit->directory, .ready = CT_READY_EXEC};
    char program[PATH_SIZE];
    const char *const argv[] = {program, NULL};
    int exit_code = -1;
    ct_buf request, diagnostics;
    snprintf(guest.identity, sizeof guest.identity, "%s", visit->identity);
    ct_buf_init(&request, CT_MIB);
    ct_buf_init(&diagnostics, DIAGNOSTICS);
    snprintf(program, sizeof program, "%s/guest", visit->directory);
    const ct_exec exec = {.argv = argv,
                          .input = give_request,
                          .output = pass_over,
                          .context = &request,
                          .diagnostics = &diagnostics};
    int code = ct_request_remove(&request, &guest, NULL);
    if (code == CT_OK)
        code = session->provider->instances->exec(session, visit->instance, &exec,
                                                  &exit_code, wait, NULL);
    ct_buf_fini(&request);
    ct_buf_fini(&diagnostics);
    return code < 0 ? code : exit_code;
}

/* Removes what is left of an installation that was cut short, of a guest that is not
 * whole, or of one in an instance that was stopped. 1: there was something; 0: there was
 * nothing. */
static int remove_files(ct_session *session, const ct_visit *visit, const ct_wait *wait) {
    static const char *const files[] = {"/guest", "/guest-again", ""};
    int found = 0, code = CT_OK;
    for (size_t i = 0; i < CT_COUNT(files); i++) {
        char path[PATH_SIZE];
        snprintf(path, sizeof path, "%s%s", visit->directory, files[i]);
        code = session->provider->instances->remove_file(session, visit->instance, path,
                                                         wait, NULL);
        found += code == CT_OK;
    }
    return code < 0 && code != CT_E_NOT_FOUND ? code : found > 0;
}

/* A guest that runs and removes nothing has found another directory in the place of its
 * own. Nothing of that is ours to remove. */
static int end_visit(ct_session *session, const ct_visit *visit) {
    ct_wait wait = ct_wait_for(PATIENCE, -1);
    int code = ask_guest(session, visit, &wait);
    if (code == 0)
        return 1;
    if (code > 0 && code != CANT_EXECUTE && code != NOT_FOUND && *visit->identity)
        return 0;
    return remove_files(session, visit, &wait);
}

static int end_visits(ct_session *session, void *context, const ct_wait *wait,
                      ct_error *error) {
    const ct_visits *visits = context;
    int found = 0, code = CT_OK;
    (void) wait, (void) error;
    for (const ct_visit *visit = visits->first; visit; visit = visit->next) {
        int ended = end_visit(session, visit);
        found += ended > 0;
        if (ended < 0 && code == CT_OK)
            code = ended;
    }
    return code < 0 ? code : found > 0;
}

int ct_visits_end(const ct_visits *visits, ct_provider *provider) {
    return visits->first
               ? ct_with_session(provider, end_visits, (void *) visits, NULL, NULL)
               : 0;
}
