# SPDX-License-Identifier: Apache-2.0
"""The runs behind a task's rows of the results table, the ablation, or a choice of rates.

Trains every method, pattern and seed of one task, as many side by side as fit, and appends a line
to OUT/results.csv for each candidate. Goes on where an earlier call ended: within a stage as long
as OUT/work is there, and otherwise without the chains whose candidates are all in results.csv.

  table.py --part table    --task sst2 --model DIR --data GLUE --out OUT --device cuda --bf16
  table.py --part ablation --task sst2 ...      # the method's parts one by one
  table.py --part choose   --task sst2 ...      # rates and decays, on a split of the training set

Exit status 3: --seconds are over; the same command goes on.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from sta_prune.chains import Chain, Resources, StageResult, run_chains  # noqa: E402
from sta_prune.checkpoint import read_model  # noqa: E402
from sta_prune.evaluation import Computing  # noqa: E402
from sta_prune.methods import Plan, Settings, plans  # noqa: E402
from sta_prune.packing import BatchShape  # noqa: E402
from sta_prune.patterns import PatternRules, split_series  # noqa: E402
from sta_prune.series import CsvLog, TaskData, score, tokens_of, train_teachers  # noqa: E402
from sta_prune.stage import NO_DISTILLATION, TASK_DISTILLATION  # noqa: E402
from sta_prune.tasks import TASKS, read_task_file, split_for_choosing  # noqa: E402

STOPPED = 3
COLUMNS = ("task", "method", "taught", "rate", "decay", "pattern", "seed", "split", "metric",
           "score", "steps", "seconds")  # fmt: skip
# 1:4 does not nest in 2:8, so two series make the six patterns.
SERIES = ("4:8,2:8,1:8,1:16", "2:4,1:4")
ABLATION = ("idp", "idp-free", "idp-one-rate", "idp-one-decay", "srste", "srste-restarts")


@dataclass(frozen=True)
class Run:
    """One method on one series with one choice of rates."""

    method: str
    series: str
    settings: Settings

    @property
    def name(self) -> str:
        taught = "taught" if self.settings.distillation.has_teacher else "free"
        rates = f"{self.settings.rate:g}-{self.settings.decay:g}"
        return f"{self.method}-{taught}-{rates}-{self.series.replace(':', '.').replace(',', '+')}"


def runs_of(part: str, steps: int, dense_rate: float) -> list[Run]:
    """What a part is made of."""
    taught = Settings(steps, TASK_DISTILLATION, dense_rate=dense_rate)
    free = replace(taught, distillation=NO_DISTILLATION)
    if part == "table":
        return [
            Run(method, series, settings)
            for settings in (taught, free)
            for series in SERIES
            for method in ("idp", "srste", "asp")
        ]
    if part == "ablation":
        return [Run(method, SERIES[0], taught) for method in ABLATION]
    return [
        Run("idp", SERIES[0], replace(taught, rate=rate, decay=decay))
        for rate in (5e-4, 1e-3, 2e-3)
        for decay in (1.0, 2.0, 4.0)
    ]


class Results:
    """results.csv: appended, and read to know what is there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._done: set[tuple[str, ...]] = set()
        if path.exists():
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    self._done.add(self._key(row))
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")

    @staticmethod
    def _key(row: dict) -> tuple[str, ...]:
        return tuple(str(row[column]) for column in COLUMNS[:8])

    def add(self, row: dict, scores: dict[str, float], result: StageResult) -> None:
        with self._path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            for metric, value in scores.items():
                end = [metric, f"{value:.3f}", result.steps_so_far, f"{result.seconds:.3f}"]
                writer.writerow([*self._key(row), *end])
        self._done.add(self._key(row))

    def has(self, row: dict) -> bool:
        return self._key(row) in self._done


def read_data(arguments: argparse.Namespace) -> TaskData:
    task = TASKS[arguments.task]
    train = read_task_file(task, arguments.data / task.folder / task.train_file)
    if arguments.part == "choose":
        train, choose = split_for_choosing(train)
        return TaskData(task, train, choose, "choose")
    dev = read_task_file(task, arguments.data / task.folder / "dev.tsv")
    return TaskData(task, train, dev, "dev")


def row_of(data: TaskData, run: Run, rules: PatternRules, seed: int) -> dict:
    return {
        "task": data.task.name,
        "method": run.method,
        "taught": int(run.settings.distillation.has_teacher),
        "rate": f"{run.settings.rate:g}",
        "decay": f"{run.settings.decay:g}",
        "pattern": str(rules),
        "seed": seed,
        "split": data.split,
    }


def run_part(arguments: argparse.Namespace, resources: Resources) -> bool:
    """Whether everything is done."""
    data = read_data(arguments)
    source = read_model(arguments.model)
    config = replace(source.config, labels=len(data.task.labels))
    row_tokens = resources.shape.row_tokens
    train = tokens_of(arguments.model, data.train, row_tokens)
    evaluation = tokens_of(arguments.model, data.evaluation, row_tokens)
    computing = Computing(resources.device, resources.dtype, resources.shape)
    results = Results(arguments.out / "results.csv")
    runs = runs_of(arguments.part, arguments.steps, arguments.dense_rate)
    dense_run = Run("dense", "dense", runs[0].settings)

    def keep(run: Run, rules: PatternRules, result: StageResult) -> None:
        scores = score(config, result.parameters, data.task, evaluation, computing)
        results.add(row_of(data, run, rules, result.chain.seed), scores, result)

    def keep_dense(result: StageResult) -> None:
        keep(dense_run, PatternRules.parse("dense"), result)

    teachers = train_teachers(
        source, data, train, runs[0].settings, arguments.seeds, resources, keep_dense
    )
    if teachers is None:
        return False
    chains: list[Chain] = []
    origin: dict[str, tuple[Run, Plan]] = {}
    for run in runs:
        for number, plan in enumerate(plans(run.method, split_series(run.series), run.settings)):
            for seed in arguments.seeds:
                rows = [row_of(data, run, rules, seed) for rules in plan.candidates.values()]
                if all(map(results.has, rows)):
                    continue
                name = f"{run.name}-{number}-{seed}"
                origin[name] = (run, plan)
                chains.append(Chain(name, seed, plan.stages, teachers[seed]))

    def keep_candidate(result: StageResult) -> None:
        run, plan = origin[result.chain.name]
        rules = plan.candidates.get(result.index)
        if rules is not None:
            keep(run, rules, result)

    return run_chains(config, train, chains, resources, keep_candidate, teachers)


def numbers(text: str) -> list[int]:
    return [int(piece) for piece in text.split(",")]


def parse(argv: Iterable[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", required=True, choices=("table", "ablation", "choose"))
    parser.add_argument("--task", required=True, choices=tuple(TASKS))
    parser.add_argument("--model", type=Path, required=True, metavar="DIR")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--steps", type=int, default=0, help="S (840; SST-2: 1440)")
    parser.add_argument("--dense-rate", type=float, default=0.0,
        help="of the teacher (1e-4; MRPC, RTE: 5e-5)")  # fmt: skip
    parser.add_argument("--seeds", type=numbers, default=[1, 2, 3], help="(1,2,3)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--jobs", type=int, default=24, help="most models side by side (24)")
    parser.add_argument("--max-tokens", type=int, default=128, help="(128)")
    parser.add_argument("--batch-tokens", type=int, default=1024, help="(1024)")
    parser.add_argument("--seconds", type=float, default=math.inf, help="stop after this long")
    arguments = parser.parse_args(argv if argv is None else list(argv))
    arguments.steps = arguments.steps or (1440 if arguments.task == "sst2" else 840)
    arguments.dense_rate = arguments.dense_rate or (
        5e-5 if arguments.task in ("mrpc", "rte") else 1e-4
    )
    return arguments


def main(argv: Iterable[str] | None = None) -> int:
    arguments = parse(argv)
    end = time.monotonic() + arguments.seconds
    rows = max(1, arguments.batch_tokens // arguments.max_tokens)
    log = CsvLog(arguments.out / "log.csv")
    resources = Resources(
        work=arguments.out / "work",
        device=arguments.device,
        dtype=torch.bfloat16 if arguments.bf16 else torch.float32,
        most_jobs=arguments.jobs,
        save_every=0,  # of tens of models a checkpoint is gigabytes, and a stage a minute
        shape=BatchShape(rows=rows, row_tokens=arguments.max_tokens),
        stop_at=lambda: time.monotonic() > end,
        log=log,
    )
    try:
        return 0 if run_part(arguments, resources) else STOPPED
    finally:
        log.close()


if __name__ == "__main__":
    sys.exit(main())
