# How scripts/test shares the processors among its jobs; sourced. A lane takes job after job. Of most jobs there is one; `here` and `vm` are
# joined by any lane that has nothing else to do. There is a lane for each processor and one more, for whoever drives a machine waits for it
# a fifth of the time. What waits for QEMU or for a linker runs beside what computes.

# stage TEXT: says what comes.
stage() {
    printf '\n== %s (%d s)\n' "$*" "$SECONDS"
}

run() {
    work=$(mktemp -d target/test/run.XXXXXX)
    mkdir "$work/queue" "$work/jobs" "$work/log"
    trap 'end_lanes; rm -rf "$work"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    # A mistake in style is known before anything is built.
    scripts/lib/all-tests </dev/null | awk -F '\t' '$1 == "style"' | chosen_style "$@" >"$work/style.table"
    if [ -s "$work/style.table" ]; then do_job style; fi
    if ! only_style "$@"; then lanes "$@"; fi
    report
}

# The parts of style that these words choose.
chosen_style() {
    local words
    words=$(printf '%s\n' "$@")
    if [ $# = 0 ] || grep -qx style <<<"$words"; then cat; else grep -F "$(grep style/ <<<"$words" || echo none)" || true; fi
}

only_style() {
    local word
    [ $# -gt 0 ] || return 1
    for word; do [[ $word =~ ^style(/|$) ]] || return 1; done
}

lanes() {
    local number
    stage 'the tests are built'
    choose "$@" >"$work/table"
    awk -F '\t' -v work="$work" '$1 != "style" { print > (work "/" $1 ".table") }' "$work/table"
    # What drives the image has it built first.
    if [ -e "$work/card.table" ] || [ -e "$work/truck.table" ]; then touch "$work/build.table"; fi
    # Each in a process group of its own, to be ended with all it started.
    set -m
    if [ "$(nproc)" = 1 ]; then
        lane here doctests fuzz vm build card truck power </dev/null &
    else
        lane build card truck power vm here </dev/null &
        lane here doctests fuzz vm power truck </dev/null &
        for ((number = 3; number <= $(nproc) + 1; number++)); do lane vm here </dev/null & done
    fi
    set +m
    wait
}

# The lanes that are under way.
end_lanes() {
    local lane
    for lane in $(jobs -p); do kill -- "-$lane" 2>/dev/null || true; done
}

# lane JOB…: one after the other, what of them is chosen and not taken.
lane() {
    local job
    for job; do
        [ -e "$work/$job.table" ] || continue
        case $job in
            here | vm) left "$job" || continue ;;
            *) mkdir "$work/jobs/$job" 2>/dev/null || continue ;;
        esac
        case $job in card | truck) built || continue ;; esac
        do_job "$job"
    done
}

# Waits for the image; fails when there is none, which its job has said.
built() {
    until [ -e "$work/jobs/build.done" ]; do sleep 1; done
    [ ! -e "$work/jobs/build.failed" ]
}

# do_job JOB: with what it says in a log; shown is all but what passed quickly.
do_job() {
    local job=$1 log
    log=$(mktemp "$work/log/$job.XXXX")
    stage "$job begins"
    # Not in a condition, where a failing command would not end it.
    set +e
    (
        set -e
        "$job"
    ) 2>&1 | tee "$log" | sed -u -E "/^ok +[0-4]\.[0-9] s/d; s/^/[$job] /"
    [ "${PIPESTATUS[0]}" = 0 ] || touch "$work/jobs/$job.failed" "$log.failed"
    set -e
    touch "$work/jobs/$job.done"
    stage "$job ends"
}

# What was slow, and last what failed, with its own words.
report() {
    local log failed=()
    mkdir -p target/test/log
    rm -f target/test/log/*
    cp "$work"/log/* target/test/log/
    stage 'the slowest'
    cat "$work"/log/* | grep -aE '^(ok|FAIL) +[0-9.]+ s  [^ ]+' | sort -k 2 -rn | sed -n 1,10p
    printf '%d passed in %d s\n' "$(cat "$work"/log/* | grep -acE '^ok  ')" "$SECONDS"
    for log in "$work"/log/*.failed; do
        [ -e "$log" ] || continue
        failed+=("$(basename "${log%.*.failed}")")
        stage "failed: ${failed[-1]}"
        last_words "${log%.failed}"
    done
    [ ${#failed[@]} = 0 ] || {
        printf '\n'
        cat "$work"/log/* | grep -ahE '^FAIL +[0-9.]+ s  ' || true
        echo "test: failed: ${failed[*]}; all of it: target/test/log" >&2
        exit 1
    }
    # A lane that ended by itself has left tests.
    [ ! -e "$work/table" ] || all_done
}

# last_words LOG: those of the tests that failed, or of the job.
last_words() {
    if grep -aq '^-- .* failed; its last words:$' "$1"; then
        sed -n '/^-- .* failed; its last words:$/,$p' "$1"
    else
        tail -n 40 "$1"
    fi | tail -c 4000
}

# Nothing that was chosen may have been left out.
all_done() {
    local job
    for job in here vm power; do
        [ ! -e "$work/$job.table" ] || ! left "$job" || { echo "test: some of $job was not run" >&2; exit 1; }
    done
    for job in doctests fuzz build card truck; do
        [ ! -e "$work/$job.table" ] || [ -e "$work/jobs/$job.done" ] || { echo "test: $job was not run" >&2; exit 1; }
    done
}
