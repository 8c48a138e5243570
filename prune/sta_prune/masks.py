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

from sta_prune.fused import fused_on_gpu
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
    mask = _largest(grouped.reshape(-1, pattern.m), pattern.n)
    return mask.view(*scores.shape[:-1], -1)[..., : scores.shape[-1]].contiguous()


@fused_on_gpu
def _largest(grouped: Tensor, n: int) -> Tensor:
    """The n largest of each row that are not negative; of equal ones the first."""
    # A weight's rank is the number of those that go before it. For groups this small m comparisons
    # are much faster than a sort on a GPU, and as exact about equal scores.
    column = torch.arange(grouped.shape[1], device=grouped.device)
    rank = torch.zeros_like(grouped, dtype=torch.int16)
    for other in range(grouped.shape[1]):
        score = grouped[:, other : other + 1]
        rank = rank + ((score > grouped) | ((score == grouped) & (column > other)))
    return (rank < n) & (grouped >= 0)


def leaves_room(within: Tensor, pattern: Pattern) -> Tensor:
    """Whether each of the inherited masks [..., out, in] has places for exactly n of m in every
    group; bool [...]."""
    chosen = choose_mask(torch.ones_like(within, dtype=torch.float32), pattern, within)
    places = pattern.kept_in(within.shape[-1]) * within.shape[-2]
    return chosen.sum((-1, -2)) == places


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
    """Forward: weight x mask. Backward: the gradient of the product is that of all weights."""

    @staticmethod
    def forward(
        ctx: object, weight: Tensor, mask: Tensor, gradient: Tensor, dtype: torch.dtype
    ) -> Tensor:
        ctx.gradient = gradient
        return torch.mul(weight, mask, out=torch.empty_like(weight, dtype=dtype))

    @staticmethod
    def backward(ctx: object, of_product: Tensor) -> tuple[None, None, None, None]:
        # To a large buffer in another type, so that it is not copied again on the way.
        ctx.gradient += of_product
        return None, None, None, None


def straight_through(
    weight: Tensor, mask: Tensor, gradient: Tensor, dtype: torch.dtype = torch.float32
) -> Tensor:
    """The masked weight in `dtype`. Its gradient is added to the float32 tensor `gradient`, as it
    is: pruned weights get the one that they would have if they were kept, so that they may grow
    and come back. weight: has to require a gradient, and gets none itself."""
    return _MaskedStraightThrough.apply(weight, mask, gradient, dtype)
