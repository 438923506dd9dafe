/* SPDX-License-Identifier: MIT
 *
 * options.c - the command line: torture --name VALUE ... -- COMMAND...
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "torture.h"

const char *const fault_names[FAULT_KINDS] = {"none",  "reset",   "truncate", "delay",
                                              "stall", "split",   "flip",     "before",
                                              "after", "garbage", "refuse"};

const char *const victim_names[3] = {"process", "reaper", "guest"};

static _Noreturn void refuse(const char *word) {
    fprintf(stderr, "torture: what is \"%s\"?\n", word ? word : "");
    exit(2);
}

static size_t find(const char *word, const char *const *words, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    refuse(word);
}

/* "reset,delay,..." */
static unsigned read_kinds(char *list) {
    unsigned kinds = 0;
    char *rest;
    for (char *word = strtok_r(list, ",", &rest); word; word = strtok_r(NULL, ",", &rest))
        kinds |= 1u << find(word, fault_names, FAULT_KINDS);
    return kinds;
}

static int read_signal(const char *name) {
    static const char *const names[] = {"KILL", "TERM", "INT", "STOP"};
    static const int signals[] = {SIGKILL, SIGTERM, SIGINT, SIGSTOP};
    return signals[find(name, names, 4)];
}

/* "TURN:VICTIM:SIGNAL:MILLISECONDS" */
static struct kill_plan read_kill(char *text) {
    char *rest;
    char *turn = strtok_r(text, ":", &rest), *victim = strtok_r(NULL, ":", &rest);
    char *signal = strtok_r(NULL, ":", &rest), *delay = strtok_r(NULL, ":", &rest);
    if (!delay)
        refuse(text);
    return (struct kill_plan){.turn = (unsigned) strtoul(turn, NULL, 10),
                              .victim = (enum victim) find(victim, victim_names, 3),
                              .signal = read_signal(signal),
                              .delay = (double) strtoul(delay, NULL, 10) / 1000};
}

static void set_number(struct options *options, const char *name, const char *value) {
    if (strcmp(name, "--seed") == 0)
        options->seed = strtoull(value, NULL, 10);
    else if (strcmp(name, "--rate") == 0)
        options->rate = (unsigned) strtoul(value, NULL, 10);
    else if (strcmp(name, "--deadline") == 0)
        options->deadline = (double) strtoul(value, NULL, 10);
    else if (strcmp(name, "--reap-deadline") == 0)
        options->reap_deadline = (double) strtoul(value, NULL, 10);
    else if (strcmp(name, "--descriptors") == 0)
        options->descriptors = (unsigned) strtoul(value, NULL, 10);
    else if (strcmp(name, "--memory") == 0)
        options->memory = (unsigned) strtoul(value, NULL, 10);
    else
        refuse(name);
}

static void set(struct options *options, const char *name, char *value) {
    if (strcmp(name, "--listen") == 0)
        options->listen = value;
    else if (strcmp(name, "--upstream") == 0)
        options->upstream = value;
    else if (strcmp(name, "--disk") == 0)
        options->disk = value;
    else if (strcmp(name, "--kinds") == 0)
        options->kinds = read_kinds(value);
    else if (strcmp(name, "--kill") == 0 && options->kill_count < KILLS_MAX)
        options->kills[options->kill_count++] = read_kill(value);
    else
        set_number(options, name, value);
}

void options_read(struct options *options, char **argv) {
    *options = (struct options){.deadline = 240, .reap_deadline = 120};
    char **word = argv + 1;
    for (; *word && strcmp(*word, "--") != 0; word += 2) {
        if (!word[1])
            refuse(*word);
        set(options, *word, word[1]);
    }
    if (!*word || !word[1] || !options->upstream)
        refuse("a command line without --upstream or a command");
    options->command = word + 1;
}
