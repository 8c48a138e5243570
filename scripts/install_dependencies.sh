#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs what this project needs from Debian 12. Does nothing, quickly, when all is there.
set -euo pipefail

usage() {
  cat <<'USAGE'
usage: scripts/install_dependencies.sh [--build-only] [--list] [--help]

Installs the Debian 12 packages that building, testing and the quick start need, with apt, as root
or through sudo. Prints nothing but one line when everything is there already.

  --build-only  only what building the server and stactl needs (the Dockerfile uses this)
  --list        print the names of the packages and stop
  --help        this text
USAGE
}

# One package a line; what it is for where the name does not say.
build_packages() {
  cat <<'PACKAGES' | sed 's/ *#.*//'
ca-certificates
ccache                   # an image that is built again
cmake
g++
git
grpc-proto               # health.proto, so that reflection can describe the health service
libabsl-dev
libboost-dev             # Beast and Asio: HTTP; a type of it is part of the interface to XRT
libcli11-dev
libeigen3-dev
libgrpc++-dev
libicu-dev
libisal-dev             # CRC32C
libprotobuf-dev
libpugixml-dev           # the metadata in xclbins is XML
libspdlog-dev
libssl-dev
libxrt-dev              # the cards
libyaml-cpp-dev
libzstd-dev
lld
ninja-build
nlohmann-json3-dev
pkg-config
prometheus-cpp-dev
protobuf-compiler
protobuf-compiler-grpc
uuid-dev                 # XRT's headers include it
zlib1g-dev
PACKAGES
}

developer_packages() {
  cat <<'PACKAGES' | sed 's/ *#.*//'
chromium                 # looks at the status page in the system tests
chromium-driver
clang                    # the fuzz targets
clang-format
clang-tidy
curl
libb64-0d                # of perf_analyzer, a client of the system tests
libbenchmark-dev
libclang-rt-14-dev       # libFuzzer and clang's sanitizer runtimes
libdnnl-dev              # oneDNN, a peer of kernel_bench
libgmock-dev
libgtest-dev
openssl                  # makes certificates for tests
python3
python3-matplotlib       # plots of the pruning toolkit
python3-numpy            # the pruning toolkit
python3-torch            # and its training
python3-tqdm             # and its progress bars
python3-venv             # clients of the system tests
qemu-user                # kernels for processors that this one is not
unzip
verilator                # tests of the accelerator's SystemVerilog
yosys                    # and its synthesis
PACKAGES
}

build_only=0
list_only=0
for argument in "$@"; do
  case "$argument" in
    --build-only) build_only=1 ;;
    --list) list_only=1 ;;
    --help|-h) usage; exit 0 ;;
    *) echo "install_dependencies.sh: unknown option '$argument'; see --help" >&2; exit 2 ;;
  esac
done

mapfile -t packages < <(build_packages; if [ "$build_only" = 0 ]; then developer_packages; fi)
if [ "$list_only" = 1 ]; then
  printf '%s\n' "${packages[@]}"
  exit 0
fi

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "install_dependencies.sh: this is not Debian; install by hand: ${packages[*]}" >&2
  exit 1
fi

is_installed() {
  dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null | grep -q '^installed'
}

missing=()
for package in "${packages[@]}"; do
  if ! is_installed "$package"; then missing+=("$package"); fi
done
if [ "${#missing[@]}" = 0 ]; then
  echo "dependencies: all ${#packages[@]} packages are installed"
  exit 0
fi

as_root=()
if [ "$(id -u)" != 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "install_dependencies.sh: not root and no sudo; as root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "dependencies: installing ${missing[*]}"
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
if ! { "${as_root[@]}" apt-get update &&
       "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
         apt-get install --yes --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  tail -n 30 "$log" >&2
  echo "install_dependencies.sh: apt-get failed; its last lines are above" >&2
  exit 1
fi
echo "dependencies: installed"
