# SPDX-License-Identifier: Apache-2.0
"""Packed batches of one shape: sequences behind each other in rows, in place of padding.

    plan = plan_epoch(data.lengths(), shape, order)   # which example goes where
    batch = gather(data, [plan[i]], shape)            # one job

The order of an epoch is a permutation by (seed, epoch), so that training can go on from any step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy
import torch

from sta_prune.bert import Batch
from sta_prune.tokens import TokenizedExamples

# One batch of one job: (example, row) in the order of the rows' places.
Placement = list[tuple[int, int]]


@dataclass(frozen=True)
class BatchShape:
    """rows x row_tokens tokens, in at most `slots` sequences. No sequence is over row_tokens."""

    rows: int = 8
    row_tokens: int = 128
    slots: int = 128

    @property
    def tokens(self) -> int:
        return self.rows * self.row_tokens


def plan_epoch(lengths: numpy.ndarray, shape: BatchShape, order: numpy.ndarray) -> list[Placement]:
    """Places examples in this order, each in the first row with room; a batch ends at the first
    example that has no place. Every example is placed once."""
    batches: list[Placement] = []
    room: list[int] = []
    for example in order.tolist():
        length = int(lengths[example])
        if not 0 < length <= shape.row_tokens:
            raise ValueError(f"example {example} has {length} tokens, not 1..{shape.row_tokens}")
        row = next((r for r, left in enumerate(room) if left >= length), None)
        if row is None or len(batches[-1]) == shape.slots:
            batches.append([])
            room = [shape.row_tokens] * shape.rows
            row = 0
        room[row] -= length
        batches[-1].append((example, row))
    return batches


def gather(data: TokenizedExamples, placements: Sequence[Placement], shape: BatchShape) -> Batch:
    """One placement a job, all of one data set, as a Batch on the CPU."""
    jobs = len(placements)
    size = (jobs, shape.rows, shape.row_tokens)
    ids, types, positions = (numpy.zeros(size, numpy.int64) for _ in range(3))
    sequences = numpy.full(size, -1, numpy.int64)
    first, examples = (numpy.zeros((jobs, shape.slots), numpy.int64) for _ in range(2))
    valid = numpy.zeros((jobs, shape.slots), bool)
    labels = numpy.zeros((jobs, shape.slots), numpy.float32)
    for job, placement in enumerate(placements):
        used = [0] * shape.rows
        count = [0] * shape.rows
        for slot, (example, row) in enumerate(placement):
            begin, end = int(data.offsets[example]), int(data.offsets[example + 1])
            place = slice(used[row], used[row] + end - begin)
            ids[job, row, place] = data.ids[begin:end]
            types[job, row, place] = data.types[begin:end]
            positions[job, row, place] = numpy.arange(end - begin)
            sequences[job, row, place] = count[row]
            first[job, slot] = row * shape.row_tokens + used[row]
            valid[job, slot] = True
            labels[job, slot] = data.labels[example]
            examples[job, slot] = example
            used[row] = place.stop
            count[row] += 1
    arrays = (ids, types, positions, sequences, first, valid, labels, examples)
    return Batch(*(torch.from_numpy(array) for array in arrays))


class Loader:
    """Batches of a data set for jobs with these seeds; batch(step) depends on nothing else."""

    def __init__(self, data: TokenizedExamples, shape: BatchShape, seeds: Sequence[int]) -> None:
        if len(data) == 0:
            raise ValueError("there are no examples to train on")
        self._data = data
        self._shape = shape
        self._seeds = list(seeds)
        self._epochs: dict[int, list[list[Placement]]] = {}  # by seed

    def _placement(self, seed: int, step: int) -> Placement:
        # Epochs differ by some batches in length, so the step is walked through them.
        epochs = self._epochs.setdefault(seed, [])
        index = step
        for epoch in range(step + 1):
            if epoch == len(epochs):
                random = numpy.random.default_rng([seed, epoch])
                order = random.permutation(len(self._data))
                epochs.append(plan_epoch(self._data.lengths(), self._shape, order))
            if index < len(epochs[epoch]):
                return epochs[epoch][index]
            index -= len(epochs[epoch])
        raise AssertionError("every epoch has a batch")

    def distinct(self, step: int) -> Batch:
        """One job for each distinct seed, in rising order."""
        seeds = sorted(set(self._seeds))
        return gather(self._data, [self._placement(s, step) for s in seeds], self._shape)

    def batch(self, step: int) -> Batch:
        """One job for each seed given; jobs of equal seed get equal batches."""
        seeds = sorted(set(self._seeds))
        index = torch.tensor([seeds.index(seed) for seed in self._seeds])
        distinct = self.distinct(step)
        return Batch(**{name: value[index] for name, value in vars(distinct).items()})


def whole_set(data: TokenizedExamples, shape: BatchShape, jobs: int) -> list[Batch]:
    """Every example once, the same for all jobs, in batches of little waste: for evaluation."""
    order = numpy.argsort(-data.lengths(), kind="stable")
    plans = plan_epoch(data.lengths(), shape, order)
    singles = [gather(data, [placement], shape) for placement in plans]
    return [
        Batch(**{name: value.expand(jobs, *value.shape[1:]) for name, value in vars(one).items()})
        for one in singles
    ]


def calibration_batches(data: TokenizedExamples, shape: BatchShape, most: int = 500) -> list[Batch]:
    """At most `most` examples, spread evenly over the data, in batches of one job."""
    count = min(most, len(data))
    order = numpy.arange(count) * len(data) // count
    return [gather(data, [plan], shape) for plan in plan_epoch(data.lengths(), shape, order)]
