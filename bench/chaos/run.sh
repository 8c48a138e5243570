#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Measures what a client feels of others that misbehave: bench/chaos/chaos.py.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

usage() {
  cat <<'USAGE'
usage: bench/chaos/run.sh [--seconds S] [--rounds N] [--only NAME]... [--rate R] [--json FILE]
                          [--server-cpus LIST] [--attacker-cpus LIST] [--help]

Serves pretrained/minilm/2-8 and asks it at R requests a second (default: 100) by stactl bench for S
seconds (default: 5): alone, and beside each of the attacks of tests/system/attacks.py, which
another process does again and again, four times a second at the most. Prints p99 with and without,
medians of N rounds (default: 3), and the machine; ends with an error where an attack more than
doubles it, where a request is not answered, or where the server ends.

  --only NAME           one attack; repeat it for more
  --server-cpus LIST    processors of the server, as taskset has them; stactl gets the others
  --attacker-cpus LIST  processors of the attacker, which takes a whole one in floods

On a machine of two processors server, client and attacker share them: what an attacker computes
counts against the server there.
USAGE
}

for argument in "$@"; do
  case "$argument" in --help|-h) usage; exit 0 ;; esac
done

{
  scripts/install_dependencies.sh
  cmake --preset release
  cmake --build --preset release --target sta-server stactl
  tests/system/setup_clients.sh build/system-clients
} >&2
readonly store=build/chaos/store
rm -rf "$store"
mkdir -p "$store/minilm"
cp -rL pretrained/minilm/2-8 "$store/minilm/1"  # a store holds no links
PYTHONPATH=tests/system exec build/system-clients/venv/bin/python bench/chaos/chaos.py \
  --server build/release/server/sta-server --stactl build/release/client/stactl \
  --store "$store" "$@"
