#!/bin/sh
# post-build.sh TREE: what both bases do to the root tree after rootfs/ was laid over it. Buildroot calls it by this name.
set -eu
tree=$1

# Boot steps of other packages: the sequence is rootfs/etc/init.d's own.
overlay=$(dirname "$(readlink -f "$0")")/../rootfs
for step in "$tree"/etc/init.d/S[0-9][0-9]*; do
    [ -e "$overlay/etc/init.d/${step##*/}" ] || rm -f "$step"
done

# Git keeps no empty directories.
mkdir -p "$tree/boot" "$tree/data" "$tree/dev" "$tree/proc" "$tree/root" "$tree/run" "$tree/sys" "$tree/tmp" "$tree/var/lib"
chmod 0755 "$tree/root"
chmod 0600 "$tree/etc/shadow"
