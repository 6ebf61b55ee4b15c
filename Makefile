# One non-recursive makefile. Every variant (release, asan) builds into a folder of its own below build/.
#
#   make                    everything runnable, in build/bin/
#   make VARIANT=asan       the same with ASan and UBSan, in build/asan/
#   make torture            the long torture tests
#   make check              build both variants and run every test
#   make install PREFIX=/usr/local DESTDIR=
#   make uninstall          the same arguments
#   make static             programs that need nothing installed, in build/static/bin/
#   make dist deb rpm       packages, in build/
#   make compdb             compile_commands.json

VERSION := $(shell cat VERSION)
VARIANT ?= release
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

CFLAGS_release := -O2 -g -flto=auto -ffat-lto-objects $(HARDENING) $(ARCH_HARDENING)
LDFLAGS_release := -O2 -flto=auto $(HARDENED_LINK)
# release, but for valgrind, which a sandbox would stop
CFLAGS_count := $(CFLAGS_release) -DPCAPSLIM_NO_SANDBOX
LDFLAGS_count := $(LDFLAGS_release)
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
CFLAGS_static := -O2 -g -flto=auto -ffat-lto-objects $(HARDENING) $(ARCH_HARDENING)
LDFLAGS_static := -O2 -flto=auto -static-pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,--no-warnings
CFLAGS_VARIANT := $(CFLAGS_$(VARIANT))
ifeq ($(CFLAGS_VARIANT),)
$(error unknown VARIANT '$(VARIANT)': release, count, asan, static, fuzz or afl)
endif

B := build/$(VARIANT)
BIN := $(if $(filter release,$(VARIANT)),build/bin,$(B)/bin)

# lib/: one archive; the linker takes from it what a program needs, so only programs that verify against an
# original are linked with libpcap (which costs 0.9 ms at every start).
LIB_SOURCES := $(wildcard lib/*.c)
LIB_OBJECTS := $(LIB_SOURCES:%.c=$(B)/%.o)
LIB := $(B)/libpcapslim.a
FACE_SOURCES := tools/cli.c tools/options.c tools/options_in_common.c tools/limit_options.c tools/policy_options.c tools/stage.c tools/tidy.c tools/fault.c tools/confine.c \
                tools/quantity.c tools/outcome.c tools/metrics.c tools/report_lines.c tools/progress_line.c tools/watch.c \
                tools/overview.c tools/overview_text.c tools/overview_html.c
FACE_OBJECTS := $(FACE_SOURCES:%.c=$(B)/%.o)
FACE := $(B)/libface.a

FILTERS := pcap-scan pcap-truncate pcap-verify pcap-commit pcap-report pcap-run pcap-status
DRIVER := pcap-slim
# One script, made of these parts in this order.
DRIVER_PARTS := head messages usage values options config places listing free run main
DRIVER_SOURCES := $(DRIVER_PARTS:%=tools/pcap-slim/%.sh)
PROGRAMS := $(FILTERS:%=$(BIN)/%) $(BIN)/$(DRIVER)
UNIT_TESTS := $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/test_*.c))

LIBS_pcap-scan := -ljansson -lxxhash -lseccomp
LIBS_pcap-truncate := -lnettle -ljansson -lxxhash -lseccomp
LIBS_pcap-verify := -lnettle -lpcap -ljansson -lxxhash -lseccomp
LIBS_pcap-commit := -lnettle -lpcap -ljansson -lxxhash -lseccomp
LIBS_pcap-report := -ljansson -lxxhash -lseccomp
LIBS_pcap-status := -lnettle -ljansson -lxxhash -lseccomp
LIBS_pcap-run := -lxxhash

.PHONY: all bench bench-full check unit unit-programs harnesses fuzz fuzz-afl fuzz-replay analyze install uninstall clean format lint recordings fixtures fidelity
.DELETE_ON_ERROR:
.SUFFIXES:

all: $(PROGRAMS)

# The loops over records are long functions in which everything is inlined. With registers allocated over the whole of
# each at once the one of the policy `flow` spills less: 2 of 364 instructions a packet.
$(B)/lib/slim.o: CFLAGS_FILE := $(if $(filter release count static,$(VARIANT)),-fira-region=one)

$(B)/%.o: %.c VERSION
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(STANDARD) $(CPPFLAGS) -DPCAPSLIM_VERSION='"$(VERSION)"' -Ilib -Itools $(WARNINGS) $(CFLAGS_VARIANT) $(CFLAGS_FILE) $(CFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(LIB_OBJECTS)
	@rm -f $@
	$(say) AR $@
	$(Q)$(AR) rcs $@ $^

$(FACE): $(FACE_OBJECTS)
	@rm -f $@
	$(say) AR $@
	$(Q)$(AR) rcs $@ $^

STAND_INS := $(if $(filter static,$(VARIANT)),$(B)/packaging/static/dbus.o)

$(FILTERS:%=$(BIN)/%): $(BIN)/%: $(B)/tools/%.o $(FACE) $(LIB) $(STAND_INS)
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS_$(VARIANT)) $(LDFLAGS) -o $@ $^ $(LIBS_$*)

$(BIN)/$(DRIVER): $(DRIVER_SOURCES) VERSION Makefile
	@mkdir -p $(@D)
	$(say) GEN $@
	$(Q)awk 'FNR == 1 && NR > 1 { print "" } { print }' $(DRIVER_SOURCES) | sed 's/@VERSION@/$(VERSION)/; s|@SYSCONFDIR@|$(SYSCONFDIR)|' >$@.new && chmod 755 $@.new && mv $@.new $@

# Objects hold machine code as well: without optimising each of the many programs anew, linking them takes no time.
$(B)/tests/%: $(B)/tests/unit/%.o $(FACE) $(LIB)
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(filter-out -flto%,$(LDFLAGS_$(VARIANT))) -fno-lto $(LDFLAGS) -o $@ $^ -lcmocka -lpcap -ljansson -lxxhash -lseccomp -lnettle

# The harnesses: with a fuzzer's main, or with one that replays files.
HARNESSES := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
HARNESS_PARTS := $(B)/tests/fuzz/fuzz.o $(B)/tests/fuzz/model.o $(B)/tests/fuzz/trial.o $(B)/tests/fuzz/stream.o $(if $(HARNESS_LDFLAGS_$(VARIANT)),,$(B)/tests/fuzz/replay.o)

$(HARNESSES:%=$(B)/fuzz/%): $(B)/fuzz/%: $(B)/tests/fuzz/fuzz_%.o $(HARNESS_PARTS) $(LIB)
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS_$(VARIANT)) $(HARNESS_LDFLAGS_$(VARIANT)) $(LDFLAGS) -o $@ $^ -lpcap -ljansson -lxxhash

harnesses: $(HARNESSES:%=$(B)/fuzz/%)

unit-programs: $(UNIT_TESTS)

unit: unit-programs
	@for t in $(UNIT_TESTS); do echo "# $$t"; "$$t" || exit 1; done

check:
	sh scripts/run-tests

# The long forms of tests/torture, as root; docs/RELIABILITY.md. Not where others must not be disturbed: about an hour.
.PHONY: torture
torture: all
	tests/torture/long

fixtures:
	scripts/make-fixtures

recordings:
	sh scripts/record-fixtures
	sh scripts/record-tunnels

# How fast, beside other programs: tests/bench/bench --help. BENCH='--rounds 3' and the like.
bench: all
	tests/bench/bench $(BENCH)

bench-full: all
	tests/bench/bench --full $(BENCH)

# What tshark still reads from slim captures: make fidelity CAPTURES=DIR
fidelity: all
	scripts/fidelity --losses '$(CAPTURES)'

format:
	$(CLANG_FORMAT) -i lib/*.[ch] tools/*.[ch] tests/unit/*.[ch] tests/fuzz/*.[ch] tests/torture/*.c

lint:
	sh scripts/lint

# Static judgement, all of it; CI runs `scripts/analyze fast`.
analyze:
	sh scripts/analyze

# A campaign: FUZZ_SECONDS for each harness. What it finds is left in build/fuzz/found/.
FUZZ_SECONDS ?= 300
fuzz:
	sh scripts/fuzz libfuzzer $(FUZZ_SECONDS)

fuzz-afl:
	sh scripts/fuzz afl $(FUZZ_SECONDS)

fuzz-replay:
	sh scripts/fuzz replay

include packaging/package.mk

clean:
	rm -rf build

-include $(wildcard $(B)/lib/*.d $(B)/tools/*.d $(B)/tests/unit/*.d $(B)/tests/fuzz/*.d)
