# SPDX-License-Identifier: Apache-2.0
"""Training of one stage for some jobs side by side, by straight-through gradients under N:M masks.

    trainer = Trainer(config, parameters, jobs, loader, teacher=teacher)
    trainer.run(checkpoint=Path("stage.pt"))     # goes on where an earlier call was interrupted
    trainer.weights.exported()

On a CPU the same bits come out whether a run was interrupted or not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from sta_prune.bert import (
    EMBEDDINGS,
    Batch,
    BertConfig,
    Dropout,
    InputTap,
    Parameters,
    classify,
    encode,
    matrix_names,
)
from sta_prune.integer_encoder import hidden_values
from sta_prune.masks import activation_scores, choose_mask, leaves_room, magnitude_scores
from sta_prune.objective import Teacher, total_loss
from sta_prune.packing import Loader
from sta_prune.patterns import Pattern
from sta_prune.quantization import Plan, make_plan, quantize
from sta_prune.stage import Stage
from sta_prune.step_graph import WARM_UP_STEPS, StepGraph
from sta_prune.weights import TrainableWeights

# How much of an input's power is remembered from one look to the next.
POWER_MEMORY = 0.9

# Steps of a stage with rounding between two choices of scales.
RECALIBRATE_EVERY = 100


@dataclass(frozen=True)
class Job:
    """One model in training. `inherited` are the masks it comes with, or none."""

    name: str
    stage: Stage
    seed: int
    inherited: dict[str, Tensor] | None = None  # by matrix, [out, in]


@dataclass(frozen=True)
class LogRow:
    """What a step was like for a job. mask_changes: share of the places kept before that the last
    choice of masks gave up."""

    job: str
    step: int
    rate: float
    losses: dict[str, float]
    mask_changes: float
    seconds: float


@dataclass(frozen=True)
class _MaskGroup:
    """Jobs that choose their masks of these matrices in the same way. stage: of one of them."""

    stage: Stage
    pattern: Pattern
    is_nested: bool
    members: tuple[int, ...]
    names: tuple[str, ...]


class Trainer:
    """All jobs' stages must have one batch_key(). Not thread-safe; blocks."""

    def __init__(
        self,
        config: BertConfig,
        parameters: Parameters,
        jobs: Sequence[Job],
        loader: Loader,
        *,
        teacher: Parameters | None = None,
        calibration: Sequence[Batch] = (),
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """parameters: [jobs, ...]; teacher: [distinct seeds in rising order, ...], or [1, ...] for
        all. calibration: batches of one job, what scales of a stage with rounding are chosen on.
        dtype: of activations and products; weights and moments stay float32, and so does a stage
        with rounding."""
        keys = {job.stage.batch_key() for job in jobs}
        if len(keys) != 1:
            raise ValueError("jobs that train side by side need equal steps, losses and dropout")
        self._stage = jobs[0].stage  # for what all have in common
        if self._stage.distillation.has_teacher and teacher is None:
            raise ValueError("distillation needs a teacher")
        if self._stage.is_quantized and not calibration:
            raise ValueError("a stage with rounding needs calibration")
        self._calibration = list(calibration)
        self._plan: Plan = {}
        self._config = config
        self._jobs = list(jobs)
        self._loader = loader
        self._device = torch.device(device)
        self._dtype = dtype
        self._matrices = matrix_names(config)
        for job in jobs:
            job.stage.patterns.check(self._matrices)
        self.weights = TrainableWeights(parameters, self._matrices, self._device)
        self._seed_index = loader.of_jobs.to(self._device)
        self._teacher = None
        if teacher is not None and self._stage.distillation.has_teacher:
            self._teacher = {
                name: value.to(self._device)
                if name in EMBEDDINGS
                else value.to(self._device, self._teacher_dtype(name)).expand(
                    len({job.seed for job in jobs}), *value.shape[1:]
                )
                for name, value in teacher.items()
            }
        self._rates = self._table([[j.stage.rate_at(s) for s in self._steps()] for j in jobs])
        self._decays = self._table([j.stage.decays() for j in jobs])
        self._power: dict[str, Tensor] = {}
        self._mask_changes = torch.zeros(len(jobs), device=self._device)
        self._graph: StepGraph | None = None
        self._steps_run = 0  # since this object is there, not of the stage
        self.step = 0
        self._load_inherited()
        self._mask_groups = self._all_groups()
        self._job_index = {group.members: self._index(group.members) for group in self._mask_groups}

    def _teacher_dtype(self, name: str) -> torch.dtype:
        return self._dtype if name in self._matrices else torch.float32

    def _steps(self) -> range:
        return range(self._stage.steps)

    def _table(self, rows: list[list[float]]) -> Tensor:
        return torch.tensor(rows, device=self._device)

    @torch.no_grad()
    def _load_inherited(self) -> None:
        for name, mask in self.weights.masks.items():
            for index, job in enumerate(self._jobs):
                if job.inherited is not None:
                    mask[index] = job.inherited[name].to(self._device)
        self._inherited = self.weights.mask.clone()

    # ---- masks ----

    def _wants_power(self, step: int) -> bool:
        """Whether a job chooses masks by activations behind this step."""
        return any(
            job.stage.saliency == "activation" and job.stage.chooses_mask_at(step + 1)
            for job in self._jobs
        )

    def _power_tap(self, batch: Batch) -> InputTap:
        jobs = len(self._jobs)
        real = (batch.sequences >= 0).reshape(jobs, -1, 1).float()

        def look(name: str, x: Tensor) -> None:
            power = (x.detach().float() ** 2 * real).sum(1) / real.sum(1)
            before = self._power.get(name)
            if before is not None:
                power = POWER_MEMORY * before + (1 - POWER_MEMORY) * power
            self._power[name] = power

        return look

    def _index(self, members: tuple[int, ...]) -> Tensor | slice:
        if len(members) == len(self._jobs):
            return slice(None)
        return torch.tensor(members, device=self._device)

    def _groups_of(self, name: str) -> list[_MaskGroup]:
        """The jobs whose mask of a matrix can be chosen in one go."""
        room: dict[Pattern, list[bool]] = {}
        groups: dict[tuple, list[int]] = {}
        for i, job in enumerate(self._jobs):
            stage = job.stage
            pattern = stage.patterns.of(name)
            if stage.is_nested and pattern not in room:
                room[pattern] = leaves_room(self._inherited_mask(name), pattern).tolist()
            # Inside the inherited mask where that leaves exactly n everywhere, else free of it.
            is_nested = stage.is_nested and room[pattern][i]
            refresh = (stage.refresh_every, stage.frozen, stage.keeps_mask)
            groups.setdefault((pattern, stage.saliency, is_nested, refresh), []).append(i)
        return [
            _MaskGroup(self._jobs[members[0]].stage, pattern, is_nested, tuple(members), (name,))
            for (pattern, _, is_nested, _), members in groups.items()
        ]

    def _inherited_mask(self, name: str) -> Tensor:
        shape = self.weights.masks[name].shape
        return self._inherited[:, self.weights.span(name, name)].view(shape)

    def _all_groups(self) -> list[_MaskGroup]:
        """A GPU is better off with a few large choices: neighbors in the flat buffer whose rows are
        whole groups of m are chosen together."""
        open_groups: dict[tuple, _MaskGroup] = {}
        done: list[_MaskGroup] = []
        for name in self._matrices:
            still_open = {}
            for group in self._groups_of(name):
                key = (group.stage, group.pattern, group.is_nested, group.members)
                before = open_groups.pop(key, None)
                if before is not None:
                    group = replace(group, names=(*before.names, name))
                if self.weights.values[name].shape[-1] % group.pattern.m == 0:
                    still_open[key] = group
                else:
                    done.append(group)
            done += open_groups.values()
            open_groups = still_open
        return [*done, *open_groups.values()]

    def _scores(self, group: _MaskGroup, jobs: Tensor | slice) -> Tensor:
        if group.stage.saliency == "magnitude":
            span = self.weights.span(group.names[0], group.names[-1])
            return magnitude_scores(self.weights.flat[jobs, span])
        scores = [
            activation_scores(self.weights.values[name][jobs], self._power[name][jobs]).flatten(1)
            for name in group.names
        ]
        return torch.cat(scores, 1)

    @torch.no_grad()
    def choose_masks(self, step: int) -> None:
        """New masks for the jobs whose stage asks for them at this step."""
        lost = torch.zeros(len(self._jobs), device=self._device)
        kept = torch.zeros(len(self._jobs), device=self._device)
        for group in self._mask_groups:
            if not group.stage.chooses_mask_at(step):
                continue
            jobs = self._job_index[group.members]
            span = self.weights.span(group.names[0], group.names[-1])
            # Of one matrix a row of it, of several whole groups behind each other.
            columns = self.weights.values[group.names[0]].shape[-1]
            rows = (len(group.members), -1, columns if len(group.names) == 1 else group.pattern.m)
            within = self._inherited[jobs, span].view(rows) if group.is_nested else None
            mask = choose_mask(self._scores(group, jobs).view(rows), group.pattern, within)
            mask = mask.flatten(1)
            before = self.weights.mask[jobs, span]
            lost[jobs] += (before & ~mask).sum(1)
            kept[jobs] += before.sum(1)
            self.weights.mask[jobs, span] = mask
        self._mask_changes = torch.where(kept > 0, lost / kept.clamp(min=1), self._mask_changes)

    # ---- steps ----

    def _encode(self, parameters: Parameters, batch: Batch, tap: InputTap | None) -> list[Tensor]:
        if self._stage.is_quantized:
            if not self._plan or self.step % RECALIBRATE_EVERY == 0:
                self._plan = make_plan(parameters, self._config, self._calibration)
            return hidden_values(quantize(parameters, self._config, self._plan), batch)
        dropout = Dropout(self._stage.dropout, self._stage.dropout)
        return encode(
            parameters, self._config, batch, dropout=dropout, dtype=self._dtype, input_tap=tap
        )

    @torch.no_grad()
    def _ask_teacher(self, distinct: Batch) -> Teacher | None:
        if self._teacher is None:
            return None
        hidden = encode(self._teacher, self._config, distinct, dtype=self._dtype)
        logits = None
        if self._config.labels:
            logits = classify(self._teacher, hidden[-1], distinct)
        return Teacher(hidden, logits).of_jobs(self._seed_index)

    def _compute(self, distinct: Batch, numbers: Tensor, tap_power: bool) -> dict[str, Tensor]:
        """What a step does on the device. distinct: a job a seed; numbers: rates, decays, and
        Adam's corrections."""
        batch = distinct.of_jobs(self._seed_index)
        tap = self._power_tap(batch) if tap_power else None
        is_quantized = self._stage.is_quantized
        parameters = self.weights.masked(torch.float32 if is_quantized else self._dtype)
        parts = total_loss(
            parameters,
            self._encode(parameters, batch, tap),
            batch,
            self._ask_teacher(distinct),
            self._stage.distillation,
            has_labels=self._config.labels > 0,
            dropout=self._stage.dropout,
        )
        self.weights.zero_gradient()
        torch.stack(list(parts.values())).sum().backward()
        rates, decays, corrections = numbers.split([len(self._jobs), len(self._jobs), 2])
        self.weights.update(rates, decays, corrections)
        return {name: value.detach() for name, value in parts.items()}

    def _numbers(self, step: int) -> Tensor:
        corrections = torch.tensor(self.weights.begin_update())
        if self._device.type == "cuda":
            corrections = corrections.pin_memory().to(self._device, non_blocking=True)
        return torch.cat([self._rates[:, step], self._decays[:, step], corrections])

    def _can_record(self) -> bool:
        """A stage with rounding chooses its scales anew now and then, outside of what is
        recorded."""
        return self._device.type == "cuda" and not self._stage.is_quantized

    def train_step(self) -> dict[str, Tensor]:
        """One step of all jobs; the parts of the loss by job."""
        step = self.step
        distinct = self._loader.distinct(step).to(self._device)
        if self._stage.dropout:
            # By seed and step, so that a resumed run drops the same numbers.
            torch.manual_seed(self._jobs[0].seed * 1_000_003 + step)
        if step == 0 and any(job.stage.saliency == "activation" for job in self._jobs):
            with torch.no_grad():
                batch = distinct.of_jobs(self._seed_index)
                encode(self.weights.masked(), self._config, batch, input_tap=self._power_tap(batch))
        self.choose_masks(step)
        numbers = self._numbers(step)
        self._steps_run += 1
        tap_power = self._wants_power(step)
        if tap_power or not self._can_record() or self._steps_run <= WARM_UP_STEPS:
            parts = self._compute(distinct, numbers, tap_power)
        else:
            inputs = [*vars(distinct).values(), numbers]
            if self._graph is None:
                self._graph = StepGraph(self._compute_recorded, inputs)
            parts = self._graph(inputs)
        self.step += 1
        return parts

    def _compute_recorded(self, inputs: Sequence[Tensor]) -> dict[str, Tensor]:
        return self._compute(Batch(*inputs[:-1]), inputs[-1], tap_power=False)

    def run(
        self,
        *,
        checkpoint: Path | None = None,
        save_every: int = 500,
        log: Callable[[LogRow], None] | None = None,
        log_every: int = 20,
        stop_at: Callable[[], bool] = lambda: False,
        title: str = "",
        progress: bool = False,
    ) -> bool:
        """Trains to the end of the stage; True when it got there, False when stop_at() said stop.

        With a checkpoint file the state is read from it first, if it is there, and written to it
        every save_every steps (0: not) and when the run stops early. Raises FloatingPointError
        where a loss is no number.
        """
        if checkpoint is not None and checkpoint.exists():
            self.load_state(torch.load(checkpoint, map_location=self._device))
        begin = time.monotonic()
        bar = tqdm(total=self._stage.steps, initial=self.step, desc=title, disable=not progress)
        with bar:
            while self.step < self._stage.steps:
                parts = self.train_step()
                bar.update()
                is_last = self.step == self._stage.steps
                if self.step % log_every == 0 or is_last:
                    self._report(parts, time.monotonic() - begin, log, bar)
                if is_last:
                    break
                stops = stop_at()
                is_time = bool(save_every) and self.step % save_every == 0
                if checkpoint is not None and (stops or is_time):
                    save_atomically(self.state(), checkpoint)
                if stops:
                    return False
        return True

    def _report(
        self,
        parts: dict[str, Tensor],
        seconds: float,
        log: Callable[[LogRow], None] | None,
        bar: tqdm,
    ) -> None:
        losses = {name: value.tolist() for name, value in parts.items()}
        totals = [sum(values) for values in zip(*losses.values())]
        mask_changes = self._mask_changes.tolist()
        bar.set_postfix(loss=f"{sum(totals) / len(totals):.4f}")
        for i, job in enumerate(self._jobs):
            if not totals[i] < float("inf"):
                raise FloatingPointError(f"{job.name}: the loss at step {self.step} is {totals[i]}")
            if log is not None:
                mine = {name: values[i] for name, values in losses.items()}
                rate = job.stage.rate_at(self.step - 1)
                log(LogRow(job.name, self.step, rate, mine, mask_changes[i], seconds))

    # ---- state ----

    def state(self) -> dict:
        """All that training changes; tensors are not copied."""
        return {
            "step": self.step,
            "weights": self.weights.state(),
            "power": self._power,
            "plan": self._plan,
            "inherited": self._inherited,
            "mask_changes": self._mask_changes,
        }

    def load_state(self, state: dict) -> None:
        self.step = state["step"]
        self.weights.load_state(state["weights"])
        self._power = dict(state["power"])
        self._plan = dict(state["plan"])
        self._inherited = state["inherited"].clone()
        self._mask_changes = state["mask_changes"].clone()


def save_atomically(state: dict, path: Path) -> None:
    """The file is there with the old or the new state, whatever interrupts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = path.with_name(path.name + ".staging")
    torch.save(state, staging)
    staging.replace(path)
