/* SPDX-License-Identifier: MIT
 *
 * line.c - a connection that is spoken over by hand, without blocking: over a unix
 * socket, or over the TLS that libcurl has set up. Only opening it takes time: that hears
 * cancel and has a deadline.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/net.h"
#include "net/net_private.h"

#define CROWDED_PAUSE_MS 10

static int dial(ct_line *line, const ct_endpoint *endpoint, char *why,
                const ct_wait *wait, ct_error *error) {
    ct_curl_options options = {.easy = line->easy};
    int code = ct_transfer_prepare(line->easy, endpoint, why, error);
    if (code < 0)
        return code;
    ct_curl_set_pointer(&options, CURLOPT_URL, endpoint->url);
    ct_curl_set_long(&options, CURLOPT_CONNECT_ONLY, 1L);
    if (options.code != CURLE_OK)
        return ct_curl_options_fail(&options, error);
    if (curl_multi_add_handle(line->multi, line->easy) != CURLM_OK)
        return ct_fail_memory(error);
    CURLcode result = CURLE_OK;
    code = ct_transfer_drive(line->multi, endpoint, &result, wait, error);
    if (code == CT_OK && result != CURLE_OK)
        code = ct_transfer_fail(endpoint, result, why, error);
    return code;
}

/* The two handles stay together: an easy handle that leaves its multi handle leaves its
 * connection there. */
static int line_dial(ct_line *line, const ct_endpoint *endpoint, const ct_wait *wait,
                     ct_error *error) {
    char why[CURL_ERROR_SIZE] = "";
    line->multi = curl_multi_init();
    line->easy = curl_easy_init();
    if (!line->multi || !line->easy)
        return ct_fail_memory(error);
    int code = dial(line, endpoint, why, wait, error);
    curl_easy_setopt(line->easy, CURLOPT_ERRORBUFFER, NULL); /* `why` ends here */
    curl_socket_t descriptor = CURL_SOCKET_BAD;
    if (code == CT_OK)
        curl_easy_getinfo(line->easy, CURLINFO_ACTIVESOCKET, &descriptor);
    if (code == CT_OK && descriptor == CURL_SOCKET_BAD)
        code = ct_fail(error, CT_E_CONNECT, "%s: no connection", endpoint->url);
    line->descriptor = (int) descriptor;
    return code;
}

/* Without libcurl, which costs several times what it does here. */
static int line_connect(ct_line *line, const ct_endpoint *endpoint, const ct_wait *wait,
                        ct_error *error) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(endpoint->socket) >= sizeof address.sun_path)
        return ct_fail(error, CT_E_ARGUMENT, "%s: too long for a socket's path",
                       endpoint->socket);
    memcpy(address.sun_path, endpoint->socket, strlen(endpoint->socket) + 1);
    line->descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (line->descriptor < 0)
        return ct_fail_errno(error, "socket");
    while (connect(line->descriptor, (struct sockaddr *) &address, sizeof address) < 0) {
        if (errno != EAGAIN)
            return ct_transfer_fail(endpoint, CURLE_COULDNT_CONNECT, "", error);
        int code = ct_wait_check(wait, error);
        if (code < 0)
            return code;
        poll(NULL, 0, CROWDED_PAUSE_MS); /* nothing tells of room in its queue */
    }
    return CT_OK;
}

int ct_line_open(ct_line *line, const ct_endpoint *endpoint, const ct_wait *wait,
                 ct_error *error) {
    *line = (ct_line){.descriptor = -1};
    return endpoint->socket ? line_connect(line, endpoint, wait, error)
                            : line_dial(line, endpoint, wait, error);
}

void ct_line_close(ct_line *line) {
    if (line->multi && line->easy)
        curl_multi_remove_handle(line->multi, line->easy);
    if (!line->multi && !line->easy && line->descriptor >= 0)
        close(line->descriptor);
    curl_easy_cleanup(line->easy);
    curl_multi_cleanup(line->multi);
    *line = (ct_line){.descriptor = -1};
}

/* What a system call, or libcurl, says of bytes moved. */
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

ssize_t ct_line_send(const ct_line *line, const void *data, size_t length) {
    size_t sent = 0;
    if (!line->easy)
        return moved(send(line->descriptor, data, length, MSG_NOSIGNAL));
    CURLcode result = curl_easy_send(line->easy, data, length, &sent);
    return moved_by_curl(result, sent);
}

ssize_t ct_line_receive(const ct_line *line, void *data, size_t length) {
    size_t got = 0;
    if (!line->easy)
        return moved(recv(line->descriptor, data, length, 0));
    CURLcode result = curl_easy_recv(line->easy, data, length, &got);
    return moved_by_curl(result, got);
}
