#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds the libFuzzer targets and runs each for some seconds on its committed corpus.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
  cat <<'USAGE'
usage: scripts/fuzz.sh [--seconds N] [--target NAME]... [--jobs N] [--help]

Builds tests/fuzz with clang, ASan and UBSan (preset asan) and runs each target on a scratch copy of
tests/fuzz/corpus/NAME under build/fuzz/NAME, where what it finds stays.

  --seconds N    how long each target runs (default: 5)
  --target NAME  only this target (repeat it for more); the default is all
  --jobs N       targets that run at a time (default: 1)
  --help         this text

A crash leaves its input beside the corpus copy and ends the run with an error; move the input into
tests/fuzz/corpus/NAME together with the fix.
USAGE
}

seconds=5
jobs=1
targets=()
while [ "$#" -gt 0 ]; do
  case "$1" in
    --seconds|--target|--jobs)
      [ "$#" -ge 2 ] || { echo "fuzz.sh: $1 wants a value; see --help" >&2; exit 2; }
      case "$1" in
        --seconds) seconds="$2" ;;
        --target) targets+=("$2") ;;
        --jobs) jobs="$2" ;;
      esac
      shift ;;
    --help|-h) usage; exit 0 ;;
    *) echo "fuzz.sh: unknown option '$1'; see --help" >&2; exit 2 ;;
  esac
  shift
done
for number in "$seconds" "$jobs"; do
  if ! [[ "$number" =~ ^[1-9][0-9]*$ ]]; then
    echo "fuzz.sh: '$number' is no positive number; see --help" >&2
    exit 2
  fi
done
if [ "${#targets[@]}" = 0 ]; then
  for source in tests/fuzz/*_fuzz.cc; do targets+=("$(basename "$source" .cc)"); done
fi

mkdir -p build
if ! cmake --preset asan >build/configure-asan.log 2>&1; then
  cat build/configure-asan.log >&2
  exit 1
fi
cmake --build --preset asan --target "${targets[@]}"

run_target() {  # NAME SECONDS
  local work="build/fuzz/$1"
  mkdir -p "$work/corpus"
  cp "tests/fuzz/corpus/$1/"* "$work/corpus/"
  echo "$1: $2 s"
  if ! "build/asan/tests/fuzz/$1" -max_total_time="$2" -artifact_prefix="$work/" \
      -print_final_stats=1 -verbosity=0 "$work/corpus" >"$work/log" 2>&1; then
    tail -n 40 "$work/log" >&2
    echo "fuzz.sh: $1 failed; its input is in $work" >&2
    return 1
  fi
  echo "$1: $(grep -h 'number_of_executed_units' "$work/log")"
}
export -f run_target
printf '%s\n' "${targets[@]}" |
  xargs -P "$jobs" -I '{}' bash -c 'set -eu; run_target "$1" "$2"' - '{}' "$seconds"
