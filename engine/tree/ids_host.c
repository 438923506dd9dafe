/* SPDX-License-Identifier: MIT
 *
 * ids_host.c - users and groups of this machine, by name. Not for the guest: a static
 * program can't ask what /etc/nsswitch.conf names.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>

#include "tree/tree.h"

#define ENTRY_SIZE 65536 /* bytes; a group may have many members */

int ct_host_find_id(const char *name, bool group, uint32_t *id, ct_error *error) {
    char strings[ENTRY_SIZE];
    struct passwd user, *found_user = NULL;
    struct group entry, *found_group = NULL;
    int number = group ? getgrnam_r(name, &entry, strings, sizeof strings, &found_group)
                       : getpwnam_r(name, &user, strings, sizeof strings, &found_user);
    if (found_group)
        *id = found_group->gr_gid;
    else if (found_user)
        *id = found_user->pw_uid;
    else if (number == ERANGE)
        return ct_fail(error, CT_E_LIMIT, "the group '%s' has too many members", name);
    else
        return ct_fail(error, CT_E_NOT_FOUND, "this machine has no %s '%s'",
                       group ? "group" : "user", name);
    return CT_OK;
}
