# SPDX-License-Identifier: Apache-2.0
"""The peers' side of the protocol that bench/engine/driven.h describes.

A peer gives a function for each form of its model; of several forms the one that is fastest at a
shape is used there. SHAPE is always @FILE.
"""

from __future__ import annotations

import pathlib
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np

# Makes a batch ready; the result runs it once and returns its embeddings.
Runner = Callable[[], np.ndarray]
Form = Callable[[dict[str, np.ndarray]], Runner]

_TRIALS = 7


def read_inputs(path: pathlib.Path) -> dict[str, np.ndarray]:
    """The inputs of an exported model: the sequences of a file, padded to the longest."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [[int(token) for token in line.split()] for line in lines]
    ids = np.zeros((len(rows), max(len(row) for row in rows)), np.int64)
    mask = np.zeros_like(ids)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = row
        mask[index, : len(row)] = 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}


def _time(runner: Runner) -> float:
    start = time.perf_counter()
    runner()
    return time.perf_counter() - start


def _fastest(runners: Sequence[Runner]) -> Runner:
    """The runner with the least time of some trials, which take turns; the first is to warm up."""
    if len(runners) == 1:
        return runners[0]
    trials = [[_time(runner) for runner in runners] for _ in range(_TRIALS)]
    least = np.min(np.array(trials[1:]), axis=0)
    return runners[int(np.argmin(least))]


def serve(description: str, forms: Sequence[Form]) -> None:
    """Answers requests from stdin until it ends."""
    runners: dict[str, Runner] = {}

    def find(shape: str) -> Runner:
        if shape not in runners:
            inputs = read_inputs(pathlib.Path(shape.removeprefix("@")))
            runners[shape] = _fastest([form(inputs) for form in forms])
        return runners[shape]

    def answer(line: str) -> str:
        match line.split():
            case ["run", shape, repeats]:
                runner = find(shape)
                return " ".join(f"{_time(runner) * 1e6:.2f}" for _ in range(int(repeats)))
            case ["embed", shape]:
                return " ".join(f"{value:.9g}" for value in find(shape)().ravel())
        raise ValueError(f"'{line}' is neither 'run SHAPE REPEATS' nor 'embed SHAPE'")

    print("ready", description, flush=True)
    for line in sys.stdin:
        try:
            reply = answer(line.strip())
        except Exception as error:  # the peers' libraries raise what they like
            reply = "error: " + " ".join(str(error).split())
        print(reply, flush=True)
