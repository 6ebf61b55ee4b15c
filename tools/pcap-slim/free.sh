# --until-free: as much as is wanted, and whether there is. Free is what df calls available; all is what it counts as
# used and available together, so that 20% free is its 80% used.

# The command that says so, by its status. SLIM_UNTIL: 20% or bytes.
# shellcheck disable=SC2016,SC2089 # expanded by the shell that runs it
IS_ENOUGH='
free=$(stat -f -c "%a %f %b %S" .) || exit 1
set -- $free
case $SLIM_UNTIL in
*%) [ $(($1 * 100)) -ge $((${SLIM_UNTIL%?} * ($3 - $2 + $1))) ] ;;
*) [ $(($1 * $4)) -ge "$SLIM_UNTIL" ] ;;
esac'

is_enough() { SLIM_UNTIL=$until sh -c "$IS_ENOUGH"; }

# Nothing is taken up when there is enough already.
clear_list_if_enough() {
    SLIM_TAKEN=$scratch/taken
    export SLIM_TAKEN
    : >"$SLIM_TAKEN" || fail "cannot write to $scratch"
    listed=$files
    if is_enough; then
        : >"$list"
        [ "$files" -eq 0 ] || left_out='enough is free'
    fi
}

# What came of it. Sets status to 1 where it ought to be 0 and there is not enough.
say_free() {
    taken=$(tr -cd '\0' <"$SLIM_TAKEN" | wc -c)
    free=$(stat -f -c '%a %f %b %S' .) || fail "$named: cannot ask how much is free"
    # shellcheck disable=SC2086 # four numbers
    set -- $free
    tenths=$(($1 * 1000 / ($3 - $2 + $1 > 0 ? $3 - $2 + $1 : 1)))
    outcome='enough'
    if ! is_enough; then
        outcome='not enough'
        [ "$status" -ne 0 ] || status=1
    fi
    [ -z "$quiet" ] || [ "$status" -ne 0 ] || return 0
    say "$info" "$((tenths / 10)).$((tenths % 10))% ($(($1 * $4)) bytes) free, $until_typed wanted: $outcome; \
$taken of $listed file(s) taken up"
}
