# SPDX-License-Identifier: Apache-2.0
"""What is minimized: losses by job, [jobs], so that jobs in one batch stay independent."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from sta_prune.bert import Batch, Parameters, classify, mean_pool
from sta_prune.fused import fused_on_gpu
from sta_prune.stage import Distillation


@dataclass(frozen=True)
class Teacher:
    """What a dense model says of a batch: hidden states as encode gives them, and logits [jobs,
    slots, labels] of a classifier."""

    hidden: list[Tensor]
    logits: Tensor | None

    def of_jobs(self, index: Tensor) -> Teacher:
        logits = None if self.logits is None else self.logits[index]
        return Teacher([states[index] for states in self.hidden], logits)


def _mean_over(values: Tensor, valid: Tensor) -> Tensor:
    """The mean of the valid ones by job; values, valid: [jobs, n]."""
    return (values * valid).sum(1) / valid.sum(1).clamp(min=1)


def task_loss(logits: Tensor, batch: Batch) -> Tensor:
    """Cross-entropy, or square error where there is one label, of the examples that have a label.
    logits: [jobs, slots, labels]."""
    is_labeled = batch.valid & ~batch.labels.isnan()
    labels = batch.labels.nan_to_num()
    if logits.shape[-1] == 1:
        return _mean_over((logits[..., 0] - labels) ** 2, is_labeled)
    losses = functional.cross_entropy(logits.transpose(1, 2), labels.long(), reduction="none")
    return _mean_over(losses, is_labeled)


def logits_loss(logits: Tensor, teacher: Tensor, batch: Batch, temperature: float) -> Tensor:
    """KL divergence of softened classes times the square of the temperature, or square error."""
    if logits.shape[-1] == 1:
        return _mean_over((logits[..., 0] - teacher[..., 0]) ** 2, batch.valid)
    log_student = functional.log_softmax(logits / temperature, -1)
    log_teacher = functional.log_softmax(teacher / temperature, -1)
    divergence = (log_teacher.exp() * (log_teacher - log_student)).sum(-1)
    return _mean_over(divergence, batch.valid) * temperature**2


@fused_on_gpu
def _relative_error(student: Tensor, wanted: Tensor, real: Tensor, count: Tensor) -> Tensor:
    """Mean square error over the variance of `wanted`, of the numbers of real tokens, by job."""
    wanted = wanted.float()
    error = ((student.float() - wanted) ** 2 * real).sum((1, 2)) / count
    mean = (wanted * real).sum((1, 2)) / count
    variance = (wanted**2 * real).sum((1, 2)) / count - mean**2
    return error / variance.clamp(min=1e-12)


def hidden_loss(hidden: list[Tensor], teacher: list[Tensor], batch: Batch) -> Tensor:
    """Square error of each layer's hidden states over their variance, the mean of all layers. The
    states behind the embeddings, which are frozen, do not count."""
    jobs = batch.ids.shape[0]
    real = (batch.sequences >= 0).reshape(jobs, -1, 1).float()
    count = real.sum((1, 2)) * hidden[0].shape[-1]
    losses = [
        _relative_error(student, wanted, real, count)
        for student, wanted in zip(hidden[1:], teacher[1:])
    ]
    return torch.stack(losses).mean(0)


def embedding_loss(hidden: Tensor, teacher: Tensor, batch: Batch) -> Tensor:
    """1 - cosine of the mean-pooled sentence embeddings."""
    similarity = functional.cosine_similarity(
        mean_pool(hidden, batch), mean_pool(teacher, batch), dim=-1
    )
    return _mean_over(1.0 - similarity, batch.valid)


def total_loss(
    parameters: Parameters,
    hidden: list[Tensor],
    batch: Batch,
    teacher: Teacher | None,
    weights: Distillation,
    has_labels: bool,
    dropout: float = 0.0,
) -> dict[str, Tensor]:
    """The weighted parts by name, each [jobs]; their sum is what is minimized."""
    parts: dict[str, Tensor] = {}
    logits = None
    if has_labels:
        logits = classify(parameters, hidden[-1], batch, dropout)
        parts["task"] = task_loss(logits, batch)
    if teacher is None:
        return parts
    if weights.logits and logits is not None and teacher.logits is not None:
        loss = logits_loss(logits, teacher.logits, batch, weights.temperature)
        parts["logits"] = weights.logits * loss
    if weights.hidden:
        parts["hidden"] = weights.hidden * hidden_loss(hidden, teacher.hidden, batch)
    if weights.embedding:
        loss = embedding_loss(hidden[-1], teacher.hidden[-1], batch)
        parts["embedding"] = weights.embedding * loss
    return parts
