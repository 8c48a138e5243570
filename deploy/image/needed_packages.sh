#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Prints the Debian packages that hold the shared libraries which programs need, one a line: found,
# not guessed. The Dockerfile runs this where they were compiled.
set -euo pipefail

if [ "$#" = 0 ] || [ "$1" = --help ]; then
  echo "usage: needed_packages.sh PROGRAM_OR_LIBRARY..." >&2
  exit 2
fi

# package_of FILE: a library of the root's /lib may be known as one of /usr/lib, or the other way.
package_of() {
  local file
  file="$(realpath "$1")"
  { dpkg-query --search "$file" 2>/dev/null || dpkg-query --search "${file#/usr}"; } | cut -d: -f1
}

# Lines are "libz.so.1 => /lib/libz.so.1 (0x7f00)"; the loader stands alone before its address.
libraries="$(ldd "$@" | awk '$3 ~ "^/" {print $3} $1 ~ "^/" && $2 ~ "^[(]" {print $1}' | sort -u)"
for library in $libraries; do
  case "$(realpath "$library")" in
    /usr/local/*|/out/*) ;;  # our own
    *) package_of "$library" ;;
  esac
done | sort -u
