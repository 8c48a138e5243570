#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Gets the clients of the system tests: a Python environment with those of requirements.txt,
# Triton's perf_analyzer, promtool, and where there is a Go to build them with grpcurl, ghz,
# grpc-health-probe, kustomize and the reader of compose files.
set -euo pipefail

usage() {
  cat <<'USAGE'
usage: tests/system/setup_clients.sh DIR

Makes DIR/venv (Python clients), DIR/perf_analyzer and DIR/bin (Go clients, and promtool of Debian's
prometheus). What is there in the right version is kept. Without Go 1.24 or newer there is no Go
client; the tests that need it are then skipped.
USAGE
}

[ "$#" = 1 ] || { usage >&2; exit 2; }
[ "$1" != --help ] || { usage; exit 0; }
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
mkdir -p "$1"
cd "$1"

# setup_python: the environment is complete when it holds a copy of the requirements it was made of.
setup_python() {
  if cmp -s "$here/requirements.txt" venv/requirements.txt; then return; fi
  local candidate python=""
  for candidate in python3 /usr/bin/python3; do
    if "$candidate" -c 'import venv, ensurepip' 2>/dev/null; then python="$candidate"; break; fi
  done
  if [ -z "$python" ]; then
    echo "setup_clients.sh: no python3 with venv; run scripts/install_dependencies.sh" >&2
    exit 1
  fi
  echo "making a Python environment for the clients"
  rm -rf venv
  "$python" -m venv venv
  if ! venv/bin/pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"; then
    echo "setup_clients.sh: pip could not install the clients; they are needed once, from a network" >&2
    exit 1
  fi
  cp "$here/requirements.txt" venv/requirements.txt
}

# setup_perf_analyzer: the last one that runs on Debian 12 is a program inside of a Python package;
# the library of CUDA that it wants is there for nothing but to be loaded.
setup_perf_analyzer() {
  local version=2.39.0 cuda=12.9.79
  if [ "$(cat perf_analyzer/version 2>/dev/null)" = "$version" ]; then return; fi
  echo "getting perf_analyzer $version"
  rm -rf perf_analyzer
  if ! venv/bin/pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
      --dest perf_analyzer "tritonclient==$version" "nvidia-cuda-runtime-cu12==$cuda"; then
    echo "setup_clients.sh: there is no perf_analyzer; its tests will be skipped" >&2
    return
  fi
  local wheel
  for wheel in perf_analyzer/*.whl; do unzip -q -o "$wheel" -d perf_analyzer; done
  rm perf_analyzer/*.whl
  mv "perf_analyzer/tritonclient-$version.data/data/bin/perf_analyzer" perf_analyzer/perf_analyzer
  chmod +x perf_analyzer/perf_analyzer
  echo "$version" >perf_analyzer/version
}

# setup_go PROGRAM MODULE VERSION
setup_go() {
  if [ "$(cat "bin/$1.version" 2>/dev/null)" = "$3" ]; then return; fi
  echo "building $1 $3"
  if GOBIN="$PWD/bin" GOTOOLCHAIN=local GOFLAGS=-buildvcs=false go install "$2@$3" 2>go.log; then
    echo "$3" >"bin/$1.version"
  else
    tail -n 5 go.log >&2
    echo "setup_clients.sh: $1 could not be built; its tests will be skipped" >&2
  fi
}

# setup_compose: the library that `docker compose` reads its files with, as a program of its own.
setup_compose() {
  local version=v2.16.2
  if [ "$(cat bin/compose.version 2>/dev/null)" = "$version" ]; then return; fi
  setup_go cmd github.com/compose-spec/compose-go/v2/cmd "$version"
  if [ -x bin/cmd ]; then
    mv bin/cmd bin/compose
    mv bin/cmd.version bin/compose.version
  fi
}

# setup_promtool: from Debian's package, which is unpacked and not installed: it would start a server.
setup_promtool() {
  if [ -x bin/promtool ] || command -v promtool >/dev/null; then return; fi
  echo "getting promtool"
  rm -rf promtool
  mkdir -p bin promtool
  if (cd promtool && apt-get download --quiet prometheus >apt.log 2>&1 &&
      dpkg-deb --extract prometheus_*.deb .); then
    mv promtool/usr/bin/promtool bin/
    rm -rf promtool
  else
    tail -n 3 promtool/apt.log >&2
    echo "setup_clients.sh: there is no promtool; its tests will be skipped" >&2
  fi
}

setup_python
setup_promtool
setup_perf_analyzer
if command -v go >/dev/null; then
  mkdir -p bin
  setup_go grpcurl github.com/fullstorydev/grpcurl/cmd/grpcurl v1.9.3
  setup_go ghz github.com/bojand/ghz/cmd/ghz v0.120.0
  setup_compose
  setup_go kustomize sigs.k8s.io/kustomize/kustomize/v5 v5.7.1
  setup_go grpc-health-probe github.com/grpc-ecosystem/grpc-health-probe v0.4.42
else
  echo "setup_clients.sh: there is no Go: tests with its programs are skipped"
fi
