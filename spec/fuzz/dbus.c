/* SPDX-License-Identifier: MIT
 *
 * A fuzzer for what the guest reads from systemd: messages of D-Bus. What it gives out
 * lies in the bytes, and a message that it writes is one for it, too.
 */
#include <stdlib.h>

#include "guest/dbus.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A text of the message is in the bytes, with its end; or it is "". */
static void check_text(const char *text, const char *data, size_t length) {
    size_t size = strlen(text);
    if (size > 0 && (text < data || text + size >= data + length))
        abort();
}

static void check_own(const char *member) {
    dbus_message message;
    dbus_method method = {"a.b", "/c", "d", member, {"e", ""}};
    ct_buf out;
    ct_buf_init(&out, 2 * CT_MIB);
    if (dbus_call(&out, 7, &method) < 0 ||
        dbus_parse(out.data, out.length - 1, &message) != 0 ||
        dbus_parse(out.data, out.length, &message) != (int) out.length ||
        message.type != DBUS_CALL || strcmp(message.member, member) != 0)
        abort();
    ct_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *bytes = (const char *) data;
    dbus_message message;
    int taken = dbus_parse(bytes, size, &message);
    if (taken > 0 && (size_t) taken > size)
        abort();
    check_text(message.member, bytes, size);
    check_text(message.text, bytes, size);
    char *member = strndup(bytes, size);
    if (member)
        check_own(member);
    free(member);
    return 0;
}
