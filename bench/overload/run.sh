#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Measures what a server does under more load than it can serve: bench/overload/overload.py.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

usage() {
  cat <<'USAGE'
usage: bench/overload/run.sh [--pattern PATTERN] [--seconds S] [--rounds N] [--json FILE] [--help]

Converts all-MiniLM-L6-v2 with PATTERN (default: 2:8), serves the package alone, and asks it with
stactl bench on the same machine, S seconds (default: 10) each, in N rounds (default: 3), of whose
figures the medians count:

  capacity   a closed loop of 32 callers
  80 %       an open loop of 0.8 times the capacity
  3x         an open loop of three times the capacity
  after      0.8 times again, from one second after the overload on
  deadlines  one caller whose deadline cannot be met, and one whose deadline can

and prints the figures beside what they should be, with the machine and its load before; ends with an
error where one is not. The server runs on one half of the processors and stactl on the other. Only
a quiet machine gives figures that mean something: whatever else runs takes from both. The package
is kept in build/overload.
USAGE
}

pattern=2:8
arguments=()
while [ "$#" -gt 0 ]; do
  case "$1" in
    --pattern) pattern="${2:?--pattern wants a pattern}"; shift ;;
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
stactl=build/release/client/stactl
work="build/overload/$(sha256sum "$stactl" | cut -c1-16)-${pattern//[^0-9a-z]/_}"
package="$work/store/minilm/1"
if [ ! -d "$package" ]; then
  "$stactl" convert --model "$(scripts/fetch_model.sh)" --output "$package" --pattern "$pattern" \
    --calibrate scripts/data/calibration-wiki-600.txt >&2
fi
exec python3 bench/overload/overload.py --server build/release/server/sta-server \
  --stactl "$stactl" --store "$work/store" "${arguments[@]}"
