# SPDX-License-Identifier: MIT
#
# The test-only Lua module over the engine's internals, for spec/unit/internals_spec.lua. It has the
# engine's objects in it, hidden symbols and all. And the simulated LXD, for spec/lxd/scale_spec.lua
# and the benchmark: a program of its own, with only the engine's codecs in it.

INTERNALS = $(patsubst spec/support/%.c,$(BUILD)/test/obj/%.o,$(wildcard spec/support/*.c))

USERS = bad_arguments sizes kept_result first_program poll_loop

.PHONY: test-module
test-module: $(BUILD)/test/cleantest_internals.so $(BUILD)/test/simulated_lxd \
    $(BUILD)/test/gnutls/cleantest/core.so $(BUILD)/test/failing_allocations \
    $(USERS:%=$(BUILD)/test/%) $(BUILD)/test/many_cpus $(BUILD)/test/torture \
    $(BUILD)/test/stepping_clock.so $(BUILD)/test/preload_once.so

SIMULATED = $(patsubst spec/simulated_lxd/%.c,$(BUILD)/test/obj/simulated/%.o,$(wildcard \
    spec/simulated_lxd/*.c))

$(BUILD)/test/obj/simulated/%.o: spec/simulated_lxd/%.c
	@mkdir -p $(@D)
	$(CC) $(ENGINE_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/test/obj/%.o: spec/support/%.c
	@mkdir -p $(@D)
	$(CC) $(ENGINE_CFLAGS) -MMD -MP -c -o $@ $<

-include $(INTERNALS:.o=.d) $(SIMULATED:.o=.d)

$(BUILD)/test/simulated_lxd: $(SIMULATED) $(patsubst %,$(BUILD)/obj/%.a,tree wire basic)
	$(CC) $(SANITIZE) -o $@ $^ $(ENGINE_LIBS) -llua5.4 $(LDFLAGS)

$(BUILD)/test/cleantest_internals.so: $(INTERNALS) $(OBJECTS)
	$(CC) $(SANITIZE) -shared -o $@ $^ $(ENGINE_LIBS) $(LDFLAGS)

# The engine with Debian's other libcurl, for spec/lxd/https_spec.lua.
$(BUILD)/test/gnutls/cleantest/core.so: $(OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(SANITIZE) -shared -o $@ $^ $(subst -lcurl,-l:libcurl-gnutls.so.4,$(ENGINE_LIBS)) $(LDFLAGS)

$(BUILD)/test/obj/%.o: spec/programs/%.c
	@mkdir -p $(@D)
	$(CC) $(ENGINE_CFLAGS) -MMD -MP -c -o $@ $<

-include $(patsubst %,$(BUILD)/test/obj/%.d,failing_allocations many_cpus $(USERS))

$(BUILD)/test/obj/%.o: examples/embed/%.c
	@mkdir -p $(@D)
	$(CC) $(ENGINE_CFLAGS) -MMD -MP -c -o $@ $<

# The first program of cleantest.h, as it stands there.
$(BUILD)/test/first_program.c: engine/cleantest.h
	@mkdir -p $(@D)
	sed -n '/^ \*     #include <cleantest.h>/,/^ \*     }$$/p; /^ \*     int main(/,/^ \*     }$$/p' $< \
	    | sed 's/^ \* \{0,5\}//' > $@

$(BUILD)/test/obj/first_program.o: $(BUILD)/test/first_program.c
	@mkdir -p $(@D)
	$(CC) $(ENGINE_CFLAGS) -Werror -c -o $@ $<

# Programs as users have them: of the library they have what is exported.
$(USERS:%=$(BUILD)/test/%): $(BUILD)/test/%: $(BUILD)/test/obj/%.o $(BUILD)/libcleantest.so
	$(CC) $(SANITIZE) -Wl,-rpath,'$$ORIGIN/..' -o $@ $< -L$(BUILD) -lcleantest $(LDFLAGS)

# Programs with the engine's objects in them, that have some calls of libc's made up.
comma = ,
with_wrapped = $(CC) $(SANITIZE) $(patsubst %,-Wl$(comma)--wrap=%,$(1)) -o $@ $^ $(ENGINE_LIBS) \
    -llua5.4 $(LDFLAGS)

ALLOCATOR = malloc calloc realloc free strdup strndup asprintf vasprintf realpath \
    luaL_newstate wslay_event_context_client_init
$(BUILD)/test/failing_allocations: $(BUILD)/test/obj/failing_allocations.o $(OBJECTS)
	$(call with_wrapped,$(ALLOCATOR))

$(BUILD)/test/many_cpus: $(BUILD)/test/obj/many_cpus.o $(OBJECTS)
	$(call with_wrapped,sched_getaffinity)

# ---- make torture: the proxy, and a clock that steps ------------------------------------

TORTURE = $(patsubst %,$(BUILD)/test/obj/torture/%.o,main options log endpoint fault link victim)

$(BUILD)/test/obj/torture/%.o: spec/torture/%.c
	@mkdir -p $(@D)
	$(CC) $(ENGINE_CFLAGS) -MMD -MP -c -o $@ $<

-include $(TORTURE:.o=.d)

$(BUILD)/test/torture: $(TORTURE)
	$(CC) $(SANITIZE) -o $@ $^ $(LDFLAGS)

# What is preloaded has no sanitizer in it.
PRELOADED = $(CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) -fPIC -shared $(CFLAGS)

$(BUILD)/test/stepping_clock.so: spec/torture/clock.c
	@mkdir -p $(@D)
	$(PRELOADED) -o $@ $<

$(BUILD)/test/preload_once.so: spec/programs/preload_once.c
	@mkdir -p $(@D)
	$(PRELOADED) -o $@ $<
