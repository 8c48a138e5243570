#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes the Python environment that the pruning toolkit runs in: Debian's PyTorch and NumPy, and what
# Debian has not from requirements.txt.
set -euo pipefail

usage() {
  cat <<'USAGE'
usage: prune/setup_environment.sh DIR

Makes the Python environment DIR on /usr/bin/python3 and its packages (python3-torch, python3-numpy,
python3-tqdm, python3-matplotlib) and installs prune/requirements.txt into it with pip. One that was
made of the same requirements is kept. Afterwards:

  PYTHONPATH=prune DIR/bin/python -m sta_prune --help
USAGE
}

[ "$#" = 1 ] || { usage >&2; exit 2; }
case "$1" in --help|-h) usage; exit 0 ;; esac
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# Complete when it holds a copy of the requirements it was made of.
if cmp -s "$here/requirements.txt" "$1/requirements.txt"; then exit 0; fi
if ! /usr/bin/python3 -c 'import ensurepip, numpy, torch, tqdm, venv' 2>/dev/null; then
  echo "setup_environment.sh: Debian's Python lacks PyTorch; run scripts/install_dependencies.sh" >&2
  exit 1
fi
rm -rf "$1"
/usr/bin/python3 -m venv --system-site-packages "$1"
if ! "$1/bin/pip" install --quiet --disable-pip-version-check --no-deps \
    --requirement "$here/requirements.txt"; then
  echo "setup_environment.sh: pip could not install requirements.txt; it needs a network once" >&2
  exit 1
fi
cp "$here/requirements.txt" "$1/requirements.txt"
