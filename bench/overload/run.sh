#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Measures what a server does under more load than it can serve: bench/overload/overload.py.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

usage() {
  cat <<'USAGE'
usage: bench/overload/run.sh [--package DIR] [--seconds S] [--rounds N] [--json FILE] [--help]

Serves the package DIR (default: pretrained/minilm/2-8) alone, and asks it with stactl bench on the
same machine, S seconds (default: 10) each, in N rounds (default: 3), of whose figures the medians
count:

  capacity   a closed loop of 32 callers
  80 %       an open loop of 0.8 times the capacity
  3x         an open loop of three times the capacity
  after      0.8 times again, from one second after the overload on
  deadlines  one caller whose deadline cannot be met, and one whose deadline can

and prints the figures beside what they should be, with the machine and its load before; ends with
an error where one is not. The server runs on one half of the processors and stactl on the other.
Only a quiet machine gives figures that mean something: whatever else runs takes from both. The
store is in build/overload.
USAGE
}

package=pretrained/minilm/2-8
arguments=()
while [ "$#" -gt 0 ]; do
  case "$1" in
    --package) package="${2:?--package wants a folder}"; shift ;;
    --seconds|--rounds|--json) arguments+=("$1" "${2:?$1 wants a value}"); shift ;;
    --help|-h) usage; exit 0 ;;
    *) echo "run.sh: unknown option '$1'; see --help" >&2; exit 2 ;;
  esac
  shift
done

{
  scripts/install_dependencies.sh
  cmake --preset release
  cmake --build --preset release --target sta-server stactl
} >&2
readonly store=build/overload/store
rm -rf "$store"
mkdir -p "$store/minilm"
cp -rL "$package" "$store/minilm/1"  # a store holds no links
exec python3 bench/overload/overload.py --server build/release/server/sta-server \
  --stactl build/release/client/stactl --store "$store" "${arguments[@]}"
