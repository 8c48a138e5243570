#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs a part of the results of all tasks on the GPUs of a machine, a process a task.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

usage() {
  cat <<'USAGE'
usage: prune/runs/tasks.sh PART MODEL DATA OUT [SECONDS] [OPTION]...

PART is table, ablation, choose or mixed; MODEL a Hugging Face directory, DATA the folder with SST-2, MRPC
and so on, OUT where results go. The tasks run beside each other, since each alone leaves a GPU
waiting, for at most SECONDS (540); the same command goes on, as long as OUT/*/work is there, or else
with the chains that OUT/*/results.csv lacks. OPTIONs go to table.py. Ends with the summary of what is
there. Exit status 3: there is more to do. In the environment, PYTHON is the interpreter (python3) and
TASKS the tasks (all five).
USAGE
}

case "${1:-}" in --help|-h) usage; exit 0 ;; esac
[ "$#" -ge 4 ] || { usage >&2; exit 2; }
part="$1" model="$2" data="$3" out="$4" seconds="${5:-540}"
shift "$(( $# < 5 ? $# : 5 ))"
python="${PYTHON:-python3}"
mkdir -p "$out"

gpus="$(nvidia-smi --list-gpus 2>/dev/null | wc -l || true)"
declare -A processes
for task in ${TASKS:-sst2 stsb rte cola mrpc}; do
  [ "$gpus" -lt 2 ] || export CUDA_VISIBLE_DEVICES="$(( ${#processes[@]} % gpus ))"
  "$python" prune/runs/table.py --part "$part" --task "$task" --model "$model" --data "$data" \
    --out "$out/$task" --seconds "$seconds" "$@" >"$out/$task.txt" 2>&1 &
  processes[$task]="$!"
done
more=0 failed=0
for task in "${!processes[@]}"; do
  status=0
  wait "${processes[$task]}" || status="$?"
  if [ "$status" = 3 ]; then
    more=1
  elif [ "$status" != 0 ]; then
    failed=1
    echo "tasks.sh: $task failed:" >&2
    tail -n 20 "$out/$task.txt" >&2
  fi
done
[ "$failed" = 0 ] || exit 1
"$python" prune/runs/summarize.py "$out"/*/results.csv | tee "$out/summary.md"
[ "$more" = 0 ] || { echo "tasks.sh: out of time; the same command goes on" >&2; exit 3; }
