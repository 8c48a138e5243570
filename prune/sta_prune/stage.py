# SPDX-License-Identifier: Apache-2.0
"""What one stage of training is: a pattern, a number of steps, and how rate and mask go
meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sta_prune.patterns import PatternRules


@dataclass(frozen=True)
class Distillation:
    """Weights of the loss's parts besides the task's own; no teacher where all are 0.

    logits: KL divergence to the teacher's at `temperature`, times its square (regression: square
    error). hidden: square error of the hidden states behind each layer over that layer's variance,
    the mean of the layers. embedding: 1 - cosine of the pooled embeddings.
    """

    logits: float = 0.0
    hidden: float = 0.0
    embedding: float = 0.0
    temperature: float = 2.0

    @property
    def has_teacher(self) -> bool:
        return bool(self.logits or self.hidden or self.embedding)


TASK_DISTILLATION = Distillation(logits=1.0, hidden=20.0)
ENCODER_DISTILLATION = Distillation(hidden=20.0, embedding=1.0)
NO_DISTILLATION = Distillation()


@dataclass(frozen=True)
class Stage:
    """One stage. Times are shares of its steps.

    decay: what pruned weights lose in the whole stage, as an exponent: each step multiplies them by
    1 - decay x rate(step) / sum of rates (SR-STE's term, decoupled from the optimizer). 2 leaves
    about exp(-2).
    refresh_every: steps between two choices of the mask; 0: it is chosen once, at the beginning.
    frozen: the last share of steps, in which the mask stays.
    is_nested: the mask lies inside the inherited one where the pattern allows it.
    keeps_mask: the inherited mask is kept as it is, for fine-tuning behind a series.
    saliency: "magnitude" or "activation" (|w| x rms(input)).
    rate_part: which part of the triangle of rates this stage is, for a rate that runs through
    several stages; (0, 1) is a triangle of its own.
    is_quantized: the rounding of the integer arithmetic is in the loop (no dropout then).
    """

    patterns: PatternRules
    steps: int
    rate: float
    warmup: float = 0.06
    decay: float = 2.0
    refresh_every: int = 5
    frozen: float = 0.15
    is_nested: bool = True
    keeps_mask: bool = False
    saliency: str = "magnitude"
    dropout: float = 0.0
    distillation: Distillation = field(default=TASK_DISTILLATION)
    rate_part: tuple[float, float] = (0.0, 1.0)
    is_quantized: bool = False

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError(f"a stage of {self.steps} steps; at least 1 is needed")
        if self.saliency not in ("magnitude", "activation"):
            raise ValueError(f"saliency '{self.saliency}' is neither 'magnitude' nor 'activation'")

    def rate_at(self, step: int) -> float:
        """Triangular: up from 0 in the warm-up, then down to 0."""
        begin, end = self.rate_part
        time = begin + (end - begin) * (step + 0.5) / self.steps
        share = time / self.warmup if time < self.warmup else (1.0 - time) / (1.0 - self.warmup)
        return self.rate * share

    def decays(self) -> list[float]:
        """What pruned weights lose at each step, as a share."""
        rates = [self.rate_at(step) for step in range(self.steps)]
        total = sum(rates)
        return [self.decay * rate / total if total else 0.0 for rate in rates]

    def chooses_mask_at(self, step: int) -> bool:
        if self.keeps_mask:
            return False
        if step == 0 or self.refresh_every == 0:
            return step == 0
        return step % self.refresh_every == 0 and step < (1.0 - self.frozen) * self.steps

    def batch_key(self) -> tuple:
        """Stages of one key can be trained side by side in one batch of jobs."""
        return (self.steps, self.dropout, self.distillation, self.is_quantized)

    def with_steps(self, steps: int) -> Stage:
        return replace(self, steps=steps)
