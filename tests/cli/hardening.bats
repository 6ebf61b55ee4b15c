#!/usr/bin/env bats
# What the compiler and the linker are asked for is there in the programs.

load helpers

setup_more() {
    case $BIN_DIR in */asan/*) skip "sanitizer builds are not hardened" ;; esac
    command -v objdump >/dev/null || skip "no binutils"
    PROGRAMS="pcap-scan pcap-truncate pcap-verify pcap-commit pcap-report pcap-run pcap-status pcap-plan"
}

# each PROGRAM: FUNCTION holds for every program.
each() {
    local program
    for program in $PROGRAMS; do
        "$1" "$BIN_DIR/$program" || explain "$program: $1"
    done
}

is_pie() { readelf -hW "$1" | grep -q 'Type: *DYN' && readelf -dW "$1" | grep -q 'FLAGS_1.*PIE'; }
has_full_relro() { readelf -lW "$1" | grep -q GNU_RELRO && readelf -dW "$1" | grep -Eq 'BIND_NOW|FLAGS.* NOW'; }
has_no_executable_stack() { readelf -lW "$1" | grep -Eq 'GNU_STACK.* RW +0x'; }
has_no_writable_code() { ! readelf -lW "$1" | grep -Eq ' LOAD .* RWE '; }
has_stack_protector() { readelf -sW --dyn-syms "$1" | grep -q '__stack_chk_fail'; }
is_fortified() { readelf -sW --dyn-syms "$1" | grep -Eq '__(v?fprintf|v?snprintf|v?printf|memcpy|read|strcpy|memmove)_chk'; }
# Of a large frame every page is touched when it is made.
probes_its_stack() { objdump -d --no-show-raw-insn "$1" | grep -Eq 'or[ql] +\$0x0,(0x[0-9a-f]+)?\(%rsp'; }
has_no_search_path() { ! readelf -dW "$1" | grep -Eq 'RPATH|RUNPATH'; }
has_no_text_relocations() { ! readelf -dW "$1" | grep -q TEXTREL; }

# The note that the loader would ask for is there only if the C library's own start files have it, which Debian 12's have
# not; so the code is looked at: where a function may be jumped to there is an instruction that says so.
has_cet() { objdump -d --no-show-raw-insn --disassemble=main "$1" | grep -A 1 '<main>:' | grep -q endbr64; }

@test "position-independent, full RELRO, no executable stack, no writable code, no search path" {
    each is_pie
    each has_full_relro
    each has_no_executable_stack
    each has_no_writable_code
    each has_no_search_path
    each has_no_text_relocations
}

@test "stack protector and fortified functions" {
    each has_stack_protector
    each is_fortified
}

@test "control-flow enforcement, large frames of the stack" {
    [ "$(uname -m)" = x86_64 ] || skip "x86-64 only"
    each has_cet
    each probes_its_stack
}

# ---- how a program is started ----

# In the trace, no file but /dev/null has the number of a standard descriptor once main() has begun.
no_file_is_standard() {
    "$PYTHON" - "$1" <<'EOF'
import re, sys
begun = False
for line in open(sys.argv[1], errors="replace"):
    opened = re.search(r'(?:openat|dup)\((.*)\) += [012]$', line)
    begun = begun or '"/dev/null"' in line
    if begun and opened and '"/dev/null"' not in opened[1]:
        sys.exit(line)
if not begun:
    sys.exit("nothing was reserved")
EOF
}

@test "no file gets the number of a standard descriptor that a program is started without" {
    mkdir d
    cp "$FIXTURES/good-real-tls13.pcap" d/a.pcap
    pcap-truncate d/a.pcap >slim.pcap
    printf '' >empty
    local words
    for words in 'pcap-truncate d/a.pcap' 'pcap-truncate --record r.json d/a.pcap' 'pcap-scan d/a.pcap' 'pcap-commit d/a.pcap' \
        'pcap-verify --original d/a.pcap slim.pcap' 'pcap-report --expect empty' 'pcap-status d' 'pcap-run true'; do
        # shellcheck disable=SC2086 # words
        strace -o log -e trace=openat,dup $words <&- >&- 2>&- || true
        no_file_is_standard log || explain "$words: $(cat log)"
    done
    cmp d/a.pcap "$FIXTURES/good-real-tls13.pcap" || explain "the capture was written to"
}

@test "to use a standard descriptor that is not there still fails" {
    runs sh -c 'pcap-truncate "$1" >&-' sh "$FIXTURES/good-real-tls13.pcap"
    refused_with "pcap-truncate: $FIXTURES/good-real-tls13.pcap: cannot write the slim capture: Bad file descriptor"
    runs sh -c 'pcap-truncate <&-'
    refused_with "pcap-truncate: standard input: offset 0: cannot read: Bad file descriptor"
    runs sh -c 'pcap-scan --version >&-'
    status_is 1
}

@test "pcap-slim under a limit on file sizes: an error, and nothing stays behind" {
    mkdir d scratch
    cp "$FIXTURES/good-real-tls13.pcap" d/a.pcap
    local target
    for target in '--single d/a.pcap' '--dir d' 'd/a.pcap'; do
        # shellcheck disable=SC2016 # expanded inside
        TMPDIR=$PWD/scratch bash -c 'exec 3>&1; (ulimit -f 0; exec pcap-slim $1) 2>&1 | cat >messages; exit "${PIPESTATUS[0]}"' \
            bash "$target" && status=0 || status=$?
        status_is 1
        only_files scratch
    done
    same_bytes d/a.pcap "$FIXTURES/good-real-tls13.pcap"
}
