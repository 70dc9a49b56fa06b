# A booted card image to test against; sourced. One box at a time; it dies with the script.
#
# box_new                        an empty directory, $box, and a key that may log in
# box_start [RUN-IMAGE-OPTION]…  boots $box_image and waits until ssh answers
# box_wait_for TEXT [SECONDS]    until the console says TEXT
# box COMMAND…                   runs COMMAND on it as root; status, input and output are the command's
# box_ssh OPTION… COMMAND        the same with options for ssh; the key is $box_key
# box_again                      waits until ssh answers
# box_monitor COMMAND…           tells QEMU's monitor each of these commands (scripts/run-image --usb "$box/monitor")
# box_far_ends SOCKET…           scripts/lib/far-ends with these, in the background until the script ends
# box_stop                       switches it off properly and waits

box_new() {
    box=$(mktemp -d)
    box_image=$checkout/out/edge-router-pi.img
    box_port=${EDGE_BOX_PORT:-2222}
    ssh-keygen -q -t ed25519 -N '' -C test -f "$box/key"
    box_key=$box/key
    cp "$box/key.pub" "$box/authorized_keys"
    trap box_end EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
}

box_start() {
    rm -f "$box/console"
    "$checkout/scripts/run-image" --image "$box_image" --ssh-port "$box_port" --put "$box/authorized_keys" --console "$box/console" \
        --pid-file "$box/pid" "$@" 2>/dev/null
    box_wait_for ' is ready: ' 120
    box_again
}

box_again() {
    local tries
    for ((tries = 0; tries < 60; tries++)); do
        ! box true 2>/dev/null || return 0
        sleep 1
    done
    box_failed "ssh with the test's key does not answer: $(box true 2>&1)"
}

box_wait_for() {
    local deadline=$((SECONDS + ${2:-60}))
    until grep -qF -- "$1" "$box/console" 2>/dev/null; do
        [ "$SECONDS" -lt "$deadline" ] || box_failed "the console did not say \"$1\" within ${2:-60} s"
        box_runs || box_failed "the machine stopped before its console said \"$1\""
        sleep 0.5
    done
}

box_ssh() {
    ssh -p "$box_port" -i "$box_key" -o IdentitiesOnly=yes -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=5 -o StrictHostKeyChecking=no \
        -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR "${@:1:$#-1}" root@127.0.0.1 "${!#}"
}

box() {
    box_ssh "$*"
}

box_runs() {
    [ -s "$box/pid" ] && kill -0 "$(cat "$box/pid")" 2>/dev/null
}

box_monitor() {
    python3 - "$box/monitor" "$@" <<'PYTHON'
import socket, sys
monitor = socket.socket(socket.AF_UNIX)
monitor.connect(sys.argv[1])
def answer():
    said = b""
    while not said.endswith(b"(qemu) "):
        more = monitor.recv(4096)
        if not more:
            sys.exit("the monitor hung up: " + said.decode())
        said += more
    return said.decode()
answer()
for command in sys.argv[2:]:
    monitor.sendall(command.encode() + b"\n")
    if "Error" in (said := answer()):
        sys.exit(said)
PYTHON
}

box_far_ends() {
    "$checkout/scripts/lib/far-ends" "$@" &
    echo $! >"$box/far-ends"
}

box_stop() {
    local tries
    box poweroff
    for ((tries = 0; tries < 120; tries++)); do
        box_runs || return 0
        sleep 0.5
    done
    box_failed 'the machine does not switch off'
}

box_failed() {
    echo "${0##*/}: $*; the console:" >&2
    tail -n 40 "$box/console" >&2
    exit 1
}

box_end() {
    [ ! -e "$box/far-ends" ] || kill "$(cat "$box/far-ends")"
    ! box_runs || kill -9 "$(cat "$box/pid")"
    rm -rf "$box"
}
