/* SPDX-License-Identifier: MIT
 *
 * durations.c - durations of earlier runs, by key. The file is read once. New durations
 * are recorded in memory, and merged into the file at the end. A file that is not one of
 * ours is neither believed nor replaced.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schedule/schedule.h"

#define HEADER    "cleantest durations 1\n"
#define FILE_MAX  (4 * CT_MIB) /* bytes; CT_HISTORY_MAX of the longest lines are fewer */
#define BUCKETS   2048
#define LONGEST   1e9 /* seconds; a longer duration is nonsense */
#define LOCK_WAIT 2.0 /* seconds it waits for others to finish writing */

struct entry {
    char *key; /* owned */
    double seconds;
    uint64_t recorded;  /* the higher, the later it was recorded */
    struct entry *next; /* in the bucket */
};

struct table {
    struct entry *buckets[BUCKETS];
    size_t count;
    uint64_t clock;
};

struct ct_history {
    char *path;
    struct table known;   /* what the file had; it does not change */
    pthread_mutex_t lock; /* guards what is below */
    struct table recorded;
};

/* ---- tables ---- */

static struct entry **find_entry(struct table *table, const char *key) {
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (const char *at = key; *at; at++)
        hash = (hash ^ (unsigned char) *at) * 1099511628211u;
    struct entry **entry = &table->buckets[hash % BUCKETS];
    while (*entry && strcmp((*entry)->key, key) != 0)
        entry = &(*entry)->next;
    return entry;
}

/* Makes the key's entry the latest one. The duration it had before counts for half. */
static void add_entry(struct table *table, const char *key, double seconds) {
    struct entry **at = find_entry(table, key), *entry = *at;
    if (entry) {
        entry->seconds = (entry->seconds + seconds) / 2;
    } else {
        entry = calloc(1, sizeof *entry);
        char *copy = strdup(key);
        if (!entry || !copy) {
            free(entry);
            free(copy);
            return;
        }
        *entry = (struct entry){.key = copy, .seconds = seconds};
        *at = entry;
        table->count++;
    }
    entry->recorded = ++table->clock;
}

static void empty_table(struct table *table) {
    for (size_t i = 0; i < BUCKETS; i++)
        while (table->buckets[i]) {
            struct entry *entry = table->buckets[i];
            table->buckets[i] = entry->next;
            free(entry->key);
            free(entry);
        }
    *table = (struct table){0};
}

static int by_age(const void *a, const void *b) {
    uint64_t time_a = (*(struct entry *const *) a)->recorded;
    uint64_t time_b = (*(struct entry *const *) b)->recorded;
    return (time_a > time_b) - (time_a < time_b);
}

/* Lists all entries, the oldest first; free() it. NULL: there are none, or no memory. */
static struct entry **sort_entries(const struct table *table) {
    struct entry **list = calloc(table->count, sizeof(struct entry *));
    size_t count = 0;
    for (size_t i = 0; list && i < BUCKETS; i++)
        for (struct entry *entry = table->buckets[i]; entry; entry = entry->next)
            list[count++] = entry;
    if (list)
        qsort(list, count, sizeof(struct entry *), by_age);
    return list;
}

static bool is_key(const char *key) {
    size_t length = strlen(key);
    return length > 0 && length <= CT_HISTORY_KEY && !strpbrk(key, "\r\n");
}

/* ---- the file ---- */

/* Reads the whole file as it was opened, even if somebody replaces it meanwhile. false:
 * there is a file, and it is not ours. */
static bool read_file(const char *path, ct_buf *text) {
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return errno == ENOENT;
    bool ours = fstat(file, &status) == 0 && S_ISREG(status.st_mode) &&
                status.st_size <= (off_t) FILE_MAX &&
                ct_buf_reserve(text, (size_t) status.st_size) == CT_OK;
    while (ours && text->length < (size_t) status.st_size) {
        ssize_t got =
            read(file, text->data + text->length, (size_t) status.st_size - text->length);
        if (got <= 0)
            break;
        text->length += (size_t) got;
    }
    close(file);
    return ours &&
           (text->length == 0 || (text->length >= strlen(HEADER) &&
                                  memcmp(text->data, HEADER, strlen(HEADER)) == 0));
}

/* Takes apart a line without its end. Not by strtod(), which reads as the host's locale
 * says. */
static bool read_line(char *line, struct table *table) {
    char *key;
    if (*line < '0' || *line > '9')
        return false;
    double seconds = (double) strtoull(line, &key, 10) / 1000;
    if (*key != ' ' || !is_key(key + 1) || seconds > LONGEST)
        return false;
    add_entry(table, key + 1, seconds);
    return true;
}

/* Reads the file into the table. false: the file is not ours. One that is ours and
 * damaged counts as empty. */
static bool load_file(const char *path, struct table *table) {
    ct_buf text;
    ct_buf_init(&text, FILE_MAX);
    bool ours = read_file(path, &text), good = ours && text.length > 0;
    char *line = good ? text.data + strlen(HEADER) : NULL;
    char *end = good ? text.data + text.length : NULL;
    while (good && line < end) {
        char *newline = memchr(line, '\n', (size_t) (end - line));
        good = newline && !memchr(line, '\0', (size_t) (newline - line));
        if (good) {
            *newline = '\0';
            good = read_line(line, table);
            line = newline + 1;
        }
    }
    if (!good)
        empty_table(table);
    ct_buf_fini(&text);
    return ours;
}

static int format_table(const struct table *table, ct_buf *text) {
    struct entry **list = sort_entries(table);
    if (!list)
        return CT_E_NO_MEMORY;
    int code = ct_buf_format(text, HEADER);
    size_t first = table->count > CT_HISTORY_MAX ? table->count - CT_HISTORY_MAX : 0;
    for (size_t i = first; code == CT_OK && i < table->count; i++)
        code = ct_buf_format(text, "%.0f %s\n", list[i]->seconds * 1000, list[i]->key);
    free(list);
    return code;
}

static void replace_file(const char *path, const ct_buf *text) {
    char temporary[PATH_MAX];
    if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >=
        (int) sizeof temporary)
        return;
    int file = mkostemp(temporary, O_CLOEXEC);
    if (file < 0)
        return;
    bool whole = ct_write_all(file, text->data, text->length);
    if (close(file) < 0 || !whole || rename(temporary, path) < 0)
        unlink(temporary);
}

static void make_parents(const char *path) {
    char folder[PATH_MAX];
    if (snprintf(folder, sizeof folder, "%s", path) >= (int) sizeof folder)
        return;
    for (char *at = folder + 1; *at; at++)
        if (*at == '/') {
            *at = '\0';
            mkdir(folder, 0700);
            *at = '/';
        }
}

/* Locks a file beside the one that is replaced, which stays. -1: there is no lock. */
static int lock_beside(const char *path) {
    char beside[PATH_MAX];
    if (snprintf(beside, sizeof beside, "%s.lock", path) >= (int) sizeof beside)
        return -1;
    int file = open(beside, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    ct_wait wait = ct_wait_for(LOCK_WAIT, -1);
    while (file >= 0 && flock(file, LOCK_EX | LOCK_NB) < 0) {
        if ((errno != EWOULDBLOCK && errno != EINTR) || ct_wait_left(&wait) <= 0) {
            close(file);
            return -1;
        }
        usleep(10000);
    }
    return file;
}

static void merge_into_file(const char *path, const struct table *recorded) {
    struct table merged = {0};
    ct_buf text;
    ct_buf_init(&text, FILE_MAX);
    struct entry **list = sort_entries(recorded);
    make_parents(path);
    int locked = lock_beside(path);
    if (list && locked >= 0 && load_file(path, &merged)) {
        for (size_t i = 0; i < recorded->count; i++)
            add_entry(&merged, list[i]->key, list[i]->seconds);
        if (format_table(&merged, &text) == CT_OK)
            replace_file(path, &text);
    }
    if (locked >= 0)
        close(locked);
    empty_table(&merged);
    ct_buf_fini(&text);
    free(list);
}

/* ---- the history ---- */

/* Where the file is when the settings do not say; free() it. NULL: nowhere. */
static char *usual_path(void) {
    char path[PATH_MAX];
    const char *state = getenv("CLEANTEST_STATE"), *folder = getenv("XDG_STATE_HOME");
    if (state)
        return *state ? strdup(state) : NULL;
    const char *below = "cleantest/durations";
    if (!folder || *folder != '/') {
        folder = getenv("HOME");
        below = ".local/state/cleantest/durations";
    }
    if (!folder || *folder != '/' ||
        snprintf(path, sizeof path, "%s/%s", folder, below) >= (int) sizeof path)
        return NULL;
    return strdup(path);
}

ct_history *ct_history_open(const char *path) {
    if (path && !*path)
        return NULL;
    char *copy = path ? strdup(path) : usual_path();
    ct_history *history = copy ? calloc(1, sizeof *history) : NULL;
    if (!history) {
        free(copy);
        return NULL;
    }
    history->path = copy;
    pthread_mutex_init(&history->lock, NULL);
    load_file(copy, &history->known);
    return history;
}

double ct_history_seconds(ct_history *history, const char *key) {
    if (!history)
        return -1;
    const struct entry *known = *find_entry(&history->known, key);
    double seconds = known ? known->seconds : -1;
    pthread_mutex_lock(&history->lock);
    const struct entry *recorded = *find_entry(&history->recorded, key);
    if (recorded)
        seconds = known ? (seconds + recorded->seconds) / 2 : recorded->seconds;
    pthread_mutex_unlock(&history->lock);
    return seconds;
}

double ct_history_weight(ct_history *history, const char *key) {
    double seconds = ct_history_seconds(history, key);
    return seconds < 0 ? CT_HISTORY_UNKNOWN : seconds;
}

void ct_history_record(ct_history *history, const char *key, double seconds) {
    if (!history || !is_key(key) || !(seconds >= 0 && seconds <= LONGEST))
        return;
    pthread_mutex_lock(&history->lock);
    add_entry(&history->recorded, key, seconds);
    pthread_mutex_unlock(&history->lock);
}

void ct_history_close(ct_history *history) {
    if (!history)
        return;
    if (history->recorded.count > 0)
        merge_into_file(history->path, &history->recorded);
    empty_table(&history->known);
    empty_table(&history->recorded);
    pthread_mutex_destroy(&history->lock);
    free(history->path);
    free(history);
}
