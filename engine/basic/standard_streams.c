/* SPDX-License-Identifier: MIT
 *
 * standard_streams.c - for a process that was started without some of the descriptors 0
 * to 2. The next socket or pipe would get such a number, and what anybody prints would go
 * there.
 */
#include <fcntl.h>
#include <unistd.h>

#include "basic/basic.h"

/* Other threads do no harm: the kernel gives each open() the lowest free number. */
int ct_standard_streams_ensure(ct_error *error) {
    for (;;) {
        /* O_CLOEXEC until it is known to be 0 to 2: another thread may execute a
         * program */
        int descriptor = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (descriptor < 0)
            return ct_fail_errno(error, "descriptors 0 to 2: opening /dev/null");
        if (descriptor > STDERR_FILENO) {
            close(descriptor);
            return CT_OK;
        }
        fcntl(descriptor, F_SETFD, 0);
    }
}
