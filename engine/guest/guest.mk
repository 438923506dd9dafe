# SPDX-License-Identifier: MIT
#
# The guest: a static program, with its own flags; sanitizers have no place in an instance.

GUEST_CFLAGS = -std=c11 -D_GNU_SOURCE $(WARNINGS) -Os -ffunction-sections -fdata-sections \
    -Iengine $(shell pkg-config --cflags lua5.4)
# Its own room, and of the rooms below it what it uses.
GUEST_ROOMS = tree wire basic
guest_objects = $(patsubst engine/%.c,$(BUILD)/guest-obj/%.o,$(call sources,$(1)))
GUEST_OBJECTS = $(call guest_objects,guest) $(BUILD)/guest-obj/modules.o
GUEST_LUA = $(shell find lua/guest -name '*.lua' | sort)
# Modules that the host has, too.
GUEST_LUA_SHARED = $(patsubst %,lua/cleantest/%.lua,check show tables units where)

$(BUILD)/guest-obj/%.o: engine/%.c
	@mkdir -p $(@D)
	$(CC) $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

GUEST_ARCHIVES = $(GUEST_ROOMS:%=$(BUILD)/guest-obj/%.a)
$(BUILD)/guest-obj/%.a: $$(call guest_objects,$$*)
	@rm -f $@
	@$(AR) rcs $@ $^

-include $(patsubst %.o,%.d,$(GUEST_OBJECTS) $(call guest_objects,$(GUEST_ROOMS)))

# lua/guest/cleantest/utils/run.lua is the module cleantest.utils.run, and lua/cleantest/check.lua
# is cleantest.check in both worlds.
$(BUILD)/guest_modules.c: $(GUEST_LUA) $(GUEST_LUA_SHARED) engine/basic/embed.lua
	@mkdir -p $(@D)
	$(LUA) engine/basic/embed.lua $@ guest_modules \
	    $(foreach file,$(GUEST_LUA),$(subst /,.,$(patsubst lua/guest/%.lua,%,$(file)))=$(file)) \
    $(foreach file,$(GUEST_LUA_SHARED),$(subst /,.,$(patsubst lua/%.lua,%,$(file)))=$(file))

$(BUILD)/guest-obj/modules.o: $(BUILD)/guest_modules.c
	@mkdir -p $(@D)
	$(CC) $(GUEST_CFLAGS) -c -o $@ $<

# ld warns of dlopen in libc.a although no_dlopen.c takes its place
$(BUILD)/guest: $(GUEST_OBJECTS) $(GUEST_ARCHIVES)
	$(CC) -static -s -Wl,--gc-sections,--no-warnings -o $@ $^ -l:liblua5.4-cjson.a \
	    -l:liblua5.4.a -lm
