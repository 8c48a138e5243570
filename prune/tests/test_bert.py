# SPDX-License-Identifier: Apache-2.0
"""The encoder against vectors that transformers computed, and its independence of packing."""

import json

import pytest
import torch

from sta_prune.bert import Batch, classify, encode, mean_pool
from sta_prune.checkpoint import read_model


def pack(sequences: list[list[int]], types: list[list[int]], rows: list[int], length: int) -> Batch:
    """Sequences into the rows that `rows` names; one job."""
    shape = (1, max(rows) + 1, length)
    ids, type_ids, positions = (torch.zeros(shape, dtype=torch.long) for _ in range(3))
    numbers = torch.full(shape, -1)
    first = []
    used: dict[int, int] = {}
    for number, (sequence, row) in enumerate(zip(sequences, rows)):
        begin = used.get(row, 0)
        used[row] = end = begin + len(sequence)
        ids[0, row, begin:end] = torch.tensor(sequence)
        if types[number]:
            type_ids[0, row, begin:end] = torch.tensor(types[number])
        positions[0, row, begin:end] = torch.arange(len(sequence))
        numbers[0, row, begin:end] = number
        first.append(row * length + begin)
    slots = torch.tensor([first])
    labels = torch.zeros(1, len(first))
    return Batch(ids, type_ids, positions, numbers, slots, slots >= 0, labels, slots)


@pytest.fixture(scope="module")
def golden(repository):
    return repository / "tests/golden/float_models/bert"


def test_gives_the_golden_hidden_states_and_logits(golden):
    model = read_model(golden)
    cases = json.loads((golden / "expected.json").read_text())
    rows = [i % 3 for i in range(len(cases))]
    batch = pack([c["ids"] for c in cases], [c["types"] for c in cases], rows, 64)
    hidden = encode(model.parameters, model.config, batch)[-1]
    logits = classify(model.parameters, hidden, batch)
    for number, case in enumerate(cases):
        begin = int(batch.first[0, number])
        got = hidden[0, begin : begin + len(case["ids"])]
        assert torch.allclose(got, torch.tensor(case["hidden"]), atol=2e-6)
        assert torch.allclose(logits[0, number], torch.tensor(case["logits"]), atol=2e-6)
        pooled = mean_pool(hidden, batch)[0, number]
        assert torch.allclose(pooled, torch.tensor(case["hidden"]).mean(0), atol=2e-6)


def test_jobs_do_not_touch_each_other(tiny_model, golden):
    model = read_model(golden)
    batch = pack([[2, 5, 9, 3], [2, 7, 3]], [[], []], [0, 0], 8)
    two = Batch(**{name: torch.cat([value, value]) for name, value in vars(batch).items()})
    doubled = {name: torch.cat([value, 2 * value]) for name, value in model.parameters.items()}
    alone = encode(model.parameters, model.config, batch)[-1]
    other = encode({n: 2 * v for n, v in model.parameters.items()}, model.config, batch)[-1]
    together = encode(doubled, model.config, two)[-1]
    assert torch.allclose(together[0], alone[0], atol=1e-6)
    assert torch.allclose(together[1], other[0], atol=1e-6)
    assert not torch.allclose(alone, other, atol=1e-2)
