#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds what the accuracy benchmark needs and runs it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

usage() {
  cat <<'USAGE'
usage: bench/accuracy/run.sh [--stsb DEV_TSV] [--patterns LIST] [--json]

Converts all-MiniLM-L6-v2 with each pattern of LIST (default: dense,4:8,2:8), serves the packages
and prints their accuracy as measured through the RPC: Spearman correlation on STS-B dev (when its
dev.tsv is named; it is not part of this repository) and the mean cosine to the floating-point model
on 1,000 Wikipedia sentences. Takes some minutes. Other options go to accuracy.py.
USAGE
}

if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then usage; exit 0; fi
{
  scripts/install_dependencies.sh
  cmake --preset release
  cmake --build --preset release --target sta-server stactl float_embed
  tests/system/setup_clients.sh build/system-clients
} >&2
model="$(scripts/fetch_model.sh)"
stactl_hash="$(sha256sum build/release/client/stactl | cut -c1-16)"
exec build/system-clients/venv/bin/python bench/accuracy/accuracy.py --bin build/release \
  --model "$model" --work "build/accuracy/$stactl_hash" "$@"
