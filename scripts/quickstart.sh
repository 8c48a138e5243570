#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# From a clone to an answered request: installs, builds, serves the models of pretrained/, asks them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
  cat <<'USAGE'
usage: scripts/quickstart.sh [--once] [options]

Installs the Debian packages, builds the release preset, starts sta-server on an empty store,
uploads the models of pretrained/ to it (a sentence encoder and two classifiers), embeds six
sentences through its RPC, prints how alike they are, classifies four, says how to go on, and leaves
the server running until Ctrl-C. What is there already is not done again.

  --once             stop the server at the end instead of leaving it running
  --port N           port of the RPCs (default: 8001)
  --http-port N      port of HTTP (default: 8000)
  --metrics-port N   port of the metrics (default: 8002)
  --bin DIR          use the sta-server and stactl below this build folder; install, build nothing
  --work DIR         where the store and logs go (default: build/quickstart)
  --help             this text
USAGE
}

fail() { echo "quickstart.sh: $*" >&2; exit 1; }
usage_error() { echo "quickstart.sh: $*; see --help" >&2; exit 2; }
say() { echo "==> $*"; }

once=0 port=8001 http_port=8000 metrics_port=8002 bin="" work=build/quickstart
while [ "$#" -gt 0 ]; do
  case "$1" in
    --once) once=1 ;;
    --port|--http-port|--metrics-port|--bin|--work)
      [ "$#" -ge 2 ] || usage_error "$1 wants a value"
      name="${1#--}"
      printf -v "${name//-/_}" '%s' "$2"
      shift ;;
    --help|-h) usage; exit 0 ;;
    *) usage_error "unknown option '$1'" ;;
  esac
  shift
done
for number in "$port" "$http_port" "$metrics_port"; do
  [[ "$number" =~ ^[1-9][0-9]{0,4}$ ]] && [ "$number" -le 65535 ] ||
    usage_error "'$number' is no port; allowed: 1 to 65535"
done

if [ -z "$bin" ]; then
  say "installing what is missing"
  scripts/install_dependencies.sh
  say "building"
  mkdir -p build
  if ! cmake --preset release >build/configure-release.log 2>&1; then
    cat build/configure-release.log >&2
    fail "cmake could not configure; its output is above"
  fi
  cmake --build --preset release --target sta-server stactl
  bin=build/release
fi
readonly server="$bin/server/sta-server" stactl="$bin/client/stactl"
[ -x "$server" ] && [ -x "$stactl" ] || fail "$bin holds no server/sta-server and client/stactl"

readonly store="$work/store"
mkdir -p "$store"

say "starting the server (log: $work/server.log)"
server_pid=""
stop_server() {
  if [ -n "$server_pid" ] && kill -TERM "$server_pid" 2>/dev/null; then
    wait "$server_pid" || true
  fi
}
trap stop_server EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
readonly ports_file="$work/ports"
rm -f "$ports_file"
"$server" --store "$store" --listen "127.0.0.1:$port" --metrics "127.0.0.1:$metrics_port" \
  --http-listen "127.0.0.1:$http_port" --ports-file "$ports_file" >"$work/server.log" 2>&1 &
server_pid="$!"

# The ports file says that it is our server that listens there, not one of an earlier run.
tries=0
until [ -f "$ports_file" ] && "$stactl" health --server "127.0.0.1:$port" >/dev/null 2>&1; do
  kill -0 "$server_pid" 2>/dev/null || { cat "$work/server.log" >&2; fail "the server ended"; }
  tries=$((tries + 1))
  [ "$tries" -lt 300 ] || fail "the server is not ready after 30 s; see $work/server.log"
  sleep 0.1
done

# Copies, since candidates of a series share files by links, which uploads do not follow.
readonly models="$work/models"
rm -rf "$models"
mkdir -p "$models"
cp -rL pretrained/minilm pretrained/sst2 pretrained/clinc150 "$models"
say "uploading the models of pretrained/; what the server has already is not sent again"
for series in minilm:2-8 sst2:2-8 clinc150:1-8; do
  "$stactl" model upload --series "$models/${series%:*}" --prod "${series#*:}" \
    --server "127.0.0.1:$port"
done
rm -rf "$models"

readonly sentences=(
  "A man is playing the guitar on the stage."
  "Someone performs music with a guitar."
  "The stock market fell sharply on Monday."
  "Shares lost much of their value at the start of the week."
  "A cat sleeps on the warm window sill."
  "The kitten is napping in the sun."
)
say "embedding six sentences through the RPC; cosine similarity of each with each"
"$stactl" embed --model minilm --server "127.0.0.1:$port" --similarity "${sentences[@]}"
say "classifying two by sentiment, two by intent"
"$stactl" classify --model sst2 --server "127.0.0.1:$port" \
  "A joy from start to end." "The jokes fall flat."
"$stactl" classify --model clinc150 --server "127.0.0.1:$port" \
  "please wake me up at seven tomorrow" "how much money is in my savings account"

cat <<NEXT

The server answers on 127.0.0.1:$port. How to go on, from another terminal:

  $stactl top --server 127.0.0.1:$port
  $stactl classify --model sst2 --version p1-8 --server 127.0.0.1:$port "A sparser candidate."
  echo "any text" | $stactl embed --model minilm --server 127.0.0.1:$port --json
  curl -s http://127.0.0.1:$metrics_port/metrics | grep sta_
  curl -s http://127.0.0.1:$http_port/v2/models/minilm/infer -d '{"inputs": [
    {"name": "text", "datatype": "BYTES", "shape": [1], "data": ["Hello"]}]}'

  # grpcurl finds everything by reflection; BYTES inputs are base64 in its JSON
  grpcurl -plaintext 127.0.0.1:$port list
  grpcurl -plaintext -d '{"model_name": "minilm", "inputs": [{"name": "text",
    "datatype": "BYTES", "shape": [1], "contents": {"bytes_contents": ["SGVsbG8="]}}]}' \\
    127.0.0.1:$port inference.GRPCInferenceService/ModelInfer

  # Python, with Triton's client: pip install 'tritonclient[grpc]'
  import numpy, tritonclient.grpc as triton
  text = triton.InferInput("text", [1], "BYTES")
  text.set_data_from_numpy(numpy.array([b"Hello"], dtype=object))
  answer = triton.InferenceServerClient("127.0.0.1:$port").infer("minilm", [text])
  print(answer.as_numpy("sentence_embedding"))
NEXT

if [ "$once" = 1 ]; then
  trap - EXIT
  kill -TERM "$server_pid"
  wait "$server_pid" || fail "the server did not end cleanly; see $work/server.log"
  say "the server has stopped"
else
  say "the server runs until Ctrl-C"
  wait "$server_pid"
fi
