/* SPDX-License-Identifier: MIT
 *
 * attributes.c - gives an entry its owner, mode and time, once its content is complete.
 * The writer decides what these are.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree/tree.h"
#include "tree/tree_private.h"

static bool is_somebody(const ct_ids *owner) {
    return owner->uid != CT_NO_ID || owner->gid != CT_NO_ID;
}

/* Writes the owner as chown(1) takes it: "1", "1:2", ":2". */
static void owner_text(const ct_ids *owner, char *text, size_t size) {
    if (owner->gid == CT_NO_ID)
        snprintf(text, size, "%lu", (unsigned long) owner->uid);
    else if (owner->uid == CT_NO_ID)
        snprintf(text, size, ":%lu", (unsigned long) owner->gid);
    else
        snprintf(text, size, "%lu:%lu", (unsigned long) owner->uid,
                 (unsigned long) owner->gid);
}

/* Says why the owner can't be set, by errno. The two usual reasons are said in words that
 * help. */
static int fail_owner(const ct_ids *owner, ct_error *error) {
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

/* Sets the owner of what is called name in the directory `at`, or of `at` itself where
 * name is "". Ids that nobody asked for become this process's own: in a set-group-ID
 * directory the group would be another one. */
static int set_owner(int at, const char *name, const ct_ids *asked, ct_error *error) {
    const int flags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
    ct_ids owner = *asked;
    struct stat info;
    if (fstatat(at, name, &info, flags) < 0)
        return ct_fail_errno(error, "setting its owner");
    if (owner.gid == CT_NO_ID && info.st_gid != getegid())
        owner.gid = getegid();
    if (!is_somebody(&owner) || fchownat(at, name, owner.uid, owner.gid, flags) == 0)
        return CT_OK;
    /* some file systems give everything to one owner: that is no failure unless another
     * owner was asked for */
    return errno == EPERM && !is_somebody(asked) ? CT_OK : fail_owner(&owner, error);
}

int ct_tree_attributes_set(int descriptor, const ct_tree_attributes *attributes,
                           ct_error *error) {
    int code = set_owner(descriptor, "", &attributes->owner, error);
    if (code < 0)
        return code;
    /* this comes after the owner, whose change takes the set-user-ID bit away */
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
