# Host tools: sourced by the scripts. Debian only, because so are the packages the scripts unpack.

# need PACKAGE PROGRAM: makes sure PROGRAM is there, out of Debian's PACKAGE; installs it as root, else says the one command that does.
need() {
    local package=$1 program=$2
    PATH="$PATH:/usr/sbin:/sbin" command -v "$program" >/dev/null && return
    if [ "$(id -u)" != 0 ]; then
        echo "${0##*/}: the program $program is missing; install it with:  sudo apt-get install -y $package" >&2
        exit 1
    fi
    echo "${0##*/}: installing $package" >&2
    apt_get install -y --no-install-recommends "$package"
}

# apt_get ARGUMENT...: quiet unless it fails; package lists are fetched when the first try fails, as on a fresh machine.
apt_get() {
    local log
    log=$(mktemp)
    if ! DEBIAN_FRONTEND=noninteractive apt-get -q "$@" >"$log" 2>&1 </dev/null; then
        if [ "$(id -u)" = 0 ]; then apt-get -q update >>"$log" 2>&1 </dev/null || true; fi
        if ! DEBIAN_FRONTEND=noninteractive apt-get -q "$@" >>"$log" 2>&1 </dev/null; then
            cat "$log" >&2
            rm -f "$log"
            echo "${0##*/}: apt-get $* failed, see above" >&2
            exit 1
        fi
    fi
    rm -f "$log"
}
