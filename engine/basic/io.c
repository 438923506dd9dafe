/* SPDX-License-Identifier: MIT
 *
 * io.c - descriptors: writing all of something, and connecting to a unix socket.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "basic/basic.h"

#define CROWDED_PAUSE 0.01 /* seconds: nothing tells when a socket's queue has room */

bool ct_write_all(int descriptor, const void *data, size_t length) {
    const char *at = data;
    while (length > 0) {
        ssize_t written = write(descriptor, at, length);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            at += written;
            length -= (size_t) written;
        }
    }
    return true;
}

/* A unix socket connects at once, or its queue is full. */
int ct_unix_connect(int descriptor, const char *path, const ct_wait *wait,
                    ct_error *error) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return ct_fail(error, CT_E_ARGUMENT, "the socket's path is too long");
    memcpy(address.sun_path, path, strlen(path) + 1);
    while (connect(descriptor, (struct sockaddr *) &address, sizeof address) < 0) {
        if (errno != EAGAIN && errno != EINTR)
            return ct_fail_errno(error, "connecting");
        int code = ct_wait_check(wait, error);
        if (code < 0)
            return code;
        ct_wait_pause(wait, CROWDED_PAUSE);
    }
    return CT_OK;
}
