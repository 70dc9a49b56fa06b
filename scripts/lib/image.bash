# What the image scripts share; sourced.

# step TEXT: the next of $steps steps, with the seconds since the start.
step() {
    step_number=$((${step_number:-0} + 1))
    printf '[%d/%d] %s  (%d s)\n' "$step_number" "$steps" "$1" "$SECONDS"
}

die() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# need_all PACKAGE:PROGRAM...: as need, but one apt-get run, or one command to type, for everything that is missing.
need_all() {
    local pair missing=()
    for pair; do
        PATH="$PATH:/usr/sbin:/sbin" command -v "${pair#*:}" >/dev/null || missing+=("${pair%%:*}")
    done
    [ ${#missing[@]} != 0 ] || return 0
    [ "$(id -u)" = 0 ] || die "programs are missing; install them with:  sudo apt-get install -y ${missing[*]}"
    echo "installing ${missing[*]}"
    apt_get install -y --no-install-recommends "${missing[@]}"
}

# megabytes FILE: its size as a person reads it.
megabytes() {
    awk -v bytes="$(stat -c %s "$1")" 'BEGIN { printf "%.1f MB", bytes / 1000000 }'
}
