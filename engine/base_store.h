/* SPDX-License-Identifier: MIT
 *
 * base_store.h - what bases there are, and how many of them are kept.
 */
#ifndef CT_BASE_STORE_H
#define CT_BASE_STORE_H

#include "provider.h"

typedef struct ct_base_list {
    ct_arena arena; /* has the strings */
    ct_base *bases;
    size_t count;
} ct_base_list;

/* Fills the list, which needs a fini in any case. */
CT_CHECK int ct_base_list_read(ct_base_list *list, ct_provider *provider,
                               const ct_wait *wait, ct_error *error);
void ct_base_list_fini(ct_base_list *list);
/* The base of this key; NULL: none. */
const ct_base *ct_base_list_find(const ct_base_list *list, const char *key);

bool ct_base_expired(const ct_base *base, const ct_base_limits *limits);

/* Deletes it, unless others were there since it was listed. 1: it is gone. */
int ct_base_discard(ct_provider *provider, void *session, const ct_base *base,
                    ct_cleaned *cleaned, void *context, const ct_wait *wait);

/* Deletes what is spoiled or beyond the limits; NULL: everything. Not what is being
 * built. cancel: see ct_wait; each deletion may take the provider's timeout. Returns how
 * many are gone; CT_E_CANCELLED: there may be more. */
CT_CHECK int ct_base_prune(ct_provider *provider, const ct_base_limits *limits,
                           int cancel, ct_cleaned *cleaned, void *context,
                           ct_error *error);

#endif
