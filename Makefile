# crier: see README.md. `make demo` and `make check` do all their own set-up.

CC       ?= cc
PYTHON   := /usr/bin/python3
BUILD    ?= build
SAN      ?= 0
PKGS     := libcurl jansson libconfig sqlite3 libpcre2-8 libmicrohttpd expat zlib libcrypto libseccomp liboath

WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wold-style-definition -Wformat=2 -Wundef -Wvla -Wcast-qual -Wwrite-strings \
            -Wnull-dereference -Wno-format-nonliteral -Werror
# What the compiler of this machine has of these.
has       = $(shell $(CC) -Werror $(1) -x c -c -o /dev/null /dev/null 2>/dev/null && echo "$(1)")
HARDEN   := -fstack-protector-strong -fPIE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 \
            $(call has,-fstack-clash-protection) $(call has,-fcf-protection=full) \
            $(call has,-mbranch-protection=standard) $(call has,-ftrivial-auto-var-init=zero)
CPPFLAGS += -D_GNU_SOURCE -iquote bot -iquote adapters -iquote tests/fakes
CFLAGS   ?= -O2 -g
STD      := -std=c11 -pthread
LDLIBS   = -lircclient $(shell pkg-config --libs $(PKGS)) -pthread
LDFLAGS  += -pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code

ifeq ($(SAN),1)
override CFLAGS := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS  += -fsanitize=address,undefined
HARDEN   := -fPIE
OUT      := $(BUILD)/san
else ifeq ($(CRASH),1)
override CFLAGS := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
CPPFLAGS += -DCRIER_CRASH_POINTS
LDFLAGS  += -fsanitize=address,undefined
HARDEN   := -fPIE
OUT      := $(BUILD)/crash
else ifeq ($(CFI),1)
# With CC=clang: each call through a pointer goes to a function of that type, or the process ends. It
# takes the whole program at once. Clang 14 lays out its tables as if no ENDBR64 were in them, so that
# is left away: it would guard the same calls, less well.
HARDEN   += $(call has,-fcf-protection=return) -flto -fvisibility=hidden -fsanitize=cfi
LDFLAGS  += -flto -fsanitize=cfi -fuse-ld=lld
AR       := llvm-ar
OUT      := $(BUILD)/cfi
else ifeq ($(FUZZ),1)
override CFLAGS := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
LDFLAGS  += -fsanitize=fuzzer,address,undefined
HARDEN   := -fPIE
OUT      := $(BUILD)/fuzz
else
OUT      := $(BUILD)
endif

BOT_SRC     := $(sort $(wildcard bot/*.c))
ADAPTER_SRC := $(sort $(wildcard adapters/*.c))
FAKE_SRC    := $(sort $(wildcard tests/fakes/*.c))
LIB_SRC     := $(filter-out bot/main.c,$(BOT_SRC)) $(ADAPTER_SRC)
UNIT_SRC    := $(sort $(wildcard tests/unit/test_*.c))
LIB_OBJ     := $(LIB_SRC:%.c=$(OUT)/%.o)
FAKE_OBJ    := $(FAKE_SRC:%.c=$(OUT)/%.o)
UNIT_BIN    := $(UNIT_SRC:%.c=$(OUT)/%)
FUZZ_SRC    := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_BIN    := $(FUZZ_SRC:%.c=$(OUT)/%)

.PHONY: all
all: $(OUT)/crier

$(OUT)/crier: $(OUT)/bot/main.o $(OUT)/libcrier.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(OUT)/libcrier.a: $(LIB_OBJ)
	rm -f $@ && $(AR) rcs $@ $^

$(OUT)/libfakes.a: $(FAKE_OBJ)
	rm -f $@ && $(AR) rcs $@ $^

$(OUT)/tests/unit/%: $(OUT)/tests/unit/%.o $(OUT)/libfakes.a $(OUT)/libcrier.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

# libcrier.a with the calls of what can fail renamed to tests/fakes/torture.c's.
$(OUT)/libtortured.a: $(OUT)/libcrier.a tests/fakes/torture.syms
	objcopy --redefine-syms=tests/fakes/torture.syms $< $@

$(OUT)/tests/unit/test_torture_%: $(OUT)/tests/unit/test_torture_%.o $(OUT)/libfakes.a $(OUT)/libtortured.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(OUT)/libfakes.a -lcmocka $(LDLIBS)

# With FUZZ=1 the main program is libFuzzer's, else one that replays the seeds.
FUZZ_MAIN := $(if $(filter 1,$(FUZZ)),,$(OUT)/tests/fuzz/replay.o)
$(OUT)/tests/fuzz/%: $(OUT)/tests/fuzz/%.o $(FUZZ_MAIN) $(OUT)/libfakes.a $(OUT)/libcrier.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

$(OUT)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(STD) $(CPPFLAGS) $(CFLAGS) $(HARDEN) $(WARN) -MMD -MP -c -o $@ $<

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)

# What end-to-end tests run beside the program itself.
$(OUT)/tests/e2e/programs/%: $(OUT)/tests/e2e/programs/%.o $(OUT)/libcrier.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Only the programs for the unit tests; tests/rig/check.py runs them and counts.
.PHONY: unit-programs
unit-programs: $(UNIT_BIN)

# With FUZZ=1 and clang for libFuzzer, with SAN=1 for tests/rig/check.py.
.PHONY: fuzz-programs
fuzz-programs: $(FUZZ_BIN)

.PHONY: objects
objects: $(LIB_OBJ) $(FAKE_OBJ) $(UNIT_SRC:%.c=$(OUT)/%.o) $(patsubst %.c,$(OUT)/%.o,$(wildcard bot/main.c))

# ---- what people type ---------------------------------------------------------------------------

# A practice outage on real servers, from nothing; KEEP=1 leaves it running until Ctrl-C.
.PHONY: demo
demo:
	@sh tests/rig/packages.sh build demo
	@$(MAKE) --no-print-directory -s -j$(shell nproc) all
	@$(PYTHON) tests/demo/demo.py --crier $(BUILD)/crier $(if $(KEEP),--keep)

# Everything that can fail: lint, unit tests, the seeds of the fuzzers, end-to-end tests. Ends with
# "N passed, N failed".
.PHONY: check
check:
	@sh tests/rig/packages.sh build demo check
	@$(PYTHON) tests/rig/check.py lint unit seeds e2e

.PHONY: lint unit seeds e2e
lint unit seeds e2e:
	@sh tests/rig/packages.sh build $(if $(filter e2e,$@),demo) check
	@$(PYTHON) tests/rig/check.py $@

# The pages of docs/ that the program writes itself; unit tests compare them.
.PHONY: docs
docs: $(OUT)/crier
	@$(OUT)/crier help --permissions > docs/who-may.md

# Each fuzzer for T seconds, on what it has found before and its seeds in tests/fuzz/seeds; ends at
# the first finding, whose input is left in build/fuzz/corpus. ONLY="http irc": these alone.
T    ?= 60
ONLY ?= $(FUZZ_SRC:tests/fuzz/fuzz_%.c=%)
.PHONY: fuzz
fuzz:
	@sh tests/rig/packages.sh build check
	@$(MAKE) --no-print-directory -s -j$(shell nproc) FUZZ=1 CC=clang fuzz-programs
	@set -e; for f in $(ONLY); do n=$(BUILD)/fuzz/corpus/fuzz_$$f; mkdir -p $$n; echo "== $$f"; \
	    CRIER_ROOT=$(CURDIR) $(BUILD)/fuzz/tests/fuzz/fuzz_$$f -max_total_time=$(T) -verbosity=0 \
	    -timeout=20 -print_final_stats=1 -artifact_prefix=$$n- $$n tests/fuzz/seeds/fuzz_$$f; done

# What crier costs, from one run; see docs/measurements.md.
$(OUT)/tests/bench/%: $(OUT)/tests/bench/%.o
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

.PHONY: bench
bench:
	@sh tests/rig/packages.sh build demo
	@$(MAKE) --no-print-directory -s -j$(shell nproc) all $(BUILD)/tests/bench/echo $(BUILD)/tests/bench/commit
	@$(PYTHON) tests/bench/bench.py --crier $(BUILD)/crier --tools $(BUILD)/tests/bench
	@$(PYTHON) tests/bench/replay.py --crier $(BUILD)/crier

# Every call that may fail on the way from a confirm to the page, each in turn: what `make check`
# does with a sample of them, in a minute, in some twenty.
.PHONY: torture
torture:
	@sh tests/rig/packages.sh build check
	@$(MAKE) --no-print-directory -s -j$(shell nproc) SAN=1 $(addprefix $(BUILD)/san/tests/unit/test_torture_,engine adapters)
	@$(BUILD)/san/tests/unit/test_torture_engine
	@TORTURE_ALL=1 $(BUILD)/san/tests/unit/test_torture_adapters

# The ordinary build of some unit tests under valgrind, which also sees what is not initialised.
VALGRIND_TESTS ?= engine engine_hostile engine_page store_sqlite store_refusals irc_line \
                  hearing patterns records statuspage statuspage_json torture_engine
.PHONY: check-valgrind
check-valgrind:
	@sh tests/rig/packages.sh build check
	@$(MAKE) --no-print-directory -s -j$(shell nproc) $(VALGRIND_TESTS:%=$(BUILD)/tests/unit/test_%)
	@$(CC) -shared -fPIC -o $(BUILD)/nojit.so tests/rig/nojit.c
	@set -e; for t in $(VALGRIND_TESTS); do echo "== $$t"; TORTURE_SAMPLE=40 LD_PRELOAD=$(CURDIR)/$(BUILD)/nojit.so \
	    valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect \
	    --errors-for-leak-kinds=definite,indirect --num-callers=30 $(BUILD)/tests/unit/test_$$t; done
	@echo "valgrind: no error in $(words $(VALGRIND_TESTS)) programs"

# Everything around crier breaks for SOAK_SECONDS; ends with what it took and whether anything was lost.
SOAK_SECONDS ?= 600
.PHONY: soak
soak:
	@sh tests/rig/packages.sh build demo
	@$(MAKE) --no-print-directory -s -j$(shell nproc) all
	@$(PYTHON) tests/bench/soak.py --crier $(BUILD)/crier --seconds $(SOAK_SECONDS)

# The proof that a confirmed step becomes public exactly once: kill -9 and lost connections at 300
# seeded moments, then at every point of the source; ends with its counts. CRASH_ARGS: --help.
CRASH_ARGS ?=
.PHONY: check-crash
check-crash:
	@sh tests/rig/packages.sh build demo
	@$(MAKE) --no-print-directory -s -j$(shell nproc) CRASH=1 all
	@$(PYTHON) tests/e2e/crash/prove.py $(CRASH_ARGS)

PREFIX  ?= /usr/local
DESTDIR ?=
INSTALL ?= install

.PHONY: install
install: $(OUT)/crier
	$(INSTALL) -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/crier/scenarios \
	    $(DESTDIR)$(PREFIX)/lib/systemd/system $(DESTDIR)$(PREFIX)/share/doc/crier/docs
	$(INSTALL) -m 755 $(OUT)/crier $(DESTDIR)$(PREFIX)/bin/crier
	$(INSTALL) -m 644 $(wildcard config/*.cfg config/*.expect) $(DESTDIR)$(PREFIX)/share/crier/
	$(INSTALL) -m 644 $(wildcard config/scenarios/*.log) $(DESTDIR)$(PREFIX)/share/crier/scenarios/
	$(INSTALL) -m 644 README.md $(DESTDIR)$(PREFIX)/share/doc/crier/
	$(if $(wildcard docs/*.md),$(INSTALL) -m 644 $(wildcard docs/*.md) $(DESTDIR)$(PREFIX)/share/doc/crier/docs/)
	sed 's,@PREFIX@,$(PREFIX),g' config/crier.service >$(DESTDIR)$(PREFIX)/lib/systemd/system/crier.service
	chmod 644 $(DESTDIR)$(PREFIX)/lib/systemd/system/crier.service

.PHONY: clean
clean:
	rm -rf $(BUILD)
