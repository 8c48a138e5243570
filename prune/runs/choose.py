# SPDX-License-Identifier: Apache-2.0
"""The best rates of each method, from the results of table.py's parts choose and mixed.

  choose.py OUT/*/results.csv > choice.json

For a method, with a teacher and without one, the settings whose mean over all tasks, patterns and
seeds is highest; only settings with results of every task count. Patterns by matrix, which have as
many weights as 1:8, are told beside it on standard error.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from summarize import Scores, read_scores  # noqa: E402


def fields_of(label: str, is_taught: bool) -> dict[str, float]:
    """The fields of Settings behind a label of table.py."""
    rates, decay, density, *_ = label.split(", ")
    free_rate, _, rate = rates.rpartition(" and ")
    fields = {"rate": float(rate), "decay": float(decay), "activation_density": float(density)}
    return fields if is_taught else {**fields, "free_rate": float(free_rate)}


def means(scores: Scores, tasks: Sequence[str]) -> dict[tuple[str, str, str], float]:
    """By method, teaching and settings: over patterns, of each the mean of the tasks."""
    found: dict[tuple[str, str, str], list[float]] = {}
    for (pattern, method, taught, label), by_task in scores.items():
        if method == "dense" or "=" in pattern or set(by_task) != set(tasks):
            continue
        mean = statistics.fmean(statistics.fmean(by_task[task].values()) for task in tasks)
        found.setdefault((method, taught, label), []).append(mean)
    return {key: statistics.fmean(values) for key, values in found.items()}


def choose(paths: Sequence[Path]) -> dict[str, dict[str, float] | bool]:
    """Fields of Settings by "METHOD-taught" and "METHOD-free"; "unlabeled": whether to ask teachers
    about texts beside the task's own."""
    scores, _ = read_scores(paths)
    tasks = sorted({task for by_task in scores.values() for task in by_task})
    ranked = sorted(means(scores, tasks).items(), key=lambda item: item[1])
    choice: dict[str, dict[str, float] | bool] = {}
    for (method, taught, label), mean in ranked:  # the best one of a method comes last
        kind = "taught" if taught == "1" else "free"
        print(f"{method}-{kind}: {label}: {mean:.2f}", file=sys.stderr)
        choice[f"{method}-{kind}"] = fields_of(label, taught == "1")
        if method == "idp" and kind == "taught":
            choice["unlabeled"] = label.endswith(", text")
    for (pattern, method, _, label), by_task in scores.items():
        if "=" in pattern and set(by_task) == set(tasks):
            mean = statistics.fmean(statistics.fmean(by_task[task].values()) for task in tasks)
            print(f"{method}: {label}: {pattern}: {mean:.2f}", file=sys.stderr)
    return choice


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", type=Path, nargs="+", metavar="FILE")
    print(json.dumps(choose(parser.parse_args(argv).results), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
