#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Measures the server's peak memory with a real model against its bound.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

usage() {
  cat <<'USAGE'
usage: bench/memory/run.sh [--package DIR] [--help]

Serves the package DIR (default: pretrained/minilm/2-8) alone, sends it 16 requests of 8 long texts
at a time for some seconds, and prints the peak of the server's resident memory (VmHWM, before and
after the load) beside the bound: three times the package's size and 100 MB. Ends with an error
where the peak is over the bound. Store and log are in build/memory.
USAGE
}

package=pretrained/minilm/2-8
while [ "$#" -gt 0 ]; do
  case "$1" in
    --package) package="${2:?--package wants a folder}"; shift ;;
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
readonly work=build/memory
rm -rf "$work"
mkdir -p "$work/store/minilm"
cp -rL "$package" "$work/store/minilm/1"  # a store holds no links

build/release/server/sta-server --store "$work/store" --listen 127.0.0.1:0 --metrics off \
  --http-listen off --ports-file "$work/ports" 2>"$work/log" &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT

# wait_for_log TEXT: until the server has logged it; an error where the server ends before.
wait_for_log() {
  until grep -q "$1" "$work/log"; do
    kill -0 "$server" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
    sleep 0.1
  done
}
peak_bytes() { awk '/^VmHWM:/ { print $2 * 1024 }' "/proc/$server/status"; }

wait_for_log '"event":"ready"'
wait_for_log '"event":"listening"'
address="$(sed -n 's/^grpc=//p' "$work/ports")"
loaded="$(peak_bytes)"
build/release/client/stactl bench --server "$address" --concurrency 16 --rows 8 \
  --lengths fixed:250 --duration 10s >&2
peak="$(peak_bytes)"

size="$(du --bytes --summarize "$work/store/minilm/1" | cut -f1)"
awk -v size="$size" -v loaded="$loaded" -v peak="$peak" -v name="$package" 'BEGIN {
  bound = 3 * size + 100e6
  printf "package              %s\n", name
  printf "its size             %7.1f MB\n", size / 1e6
  printf "peak after loading   %7.1f MB\n", loaded / 1e6
  printf "peak under load      %7.1f MB\n", peak / 1e6
  printf "bound                %7.1f MB\n", bound / 1e6
  exit peak > bound
}'
