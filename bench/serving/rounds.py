# SPDX-License-Identifier: Apache-2.0
"""Servers take turns, one process at a time, each asked by the same client."""

from __future__ import annotations

import dataclasses
import pathlib
import random
import shutil
import statistics
import sys

from server import Contender, Server, ServerError

CALLERS = (1, 4, 16)


@dataclasses.dataclass(frozen=True)
class Settings:
    """Of all comparisons."""

    stactl: pathlib.Path
    work: pathlib.Path
    rounds: int
    seconds: float  # each number of callers, in each round
    warm_up: float


@dataclasses.dataclass(frozen=True)
class Load:
    """What a server did with so many callers: medians over the rounds."""

    requests_per_second: float
    p50_ms: float
    p99_ms: float


@dataclasses.dataclass(frozen=True)
class Lane:
    """A contender and what was measured, by the number of callers."""

    contender: Contender
    loads: dict[int, Load]


def _median(runs: list[dict]) -> Load:
    def median(key: str) -> float:
        return statistics.median(run[key] for run in runs)

    return Load(median("requests_per_second"), median("p50_us") / 1000, median("p99_us") / 1000)


def measure(contenders: list[Contender], settings: Settings) -> tuple[list[Lane], list[str]]:
    """The lanes, and for each contender that could not be measured a line that says why.

    Rounds have another order each, so that a slow minute of the machine is not always the same
    contender's.
    """
    order = random.Random(1)
    runs: dict[str, list[list[dict]]] = {contender.name: [] for contender in contenders}
    failures: dict[str, str] = {}
    options = ["--concurrency", ",".join(map(str, CALLERS))]
    options += ["--duration", f"{settings.seconds}s", "--warm-up", f"{settings.warm_up}s"]
    for number in range(settings.rounds):
        for contender in order.sample(contenders, len(contenders)):
            if contender.name in failures:
                continue
            print(f"serving: round {number + 1}: {contender.name}", file=sys.stderr, flush=True)
            folder = settings.work / "running"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            try:
                with Server(contender, settings.stactl, folder) as server:
                    runs[contender.name].append(server.bench(options))
            except (ServerError, OSError) as error:
                failures[contender.name] = str(error)
    lanes = [
        Lane(
            contender,
            {
                callers: _median([of_round[index] for of_round in runs[contender.name]])
                for index, callers in enumerate(CALLERS)
            },
        )
        for contender in contenders
        if contender.name not in failures
    ]
    return lanes, list(failures.values())
