# SPDX-License-Identifier: Apache-2.0
"""N:M masks along the input dimension of weight matrices.

A mask is a bool tensor of its weight's shape [..., out, in]; True is kept. Groups of m run along
the last dimension; a last partial group of r columns keeps min(n, r), as in packages and in the
converter. All functions are pure and take any number of leading dimensions.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from sta_prune.patterns import Pattern


def _groups(values: Tensor, m: int, fill: float) -> Tensor:
    """[..., in] to [..., groups, m], the last group filled up with `fill`."""
    missing = -values.shape[-1] % m
    padded = functional.pad(values, (0, missing), value=fill)
    return padded.reshape(*values.shape[:-1], -1, m)


def magnitude_scores(weight: Tensor) -> Tensor:
    """|w|: how much is lost if inputs are all of one size."""
    return weight.detach().abs()


def activation_scores(weight: Tensor, input_power: Tensor) -> Tensor:
    """|w| x rms(input): what a weight adds to its output.

    input_power: E[x^2] by input channel, [..., in] with weight's leading dimensions.
    """
    return weight.detach().abs() * input_power.sqrt().unsqueeze(-2)


def choose_mask(scores: Tensor, pattern: Pattern, within: Tensor | None = None) -> Tensor:
    """Keeps the n largest scores (all >= 0) of each group of m; of equal ones the lower column
    stays.

    within: an inherited mask that the new one has to lie in. A group where it leaves fewer than n
    places keeps those that it leaves; with a pattern that is no denser in any aligned group (4:8 to
    2:8, 2:8 to 1:8) exactly n are kept.
    """
    if pattern.is_dense:
        chosen = torch.ones_like(scores, dtype=torch.bool)
        return chosen if within is None else within.clone()
    allowed = scores if within is None else scores.masked_fill(~within, -1.0)
    grouped = _groups(allowed, pattern.m, fill=-2.0)
    # A weight's rank is the number of those that go before it. For groups this small m passes of
    # comparisons are much faster than a sort on a GPU, and as exact about equal scores.
    column = torch.arange(pattern.m, device=scores.device)
    rank = torch.zeros_like(grouped, dtype=torch.int16)
    for other in range(pattern.m):
        score = grouped[..., other : other + 1]
        rank += (score > grouped) | ((score == grouped) & (column > other))
    mask = (rank < pattern.n) & (grouped >= 0)
    return mask.reshape(*scores.shape[:-1], -1)[..., : scores.shape[-1]].contiguous()


def kept_counts(mask: Tensor, m: int) -> Tensor:
    """Kept weights by group, [..., groups]."""
    return _groups(mask.float(), m, fill=0.0).sum(-1).long()


def check_mask(mask: Tensor, pattern: Pattern, name: str = "mask") -> None:
    """Raises ValueError where a group does not keep exactly n, the last partial one min(n, r)."""
    counts = kept_counts(mask, pattern.m)
    wanted = torch.full_like(counts, pattern.n)
    rest = mask.shape[-1] % pattern.m
    if rest:
        wanted[..., -1] = min(pattern.n, rest)
    if not torch.equal(counts, wanted):
        bad = int((counts != wanted).sum())
        raise ValueError(f"{name}: {bad} groups of {pattern.m} do not keep exactly {pattern.n}")


def check_fits(weight: Tensor, pattern: Pattern, name: str = "weight") -> None:
    """Raises ValueError where a group holds more than n weights that are not zero."""
    if int(kept_counts(weight != 0, pattern.m).max()) > pattern.n:
        raise ValueError(f"{name} does not fit {pattern}")


class _MaskedStraightThrough(torch.autograd.Function):
    """Forward: weight x mask. Backward: the gradient of the product goes to all weights."""

    @staticmethod
    def forward(ctx: object, weight: Tensor, mask: Tensor) -> Tensor:
        return weight * mask

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient, None


def straight_through(weight: Tensor, mask: Tensor) -> Tensor:
    """The masked weight. Pruned weights get the gradient that they would have if they were kept,
    so that they may grow and come back."""
    return _MaskedStraightThrough.apply(weight, mask)
