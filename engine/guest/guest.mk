# SPDX-License-Identifier: MIT
#
# The guest: a static program, with its own flags; sanitizers have no place in an instance.

GUEST_CFLAGS = -std=c11 -D_GNU_SOURCE $(WARNINGS) -Os -ffunction-sections -fdata-sections \
    -Iengine $(shell pkg-config --cflags lua5.4)
GUEST_SHARED  = buf error frame owner tree_attributes tree_draft tree_entry tree_place \
    tree_reader tree_walk tree_writer value wait \
    binding/lua_keys binding/lua_pack binding/lua_refer binding/lua_unpack
GUEST_SOURCES = $(wildcard engine/guest/*.c) $(GUEST_SHARED:%=engine/%.c)
GUEST_OBJECTS = $(patsubst engine/%.c,$(BUILD)/guest-obj/%.o,$(GUEST_SOURCES)) \
    $(BUILD)/guest-obj/modules.o
GUEST_LUA = $(shell find lua/guest -name '*.lua' | sort)
# Modules that the host has, too.
GUEST_LUA_SHARED = $(patsubst %,lua/cleantest/%.lua,check tables where)

$(BUILD)/guest-obj/%.o: engine/%.c
	@mkdir -p $(@D)
	$(CC) $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

-include $(GUEST_OBJECTS:.o=.d)

# lua/guest/cleantest/utils/run.lua is the module cleantest.utils.run, and lua/cleantest/check.lua
# is cleantest.check in both worlds.
$(BUILD)/guest_modules.c: $(GUEST_LUA) $(GUEST_LUA_SHARED) engine/embed.lua
	@mkdir -p $(@D)
	$(LUA) engine/embed.lua $@ guest_modules \
	    $(foreach file,$(GUEST_LUA),$(subst /,.,$(patsubst lua/guest/%.lua,%,$(file)))=$(file)) \
    $(foreach file,$(GUEST_LUA_SHARED),$(subst /,.,$(patsubst lua/%.lua,%,$(file)))=$(file))

$(BUILD)/guest-obj/modules.o: $(BUILD)/guest_modules.c
	@mkdir -p $(@D)
	$(CC) $(GUEST_CFLAGS) -c -o $@ $<

# ld warns of dlopen in libc.a although no_dlopen.c takes its place
$(BUILD)/guest: $(GUEST_OBJECTS)
	$(CC) -static -s -Wl,--gc-sections,--no-warnings -o $@ $^ -l:liblua5.4-cjson.a \
	    -l:liblua5.4.a -lm
