# The jobs of scripts/test; sourced. What a job says of a test is a line "ok SECONDS s NAME" or "FAIL SECONDS s NAME". $work has the table
# of each job's tests (scripts/lib/all-tests) and the queue of those that are begun.

# timed NAME COMMAND…: says how long it took.
timed() {
    local name=$1 start=$EPOCHREALTIME
    shift
    "$@"
    awk -v name="$name" -v from="$start" -v to="$EPOCHREALTIME" 'BEGIN { printf "ok   %7.1f s  %s\n", to - from, name }'
}

# wanted NAME: whether this part was chosen. Read to its end: a pipe that is closed early fails, and would say no.
wanted() {
    awk -F '\t' -v name="$1" '$4 == name { found = 1 } END { exit !found }' "$work"/*.table
}

# left JOB: whether a test of its is not begun yet.
left() {
    local name
    for name in $(cut -f 4 "$work/$1.table" | tr / ,); do
        [ -e "$work/queue/$name" ] || return 0
    done
    return 1
}

style() {
    ! wanted style/format || timed style/format cargo fmt --all --check
    ! wanted style/licences || timed style/licences scripts/lib/deny
    ! wanted style/clippy || timed style/clippy cargo clippy --workspace --all-targets --all-features --quiet -- -D warnings
    ! wanted style/rustdoc || RUSTDOCFLAGS='-D warnings' timed style/rustdoc cargo doc --workspace --no-deps --all-features --quiet
}

# Two at once for the lane's processor: most of them wait for a kernel or for a clock.
here() {
    left here || return 0
    ! awk -F '\t' '$4 ~ "^dhcp/client" { found = 1 } END { exit !found }' "$work/here.table" || scripts/lib/dhcp-clients
    scripts/lib/run-tests --jobs 2 "$work/here.table" "$work/queue"
}

doctests() {
    timed here/doctests cargo test --workspace --all-features --doc --quiet
}

# One more machine for those that are not begun yet: each is emulated by one processor. Debian's own programs come first: a python3 that is
# a script which looks for one takes a quarter of a minute to start there.
vm() {
    left vm || return 0
    PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH scripts/vm --timeout 2700 -- scripts/lib/run-tests "$work/vm.table" "$work/queue"
}

# It has machines of its own, whose power it cuts.
power() {
    scripts/lib/run-tests "$work/power.table" "$work/queue"
}

# As it is released it is fuzzed by the second tier: what goes wrong there went wrong before where a check stands.
fuzz() {
    # shellcheck disable=SC2046 # one argument a target
    timed fuzz scripts/fuzz --checked 5 $(cut -f 4 "$work/fuzz.table" | cut -d / -f 2)
}

build() {
    timed image/build scripts/build-image
}

card() {
    timed image/card scripts/image-test
}

# By another port than the card's, which may be driven at the same time.
truck() {
    EDGE_BOX_PORT=2223 timed "$(cut -f 4 "$work/truck.table")" scripts/image-fire-truck "$(cut -f 5 "$work/truck.table")"
}
