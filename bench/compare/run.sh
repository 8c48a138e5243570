#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs the peers, builds our engine and compares their speed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

usage() {
  cat <<'USAGE'
usage: bench/compare/run.sh [--quick] [--json FILE] [--out DIR] [--only NAME]... [--patterns LIST]
                            [--seconds S] [--help]

Runs our engine and its peers (onnxruntime fp32 and int8, OpenVINO int8, DeepSparse int8 with the
same sparsity) in turn on the same weights and token ids, whole models from ids to embeddings, and
prints how many times as fast ours is. all-MiniLM-L6-v2 is downloaded once; BERT-base has random
weights. Peers come from PyPI with pip; one that does not install is left out, and the tables say
so. onnxruntime has to install, as the others are calibrated and checked with it.

  --quick          patterns 2:8 and 1:8 and less time each: under ten minutes on two cores
  --json FILE      also write the ratios as JSON: a list of {name, value, unit, ratio, peer, machine}
  --out DIR        where the bar chart, ratios.png, goes (default: build/compare/results)
  --only NAME      only this scenario: minilm_1x16_1t, minilm_1x128_1t, minilm_8x128_1t,
                   minilm_32x16-128_1t, bert_1x128_1t or bert_8x128_2t
  --patterns LIST  patterns of ours and of DeepSparse (default: dense,4:8,2:8,1:8)
  --seconds S      to measure each scenario (default: 60; with --quick 15)
  --help           this text

STA_ISA in the environment chooses our kernels, NM_ARCH those of DeepSparse. What was made stays
under build/compare (some gigabytes) for the next run.
USAGE
}

for argument in "$@"; do
  case "$argument" in --help|-h) usage; exit 0 ;; esac
done

readonly work=build/compare
readonly here=bench/compare

. bench/python_environment.sh

mkdir -p "$work"
{
  scripts/install_dependencies.sh
  cmake --preset release
  cmake --build --preset release --target engine_bench stactl
} >&2
# The same environment with OpenVINO, or, where that does not install, without.
main=main
if ! install openvino "$here"/requirements.txt "$here"/requirements-openvino.txt; then
  echo "compare: no OpenVINO; $work/install-openvino.log says why" >&2
  install "$main" "$here"/requirements.txt
else
  main=openvino
fi
install deepsparse "$here"/requirements-deepsparse.txt ||
  echo "compare: no DeepSparse; $work/install-deepsparse.log says why" >&2
model="$(scripts/fetch_model.sh)"
exec "$work/venv-$main/bin/python" "$here/compare.py" --bin build/release --model "$model" \
  --work "$work" --deepsparse-python "$work/venv-deepsparse/bin/python" "$@"
