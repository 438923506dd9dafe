/* SPDX-License-Identifier: MIT
 *
 * run.h - what a batch needs of its run, beyond the public API.
 */
#ifndef CT_RUN_H
#define CT_RUN_H

#include "history.h"
#include "provider.h"
#include "warm.h"

/* Borrowed. */
ct_provider *ct_run_provider(ct_run *run);
/* The pool of instances that are there ahead of time. */
ct_warm *ct_run_warm(ct_run *run);
/* Durations of earlier runs; may be NULL. */
ct_history *ct_run_history(ct_run *run);
/* NULL before ct_run_guard(). */
const struct ct_reaper *ct_run_reaper(ct_run *run);
const ct_base_limits *ct_run_base_limits(const ct_run *run);
/* Starts the reaper when there is none yet: before the first instance. */
CT_CHECK int ct_run_guard(ct_run *run, ct_error *error);
/* Reserves numbers that no other instance of the run has in its name; returns the first. */
size_t ct_run_number(ct_run *run, size_t count);
/* Instances may be kept until the run is closed. */
void ct_run_keep(ct_run *run);
/* An instance could not be torn down: the reaper is to try again when the run ends. */
void ct_run_left_behind(ct_run *run);

#endif
