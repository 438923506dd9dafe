/* SPDX-License-Identifier: MIT
 *
 * A fuzzer for leases: what anybody may have written into an instance's configuration.
 * The input is six lines: run, host, pid, start, expiry, preserved.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lxd/lxd_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const names[] = {"run",     "host",   "pid",
                                        "started", "expiry", "preserved"};
    char *text = strndup((const char *) data, size), *next = text;
    ct_json *json = ct_json_new();
    ct_lease lease;
    memset(&lease, 0x55, sizeof lease);
    for (size_t i = 0; json && next && i < CT_COUNT(names); i++) {
        char path[64];
        char *line = strsep(&next, "\n");
        snprintf(path, sizeof path, "/config/" LXD_CONFIG_KEY "%s", names[i]);
        if (ct_json_set_string(json, path, line) < 0)
            abort();
    }
    if (json && lxd_read_lease(json, "", &lease)) {
        bool ended = memchr(lease.run, '\0', sizeof lease.run) &&
                     memchr(lease.host, '\0', sizeof lease.host);
        if (!ended || (lease.preserved && ct_lease_dead(&lease)))
            abort();
        (void) ct_lease_dead(&lease);
    }
    ct_json_free(json);
    free(text);
    return 0;
}
