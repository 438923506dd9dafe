/* SPDX-License-Identifier: MIT
 *
 * files.c - trees into the instance and out of it, as frames on stdin and stdout. The
 * tree room's writer and reader have to do with the disk.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "guest/guest.h"
#include "tree/tree.h"

/* Gives every whole frame in input to the writer. 1: more is needed; 0: END has come. */
static int take_frames(ct_tree_writer *writer, ct_buf *input, ct_error *error) {
    size_t done = 0;
    int more = 1;
    while (more > 0) {
        enum ct_frame_type type;
        const char *data;
        size_t length;
        int taken = ct_frame_parse(input->data + done, input->length - done, &type, &data,
                                   &length);
        if (taken < 0)
            more = ct_fail(error, taken, "guest: what follows the request is no frame");
        if (taken <= 0)
            break;
        done += (size_t) taken;
        more = ct_tree_writer_take(writer, type, data, length, error);
    }
    ct_buf_consume(input, done);
    return more;
}

static int unpack(ct_tree_writer *writer, ct_buf *input, ct_error *error) {
    for (;;) {
        int more = take_frames(writer, input, error);
        if (more <= 0)
            return more;
        int code = guest_receive(input, error);
        if (code < 0)
            return code;
    }
}

static int unpack_to(lua_State *L, const char *dest, ct_buf *input, ct_error *error) {
    ct_ids owner;
    ct_tree_options options = {.directory = guest_boolean(L, "directory"),
                               .no_overwrite = guest_boolean(L, "no_overwrite"),
                               .keep_owners = guest_boolean(L, "keep_owners"),
                               .owner = &owner,
                               .mode = (unsigned) guest_number(L, "mode", 0)};
    int code = ct_ids_find(&owner, guest_string(L, "user", NULL),
                           guest_string(L, "group", NULL), guest_find_id, error);
    if (code < 0)
        return ct_fail_in(error, code, "writing %s", dest);
    ct_tree_writer *writer;
    code = ct_tree_writer_open(dest, &options, &writer, error);
    if (code == CT_OK)
        code = unpack(writer, input, error);
    ct_tree_writer_close(writer);
    return code;
}

int guest_unpack(lua_State *L, ct_buf *input) {
    const char *dest = guest_string(L, "dest", NULL);
    char own[PATH_MAX];
    ct_error error = {0};
    int code = CT_OK;
    if (dest && guest_own_path(dest, own, sizeof own)) {
        dest = own;
        code = guest_own_directory(&error); /* nothing is written to what replaces it */
    }
    if (code >= 0)
        code = unpack_to(L, dest ? dest : "", input, &error);
    if (code < 0)
        return guest_fail(&error);
    return guest_send(CT_FRAME_END, "", 0) ? 0 : GUEST_BROKEN;
}

/* That it is not there is not the guest's failure. */
static bool is_absent(const char *source, ct_error *error) {
    struct stat info;
    if (stat(source, &info) == 0 || (errno != ENOENT && errno != ENOTDIR))
        return false;
    (void) ct_fail_errno(error, "reading %s", source);
    return true;
}

int guest_pack(lua_State *L) {
    const char *source = guest_string(L, "source", NULL);
    char own[PATH_MAX];
    ct_error error = {0};
    if (source && guest_own_path(source, own, sizeof own))
        source = own;
    if (source && is_absent(source, &error))
        return guest_send(CT_FRAME_ABSENT, error.message, strlen(error.message))
                   ? 0
                   : GUEST_BROKEN;
    ct_buf out;
    ct_buf_init(&out, 16 * CT_MIB);
    ct_tree_reader *reader;
    int more = ct_tree_reader_open(source ? source : "", guest_boolean(L, "directory"),
                                   &reader, &error);
    if (more == CT_OK)
        more = 1;
    while (more > 0) {
        more = ct_tree_reader_next(reader, &out, &error);
        if (more >= 0 && !guest_write(out.data, out.length))
            return GUEST_BROKEN;
        ct_buf_clear(&out);
    }
    ct_tree_reader_close(reader);
    ct_buf_fini(&out);
    return more < 0 ? guest_fail(&error) : 0;
}
