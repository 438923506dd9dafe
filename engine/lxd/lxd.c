/* SPDX-License-Identifier: MIT
 *
 * lxd.c - the LXD provider: opened, closed, and its table of calls. The calls themselves
 * are in the files named after their topic.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lxd/lxd.h"
#include "lxd/lxd_private.h"

/* What the client must be told of a socket that it would not look for. */
static char *socket_setting(const char *socket, bool incus) {
    static const char usual_name[] = "/unix.socket";
    const char *client = incus ? "INCUS" : "LXD";
    const char *slash = strrchr(socket, '/');
    bool named = slash && strcmp(slash, usual_name) == 0;
    char *setting = NULL;
    int length =
        named ? asprintf(&setting, "%s_DIR=%.*s ", client, (int) (slash - socket), socket)
              : asprintf(&setting, "%s_SOCKET=%s ", client, socket);
    return length < 0 ? NULL : setting;
}

static char *shell_command(const ct_provider *provider, const char *instance) {
    bool incus = strncmp(provider->server, "incus", 5) == 0;
    const char *client = incus ? "incus" : "lxc";
    const char *socket = provider->endpoint.socket;
    const char *project = provider->project;
    const char *option = project ? "--project " : "", *space = project ? " " : "";
    char *setting = NULL, *command = NULL;
    int length;
    if (socket && !lxd_is_usual(socket) && !(setting = socket_setting(socket, incus)))
        return NULL;
    if (socket)
        length = asprintf(&command, "%s%s exec %s%s%s%s -- sh", setting ? setting : "",
                          client, option, project ? project : "", space, instance);
    else /* what this user's client calls that server is not known here */
        length = asprintf(
            &command, "%s exec %s%s%sREMOTE:%s -- sh, where REMOTE is %s's name for %s",
            client, option, project ? project : "", space, instance, client,
            provider->endpoint.url);
    free(setting);
    return length < 0 ? NULL : command;
}

static void provider_close(ct_provider *provider) {
    if (!provider)
        return;
    free(provider->server);
    free(provider->endpoint.socket);
    free(provider->endpoint.url);
    free(provider->endpoint.client_cert);
    free(provider->endpoint.client_key);
    free(provider->endpoint.verify);
    ct_tls_sessions_close(provider->endpoint.sessions);
    free(provider->project);
    ct_leftovers_free(provider->leftovers);
    free(provider);
}

static const ct_provider_type lxd_type = {
    .close = provider_close,
    .session_open = lxd_session_open,
    .session_close = lxd_session_close,
    .resolve = lxd_resolve,
    .find_pulled = lxd_find_pulled,
    .check_running = lxd_check_running,
    .create = lxd_create,
    .start = lxd_start,
    .late = lxd_late,
    .make_directory = lxd_make_directory,
    .push_program = lxd_push_program,
    .remove_file = lxd_remove_file,
    .exec = lxd_exec,
    .in_service = lxd_in_service,
    .await_running = lxd_await_running,
    .check_undisturbed = lxd_check_undisturbed,
    .preserve = lxd_preserve,
    .destroy = lxd_destroy,
    .stop = lxd_stop,
    .freeze = lxd_freeze,
    .unfreeze = lxd_unfreeze,
    .clones_cheaply = lxd_clones_cheaply,
    .find_base = lxd_find_base,
    .await_base = lxd_await_base,
    .set_init = lxd_set_init,
    .publish_base = lxd_publish_base,
    .touch_base = lxd_touch_base,
    .visit_bases = lxd_visit_bases,
    .settle = lxd_settle,
    .settle_instance = lxd_settle_instance,
    .visit = lxd_visit,
    .shell_command = shell_command,
};

int ct_lxd_open(const ct_settings *settings, ct_provider **out, ct_error *error) {
    *out = NULL;
    ct_provider *provider = calloc(1, sizeof *provider);
    if (provider)
        provider->leftovers = ct_leftovers_new();
    if (!provider || !provider->leftovers) {
        provider_close(provider);
        return ct_fail_memory(error);
    }
    provider->type = &lxd_type;
    provider->timeout = settings->timeout > 0 ? settings->timeout : CT_TIMEOUT_OPERATION;
    int code = lxd_find(provider, settings, error);
    if (code < 0)
        provider_close(provider);
    else
        *out = provider;
    return code;
}
