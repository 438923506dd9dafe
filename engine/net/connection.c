/* SPDX-License-Identifier: MIT
 *
 * connection.c - a connection that is spoken over by hand, without blocking: over a unix
 * socket, or over the TLS that libcurl has set up. Only opening one may block. That has a
 * deadline and hears cancel.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/net.h"
#include "net/net_private.h"

static int drive_handshake(ct_connection *connection, const ct_endpoint *endpoint,
                           char *why, const ct_wait *wait, ct_error *error) {
    ct_curl_options options = {.easy = connection->easy};
    int code = ct_transfer_prepare(connection->easy, endpoint, why, error);
    if (code < 0)
        return code;
    ct_curl_set_pointer(&options, CURLOPT_URL, endpoint->url);
    ct_curl_set_long(&options, CURLOPT_CONNECT_ONLY, 1L);
    if (options.code != CURLE_OK)
        return ct_curl_options_fail(&options, error);
    if (curl_multi_add_handle(connection->multi, connection->easy) != CURLM_OK)
        return ct_fail_memory(error);
    CURLcode result = CURLE_OK;
    code = ct_transfer_drive(connection->multi, endpoint, &result, wait, error);
    if (code == CT_OK && result != CURLE_OK)
        code = ct_transfer_fail(endpoint, result, why, error);
    return code;
}

/* The connection keeps both handles: an easy handle that is taken out of its multi handle
 * loses its connection to it. */
static int connect_tls(ct_connection *connection, const ct_endpoint *endpoint,
                       const ct_wait *wait, ct_error *error) {
    char why[CURL_ERROR_SIZE] = "";
    connection->multi = curl_multi_init();
    connection->easy = curl_easy_init();
    if (!connection->multi || !connection->easy)
        return ct_fail_memory(error);
    int code = drive_handshake(connection, endpoint, why, wait, error);
    curl_easy_setopt(connection->easy, CURLOPT_ERRORBUFFER, NULL); /* `why` ends here */
    curl_socket_t descriptor = CURL_SOCKET_BAD;
    if (code == CT_OK)
        curl_easy_getinfo(connection->easy, CURLINFO_ACTIVESOCKET, &descriptor);
    if (code == CT_OK && descriptor == CURL_SOCKET_BAD)
        code = ct_fail(error, CT_E_CONNECT, "%s: no connection", endpoint->url);
    connection->descriptor = (int) descriptor;
    return code;
}

/* Does without libcurl, which costs several times what this does. */
static int connect_socket(ct_connection *connection, const ct_endpoint *endpoint,
                          const ct_wait *wait, ct_error *error) {
    connection->descriptor =
        socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (connection->descriptor < 0)
        return ct_fail_errno(error, "socket");
    int code = ct_unix_connect(connection->descriptor, endpoint->socket, wait, error);
    if (code == CT_E_ARGUMENT)
        return ct_fail_in(error, code, "%s", endpoint->socket);
    return code == CT_E_SYSTEM
               ? ct_transfer_fail(endpoint, CURLE_COULDNT_CONNECT, "", error)
               : code;
}

int ct_connection_open(ct_connection *connection, const ct_endpoint *endpoint,
                       const ct_wait *wait, ct_error *error) {
    *connection = (ct_connection){.descriptor = -1};
    return endpoint->socket ? connect_socket(connection, endpoint, wait, error)
                            : connect_tls(connection, endpoint, wait, error);
}

void ct_connection_close(ct_connection *connection) {
    if (connection->multi && connection->easy)
        curl_multi_remove_handle(connection->multi, connection->easy);
    if (!connection->multi && !connection->easy && connection->descriptor >= 0)
        close(connection->descriptor);
    curl_easy_cleanup(connection->easy);
    curl_multi_cleanup(connection->multi);
    *connection = (ct_connection){.descriptor = -1};
}

/* These two turn what a system call, or libcurl, returns into what ct_connection_send()
 * and ct_connection_receive() return. */
static ssize_t moved(ssize_t count) {
    if (count > 0)
        return count;
    return count < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : CT_E_CONNECT;
}

static ssize_t moved_by_curl(CURLcode result, size_t count) {
    if (result == CURLE_OK && count > 0)
        return (ssize_t) count;
    return result == CURLE_AGAIN ? 0 : CT_E_CONNECT;
}

ssize_t ct_connection_send(const ct_connection *connection, const void *data,
                           size_t length) {
    size_t sent = 0;
    if (!connection->easy)
        return moved(send(connection->descriptor, data, length, MSG_NOSIGNAL));
    CURLcode result = curl_easy_send(connection->easy, data, length, &sent);
    return moved_by_curl(result, sent);
}

ssize_t ct_connection_receive(const ct_connection *connection, void *data,
                              size_t length) {
    size_t got = 0;
    if (!connection->easy)
        return moved(recv(connection->descriptor, data, length, 0));
    CURLcode result = curl_easy_recv(connection->easy, data, length, &got);
    return moved_by_curl(result, got);
}
