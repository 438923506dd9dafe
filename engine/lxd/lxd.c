/* SPDX-License-Identifier: MIT
 *
 * lxd.c - opens and closes the LXD provider, and has its tables of calls. The calls
 * themselves are in the files named after their topic.
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

static char *shell_command(const ct_provider *base, const char *instance) {
    const lxd_provider *provider = (const lxd_provider *) base;
    bool incus = strncmp(base->server, "incus", 5) == 0;
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

static ct_settings settings_of(const ct_provider *base) {
    const lxd_provider *provider = (const lxd_provider *) base;
    const ct_endpoint *endpoint = &provider->endpoint;
    return (ct_settings){.endpoint = endpoint->socket ? endpoint->socket : endpoint->url,
                         .client_cert = endpoint->client_cert,
                         .client_key = endpoint->client_key,
                         .verify = endpoint->verify,
                         .project = provider->project,
                         .timeout = base->timeout};
}

static void close_provider(ct_provider *base) {
    lxd_provider *provider = (lxd_provider *) base;
    if (!provider)
        return;
    free(base->server);
    ct_leftovers_free(base->leftovers);
    free(provider->endpoint.socket);
    free(provider->endpoint.url);
    free(provider->endpoint.client_cert);
    free(provider->endpoint.client_key);
    free(provider->endpoint.verify);
    ct_tls_sessions_close(provider->endpoint.sessions);
    free(provider->project);
    free(provider);
}

static const ct_provider_type provider_type = {.close = close_provider,
                                               .settings = settings_of,
                                               .session_open = lxd_session_open,
                                               .session_close = lxd_session_close,
                                               .shell_command = shell_command};

static const ct_instance_calls instance_calls = {
    .resolve = lxd_resolve,
    .find_pulled = lxd_find_pulled,
    .check_running = lxd_check_running,
    .create = lxd_create,
    .start = lxd_start,
    .why_unreachable = lxd_why_unreachable,
    .make_directory = lxd_make_directory,
    .push_program = lxd_push_program,
    .remove_file = lxd_remove_file,
    .exec = lxd_exec,
    .check_alive = lxd_check_alive,
    .await_running = lxd_await_running,
    .check_undisturbed = lxd_check_undisturbed,
    .preserve = lxd_preserve,
    .destroy = lxd_destroy,
    .stop = lxd_stop,
    .freeze = lxd_freeze,
    .unfreeze = lxd_unfreeze,
    .set_init = lxd_set_init,
    .await_creations = lxd_await_creations,
    .await_creation = lxd_await_creation,
    .visit = lxd_visit,
};

static const ct_base_calls base_calls = {
    .clones_cheaply = lxd_clones_cheaply,
    .find = lxd_base_find,
    .await = lxd_base_await,
    .publish = lxd_base_publish,
    .touch = lxd_base_touch,
    .visit = lxd_base_visit,
};

int ct_lxd_open(const ct_settings *settings, ct_provider **out, ct_error *error) {
    *out = NULL;
    lxd_provider *provider = calloc(1, sizeof *provider);
    if (!provider)
        return ct_fail_memory(error);
    provider->base = (ct_provider){
        .type = &provider_type,
        .instances = &instance_calls,
        .bases = &base_calls,
        .timeout = settings->timeout > 0 ? settings->timeout : CT_TIMEOUT_OPERATION,
        .leftovers = ct_leftovers_new()};
    int code = provider->base.leftovers ? lxd_find(provider, settings, error)
                                        : ct_fail_memory(error);
    if (code < 0)
        close_provider(&provider->base);
    else
        *out = &provider->base;
    return code;
}
