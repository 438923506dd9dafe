/* SPDX-License-Identifier: MIT
 *
 * attributes.c - what an entry gets once its content is there: owner, mode, time.
 * What these are to be is the writer's to decide.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree/tree.h"
#include "tree/tree_private.h"

static bool is_somebody(const ct_owner *owner) {
    return owner->uid != CT_NO_ID || owner->gid != CT_NO_ID;
}

/* As chown takes it: "1", "1:2", ":2". */
static void owner_text(const ct_owner *owner, char *text, size_t size) {
    if (owner->gid == CT_NO_ID)
        snprintf(text, size, "%lu", (unsigned long) owner->uid);
    else if (owner->uid == CT_NO_ID)
        snprintf(text, size, ":%lu", (unsigned long) owner->gid);
    else
        snprintf(text, size, "%lu:%lu", (unsigned long) owner->uid,
                 (unsigned long) owner->gid);
}

/* errno says why; the two usual reasons in words that help. */
static int fail_owner(const ct_owner *owner, ct_error *error) {
    char wanted[32];
    const char *why = strerror(errno);
    if (errno == EPERM)
        why = "only root may give files to others";
    else if (errno == EINVAL)
        why = "no such id can be used here";
    owner_text(owner, wanted, sizeof wanted);
    return ct_fail(error, CT_E_SYSTEM, "setting its owner to %s: %s", wanted, why);
}

static int fail_time(ct_error *error) {
    return ct_fail_errno(error, "setting its time");
}

/* Gives what name means in `at` ("": that itself) to whom it is asked for. An id that
 * nobody asked for is this process' own; only the group can be another one, in a
 * set-group-ID directory. */
static int set_owner(int at, const char *name, const ct_owner *asked, ct_error *error) {
    const int flags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
    ct_owner owner = *asked;
    struct stat info;
    if (fstatat(at, name, &info, flags) < 0)
        return ct_fail_errno(error, "setting its owner");
    if (owner.gid == CT_NO_ID && info.st_gid != getegid())
        owner.gid = getegid();
    if (!is_somebody(&owner) || fchownat(at, name, owner.uid, owner.gid, flags) == 0)
        return CT_OK;
    /* a file system that gives all to one owner may do so, until somebody wants another
     * */
    return errno == EPERM && !is_somebody(asked) ? CT_OK : fail_owner(&owner, error);
}

int ct_tree_attributes_set(int descriptor, const ct_tree_attributes *attributes,
                           ct_error *error) {
    int code = set_owner(descriptor, "", &attributes->owner, error);
    if (code < 0)
        return code;
    /* after the owner, whose change takes the set-user-ID bit away */
    if (fchmod(descriptor, attributes->mode) < 0)
        return ct_fail_errno(error, "setting its mode");
    const struct timespec times[2] = {CT_TREE_NO_TIME, attributes->mtime};
    return futimens(descriptor, times) < 0 ? fail_time(error) : CT_OK;
}

int ct_tree_attributes_set_link(int parent, const char *name,
                                const ct_tree_attributes *attributes, ct_error *error) {
    int code = set_owner(parent, name, &attributes->owner, error);
    if (code < 0)
        return code;
    const struct timespec times[2] = {CT_TREE_NO_TIME, attributes->mtime};
    if (utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOSYS &&
        errno != EOPNOTSUPP)
        return fail_time(error);
    return CT_OK;
}
