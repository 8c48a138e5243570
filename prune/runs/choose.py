# SPDX-License-Identifier: Apache-2.0
"""The best rates of each method, from the results of table.py's parts choose and mixed.

  choose.py OUT/*/results.csv > choice.json

For a method, with a teacher and without one, the settings whose mean over tasks, patterns and seeds
is highest. Patterns by matrix, which have as many weights as 1:8, are told beside it on standard
error.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from labels import WITH_TEXT, fields_of  # noqa: E402
from summarize import Scores, read_scores  # noqa: E402


def means(scores: Scores) -> dict[tuple[str, str, str], float]:
    """By method, teaching and settings: the mean of the tasks, then of the patterns. Only patterns
    and tasks count that all settings of a method have, so that a run cut short misleads nobody."""
    found: dict[tuple[str, str], dict[str, dict[tuple[str, str], float]]] = {}
    for (pattern, method, taught, label), by_task in scores.items():
        if method != "dense" and "=" not in pattern:
            cells = found.setdefault((method, taught), {}).setdefault(label, {})
            cells.update({(pattern, t): statistics.fmean(v.values()) for t, v in by_task.items()})
    result = {}
    for (method, taught), labels in found.items():
        common = set.intersection(*(set(cells) for cells in labels.values()))
        for label, cells in labels.items():
            if common:
                mean = statistics.fmean(cells[cell] for cell in common)
                result[(method, taught, label)] = mean
    return result


def text_gain(scores: Scores) -> float:
    """What asking teachers about unlabeled texts is worth: the mean difference of cells with it to
    the same ones without; 0 where there are none."""
    gains = []
    for (pattern, method, taught, label), by_task in scores.items():
        without = scores.get((pattern, method, taught, label.removesuffix(WITH_TEXT)), {})
        if label.endswith(WITH_TEXT):
            gains += [
                statistics.fmean(by_task[task].values()) - statistics.fmean(without[task].values())
                for task in sorted(by_task.keys() & without.keys())
            ]
    return statistics.fmean(gains) if gains else 0.0


def choose(paths: Sequence[Path]) -> dict[str, dict[str, float] | bool]:
    """Fields of Settings by "METHOD-taught" and "METHOD-free"; "unlabeled": whether to ask teachers
    about texts beside the task's own."""
    scores, _ = read_scores(paths)
    gain = text_gain(scores)
    print(f"unlabeled texts: {gain:+.2f}", file=sys.stderr)
    choice: dict[str, dict[str, float] | bool] = {"unlabeled": gain > 0}
    ranked = sorted(means(scores).items(), key=lambda item: item[1])
    for (method, taught, label), mean in ranked:  # the best one of a method comes last
        kind = "taught" if taught == "1" else "free"
        print(f"{method}-{kind}: {label}: {mean:.2f}", file=sys.stderr)
        choice[f"{method}-{kind}"] = fields_of(label, taught == "1")
    for (pattern, method, _, label), by_task in scores.items():
        if "=" in pattern:
            mean = statistics.fmean(statistics.fmean(v.values()) for v in by_task.values())
            print(f"{method}: {label}: {pattern}: {mean:.2f} ({len(by_task)} tasks)", file=sys.stderr)
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
