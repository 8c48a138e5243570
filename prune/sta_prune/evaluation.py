# SPDX-License-Identifier: Apache-2.0
"""Scores of a model on a task, in floating point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy
import torch
from torch.nn import functional

from sta_prune.bert import BertConfig, Parameters, classify, encode, mean_pool
from sta_prune.checkpoint import Model
from sta_prune.packing import BatchShape, whole_set
from sta_prune.tasks import Examples, Task
from sta_prune.tokens import TokenizedExamples, load_tokenizer, tokenize


@dataclass(frozen=True)
class Computing:
    """What evaluation runs on."""

    device: str = "cpu"
    dtype: torch.dtype = torch.float32
    shape: BatchShape = BatchShape()


@torch.no_grad()
def predict(
    parameters: Parameters, config: BertConfig, data: TokenizedExamples, computing: Computing
) -> numpy.ndarray:
    """By job and example, float32 [jobs, examples, width]: logits of a classifier, else mean-pooled
    embeddings of length 1."""
    jobs = max(value.shape[0] for value in parameters.values())
    there = {name: value.to(computing.device) for name, value in parameters.items()}
    width = config.labels or config.hidden_size
    result = numpy.zeros((jobs, len(data), width), numpy.float32)
    for batch in whole_set(data, computing.shape, jobs):
        batch = batch.to(computing.device)
        hidden = encode(there, config, batch, dtype=computing.dtype)[-1]
        if config.labels:
            values = classify(there, hidden, batch)
        else:
            values = functional.normalize(mean_pool(hidden, batch), dim=-1)
        valid = batch.valid[0].cpu().numpy()
        examples = batch.examples[0].cpu().numpy()[valid]
        result[:, examples] = values.float().cpu().numpy()[:, valid]
    return result


def similarity_scores(
    task: Task, labels: numpy.ndarray, first: numpy.ndarray, second: numpy.ndarray
) -> dict[str, float]:
    """A regression's metrics of the cosines of embeddings; first, second: [examples, width]."""
    norms = numpy.linalg.norm(first, axis=1) * numpy.linalg.norm(second, axis=1)
    cosines = (first * second).sum(1) / numpy.maximum(norms, 1e-12)
    return task.score(labels, cosines[:, None])


def check_kind(task: Task, labels: tuple[str, ...]) -> None:
    """Raises ValueError where a model of these labels cannot be scored on the task."""
    if labels and len(labels) != len(task.labels):
        raise ValueError(f"the model has {len(labels)} labels, task {task.name} {len(task.labels)}")
    if not labels and not (task.is_regression and task.pair is not None):
        raise ValueError(f"task {task.name} needs a classifier; this is a sentence encoder")


def embed_texts(model: Model, texts: Sequence[str], computing: Computing) -> numpy.ndarray:
    """Mean-pooled embeddings of length 1 by a sentence encoder, [texts, hidden]."""
    if model.labels:
        raise ValueError(f"'{model.directory}' is a classifier, not a sentence encoder")
    tokens = tokenize(load_tokenizer(model.directory, computing.shape.row_tokens), texts, None)
    return predict(model.parameters, model.config, tokens, computing)[0]


def evaluate_model(
    model: Model, task: Task, examples: Examples, computing: Computing
) -> dict[str, float]:
    """Scores by metric. A sentence encoder is scored by the cosine of the two texts' embeddings."""
    check_kind(task, model.labels)
    if model.labels:
        tokenizer = load_tokenizer(model.directory, computing.shape.row_tokens)
        tokens = tokenize(tokenizer, examples.texts, examples.pairs)
        logits = predict(model.parameters, model.config, tokens, computing)[0]
        return task.score(examples.labels, logits)
    first = embed_texts(model, examples.texts, computing)
    second = embed_texts(model, examples.pairs or (), computing)
    return similarity_scores(task, examples.labels, first, second)
