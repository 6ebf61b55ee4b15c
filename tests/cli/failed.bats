#!/usr/bin/env bats
# What failed last time and why: notes in .slim_markers/.failed, which pcap-slim --status reads.
load slim-helpers

DAMAGED='offset 348, packet 4: packet cut short after 0 of 60 bytes; the capture is damaged or still being written; --cut-tail keep slims what is before it'

setup_more() {
    mkdir d
    cp "$FIXTURES/good-real-ssh.pcap" d/a.pcap
    cp "$FIXTURES/bad-body-none.pcap" d/b.pcap
}

NOTES=d/.slim_markers/.failed

# note_says NAME TEXT: the note about it gives this reason, and nothing else is with the notes.
note_says() {
    only_files "${3-$NOTES}" "$1"
    [ "$(jq -r '.status + " " + .file + " " + .error' "${3-$NOTES}/$1")" = "fail ${4-$1} $2" ] || explain "$(cat "${3-$NOTES}/$1")"
}

@test "a file that fails leaves a note: --status says why and when" {
    runs pcap-slim --dir d
    status_is 1
    note_says b.pcap "$DAMAGED"
    [ "$(stat -c %a $NOTES) $(stat -c %a $NOTES/b.pcap)" = '755 644' ]
    touch -d '2026-01-02T03:04:05Z' $NOTES/b.pcap
    runs pcap-slim --status d
    status_is 1
    out_is "slim          a.pcap
failed        b.pcap: $DAMAGED (2026-01-02T03:04:05Z)
status: slim=1 changed=0 failed=1 pending=0 too_young=0 left_alone=0 orphan_marker=0 pruned_marker=0 in=60166 out=24386 saved=35780 (59 %)"
    runs pcap-slim --status d --output json --age-minutes 600
    status_is 1
    json_is '.summary.failed == 1 and .summary.pending == 0'
    json_is ".files[1] == {file: \"b.pcap\", state: \"failed\", why: \"$DAMAGED\", when: \"2026-01-02T03:04:05Z\"}"
}

@test "the time of the note is that of the last failure; the note goes when the file is slim" {
    pcap-slim --dir d 2>/dev/null || true
    touch -d '2000-01-01' $NOTES/b.pcap
    runs pcap-slim --dir d --retry-failed
    status_is 1
    [ -n "$(find $NOTES/b.pcap -mmin -10)" ] || explain "the time stayed"
    cp "$FIXTURES/good-real-ssh.pcap" d/b.pcap
    runs pcap-slim --dir d
    status_is 0
    only_files d/.slim_markers a.pcap b.pcap
    # By hand as well.
    rm d/.slim_markers/b.pcap
    cp "$FIXTURES/bad-body-none.pcap" d/b.pcap
    pcap-slim --dir d 2>/dev/null || true
    [ -e $NOTES/b.pcap ]
    cp "$FIXTURES/good-real-ssh.pcap" d/b.pcap
    pcap-truncate <d/b.pcap >slim
    runs_from slim pcap-commit d/b.pcap
    status_is 0
    only_files d/.slim_markers a.pcap b.pcap
}

@test "trees, files by name, other patterns, one file" {
    mkdir -p t/sub
    cp d/b.pcap t/sub/b.pcap
    cp d/b.pcap t/c.cap
    runs pcap-slim --dir t --recursive --glob '*.pcap' --glob '*.cap'
    status_is 1
    note_says c.cap "$DAMAGED" t/.slim_markers/.failed
    note_says b.pcap "$DAMAGED" t/sub/.slim_markers/.failed sub/b.pcap
    runs pcap-slim --status t
    out_has "failed        c.cap: $DAMAGED ("
    rm -r t/sub/.slim_markers
    runs pcap-slim t/sub/b.pcap
    status_is 1
    note_says b.pcap "$DAMAGED" t/sub/.slim_markers/.failed t/sub/b.pcap
    rm -r t/sub/.slim_markers
    runs pcap-slim --single t/sub/b.pcap --stage-dir t
    status_is 1
    note_says b.pcap "$DAMAGED" t/sub/.slim_markers/.failed
}

@test "--check-only and --dry-run write no note" {
    local before mode
    before=$(picture d)
    for mode in --check-only --dry-run; do
        runs pcap-slim --dir d $mode
        unchanged d "$before"
    done
}

@test "whichever stage fails, and one that dies: there is a note" {
    local stage
    mkdir bin
    for stage in truncate verify commit; do
        rm -rf d/.slim_markers bin/*
        cp "$FIXTURES/good-real-ssh.pcap" d/a.pcap
        cp "$FIXTURES/good-real-dns.pcap" d/b.pcap
        # Dies before it has handed on anything; the tidying up behind the run is not the stage.
        printf '#!/bin/sh\ncase " $* " in *" --clean"* | *"--print-policy"*) exec "%s" "$@" ;; esac\nkill -9 $$\n' \
            "$BIN_DIR/pcap-$stage" >"bin/pcap-$stage"
        for program in "$BIN_DIR"/pcap-*; do
            [ "${program##*/}" = "pcap-$stage" ] || ln -s "$program" bin
        done
        rm bin/pcap-slim
        cp "$BIN_DIR/pcap-slim" bin
        chmod 755 "bin/pcap-$stage"
        runs bin/pcap-slim --dir d
        status_is 1
        only_files $NOTES a.pcap b.pcap
        runs pcap-slim --status d
        out_has 'failed        a.pcap: no result arrived: a process of the run died; run again ('
    done
    runs pcap-slim --dir d
    status_is 0
    only_files d/.slim_markers a.pcap b.pcap
}

@test "verification and commit that fail" {
    cp "$FIXTURES/good-real-ssh.pcap" d/b.pcap
    rm d/a.pcap
    mkdir bin
    ln -s "$BIN_DIR"/pcap-* bin
    rm bin/pcap-slim bin/pcap-truncate
    cp "$BIN_DIR/pcap-slim" bin
    # What was cut is spoiled before it is verified.
    printf '#!/bin/sh\n"%s" "$@" >records\n[ ! -e b.pcap.tmp ] || printf x | dd of=b.pcap.tmp bs=1 seek=200 conv=notrunc 2>/dev/null\ncat records\nrm records\n' \
        "$BIN_DIR/pcap-truncate" >bin/pcap-truncate
    chmod 755 bin/pcap-truncate
    runs bin/pcap-slim --dir d
    status_is 1
    note_says b.pcap 'its temporary file was taken away or changed by another process'
    only_files d b.pcap .slim_markers
}

@test "an interrupted run leaves no notes" {
    make_big d/a.pcap 20
    rm d/b.pcap d/*.slim
    starts pcap-slim --dir d --max-io-mbps 2
    wait_for is_written d/a.pcap.tmp
    kill -TERM "$run"
    ends
    status_is 143
    only_files d a.pcap
}

@test "--prune-markers: notes whose file is gone, old ones on their way, and the empty folder" {
    pcap-slim --dir d 2>/dev/null || true
    rm d/b.pcap
    : >$NOTES/.new-1
    : >$NOTES/.new-2
    touch -d '1 hour ago' $NOTES/.new-1
    runs pcap-slim --status d
    status_is 0
    out_has 'orphan_marker b.pcap: it failed last time, and there is no such file any more'
    only_files $NOTES b.pcap .new-1 .new-2
    runs pcap-slim --status d --prune-markers
    status_is 0
    out_has 'pruned_marker b.pcap'
    only_files $NOTES .new-2
    touch -d '1 hour ago' $NOTES/.new-2
    runs pcap-slim --status d --prune-markers
    only_files d/.slim_markers a.pcap
}

@test "notes that are none, and what somebody else writes there" {
    pcap-slim --dir d 2>/dev/null || true
    printf '{"file":"b.pcap","status":"fail","error":"\\u001b[2Jx\\ny"}\n' >$NOTES/b.pcap
    runs pcap-slim --status d
    status_is 1
    out_has 'failed        b.pcap: \033[2Jx\012y ('
    : >$NOTES/b.pcap
    runs pcap-slim --status d
    out_has 'failed        b.pcap: the note about it holds no record'
    head -c 1000000 /dev/zero | tr '\0' x >$NOTES/b.pcap
    runs pcap-slim --status d
    status_is 1
    out_has 'failed        b.pcap: the note about it holds no record'
    rm $NOTES/b.pcap
    mkfifo $NOTES/b.pcap
    ln -s ../../../d/a.pcap $NOTES/a.pcap
    runs timeout 20 pcap-slim --status d --prune-markers
    status_is 0
    out_has 'pending       b.pcap'
    only_files $NOTES b.pcap a.pcap
}

@test "where no note can be written there is a warning at most" {
    cp "$FIXTURES/good-real-dns.pcap" d/c.pcap
    mkdir d/.slim_markers elsewhere
    ln -s ../../elsewhere $NOTES
    runs pcap-slim --dir d
    status_is 1
    err_has 'done: ok=2 skip=0 fail=1 '
    err_has 'warning: 1 failure(s) could not be noted for --status: .failed is not a directory of its own'
    only_files elsewhere
    runs pcap-slim --status d
    status_is 1
    err_has '.failed is not a directory of its own'
    rm $NOTES
    mkdir $NOTES
    chmod 555 $NOTES
    runs without_rights pcap-slim --dir d
    status_is 1
    err_has 'warning: 1 failure(s) could not be noted for --status: cannot create the marker: Permission denied'
}

@test "a capture that cannot have a note" {
    cp "$FIXTURES/bad-body-none.pcap" d/.failed
    runs pcap-slim --single d/.failed
    status_is 1
    err_has 'FAIL d/.failed: a capture of this name cannot have a marker; rename it'
}

@test "pcap-commit --note-failed: misuse" {
    runs pcap-commit --note-failed x d/a.pcap
    misuse_is pcap-commit '--note-failed goes with --clean-after'
}

# ---- told once ----

SKIPPED="skip (failed before: $DAMAGED): d/b.pcap"

@test "what failed for its contents fails no run again, until it changes or --retry-failed" {
    local note
    : >d/empty.pcap
    cp "$FIXTURES/unsupported-pcapng-name.pcap" d/ng.pcap
    runs pcap-slim --dir d
    status_is 1
    err_has 'done: ok=1 skip=0 fail=3'
    note=$(stat -c '%i %Y' $NOTES/*)
    runs pcap-slim --dir d
    status_is 0
    err_has "$SKIPPED"
    err_has 'skip (failed before: not a capture: the file is empty): d/empty.pcap'
    err_has 'skip (failed before: not processed: this is '
    err_has 'done: ok=0 skip=4 fail=0'
    [ "$(stat -c '%i %Y' $NOTES/*)" = "$note" ] || explain 'the notes changed'
    runs pcap-slim --dir d --output json
    status_is 0
    json_is ".files[] | select(.file == \"d/b.pcap\") | .status == \"skipped_failed\" and .error == \"$DAMAGED\" and .error_kind == \"contents\""
    runs pcap-slim --dir d --retry-failed
    status_is 1
    err_has "FAIL d/b.pcap: $DAMAGED"
    err_has 'done: ok=0 skip=1 fail=3'
    # It grows, it is written anew: it is another file.
    touch d/b.pcap
    runs pcap-slim --dir d
    status_is 1
    err_has 'done: ok=0 skip=3 fail=1'
    cp "$FIXTURES/good-real-ssh.pcap" d/empty.pcap
    runs pcap-slim --dir d
    status_is 0
    err_has 'ok d/empty.pcap'
    only_files $NOTES b.pcap ng.pcap
}

@test "told once: files by name, a tree, several workers, the stages by hand" {
    mkdir d/sub
    cp d/b.pcap d/sub/b.pcap
    runs pcap-slim --dir d --recursive --workers 2
    status_is 1
    err_has 'fail=2'
    for way in '--dir d --recursive --workers 2' 'd/b.pcap d/sub/b.pcap' '--single d/b.pcap' '--dir d --dry-run' '--dir d --check-only'; do
        runs pcap-slim $way
        status_is 0
        err_has "$SKIPPED"
        out_is ''
        runs pcap-slim $way --retry-failed
        case $way in
        *--dry-run)
            out_is 'would slim: d/b.pcap'
            status_is 0
            ;;
        *)
            err_has "FAIL d/b.pcap: $DAMAGED"
            status_is 1
            ;;
        esac
    done
    printf 'd/b.pcap\0' >list
    runs pcap-truncate --files0-from=list
    json_is '.status == "skipped_failed"'
    runs pcap-truncate --files0-from=list --retry-failed
    json_is '.status == "fail"'
    runs pcap-scan --files0-from=list --pending
    json_is '.status == "skipped_failed"'
    # Who puts something in its place by hand wants that.
    cp "$FIXTURES/good-real-ssh.pcap" good
    runs sh -c 'pcap-truncate good | pcap-commit d/b.pcap'
    status_is 1
    err_has "pcap-commit: d/b.pcap: "
    err_lacks 'failed before'
}

@test "another policy tries again, and remembers that for itself" {
    for policy in '' '--policy flow' '--keep host\ 192.0.2.1'; do
        runs sh -c "pcap-slim --dir d ${policy:+$policy}"
        status_is 1
        err_has "FAIL d/b.pcap: $DAMAGED"
        runs sh -c "pcap-slim --dir d ${policy:+$policy}"
        status_is 0
        err_has "$SKIPPED"
        runs sh -c "pcap-slim --dir d --dry-run ${policy:+$policy}"
        err_has "$SKIPPED"
    done
    runs pcap-slim --dir d --dry-run
    out_is 'would slim: d/b.pcap'
}

@test "what failed for the system's sake, or because somebody was at work on it, is tried every time" {
    local kind
    rm d/a.pcap
    mkdir -p $NOTES
    for kind in '' system changed interrupted contents; do
        # As a run notes it, of this very file.
        jq -n -c --arg kind "$kind" --argjson size "$(stat -c %s d/b.pcap)" --argjson sec "$(stat -c %Y d/b.pcap)" \
            --argjson ns "$(stat -c %y d/b.pcap | sed 's/.*\.0*\([0-9][0-9]*\) .*/\1/')" --arg digest "$(digest_of_policy)" \
            '{file: "b.pcap", status: "fail", error: "no", length_mode: "rewrite", checksum: "compute", policy_digest: $digest,
              stage: {source: {device: 1, inode: 1, size: $size, mtime_sec: $sec, mtime_ns: $ns}}} +
             if $kind == "" then {} else {error_kind: $kind} end' >$NOTES/b.pcap
        runs pcap-slim --dir d
        if [ "$kind" = contents ]; then
            status_is 0
            err_has 'skip (failed before: no): d/b.pcap'
        else
            status_is 1
            err_has "FAIL d/b.pcap: $DAMAGED"
        fi
    done
}
digest_of_policy() { pcap-scan "$FIXTURES/good-real-ssh.pcap" | jq -r .policy_digest; }

@test "notes of another version, which say less, keep nobody from trying" {
    mkdir -p $NOTES
    printf '{"file":"b.pcap","status":"fail","error":"no","error_kind":"contents"}\n' >$NOTES/b.pcap
    runs pcap-slim --dir d
    status_is 1
    err_has "FAIL d/b.pcap: $DAMAGED"
}

@test "in the journal what failed before is not said again; the configuration file may want it tried" {
    pcap-slim --dir d 2>/dev/null || true
    runs pcap-slim --dir d --log journal
    status_is 0
    err_lacks 'failed before'
    err_has 'done: ok=0 skip=2 fail=0'
    printf 'retry-failed = yes\n' >conf
    runs pcap-slim --config conf --dir d
    status_is 1
    runs pcap-slim --config conf --dir d --no-retry-failed
    status_is 0
}
