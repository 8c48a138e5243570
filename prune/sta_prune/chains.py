# SPDX-License-Identifier: Apache-2.0
"""Runs chains of stages, as many as fit side by side, and goes on where it was interrupted.

Chains whose next stages have the same steps and losses train in one batch of jobs. Behind each
stage a chain's weights and masks are kept in `work`; a stage that was interrupted is resumed from
its checkpoint there.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from sta_prune.bert import EMBEDDINGS, Batch, BertConfig, Parameters
from sta_prune.packing import BatchShape, Loader
from sta_prune.stage import Stage
from sta_prune.tokens import TokenizedExamples
from sta_prune.trainer import Job, LogRow, Trainer, save_atomically


@dataclass(frozen=True)
class Chain:
    """stages are trained one after the other from `start` ([1, ...], with the embeddings)."""

    name: str
    seed: int
    stages: tuple[Stage, ...]
    start: Parameters


@dataclass(frozen=True)
class StageResult:
    """What a chain is behind a stage. parameters: zeros in place, [1, ...]; seconds: of the wall
    clock over the number of jobs that shared it."""

    chain: Chain
    index: int
    parameters: Parameters
    seconds: float
    steps_so_far: int


@dataclass(frozen=True)
class Resources:
    """What training runs on. most_jobs: side by side. save_every: steps between two checkpoints
    inside a stage, 0 for none but when it stops. stop_at: asked between steps. calibration: for
    stages with rounding. keeps_stages: whether a chain goes on behind its last finished stage when
    it was interrupted; of hundreds of chains the files cost more than they save. unlabeled: texts
    that a teacher is asked about besides a task's own; not used without one."""

    work: Path
    device: str = "cpu"
    dtype: torch.dtype = torch.float32
    most_jobs: int = 32
    shape: BatchShape = field(default_factory=BatchShape)
    save_every: int = 500
    stop_at: Callable[[], bool] = lambda: False
    log: Callable[[LogRow], None] | None = None
    calibration: tuple[Batch, ...] = ()
    progress: bool = False
    keeps_stages: bool = True
    unlabeled: TokenizedExamples | None = None


class _Progress:
    """A chain between two stages, kept in a file if it has to outlast this process."""

    def __init__(self, chain: Chain, work: Path, is_kept: bool) -> None:
        self.chain = chain
        self._is_kept = is_kept
        self._path = work / f"{chain.name}.pt"
        self.done = 0
        self.values: Parameters = chain.start
        self.masks: dict[str, Tensor] | None = None
        if self._path.exists():
            kept = torch.load(self._path, map_location="cpu")
            self.done = kept["done"]
            tables = {n: v for n, v in chain.start.items() if n in EMBEDDINGS}
            self.values = {**tables, **kept["values"]}
            self.masks = kept["masks"]

    @property
    def is_done(self) -> bool:
        return self.done == len(self.chain.stages)

    @property
    def stage(self) -> Stage:
        return self.chain.stages[self.done]

    def advance(self, trainer: Trainer, job: int) -> None:
        """Pruned weights are kept as they are, not as zeros: a mask that may leave the inherited
        one can take them up again."""
        values = {n: v.detach()[job : job + 1].clone() for n, v in trainer.weights.values.items()}
        masks = {n: m[job].clone() for n, m in trainer.weights.masks.items()}
        self.done += 1
        tables = {n: v for n, v in self.chain.start.items() if n in EMBEDDINGS}
        self.values, self.masks = {**tables, **values}, masks
        if self._is_kept:
            save_atomically({"done": self.done, "values": values, "masks": masks}, self._path)


def _next_group(waiting: Sequence[_Progress], most: int) -> list[_Progress]:
    """The largest group that can train side by side, at most `most` of it."""
    groups: dict[tuple, list[_Progress]] = {}
    for progress in waiting:
        groups.setdefault(progress.stage.batch_key(), []).append(progress)
    return max(groups.values(), key=len)[:most]


def _stack(members: Sequence[_Progress], device: str) -> Parameters:
    """[jobs, ...]; embedding tables, which are the same for all, stay [1, ...]."""
    first = members[0].values
    return {
        name: first[name]
        if name in EMBEDDINGS
        else torch.cat([member.values[name].to(device) for member in members])
        for name in first
    }


def _stack_teachers(members: Sequence[_Progress], teachers: dict[int, Parameters]) -> Parameters:
    seeds = sorted({member.chain.seed for member in members})
    first = teachers[seeds[0]]
    return {
        name: first[name] if name in EMBEDDINGS else torch.cat([teachers[s][name] for s in seeds])
        for name in first
    }


def _train_group(
    config: BertConfig,
    data: TokenizedExamples,
    members: list[_Progress],
    teachers: dict[int, Parameters] | None,
    resources: Resources,
) -> tuple[Trainer, float, Path] | None:
    """The trainer at the end of the stage, its seconds a job, and its checkpoint, to be removed
    when all is kept elsewhere; None when it was told to stop."""
    jobs = [Job(m.chain.name, m.stage, m.chain.seed, m.masks) for m in members]
    wants_teacher = jobs[0].stage.distillation.has_teacher
    if wants_teacher and teachers is None:
        raise ValueError("distillation needs teachers")
    trainer = Trainer(
        config,
        _stack(members, resources.device),
        jobs,
        Loader(
            data,
            resources.shape,
            [job.seed for job in jobs],
            resources.unlabeled if wants_teacher else None,
        ),
        teacher=_stack_teachers(members, teachers) if wants_teacher and teachers else None,
        calibration=resources.calibration,
        device=resources.device,
        dtype=resources.dtype,
    )
    names = ",".join(f"{m.chain.name}:{m.done}" for m in members)
    checkpoint = resources.work / f"stage-{hashlib.sha256(names.encode()).hexdigest()[:16]}.pt"
    begin = time.monotonic()
    ended = trainer.run(
        checkpoint=checkpoint,
        save_every=resources.save_every,
        log=resources.log,
        stop_at=resources.stop_at,
        title=f"{jobs[0].name}" if len(jobs) == 1 else f"{len(jobs)} jobs",
        progress=resources.progress,
    )
    if not ended:
        return None
    return trainer, (time.monotonic() - begin) / len(jobs), checkpoint


def run_chains(
    config: BertConfig,
    data: TokenizedExamples,
    chains: Sequence[Chain],
    resources: Resources,
    on_stage: Callable[[StageResult], None],
    teachers: dict[int, Parameters] | None = None,
) -> bool:
    """Trains all chains to their ends; True when all are there, False when told to stop.

    on_stage is called behind every stage; when a later call goes on, not for stages done before.
    teachers: by seed, [1, ...]. All chains have the same embedding tables.
    """
    names = [chain.name for chain in chains]
    if len(set(names)) != len(names):
        raise ValueError("two chains have one name")
    resources.work.mkdir(parents=True, exist_ok=True)
    waiting = [_Progress(chain, resources.work, resources.keeps_stages) for chain in chains]
    waiting = [progress for progress in waiting if not progress.is_done]
    while waiting:
        if resources.stop_at():
            return False
        members = _next_group(waiting, resources.most_jobs)
        trained = _train_group(config, data, members, teachers, resources)
        if trained is None:
            return False
        trainer, seconds, checkpoint = trained
        exported = trainer.weights.exported()
        for job, member in enumerate(members):
            steps = sum(stage.steps for stage in member.chain.stages[: member.done + 1])
            mine = {
                name: value if name in EMBEDDINGS else value[job : job + 1]
                for name, value in exported.items()
            }
            # The result is told before the stage counts as done: it may be told twice after a
            # crash in between, but is never lost.
            on_stage(StageResult(member.chain, member.done, mine, seconds, steps))
            member.advance(trainer, job)
        checkpoint.unlink(missing_ok=True)
        waiting = [progress for progress in waiting if not progress.is_done]
    return True
