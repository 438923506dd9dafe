/* SPDX-License-Identifier: MIT
 *
 * execute.c - becomes a program, or says why it can't. The kernel has one number for many
 * reasons: ENOENT is a missing program, or a missing interpreter, or a missing loader. So
 * what is wrong is looked for afterwards, and named.
 */
#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "basic/basic.h"
#include "guest/process.h"

#define PATH_SIZE    4096
#define HEAD_SIZE    512 /* bytes of a program that are looked at */
#define DEPTH_MAX    4   /* interpreters that are scripts, as the kernel has it */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* ---- what a file is ---- */

struct head {
    char bytes[HEAD_SIZE + 1];
    size_t length;
};

static void read_head(const char *path, struct head *head) {
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t length = file < 0 ? 0 : read(file, head->bytes, HEAD_SIZE);
    if (file >= 0)
        close(file);
    head->length = length > 0 ? (size_t) length : 0;
    head->bytes[head->length] = '\0';
}

static bool is_elf(const struct head *head) {
    return head->length >= EI_NIDENT && memcmp(head->bytes, ELFMAG, SELFMAG) == 0;
}

/* Finds the interpreter that a "#!" line names, with whatever is wrong with the name.
 * false: there is no such line. */
static bool find_interpreter(const struct head *head, char *name, size_t size) {
    if (strncmp(head->bytes, "#!", 2) != 0)
        return false;
    const char *at = head->bytes + 2;
    at += strspn(at, " \t");
    snprintf(name, size, "%.*s", (int) strcspn(at, " \t\n"), at);
    return *name != '\0';
}

/* Finds the loader that a 64-bit program names. false: it names none. */
static bool find_loader(const char *path, char *name, size_t size) {
    bool found = false;
    Elf64_Ehdr header;
    Elf64_Phdr part;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = file >= 0 && pread(file, &header, sizeof header, 0) == sizeof header &&
              header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_phentsize == sizeof part;
    for (size_t i = 0; ok && !found && i < header.e_phnum; i++) {
        off_t at = (off_t) (header.e_phoff + i * sizeof part);
        if (pread(file, &part, sizeof part, at) != sizeof part)
            break;
        found = part.p_type == PT_INTERP;
    }
    if (found) {
        ssize_t length = pread(file, name, size - 1, (off_t) part.p_offset);
        size_t most = part.p_filesz < size ? (size_t) part.p_filesz : size - 1;
        name[length > 0 ? (size_t) length < most ? (size_t) length : most : 0] = '\0';
    }
    if (file >= 0)
        close(file);
    return found && *name;
}

/* The kernel's name of the machine that a program is for; NULL: it is not known here. The
 * number has that machine's byte order. */
static const char *machine_of(const struct head *head) {
    static const struct {
        unsigned number;
        const char *name;
    } machines[] = {{EM_386, "i386"},
                    {EM_X86_64, "x86_64"},
                    {EM_ARM, "arm"},
                    {EM_AARCH64, "aarch64"},
                    {EM_PPC64, "ppc64"},
                    {EM_S390, "s390x"},
                    {243 /* RISC-V */, "riscv64"}};
    const unsigned char *at = (const unsigned char *) head->bytes + 18; /* e_machine */
    bool big = head->bytes[EI_DATA] == ELFDATA2MSB;
    unsigned number = head->length < 20 ? 0
                      : big             ? (unsigned) at[0] << 8 | at[1]
                                        : (unsigned) at[1] << 8 | at[0];
    for (size_t i = 0; i < CT_COUNT(machines); i++)
        if (machines[i].number == number)
            return machines[i].name;
    return NULL;
}

/* ---- what is wrong with it ---- */

/* Prints a name on stderr. Control characters are printed as C writes them. */
static void print_name(const char *name) {
    fputc('"', stderr);
    for (; *name; name++) {
        if (*name == '\r')
            fputs("\\r", stderr);
        else if (iscntrl((unsigned char) *name))
            fprintf(stderr, "\\x%02x", (unsigned char) *name);
        else
            fputc(*name, stderr);
    }
    fputc('"', stderr);
}

static void explain(const char *path, int number, int depth);

static void explain_interpreter(const char *name, int number, int depth) {
    size_t length = strlen(name);
    fputs("its first line names the interpreter ", stderr);
    print_name(name);
    if (access(name, F_OK) == 0 && depth < DEPTH_MAX) {
        fputs(": ", stderr);
        explain(name, number, depth + 1);
    } else if (length > 0 && name[length - 1] == '\r') {
        fputs(
            ", which does not exist: the line ends in a carriage return (\\r), as lines "
            "of DOS and Windows do",
            stderr);
    } else {
        fputs(", which does not exist", stderr);
    }
}

static void explain_missing(const char *path, const struct head *head, int number,
                            int depth) {
    char name[HEAD_SIZE];
    if (access(path, F_OK) < 0) {
        fputs("there is no such file", stderr);
    } else if (find_interpreter(head, name, sizeof name)) {
        explain_interpreter(name, number, depth);
    } else if (is_elf(head) && find_loader(path, name, sizeof name)) {
        fputs("the loader that it names, ", stderr);
        print_name(name);
        fputs(", does not exist", stderr);
    } else {
        fputs(strerror(number), stderr);
    }
}

static void explain_denied(const char *path, const struct head *head, int number,
                           int depth) {
    struct stat info;
    struct statvfs system;
    char name[HEAD_SIZE];
    if (stat(path, &info) < 0)
        fputs(strerror(number), stderr);
    else if (S_ISDIR(info.st_mode))
        fputs("it is a directory", stderr);
    else if (!S_ISREG(info.st_mode))
        fputs("it is no regular file", stderr);
    else if (statvfs(path, &system) == 0 && system.f_flag & ST_NOEXEC)
        fputs("it lies on a file system that is mounted with noexec", stderr);
    else if (access(path, X_OK) < 0)
        fprintf(stderr, "it is not executable (its mode is %03o)",
                (unsigned) info.st_mode & 07777U);
    else if (find_interpreter(head, name, sizeof name))
        explain_interpreter(name, number, depth);
    else
        fputs(strerror(number), stderr);
}

static void explain_format(const struct head *head) {
    struct utsname this = {.machine = "unknown"};
    uname(&this);
    const char *machine = is_elf(head) ? machine_of(head) : NULL;
    if (machine && strcmp(machine, this.machine) != 0)
        fprintf(stderr, "it is a program for %s, and this machine is %s", machine,
                this.machine);
    else
        fputs("the kernel does not know its format", stderr);
}

/* Says why execve() failed with this errno. */
static void explain(const char *path, int number, int depth) {
    struct head head;
    read_head(path, &head);
    if (number == ENOENT)
        explain_missing(path, &head, number, depth);
    else if (number == EACCES)
        explain_denied(path, &head, number, depth);
    else if (number == ENOEXEC)
        explain_format(&head);
    else
        fputs(strerror(number), stderr);
}

static int fail_execute(const char *path, int number) {
    fputs("cleantest: can't execute ", stderr);
    print_name(path);
    fputs(": ", stderr);
    explain(path, number, 0);
    fputc('\n', stderr);
    return number == ENOENT ? 127 : 126;
}

/* ---- becoming it ---- */

/* true for a file without a format that the kernel knows, and without a NUL: a script. */
static bool is_script(const char *path) {
    struct head head;
    read_head(path, &head);
    return !is_elf(&head) && !memchr(head.bytes, '\0', head.length);
}

/* Becomes the file at path. interpreter: what runs a script without a "#!" line. */
static int become(const char *path, const char *const *argv, const char *interpreter) {
    size_t count = 0;
    execv(path, (char *const *) argv);
    int number = errno;
    if (number != ENOEXEC || !interpreter || !is_script(path))
        return fail_execute(path, number);
    while (argv[count])
        count++;
    const char **with = calloc(count + 2, sizeof *with);
    if (!with)
        return fail_execute(path, ENOMEM);
    with[0] = interpreter;
    with[1] = path;
    memcpy(with + 2, argv + 1, count * sizeof *argv); /* with its NULL */
    return process_exec(with);
}

int process_exec_script(const char *const *argv, const char *interpreter) {
    return become(argv[0], argv, interpreter);
}

/* Finds the first of PATH that can be executed, or else the first that exists. false:
 * there is none. */
static bool find_program(const char *name, const char *list, char found[PATH_SIZE]) {
    char path[PATH_SIZE];
    bool any = false;
    for (const char *at = list; at; at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL) {
        int length = (int) strcspn(at, ":");
        struct stat info;
        int used =
            snprintf(path, sizeof path, "%.*s%s%s", length, at, length ? "/" : "", name);
        if (used >= (int) sizeof path || stat(path, &info) < 0)
            continue;
        bool usable = S_ISREG(info.st_mode) && access(path, X_OK) == 0;
        if (usable || !any)
            memcpy(found, path, (size_t) used + 1);
        any = true;
        if (usable)
            break;
    }
    return any;
}

int process_exec(const char *const *argv) {
    char path[PATH_SIZE];
    const char *list = getenv("PATH");
    if (strchr(argv[0], '/'))
        return become(argv[0], argv, "/bin/sh");
    if (find_program(argv[0], list ? list : DEFAULT_PATH, path))
        return become(path, argv, "/bin/sh");
    fputs("cleantest: can't execute ", stderr);
    print_name(argv[0]);
    fprintf(stderr, ": there is no such program in PATH (%s)\n",
            list ? list : DEFAULT_PATH);
    return 127;
}
