/* SPDX-License-Identifier: MIT
 *
 * names.c - the words of statuses and phases, from the lists of cleantest.h.
 */
#include "model/model.h"

#define CT_X(name, word) word,

static const char *const statuses[] = {CT_STATUSES(CT_X)};
static const char *const phases[] = {CT_PHASES(CT_X)};

#undef CT_X

const char *ct_status_name(ct_status status) {
    return (size_t) status < CT_COUNT(statuses) ? statuses[status] : "unknown";
}

const char *ct_phase_name(ct_phase phase) {
    return (size_t) phase < CT_COUNT(phases) ? phases[phase] : "unknown";
}
