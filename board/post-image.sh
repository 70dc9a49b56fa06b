#!/bin/sh
# post-image.sh BINARIES: Buildroot's last step; puts what it built onto a card as scripts/build-image does.
set -eu
binaries=$1
board=$(dirname "$(readlink -f "$0")")
boot=$binaries/boot
rm -rf "$boot" "$binaries/card"
mkdir -p "$boot" "$binaries/card"
cp "$binaries/Image" "$boot/vmlinuz"
cp "$binaries"/*.dtb "$binaries"/rpi-firmware/* "$boot/"
# This kernel needs no initramfs.
sed '/^initramfs /d' "$board/boot/config.txt" >"$boot/config.txt"
cp "$board/boot/cmdline.txt" "$board/authorized_keys" "$board/../rootfs/usr/share/edge-router/edge-router.toml" "$boot/"
"$board/make-card" "$binaries/rootfs.squashfs" "$TARGET_DIR/usr/share/edge-router/data.ext4.xz" "$boot" "$binaries/card" \
    "$binaries/edge-router-pi.img"
