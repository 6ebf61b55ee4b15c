#!/usr/bin/python3
"""Does each test fail when its protection is taken out?

    mutate.py [--flow | --reach] [--only REGEX] [--list]
    mutate.py --check

Each mutation takes one protection out of a copy of the sources, builds it and runs the test that should notice. A test
that stays green is the fault here, and so is one that fails with nothing taken out. Prints TAP. After a change of the
sources a mutation may no longer find its place; it says so and counts as a fault, too. --check says that of all mutations,
in a moment, and whether their tests are there.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

import box as torture
import mutations_flow
import mutations_reach
from mutation_tests import BIN_DIR, bats, replay, unit

INJECT = ["tests/torture/inject.py", "--short", "--only"]
KILL = ["tests/torture/kill.py", "--kills"]
POWER = ["tests/torture/power.py", "--short"]
RACE = ["tests/torture/race.py", "--seconds", "1", "--files", "100"]
HOSTILE = ["tests/hostile/directory.py", BIN_DIR, "fixtures"]
TIMEOUT_S = 600
HARDENING = ["bats", "tests/cli/hardening.bats"]


# (what is taken out, file, from, to, the test)
MUTATIONS = [
    ("the sync of the slim capture", "lib/place/replace.c", "replace_sync(tmp_fd) == 0 ? 0 :", "tmp_fd >= 0 ? 0 :", POWER),
    ("waiting for each slim capture", "tools/face/placing.c", "replace_make_durable(one->tmp_fd, &one->record.error) == 0;",
     "(i > 0 || replace_make_durable(one->tmp_fd, &one->record.error) == 0);", POWER),
    ("one sync for all renames", "tools/face/placing.c", "        is_any_replaced |= p->waiting[i].replaced;",
     "        is_any_replaced |= p->waiting[i].replaced && i > 0;", POWER),
    ("telling of a sync that failed", "tools/face/placing.c", "            one->is_done = false;\n", "",
     bats("together", "sync of the directory fails")),
    ("the time that records are held", "tools/face/stage.c", "held_ms < STAGE_HOLD_MS && poll(&input, 1, STAGE_HOLD_MS - (int)held_ms) == 1",
     "poll(&input, 1, -1) == 1", bats("together", "nobody waits long")),
    ("waiting for a list that grows", "tools/face/stage.c", "    stage_list_await(fd);\n    const int more", "    const int more",
     bats("long-list", "who shares")),
    ("expecting all of a list that grows", "tools/pcap-report.c", "            stage_list_await(fd);\n", "",
     bats("long-list", "who expects")),
    ("beginning a long list with few", "tools/face/listing.c", "r->listing->count == LISTING_HEAD", "r->listing->count == 2 * LISTING_HEAD",
     bats("long-list", "no more than")),
    ("each name of a long list once", "tools/face/worklist.c", "if (l->at[i].is_begun) {", "if (0) {", bats("long-list", "no more than")),
    ("the sync of the directory", "lib/place/replace.c", "if (replace_sync(p->directory_fd) != 0) {", "if (0) {", POWER),
    (
        "attributes before the sync",
        "lib/place/replace.c",
        "    enum lease lease;\n    int status = replace_look_last(",
        "    (void)preserve_attributes(original_fd, tmp_fd, f);\n    enum lease lease;\n"
        "    int status = replace_look_last(",
        POWER,
    ),
    ("trying an interrupted sync again", "lib/place/replace.c", "while (status != 0 && errno == EINTR)", "while (0)",
     INJECT + ["batch/pcap-commit"]),
    (
        "the marker after the rename",
        "tools/face/placing.c",
        "        come_back_to(p, one);\n        one->is_done",
        '        come_back_to(p, one);\n        (void)marker_create(p->site->claims.markers_fd, p->site->place.name, "{}\\n", '
        "&p->site->owner, NULL);\n        one->is_done",
        POWER,
    ),
    ("the verdict of pcap-verify", "tools/face/compare.c", "verdict == WITNESS_GOOD  ?", "verdict != 99 ?",
     INJECT + ["batch/pcap-truncate"]),
    ("waiting for what is final", "lib/run/follow.c", "while (!o->is_whole && o->final_bytes <= at_bytes) {", "while (0) {",
     bats("follow", "that is not final")),
    ("the identity of what was followed", "tools/pcap-verify.c", "!is_still(files->slim_fd, &r->tmp)", "0",
     bats("follow", "must be what the record says")),
    ("the record of what was followed", "tools/pcap-verify.c", "return tmp_fd >= 0 && v->following.is_cut;", "return true;",
     bats("follow", "dies")),
    ("that the disk takes what is given back", "lib/run/follow.c", "error == EIO || error == ENOSPC || error == EDQUOT", "error == 0",
     bats("follow", "does not take")),
    ("waiting for who verifies", "tools/pcap-truncate.c", "fcntl(fd, F_SETFL, flags | O_DIRECT) != 0", "fcntl(fd, F_SETFL, flags) != 0",
     bats("follow", "waits for the verification")),
    ("verification before the rename", "tools/pcap-commit.c", "} else if (r->status == RECORD_CUT) {",
     "} else if (r->status == RECORD_CUT && (r->status = RECORD_VERIFIED, r->verdict = RECORD_VERDICT_GOOD, 0)) {",
     bats("stages", "pcap-commit")),
    ("the identity of the temporary file", "lib/place/replace_tmp.c", "!identity_same(&now, tmp)", "0",
     bats("stages", "pcap-commit")),
    ("exclusive creation", "lib/place/replace_tmp.c", "O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW", "O_RDWR | O_CREAT | O_NOFOLLOW",
     bats("slim-dir", "temporary file's name")),
    ("creation that follows no link", "lib/place/replace_tmp.c", "O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW", "O_RDWR | O_CREAT",
     bats("slim-dir", "temporary file's name")),
    ("the look whether the capture is unchanged", "lib/place/replace.c", "if (!identity_same(&now, original)) {", "if (0) {",
     unit("replace_sync")),
    ("the look whether it is the same file", "lib/place/replace.c",
     "if (now.inode != original->inode || now.device != original->device) {", "if (0) {",
     unit("replace_sync")),
    ("the question for writers", "lib/place/lease.c", "if (error == EAGAIN) {", "if (error == EAGAIN + 9999) {",
     bats("slim-race", "a writer")),
    ("the question for writers as the owner", "lib/place/lease.c", "status != 0 && errno == EACCES ?", "status == 9999 ?",
     bats("writers", "as in a container")),
    ("the patience with what cannot be asked about", "lib/place/replace.c", "lease == LEASE_UNKNOWN && is_young(st)", "0",
     bats("writers", "may not be asked about")),
    ("the look for a writer behind the rename", "lib/place/lease.c", "return fcntl(fd, F_GETLEASE) == F_UNLCK;",
     "return fd < 0;", bats("slim-race", "very moment")),
    ("claims", "lib/place/claim.c", "F_OFD_SETLK, F_WRLCK, byte_of(name), 1) == 0", "F_OFD_GETLK, F_WRLCK, byte_of(name), 1) == 0",
     RACE),
    ("the second look at the marker", "lib/stage/site.c", "    look(s, s->claims.markers_fd, r);",
     "    r->status = RECORD_WOULD_SLIM;", RACE),
    ("the size in a marker", "lib/stage/mark.c", "r->has_tally && file->size_bytes != record_out_file_bytes(r)",
     "0",
     bats("slim-again", "another size")),
    ("the time in a marker", "lib/stage/mark.c", "r->has_mtime && (file->mtime_sec", "0 && (file->mtime_sec",
     bats("slim-again", "same size")),
    ("markers elsewhere", "lib/place/marker.c", "if (!owner->is_elsewhere) {", "if (owner->root_fd > -99) {",
     unit("mirror")),
    ("the look whether a directory still has its path", "lib/place/mirror.c", "here.st_ino != there.st_ino", "0",
     unit("mirror")),
    ("the look whether a capture is a marker", "lib/stage/site.c", "if (s->is_of_markers) {", "if (0) {",
     bats("marker-dir", "given as captures")),
    ("the way to markers elsewhere in the sandbox", "tools/face/confine.c", "if (c->has_markers) {", "if (0) {",
     bats("marker-dir", "one for many trees")),
    ("the rest of a capture that is cut short", "lib/pass/slim.c", "return p->sink == NULL || length_bytes == 0 ||",
     "return p->sink == NULL || length_bytes > 0 ||", bats("cut-tail", "wherever")),
    ("the look at that rest", "lib/witness/witness_tail.c", "        if (slim[i] != original[i]) {", "        if (0) {",
     unit("cut_tail")),
    ("the length of that rest", "lib/witness/witness_tail.c", "    if (slim_bytes != original_bytes) {", "    if (0) {",
     unit("cut_tail")),
    ("the length of that rest in the record", "tools/face/compare.c", "report.tail_bytes != r->tally.tail_bytes", "0",
     bats("cut-tail", "what a record says")),
    ("the bound of what is cut short", "lib/capture/framing.c", "have_bytes < want_bytes && !is_oversize", "have_bytes < want_bytes",
     unit("cut_tail")),
    ("what a note speaks of", "lib/stage/mark.c", "r.status == RECORD_FAIL && r.error.kind == FAILURE_CONTENTS && is_same",
     "r.status == RECORD_FAIL && r.error.kind == FAILURE_CONTENTS", bats("failed", "until it changes")),
    ("the kind in a note", "lib/stage/mark.c", "r.error.kind == FAILURE_CONTENTS && is_same", "is_same",
     bats("failed", "system's sake")),
    ("the policy in a note", "lib/stage/mark.c", "r.policy_digest == policy_digest", "1", bats("failed", "another policy")),
    ("the marker of the file before", "lib/place/marker.c", "if (unlinkat(markers_fd, name, 0) != 0 && errno != ENOENT) {",
     "if (0) {", bats("slim-again", "another size")),
    ("what follows compressed data", "lib/stream/unpack.c", "if (!codec_begins(u->codec, u->in + u->begin, u->end - u->begin)) {",
     "if (0) {", unit("codec")),
    ("the sync of a new name before the capture goes", "lib/place/replace_as.c",
     'return replace_sync(p->directory_fd) == 0 ? 0 : failure_errno(f, errno, "cannot make the name',
     'return p->directory_fd >= 0 ? 0 : failure_errno(f, errno, "cannot make the name', POWER),
    ("a capture that cannot be removed", "lib/place/replace_as.c", "        const int error = errno;\n        *gone = renameat2(place_tmp_fd(p), tmp, p->directory_fd, p->name, RENAME_NOREPLACE) != 0;\n",
     "        const int error = errno;\n", bats("slim-packed", "each call of pcap-commit fails")),
    ("a file of the new name", "lib/place/replace_as.c", "same_bytes(fd, tmp_fd) && replace_sync", "replace_sync",
     bats("slim-packed", "another file")),
    ("what follows compressed data, to the witness", "lib/witness/witness_unpack.c",
     "codec_here(u) == u->codec ? begin_frame(u, f)", "u->codec != CODEC_NONE ? begin_frame(u, f)",
     bats("compression", "gzip: what is refused")),
    ("length and checksum of a gzip member, to the witness", "lib/witness/witness_unpack.c",
     "if (bytes_get_le32(here(u)) != u->sum || bytes_get_le32(here(u) + 4) != u->size) {", "if (0) {",
     bats("compression", "gzip: what is refused")),
    ("the compression of the slim file", "tools/face/compare.c", "if (!expected->has_tally || report->slim_codec == expected->out_codec) {",
     "if (1) {", bats("compression", "packed by somebody else")),
    ("frames that end with a record", "lib/pass/indexed.c", "return at == length_bytes", "return at != 0",
     bats("indexed", "refused with the reason")),
    ("the places of frames, to the witness", "lib/witness/witness.c", "s.frames != o.frames || s.places != o.places", "0",
     bats("indexed", "a frame moved")),
    ("what fills the rooms of frames, to the witness", "lib/witness/witness.c", "s.skippable != o.skippable ?", "0 ?",
     bats("indexed", "a frame moved")),
    ("frames that are as they were", "lib/stream/frames.c", "XXH3_64bits(fr->content, content_bytes) == p->digest", "0",
     bats("indexed", "a second run")),
    ("what it takes to hold an empty frame", "lib/stream/frames.c", "#define HOLDING_BYTES (sizeof(struct piece) + 64)",
     "#define HOLDING_BYTES 0", unit("frame_fit")),
    ("which frame is the first of a capture", "lib/stream/frames.c", "content_bytes, !fr->has_checked, f)",
     "content_bytes, fr->counts.frames == 0, f)", unit("frame_fit")),
    ("an lz4 frame that needs a dictionary", "lib/stream/codec_lz4.c", "(s->head[FLAGS_AT] & FLAG_DICTIONARY) != 0", "0",
     replay("lz4")),
    ("the checksum of a gzip header, to the witness", "lib/witness/witness_unpack.c",
     "if ((here(u)[0] | (uint32_t)here(u)[1] << 8) != (u->sum & 0xffff)) {", "if (0) {", replay("gzip")),
    ("counting frames that are left as they were", "lib/stream/frames.c", "        fr->counts.left_frames++;\n", "",
     replay("indexed")),
    ("the window of zstd", "lib/stream/codec_zstd.c", "ZSTD_d_windowLogMax, WINDOW_LOG_MAX);", "ZSTD_d_windowLogMax, 27);",
     bats("compression", "zstd: what is refused")),
    ("claims when cleaning up", "lib/place/replace_tmp.c", "if (claims_take(claims, capture, NULL) != 1) {",
     "if (claims_take(claims, capture, NULL) == 99) {", unit("replace_tmp")),
    ("removal of the temporary file after a failure", "tools/pcap-commit.c", "    if (r->has_tmp) {\n        replace_remove_tmp(&c->site.place, &r->tmp);\n    }\n    return false;",
     "    return false;", bats("stages", "pcap-commit")),
    ("removal by a stage that cannot hand on its record", "tools/pcap-truncate.c",
     "if (status != CLI_DONE && r.has_tmp) {", "if (0) {", INJECT + ["chain/pcap-truncate"]),
    ("clean-up after a run", "tools/pcap-slim/run.sh", '[ "$status" -eq 0 ] ||\n        pcap-commit ', "true ||\n        pcap-commit ",
     INJECT + ["batch/pcap-verify"]),
    ("leftovers of the capture as it was", "lib/place/replace_tmp.c", " || same_mtime(tmp, &original)", "",
     unit("replace_tmp")),
    ("reclaiming a dead run's file", "lib/place/replace_tmp.c", "!is_stale(&st) && !looks_like_ours(p, fd, &st)",
     "!is_stale(&st)", KILL + ["60", "--signals", "0"]),
    ("records that must arrive", "tools/pcap-slim/run.sh",
     '--prefix "$SLIM_PREFIX" --expect "$SLIM_LIST" \\\n        --failed', '--prefix "$SLIM_PREFIX" \\\n        --failed',
     INJECT + ["batch/pcap-verify"]),
    ("lost memory while a record is written", "lib/record/record_json.c", "char *line = bad == 0 ?", "char *line = bad != 99 ?",
     ["tests/torture/inject.py", "--only", "chain/pcap-report"]),
    ("signals passed on", "tools/pcap-run.c", "(void)kill(-(pid_t)group_of_command, number);", "",
     bats("slim-signals", "SIGTERM: 143")),
    ("the scratch folder's removal", "tools/pcap-slim/places.sh", 'rm -rf -- "$scratch"', ":", KILL + ["0", "--signals", "20"]),
    ("the status of an interrupted run", "tools/face/cli.c", "return cli_interrupted != 0 ? 128 + (int)cli_interrupted : status;",
     "return status;", KILL + ["0", "--signals", "40"]),
    ("waiting for the last process", "tools/pcap-run.c", "(void)prctl(PR_SET_CHILD_SUBREAPER, 1);", "",
     bats("run", "waits for processes")),
    ("SIGBUS under a mapping", "tools/face/fault.c", "(void)sigaction(SIGBUS, &a, NULL);", "", bats("slim-race", "shrinks")),
    ("extended attributes that cannot be listed", "lib/place/preserve.c", "flistxattr(from_fd, NULL, 0) == 0 &&",
     "flistxattr(from_fd, NULL, 0) <= 0 &&", ["tests/torture/inject.py", "--only", "by hand/pcap-commit"]),
    ("owner and mode", "lib/place/preserve.c", "if (fchmod(to_fd, mode) != 0 &&", "if (0 && fchmod(to_fd, mode) != 0 &&", POWER),
    ("short writes", "lib/stream/sink.c", "*written_bytes = (size_t)put;", "*written_bytes = length_bytes + 0 * (size_t)put;",
     INJECT + ["batch/pcap-truncate"]),
    ("opening that follows no link", "lib/place/place.c", "O_RDONLY | O_NOFOLLOW | O_NONBLOCK", "O_RDONLY | O_NONBLOCK",
     bats("scan", "exchanged")),
    ("the look at what was opened for a look", "tools/pcap-scan.c",
     "if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1) {", "if (fstat(fd, &st) != 0) {",
     bats("scan", "exchanged")),
    ("that a run stays in the directory it has entered", "tools/pcap-slim/run.sh", "SLIM_COMMAND=$BATCH SLIM_CHAIN",
     'SLIM_COMMAND="cd -- \'$PWD\' || exit; $BATCH" SLIM_CHAIN', HOSTILE),
    ("names that lead down only, through no link", "lib/place/place.c", "openat(fd, name, DIRECTORY_FLAGS | O_NOFOLLOW)",
     "openat(fd, name, DIRECTORY_FLAGS)", bats("slim-tree", "link")),
    ("a directory of several that cannot be entered", "tools/pcap-slim/several.sh", '[ "$lost" -eq 0 ] || worst=1', ":",
     bats("slim-several", "that is not there")),
    ("where several directories are named from", "tools/pcap-slim/several.sh", "*) where=$start/$1 ;;", "*) where=$1 ;;",
     bats("slim-several", "one report and one last line")),
    ("an end of several directories that a signal asks for", "tools/pcap-slim/several.sh", 'while [ $# -gt 0 ] && [ -z "$signal" ]; do',
     "while [ $# -gt 0 ]; do", bats("slim-several", "SIGTERM in the first")),
    ("why there was nothing to do in several directories", "tools/pcap-slim/several.sh", "young_in_all=$((young_in_all + young))", "young_in_all=$young_in_all",
     bats("slim-several", "why in all of them")),
    ("limits of several directories, said once", "tools/pcap-slim/several.sh", "    said=--quiet\n", "",
     bats("slim-several", "workers and limits")),
    ("what several directories have for one line of progress", "tools/pcap-slim/several.sh", '>>"$scratch/foreseen" ||', ">/dev/null ||",
     bats("slim-several", "on a terminal one line")),
    ("giving back what was verified", "lib/run/follow.c", "    if (end_bytes > o->freed_bytes) {", "    if (o == NULL) {",
     bats("follow", "given back to the page cache")),
    ("giving back a slim capture before it is put in place", "tools/face/placing.c", "    (void)posix_fadvise(tmp_fd, 0, 0, POSIX_FADV_DONTNEED);\n", "",
     bats("follow", "put in place is given back")),
    ("how many share their syncs", "tools/face/placing.h", "enum { PLACING_MAX = 32 };", "enum { PLACING_MAX = 4 };",
     bats("together", "32 at most")),
    ("that what is large waits for nobody", "tools/face/placing.h", "PLACING_BYTES (UINT64_C(16) << 20)", "PLACING_BYTES (UINT64_C(16) << 30)",
     bats("together", "what is large")),
    ("system calls that a small capture costs", "lib/stage/site.c", "if (!place_is_in(&s->place, path)) {", "if (path != NULL) {",
     bats("costs", "system calls")),
    ("a call that normal work needs in the sandbox", "tools/face/sandbox.c", "SCMP_SYS(fsync), ", "", bats("sandbox", "normal work")),
    ("a call that is not missed when it is refused", "tools/face/sandbox.c", "    SCMP_SYS(fadvise64),\n", "",
     bats("sandbox", "normal work")),
    ("the seccomp filter", "tools/face/sandbox.c", "if (enter_seccomp(need)) {", "if (need > 99 && enter_seccomp(need)) {",
     bats("sandbox", "over what is open")),
    ("Landlock", "tools/face/sandbox.c", "enter_landlock(need, directories, count) ?", "(need > 99 && enter_landlock(need, directories, count)) ?",
     bats("sandbox", "nothing outside it")),
    ("pcap-status going into the sandbox", "tools/pcap-status.c",
     "        confine_to_directory(&s.options.confine, s.options.prune", "        if (0)\n        confine_to_directory(&s.options.confine, s.options.prune",
     bats("sandbox", "pcap-status")),
    ("the driver's --within", "tools/pcap-slim/run.sh", "SLIM_WITHIN=$within", "SLIM_WITHIN=''", bats("sandbox", "keeps its stages within")),
    ("lost memory while settings become text", "lib/base/text.c", "    if (t->lost) {\n", "    if (0) {\n", bats("policy", "whole or none")),
    ("the head of a unit at the end of what is sent again", "lib/flow/flow_tcp.c", "flow_walk_ends_with_clear_head(w) ? in->payload_bytes : ", "",
     replay("flow")),
    ("the flow that was in a place of the table before", "lib/flow/flow_table.c", "    memset(flow, 0, sizeof *flow);", "",
     replay("flow")),
    ("the look for fragments of IPv6", "lib/packet/locate.c", "IPV6_FRAGMENT_OFFSET_OR_MORE) != 0", "IPV6_FRAGMENT_OFFSET_OR_MORE) > 99999",
     replay("frame")),
    ("the source route that is alone", "lib/packet/locate.c", "routes == 1 ? found", "routes > 0 ? found", replay("frame")),
    ("segments left", "lib/packet/locate.c", "if (segments_left == 0) {", "if (segments_left > 254) {", replay("frame")),
    ("the list of segments, which is in reverse order", "lib/packet/locate.c", "type == IPV6_ROUTING_SRH) {", "type == 255) {",
     replay("frame")),
    ("options that reach beyond their header", "lib/packet/locate.c", "|| frame[at + 1] > end - at) {", ") {", replay("frame")),
    ("the version behind IPv6's ethertype", "lib/packet/locate.c", "if (ip[0] >> 4 != 6) {", "if (0) {", replay("frame")),
    ("a data offset below five, on the shorter way", "lib/packet/locate_usual.h", "header_bytes < least_bytes || ", "",
     unit("locate_mutated")),
    ("the mark of a flow that was cut before, its lengths left", "lib/policy/policy_flow.c", "p->snaplen_bytes != 0 &&",
     "p->snaplen_bytes > 999999999 &&", unit("flow_tls")),
    ("the mark of a flow that was cut before, with zeros", "lib/policy/policy_flow.c", "if (may_be_zeroed(&l, frame)) {",
     "if (0) {", unit("flow_tls")),
    ("position-independent programs", "Makefile", "HARDENED_LINK := -pie ", "HARDENED_LINK := -no-pie ", HARDENING),
    ("RELRO", "Makefile", "HARDENED_LINK := -pie -Wl,-z,relro,-z,now", "HARDENED_LINK := -pie -Wl,-z,norelro,-z,now", HARDENING),
    ("binding at the start", "Makefile", "HARDENED_LINK := -pie -Wl,-z,relro,-z,now", "HARDENED_LINK := -pie -Wl,-z,relro", HARDENING),
    ("a stack that is not executed", "Makefile", "-Wl,-z,noexecstack -Wl,-z,separate-code", "-Wl,-z,execstack -Wl,-z,separate-code",
     HARDENING),
    ("the stack protector", "Makefile", "-fPIE -fstack-protector-strong", "-fPIE", HARDENING),
    ("fortified functions", "Makefile", "-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2", "-U_FORTIFY_SOURCE", HARDENING),
    ("control-flow enforcement", "Makefile", "-fcf-protection=full", "-fcf-protection=none", HARDENING),
    ("stack clash protection", "Makefile", " -fstack-clash-protection", "", HARDENING),
]


def other_builds(folder, names):
    return [n for n in names if n != "dev"]


def copy_of_the_sources():
    folder = tempfile.mkdtemp(prefix="mutate.")
    for name in sorted(n for n in os.listdir(torture.ROOT) if not n.startswith(".")):
        path = os.path.join(torture.ROOT, name)
        if os.path.isdir(path):
            shutil.copytree(path, os.path.join(folder, name), ignore=other_builds if name == "build" else None)
        else:
            shutil.copy2(path, folder)
    return folder


def make_anew(folder, file):
    """Objects do not depend on the Makefile."""
    if file == "Makefile":
        shutil.rmtree(os.path.join(folder, "build"), ignore_errors=True)


def variant_of(test):
    """Without optimising at link time a change takes seconds; but that is what the hardening of programs is about."""
    return "release" if test == HARDENING else "dev"


def build(folder, test):
    """The unit test, harness or programs that the test runs. Warnings are no faults: what is left may be unused."""
    targets = [t for t in test if t.startswith("build/dev/tests/")] or ["all"]
    targets = ["build/dev/fuzz/" + test[1].split("=")[1]] if test[0] == "env" else targets
    command = ["make", "-s", "VARIANT=" + variant_of(test), *targets]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0


def notices(folder, test):
    """Whether the test fails, and with what words. One that does not end has noticed, too."""
    command = [sys.executable, *test] if test[0].endswith(".py") else test
    bin_dir = os.path.join(folder, "build/bin" if variant_of(test) == "release" else BIN_DIR)
    process = subprocess.Popen(command, cwd=folder, env=dict(os.environ, BIN_DIR=bin_dir), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        text = process.communicate(timeout=TIMEOUT_S)[0].decode(errors="replace")
    except subprocess.TimeoutExpired:
        torture.kill_session(process.pid)
        process.communicate()
        return True, f"does not end within {TIMEOUT_S} s"
    words = [l for l in text.splitlines() if l.startswith(("not ok", "#", "[  FAILED  ]"))]
    words = [l for l in words if l.startswith(("not ok", "[  FAILED  ]"))] or words
    return process.returncode != 0, words[0][:160] if words else text[-160:].strip()


def has_test(test):
    """Whether what a mutation runs is there: the script, the unit test's source, a test of that name in the bats file."""
    if test[0] == "bats":
        names = re.findall(r'^@test "(.*)" \{', torture.read(os.path.join(torture.ROOT, test[1])).decode(), re.MULTILINE)
        return any(re.search(test[3] if len(test) > 3 else "", name) for name in names)
    if test[0] == "env":
        return os.path.exists(os.path.join(torture.ROOT, "tests/fuzz/fuzz_" + test[1].split("=")[1] + ".c"))
    source = re.sub(r"^build/dev/tests/(.*)$", r"tests/unit/\1.c", test[0])
    return os.path.exists(os.path.join(torture.ROOT, source))


def check():
    """Each mutation finds its place once, and its test is there."""
    wrong = []
    for what, file, old, _, test in MUTATIONS + mutations_flow.MUTATIONS + mutations_reach.MUTATIONS:
        path = os.path.join(torture.ROOT, file)
        times = torture.read(path).decode().count(old) if os.path.exists(path) else 0
        if times != 1:
            wrong.append(f"{what}: its place is in {file} {times} times")
        if not has_test(test):
            wrong.append(f"{what}: no such test: {' '.join(test)}")
    for line in wrong:
        print(f"# {line}")
    number = len(MUTATIONS) + len(mutations_flow.MUTATIONS) + len(mutations_reach.MUTATIONS)
    print(f"{'not ok' if wrong else 'ok'} 1 - each of {number} mutations finds its place and its test\n1..1")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--flow", action="store_true", help="what the policy `flow` proves, in the place of the others")
    parser.add_argument("--reach", action="store_true", help="tunnels, link types, containers, likewise")
    parser.add_argument("--only", default="")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--part", default="1/1", help="I/N: only every N-th, from the I-th")
    arguments = parser.parse_args()
    if arguments.check:
        return check()
    mutations = mutations_flow.MUTATIONS if arguments.flow else mutations_reach.MUTATIONS if arguments.reach else MUTATIONS
    if arguments.list:
        for what, file, _, _, test in mutations:
            print(f"{what} | {file} | {' '.join(test)}")
        return 0
    folder = copy_of_the_sources()
    green = number = 0
    fails_anyway = {}  # by test: whether it does with nothing taken out, and its words
    part, parts = (int(n) for n in arguments.part.split("/"))
    for what, file, old, new, test in mutations[part - 1 :: parts]:
        if not re.search(arguments.only, what):
            continue
        path = os.path.join(folder, file)
        text = torture.read(path).decode()
        number += 1
        if tuple(test) not in fails_anyway:
            fails_anyway[tuple(test)] = notices(folder, test) if build(folder, test) else (True, "does not build")
        if text.count(old) != 1:
            red, words = False, f"its place is in {file} {text.count(old)} times"
        elif fails_anyway[tuple(test)][0]:
            red, words = False, f"fails without that, too: {fails_anyway[tuple(test)][1]}"
        else:
            with open(path, "w", encoding="utf-8") as out:
                out.write(text.replace(old, new))
            make_anew(folder, file)
            red, words = notices(folder, test) if build(folder, test) else (False, "does not build")
            with open(path, "w", encoding="utf-8") as out:
                out.write(text)
            make_anew(folder, file)
        green += not red
        print(f"{'ok' if red else 'not ok'} {number} - without {what}: {' '.join(test)}", flush=True)
        print(f"#   {words}", flush=True)
    shutil.rmtree(folder)
    print(f"1..{number}")
    print(f"# {number} protections taken out, {green} not noticed")
    return 1 if green else 0


if __name__ == "__main__":
    sys.exit(main())
