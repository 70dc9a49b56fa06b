#!/bin/sh
# post-build.sh TREE: what both bases do to the root tree after rootfs/ was laid over it. Buildroot calls it by this name.
set -eu
tree=$1
: "${SOURCE_DATE_EPOCH:?must be set: the time of every file on the card}"

# Boot steps of other packages: the sequence is rootfs/etc/init.d's own.
overlay=$(dirname "$(readlink -f "$0")")/../rootfs
for step in "$tree"/etc/init.d/S[0-9][0-9]*; do
    [ -e "$overlay/etc/init.d/${step##*/}" ] || rm -f "$step"
done

# Git keeps no empty directories.
mkdir -p "$tree/boot" "$tree/data" "$tree/dev" "$tree/proc" "$tree/root" "$tree/run" "$tree/sys" "$tree/tmp" "$tree/var/lib"
chmod 0755 "$tree/root"
chmod 0600 "$tree/etc/shadow"

# An empty data partition: for the card, and to replace one that is beyond repair. See make-card for its size.
data=$tree/usr/share/edge-router/data.ext4
rm -f "$data"
E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH mke2fs -q -t ext4 -m 0 -L edge-data -U ed6e0001-0000-4000-8000-000000000003 \
    -E hash_seed=ed6e0001-0000-4000-8000-000000000004,root_owner=0:0 "$data" 95M >/dev/null
xz -9 -f "$data"
