#!/usr/bin/env bats
# make install and what it installs: folders, units, completions, examples.
load slim-helpers

installs() { make -s -C "$ROOT" install DESTDIR="$PWD/stage" "$@" >make.log 2>&1 || explain "$(cat make.log)"; }

# Without make's variables of the run that this test is part of.
setup_more() { unset MAKEFLAGS MFLAGS MAKELEVEL; }

@test "make install and make uninstall: everything in its place, and nothing is left" {
    installs PREFIX=/usr
    local program
    for program in pcap-slim pcap-scan pcap-truncate pcap-verify pcap-commit pcap-report pcap-run pcap-status pcap-plan; do
        [ "$(stat -c %a "stage/usr/bin/$program")" = 755 ] || explain "$program is missing"
        [ -f "stage/usr/share/man/man1/$program.1" ] || explain "the page of $program is missing"
        [ -e "stage/usr/share/bash-completion/completions/$program" ] || explain "no completion for $program"
        [ -e "stage/usr/share/fish/vendor_completions.d/$program.fish" ] || explain "no completion for $program"
    done
    [ -f stage/usr/share/man/man5/pcap-slim-record.5 ]
    [ -f stage/usr/share/man/man5/pcap-slim.conf.5 ]
    [ -f stage/usr/share/zsh/site-functions/_pcap-slim ]
    [ -f stage/usr/lib/systemd/system/pcap-slim@.service ]
    make -s -C "$ROOT" uninstall DESTDIR="$PWD/stage" PREFIX=/usr
    [ -z "$(find stage ! -type d)" ] || explain "left: $(find stage ! -type d)"
    [ ! -e stage/usr/share/doc/pcap-slim ]
}

@test "make install: PREFIX and MANDIR, in a folder whose name has a blank" {
    make -s -C "$ROOT" install DESTDIR="$PWD/a stage" PREFIX=/opt/x MANDIR=/opt/man >make.log 2>&1 || explain "$(cat make.log)"
    [ -x 'a stage/opt/x/bin/pcap-slim' ]
    [ -f 'a stage/opt/man/man1/pcap-slim.1' ]
    [ ! -e 'a stage/opt/x/share/man' ]
    grep -q '^ExecStart=/opt/x/bin/pcap-slim ' 'a stage/opt/x/lib/systemd/system/pcap-slim.service'
    make -s -C "$ROOT" uninstall DESTDIR="$PWD/a stage" PREFIX=/opt/x MANDIR=/opt/man
    [ -z "$(find 'a stage' ! -type d)" ]
}

@test "installed programs run, from wherever they are" {
    installs PREFIX=/usr
    mkdir d
    cp "$SMALL" d/a.pcap
    runs env PATH=/usr/bin:/bin stage/usr/bin/pcap-slim --dir d
    status_is 0
    err_has 'ok d/a.pcap pkts=7'
}

@test "units: no placeholder is left, and what they run is installed" {
    installs PREFIX=/usr
    local unit
    for unit in stage/usr/lib/systemd/system/*; do
        ! grep -n '@[A-Z]*@' "$unit" >&2 || explain "$unit"
    done
    [ "$(ls stage/usr/lib/systemd/system | tr '\n' ' ')" = 'pcap-slim.service pcap-slim.timer pcap-slim@.service pcap-slim@.timer ' ]
    grep -q '^EnvironmentFile=-/etc/default/pcap-slim$' stage/usr/lib/systemd/system/pcap-slim.service
}

@test "units: systemd-analyze verify is content, and the exposure is low" {
    command -v systemd-analyze >/dev/null || skip "systemd-analyze is not installed"
    installs PREFIX=/usr
    local unit
    mkdir units
    for unit in stage/usr/lib/systemd/system/*; do
        sed "s|/usr/bin/pcap-slim|$BIN_DIR/pcap-slim|" "$unit" >"units/${unit##*/}"
    done
    cp units/pcap-slim@.service units/pcap-slim@srv-pcap.service
    cp units/pcap-slim@.timer units/pcap-slim@srv-pcap.timer
    SYSTEMD_UNIT_PATH=$PWD/units: runs systemd-analyze verify --man=no units/pcap-slim.service units/pcap-slim.timer \
        units/pcap-slim@srv-pcap.service units/pcap-slim@srv-pcap.timer
    status_is 0
    err_lacks pcap-slim
    for unit in pcap-slim.service pcap-slim@srv-pcap.service; do
        runs systemd-analyze security --offline=true --threshold=20 "units/$unit"
        status_is 0
        err_empty
    done
}

@test "the example of a configuration file is taken with all its lines" {
    mkdir d
    cp "$SMALL" d/a.pcap
    sed -n 's/^#\([a-z-]* = .*\)/\1/p' "$ROOT/packaging/pcap-slim.conf" | sed 's|/srv/pcap|d|' >conf
    [ "$(wc -l <conf)" -eq 8 ] || explain "$(cat conf)"
    runs pcap-slim --config conf --check-only
    status_is 0
    err_has 'no pcaps to process'
    sed -i 's/^age-minutes.*/age-minutes = 0/' conf
    runs pcap-slim --config conf --check-only
    status_is 0
    err_has 'ok d/a.pcap'
}

# ---- completions ----

# completed WORD...: what bash offers for the last word. COMP_WORDBREAKS splits at = as a terminal does.
completed() {
    local words=()
    local word
    for word; do
        case $word in
        --*=*) words+=("${word%%=*}" = "${word#*=}") ;;
        *) words+=("$word") ;;
        esac
    done
    bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _pcap_slim "$1" "${COMP_WORDS[COMP_CWORD]}" ""
        printf "%s\n" "${COMPREPLY[@]}"' bash "$ROOT/packaging/completions/pcap-slim.bash" "${words[@]}"
}

# The options that a program has, by the table.
options_of() { pcap-plan --options "$1" | cut -f 1; }

@test "bash: options of every program, as the table has them, each with what it is for" {
    local program
    for program in pcap-slim pcap-scan pcap-truncate pcap-verify pcap-commit pcap-report pcap-run pcap-status pcap-plan; do
        [ "$(completed "$program" -- | cut -d ' ' -f 1)" = "$(options_of "$program")" ] || explain "$program: $(completed "$program" --)"
        [ -z "$(completed "$program" -- | grep -v ' (.*)$')" ] || explain "$program: something is not explained"
    done
    [ "$(completed pcap-slim --wor)" = --workers ]
    [ "$(completed pcap-slim --dir . --dry)" = --dry-run ]
}

@test "bash: values, directories and files" {
    mkdir here
    touch here.pcap
    [ "$(completed pcap-slim --verify '')" = 'full
count' ] || explain "$(completed pcap-slim --verify '')"
    [ "$(completed pcap-slim --verify c)" = count ]
    [ "$(completed pcap-slim --verify=c)" = count ]
    [ "$(completed pcap-slim --output=j)" = json ]
    [ "$(completed pcap-slim --dir he)" = here ]
    [ "$(completed pcap-slim --single he | LC_ALL=C sort)" = 'here
here.pcap' ]
    [ "$(completed pcap-slim he | LC_ALL=C sort)" = 'here
here.pcap' ]
    [ -z "$(completed pcap-slim --workers '')" ] || explain "$(completed pcap-slim --workers '')"
}

@test "zsh: options, values and directories" {
    command -v zsh >/dev/null || skip "zsh is not installed"
    mkdir here
    # compadd writes down what it is given; the system's own functions stand in for themselves.
    cat >try.zsh <<'ZSH'
compadd() { shift; print -rl -- "$@" }
_describe() { print -rl -- ${(P)${@[-1]}} }
_files() { print -r -- "files $*" }
_message() { print -r -- "message" }
words=("${(@)argv}") CURRENT=$#argv PREFIX=$argv[-1]
complete_it() { . "$COMPLETION" }
complete_it
ZSH
    export COMPLETION=$ROOT/packaging/completions/_pcap-slim
    [ "$(zsh -f try.zsh pcap-slim -- | cut -d : -f 1)" = "$(options_of pcap-slim)" ] || explain "$(zsh -f try.zsh pcap-slim --)"
    [ "$(zsh -f try.zsh pcap-slim --verify '')" = 'full
count' ] || explain "$(zsh -f try.zsh pcap-slim --verify '')"
    [ "$(zsh -f try.zsh pcap-slim --dir '')" = 'files -/' ]
    [ "$(zsh -f try.zsh pcap-slim '')" = 'files ' ]
    [ "$(zsh -f try.zsh pcap-slim --workers '')" = message ]
}

@test "fish: options, values and files" {
    command -v fish >/dev/null || skip "fish is not installed"
    export HOME=$PWD
    touch here.pcap
    offered() { fish --no-config -c "source $ROOT/packaging/completions/pcap-slim.fish; complete -C '$1'" | cut -f 1; }
    [ "$(offered 'pcap-slim --' | LC_ALL=C sort)" = "$(options_of pcap-slim | LC_ALL=C sort)" ] || explain "$(offered 'pcap-slim --')"
    [ "$(offered 'pcap-slim --verify ')" = 'count
full' ] || explain "$(offered 'pcap-slim --verify ')"
    [ "$(offered 'pcap-slim he')" = here.pcap ] || explain "$(offered 'pcap-slim he')"
}

# ---- for those who carry it on ----

@test "make compdb: every C file of programs and unit tests, as JSON" {
    [ -d "$ROOT/build" ] || skip "nothing was built here"
    cp -r "$ROOT/Makefile" "$ROOT/VERSION" "$ROOT/packaging" "$ROOT/lib" "$ROOT/tools" "$ROOT/scripts" .
    mkdir -p tests docs/man
    cp -r "$ROOT/tests/unit" tests
    runs make -s compdb
    status_is 0
    [ "$(jq -r '.[].file' compile_commands.json | LC_ALL=C sort -u)" = "$(printf '%s\n' lib/*/*.c tools/*.c tools/*/*.c tests/unit/*.c | LC_ALL=C sort)" ] ||
        explain "$(jq -r '.[].file' compile_commands.json)"
    jq -e 'all(.[]; .directory != "" and (.command | contains("-std=c11")))' compile_commands.json >/dev/null
}

@test "make dist: git's own tree, the same bytes each time" {
    git -C "$ROOT" rev-parse HEAD >/dev/null 2>&1 || skip "no git, or no repository"
    local name
    name=pcap-slim-$VERSION
    git clone -q "$ROOT" clone
    make -s -C clone dist >one
    cp "clone/build/dist/$name.tar.gz" one.tar.gz
    make -s -C clone dist >two
    same_bytes one.tar.gz "clone/build/dist/$name.tar.gz"
    tar -tzf one.tar.gz | grep -v '/$' | sed "s|^$name/||" | LC_ALL=C sort >packed
    git -C clone ls-files | LC_ALL=C sort >tracked
    same_bytes packed tracked
}
