# One non-recursive makefile. Every variant has its objects in a folder of its own below build/; `make help` lists what
# there is to make.

VERSION := $(shell cat VERSION)
VARIANT ?= $(if $(filter dev unit unit-programs,$(MAKECMDGOALS)),dev,release)
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
SYSCONFDIR ?= /etc
DOCDIR ?= $(PREFIX)/share/doc/pcap-slim
INSTALL ?= install

CC ?= cc
# V=1 shows the commands.
Q := $(if $(V),,@)
say = $(if $(V),@:,@printf '  %-4s %s\n')
AR := $(if $(filter default,$(origin AR)),gcc-ar,$(AR))
CLANG_FORMAT ?= clang-format

STANDARD := -std=c11 -D_GNU_SOURCE
WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes \
            -Wpointer-arith -Wcast-align -Wcast-qual -Wundef -Wvla -Wwrite-strings -Wswitch-enum -Werror=implicit
HARDENING := -fPIE -fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
MACHINE := $(shell uname -m)
ARCH_HARDENING := $(if $(filter x86_64,$(MACHINE)),-fcf-protection=full)$(if $(filter aarch64,$(MACHINE)),-mbranch-protection=standard)
HARDENED_LINK := -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,-z,separate-code -Wl,--as-needed

# The inner loop: what release has, but for the optimising at link time, which takes most of the time.
CFLAGS_dev := -O1 -g $(HARDENING) $(ARCH_HARDENING)
LDFLAGS_dev := $(HARDENED_LINK)
CFLAGS_release := -O2 -g -flto=auto -ffat-lto-objects $(HARDENING) $(ARCH_HARDENING)
LDFLAGS_release := -O2 -flto=auto $(HARDENED_LINK)
CFLAGS_asan := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
LDFLAGS_asan := -fsanitize=address,undefined -Wl,--as-needed
# Instrumented for a fuzzer: see scripts/fuzz, which calls make with these and the compiler that goes with each.
CFLAGS_fuzz := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
LDFLAGS_fuzz := -fsanitize=address,undefined
HARNESS_LDFLAGS_fuzz := -fsanitize=fuzzer,address,undefined
CFLAGS_afl := -O2 -g -fsanitize=undefined -fno-sanitize-recover=all
LDFLAGS_afl := -fsanitize=undefined
HARNESS_LDFLAGS_afl := -fsanitize=fuzzer,undefined
# Nothing of a sensor is needed but a kernel and the usual commands.
CFLAGS_static := -DPCAPSLIM_STATIC -O2 -g -flto=auto -ffat-lto-objects $(HARDENING) $(ARCH_HARDENING)
LDFLAGS_static := -O2 -flto=auto -static-pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,--no-warnings
CFLAGS_VARIANT := $(CFLAGS_$(VARIANT))
ifeq ($(CFLAGS_VARIANT),)
$(error unknown VARIANT '$(VARIANT)': dev, release, asan, static, fuzz or afl)
endif

B := build/$(VARIANT)
BIN := $(if $(filter release,$(VARIANT)),build/bin,$(B)/bin)

# The rooms of lib/, each with the rooms whose headers it may include: only these are on its include path, so that any
# other does not compile. docs/ARCHITECTURE.md has the same table, and `make lint` compares the two.
ROOMS := base words run stream capture packet flow policy record pass witness place stage
MAY_base :=
MAY_words := base
MAY_run := base
MAY_stream := base words run
MAY_capture := base words run stream
MAY_packet := base words
MAY_flow := base words packet
MAY_policy := base words packet flow
MAY_record := base words
MAY_pass := base words run stream capture packet flow policy record
MAY_witness := base words run
MAY_place := base
MAY_stage := base words record place
# tools/: what programs share, what only reports need, and the programs, which may use everything.
MAY_face := $(ROOMS)
MAY_report := $(ROOMS) face
MAY_tools := $(ROOMS) face report
FOLDER_face := tools/face
FOLDER_report := tools/report
folder = $(or $(FOLDER_$1),lib/$1)
see = $(foreach room,$1,-I$(call folder,$(room)))

# lib/: one archive; the linker takes from it what a program needs, so only programs that verify against an
# original are linked with libpcap (which costs 0.9 ms at every start).
LIB_SOURCES := $(wildcard lib/*/*.c)
LIB_OBJECTS := $(LIB_SOURCES:%.c=$(B)/%.o)
LIB := $(B)/libpcapslim.a
FACE_SOURCES := $(wildcard tools/face/*.c tools/report/*.c)
FACE_OBJECTS := $(FACE_SOURCES:%.c=$(B)/%.o)
FACE := $(B)/libface.a

FILTERS := pcap-scan pcap-truncate pcap-verify pcap-commit pcap-report pcap-run pcap-status pcap-plan
DRIVER := pcap-slim
# One script, made of these parts in this order.
DRIVER_PARTS := head messages places listing free run several main
DRIVER_SOURCES := $(DRIVER_PARTS:%=tools/pcap-slim/%.sh)
PROGRAMS := $(FILTERS:%=$(BIN)/%) $(BIN)/$(DRIVER)
UNIT_TESTS := $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/test_*.c))

# Loaded when they are needed; a static program has them in it.
LIBS_CODECS := $(if $(filter static,$(VARIANT)),-lz -lzstd -llz4 -llzma)
LIBS_pcap-scan := -ljansson -lxxhash -lseccomp $(LIBS_CODECS)
LIBS_pcap-truncate := -lnettle -ljansson -lxxhash -lseccomp $(LIBS_CODECS)
LIBS_pcap-verify := -lnettle -lpcap -ljansson -lxxhash -lseccomp $(LIBS_CODECS)
LIBS_pcap-commit := -lnettle -lpcap -ljansson -lxxhash -lseccomp $(LIBS_CODECS)
LIBS_pcap-report := -ljansson -lxxhash -lseccomp
LIBS_pcap-status := -lnettle -ljansson -lxxhash -lseccomp $(LIBS_CODECS)
LIBS_pcap-run := -lxxhash
LIBS_pcap-plan := -lxxhash

.PHONY: all analyze bench bench-full check clean dev fidelity fixtures format fuzz fuzz-afl fuzz-replay harnesses help hooks judge lint noise-rate rotation \
        recordings torture unit unit-programs
.DELETE_ON_ERROR:
.SUFFIXES:

all: $(PROGRAMS) ## everything runnable, in build/bin/ (VARIANT=asan: with ASan and UBSan, in build/asan/bin/)

dev: all ## the same without optimising at link time, in build/dev/bin/: seconds after touching one file

help: ## this list
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | sort | awk -F '\t' '{ printf "%-14s %s\n", $$1, $$2 }'
	@echo 'V=1 shows the commands. PREFIX, DESTDIR and MANDIR as usual; VARIANT: dev, release, asan, static, fuzz, afl.'

# The loops over blocks are long functions in which everything is inlined. With registers allocated over the whole of
# each at once the one of the policy `flow` spills less: 11 of 418 instructions a packet. Those over records spill more.
$(B)/lib/pass/blocks.o: CFLAGS_FILE := $(if $(filter release static,$(VARIANT)),-fira-region=one)

# Of all sources one knows the version.
$(B)/tools/face/cli.o: VERSION
$(B)/tools/face/cli.o: CFLAGS_FILE := -DPCAPSLIM_VERSION='"$(VERSION)"'

$(B)/lib/%.o: ROOM = $(call see,$(MAY_$(patsubst lib/%/,%,$(dir $<))))
$(B)/tools/%.o: ROOM = $(call see,$(MAY_tools))
$(B)/tools/face/%.o: ROOM = $(call see,$(MAY_face))
$(B)/tools/report/%.o: ROOM = $(call see,$(MAY_report))
$(B)/tests/%.o: ROOM = $(call see,$(MAY_tools))
$(B)/packaging/%.o: ROOM =

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(STANDARD) $(CPPFLAGS) $(ROOM) $(WARNINGS) $(CFLAGS_VARIANT) $(CFLAGS_FILE) $(CFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(LIB_OBJECTS)
	@rm -f $@
	$(say) AR $@
	$(Q)$(AR) rcs $@ $^

$(FACE): $(FACE_OBJECTS)
	@rm -f $@
	$(say) AR $@
	$(Q)$(AR) rcs $@ $^

STAND_INS := $(if $(filter static,$(VARIANT)),$(B)/packaging/static/dbus.o $(B)/packaging/static/names.o)
# Nothing can be loaded into a static program, so libpcap is in all that may have expressions.
LIBS_static := $(if $(filter static,$(VARIANT)),-lpcap)

$(FILTERS:%=$(BIN)/%): $(BIN)/%: $(B)/tools/%.o $(FACE) $(LIB) $(STAND_INS)
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS_$(VARIANT)) $(LDFLAGS) -o $@ $^ $(LIBS_$*) $(LIBS_static)

$(BIN)/$(DRIVER): $(DRIVER_SOURCES) Makefile
	@mkdir -p $(@D)
	$(say) GEN $@
	$(Q)awk 'FNR == 1 && NR > 1 { print "" } { print }' $(DRIVER_SOURCES) | sed 's|@SYSCONFDIR@|$(SYSCONFDIR)|' >$@.new && chmod 755 $@.new && mv $@.new $@

# Objects hold machine code as well: without optimising each of the many programs anew, linking them takes no time.
$(B)/tests/%: $(B)/tests/unit/%.o $(FACE) $(LIB)
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(filter-out -flto%,$(LDFLAGS_$(VARIANT))) -fno-lto $(LDFLAGS) -o $@ $^ -lcmocka -lpcap -ljansson -lxxhash -lseccomp -lnettle

# The harnesses: with a fuzzer's main, or with one that replays files.
HARNESSES := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
HARNESS_PARTS := $(B)/tests/fuzz/fuzz.o $(B)/tests/fuzz/model.o $(B)/tests/fuzz/trial.o $(B)/tests/fuzz/stream.o $(B)/tests/fuzz/packed.o $(B)/tests/fuzz/unpacking.o $(if $(HARNESS_LDFLAGS_$(VARIANT)),,$(B)/tests/fuzz/replay.o)

$(HARNESSES:%=$(B)/fuzz/%): $(B)/fuzz/%: $(B)/tests/fuzz/fuzz_%.o $(HARNESS_PARTS) $(FACE) $(LIB)
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS_$(VARIANT)) $(HARNESS_LDFLAGS_$(VARIANT)) $(LDFLAGS) -o $@ $^ -lpcap -ljansson -lxxhash -lz -lzstd -llz4 -llzma

harnesses: $(HARNESSES:%=$(B)/fuzz/%)

unit-programs: $(UNIT_TESTS)

unit: $(if $T,$(T:%=$(B)/tests/test_%),unit-programs) ## unit tests, from build/dev/; T=locate or T='locate cut' for some
	@for t in $(if $T,$(T:%=$(B)/tests/test_%),$(UNIT_TESTS)); do echo "# $$t"; "$$t" || exit 1; done

hooks: ## before each commit: format, shellcheck, unit tests of what changed
	sh scripts/install-hooks

check: ## build release and asan and run every test, as CI does
	sh scripts/run-tests

torture: all ## the long forms of tests/torture, as root, an hour, where others need not work; docs/RELIABILITY.md
	tests/torture/long

fixtures: ## make the synthetic captures anew
	scripts/make-fixtures

recordings: ## record real programs anew
	sh scripts/record-fixtures
	sh scripts/record-tunnels

bench: all ## how fast, beside other programs; BENCH='--rounds 3' and the like
	tests/bench/bench $(BENCH)

bench-full: all ## the same with large captures
	tests/bench/bench --full $(BENCH)

fidelity: all ## what tshark still reads from slim captures: CAPTURES=DIR
	scripts/fidelity --losses '$(CAPTURES)'

noise-rate: ## how often the test for noise errs on real traffic: CAPTURES=DIR
	scripts/noise-rate '$(CAPTURES)'

rotation: all ## what slimming the pieces of captures gives against slimming them whole: CAPTURES=DIR
	scripts/rotation '$(CAPTURES)'

judge: all ## the policy flow over conversations of which each byte is known; JUDGE='--random 3' and the like
	BIN_DIR=$(BIN) /usr/bin/python3 tests/judge/judge.py $(JUDGE)

format: ## format the C sources
	$(CLANG_FORMAT) -i lib/*/*.[ch] tools/*.c tools/*/*.[ch] tests/unit/*.[ch] tests/fuzz/*.[ch] tests/torture/*.c

lint: ## shellcheck, clang-format, man pages, the table of rooms, rules that grep can see
	sh scripts/lint

analyze: ## static judgement, all of it (CI runs `scripts/analyze fast`)
	sh scripts/analyze

# What it finds is left in build/fuzz-work/found/.
FUZZ_SECONDS ?= 300
fuzz: ## a campaign with libFuzzer, FUZZ_SECONDS for each harness
	sh scripts/fuzz libfuzzer $(FUZZ_SECONDS)

fuzz-afl: ## the same with AFL++
	sh scripts/fuzz afl $(FUZZ_SECONDS)

fuzz-replay: ## the seed corpus, without a fuzzer
	sh scripts/fuzz replay

include packaging/package.mk

clean: ## remove build/
	rm -rf build

-include $(wildcard $(B)/lib/*/*.d $(B)/tools/*.d $(B)/tools/*/*.d $(B)/tests/unit/*.d $(B)/tests/fuzz/*.d)
