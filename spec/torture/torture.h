/* SPDX-License-Identifier: MIT
 *
 * torture.h - what the files of the torture program share. It runs one command behind a
 * proxy that spoils what passes, kills the command or its helpers, and says on stdout
 * what it did: one line for each turn, fault, kill and end. It judges nothing; that is
 * judge.lua's.
 *
 * A turn is what a client sends and what it is answered; on a line that was upgraded, all
 * that follows. Each connection draws its faults from the seed and its own number, so
 * that a seed repeats them as far as the connections come in the same order.
 */
#ifndef TORTURE_H
#define TORTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- options.c ---- */

enum fault_kind {
    FAULT_NONE,
    FAULT_RESET,    /* both ends are closed at once */
    FAULT_TRUNCATE, /* one direction ends here; what follows is dropped */
    FAULT_DELAY,    /* one direction waits for up to 2 s */
    FAULT_STALL,    /* nothing passes for 25 s; then a reset */
    FAULT_SPLIT,    /* one byte at a time */
    FAULT_FLIP,     /* one bit is turned over */
    FAULT_BEFORE,   /* answered 5xx; LXD never sees the request */
    FAULT_AFTER,    /* answered 5xx; LXD has done it */
    FAULT_GARBAGE,  /* answered nonsense; LXD has done it */
    FAULT_REFUSE,   /* the connection is closed when it has just been made */
    FAULT_KINDS
};

/* "reset", ...; the option's words and the log's. */
extern const char *const fault_names[FAULT_KINDS];

enum victim { VICTIM_PROCESS, VICTIM_REAPER, VICTIM_GUEST };

extern const char *const victim_names[3];

/* One signal that is sent at a turn. */
struct kill_plan {
    unsigned turn;
    enum victim victim;
    int signal;   /* SIGSTOP is followed by SIGCONT */
    double delay; /* seconds after the turn's begin, then until SIGCONT */
    double due;   /* when it is to be sent; 0: its turn has not come */
    double resume;
    pid_t stopped; /* gets SIGCONT at resume */
    bool done;
};

#define KILLS_MAX 4

struct options {
    const char *listen;   /* a socket's path; NULL: a TCP port on 127.0.0.1 */
    const char *upstream; /* a socket's path, or HOST:PORT */
    uint64_t seed;
    unsigned rate;  /* faults in 1,000 turns */
    unsigned kinds; /* bits by fault_kind */
    struct kill_plan kills[KILLS_MAX];
    size_t kill_count;
    double deadline;      /* seconds for the command */
    double reap_deadline; /* seconds from its end until its reaper's */
    unsigned descriptors; /* limits of the command; 0: none */
    unsigned memory;      /* MiB of address space */
    const char *disk;     /* a folder that becomes a full disk; NULL: none */
    char **command;       /* NULL-ended */
};

/* Ends the program when they are wrong. */
void options_read(struct options *options, char **argv);

/* ---- log.c ---- */

double now(void);
/* The next number of a stream that begins with its seed (splitmix64). */
uint64_t draw(uint64_t *state);
/* One line on stdout, at once, behind the seconds since the program started. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void die(const char *what);

/* ---- link.c: the connections ---- */

#define LINKS_MAX 256

struct pollfd;

/* Opens the listener and sets TORTURE_ENDPOINT for the command. */
void links_open(const struct options *options);
/* Fills fds (room for 2 * LINKS_MAX + 1); lowers *wake to when something is due by
 * itself. */
size_t links_watch(struct pollfd *fds, double *wake);
/* Moves what can be moved. */
void links_serve(const struct pollfd *fds, size_t count);
void links_close(void);
/* No faults from here on. */
void links_relent(void);
unsigned links_turns(void);
/* What the last turn asked for; "" before the first. */
const char *links_request(void);
/* Instances in which something was executed, the last ones; NULL past the end. */
const char *links_instance(size_t index);

/* ---- victim.c: the command and whom it starts ---- */

/* Starts the command. All that descends from it becomes this program's child. */
void victim_start(const struct options *options);
/* Takes ends in. false: none is left. */
bool victim_reap(void);
/* true once the command itself has ended. */
bool victim_ended(void);
/* Sends what is due; lowers *wake to when the next one is. */
void victim_torment(struct options *options, double *wake);
/* Says where it hangs (gdb, when there is one), and kills all of it. */
void victim_give_up(const char *who);
/* SIGTERM, from the one who runs us. */
void victim_stop(void);

#endif
