# SPDX-License-Identifier: Apache-2.0
"""results.csv files as Markdown: mean and deviation over seeds, by pattern, method and task.

  summarize.py OUT/*/results.csv > table.md

Each task counts by its own metric; the last columns are the mean of the tasks, where all are there,
and its drop from the dense model's. Of equal rows the last one counts. A cell says how many seeds
it is of where that is not the most. Seconds are those of the last stage, of the wall clock over the
models that were trained side by side.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from sta_prune.tasks import TASKS  # noqa: E402

Group = tuple[str, str, str, str]  # pattern, method, taught, settings
# Scores by group and task, then by seed.
Scores = dict[Group, dict[str, dict[str, float]]]


def read_scores(paths: Sequence[Path]) -> tuple[Scores, dict[Group, list[tuple[int, float]]]]:
    """Scores, and (steps, seconds) of each group's candidates."""
    scores: Scores = {}
    costs: dict[Group, list[tuple[int, float]]] = {}
    for path in paths:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["metric"] != TASKS[row["task"]].metrics[0]:
                    continue
                key = (row["pattern"], row["method"], row["taught"], row["settings"])
                seeds = scores.setdefault(key, {}).setdefault(row["task"], {})
                seeds[row["seed"]] = float(row["score"])
                costs.setdefault(key, []).append((int(row["steps"]), float(row["seconds"])))
    return scores, costs


def _cell(values: Sequence[float], most: int) -> str:
    text = f"{statistics.fmean(values):.1f}"
    if len(values) > 1:
        text += f" ± {statistics.stdev(values):.1f}"
    return text if len(values) == most else f"{text} ({len(values)})"


def _mean_of_tasks(tasks: dict[str, dict[str, float]], names: Sequence[str]) -> float | None:
    if any(name not in tasks for name in names):
        return None
    return statistics.fmean(statistics.fmean(tasks[name].values()) for name in names)


def _order(key: Group) -> tuple:
    pattern = key[0]
    n, m = (1, 1) if pattern == "dense" else map(int, pattern.split(",")[0].split(":"))
    return (-n / m, m, key[1:])


def summarize(paths: Sequence[Path]) -> str:
    """The table; raises ValueError where there is nothing to show."""
    scores, costs = read_scores(paths)
    if not scores:
        raise ValueError("there is no result in these files")
    names = [name for name in TASKS if any(name in tasks for tasks in scores.values())]
    most = max(len(seeds) for tasks in scores.values() for seeds in tasks.values())
    dense = next(
        (_mean_of_tasks(tasks, names) for key, tasks in scores.items() if key[0] == "dense"), None
    )
    head = [
        "pattern",
        "method",
        "teacher",
        "rate, decay, saliency",
        "steps",
        "seconds",
        *names,
        "mean",
        "drop",
    ]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for key in sorted(scores, key=_order):
        pattern, method, taught, settings = key
        tasks = scores[key]
        mean = _mean_of_tasks(tasks, names)
        drop = "" if mean is None or dense is None else f"{dense - mean:.1f}"
        is_dense = pattern == "dense"
        cells = [_cell(list(tasks[name].values()), most) if name in tasks else "" for name in names]
        least, largest = min(costs[key])[0], max(costs[key])[0]
        row = [
            pattern, method, "yes" if taught == "1" and not is_dense else "no",
            "" if is_dense else settings,
            f"{least}" if least == largest else f"{least} to {largest}",
            f"{statistics.fmean(seconds for _, seconds in costs[key]):.1f}", *cells,
            "" if mean is None else f"{mean:.1f}", drop,
        ]  # fmt: skip
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", type=Path, nargs="+", metavar="FILE")
    print(summarize(parser.parse_args(argv).results), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
