/* SPDX-License-Identifier: MIT
 *
 * victim.c - the command: its start, with its limits, the signals that it, its reaper and
 * its guests get, and its end.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "torture.h"

#define NONE (-1)

static pid_t command = NONE;
static bool ended;

/* ---- start and end ---- */

/* In a mount namespace of its own: 64 KiB, in a file system that is soon full. */
static void fill_disk(const char *folder) {
    if (unshare(CLONE_NEWNS) < 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", folder, "tmpfs", 0, "size=64k,nr_inodes=24") < 0)
        die(folder);
}

static struct rlimit at_most(unsigned long most) {
    return (struct rlimit){.rlim_cur = most, .rlim_max = most};
}

static _Noreturn void become_command(const struct options *options) {
    struct rlimit core = at_most(0), files = at_most(options->descriptors);
    struct rlimit memory = at_most((unsigned long) options->memory << 20);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setrlimit(RLIMIT_CORE, &core);
    if (options->disk)
        fill_disk(options->disk);
    if (options->descriptors > 0 && setrlimit(RLIMIT_NOFILE, &files) < 0)
        die("setrlimit");
    int log = open("suite.log", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    int null = open("/dev/null", O_RDONLY);
    dup2(null, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    close(log);
    close(null);
    const char *preload = getenv("TORTURE_PRELOAD");
    if (preload)
        setenv("LD_PRELOAD", preload, 1);
    if (options->memory > 0 && setrlimit(RLIMIT_AS, &memory) < 0)
        die("setrlimit");
    execvp(options->command[0], options->command);
    perror("torture: exec");
    _exit(127);
}

void victim_start(const struct options *options) {
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    command = fork();
    if (command < 0)
        die("fork");
    if (command == 0)
        become_command(options);
    say("started %ld", (long) command);
}

bool victim_ended(void) {
    return ended;
}

bool victim_reap(void) {
    for (;;) {
        int status;
        pid_t child = waitpid(-1, &status, WNOHANG);
        if (child == 0)
            return true;
        if (child < 0)
            return errno == EINTR;
        bool killed = WIFSIGNALED(status);
        say("%s %ld %s %d", child == command ? "ended" : "helper", (long) child,
            killed ? "signal" : "exit", killed ? WTERMSIG(status) : WEXITSTATUS(status));
        ended = ended || child == command;
    }
}

/* ---- who is there ---- */

static bool read_file(pid_t process, const char *name, char *text, size_t size) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/%s", (long) process, name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = file >= 0 ? read(file, text, size - 1) : -1;
    if (file >= 0)
        close(file);
    text[got > 0 ? got : 0] = '\0';
    return got > 0;
}

typedef bool is_wanted(pid_t process);

static bool is_child(pid_t process) {
    char text[512];
    long parent = 0;
    if (!read_file(process, "stat", text, sizeof text))
        return false;
    const char *name_end = strrchr(text, ')');
    return name_end && sscanf(name_end, ") %*c %ld", &parent) == 1 && parent == getpid();
}

static bool is_reaper(pid_t process) {
    char text[64];
    return is_child(process) && read_file(process, "cmdline", text, sizeof text) &&
           strcmp(text, "cleantest-reaper") == 0;
}

/* What runs cleantest's guest in one of the instances that the command has asked for: the
 * host's root sees it. */
static bool is_guest(pid_t process) {
    char text[1024], path[64], program[256];
    snprintf(path, sizeof path, "/proc/%ld/exe", (long) process);
    ssize_t length = readlink(path, program, sizeof program - 1);
    program[length > 0 ? length : 0] = '\0';
    if (!strstr(program, "cleantest") || !read_file(process, "cgroup", text, sizeof text))
        return false;
    for (size_t i = 0; links_instance(i); i++) {
        char payload[128];
        snprintf(payload, sizeof payload, "lxc.payload.%s/", links_instance(i));
        if (strstr(text, payload))
            return true;
        char *newline = strchr(text, '\n');
        snprintf(payload, sizeof payload, "lxc.payload.%s", links_instance(i));
        const char *found = strstr(text, payload);
        if (found && newline && found + strlen(payload) == newline)
            return true;
    }
    return false;
}

static pid_t find(is_wanted *wanted) {
    DIR *processes = opendir("/proc");
    pid_t found = NONE;
    for (struct dirent *entry; processes && (entry = readdir(processes));) {
        pid_t process = (pid_t) strtol(entry->d_name, NULL, 10);
        if (process > 0 && wanted(process))
            found = process;
    }
    if (processes)
        closedir(processes);
    return found;
}

static pid_t find_victim(enum victim victim) {
    if (victim == VICTIM_PROCESS)
        return ended ? NONE : command;
    return find(victim == VICTIM_REAPER ? is_reaper : is_guest);
}

/* ---- what is done to them ---- */

static void earlier(double *wake, double when) {
    if (when > 0 && when < *wake)
        *wake = when;
}

/* A victim that is not there yet is looked for again at each turn. */
static void send_signal(struct kill_plan *kill_plan) {
    pid_t victim = find_victim(kill_plan->victim);
    kill_plan->due = 0;
    if (victim == NONE) {
        kill_plan->turn = links_turns() + 1;
        return;
    }
    kill_plan->done = true;
    if (kill(victim, kill_plan->signal) < 0)
        return;
    say("kill %s %ld %s turn %u: %s", victim_names[kill_plan->victim], (long) victim,
        sigabbrev_np(kill_plan->signal), links_turns(), links_request());
    if (kill_plan->signal == SIGSTOP) {
        kill_plan->stopped = victim;
        kill_plan->resume = now() + kill_plan->delay;
    }
}

void victim_torment(struct options *options, double *wake) {
    for (size_t i = 0; i < options->kill_count; i++) {
        struct kill_plan *plan = &options->kills[i];
        bool stop = plan->signal == SIGSTOP;
        if (!plan->done && plan->due <= 0 && links_turns() >= plan->turn)
            plan->due = now() + (stop ? 0.001 : plan->delay);
        if (!plan->done && plan->due > 0 && now() >= plan->due)
            send_signal(plan);
        if (plan->stopped && now() >= plan->resume) {
            kill(plan->stopped, SIGCONT);
            say("resume %ld", (long) plan->stopped);
            plan->stopped = 0;
            plan->resume = 0;
        }
        earlier(wake, plan->due);
        earlier(wake, plan->resume);
    }
}

void victim_give_up(const char *who) {
    say("hang %s", who);
    pid_t hung = ended ? find(is_child) : command;
    char gdb[256];
    snprintf(gdb, sizeof gdb,
             "timeout 60 gdb -batch -p %ld -ex 'thread apply all bt' >hang.txt 2>&1",
             (long) hung);
    if (system(gdb) != 0)
        say("no gdb says where");
    for (pid_t child; (child = find(is_child)) != NONE;) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    ended = true;
}

void victim_stop(void) {
    if (!ended)
        kill(command, SIGTERM);
}
