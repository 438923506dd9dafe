/* SPDX-License-Identifier: MIT
 *
 * seal.c - the last thing done to an instance that others are to be cloned from: what
 * makes it itself is taken away, so that each clone makes its own (machine-id(5), random
 * seeds, DHCP leases), and so is what only its build has left: logs, /tmp. And, for that
 * instance, being an init that does nothing: it must run for this, but nothing in it may.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/guest.h"

/* What is named here is named in base_step.c, too: uploads to there are in no base. */

/* Regular files that the system makes again when they are empty. */
static const char *const emptied[] = {"/etc/machine-id", "/var/log/wtmp", "/var/log/btmp",
                                      "/var/log/lastlog"};

/* Regular files that the system makes again when they are missing. */
static const char *const removed[] = {
    "/var/lib/dbus/machine-id", "/var/lib/systemd/random-seed",
    "/var/lib/systemd/credential.secret", "/var/lib/urandom/random-seed"};

/* Directories all of whose contents go. */
static const char *const cleared[] = {"/tmp",
                                      "/var/log/journal",
                                      "/var/lib/dhcp",
                                      "/var/lib/dhclient",
                                      "/var/lib/dhcpcd",
                                      "/var/lib/wicked"};

static bool is_regular(const char *path) {
    struct stat info;
    return lstat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* What can't be removed, as a mount, stays. */
static void clear_directory(const char *path) {
    ct_error error;
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int ignored = directory < 0 ? CT_OK : guest_clear(directory, NULL, &error);
    (void) ignored;
    if (directory >= 0)
        close(directory);
}

static unsigned long long total; /* nftw(3) passes nothing on */

static int add_size(const char *path, const struct stat *info, int type,
                    struct FTW *place) {
    (void) path, (void) place;
    if (type == FTW_F && info->st_nlink > 0)
        total += (unsigned long long) info->st_blocks * 512 / info->st_nlink;
    return 0;
}

static int forget_identity(ct_error *error) {
    for (size_t i = 0; i < CT_COUNT(emptied); i++)
        if (is_regular(emptied[i]) && truncate(emptied[i], 0) < 0)
            return ct_fail_errno(error, "emptying %s", emptied[i]);
    for (size_t i = 0; i < CT_COUNT(removed); i++)
        if (is_regular(removed[i]) && unlink(removed[i]) < 0)
            return ct_fail_errno(error, "removing %s", removed[i]);
    return CT_OK;
}

int guest_seal(void) {
    ct_error error;
    char text[32];
    if (forget_identity(&error) < 0)
        return guest_fail(&error);
    for (size_t i = 0; i < CT_COUNT(cleared); i++)
        clear_directory(cleared[i]);
    int own = guest_own_directory(&error);
    if (own < 0 || guest_clear(own, "guest", &error) < 0) /* what steps put beside it */
        return guest_fail(&error);
    nftw("/", add_size, 64, FTW_PHYS | FTW_MOUNT);
    int length = snprintf(text, sizeof text, "%llu", total);
    sync();
    return guest_send(CT_FRAME_END, text, (size_t) length) ? 0 : GUEST_BROKEN;
}

_Noreturn void guest_idle(void) {
    for (;;)
        pause();
}
