/* SPDX-License-Identifier: MIT
 *
 * primitives.c - what the Lua library asks of the kernel, and Lua has no function for:
 * files, directories, connections, and waiting. Each returns nil and a message for what
 * is not so.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lauxlib.h>

#include "guest/guest.h"

#define MODE_BITS 07777

static int give_up(lua_State *L, const char *message) {
    lua_pushnil(L);
    lua_pushstring(L, message);
    return 2;
}

static int give_errno(lua_State *L) {
    return give_up(L, strerror(errno));
}

/* ---- files ---- */

static const char *type_of(mode_t mode) {
    return S_ISREG(mode)    ? "file"
           : S_ISDIR(mode)  ? "directory"
           : S_ISLNK(mode)  ? "link"
           : S_ISSOCK(mode) ? "socket"
           : S_ISFIFO(mode) ? "pipe"
                            : "device";
}

static void set_integer(lua_State *L, const char *key, lua_Integer value) {
    lua_pushinteger(L, value);
    lua_setfield(L, -2, key);
}

/***
What is at a path.
@function stat
@tparam string path
@tparam boolean follow a link to what it leads to
@treturn table type ("file", "directory", "link", "socket", "pipe", "device"), mode, uid,
  gid, size (bytes), mtime (seconds since 1970); or nil and a message
*/
int guest_stat(lua_State *L) {
    struct stat info;
    const char *path = luaL_checkstring(L, 1);
    if (fstatat(AT_FDCWD, path, &info, lua_toboolean(L, 2) ? 0 : AT_SYMLINK_NOFOLLOW) < 0)
        return give_errno(L);
    lua_createtable(L, 0, 6);
    lua_pushstring(L, type_of(info.st_mode));
    lua_setfield(L, -2, "type");
    set_integer(L, "mode", info.st_mode & MODE_BITS);
    set_integer(L, "uid", info.st_uid);
    set_integer(L, "gid", info.st_gid);
    set_integer(L, "size", info.st_size);
    set_integer(L, "mtime", info.st_mtime);
    return 1;
}

/***
What a link says.
@function read_link
@tparam string path
@treturn string; or nil and a message
*/
int guest_read_link(lua_State *L) {
    char target[PATH_MAX];
    ssize_t length = readlink(luaL_checkstring(L, 1), target, sizeof target);
    if (length < 0)
        return give_errno(L);
    lua_pushlstring(L, target, (size_t) length);
    return 1;
}

/***
The names in a directory.
@function list
@tparam string path
@treturn table names, in no order; or nil and a message
*/
int guest_list_directory(lua_State *L) {
    DIR *directory = opendir(luaL_checkstring(L, 1));
    if (!directory)
        return give_errno(L);
    lua_newtable(L);
    lua_Integer count = 0;
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        lua_pushstring(L, entry->d_name);
        lua_rawseti(L, -2, ++count);
    }
    closedir(directory);
    return 1;
}

/* ---- waiting ---- */

/***
@function clock
@treturn number seconds, of a clock that nobody sets
*/
int guest_clock(lua_State *L) {
    lua_pushnumber(L, ct_now());
    return 1;
}

/***
Waits.
@function sleep
@tparam number seconds
*/
int guest_sleep(lua_State *L) {
    ct_wait wait = ct_wait_for(luaL_checknumber(L, 1), -1);
    while (ct_wait_left(&wait) > 0)
        poll(NULL, 0, ct_wait_milliseconds(&wait));
    return 0;
}

static bool exists(const char *path) {
    return access(path, F_OK) == 0;
}

/***
Waits until there is something at a path; a link must lead to something.
@function wait_file
@tparam string path absolute
@tparam number seconds the longest wait
@treturn boolean true; or nil and a message
*/
int guest_wait_path(lua_State *L) {
    ct_error error = {0};
    ct_wait wait = ct_wait_for(luaL_checknumber(L, 2), -1);
    if (guest_wait_file(luaL_checkstring(L, 1), exists, &wait, &error) < 0)
        return give_up(L, error.message);
    lua_pushboolean(L, 1);
    return 1;
}

/* ---- connections ---- */

/* Fills in the address; its length, 0 when the text is none. */
static socklen_t parse_address(const char *text, in_port_t port,
                               struct sockaddr_storage *address) {
    struct sockaddr_in *v4 = (struct sockaddr_in *) address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *) address;
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        return sizeof *v4;
    }
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1)
        return 0;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    return sizeof *v6;
}

/* 0, or what is wrong. */
static int await_connection(int connection, double seconds) {
    struct pollfd fd = {.fd = connection, .events = POLLOUT};
    ct_wait wait = ct_wait_for(seconds, -1);
    int problem = ETIMEDOUT;
    socklen_t size = sizeof problem;
    while (ct_wait_left(&wait) > 0 && poll(&fd, 1, ct_wait_milliseconds(&wait)) < 1)
        ;
    if (fd.revents && getsockopt(connection, SOL_SOCKET, SO_ERROR, &problem, &size) < 0)
        problem = errno;
    return problem;
}

/***
Tries to connect with TCP, and closes the connection.
@function connect
@tparam string address an IPv4 or IPv6 one, in numbers
@tparam int port
@tparam number seconds the longest wait
@treturn boolean true; or nil and a message
*/
int guest_connect(lua_State *L) {
    struct sockaddr_storage address;
    in_port_t port = (in_port_t) luaL_checkinteger(L, 2);
    double seconds = luaL_checknumber(L, 3);
    socklen_t length = parse_address(luaL_checkstring(L, 1), port, &address);
    if (length == 0)
        return give_up(L, "no IP address");
    int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, problem = 0;
    int connection = socket(address.ss_family, type, 0);
    if (connection < 0)
        return give_errno(L);
    if (connect(connection, (struct sockaddr *) &address, length) < 0)
        problem = errno == EINPROGRESS ? await_connection(connection, seconds) : errno;
    close(connection);
    if (problem != 0)
        return give_up(L, strerror(problem));
    lua_pushboolean(L, 1);
    return 1;
}
