/* SPDX-License-Identifier: MIT
 *
 * draft.c - a file or link that is on its way. It is made under a hidden name beside its
 * place, and put there when it is whole: when something fails, what was there stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree/tree_private.h"

/* Hidden names that are tried: others may be writing here, or were killed while they
 * did. */
#define TRIES 1000

static int make_hidden(const ct_tree_draft *draft, const char *target) {
    if (target)
        return symlinkat(target, draft->parent, draft->hidden);
    return openat(draft->parent, draft->hidden,
                  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

int ct_tree_draft_begin(ct_tree_draft *draft, int parent, const char *name,
                        const char *target) {
    struct stat info;
    *draft = (ct_tree_draft){.parent = parent, .file = -1};
    snprintf(draft->name, sizeof draft->name, "%s", name);
    if (fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode)) {
        errno = EISDIR;
        return -1;
    }
    int made = -1;
    for (int i = 0; i < TRIES && made < 0; i++) {
        snprintf(draft->hidden, sizeof draft->hidden, ".cleantest-%ld-%d",
                 (long) getpid(), i);
        made = make_hidden(draft, target);
        if (made < 0 && errno != EEXIST)
            break;
    }
    if (made < 0)
        draft->hidden[0] = '\0';
    else if (!target)
        draft->file = made;
    return made < 0 ? -1 : 0;
}

/* Renames without replacing. Some file systems can't do that at once: there somebody else
 * may come between the look and the renaming. */
static int rename_new(const ct_tree_draft *draft) {
    struct stat info;
    if (renameat2(draft->parent, draft->hidden, draft->parent, draft->name,
                  RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    if (fstatat(draft->parent, draft->name, &info, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    return renameat(draft->parent, draft->hidden, draft->parent, draft->name);
}

int ct_tree_draft_place(ct_tree_draft *draft, bool replace) {
    int file = draft->file;
    draft->file = -1;
    if (file >= 0 && close(file) < 0)
        return -1;
    int code = replace
                   ? renameat(draft->parent, draft->hidden, draft->parent, draft->name)
                   : rename_new(draft);
    if (code == 0)
        draft->hidden[0] = '\0';
    return code;
}

void ct_tree_draft_drop(ct_tree_draft *draft) {
    if (draft->file >= 0)
        close(draft->file);
    if (draft->hidden[0])
        unlinkat(draft->parent, draft->hidden, 0);
    if (draft->parent >= 0)
        close(draft->parent);
    *draft = CT_TREE_NO_DRAFT;
}
