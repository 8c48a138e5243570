#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Fills a folder with what the programs of an image need of Debian, and nothing else: no shell, no
# package manager. The Dockerfile runs this in a stage of its own, as root.
set -euo pipefail

if [ "$#" != 2 ] || [ "$1" = --help ]; then
  echo "usage: make_root.sh ROOT PACKAGES

Downloads the Debian packages that the file PACKAGES names, one a line, and unpacks them into ROOT
without running their scripts. What they are stands in ROOT/var/lib/dpkg/status.d, where scanners
of images look; their licenses in ROOT/usr/share/doc. SOURCE_DATE_EPOCH is the time of what is made
here (default: 0)." >&2
  exit 2
fi
readonly root="$1" packages="$2" epoch="${SOURCE_DATE_EPOCH:-0}"

# Debian's layout: /lib is /usr/lib.
mkdir -p "$root"/{etc,models,tmp,usr/bin,usr/lib,usr/lib64,usr/sbin,var/lib/dpkg/status.d}
ln -s usr/bin usr/lib usr/lib64 usr/sbin "$root"
chmod 1777 "$root/tmp"

debs="$(mktemp -d)"
trap 'rm -rf "$debs"' EXIT
chmod 755 "$debs"  # apt downloads as a user of its own
mapfile -t names <"$packages"
apt-get update -q
(cd "$debs" && apt-get download -q "${names[@]}")
for deb in "$debs"/*.deb; do
  name="$(dpkg-deb --field "$deb" Package)"
  dpkg-deb --fsys-tarfile "$deb" |
    tar --extract --directory "$root" --keep-directory-symlink \
      --exclude='./usr/share/locale*' --exclude='./usr/share/man*' --exclude='./usr/share/lintian*' \
      --exclude='./usr/lib/*/gconv*' --exclude='./usr/share/bug*' --exclude='./etc/ld.so.conf.d*'
  dpkg-deb --field "$deb" >"$root/var/lib/dpkg/status.d/$name"
  # Of the documentation the license stays.
  find "$root/usr/share/doc/$name" -type f ! -name copyright -delete 2>/dev/null || true
done

cat >"$root/etc/passwd" <<'PASSWD'
root:x:0:0:root:/root:/usr/sbin/nologin
sta:x:10001:10001:sta-server:/nonexistent:/usr/sbin/nologin
PASSWD
printf 'root:x:0:\nsta:x:10001:\n' >"$root/etc/group"
chown 10001:10001 "$root/models"
find "$root" -newermt "@$epoch" -exec touch --no-dereference --date "@$epoch" {} +
