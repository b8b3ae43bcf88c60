#!/bin/bash
# Runs Debian's cloud-init over a Debian root, with a disc in its drive. Everything happens in namespaces of its own and
# on an overlay: the root stays as it is, nothing is left mounted.
#
#   run-in-chroot.sh ROOT WORK DEVICE MAC
#
# ROOT is the Debian root, WORK an empty folder for the overlay (the guest is WORK/guest while this runs, what it changed
# is WORK/upper afterwards), DEVICE the loop device that holds the disc, MAC the address of its one network interface.
set -euo pipefail
if [ "${INSIDE:-}" != 1 ]; then
  INSIDE=1 exec unshare --mount --pid --uts --net --fork --kill-child bash "$0" "$@"
fi
root=$1 work=$2 device=$3 mac=$4
mount --make-rprivate /
mkdir -p "$work"/{upper,overlay,guest}
mount -t overlay guest -o "lowerdir=$root,upperdir=$work/upper,workdir=$work/overlay" "$work/guest"
cd "$work/guest"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs dev
for node in null zero random urandom tty; do touch dev/$node && mount --bind /dev/$node dev/$node; done
mknod "$work/guest$device" b "$(stat -c '%Hr' "$device")" "$(stat -c '%Lr' "$device")"
ip link add eth0 type veth peer name far
ip link set eth0 address "$mac"

# The one stand-in: many hosts' kernels cannot mount ISO 9660. Label and device are found by the guest's own blkid.
if ! grep -qw iso9660 /proc/filesystems; then
  mv usr/bin/mount usr/bin/mount.real && mv usr/bin/umount usr/bin/umount.real
  cat >usr/bin/mount <<'MOUNT'
#!/bin/bash
device=${@: -2:1} place=${@: -1}
[ "$(blkid -o value -s TYPE "$device")" = iso9660 ] || exec mount.real "$@"
bsdtar -xf "$device" -C "$place"
touch "$place.is-disc"
MOUNT
  cat >usr/bin/umount <<'UMOUNT'
#!/bin/bash
place=${@: -1}
[ -e "$place.is-disc" ] || exec umount.real "$@"
rm -rf "$place.is-disc"; find "$place" -mindepth 1 -delete
UMOUNT
  chmod 755 usr/bin/mount usr/bin/umount
fi
: >etc/machine-id
rm -f etc/ssh/ssh_host_*
# Parts of a machine that a chroot has not.
printf '%s\n' 'locale: false' 'resize_rootfs: false' 'ssh_genkeytypes: []' 'growpart: {mode: "off"}' >etc/cloud/cloud.cfg.d/98-chroot.cfg

for step in "init --local" init "modules --mode=config" "modules --mode=final"; do
  # shellcheck disable=SC2086
  chroot . /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root cloud-init $step >>"$work/output" 2>&1 || true
done
mkdir "$work/run" && cp run/cloud-init/{instance-data,result,status}.json "$work/run/"
hostname >"$work/hostname"
