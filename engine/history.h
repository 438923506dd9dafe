/* SPDX-License-Identifier: MIT
 *
 * history.h - how long things took in earlier runs, so that the longest can be started first.
 * It is there to save time, and nothing else: whatever is wrong with it, it knows less, and
 * no call fails. Every function may be called from any thread, and takes NULL.
 *
 * It is a file of text: a first line that says so, then one line for each key, the milliseconds
 * and the key, and what was recorded last at the end.
 */
#ifndef CT_HISTORY_H
#define CT_HISTORY_H

#include "engine.h"

#define CT_HISTORY_MAX 4096 /* keys; those recorded longest ago are dropped */
#define CT_HISTORY_KEY 255  /* bytes of a key; one that is longer is never known */

/* What an item weighs whose duration is not known: it is taken to be long, and goes first. Should
 * it be short, little is lost; a long one that starts last is what all would wait for. */
#define CT_HISTORY_UNKNOWN 3600.0 /* seconds */

typedef struct ct_history ct_history;

/* Reads what there is. path: see ct_settings.state. NULL: there is no place for one. */
CT_CHECK ct_history *ct_history_open(const char *path);
/* Seconds it took, as last recorded by anybody before the open, or here since: half the last
 * time, a quarter the one before ... Negative: not known. */
double ct_history_seconds(ct_history *history, const char *key);
/* The same as a weight for ct_item. */
double ct_history_weight(ct_history *history, const char *key);
/* Notes that it took so long. Keys are text of one line. */
void ct_history_record(ct_history *history, const char *key, double seconds);
/* Writes what was recorded, beside what others have written meanwhile, and frees. */
void ct_history_close(ct_history *history);

#endif
