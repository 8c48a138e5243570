# SPDX-License-Identifier: Apache-2.0
"""Runs contenders in turn on the same batches and keeps their times."""

from __future__ import annotations

import dataclasses
import math
import random
import time

import numpy as np

from contender import Contender

_MINIMUM_ROUNDS = 5
# A turn runs this long, so that a contender has its caches and clock rate to itself for most of it.
_TURN_US = 30_000
_MAX_REPEATS = 20


@dataclasses.dataclass
class Lane:
    """A contender on one shape: what takes turns with the others."""

    contender: Contender
    shape: str
    tokens: int
    cosine: float  # the least over the sequences, to the float model of the same weights
    repeats: int = 1
    times_us: list[float] = dataclasses.field(default_factory=list)

    def percentile_ms(self, percentile: float) -> float:
        """The time that so many percent of the runs did not exceed."""
        return float(np.percentile(self.times_us, percentile)) / 1000

    @property
    def median_ms(self) -> float:
        """What ratios are made of."""
        return self.percentile_ms(50)

    @property
    def tokens_per_second(self) -> float:
        """Of the median run; padding does not count."""
        return self.tokens / self.median_ms * 1000


def least_cosine(embeddings: np.ndarray, reference: np.ndarray) -> float:
    """The least cosine between rows of the same index."""
    norms = np.linalg.norm(embeddings, axis=1) * np.linalg.norm(reference, axis=1)
    return float((np.sum(embeddings * reference, axis=1) / norms).min())


def open_lane(contender: Contender, shape: str, tokens: int, reference: np.ndarray) -> Lane:
    """Checks what the contender computes and finds out how often it runs in a turn."""
    embeddings = contender.embed(shape, len(reference))
    estimate_us = min(contender.run(shape, 2))
    return Lane(
        contender=contender,
        shape=shape,
        tokens=tokens,
        cosine=least_cosine(embeddings, reference),
        repeats=min(_MAX_REPEATS, max(1, math.ceil(_TURN_US / estimate_us))),
    )


def run_in_turn(lanes: list[Lane], seconds: float) -> None:
    """Rounds of turns until the time is over, in another order each round.

    The first run of a turn finds the caches as another contender left them and is not counted.
    """
    order = random.Random(1)
    end = time.monotonic() + seconds
    rounds = 0
    while rounds < _MINIMUM_ROUNDS or time.monotonic() < end:
        for lane in order.sample(lanes, len(lanes)):
            lane.times_us += lane.contender.run(lane.shape, lane.repeats + 1)[1:]
        rounds += 1
