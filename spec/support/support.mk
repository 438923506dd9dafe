# SPDX-License-Identifier: MIT
#
# The test-only Lua module over the engine's internals, for spec/internals_spec.lua. It has the
# engine's objects in it, hidden symbols and all.

INTERNALS = $(patsubst spec/support/%.c,$(BUILD)/test/obj/%.o,$(wildcard spec/support/*.c))

.PHONY: test-module
test-module: $(BUILD)/test/cleantest_internals.so

$(BUILD)/test/obj/%.o: spec/support/%.c
	@mkdir -p $(@D)
	$(CC) $(ENGINE_CFLAGS) -MMD -MP -c -o $@ $<

-include $(INTERNALS:.o=.d)

$(BUILD)/test/cleantest_internals.so: $(INTERNALS) $(OBJECTS)
	$(CC) $(SANITIZE) -shared -o $@ $^ $(ENGINE_LIBS) $(LDFLAGS)
