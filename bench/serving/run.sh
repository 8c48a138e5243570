#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs the peers, builds our server and compares their answers a second and their latencies.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

usage() {
  cat <<'USAGE'
usage: bench/serving/run.sh [--quick] [--only identity|minilm]... [--peer NAME]... [--rounds N]
                            [--seconds S] [--json FILE] [--help]

Starts our server and its peers from PyPI (Triton 2.51 through nvidia-pytriton, MLServer, KServe),
one at a time on a free port of this machine, asks all of them by `stactl bench` with 1, 4 and 16
callers, and prints requests a second, p50 and p99, and how many times as fast ours is.

  identity  a model that answers FP32 [1,64] with itself: what serving costs apart from computing
  minilm    all-MiniLM-L6-v2 on 64 texts of 16 to 128 tokens, cut from real sentences. Ours gets
            texts and tokenizes them, with patterns 2:8 and 1:8; peers run ONNX Runtime int8, dense,
            and get the token ids of the same texts. Each has two forms, one run at a time on all
            cores or a run a core on one thread each; the better one counts, at each number of
            callers. Every server's first answer is compared with the floating-point model's.

  --quick      2 rounds of a second instead of 5 of 4: minutes instead of half an hour; rough
  --only PART  identity or minilm; repeat it for more
  --peer NAME  only this peer: triton, mlserver or kserve; repeat it for more
  --rounds N   turns of each server; medians over them are printed
  --seconds S  for each number of callers in a turn
  --json FILE  also write the figures: a list of {name, value, unit, ratio, peer, machine}
  --help       this text

A peer that does not install is left out, and the end says so. Ends with an error where that is so,
where a server answers wrongly or not at all, and where an aim is missed. What was installed and
made stays under build/serving and build/compare (2 gigabytes) for the next run.
USAGE
}

for argument in "$@"; do
  case "$argument" in --help|-h) usage; exit 0 ;; esac
done

readonly work=build/serving
readonly here=bench/serving
. bench/python_environment.sh

mkdir -p "$work"
{
  scripts/install_dependencies.sh
  cmake --preset release
  cmake --build --preset release --target sta-server stactl
} >&2
# Models are made by the modules of bench/compare.
install main bench/compare/requirements.txt
for peer in triton mlserver kserve; do
  install "$peer" "$here/requirements-$peer.txt" ||
    echo "serving: no $peer; $work/install-$peer.log says why" >&2
done
model="$(scripts/fetch_model.sh)"
PYTHONPATH=bench/compare exec "$work/venv-main/bin/python" "$here/serving_bench.py" \
  --bin build/release --model "$model" --work "$work" "$@"
