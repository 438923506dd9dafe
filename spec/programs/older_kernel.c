/* SPDX-License-Identifier: MIT
 *
 * Runs a program as on a kernel before Linux 5.3: close_range(2) and pidfd_open(2) are
 * not there, and memfd_create(2) knows no MFD_EXEC. Usage: older_kernel PROGRAM
 * [ARGUMENT...]
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FLAG_EXEC 0x0010U /* MFD_EXEC */
#define NUMBER    offsetof(struct seccomp_data, nr)
/* little endian */
#define FLAGS (offsetof(struct seccomp_data, args) + sizeof(__u64))

static struct sock_filter filter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NUMBER),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_close_range, 5, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_pidfd_open, 4, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_memfd_create, 0, 2),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FLAGS),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, FLAG_EXEC, 2, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
};

int main(int argc, char **argv) {
    struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};
    if (argc < 2 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
        perror("older_kernel");
        return 125;
    }
    execvp(argv[1], argv + 1);
    perror(argv[1]);
    return 127;
}
