# SPDX-License-Identifier: Apache-2.0
"""The encoder in integers, docs/arithmetic.md section 8, as a function with gradients.

It takes the integers of a package, which quantization.py makes from floating-point weights, and
packed batches. With float64 tensors it gives the bits of every other implementation; training runs
it in float32.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from sta_prune import integers
from sta_prune.bert import Batch, attention_mask, join_heads, split_heads


@dataclass(frozen=True)
class IntegerLinear:
    """weight: [jobs, out, in] int8 codes; bias: [jobs, out]; power: 2^s, [jobs, out]; multiplier:
    m, [jobs, out]."""

    weight: Tensor
    bias: Tensor
    power: Tensor
    multiplier: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """y16 of section 3; x: [jobs, tokens, in] int8 codes."""
        acc = torch.baddbmm(self.bias.unsqueeze(1), x, self.weight.transpose(1, 2))
        shifted = integers.sat16(integers.shift_right(acc, self.power.unsqueeze(1)))
        return integers.mulhrs(shifted, self.multiplier.unsqueeze(1))


@dataclass(frozen=True)
class IntegerNorm:
    """gain, bias: [jobs, hidden]; eps: [jobs]."""

    gain: Tensor
    bias: Tensor
    eps: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        return integers.layer_norm(
            x, self.gain.unsqueeze(1), self.bias.unsqueeze(1), self.eps.view(-1, 1, 1)
        )


@dataclass(frozen=True)
class IntegerGelu:
    """tables: [jobs, channels, 256], of each channel's class. What the gradient is taken of:
    gelu(in_step (u - in_zero)) / out_step + out_zero; in_step, out_step: [jobs, channels], the
    channel's ratio included; in_zero, out_zero: [jobs]."""

    tables: Tensor
    in_step: Tensor
    in_zero: Tensor
    out_step: Tensor
    out_zero: Tensor

    def __call__(self, u: Tensor) -> Tensor:
        zero = self.in_zero.view(-1, 1, 1)
        value = functional.gelu(self.in_step.unsqueeze(1) * (u - zero))
        smooth = value / self.out_step.unsqueeze(1) + self.out_zero.view(-1, 1, 1)
        return integers.gelu_codes(u, self.tables, smooth)


@dataclass(frozen=True)
class IntegerLayer:
    """Views: k of section 4, [jobs, hidden]. logit_*, context_*: of section 7, [jobs]."""

    attention_view: Tensor
    query: IntegerLinear
    key: IntegerLinear
    value: IntegerLinear
    logit_power: Tensor
    logit_multiplier: Tensor
    context_shift: Tensor
    context_multiplier: Tensor
    attention_output: IntegerLinear
    attention_norm: IntegerNorm
    intermediate_view: Tensor
    intermediate: IntegerLinear
    gelu: IntegerGelu
    output: IntegerLinear
    output_norm: IntegerNorm


@dataclass(frozen=True)
class IntegerModel:
    """word, position, token_type: int16 tables [1, rows, hidden], position with token type 0 in it
    and token_type as the difference to type 0. steps: the value of one unit of the hidden states
    behind the embeddings and behind each layer, each [jobs]."""

    heads: int
    word: Tensor
    position: Tensor
    token_type: Tensor | None
    embedding_norm: IntegerNorm
    layers: tuple[IntegerLayer, ...]
    steps: tuple[Tensor, ...]


def _attend(layer: IntegerLayer, x8: Tensor, mask: Tensor, heads: int) -> Tensor:
    rows = mask.shape[1]
    query, key, value = (
        split_heads(integers.clip8(linear(x8)), rows, heads)
        for linear in (layer.query, layer.key, layer.value)
    )

    def by_layer(x: Tensor) -> Tensor:
        return x.view(-1, 1, 1, 1, 1)

    acc = query @ key.transpose(-1, -2)
    scaled = integers.sat16(integers.rounded_shift_right(acc, by_layer(layer.logit_power)))
    logits = integers.mulhrs(scaled, by_layer(layer.logit_multiplier))
    shares = integers.probabilities(logits, mask)
    total = shares.sum(-1, keepdim=True)
    k, cm = by_layer(layer.context_shift), by_layer(layer.context_multiplier)
    return join_heads(integers.context(shares @ value, total, k, cm))


def _view(x16: Tensor, k: Tensor) -> Tensor:
    return integers.clip8(integers.mulhrs(x16, k.unsqueeze(1)))


def run_layer(layer: IntegerLayer, x16: Tensor, mask: Tensor, heads: int) -> Tensor:
    """x16: [jobs, tokens, hidden]."""
    attended = _attend(layer, _view(x16, layer.attention_view), mask, heads)
    h16 = layer.attention_norm(integers.sat16(x16 + layer.attention_output(attended)))
    u = integers.clip8(layer.intermediate(_view(h16, layer.intermediate_view)))
    return layer.output_norm(integers.sat16(h16 + layer.output(layer.gelu(u))))


def encode_integers(model: IntegerModel, batch: Batch) -> list[Tensor]:
    """Hidden states as int16 values behind the embeddings and behind each layer, [jobs, tokens,
    hidden]."""
    jobs = batch.ids.shape[0]

    def rows_of(table: Tensor, index: Tensor) -> Tensor:
        return functional.embedding(index.reshape(jobs, -1), table[0])

    total = integers.sat16(
        rows_of(model.word, batch.ids) + rows_of(model.position, batch.positions)
    )
    if model.token_type is not None:
        total = integers.sat16(total + rows_of(model.token_type, batch.types))
    mask = attention_mask(batch.sequences)
    states = [model.embedding_norm(total)]
    for layer in model.layers:
        states.append(run_layer(layer, states[-1], mask, model.heads))
    return states


def hidden_values(model: IntegerModel, batch: Batch) -> list[Tensor]:
    """The same in the units of the floating-point model, as bert.encode gives them."""
    states = encode_integers(model, batch)
    return [state * step.view(-1, 1, 1) for state, step in zip(states, model.steps)]
