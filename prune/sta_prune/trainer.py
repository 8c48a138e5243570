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
from dataclasses import dataclass
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
from sta_prune.masks import activation_scores, choose_mask, magnitude_scores
from sta_prune.objective import Teacher, total_loss
from sta_prune.packing import Loader
from sta_prune.patterns import Pattern
from sta_prune.quantization import Plan, make_plan, quantize
from sta_prune.stage import Stage
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
        seeds = sorted({job.seed for job in jobs})
        self._seed_index = torch.tensor(
            [seeds.index(job.seed) for job in jobs], device=self._device
        )
        self._teacher = None
        if teacher is not None and self._stage.distillation.has_teacher:
            self._teacher = {
                name: value.to(self._device)
                if name in EMBEDDINGS
                else value.to(self._device).expand(len(seeds), *value.shape[1:])
                for name, value in teacher.items()
            }
        self._rates = self._table([[j.stage.rate_at(s) for s in self._steps()] for j in jobs])
        self._decays = self._table([j.stage.decays() for j in jobs])
        self._power: dict[str, Tensor] = {}
        self._mask_changes = [0.0] * len(jobs)
        self.step = 0
        self._load_inherited()

    def _steps(self) -> range:
        return range(self._stage.steps)

    def _table(self, rows: list[list[float]]) -> Tensor:
        return torch.tensor(rows, device=self._device)

    @torch.no_grad()
    def _load_inherited(self) -> None:
        self._inherited: dict[str, Tensor] = {}
        for name, mask in self.weights.masks.items():
            for index, job in enumerate(self._jobs):
                if job.inherited is not None:
                    mask[index] = job.inherited[name].to(self._device)
            self._inherited[name] = mask.clone()

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

    @torch.no_grad()
    def choose_masks(self, step: int) -> None:
        """New masks for the jobs whose stage asks for them at this step."""
        due = [i for i, job in enumerate(self._jobs) if job.stage.chooses_mask_at(step)]
        lost = torch.zeros(len(self._jobs), device=self._device)
        kept = torch.zeros(len(self._jobs), device=self._device)
        for name in self._matrices if due else ():
            groups: dict[tuple, list[int]] = {}
            for i in due:
                stage = self._jobs[i].stage
                pattern = stage.patterns.of(name)
                groups.setdefault((pattern, stage.saliency, stage.is_nested), []).append(i)
            for (pattern, saliency, is_nested), members in groups.items():
                weight = self.weights.values[name].detach()[members]
                scores = (
                    activation_scores(weight, self._power[name][members])
                    if saliency == "activation"
                    else magnitude_scores(weight)
                )
                within = self._inherited[name][members] if is_nested else None
                mask = self._nested_or_free(scores, pattern, within)
                before = self.weights.masks[name][members]
                lost[members] += (before & ~mask).sum((1, 2))
                kept[members] += before.sum((1, 2))
                self.weights.masks[name][members] = mask
        for i, share in zip(due, (lost / kept.clamp(min=1))[due].tolist()):
            self._mask_changes[i] = share

    def _nested_or_free(self, scores: Tensor, pattern: Pattern, within: Tensor | None) -> Tensor:
        """Inside the inherited mask where that leaves exactly n everywhere, else free of it."""
        mask = choose_mask(scores, pattern, within)
        if within is None or int(mask.sum()) == self._places(mask, pattern):
            return mask
        return choose_mask(scores, pattern)

    @staticmethod
    def _places(mask: Tensor, pattern: Pattern) -> int:
        return pattern.kept_in(mask.shape[-1]) * mask[..., 0].numel()

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
    def _ask_teacher(self, step: int) -> Teacher | None:
        if self._teacher is None:
            return None
        batch = self._loader.distinct(step).to(self._device)
        hidden = encode(self._teacher, self._config, batch, dtype=self._dtype)
        logits = None
        if self._config.labels:
            logits = classify(self._teacher, hidden[-1], batch)
        return Teacher(hidden, logits).of_jobs(self._seed_index)

    def train_step(self) -> dict[str, Tensor]:
        """One step of all jobs; the parts of the loss by job."""
        step = self.step
        batch = self._loader.batch(step).to(self._device)
        if self._stage.dropout:
            # By seed and step, so that a resumed run drops the same numbers.
            torch.manual_seed(self._jobs[0].seed * 1_000_003 + step)
        if step == 0 and any(job.stage.saliency == "activation" for job in self._jobs):
            with torch.no_grad():
                parameters = self.weights.masked()
                encode(parameters, self._config, batch, input_tap=self._power_tap(batch))
        self.choose_masks(step)
        tap = self._power_tap(batch) if self._wants_power(step) else None
        parameters = self.weights.masked()
        hidden = self._encode(parameters, batch, tap)
        parts = total_loss(
            parameters,
            hidden,
            batch,
            self._ask_teacher(step),
            self._stage.distillation,
            has_labels=self._config.labels > 0,
            dropout=self._stage.dropout,
        )
        self.weights.zero_gradient()
        torch.stack(list(parts.values())).sum().backward()
        self.weights.update(self._rates[:, step], self._decays[:, step])
        self.step += 1
        return {name: value.detach() for name, value in parts.items()}

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
        bar.set_postfix(loss=f"{sum(totals) / len(totals):.4f}")
        for i, job in enumerate(self._jobs):
            if not totals[i] < float("inf"):
                raise FloatingPointError(f"{job.name}: the loss at step {self.step} is {totals[i]}")
            if log is not None:
                mine = {name: values[i] for name, values in losses.items()}
                rate = job.stage.rate_at(self.step - 1)
                log(LogRow(job.name, self.step, rate, mine, self._mask_changes[i], seconds))

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
        self._inherited = dict(state["inherited"])
        self._mask_changes = list(state["mask_changes"])


def save_atomically(state: dict, path: Path) -> None:
    """The file is there with the old or the new state, whatever interrupts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = path.with_name(path.name + ".staging")
    torch.save(state, staging)
    staging.replace(path)
