/* SPDX-License-Identifier: MIT
 *
 * terminal.c - what the Lua layer asks the system for, and Lua's standard library lacks:
 * whether a stream is a terminal, and of what size; a clock that only goes forward; what
 * a file is, the absolute path of a folder, new folders, and what is in one.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "binding/binding.h"

/***
Asks whether a stream is a terminal.
@function terminal
@tparam file stream an open Lua file
@treturn int columns, then rows (80, 24 where the terminal doesn't say); or nil: it is
  none
*/
int lct_terminal(lua_State *L) {
    luaL_Stream *stream = luaL_checkudata(L, 1, LUA_FILEHANDLE);
    luaL_argcheck(L, stream->closef, 1, "the file is closed");
    int descriptor = fileno(stream->f);
    if (!isatty(descriptor))
        return 0;
    struct winsize size = {0};
    bool known = ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row;
    lua_pushinteger(L, known ? size.ws_col : 80);
    lua_pushinteger(L, known ? size.ws_row : 24);
    return 2;
}

/***
@function clock
@treturn number seconds on a clock that starts anywhere and only goes forward
*/
int lct_clock(lua_State *L) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    lua_pushnumber(L, (double) now.tv_sec + (double) now.tv_nsec / 1e9);
    return 1;
}

/***
Makes a path absolute: one without "." and "..", and with no link in it.
@function absolute
@tparam string path of something that exists
@treturn string the path; or nil, message
*/
int lct_absolute(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    char *absolute = realpath(path, NULL);
    if (!absolute) {
        lua_pushnil(L);
        lua_pushfstring(L, "%s: %s", path, strerror(errno));
        return 2;
    }
    lua_pushstring(L, absolute);
    free(absolute);
    return 1;
}

static bool make_folder(const char *path) {
    return mkdir(path, 0777) == 0 || errno == EEXIST;
}

/***
Makes a folder, and those on the way to it. One that is there is left as it is.
@function make_folders
@tparam string path
@treturn boolean true; or nil, message
*/
int lct_make_folders(lua_State *L) {
    size_t length;
    const char *given = luaL_checklstring(L, 1, &length);
    luaL_argcheck(L, length > 0, 1, "the path is empty");
    char *path = memcpy(lua_newuserdatauv(L, length + 1, 0), given, length + 1);
    bool made = true;
    for (char *slash = strchr(path + 1, '/'); made && slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        made = make_folder(path);
        if (made)
            *slash = '/';
    }
    made = made && make_folder(path);
    if (made) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushnil(L);
    lua_pushfstring(L, "the folder %s can't be made: %s", path, strerror(errno));
    return 2;
}

/***
Asks what there is of a name, behind links.
@function file_type
@tparam string path
@treturn string "file", "folder", or "other", as a device or a pipe; nil: nothing, or it
  can't be seen
*/
int lct_file_type(lua_State *L) {
    struct stat status;
    if (stat(luaL_checkstring(L, 1), &status) < 0)
        return 0;
    lua_pushstring(L, S_ISREG(status.st_mode)   ? "file"
                      : S_ISDIR(status.st_mode) ? "folder"
                                                : "other");
    return 1;
}

/***
What is in a folder.
@function entries
@tparam string path
@treturn table name -> true for a folder, false for what is none, and for links to one; or
  nil, message
*/
int lct_entries(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    lua_newtable(L);
    DIR *folder = opendir(path);
    if (!folder) {
        lua_pushnil(L);
        lua_pushfstring(L, "%s: %s", path, strerror(errno));
        return 2;
    }
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        struct stat status;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        bool known =
            fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0;
        lua_pushboolean(L, known && S_ISDIR(status.st_mode));
        lua_setfield(L, -2, entry->d_name);
    }
    closedir(folder);
    return 1;
}
