/* SPDX-License-Identifier: MIT
 *
 * guest.h - the guest: one static program that the host puts into an instance, and
 * executes once for each request. It reads one REQUEST frame (wire/wire.h) from stdin,
 * does what it says, and writes frames to stdout. Stdin stays open for as long as the
 * host wants an answer. Its end means that the host is gone, and a testlet that still
 * runs is killed. What is executed only waits for the guest proper, its child: see
 * outlive_lxd() in main.c.
 *
 * A request is a packed table:
 *     op             "run", "unpack", "pack", "remove", "seal"
 *     ready          "exec", "system", "network", "cloud-init": waited for first. Then
 *                    READY comes, and in it, as text, the identity of the guest's own
 *                    directory
 *     ready_timeout  seconds
 *     own            the guest's directory, a name in "/" that begins with ".cleantest"
 *     identity       what the first READY said in this instance: nothing is removed from
 *                    a directory that is another one
 *
 * run: a testlet. Frames: STDOUT and STDERR as they come, VALUE at most once, EXIT.
 *     kind           "command", "script", "lua", "call"
 *     argv           the command, or the script's arguments
 *     code           the script's content, or Lua source. call: a packed function, or the
 *                    packed name of a guest module that returns one; the testlet's own
 *                    process unpacks it
 *     name           the script's file name, or the Lua chunk's name
 *     args           lua, call: { n = COUNT, ... }
 *     env            { KEY = "value" }
 *     timeout        seconds
 *     output_limit   bytes of stdout, and of stderr
 *     EXIT has exit_code or signal; timed_out; limit ("stdout", "stderr", "value": it
 *     wrote too much to that; else ""); cpu_user, cpu_system, duration (seconds); max_rss
 *     (bytes).
 * unpack: a tree that follows on stdin. Frame: END.
 *     dest           where it goes
 *     directory, no_overwrite, keep_owners
 *     user, group    names or numbers; absent: root
 *     mode           of files; 0: their own
 * pack: a tree. Frames: ENTRY, CHUNK, END; ABSENT when there is none.
 *     source         a path
 *     directory
 * remove: removes the guest, and all that was put beside it. Frame: END. seal: makes the
 * instance fit to be cloned; see seal.c. Frame: END, and in it, as text, how
 *     many bytes its files have.
 *
 * With the argument "idle" it is an init that does nothing. When it can't do what is
 * asked, the last frame is FAILED: one sentence.
 */
#ifndef CT_GUEST_H
#define CT_GUEST_H

#include <lua.h>

#include "guest/process.h"
#include "wire/wire.h"

/* What the host calls the guest's directory, wherever that is: in an instance that is not
 * cleantest's own, each guest has another one. Holds for the dest of an unpack, and for
 * the strings that a guest module is called with. */
#define GUEST_PREFIX "/.cleantest/"

#define GUEST_BROKEN CT_GUEST_BROKEN /* the last frame could not be delivered */

/* ---- stream.c ---- */

/* Writes a frame to stdout; false when the host does not take it any more. */
bool guest_send(enum ct_frame_type type, const void *data, size_t length);
/* The same for bytes that are frames already. */
bool guest_write(const char *data, size_t length);
/* Waits for bytes on stdin, and adds them to input. CT_E_PROTOCOL: stdin has ended. */
CT_CHECK int guest_receive(ct_buf *input, ct_error *error);
/* Sends a FAILED frame; returns the guest's exit status. */
int guest_fail(const ct_error *error);

/* ---- request.c: fields of the request, a table on top of L's stack ---- */

/* A string, borrowed from the table; NULL: there is none. */
const char *guest_string(lua_State *L, const char *key, size_t *length);
double guest_number(lua_State *L, const char *key, double fallback);
bool guest_boolean(lua_State *L, const char *key);
/* A NULL-ended list; free() it. Its strings are borrowed from the table. first, unless
 * NULL, comes before them. */
const char **guest_list(lua_State *L, const char *key, const char *first);
/* Sets the variables of the table "env", if there is one, for this process; one that is
 * false is unset. */
void guest_set_env(lua_State *L);

/* ---- testlet.c ---- */

/* op "run"; returns the guest's exit status. The request is on top of L's stack. */
int guest_run(lua_State *L);

/* ---- lua_testlet.c ---- */

/* Calls the testlet, of a kind that is Lua, and writes what it returned to the descriptor
 * `extra`, packed. Returns the testlet's exit code. The request is on top of L's stack.
 */
int guest_run_lua(lua_State *L, int kind, int extra);

/* ---- files.c ---- */

int guest_unpack(lua_State *L, ct_buf *input);
int guest_pack(lua_State *L);

/* ---- own.c ---- */

/* Opens the guest's own directory, at path. identity: what guest_own_identity() returned
 * at the first request; NULL: this is the first. guest_own_directory() tells what
 * failed. */
void guest_open_own(const char *path, const char *identity);
/* "": there is no directory. */
const char *guest_own_identity(void);
/* A descriptor, opened with O_PATH, that the caller must not close. A negative code: the
 * directory is not there any more, or is not the guest's. */
CT_CHECK int guest_own_directory(ct_error *error);
/* Writes where a path that begins with GUEST_PREFIX really is. false: another path. */
bool guest_own_path(const char *path, char *own, size_t size);
/* Removes all that is in a directory (a descriptor) except one name; NULL: all. Follows
 * no links, and enters no mounts, which are failures. */
CT_CHECK int guest_clear(int directory, const char *except, ct_error *error);
/* op "remove". */
int guest_remove(void);

/* ---- ids.c ---- */

/* A ct_find_id for the instance's users and groups. */
CT_CHECK int guest_find_id(const char *name, bool group, uint32_t *id, ct_error *error);

/* ---- ready.c ---- */

/* Waits until the instance is as ready as the level says. CT_E_CANCELLED: the stream
 * hangup (-1: none) has ended. CT_E_TIMEOUT says what was missing. */
CT_CHECK int guest_wait_ready(const char *level, double seconds, int hangup,
                              ct_error *error);

/* ---- systemd.c ---- */

/* Waits until systemd has finished starting up, whatever failed. CT_OK at once where
 * another init runs the instance. */
CT_CHECK int guest_wait_systemd(const ct_wait *wait, ct_error *error);

/* ---- network.c ---- */

/* Waits for a default route, and for a name server in resolv.conf. */
CT_CHECK int guest_wait_network(const ct_wait *wait, ct_error *error);
/* Waits until the descriptor is readable, and reads what there is. Returns without an
 * event now and then. CT_E_CANCELLED: the host is gone. CT_E_TIMEOUT: the wait was over
 * already. */
CT_CHECK int guest_wait_event(int descriptor, const ct_wait *wait, ct_error *error);
/* A socket that is readable when something of these RTMGRP_ groups changes. -1: see
 * errno. */
int guest_open_netlink(unsigned groups);

/* ---- watch.c ---- */

/* Waits until met(path) is true. That is asked at first, and again whenever path may name
 * another file, or the file may have another content. */
CT_CHECK int guest_wait_file(const char *path, bool (*met)(const char *path),
                             const ct_wait *wait, ct_error *error);

/* ---- seal.c ---- */

/* op "seal". */
int guest_seal(void);
_Noreturn void guest_idle(void);

/* ---- address.c ---- */

/* guest.address, for library.c. */
int guest_address(lua_State *L);

/* ---- unix_socket.c ---- */

/* guest.exchange, for library.c. */
int guest_exchange(lua_State *L);

/* ---- primitives.c: guest.stat and others, for library.c ---- */

int guest_stat(lua_State *L);
int guest_read_link(lua_State *L);
int guest_list_directory(lua_State *L);
int guest_clock(lua_State *L);
int guest_sleep(lua_State *L);
int guest_wait_path(lua_State *L);
int guest_connect(lua_State *L);

/* ---- output.c ---- */

/* Makes what Lua writes to stdout go out at once. Call it before anything is written. */
void guest_open_output(lua_State *L);

/* ---- library.c ---- */

/* Standard libraries, the primitives as module "cleantest.guest", and the embedded
 * modules. */
void guest_open_libraries(lua_State *L);

#endif
