# Shared by the slim-*.bats files: pcap-slim, the driver.

load helpers

# A capture of 7 packets, 3 of which are cut (fixtures/README.md).
SMALL=$FIXTURES/good-payload-tcp.pcap

misused() {
    status_is 2
    out_is ''
    err_is "pcap-slim: $1
Try 'pcap-slim --help'."
}

bytes_of() { stat -c %s -- "$1"; }

# The oracle's slim captures of every good fixture, under the same names in $ORACLE; once a bats file, from setup_file.
make_oracle() {
    local dir=$BATS_FILE_TMPDIR/oracle n=0 file
    mkdir -p "$dir/batch"
    find "$FIXTURES" -name 'good-*.pcap' -print0 | LC_ALL=C sort -z >"$dir/list"
    "$PYTHON" "$ROOT/tests/oracle/oracle.py" --batch "$dir/list" "$dir/batch"
    while IFS= read -r -d '' file; do
        mv -- "$dir/batch/$n.out" "$dir/${file##*/}"
        n=$((n + 1))
    done <"$dir/list"
    rmdir "$dir/batch"
    rm "$dir/list"
    export ORACLE=$dir
}

# make_big PATH MEGABYTES: full TLS frames, nearly all of it cut. $PATH.slim gets what is right by the oracle's
# word on the first packets, which repeat.
make_big() {
    local part=$BATS_FILE_TMPDIR/part
    [ -e "$part.slim" ] || make_part "$part"
    repeat "$part" "$1" $(($2 * 1000000 / 153000))
    repeat "$part.slim" "$1.slim" $(($2 * 1000000 / 153000))
}
make_part() {
    "$PYTHON" - "$1" <<'PY'
import struct, sys
def frame(n):
    tcp = struct.pack("!HHIIBBHHH", 443, 50000, n, 1, 5 << 4, 0x18, 1000, 0, 0)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 1500, n, 0x4000, 64, 6, 0, b"\xc0\0\2\1", b"\xc0\0\2\2")
    return b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + ip + tcp + (b"\x17\x03\x03" + bytes(range(256)) * 6)[:1460]
with open(sys.argv[1], "wb") as out:
    out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
    for i in range(100):
        out.write(struct.pack("<IIII", 1700000000, i, 1514, 1514) + frame(i))
PY
    oracle "$1" "$1.slim"
}

# repeat FROM TO N: FROM's packets N times.
repeat() {
    "$PYTHON" -c 'import sys
data = open(sys.argv[1], "rb").read()
open(sys.argv[2], "wb").write(data[:24] + data[24:] * int(sys.argv[3]))' "$@"
}

# forget_notes DIR: the notes about what failed there, which --status reads (failed.bats).
forget_notes() {
    rm -rf "$1/.slim_markers/.failed"
    rmdir "$1/.slim_markers" 2>/dev/null || true
}

# ---- on a terminal ----

# on_screen COLUMNS COMMAND...: on a terminal as wide as that; raw is what it got, $out what is left on it.
on_screen() {
    TERM=xterm SCREEN_RAW=raw runs kit screen "$@"
}

# The progress lines that were drawn, one a line.
drawn() { "$PYTHON" -c 'import re, sys
for line in re.findall(r"\r([^\r\n]*)\x1b\[J\r", open(sys.argv[1], newline="").read()):
    if line: print(line)' raw; }

# ---- runs in the background ----

# starts COMMAND...: in a session of its own, whose number is its process id: $run. Its output goes where runs puts it.
starts() {
    last_command="$*"
    out_file=$BATS_TEST_TMPDIR/.out err_file=$BATS_TEST_TMPDIR/.err
    "${AT_A_TERMINAL[@]}" setsid "$@" >"$out_file" 2>"$err_file" </dev/null 3>&- &
    run=$!
}

# Sets what runs sets.
ends() {
    status=0
    wait "$run" || status=$?
    read_text out "$out_file"
    read_text err "$err_file"
}

# The living processes of session $1, of the name $2 if given.
session_pids() { pgrep --runstates D,I,R,S,T --session "$1" ${2:+--exact "$2"}; }

# The run stands still until it is let go on, however long what comes between takes.
is_held() { kill -STOP $(session_pids "$run"); }
goes_on() { kill -CONT $(session_pids "$run"); }

session_is_over() { [ -z "$(session_pids "$1")" ]; }
nothing_runs() { wait_for session_is_over "$run"; }
is_written() { [ -s "$1" ]; }
# has_open PID PATH
has_open() {
    local fd
    for fd in "/proc/$1"/fd/*; do
        [ "$(readlink "$fd")" != "$2" ] || return 0
    done
    return 1
}
