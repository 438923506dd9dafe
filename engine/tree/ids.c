/* SPDX-License-Identifier: MIT
 *
 * ids.c - turns a user and a group, as a suite names them, into ids. The caller knows who
 * has the names: an upload's are the instance's, a download's are the host's.
 */
#include <string.h>

#include "tree/tree.h"

bool ct_id_parse(const char *text, uint32_t *id) {
    uint64_t number = 0;
    if (!*text || strlen(text) > 10 || strspn(text, "0123456789") != strlen(text))
        return false;
    for (; *text; text++)
        number = number * 10 + (uint64_t) (*text - '0');
    *id = (uint32_t) number;
    return number <= CT_ID_MAX;
}

bool ct_id_plausible(const char *text) {
    uint32_t id;
    return *text && (text[strspn(text, "0123456789")] || ct_id_parse(text, &id));
}

static int find_one(const char *text, bool group, ct_find_id *find_id, uint32_t *id,
                    ct_error *error) {
    if (!text || ct_id_parse(text, id))
        return CT_OK;
    return find_id(text, group, id, error);
}

int ct_ids_find(ct_ids *owner, const char *user, const char *group, ct_find_id *find_id,
                ct_error *error) {
    *owner = (ct_ids){CT_NO_ID, CT_NO_ID};
    int code = find_one(user, false, find_id, &owner->uid, error);
    return code < 0 ? code : find_one(group, true, find_id, &owner->gid, error);
}
