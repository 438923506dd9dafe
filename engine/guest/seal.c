/* SPDX-License-Identifier: MIT
 *
 * seal.c - seals an instance, which is the last thing that is done to one that others are
 * cloned from. What makes it itself is taken away, so that each clone makes its own:
 * machine-id(5), random seeds, DHCP leases. So is what its build has left: logs, /tmp.
 * The instance must run for this, but nothing in it may: hence an init that does nothing.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/guest.h"

static const char *const emptied[] = {CT_SEAL_EMPTIES};
static const char *const removed[] = {CT_SEAL_REMOVES};
static const char *const cleared[] = {CT_SEAL_CLEARS};

static bool is_regular(const char *path) {
    struct stat info;
    return lstat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* What can't be removed stays, as a mount. */
static void clear_path(const char *path) {
    ct_error error;
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int ignored = directory < 0 ? CT_OK : guest_clear(directory, NULL, &error);
    (void) ignored;
    if (directory >= 0)
        close(directory);
}

static unsigned long long total; /* bytes; nftw(3) has no context to pass on */

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
        clear_path(cleared[i]);
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
