# SPDX-License-Identifier: MIT
#
# Builds cleantest under $(BUILD), installs it, and runs everything that shows it works. What
# is to be installed from Debian for that is in spec/lab/install; the LXD to test against
# comes from spec/lab/lxd.

BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= cc
LUA     ?= lua5.4
OBJCOPY ?= objcopy
VERSION := $(shell sed -n 's/^#define CT_VERSION "\(.*\)"/\1/p' engine/cleantest.h)

LIBDIR     = $(PREFIX)/lib
INCLUDEDIR = $(PREFIX)/include
LUA_LMOD   = $(PREFIX)/share/lua/5.4
LUA_CMOD   = $(PREFIX)/lib/lua/5.4

# Set by `make asan` and `make tsan`.
SANITIZE ?=

WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wmissing-prototypes
PACKAGES = libcurl libssl libcrypto
CFLAGS  ?= -O2 -g
ENGINE_CFLAGS = -std=c11 -D_GNU_SOURCE $(WARNINGS) -fPIC -fvisibility=hidden -pthread \
    -Iengine $(shell pkg-config --cflags lua5.4 $(PACKAGES)) $(SANITIZE) $(CFLAGS)
ENGINE_LIBS = -lwslay $(shell pkg-config --libs $(PACKAGES)) -llua5.4-cjson -lm -pthread

# The rooms of the engine, from the top down; what each is for is in engine/README.md. A room
# includes only the doors of rooms below it: spec/rooms.lua holds that.
ROOMS = binding run job prepared reaper guest_client lxd provider schedule model tree wire net \
    basic
.SECONDEXPANSION:
.SECONDARY:
REAPER_PROGRAM = $(patsubst %,$(BUILD)/obj/reaper/%.o,main visits)
sources = $(wildcard $(1:%=engine/%/*.c))
objects = $(filter-out $(REAPER_PROGRAM),$(patsubst engine/%.c,$(BUILD)/obj/%.o,$(call sources,$(1))))
OBJECTS = $(call objects,$(ROOMS)) \
    $(BUILD)/obj/embedded_guest.o $(BUILD)/obj/embedded_reaper.o $(BUILD)/obj/embedded_lua.o
LUA_FILES = $(shell find lua/cleantest -name '*.lua' | sort)

.PHONY: all
all: $(BUILD)/libcleantest.so $(BUILD)/libcleantest.a $(BUILD)/clib/cleantest/core.so \
    $(BUILD)/bin/cleantest $(BUILD)/env

# ---- the engine -------------------------------------------------------------------------

include engine/guest/guest.mk
include spec/support/support.mk

$(BUILD)/obj/%.o: engine/%.c
	@mkdir -p $(@D)
	$(CC) $(ENGINE_CFLAGS) -MMD -MP -c -o $@ $<

-include $(OBJECTS:.o=.d) $(REAPER_PROGRAM:.o=.d)

$(BUILD)/obj/embedded_%.o: $(BUILD)/embedded_%.c
	@mkdir -p $(@D)
	$(CC) $(ENGINE_CFLAGS) -c -o $@ $<

$(BUILD)/embedded_guest.c: $(BUILD)/guest engine/basic/embed.lua
	$(LUA) engine/basic/embed.lua $@ ct_embedded_guest guest=$<

$(BUILD)/embedded_reaper.c: $(BUILD)/reaper engine/basic/embed.lua
	$(LUA) engine/basic/embed.lua $@ ct_embedded_reaper reaper=$<

# lua/cleantest/a/b.lua is the module cleantest.a.b, lua/cleantest/init.lua is cleantest
$(BUILD)/embedded_lua.c: $(LUA_FILES) engine/basic/embed.lua
	$(LUA) engine/basic/embed.lua $@ ct_embedded_lua $(foreach file,$(LUA_FILES),$(subst /,.,$(patsubst \
	    %/init,%,$(patsubst lua/%.lua,%,$(file))))=$(file))

# One room as an archive: a program that is linked with it gets only what it uses.
$(BUILD)/obj/%.a: $$(call objects,$$*)
	@rm -f $@
	@$(AR) rcs $@ $^

# The reaper is embedded, and must start wherever the library does: it has Lua inside.
REAPER = guest_client lxd provider schedule model tree wire net basic
$(BUILD)/reaper: $(REAPER_PROGRAM) $(REAPER:%=$(BUILD)/obj/%.a)
	$(CC) $(SANITIZE) -no-pie -Wl,--gc-sections $(if $(SANITIZE),,-s) -o $@ $^ -lwslay \
	    $(shell pkg-config --libs $(PACKAGES)) \
	    -l:liblua5.4-cjson.a -l:liblua5.4.a -lm -ldl -pthread

# What is hidden in the shared library is hidden in the static one, too: its objects are one,
# in which all else is local, so that no name of ours is in the way of a program's own.
$(BUILD)/obj/cleantest.o: $(OBJECTS)
	$(LD) -r -o $@ $^
	$(OBJCOPY) --localize-hidden $@

$(BUILD)/libcleantest.a: $(BUILD)/obj/cleantest.o
	@rm -f $@
	$(AR) rcs $@ $^

# All of the engine with its insides, for what is linked with them: spec/fuzz.
$(BUILD)/obj/engine.a: $(OBJECTS)
	@rm -f $@
	@$(AR) rcs $@ $^

$(BUILD)/libcleantest.so.0: $(OBJECTS) engine/libcleantest.map
	$(CC) $(SANITIZE) -shared -Wl,-soname,libcleantest.so.0 -Wl,-z,defs \
	    -Wl,--version-script=engine/libcleantest.map -o $@ $(OBJECTS) \
	    $(ENGINE_LIBS) -llua5.4 $(LDFLAGS)

$(BUILD)/libcleantest.so: $(BUILD)/libcleantest.so.0
	ln -sf $(<F) $@

# ---- Lua --------------------------------------------------------------------------------

# The module has the engine in it; its Lua is the interpreter's.
$(BUILD)/clib/cleantest/core.so: $(OBJECTS) engine/binding/core.map
	@mkdir -p $(@D)
	$(CC) $(SANITIZE) -shared -Wl,--version-script=engine/binding/core.map -o $@ $(OBJECTS) \
	    $(ENGINE_LIBS) $(LDFLAGS)

$(BUILD)/bin/cleantest: Makefile
	@mkdir -p $(@D)
	@printf '#!/bin/sh\n. "%s/env"\nexec %s "%s/lua/bin/cleantest" "$$@"\n' \
	    '$(abspath $(BUILD))' '$(LUA)' '$(CURDIR)' > $@
	@chmod +x $@

$(BUILD)/env: Makefile
	@mkdir -p $(@D)
	@{ echo '# Source this to use the build in place: . $(BUILD)/env'; \
	   echo 'export LUA_PATH="$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;$${LUA_PATH:-;}"'; \
	   echo 'export LUA_CPATH="$(abspath $(BUILD))/clib/?.so;$${LUA_CPATH:-;}"'; \
	   echo 'export PATH="$(abspath $(BUILD))/bin:$$PATH"'; \
	   echo '[ -n "$${LXD_DIR:-}" ] || eval "$$("$(CURDIR)/spec/lab/lxd" env)"'; } > $@

# ---- installing -------------------------------------------------------------------------

.PHONY: install
install: all
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR) $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(BUILD)/libcleantest.so.0 $(DESTDIR)$(LIBDIR)
	ln -sf libcleantest.so.0 $(DESTDIR)$(LIBDIR)/libcleantest.so
	install -m 644 $(BUILD)/libcleantest.a $(DESTDIR)$(LIBDIR)
	install -m 644 engine/cleantest.h $(DESTDIR)$(INCLUDEDIR)
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' engine/cleantest.pc.in \
	    > $(DESTDIR)$(LIBDIR)/pkgconfig/cleantest.pc
	install -m 755 lua/bin/cleantest $(DESTDIR)$(PREFIX)/bin
	$(MAKE) install-lua

.PHONY: install-lua
install-lua: all
	install -d $(DESTDIR)$(LUA_CMOD)/cleantest
	install -m 755 $(BUILD)/clib/cleantest/core.so $(DESTDIR)$(LUA_CMOD)/cleantest
	cd lua && for file in $(patsubst lua/%,%,$(LUA_FILES)); do \
	    install -D -m 644 "$$file" "$(DESTDIR)$(LUA_LMOD)/$$file" || exit 1; done

# What luarocks calls; it sets the three directories.
.PHONY: install-rock
install-rock: install-lua
	install -d $(ROCK_BINDIR)
	install -m 755 lua/bin/cleantest $(ROCK_BINDIR)

# ---- seeing it work ---------------------------------------------------------------------

.PHONY: lab
lab:
	spec/lab/install build lxd
	spec/lab/lxd up
	spec/lab/images

.PHONY: demo
demo: lab
	$(MAKE) all
	$(BUILD)/bin/cleantest examples/tabulate.lua

.PHONY: demo-down
demo-down:
	spec/lab/lxd down

.PHONY: check
check: lab
	spec/lab/install test
	$(MAKE) all check-built

# What needs neither root nor a daemon.
.PHONY: check-unit
check-unit: all test-module
	BUILD='$(abspath $(BUILD))' spec/run unit

.PHONY: check-built
check-built: all test-module
	BUILD='$(abspath $(BUILD))' spec/run

.PHONY: asan tsan
asan tsan: lab
	spec/lab/install test lint
	spec/sanitize $@

.PHONY: fuzz
fuzz:
	spec/lab/install build fuzz
	BUILD='$(BUILD)' spec/fuzz/run

# MINUTES=n, SEED=n; see spec/torture/README.md.
.PHONY: torture
torture: lab
	spec/lab/install test
	$(MAKE) all test-module
	BUILD='$(abspath $(BUILD))' spec/torture/run

.PHONY: bench
bench: lab
	spec/lab/install bench
	$(MAKE) all '$(BUILD)/test/simulated_lxd'
	BUILD='$(abspath $(BUILD))' spec/bench/run

# ---- style ------------------------------------------------------------------------------

.PHONY: lint
lint:
	spec/lab/install build lint
	spec/lint

# ---- the reference ----------------------------------------------------------------------

# build/doc/index.html: Lua by LDoc; build/doc/c: the C header by doxygen.
.PHONY: doc
doc:
	spec/lab/install doc
	@mkdir -p $(BUILD)/doc
	ldoc --quiet --fatalwarnings --config lua/config.ld --dir '$(abspath $(BUILD))/doc' .
	{ cat engine/Doxyfile; echo 'OUTPUT_DIRECTORY = $(BUILD)/doc'; } | doxygen -

.PHONY: clean
clean:
	rm -rf build build-*
