#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Measures everything that is claimed of the RTL and writes the figures into one file.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

usage() {
  cat <<'USAGE'
usage: accel/rtl/dv/report.sh --json FILE [--only PART]... [--stored PART]... [--help]

Runs the checks and measurements of the RTL, and writes their figures to FILE, a list of
{"name": ..., "value": ..., "date": ..., "commit": ...}. Parts, in this order:
  lint         Verilator -Wall, Yosys, headers
  cycle_model  how far the cycle model is from the simulated kernel
  measure      layers of real encoders on the simulated kernel: cycles, speed-up, efficiency
  coverage     lines, branches and toggles that the tests reach; writes accel/rtl/doc/coverage.md
  netlist      the kernel's tests on the mapped netlist of the small size
  synthesis    LUT, FF, DSP, BRAM, URAM of the three sizes; writes accel/rtl/doc/resources.md
  mutation     faults that the tests see

  --only PART    only this part (repeat it for more)
  --stored PART  do not run this part: take what it measured last from accel/rtl/dv/measured. Its
                 figures have "stored", which says when that was, of which commit, and whether the
                 RTL has changed since. (repeat it for more)
  --help         this text

What a part measures goes to accel/rtl/dv/measured/PART.json too, as soon as it ends; after all
parts, accel/rtl/doc/figures.md has all figures. A part that fails stops the report. What the parts
leave is under build/. STA_JOBS sets the number of parallel jobs (default: the processors).
USAGE
}

readonly all_parts=(lint cycle_model measure coverage netlist synthesis mutation)
jobs="${STA_JOBS:-$(nproc)}"
json=
parts=()
stored=()

# check_part OPTION [PART]
check_part() {
  if [ "$#" -lt 2 ] || [[ " ${all_parts[*]} " != *" $2 "* ]]; then
    echo "report.sh: $1 wants one of: ${all_parts[*]}" >&2
    exit 2
  fi
}

while [ "$#" -gt 0 ]; do
  case "$1" in
    --json) json="${2:?--json wants a file}"; shift ;;
    --only) check_part "${@:1:2}"; parts+=("$2"); shift ;;
    --stored) check_part "${@:1:2}"; stored+=("$2"); shift ;;
    --help|-h) usage; exit 0 ;;
    *) echo "report.sh: unknown option '$1'; see --help" >&2; exit 2 ;;
  esac
  shift
done
if [ -z "$json" ]; then
  usage >&2
  exit 2
fi
write_options=()
if [ "${#parts[@]}" = 0 ]; then
  parts=("${all_parts[@]}")
  write_options+=(--document)
fi

figures="$(mktemp -d)"
trap 'rm -rf "$figures"' EXIT

part_lint() {
  accel/rtl/lint/lint.py verilator yosys headers
  echo '[{"name": "lint_findings", "value": 0}]' >"$1"
}

# build FOLDER TARGET [OPTION...]: the dev preset, with cmake's own progress.
build() {
  cmake --preset dev -B "$1" "${@:3}" >/dev/null
  cmake --build "$1" -j "$jobs" --target "$2"
}

part_cycle_model() {
  build build/dev rtl_cycle_model_test
  accel/rtl/dv/cycle_error.py --test build/dev/accel/rtl/dv/rtl_cycle_model_test --json "$1"
}

part_measure() {
  build build/rtl-measure rtl_measure -DSTA_MEASURED_ARRAY=8x8
  build/rtl-measure/accel/rtl/dv/rtl_measure --tokens 128,512 --json "$1"
}

part_coverage() { accel/rtl/dv/coverage.py --jobs "$jobs" --json "$1"; }
part_netlist() { accel/rtl/syn/netlist.py --jobs "$jobs" --json "$1"; }
part_synthesis() { accel/rtl/syn/synthesize.py --jobs "$jobs" --json "$1"; }
part_mutation() { accel/rtl/dv/mutation/run.py --jobs "$jobs" --json "$1"; }

count=0
for part in "${parts[@]}"; do
  count=$((count + 1))
  if [[ " ${stored[*]} " == *" $part "* ]]; then
    echo "==> $part ($count of ${#parts[@]}): stored"
    write_options+=(--stored "$part")
    continue
  fi
  echo "==> $part ($count of ${#parts[@]}), $(date +%H:%M:%S)"
  start="$SECONDS"
  "part_$part" "$figures/$part.json"
  echo "$part: $((SECONDS - start)) s"
  accel/rtl/dv/figures.py keep --part "$part" --seconds "$((SECONDS - start))" "$figures/$part.json"
done
accel/rtl/dv/figures.py write --json "$json" "${write_options[@]}" "${parts[@]}"
echo "written: $json"
