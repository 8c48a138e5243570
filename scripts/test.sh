#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs, builds and runs every test. CI calls this and nothing else.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
  cat <<'USAGE'
usage: scripts/test.sh [--quick] [--only STEP]... [--help]

Installs what is missing, builds and runs all tests. Steps, in this order:
  deps     scripts/install_dependencies.sh
  format   clang-format finds nothing to change
  dev      the optimized build with assertions and warnings as errors
  tidy     clang-tidy finds nothing; files whose inputs did not change are skipped
  asan     AddressSanitizer and UndefinedBehaviorSanitizer: build, unit tests
  tsan     ThreadSanitizer: build, unit tests of the parts with threads
           (asan and tsan run no test again that passed, unless a program or its data changed)
  fuzz     the libFuzzer targets, some seconds each on the committed corpora
  test     all unit and system tests of the dev build

  --quick      only: dev build, its unit tests
  --only STEP  only this step, all of it (repeat it for more)
  --help       this text

Results stay under build/. STA_JOBS sets the number of parallel jobs (default: the processors).
USAGE
}

readonly all_steps=(deps format dev tidy asan tsan fuzz test)
# Folders whose subjects run threads.
readonly threaded_tests=(tests/accel/device_pool tests/accel/emulator
                         tests/accel/virtual_card/shim tests/accel/xrt tests/client
                         tests/model_store/package tests/model_store/store tests/server)
jobs="${STA_JOBS:-$(nproc)}"

step_deps() { scripts/install_dependencies.sh; }

step_format() {
  git ls-files -z --cached --others --exclude-standard '*.h' '*.cc' |
    xargs -0 --no-run-if-empty clang-format --dry-run -Werror
}

# configure PRESET: quiet unless it fails.
configure() {
  mkdir -p build
  local log="build/configure-$1.log"
  if ! cmake --preset "$1" >"$log" 2>&1; then
    cat "$log" >&2
    return 1
  fi
}

step_dev() {
  configure dev
  cmake --build --preset dev -j "$jobs"
}

step_tidy() { scripts/tidy.py --build build/dev --jobs "$jobs"; }

# unless_passed PRESET COMMAND...: runs the command, but not where it has passed with the same test
# programs of the preset and the same files under tests/ and docs/.
unless_passed() {
  local stamp="build/$1/passed" inputs
  inputs="$({ find "build/$1/tests" -type f -name '*_test' -print0
              find docs scripts/test.sh tests -type f -print0
            } | sort -z | xargs -0 sha256sum | sha256sum)"
  if [ "${#chosen[@]}" = 0 ] && [ "$(cat "$stamp" 2>/dev/null)" = "$inputs" ]; then
    echo "$1: the same programs have passed before"
    return
  fi
  rm -f "$stamp"
  "${@:2}"
  echo "$inputs" >"$stamp"
}

test_asan() {
  # The gRPC library is not instrumented, so containers it fills would look overflown.
  ASAN_OPTIONS=detect_container_overflow=0:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1 \
    LSAN_OPTIONS="suppressions=$PWD/tests/support/lsan.supp" \
    ctest --preset asan -L unit -j "$jobs" --progress
}

step_asan() {
  configure asan
  cmake --build --preset asan -j "$jobs"
  unless_passed asan test_asan
}

test_tsan() {
  local folder
  for folder in "${threaded_tests[@]}"; do
    TSAN_OPTIONS="suppressions=$PWD/tests/support/tsan.supp halt_on_error=1" \
      ctest --test-dir "build/tsan/$folder" --output-on-failure -L unit -j "$jobs" --progress
  done
}

step_tsan() {
  configure tsan
  cmake --build --preset tsan -j "$jobs" --target "${threaded_tests[@]/%//all}"
  unless_passed tsan test_tsan
}

step_fuzz() { scripts/fuzz.sh --jobs "$jobs"; }

step_test() { ctest --preset dev -j "$jobs" --progress; }

step_unit() { ctest --preset dev -L unit -j "$jobs" --progress; }

steps=("${all_steps[@]}")
chosen=()
while [ "$#" -gt 0 ]; do
  case "$1" in
    --quick) chosen+=(dev unit) ;;
    --only)
      if [ "$#" -lt 2 ] || [[ " ${all_steps[*]} " != *" $2 "* ]]; then
        echo "test.sh: --only wants one of: ${all_steps[*]}" >&2
        exit 2
      fi
      chosen+=("$2")
      shift ;;
    --help|-h) usage; exit 0 ;;
    *) echo "test.sh: unknown option '$1'; see --help" >&2; exit 2 ;;
  esac
  shift
done
if [ "${#chosen[@]}" -gt 0 ]; then steps=("${chosen[@]}"); fi

timings=()
for step in "${steps[@]}"; do
  # The last step prints ctest's summary; what the others took stands before it.
  if [ "$step" = "${steps[-1]}" ] && [ "${#timings[@]}" -gt 0 ]; then
    echo "seconds so far: ${timings[*]}"
  fi
  echo "==> $step"
  start="$SECONDS"
  # A subshell in a plain command, so that errexit stays in force inside the step.
  set +e
  (set -e; "step_$step")
  status="$?"
  set -e
  if [ "$status" != 0 ]; then
    echo "test.sh: step '$step' failed; run it alone with: scripts/test.sh --only $step" >&2
    exit 1
  fi
  timings+=("$step=$((SECONDS - start))")
done
