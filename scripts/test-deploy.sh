#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds what deploy/ ships and runs it for real: the image, the Deployment, the Debian packages.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
  cat <<'USAGE'
usage: scripts/test-deploy.sh [--only STEP]... [--keep-image] [--preset NAME] [--help]

As root on Debian 12, without a Docker engine. Steps, in this order:
  deps      buildah, podman, runc, mmdebstrap, dnsmasq and rclone by apt; prometheus, unpacked
  image     builds the image (podman's store is in STA_DEPLOY_WORK, or build/deploy); says how large it is
  run       starts it hardened, uploads, infers, is scraped and overloaded, rolls back, stops; what is
            started less hardened is found out
  kube      the Deployment of deploy/kubernetes by `podman play kube`
  package   builds the Debian packages, installs and removes them in a fresh system
  models    rclone brings versions to two servers, and takes them away, while clients ask
  fleet     three servers behind a name server: a kill, a rolling upgrade, more servers

  --only STEP   only this step (repeat it for more)
  --keep-image  do not build the image again where there is one
  --preset NAME what is compiled for the image and the packages: release (default) or dev
  --help        this text

From nothing this compiles the release build twice, in the image and outside, which ccache helps
with the next time; all other steps take some minutes. Needs a network.
USAGE
}

readonly all_steps=(deps image run kube package models fleet)
readonly work="${STA_DEPLOY_WORK:-$PWD/build/deploy}"
readonly clients="$PWD/build/system-clients"
export CONTAINERS_STORAGE_CONF="$work/storage.conf" CONTAINERS_CONF="$work/containers.conf"
export STA_IMAGE=localhost/sta-server:test STA_DEPLOY_WORK="$work" STA_SYSTEM_CLIENTS="$clients"
export PYTHONDONTWRITEBYTECODE=1
keep_image=0 preset=release

fail() { echo "test-deploy.sh: $*" >&2; exit 1; }

# unpack PACKAGE FILE...: takes programs out of a Debian package that would start a service.
unpack() {
  local package="$1" file
  shift
  if [ -x "$work/bin/$(basename "$1")" ]; then return; fi
  rm -rf "$work/unpacked"
  mkdir -p "$work/unpacked" "$work/bin"
  (cd "$work/unpacked" && apt-get download --quiet "$package" >apt.log && dpkg-deb -x ./*.deb .)
  for file in "$@"; do mv "$work/unpacked/$file" "$work/bin/"; done
  rm -rf "$work/unpacked"
}

step_deps() {
  local package missing=()
  for package in buildah catatonit podman runc mmdebstrap dnsmasq-base dpkg-dev rclone; do
    dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null |
      grep -q '^installed' || missing+=("$package")
  done
  if [ "${#missing[@]}" -gt 0 ]; then
    apt-get update --quiet --quiet
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends \
      "${missing[@]}" >"$work/apt.log"
  fi
  unpack prometheus usr/bin/prometheus usr/bin/promtool
  tests/system/setup_clients.sh "$clients"
}

# Of its own, so that the machine's configuration stays as it is.
configure_podman() {
  mkdir -p "$work"
  cat >"$CONTAINERS_STORAGE_CONF" <<CONF
[storage]
driver="overlay"
graphroot="$work/store"
runroot="$work/run"
CONF
  cat >"$CONTAINERS_CONF" <<'CONF'
[containers]
default_ulimits=["nofile=4096:4096","nproc=4096:4096"]
[engine]
runtime="runc"
cgroup_manager="cgroupfs"
events_logger="file"
CONF
}

# The base image, made here of Debian's packages: its name is what the Dockerfile asks for.
make_base() {
  if podman image exists debian:bookworm-slim; then return; fi
  mmdebstrap --quiet --variant=minbase \
    --customize-hook='rm -f "$1"/etc/resolv.conf "$1"/etc/hostname' bookworm "$work/base.tar"
  podman import --quiet --change 'CMD ["bash"]' "$work/base.tar" \
    docker.io/library/debian:bookworm-slim
  rm "$work/base.tar"
}

build_image() {
  make_base
  buildah bud --pull=never --layers --isolation chroot --format docker \
    --build-arg PRESET="$preset" --build-arg REVISION="$(git rev-parse HEAD)" \
    --build-arg CREATED="$(git log -1 --format=%cI)" \
    --tag "$STA_IMAGE" . >"$work/build.log" 2>&1 || { tail -n 40 "$work/build.log" >&2; return 1; }
}

step_image() {
  if [ "$keep_image" = 0 ] || ! podman image exists "$STA_IMAGE"; then build_image; fi
  local bytes
  bytes="$(podman save --quiet --format docker-archive "$STA_IMAGE" | gzip -9 | wc -c)"
  echo "the image takes $((bytes / 1000000)) MB compressed (bound: 150)"
  [ "$bytes" -lt 150000000 ] || fail "the image is too large"
}

# The programs of the image, and two packages of a real model, of different sparsity.
prepare() {
  local mounted
  mounted="$(podman image mount "$STA_IMAGE")"
  mkdir -p "$work/programs"
  cp "$mounted"/usr/local/bin/* "$work/programs/"
  podman image unmount "$STA_IMAGE" >/dev/null
  export STA_SERVER="$work/programs/sta-server" STACTL="$work/programs/stactl"
  rm -rf "$work/packages"
  cp -rL pretrained/minilm "$work/packages"
}

run_tests() { "$clients/venv/bin/python" -m pytest -q -rs -s -p no:cacheprovider "tests/deploy/$1"; }

step_run() { prepare; run_tests test_image.py; }
step_kube() { prepare; run_tests test_kube.py; }

step_package() {
  {
    cmake --preset "$preset"
    cmake --build --preset "$preset" --target sta-server stactl sta_xrt
    rm -rf "$work/debs"
    cpack --config "build/$preset/CPackConfig.cmake" -B "$work/debs"
  } >"$work/package.log" 2>&1 || { tail -n 40 "$work/package.log" >&2; return 1; }
  run_tests test_package.py
}

step_models() { prepare; run_tests test_models.py; }

step_fleet() {
  prepare
  "$clients/venv/bin/python" bench/fleet/fleet_bench.py --server "$STA_SERVER" \
    --package "$work/packages/2-8"
}

steps=()
while [ "$#" -gt 0 ]; do
  case "$1" in
    --only)
      if [ "$#" -lt 2 ] || [[ " ${all_steps[*]} " != *" $2 "* ]]; then
        echo "test-deploy.sh: --only wants one of: ${all_steps[*]}" >&2
        exit 2
      fi
      steps+=("$2")
      shift ;;
    --keep-image) keep_image=1 ;;
    --preset) preset="${2:?--preset wants a name}"; shift ;;
    --help|-h) usage; exit 0 ;;
    *) echo "test-deploy.sh: unknown option '$1'; see --help" >&2; exit 2 ;;
  esac
  shift
done
if [ "${#steps[@]}" = 0 ]; then steps=("${all_steps[@]}"); fi
[ "$(id -u)" = 0 ] || fail "needs root: namespaces, mounts, a fresh system"

configure_podman
for step in "${steps[@]}"; do
  echo "==> $step"
  start="$SECONDS"
  set +e
  (set -e; "step_$step")
  status="$?"
  set -e
  if [ "$status" != 0 ]; then
    fail "step '$step' failed; run it alone with: scripts/test-deploy.sh --only $step"
  fi
  echo "$step: $((SECONDS - start)) s"
done
