/* SPDX-License-Identifier: MIT
 *
 * find.c - finds the LXD to speak to: the endpoint that was named, or the first of the
 * usual sockets that answers and trusts us. It does nothing else there.
 */
#include <errno.h>
#include <grp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lxd/lxd_private.h"

#define GREETING_TIME 10.0 /* seconds that LXD has to say who it is */

/* Where Debian's LXD, the snap's LXD and Incus listen. */
static const char *const usual_sockets[] = {
    "/var/lib/lxd/unix.socket",
    "/var/snap/lxd/common/lxd/unix.socket",
    "/var/lib/incus/unix.socket",
};

bool lxd_is_usual(const char *socket) {
    for (size_t i = 0; i < CT_COUNT(usual_sockets); i++)
        if (strcmp(socket, usual_sockets[i]) == 0)
            return true;
    return false;
}

static int set_socket(lxd_provider *provider, const char *path, ct_error *error) {
    free(provider->endpoint.socket);
    free(provider->endpoint.url);
    provider->endpoint.socket = strdup(path);
    provider->endpoint.url = strdup("http://lxd");
    if (!provider->endpoint.socket || !provider->endpoint.url)
        return ct_fail_memory(error);
    return CT_OK;
}

static const char *place_of(const lxd_provider *provider) {
    return provider->endpoint.socket ? provider->endpoint.socket : provider->endpoint.url;
}

/* Reads "GET /1.0": who answers, and whether it trusts us. */
static int ask_server(lxd_session *session, ct_error *error) {
    lxd_provider *provider = session->provider;
    ct_wait wait = ct_wait_for(fmin(provider->base.timeout, GREETING_TIME), -1);
    int code = lxd_get(session, &wait, error, "/1.0");
    if (code < 0) /* a failed connection names the place already */
        return code == CT_E_CONNECT || code == CT_E_TIMEOUT
                   ? code
                   : ct_fail_in(error, code, "%s", place_of(provider));
    const char *auth = ct_json_string(session->answer, "/metadata/auth");
    if (!ct_same_text(auth, "trusted"))
        return ct_fail(
            error, CT_E_REFUSED,
            "%s does not trust this client: give client.cert a certificate that is "
            "in its trust store (lxc config trust add), or use its unix socket",
            place_of(provider));
    const char *server = ct_json_string(session->answer, "/metadata/environment/server");
    const char *version =
        ct_json_string(session->answer, "/metadata/environment/server_version");
    if (!server || !version)
        return ct_fail(error, CT_E_PROTOCOL, "%s is no LXD", place_of(provider));
    if (asprintf(&provider->base.server, "%s %s at %s", server, version,
                 place_of(provider)) < 0) {
        provider->base.server = NULL;
        return ct_fail_memory(error);
    }
    return CT_OK;
}

static int check_project(lxd_session *session, const ct_wait *wait, ct_error *error) {
    const char *project = session->provider->project;
    if (!project)
        return CT_OK;
    int code = lxd_get(session, wait, error, "/1.0/projects/%s", project);
    return code < 0 ? ct_fail_in(error, code, "project %s", project) : code;
}

static int greet(ct_session *base, void *context, const ct_wait *wait, ct_error *error) {
    (void) context;
    int code = ask_server(lxd_session_of(base), error);
    return code < 0 ? code : check_project(lxd_session_of(base), wait, error);
}

/* Says who may use a socket that this process may not use. */
static int refuse_socket(const char *socket, ct_error *error) {
    struct stat info;
    struct group entry, *found = NULL;
    char strings[4096]; /* a group with more members is told by its number */
    if (stat(socket, &info) < 0)
        return ct_fail(error, CT_E_REFUSED, "%s: permission denied; run as root", socket);
    if ((info.st_mode & 060) != 060)
        return ct_fail(error, CT_E_REFUSED,
                       "%s: permission denied; only its owner may use it", socket);
    if (getgrgid_r(info.st_gid, &entry, strings, sizeof strings, &found) != 0 || !found)
        return ct_fail(error, CT_E_REFUSED,
                       "%s: permission denied; run as root or join the group %u", socket,
                       (unsigned) info.st_gid);
    return ct_fail(error, CT_E_REFUSED,
                   "%s: permission denied; run as root or join the group \"%s\"", socket,
                   found->gr_name);
}

static int try_endpoint(lxd_provider *provider, ct_error *error) {
    const char *socket = provider->endpoint.socket;
    if (socket && access(socket, R_OK | W_OK) < 0)
        return errno == EACCES
                   ? refuse_socket(socket, error)
                   : ct_fail(error, CT_E_CONNECT, "%s: %s", socket, strerror(errno));
    ct_wait wait = ct_wait_for(provider->base.timeout, -1);
    return ct_with_session(&provider->base, greet, NULL, &wait, error);
}

/* Tries one more socket. What went wrong is added to tried. */
static int try_socket(lxd_provider *provider, const char *path, ct_buf *tried) {
    ct_error why = {0};
    int code = set_socket(provider, path, &why);
    if (code == CT_OK)
        code = try_endpoint(provider, &why);
    if (code < 0)
        ct_log_write(&provider->endpoint.logger,
                     code == CT_E_CONNECT ? CT_LOG_DEBUG : CT_LOG_WARNING,
                     "no LXD to be used: %s", why.message);
    if (code < 0 &&
        ct_buf_format(tried, "%s%s", tried->length ? "; " : "", why.message) < 0)
        return CT_E_NO_MEMORY;
    return code;
}

/* Tries the socket in the directory that LXD_DIR names. */
static int try_directory(lxd_provider *provider, const char *directory, ct_buf *tried) {
    char path[LXD_PATH_MAX];
    char *real = realpath(directory, NULL); /* the reaper runs in another folder */
    bool relative = directory[0] != '/' && real;
    snprintf(path, sizeof path, "%s/unix.socket", relative ? real : directory);
    free(real);
    return try_socket(provider, path, tried);
}

/* Tries the usual sockets in turn. One that refuses us does not end the search_sockets:
 * another LXD may be there for us. */
static int try_usual(lxd_provider *provider, ct_buf *tried) {
    int code = CT_E_CONNECT;
    bool refused = false;
    for (size_t i = 0; i < CT_COUNT(usual_sockets); i++) {
        code = try_socket(provider, usual_sockets[i], tried);
        if (code != CT_E_CONNECT && code != CT_E_REFUSED)
            return code;
        refused = refused || code == CT_E_REFUSED;
    }
    return refused ? CT_E_REFUSED : code;
}

static int search_sockets(lxd_provider *provider, ct_error *error) {
    ct_buf tried;
    ct_buf_init(&tried, sizeof error->message);
    const char *directory = getenv("LXD_DIR");
    bool named = directory && *directory;
    int code =
        named ? try_directory(provider, directory, &tried) : try_usual(provider, &tried);
    const char *what = tried.data ? tried.data : ct_error_text(code);
    if (code == CT_E_CONNECT && named)
        ct_fail(
            error, code = CT_E_NO_LXD,
            "no LXD found where LXD_DIR says (%s); start it, or unset LXD_DIR to have "
            "the usual places looked at",
            what);
    else if (code == CT_E_CONNECT)
        ct_fail(error, code = CT_E_NO_LXD,
                "no LXD found (tried %s); start one, or name it by LXD_DIR or "
                "client.endpoint",
                what);
    else if (code == CT_E_REFUSED && !named)
        ct_fail(error, code, "no LXD that may be used (tried %s)", what);
    else if (code < 0)
        ct_fail(error, code, "%s", what);
    ct_buf_fini(&tried);
    return code;
}

static int copy_text(char **to, const char *from) {
    if (from && !(*to = strdup(from)))
        return CT_E_NO_MEMORY;
    return CT_OK;
}

/* Copies a file's path as an absolute one: this process may change its folder before the
 * file is opened, and the reaper has another one. */
static int copy_path(char **to, const char *from) {
    *to = from ? realpath(from, NULL) : NULL;
    return *to ? CT_OK : copy_text(to, from);
}

static int copy_settings(lxd_provider *provider, const ct_settings *settings,
                         ct_error *error) {
    const char *verify = settings->verify;
    provider->endpoint.logger =
        (ct_logger){.log = settings->log, .context = settings->log_context};
    bool word = !verify || strcmp(verify, "no") == 0 || ct_is_fingerprint(verify);
    if (copy_path(&provider->endpoint.client_cert, settings->client_cert) < 0 ||
        copy_path(&provider->endpoint.client_key, settings->client_key) < 0 ||
        (word ? copy_text : copy_path)(&provider->endpoint.verify, verify) < 0 ||
        copy_text(&provider->project, settings->project) < 0)
        return ct_fail_memory(error);
    return CT_OK;
}

int lxd_find(lxd_provider *provider, const ct_settings *settings, ct_error *error) {
    const char *endpoint = settings->endpoint;
    int code = copy_settings(provider, settings, error);
    if (code < 0)
        return code;
    if (!endpoint)
        return search_sockets(provider, error);
    if (strncmp(endpoint, "unix://", 7) == 0)
        endpoint += 7;
    if (strncmp(endpoint, "https://", 8) == 0) {
        size_t length = strlen(endpoint);
        while (endpoint[length - 1] == '/') /* paths begin with one */
            length--;
        provider->endpoint.url = strndup(endpoint, length);
        if (!provider->endpoint.url)
            return ct_fail_memory(error);
        code = ct_tls_sessions_open(&provider->endpoint.sessions, error);
        if (code < 0)
            return code;
    } else if (endpoint[0] == '/') {
        code = set_socket(provider, endpoint, error);
        if (code < 0)
            return code;
    } else {
        return ct_fail(error, CT_E_ARGUMENT,
                       "endpoint \"%s\" is neither a socket's path nor https://HOST:PORT",
                       endpoint);
    }
    return try_endpoint(provider, error);
}
