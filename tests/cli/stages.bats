#!/usr/bin/env bats
# The filters as stages over many files:
# pcap-truncate --files0-from | pcap-verify --records | pcap-commit --records | pcap-report

load helpers

bats_require_minimum_version 1.5.0

# w/a.pcap, w/b.pcap, w/c.pcap; names: their list; slim: what each is to become.
setup_more() {
    mkdir w
    cp "$FIXTURES/good-payload-tcp.pcap" original
    for name in a b c; do
        cp original w/$name.pcap
        touch -d '2020-01-02 03:04:05.123456789 UTC' w/$name.pcap
    done
    printf 'w/%s.pcap\0' a b c >names
    pcap-truncate original >slim
    background=''
}

teardown_more() { end_background; }

# The chain as a run, over the list `names`; DIRECTORY is where the files are.
chain() {
    pcap-run --claim-fd 9 --dir "$1" sh -c 'pcap-truncate --files0-from=names --claim-fd 9 |
        pcap-verify --records | pcap-commit --records --claim-fd 9 | pcap-report --expect names'
}

# Up to a stage, with one name: records in cut.json, verified.json.
cut_a() {
    printf 'w/a.pcap\0' | pcap-truncate --files0-from=- >cut.json
    same_bytes w/a.pcap.tmp slim
}
verify_a() {
    cut_a
    pcap-verify --records <cut.json >verified.json
    jq -e '.status == "verified"' verified.json >/dev/null
}

# The last stage leaves w/a.pcap as it was, for that reason, and nothing beside it: not_committed RECORDS REASON
not_committed() {
    runs_from "$1" pcap-commit --records
    status_is 0
    err_empty
    jq -e --arg error "$2" '.status == "fail" and .error == $error and (has("stage") | not)' "$out_file" >/dev/null ||
        explain "expected error: $2"
    same_bytes w/a.pcap original
    only_files w a.pcap b.pcap c.pcap
}

# ---- the first stage ----

@test "stages: pcap-truncate leaves the slim capture beside its original, and says which files they are" {
    local before
    before=$(stat -c '%d %i %s %.9Y' w/a.pcap)
    printf 'w/a.pcap\0' >names
    runs pcap-truncate --files0-from=names
    status_is 0
    err_empty
    same_bytes w/a.pcap.tmp slim
    same_bytes w/a.pcap original
    [ "$(stat -c '%a %h' w/a.pcap.tmp)" = '600 1' ]
    [ "$(jq -r '.stage.source | "\(.device) \(.inode) \(.size) \(.mtime_sec).\(.mtime_ns)"' "$out_file")" = "$before" ]
    [ "$(jq -r '.stage.tmp | "\(.device) \(.inode) \(.size) \(.mtime_sec)"' "$out_file")" = "$(stat -c '%d %i %s %Y' w/a.pcap.tmp)" ]
    pcap-truncate --record r.json original >/dev/null
    [ "$(jq -S 'del(.stage, .file, .status, .elapsed_ms)' "$out_file")" = "$(jq -S 'del(.file, .status, .elapsed_ms)' r.json)" ]
    json_is '.file == "w/a.pcap" and .status == "cut"'
    only_files w a.pcap a.pcap.tmp b.pcap c.pcap
}

@test "stages: pcap-truncate, mapped and buffered, many files" {
    mkdir v
    cp "$FIXTURES"/good-* v
    find v -name '*.pcap' -print0 | pcap-truncate --files0-from=- --mmap >records
    [ "$(jq -r .status records | sort | uniq -c | tr -s ' ')" = " $(find "$FIXTURES" -name 'good-*' | wc -l) cut" ]
    runs sh -c 'for f in v/*.pcap; do pcap-truncate "$f" | cmp - "$f.tmp"; done'
    status_is 0
    out_empty
    # What a dead run left is taken over.
    find v -name '*.pcap' -print0 | pcap-truncate --files0-from=- --no-mmap | jq -e -s 'all(.status == "cut")' >/dev/null
}

@test "stages: pcap-truncate, files that are left alone or fail, in the records and nothing on standard error" {
    local long
    long=$(head -c 250 /dev/zero | tr '\0' n).pcap
    mkdir w/.slim_markers w/dir.pcap
    : >w/.slim_markers/b.pcap
    ln w/c.pcap w/c2.pcap
    ln -s a.pcap w/l.pcap
    cp "$FIXTURES/bad-body-first.pcap" w/bad.pcap
    cp original w/t.pcap
    ln -s ../names w/t.pcap.tmp
    cp original "w/$long"
    printf 'w/%s\0' b.pcap c.pcap l.pcap dir.pcap bad.pcap none.pcap t.pcap "$long" >list
    runs pcap-truncate --files0-from=list
    status_is 0
    err_empty
    jq -e -s 'map(.status) == ["skipped_marker", "skipped_hardlink", "skipped_symlink", "skipped_not_regular",
            "fail", "fail", "fail", "fail"] and all(has("in_pkts") or has("digest") | not) and map(.error)[4:] == [
            "offset 24, packet 1: packet cut short after 13 of 114 bytes; the capture is damaged or still being written; --cut-tail keep slims what is before it",
            "cannot open: No such file or directory",
            "t.pcap.tmp is in the way and not a plain file (a symbolic link); remove it",
            "its name of 255 bytes leaves no room for .tmp (255 in all); shorten it"]' "$out_file" >/dev/null
    only_files w .slim_markers a.pcap b.pcap bad.pcap c.pcap c2.pcap dir.pcap l.pcap t.pcap t.pcap.tmp "$long"
}

@test "stages: pcap-truncate, a file that is open for writing" {
    exec 8>>w/a.pcap
    printf 'w/a.pcap\0' | pcap-truncate --files0-from=- >records
    exec 8>&-
    jq -e '.status == "fail" and .error == "still being written: a process has it open for writing"' records >/dev/null
    only_files w a.pcap b.pcap c.pcap
}

@test "stages: pcap-truncate, records that cannot be handed on: the temporary files go" {
    runs sh -c 'pcap-truncate --files0-from=names >/dev/full'
    refused_with "pcap-truncate: cannot hand on a record: No space left on device"
    only_files w a.pcap b.pcap c.pcap
    runs bash -c 'trap "" PIPE; { sleep 0.1; pcap-truncate --files0-from=names; } | :; exit "${PIPESTATUS[0]}"'
    status_is 1
    err_is "pcap-truncate: cannot hand on a record: Broken pipe"
    only_files w a.pcap b.pcap c.pcap
}

@test "stages: pcap-truncate, a list that is empty, missing or too long" {
    : >list
    runs pcap-truncate --files0-from list
    status_is 0
    out_empty
    err_empty
    runs pcap-truncate --files0-from=none
    refused_with "pcap-truncate: none: cannot open: No such file or directory"
    head -c 70000 /dev/zero | tr '\0' x >list
    runs pcap-truncate --files0-from=list
    refused_with "pcap-truncate: list: a name or record in the list is longer than 65536 bytes"
}

# ---- records pass through ----

@test "stages: records that are at their end pass through every stage as they came" {
    cat >records <<'END'
{"file":"w/a.pcap","status":"ok","in_pkts":5,"anything":[1,2,{"x":null}]}
{ "status" : "fail", "file" : "w/b.pcap", "error" : "some\nreason" }
{"file":"w/c.pcap","status":"skipped_marker"}
{"file":"w/d.pcap","status":"skipped_busy"}
{"file":"w/e.pcap","status":"would_slim"}
END
    runs_from records pcap-verify --records
    status_is 0
    err_empty
    same_bytes "$out_file" records
    runs_from records pcap-verify --records --check count
    same_bytes "$out_file" records
    runs_from records pcap-commit --records
    status_is 0
    err_empty
    same_bytes "$out_file" records
    only_files w a.pcap b.pcap c.pcap
}

@test "stages: a line that is no record is said, the others go on" {
    { echo nonsense; echo; echo '{"file":"x","status":"ok"}'; echo '{"file":"y"}'; } >records
    local program
    for program in pcap-verify pcap-commit; do
        runs_from records $program --records
        status_is 1
        out_is '{"file":"x","status":"ok"}'
        [ "$(grep -c "^$program: standard input: not a record: " "$err_file")" -eq 2 ]
    done
}

@test "stages: nothing in, nothing out" {
    runs pcap-verify --records
    status_is 0
    out_empty
    err_empty
    runs pcap-commit --records
    status_is 0
    out_empty
    err_empty
}

@test "stages: a full disk behind a stage" {
    echo '{"file":"x","status":"ok"}' >records
    runs sh -c 'pcap-verify --records <records >/dev/full'
    refused_with "pcap-verify: cannot hand on a record: No space left on device"
    runs sh -c 'pcap-commit --records <records >/dev/full'
    refused_with "pcap-commit: cannot hand on a record: No space left on device"
}

# ---- pcap-verify ----

@test "stages: pcap-verify, both checks" {
    cut_a
    runs_from cut.json pcap-verify --records
    status_is 0
    err_empty
    json_is '.status == "verified" and .check == "full" and .verdict == "good" and .checked_pkts == 7 and
        (.stage.tmp.inode > 0) and (.stage.source.inode > 0)'
    runs_from cut.json pcap-verify --records --check count
    status_is 0
    json_is '.status == "verified" and .check == "count" and .verdict == "good" and .checked_pkts == 7'
    only_files w a.pcap a.pcap.tmp b.pcap c.pcap
}

# Change w/a.pcap.tmp so that only its content tells.
spoil_tmp() {
    touch -r w/a.pcap.tmp stamp
    kit patch w/a.pcap.tmp "$1" "$2"
    touch -r stamp w/a.pcap.tmp
}

@test "stages: pcap-verify finds a slim capture that is not good, pcap-commit takes it away" {
    local reason check
    for check in full count; do
        cut_a
        spoil_tmp 430 ff
        runs_from cut.json pcap-verify --records --check $check
        status_is 0
        err_empty
        json_is ".status == \"fail\" and .check == \"$check\" and .verdict == \"bad\" and has(\"stage\")"
        if [ $check = full ]; then
            reason="the slim capture is not good: packet 5: byte 62 of the frame is ff, not $(od -An -tx1 -j430 -N1 original | tr -d ' ')"
        else
            reason=$(jq -r .error "$out_file")
            case $reason in "the slim capture is not good: its bytes are not those that were written: digest "*) ;; *) explain reason ;; esac
        fi
        cp "$out_file" bad.json
        [ -e w/a.pcap.tmp ]
        not_committed bad.json "$reason"
    done
}

@test "stages: pcap-verify, the temporary file was changed, exchanged or taken away" {
    local how reason="its temporary file was taken away or changed by another process"
    for how in 'touch w/a.pcap.tmp' 'cp slim new; touch -r w/a.pcap.tmp new; mv new w/a.pcap.tmp' 'rm w/a.pcap.tmp' \
        'mv w/a.pcap.tmp w/x; ln -s x w/a.pcap.tmp'; do
        cut_a
        eval "$how"
        runs_from cut.json pcap-verify --records
        status_is 0
        jq -e --arg error "$reason" '.status == "fail" and .error == $error' "$out_file" >/dev/null || explain "after $how"
        cp "$out_file" bad.json
        pcap-commit --records <bad.json >/dev/null
        same_bytes w/a.pcap original
        rm -f w/a.pcap.tmp w/x
    done
}

@test "stages: pcap-verify, the original changed or went away" {
    cut_a
    touch w/a.pcap
    pcap-verify --records <cut.json >bad.json
    not_committed bad.json "still being written: it changed while it was being slimmed"
    cut_a
    mv w/a.pcap a.pcap
    pcap-verify --records <cut.json >bad.json
    mv a.pcap w
    not_committed bad.json "still being written: cannot open: No such file or directory"
    cut_a
    rm w/a.pcap
    ln -s ../original w/a.pcap
    pcap-verify --records <cut.json >bad.json
    jq -e '.status == "fail"' bad.json >/dev/null
    pcap-commit --records <bad.json >/dev/null
    [ -L w/a.pcap ]
    only_files w a.pcap b.pcap c.pcap
}

@test "stages: pcap-verify, the directory went away" {
    cut_a
    mv w v
    runs_from cut.json pcap-verify --records
    status_is 0
    json_is '.status == "fail" and .error == "cannot open its directory: No such file or directory"'
    runs_from "$out_file" sh -c 'cat >verified.json; pcap-commit --records <verified.json'
    status_is 0
    json_is '.status == "fail"'
}

# ---- pcap-commit ----

@test "stages: pcap-commit replaces, marks, and keeps the figures" {
    verify_a
    chmod 0640 w/a.pcap
    runs_from verified.json pcap-commit --records
    status_is 0
    err_empty
    same_bytes w/a.pcap slim
    only_files w a.pcap b.pcap c.pcap .slim_markers
    only_files w/.slim_markers a.pcap
    same_bytes "$out_file" w/.slim_markers/a.pcap
    [ "$(stat -c '%a %Y' w/a.pcap)" = '640 1577934245' ]
    [ "$(jq -S 'del(.stage, .status, .elapsed_ms)' verified.json)" = "$(jq -S 'del(.status, .elapsed_ms, .mtime)' "$out_file")" ]
    json_is '.status == "ok" and (has("stage") | not) and (.elapsed_ms | type) == "number"'
}

@test "stages: pcap-commit refuses what was not verified" {
    cut_a
    not_committed cut.json "its slim capture was not verified; put pcap-verify before pcap-commit"
}

@test "stages: pcap-commit refuses a record that says verified without a good verdict" {
    local change
    for change in 'del(.verdict)' '.verdict = "bad"' 'del(.check, .verdict, .checked_pkts)'; do
        verify_a
        jq -c "$change" verified.json >forged.json
        runs_from forged.json pcap-commit --records
        json_is '.status == "fail"'
        same_bytes w/a.pcap original
    done
}

@test "stages: pcap-commit, records that do not say which files are meant" {
    local change
    for change in 'del(.stage)' 'del(.stage.source)' 'del(.stage.tmp)' '.stage.tmp = 5'; do
        verify_a
        jq -c "$change" verified.json >forged.json
        runs_from forged.json pcap-commit --records
        status_is 0
        json_is '.status == "fail" and .error == "the record lacks a good verdict, or what says which files are meant"'
        same_bytes w/a.pcap original
        rm -f w/a.pcap.tmp
    done
    only_files w a.pcap b.pcap c.pcap
}

@test "stages: pcap-commit, a forged record that means another temporary file" {
    local change
    for change in '.stage.tmp.inode += 1' '.stage.tmp.device += 1'; do
        verify_a
        jq -c "$change" verified.json >forged.json
        runs_from forged.json pcap-commit --records
        status_is 0
        json_is '.status == "fail" and .error == "its temporary file was changed by another process"'
        same_bytes w/a.pcap original
        same_bytes w/a.pcap.tmp slim # not the one that is meant: not ours to take away
        rm w/a.pcap.tmp
    done
    for change in '.stage.tmp.size += 1' '.stage.tmp.mtime_ns += 1' '.stage.tmp.mtime_sec -= 1'; do
        verify_a
        jq -c "$change" verified.json >forged.json
        not_committed forged.json "its temporary file was changed by another process"
    done
}

@test "stages: pcap-commit, a record of another original" {
    local change
    for change in '.stage.source.inode += 1' '.stage.source.device += 1'; do
        verify_a
        jq -c "$change" verified.json >forged.json
        not_committed forged.json "still being written: another file has taken its name"
    done
    for change in '.stage.source.size += 1' '.stage.source.mtime_ns += 1' '.stage.source.mtime_sec -= 1'; do
        verify_a
        jq -c "$change" verified.json >forged.json
        not_committed forged.json "still being written: it changed while it was being slimmed"
    done
}

@test "stages: pcap-commit, a record with another's name does not replace that one" {
    verify_a
    jq -c '.file = "w/b.pcap"' verified.json >forged.json
    runs_from forged.json pcap-commit --records
    status_is 0
    json_is '.status == "fail" and .error == "cannot open its temporary file: No such file or directory"'
    same_bytes w/b.pcap original
    mv w/a.pcap.tmp w/b.pcap.tmp
    runs_from forged.json pcap-commit --records
    json_is '.status == "fail" and .error == "still being written: another file has taken its name"'
    same_bytes w/b.pcap original
    only_files w a.pcap b.pcap c.pcap
}

@test "stages: pcap-commit, the temporary file changes after it was verified" {
    local how
    for how in 'touch w/a.pcap.tmp' 'printf x >>w/a.pcap.tmp' 'rm w/a.pcap.tmp' 'echo evil >e; mv e w/a.pcap.tmp' \
        'ln -sf ../original w/a.pcap.tmp'; do
        verify_a
        eval "$how"
        runs_from verified.json pcap-commit --records
        status_is 0
        json_is '.status == "fail"' || explain "after $how"
        same_bytes w/a.pcap original
        rm -f w/a.pcap.tmp
    done
    same_bytes original "$FIXTURES/good-payload-tcp.pcap"
    only_files w a.pcap b.pcap c.pcap
}

@test "stages: pcap-commit, the original changes after it was verified" {
    verify_a
    touch w/a.pcap
    not_committed verified.json "still being written: it changed while it was being slimmed"
    verify_a
    cp -p w/a.pcap new
    mv new w/a.pcap
    not_committed verified.json "still being written: another file has taken its name"
    verify_a
    exec 8>>w/a.pcap
    not_committed verified.json "still being written: a process has it open for writing"
    exec 8>&-
    verify_a
    ln w/a.pcap second
    not_committed verified.json "it has got a second hard link meanwhile"
    rm second
    verify_a
    mv w/a.pcap aside
    runs_from verified.json pcap-commit --records
    json_is '.status == "fail" and .error == "cannot open: No such file or directory"'
    mv aside w/a.pcap
    only_files w a.pcap b.pcap c.pcap
}

@test "stages: pcap-commit leaves alone what another run has taken up" {
    verify_a
    mkfifo input
    "${AT_A_TERMINAL[@]}" pcap-commit w/a.pcap <input >other.json 3>&- &
    background=$!
    exec 7>input
    # The other run has taken the temporary file for a dead run's and begun its own, maybe of the same inode number.
    wait_for sh -c '[ -e w/a.pcap.tmp ] && [ ! -s w/a.pcap.tmp ]'
    runs_from verified.json pcap-commit --records
    status_is 0
    json_is '.status == "fail" and .error == "another run has taken it up"'
    same_bytes w/a.pcap original
    [ -e w/a.pcap.tmp ]
    cat slim >&7
    exec 7>&-
    wait "$background"
    background=''
    same_bytes w/a.pcap slim
    only_files w a.pcap b.pcap c.pcap .slim_markers
}

@test "stages: pcap-commit, the same records twice: the second time nothing happens" {
    verify_a
    pcap-commit --records <verified.json >/dev/null
    runs_from verified.json pcap-commit --records
    status_is 0
    json_is '.status == "fail"'
    same_bytes w/a.pcap slim
    only_files w a.pcap b.pcap c.pcap .slim_markers
}

# ---- the chain ----

@test "stages: the chain over three files" {
    runs chain w
    status_is 0
    out_empty
    settled_err_is "ok w/a.pcap pkts=7 truncated=3 in=2061 out=634 (_ms)
ok w/b.pcap pkts=7 truncated=3 in=2061 out=634 (_ms)
ok w/c.pcap pkts=7 truncated=3 in=2061 out=634 (_ms)
done: ok=3 skip=0 fail=0 elapsed=_"
    for name in a b c; do same_bytes w/$name.pcap slim; done
    only_files w a.pcap b.pcap c.pcap .slim_markers
    only_files w/.slim_markers a.pcap b.pcap c.pcap
    runs chain w
    status_is 0
    settled_err_is "skip (marked): w/a.pcap
skip (marked): w/b.pcap
skip (marked): w/c.pcap
no pcaps to process (slim already: 3)
done: ok=0 skip=3 fail=0 elapsed=_"
}

@test "stages: the chain over files of all sorts" {
    mkdir w/.slim_markers
    : >w/.slim_markers/b.pcap
    cp "$FIXTURES/bad-record-header-4.pcap" w/bad.pcap
    cp "$FIXTURES/unsupported-pcapng-name.pcap" w/ng.pcap
    cp "$FIXTURES/good-linktype-user0.pcap" w/raw.pcap
    ln -s a.pcap w/link.pcap
    printf 'w/%s.pcap\0' a bad b link none ng raw c >names
    runs chain w
    status_is 1
    settled_err_is "ok w/a.pcap pkts=7 truncated=3 in=2061 out=634 (_ms)
FAIL w/bad.pcap: offset 348, packet 4: record header cut short after 4 of 16 bytes; the capture is damaged or still being written; --cut-tail keep slims what is before it
skip (marked): w/b.pcap
skip (symbolic link): w/link.pcap
FAIL w/none.pcap: cannot open: No such file or directory
FAIL w/ng.pcap: not processed: this is a pcapng capture; take it with --accept pcapng, or convert it with: editcap -F pcap IN OUT
ok w/raw.pcap pkts=2 truncated=0 in=$(stat -c %s "$FIXTURES/good-linktype-user0.pcap") out=$(stat -c %s "$FIXTURES/good-linktype-user0.pcap") (_ms) [link type 147 is not Ethernet: every packet kept]
ok w/c.pcap pkts=7 truncated=3 in=2061 out=634 (_ms)
done: ok=3 skip=2 fail=3 elapsed=_"
    same_bytes w/a.pcap slim
    same_bytes w/b.pcap original
    same_bytes w/bad.pcap "$FIXTURES/bad-record-header-4.pcap"
    same_bytes w/ng.pcap "$FIXTURES/unsupported-pcapng-name.pcap"
    [ -L w/link.pcap ]
    only_files w .slim_markers a.pcap b.pcap bad.pcap c.pcap link.pcap ng.pcap raw.pcap
    only_files w/.slim_markers a.pcap b.pcap c.pcap raw.pcap
}

@test "stages: the chain and names of any kind" {
    local name
    rm w/*
    for name in $'new\nline.pcap' -dash.pcap "q'\"uote\\.pcap" $'\xff\xfe.pcap' $'\xef\xbf\xbd\xef\xbf\xbd.pcap' ' s p .pcap' \
        $'\e[31m.pcap' '{"file":"x"}.pcap'; do
        cp original "w/$name"
    done
    find w -name '*.pcap' -print0 >names
    runs chain w
    status_is 0
    err_has "done: ok=8 skip=0 fail=0"
    [ "$(find w -maxdepth 1 -name '*.pcap' -print0 | xargs -0 -n 1 cmp slim 2>&1)" = '' ]
    [ "$(find w/.slim_markers -name '*.pcap' -print0 | tr -cd '\0' | wc -c)" -eq 8 ]
    [ "$(find w -name '*.tmp' -print0 | wc -c)" -eq 0 ]
}

@test "stages: the chain over several directories" {
    mkdir v u
    cp original v/a.pcap
    cp original u/a.pcap
    printf '%s\0' w/a.pcap v/a.pcap w/b.pcap u/a.pcap "$PWD/w/c.pcap" >names
    runs chain w
    status_is 0
    err_has "done: ok=5 skip=0 fail=0"
    same_bytes u/a.pcap slim
    only_files v a.pcap .slim_markers
    only_files u a.pcap .slim_markers
    only_files v/.slim_markers a.pcap
    only_files w/.slim_markers a.pcap b.pcap c.pcap
}

@test "stages: the chain without pcap-run: the first stage being alive does not stop the last" {
    mkfifo list
    (pcap-truncate --files0-from=list | pcap-verify --records | pcap-commit --records >records) 3>&- &
    background=$!
    exec 7>list
    cat names >&7
    wait_for sh -c '[ "$(wc -l <records)" -eq 3 ]'
    exec 7>&-
    wait "$background"
    background=''
    [ "$(jq -r '.status + ": " + (.error // "-")' records | sort -u)" = 'ok: -' ] || explain "$(jq -r .error records)"
    same_bytes w/c.pcap slim
    only_files w a.pcap b.pcap c.pcap .slim_markers
}

@test "stages: a name that is listed twice does no harm" {
    printf 'w/%s.pcap\0' a a b a >names
    chain w >/dev/null 2>&1 || :
    cmp -s w/a.pcap slim || same_bytes w/a.pcap original
    same_bytes w/b.pcap slim
    only_files w a.pcap b.pcap c.pcap .slim_markers
}

@test "stages: several runs over the same files at once: each file once, none spoiled" {
    local n
    rm w/*
    cp "$FIXTURES"/good-* w
    find w -name '*.pcap' -print0 >names
    for n in 1 2 3 4; do
        pcap-run --claim-fd 9 --dir w sh -c 'pcap-truncate --files0-from=names --claim-fd 9 |
            pcap-verify --records | pcap-commit --records --claim-fd 9' >records.$n 3>&- &
    done
    wait
    [ "$(cat records.? | jq -r .status | grep -vxE 'ok|skipped_busy|skipped_marker')" = '' ]
    [ "$(cat records.? | jq -r 'select(.status == "ok") | .file' | sort | uniq -d)" = '' ]
    [ "$(cat records.? | jq -r 'select(.status == "ok") | .file' | wc -l)" -eq "$(find "$FIXTURES" -name 'good-*' | wc -l)" ]
    runs sh -c 'for f; do pcap-truncate "$f" | cmp - "w/${f##*/}"; done; ls -A w | grep -v "^good-.*[.]pcap$"' sh "$FIXTURES"/good-*
    out_is .slim_markers
    err_empty
}

# ---- stages that die ----

# The chain in the background, fed through our descriptor 7, its processes' ids in *.pid, its report in err.txt.
start_chain() {
    mkfifo list
    pcap-run --claim-fd 9 --dir w sh -c '
        sh -c "echo \$\$ >truncate.pid; exec pcap-truncate --files0-from=list --claim-fd 9" |
        sh -c "echo \$\$ >verify.pid; exec pcap-verify --records" |
        sh -c "echo \$\$ >commit.pid; exec pcap-commit --records --claim-fd 9" |
        pcap-report --expect names' 2>err.txt 3>&- &
    background=$!
    exec 7>list
    printf 'w/a.pcap\0' >&7
    wait_for test -e w/.slim_markers/a.pcap
}
finish_chain() {
    (printf 'w/b.pcap\0w/c.pcap\0' >&7) 2>/dev/null || : # in a shell that may die of SIGPIPE
    exec 7>&-
    status=0
    wait "$background" || status=$?
    background=''
    err_file=err.txt err=$(cat err.txt) out=''
}

@test "stages: kill -9 of pcap-verify: nothing is spoiled and the report says what is missing" {
    start_chain
    kill -9 "$(cat verify.pid)"
    finish_chain
    status_is 1
    err_has "ok w/a.pcap pkts=7 "
    err_has "FAIL w/b.pcap: no result arrived: a process of the run died; run again"
    err_has "FAIL w/c.pcap: no result arrived: a process of the run died; run again"
    err_has "done: ok=1 skip=0 fail=2 "
    same_bytes w/a.pcap slim
    same_bytes w/b.pcap original
    same_bytes w/c.pcap original
    rm list
    runs chain w
    status_is 0
    err_has "done: ok=2 skip=1 fail=0 "
    for name in a b c; do same_bytes w/$name.pcap slim; done
    only_files w a.pcap b.pcap c.pcap .slim_markers
}

@test "stages: kill -9 of pcap-truncate or pcap-commit: likewise" {
    local victim name
    for victim in truncate commit; do
        rm -rf w list
        mkdir w
        for name in a b c; do cp original w/$name.pcap; done
        start_chain
        kill -9 "$(cat $victim.pid)"
        finish_chain
        status_is 1
        err_has "done: ok=1 skip=0 fail=2 "
        err_has "FAIL w/b.pcap: no result arrived"
        same_bytes w/a.pcap slim
        same_bytes w/b.pcap original
        same_bytes w/c.pcap original
        runs chain w
        status_is 0
        err_has "done: ok=2 skip=1 fail=0 "
        for name in a b c; do same_bytes w/$name.pcap slim; done
        only_files w a.pcap b.pcap c.pcap .slim_markers
    done
}

@test "stages: SIGTERM to the run: what is done is done, the rest is as it was, nothing is left behind" {
    start_chain
    kill -TERM "$background"
    finish_chain
    status_is 143
    err_has "ok w/a.pcap pkts=7 "
    err_lacks "done: ok=3"
    same_bytes w/a.pcap slim
    same_bytes w/b.pcap original
    same_bytes w/c.pcap original
    only_files w a.pcap b.pcap c.pcap .slim_markers
    only_files w/.slim_markers a.pcap
}

@test "stages: a stage that was interrupted says so of each record that still comes" {
    local program
    cut_a
    jq -c . cut.json >in.json
    for program in 'pcap-truncate --files0-from=input' 'pcap-verify --records' 'pcap-commit --records'; do
        rm -f input
        mkfifo input
        case $program in
        *files0*) $program >records 3>&- & ;;
        *) $program <input >records 3>&- & ;;
        esac
        background=$!
        exec 7>input
        wait_for sh -c "grep -q '^SigCgt:.*[4567cdef]...$' /proc/$background/status"
        kill -TERM "$background"
        case $program in
        *files0*) printf 'w/b.pcap\0' >&7 ;;
        *verify*) cat cut.json >&7 ;;
        *) jq -c '.status = "verified"' cut.json >&7 ;;
        esac
        exec 7>&-
        status=0
        wait "$background" || status=$?
        background=''
        status_is 143
        jq -e '.status == "fail" and .error == "interrupted"' records >/dev/null || explain "$program: $(cat records)"
    done
    same_bytes w/a.pcap original
    same_bytes w/b.pcap original
    only_files w a.pcap b.pcap c.pcap
}

# ---- one pipe for several chains ----

@test "stages: records longer than a pipe takes at once do not mix" {
    local n part deep=w
    for n in 1 2 3 4 5 6 7 8; do
        # 200 bytes that are not UTF-8: three bytes each in "file", two in "file_hex".
        part=$(head -c 200 /dev/zero | tr '\0' '\377')
        deep=$deep/$part
    done
    mkdir -p "$deep"
    cp "$FIXTURES/good-no-packets.pcap" "$deep/a.pcap"
    for n in $(seq 100); do printf '%s\0' "$deep/a.pcap"; done >long
    {
        for n in 1 2 3 4; do pcap-scan --files0-from=long & done
        wait
    } 3>&- | { sleep 0.3; cat; } >records
    [ "$(head -n 1 records | wc -c)" -gt 8192 ]
    [ "$(wc -l <records)" -eq 400 ]
    [ "$(jq -c 'del(.elapsed_ms)' records | sort -u | wc -l)" -eq 1 ]
    pcap-verify --records <records | cmp - records
}
