/* SPDX-License-Identifier: MIT
 *
 * model.h - the public structs: checked, copied, compared, named, freed.
 */
#ifndef CT_MODEL_H
#define CT_MODEL_H

#include "basic/basic.h"

#define CT_INSTANCE_NAME_MAX 63 /* LXD's: a DNS label */
#define CT_BASE_NAME_MAX     40 /* bytes, with the NUL */

/* ---- what a zero stands for -------------------------------------------------------- */

/* Seconds; what a zero in the public structs stands for. */
#define CT_TIMEOUT_OPERATION 300.0 /* one request or operation of LXD's */
#define CT_TIMEOUT_READY     120.0 /* from start to ready */
#define CT_TIMEOUT_STEP      600.0 /* one step of a hook */
#define CT_TIMEOUT_TESTLET   300.0

/* ---- sized.c ----------------------------------------------------------------------- */

/* A struct that the caller fills: begins with `size_t size`. */
typedef struct ct_sized {
    const char *name; /* for messages */
    const char *init; /* its initialiser */
    size_t size;      /* what it has in this version; bytes */
} ct_sized;

/* Makes *to, of type->size bytes, what the caller's `from` says. CT_E_ARGUMENT when its
 * size can't be one, or it has more than this version knows. */
CT_CHECK int ct_sized_read(void *to, const void *from, const ct_sized *type,
                           ct_error *error);
/* The same for an array of count, 1 or more, as large each as the first says. out is the
 * address of a pointer, which gets an array in the arena. */
CT_CHECK int ct_sized_read_list(ct_arena *arena, void *out, const void *from,
                                size_t count, const ct_sized *type, ct_error *error);

/* ---- check.c ----------------------------------------------------------------------- */

/* true for a name that can stand in a request's path or query as it is: an instance's,
 * or a project's. */
bool ct_name_fits_path(const char *name);
/* CT_E_ARGUMENT says what is wrong with a job that was read. */
CT_CHECK int ct_job_check(const ct_job *job, ct_error *error);

/* ---- job.c ------------------------------------------------------------------------- */

/* Reads a job of the caller's, checks it, and copies it, with its defaults filled in,
 * into the arena. */
CT_CHECK int ct_job_copy(ct_arena *arena, ct_job *to, const ct_job *from,
                         ct_error *error);

/* ---- result.c ---------------------------------------------------------------------- */

/* A result for a job that ct_job_copy() made: it has the job's names, and no output.
 * All that the header calls never NULL is allocated here, so that no later failure can
 * take it away. NULL: out of memory. */
CT_CHECK ct_result *ct_result_new(const ct_job *job);
/* These copy the name, and allocate nothing. */
void ct_result_set_instance(ct_result *result, const char *instance);
void ct_result_set_base(ct_result *result, const char *base);
/* See ct_result_phase(). */
void ct_result_set_phase(ct_result *result, ct_phase phase, double seconds);
/* Frees what an event owns, and makes it one that owns nothing. */
void ct_event_fini(ct_event *event);

/* ---- needs.c ----------------------------------------------------------------------- */

#define CT_REBOOT_PATIENCE 15.0 /* seconds from an instance's stop to its start */

/* Steps of a job's start hooks, or stop hooks, counted through all of them. */
typedef struct ct_step_range {
    size_t from, to; /* the first; the one behind the last */
} ct_step_range;

#define CT_ALL_STEPS ((ct_step_range){.from = 0, .to = SIZE_MAX})
#define CT_NO_STEPS  ((ct_step_range){.from = SIZE_MAX, .to = SIZE_MAX})

/* How far its instance must have come for these of its start hooks' steps, and for the
 * testlet. Where the job does not say: NETWORK for packages, else SYSTEM, with steps and
 * without: what a testlet finds does not depend on whether it has hooks. */
ct_ready ct_job_ready(const ct_job *job, ct_step_range range);
/* Does a step write where a boot mounts an empty file system over what was there? */
bool ct_step_needs_boot(const ct_step *step);
/* Is path at or below the folder? Both are absolute; what goes up, with "..", is not
 * looked at. */
bool ct_path_lies_in(const char *path, const char *folder);
/* Seconds after which nothing of it can still be going, where one operation of the
 * provider's may take so many. */
double ct_job_longest(const ct_job *job, double operation);

/* ---- compare.c --------------------------------------------------------------------- */

/* true when their start hooks, what these wait for, and their variables are the same,
 * whatever is in the files that they upload. */
bool ct_job_same_preparation(const ct_job *one, const ct_job *other);

#endif
