# SPDX-License-Identifier: Apache-2.0
"""The runs behind a task's rows of the results table, the ablation, or a choice of rates.

Trains every method, pattern and seed of one task, as many side by side as fit, and appends a line
to OUT/results.csv for each candidate. Goes on where an earlier call ended: without the chains
whose candidates are all in results.csv.

  table.py --part table    --task sst2 --model DIR --data GLUE --out OUT --device cuda --bf16
  table.py --part ablation --task sst2 ...      # the method's parts one by one
  table.py --part choose   --task sst2 ...      # rates and decays, on a split of the training set
  table.py --part mixed    --task sst2 ...      # patterns by matrix, likewise

Exit status 3: --seconds are over; the same command goes on.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import math
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy
import torch

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parent)]
from labels import WITH_TEXT, label_of  # noqa: E402
from sta_prune.backbone import read_lines  # noqa: E402
from sta_prune.chains import Chain, Resources, StageResult, run_chains  # noqa: E402
from sta_prune.checkpoint import read_model  # noqa: E402
from sta_prune.evaluation import Computing  # noqa: E402
from sta_prune.methods import Plan, Settings, plans  # noqa: E402
from sta_prune.packing import BatchShape  # noqa: E402
from sta_prune.patterns import PatternRules, split_series  # noqa: E402
from sta_prune.series import CsvLog, TaskData, score, tokens_of, train_teachers  # noqa: E402
from sta_prune.stage import NO_DISTILLATION, TASK_DISTILLATION  # noqa: E402
from sta_prune.tasks import TASKS, Examples, read_task_file, split_for_choosing  # noqa: E402
from sta_prune.tokens import TokenizedExamples, joined  # noqa: E402

STOPPED = 3
COLUMNS = ("task", "method", "taught", "settings", "pattern", "seed", "split", "metric", "score",
           "steps", "seconds")  # fmt: skip
KEY_COLUMNS = 7  # what tells candidates apart
# 1:4 does not nest in 2:8, so two series make the six patterns.
SERIES = ("4:8,2:8,1:8,1:16", "2:4,1:4")
CHOOSING = "2:8,1:8"  # where methods without a chain are tuned
ABLATION = ("idp", "idp-free", "idp-one-rate", "idp-one-decay", "srste", "srste-restarts")
# As many weights as 1:8 in all, given to matrices by kind or by layer.
MIXED = (
    "4:8;2:8;1:8,*.query.*=1:16,*.key.*=1:16,*.value.*=3:16,*.attention.output.*=3:16",
    "4:8;2:8;1:8,*.layer.0.*=3:16,*.layer.1.*=3:16,*.layer.4.*=1:16,*.layer.5.*=1:16",
    "4:8;2:8;1:8,*.layer.0.*=1:16,*.layer.1.*=1:16,*.layer.4.*=3:16,*.layer.5.*=3:16",
    "4:8;2:8;1:8,*.intermediate.*=3:16,*.layer.?.output.*=1:16",
    "4:8;2:8;1:8,*.intermediate.*=1:16,*.layer.?.output.*=3:16",
)


@dataclass(frozen=True)
class Run:
    """One method on one series with one choice of rates."""

    method: str
    series: str
    settings: Settings

    @property
    def is_taught(self) -> bool:
        return self.settings.distillation.has_teacher

    @property
    def name(self) -> str:
        series = hashlib.sha256(self.series.encode()).hexdigest()[:8]
        taught = "taught" if self.is_taught else "free"
        return f"{self.method}-{taught}-{label_of(self.settings).replace(', ', '-').replace(' and ', '-')}-{series}"


def runs_of(
    part: str, settings: Settings, choice: dict[str, dict], with_text: bool = False
) -> list[Run]:
    """What a part is made of. choice: fields of Settings by method and teaching, as choose.py
    writes them. with_text: teachers are asked about unlabeled texts too; to choose whether they
    are, the method itself is enough."""
    taught = replace(settings, distillation=TASK_DISTILLATION)
    free = replace(settings, distillation=NO_DISTILLATION)
    if part == "choose" and with_text:
        return [Run("idp", SERIES[0], taught)]
    if part == "choose":
        return [*_taught_to_choose(taught), *_free_to_choose(free)]
    if part == "mixed":
        return [Run("idp", series, taught) for series in MIXED]

    def run(method: str, series: str, base: Settings) -> Run:
        kind = "taught" if base.distillation.has_teacher else "free"
        # The parts of the method are judged at its own rates.
        origin = "idp" if part == "ablation" else method
        return Run(method, series, replace(base, **choice.get(f"{origin}-{kind}", {})))

    if part == "table":
        methods = [(taught, ("idp", "srste")), (free, ("idp", "srste", "asp"))]
        return [
            run(method, series, base)
            for base, names in methods
            for series in SERIES
            for method in names
        ]
    return [run(method, SERIES[0], taught) for method in ABLATION]


def _taught_to_choose(base: Settings) -> list[Run]:
    changes: list[dict] = [{"rate": rate} for rate in (5e-4, 1e-3, 2e-3)]
    changes += [{"decay": decay} for decay in (4.0,)]
    changes += [{"activation_density": density} for density in (1 / 8, 1 / 2)]
    return [
        *(Run("idp", SERIES[0], replace(base, **change)) for change in changes),
        *(Run("srste", CHOOSING, replace(base, rate=rate)) for rate in (5e-4, 1e-3, 2e-3)),
    ]


def _free_to_choose(base: Settings) -> list[Run]:
    return [
        Run(method, CHOOSING, replace(base, free_rate=free_rate, rate=rate))
        for method in ("idp", "srste", "asp")
        for free_rate, rate in ((1.5e-4, 5e-4), (3e-4, 1e-3), (6e-4, 2e-3))
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
        return tuple(str(row[column]) for column in COLUMNS[:KEY_COLUMNS])

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
    if arguments.part in ("choose", "mixed"):
        train, choose = split_for_choosing(train)
        return TaskData(task, train, choose, "choose")
    dev = read_task_file(task, arguments.data / task.folder / "dev.tsv")
    return TaskData(task, train, dev, "dev")


def read_unlabeled(paths: Sequence[Path], model: Path, max_tokens: int) -> TokenizedExamples:
    """Lines of one text, or of two with a tab between them."""
    found = None
    lines = [tuple(line.split("\t")) for line in read_lines(paths)]
    for columns in sorted({len(line) for line in lines}):
        if columns > 2:
            raise ValueError(f"a line of {paths[0]} has {columns} columns; 1 or 2 are allowed")
        texts = list(zip(*(line for line in lines if len(line) == columns)))
        examples = Examples(
            texts[0], texts[1] if columns == 2 else None, numpy.zeros(len(texts[0]))
        )
        tokens = tokens_of(model, examples, max_tokens)
        found = tokens if found is None else joined(found, tokens)
    if found is None:
        raise ValueError(f"there is no text in {paths[0]}")
    return found


def evaluation_shape(shape: BatchShape) -> BatchShape:
    """Large batches, since there is one model at a time."""
    return BatchShape(rows=8 * shape.rows, row_tokens=shape.row_tokens, slots=8 * shape.slots)


def row_of(
    data: TaskData, run: Run, rules: PatternRules, seed: int, with_text: bool
) -> dict:
    return {
        "task": data.task.name,
        "method": run.method,
        "taught": int(run.is_taught),
        "settings": label_of(run.settings) + (WITH_TEXT if with_text and run.is_taught else ""),
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
    computing = Computing(resources.device, resources.dtype, evaluation_shape(resources.shape))
    results = Results(arguments.out / "results.csv")
    settings = Settings(arguments.steps, dense_rate=arguments.dense_rate)
    choice = json.loads(arguments.choice.read_text(encoding="utf-8")) if arguments.choice else {}
    if arguments.unlabeled and choice.pop("unlabeled", True):
        texts = read_unlabeled(arguments.unlabeled, arguments.model, row_tokens)
        resources = replace(resources, unlabeled=texts)
    runs = runs_of(arguments.part, settings, choice, with_text=resources.unlabeled is not None)
    if arguments.methods:
        runs = [run for run in runs if run.method in arguments.methods]
    dense_run = Run("dense", "dense", replace(settings, distillation=NO_DISTILLATION))

    def row(run: Run, rules: PatternRules, seed: int) -> dict:
        return row_of(data, run, rules, seed, with_text=resources.unlabeled is not None)

    def keep(run: Run, rules: PatternRules, result: StageResult) -> None:
        scores = score(config, result.parameters, data.task, evaluation, computing)
        results.add(row(run, rules, result.chain.seed), scores, result)

    def keep_dense(result: StageResult) -> None:
        keep(dense_run, PatternRules.parse("dense"), result)

    teachers = train_teachers(
        source, data, train, settings, arguments.seeds, resources, keep_dense
    )
    if teachers is None:
        return False
    chains: list[Chain] = []
    origin: dict[str, tuple[Run, Plan]] = {}
    for run in runs:
        for number, plan in enumerate(plans(run.method, split_series(run.series), run.settings)):
            for seed in arguments.seeds:
                rows = [row(run, rules, seed) for rules in plan.candidates.values()]
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
    parser.add_argument("--part", required=True, choices=("table", "ablation", "choose", "mixed"))
    parser.add_argument("--task", required=True, choices=tuple(TASKS))
    parser.add_argument("--model", type=Path, required=True, metavar="DIR")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--steps", type=int, default=0, help="S (840; SST-2: 1440)")
    parser.add_argument("--dense-rate", type=float, default=0.0,
        help="of the teacher (1e-4; MRPC, RTE: 5e-5)")  # fmt: skip
    parser.add_argument("--seeds", type=numbers, default=[1, 2, 3], help="(1,2,3)")
    parser.add_argument("--methods", type=lambda text: text.split(","), help="only these")
    parser.add_argument("--choice", type=Path, metavar="FILE",
        help="rates by method, written by choose.py (those of docs/pruning.md)")  # fmt: skip
    parser.add_argument("--unlabeled", type=Path, nargs="+", metavar="FILE",
        help="texts, one a line, or two with a tab between them, of which a teacher is asked as much "
        "as of the task's")  # fmt: skip
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--jobs", type=int, default=48, help="most models side by side (48)")
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
        # Of tens of models a checkpoint is gigabytes, and a stage a minute.
        save_every=0,
        keeps_stages=False,
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
