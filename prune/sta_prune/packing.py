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
from sta_prune.tokens import TokenizedExamples, joined, without_labels

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


def _gather_one(data: TokenizedExamples, placement: Placement, shape: BatchShape) -> Batch:
    """One placement as numpy would have it: tensors without the dimension of jobs."""
    examples, rows = (numpy.array(column, numpy.int64) for column in zip(*placement))
    begins = data.offsets[examples]
    lengths = data.offsets[examples + 1] - begins
    # Where each sequence begins in its row, and which one of the row it is.
    columns, numbers = (numpy.zeros(len(examples), numpy.int64) for _ in range(2))
    for row in range(shape.rows):
        here = rows == row
        columns[here] = numpy.cumsum(lengths[here]) - lengths[here]
        numbers[here] = numpy.arange(int(here.sum()))
    starts = rows * shape.row_tokens + columns
    within = numpy.arange(int(lengths.sum())) - numpy.repeat(numpy.cumsum(lengths) - lengths, lengths)
    target = numpy.repeat(starts, lengths) + within
    source = numpy.repeat(begins, lengths) + within

    def placed(values: numpy.ndarray, empty: int = 0) -> torch.Tensor:
        flat = numpy.full(shape.tokens, empty, numpy.int64)
        flat[target] = values
        return torch.from_numpy(flat.reshape(shape.rows, shape.row_tokens))

    def slots(values: numpy.ndarray) -> torch.Tensor:
        result = numpy.zeros(shape.slots, values.dtype)
        result[: len(values)] = values
        return torch.from_numpy(result)

    return Batch(
        ids=placed(data.ids[source]),
        types=placed(data.types[source]),
        positions=placed(within),
        sequences=placed(numpy.repeat(numbers, lengths), -1),
        first=slots(starts),
        valid=slots(numpy.ones(len(examples), bool)),
        labels=slots(data.labels[examples].astype(numpy.float32)),
        examples=slots(examples),
    )


def gather(data: TokenizedExamples, placements: Sequence[Placement], shape: BatchShape) -> Batch:
    """One placement a job, all of one data set, as a Batch on the CPU."""
    jobs = [vars(_gather_one(data, placement, shape)) for placement in placements]
    return Batch(**{name: torch.stack([job[name] for job in jobs]) for name in jobs[0]})


class Loader:
    """Batches of a data set for jobs with these seeds; batch(step) depends on nothing else."""

    def __init__(
        self,
        data: TokenizedExamples,
        shape: BatchShape,
        seeds: Sequence[int],
        unlabeled: TokenizedExamples | None = None,
    ) -> None:
        """unlabeled: texts that a teacher is asked about besides the task's own; an epoch has as
        many tokens of them, newly drawn, as of the data."""
        if len(data) == 0:
            raise ValueError("there are no examples to train on")
        self._labeled = len(data)
        self._data = data if unlabeled is None else joined(data, without_labels(unlabeled))
        self._shape = shape
        self._seeds = sorted(set(seeds))
        # The place of each job's seed among the distinct ones.
        self.of_jobs = torch.tensor([self._seeds.index(seed) for seed in seeds])
        self._epochs: dict[int, list[list[Placement]]] = {}  # by seed

    def _order(self, seed: int, epoch: int) -> numpy.ndarray:
        random = numpy.random.default_rng([seed, epoch])
        labeled = random.permutation(self._labeled)
        if len(self._data) == self._labeled:
            return labeled
        others = self._labeled + random.permutation(len(self._data) - self._labeled)
        lengths = self._data.lengths()
        enough = lengths[others].cumsum() <= lengths[labeled].sum()
        return random.permutation(numpy.concatenate([labeled, others[enough]]))

    def _placement(self, seed: int, step: int) -> Placement:
        # Epochs differ by some batches in length, so the step is walked through them.
        epochs = self._epochs.setdefault(seed, [])
        index = step
        for epoch in range(step + 1):
            if epoch == len(epochs):
                order = self._order(seed, epoch)
                epochs.append(plan_epoch(self._data.lengths(), self._shape, order))
            if index < len(epochs[epoch]):
                return epochs[epoch][index]
            index -= len(epochs[epoch])
        raise AssertionError("every epoch has a batch")

    def distinct(self, step: int) -> Batch:
        """One job for each distinct seed, in rising order."""
        return gather(self._data, [self._placement(s, step) for s in self._seeds], self._shape)

    def batch(self, step: int) -> Batch:
        """One job for each seed given; jobs of equal seed get equal batches."""
        return self.distinct(step).of_jobs(self.of_jobs)


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
