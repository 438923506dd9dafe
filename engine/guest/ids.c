/* SPDX-License-Identifier: MIT
 *
 * ids.c - users and groups of the instance, by name. Only its own /etc/passwd and
 * /etc/group are asked: a static program can't load an image's NSS modules.
 */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "guest/guest.h"

static bool find_user(FILE *file, const char *name, uint32_t *id) {
    const struct passwd *entry;
    while ((entry = fgetpwent(file)))
        if (strcmp(entry->pw_name, name) == 0) {
            *id = entry->pw_uid;
            return true;
        }
    return false;
}

static bool find_group(FILE *file, const char *name, uint32_t *id) {
    const struct group *entry;
    while ((entry = fgetgrent(file)))
        if (strcmp(entry->gr_name, name) == 0) {
            *id = entry->gr_gid;
            return true;
        }
    return false;
}

int guest_find_id(const char *name, bool group, uint32_t *id, ct_error *error) {
    const char *path = group ? "/etc/group" : "/etc/passwd";
    FILE *file = fopen(path, "re");
    bool found = file && (group ? find_group : find_user)(file, name, id);
    if (file)
        fclose(file);
    return found ? CT_OK
                 : ct_fail(error, CT_E_NOT_FOUND, "no %s '%s' in the instance's %s",
                           group ? "group" : "user", name, path);
}
