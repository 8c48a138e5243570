# SPDX-License-Identifier: Apache-2.0
import math

import pytest
import torch

from sta_prune.bert import Batch
from sta_prune.objective import hidden_loss, logits_loss, task_loss


def batch(labels: list[list[float]], valid: list[list[bool]], sequences=None) -> Batch:
    shape = torch.tensor(valid)
    empty = torch.zeros(len(valid), 1, 4, dtype=torch.long)
    numbers = empty if sequences is None else torch.tensor(sequences)
    return Batch(empty, empty, empty, numbers, shape.long(), shape, torch.tensor(labels), shape)


def test_the_task_loss_is_by_job_over_valid_slots():
    logits = torch.tensor([[[0.0, 0.0], [9.0, 0.0]], [[0.0, 2.0], [1.0, 1.0]]])
    made = batch([[1.0, 1.0], [1.0, 0.0]], [[True, False], [True, True]])
    first, second = task_loss(logits, made).tolist()
    assert first == pytest.approx(math.log(2))
    assert second == pytest.approx((math.log(1 + math.exp(-2)) + math.log(2)) / 2)


def test_one_label_is_a_regression():
    made = batch([[0.5, 9.0]], [[True, False]])
    assert task_loss(torch.tensor([[[0.2], [1.0]]]), made).item() == pytest.approx(0.09)


def test_examples_without_a_label_do_not_count():
    made = batch([[0.5, float("nan")]], [[True, True]])
    assert task_loss(torch.tensor([[[0.2], [1.0]]]), made).item() == pytest.approx(0.09)
    logits = torch.zeros(1, 2, 2, requires_grad=True)
    loss = task_loss(logits, batch([[1.0, float("nan")]], [[True, True]]))
    assert loss.item() == pytest.approx(math.log(2))
    loss.sum().backward()
    assert logits.grad.isfinite().all() and not logits.grad[0, 1].any()


def test_logits_of_the_teacher_cost_nothing_and_others_their_divergence():
    teacher = torch.tensor([[[2.0, 0.0]]])
    made = batch([[0.0]], [[True]])
    assert logits_loss(teacher, teacher, made, 2.0).item() == pytest.approx(0.0, abs=1e-7)
    p = 1 / (1 + math.exp(-1.0))
    divergence = p * math.log(2 * p) + (1 - p) * math.log(2 * (1 - p))
    found = logits_loss(torch.zeros(1, 1, 2), teacher, made, 2.0).item()
    assert found == pytest.approx(4 * divergence)


def test_hidden_states_are_measured_by_their_variance_without_empty_places():
    wanted = torch.tensor([[[1.0, -1.0], [3.0, -3.0], [50.0, 50.0], [0.0, 0.0]]])
    student = wanted + torch.tensor([[[1.0], [1.0], [7.0], [9.0]]])
    made = batch([[0.0]], [[True]], [[[0, 0, -1, -1]]])
    # Square error 1, variance (1 + 1 + 9 + 9) / 4; the embeddings' states do not count.
    loss = hidden_loss([wanted, student, wanted], [wanted + 5, wanted, wanted], made)
    assert loss.item() == pytest.approx((1 / 5 + 0) / 2)
