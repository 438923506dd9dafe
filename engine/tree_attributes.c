/* SPDX-License-Identifier: MIT
 *
 * tree_attributes.c - what an entry gets once its content is there: owner, mode, time. What
 * these are to be is the writer's to decide.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree.h"

static bool has_owner(const ct_tree_attributes *attributes) {
    return attributes->owner.uid != CT_NO_ID || attributes->owner.gid != CT_NO_ID;
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

int ct_tree_attributes_set(int descriptor, const ct_tree_attributes *attributes,
                           ct_error *error) {
    const ct_owner *owner = &attributes->owner;
    if (has_owner(attributes) && fchown(descriptor, owner->uid, owner->gid) < 0)
        return fail_owner(owner, error);
    /* after the owner, whose change takes the set-user-ID bit away */
    if (fchmod(descriptor, attributes->mode) < 0)
        return ct_fail_errno(error, "setting its mode");
    const struct timespec times[2] = {CT_TREE_NO_TIME, attributes->mtime};
    return futimens(descriptor, times) < 0 ? fail_time(error) : CT_OK;
}

int ct_tree_attributes_set_link(int parent, const char *name,
                                const ct_tree_attributes *attributes, ct_error *error) {
    const ct_owner *owner = &attributes->owner;
    if (has_owner(attributes) &&
        fchownat(parent, name, owner->uid, owner->gid, AT_SYMLINK_NOFOLLOW) < 0)
        return fail_owner(owner, error);
    const struct timespec times[2] = {CT_TREE_NO_TIME, attributes->mtime};
    if (utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOSYS &&
        errno != EOPNOTSUPP)
        return fail_time(error);
    return CT_OK;
}
