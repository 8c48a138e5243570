# SPDX-License-Identifier: Apache-2.0
"""The operations of docs/arithmetic.md on tensors, with gradients that go straight through
rounding.

Integers are held in floating-point tensors. In float64 every result is the very integer of the
specification; in float32, which training uses, a sum or product over 2^24 may be off by a rounding.
The gradient of a rounding is that of its argument; of a saturation it is 0 outside the range.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

# Section 7: E[d], 0 at 255.
EXP_TABLE = [math.floor(127 * 2 ** (-d / 32) + 0.5) for d in range(255)] + [0]
# Section 5: R[i] for i in 64..255; those before are never looked at.
RSQRT_TABLE = [0] * 64 + [
    math.floor(32768 / math.sqrt((i + 0.5) / 64) + 0.5) for i in range(64, 256)
]


def replace_value(smooth: Tensor, exact: Tensor) -> Tensor:
    """The value of `exact` with the gradient of `smooth`."""
    return smooth + (exact - smooth).detach()


def floor(x: Tensor) -> Tensor:
    return replace_value(x, x.floor())


def round_even(x: Tensor) -> Tensor:
    """rint of C: halves go to the even integer."""
    return replace_value(x, x.round())


def sat16(x: Tensor) -> Tensor:
    return x.clamp(-32768, 32767)


def clip8(x: Tensor) -> Tensor:
    return x.clamp(-127, 127)


def mulhrs(a: Tensor, b: Tensor) -> Tensor:
    """(a b + 16384) >> 15."""
    return floor((a * b + 16384) / 32768)


def shift_right(x: Tensor, power: Tensor) -> Tensor:
    """x >> s, where power is 2^s."""
    return floor(x / power)


def rounded_shift_right(x: Tensor, power: Tensor) -> Tensor:
    """rsh(x, s), where power is 2^s."""
    return floor((x + (power / 2).floor()) / power)


def _floor_log2(x: Tensor) -> Tensor:
    """Of positive integers below 2^53, as int64."""
    return torch.frexp(x.double())[1].long() - 1


def reciprocal_root(w: Tensor) -> tuple[Tensor, Tensor]:
    """(y, sh) of section 5 for int64 w in 1..2^43."""
    p = _floor_log2(w) & ~1
    m = torch.where(p <= 30, w << (30 - p).clamp(min=0), w >> (p - 30).clamp(min=0))
    y0 = torch.tensor(RSQRT_TABLE, device=w.device)[m >> 24]
    t = (y0 * y0) >> 15
    u = ((m >> 16) * t) >> 14
    return ((y0 * (98304 - u)) >> 16).clamp(max=32767), p >> 1


def layer_norm(x: Tensor, gain: Tensor, bias: Tensor, eps: Tensor) -> Tensor:
    """Section 5. x: [..., H] int16 values; gain, bias: [..., H]; eps: [..., 1], an integer."""
    width = x.shape[-1]
    with torch.no_grad():
        rows = x.long()
        inverse = math.floor(2**24 / width + 0.5)
        mean = (rows.sum(-1, keepdim=True) * inverse + 2**23) >> 24
        d = (rows - mean).clamp(-32768, 32767)
        y, sh = reciprocal_root(eps.long() + (d * d).sum(-1, keepdim=True))
        half = torch.where(sh > 0, 1 << (sh - 1).clamp(min=0), torch.zeros_like(sh))
        n = ((d * y + half) >> sh).clamp(-32768, 32767)
        product = (n * gain.long() + 16384) >> 15
        exact = (product.clamp(-32768, 32767) + bias.long()).clamp(-32768, 32767).to(x.dtype)
    centered = x - x.mean(-1, keepdim=True)
    root = (eps + (centered**2).sum(-1, keepdim=True)).rsqrt()
    return replace_value(sat16(centered * root * gain + bias), exact)


def probabilities(logits: Tensor, mask: Tensor) -> Tensor:
    """P of section 7, 0 where the mask is False; logits: [..., keys] int16 values."""
    largest = logits.masked_fill(~mask, -1e9).amax(-1, keepdim=True).detach()
    distance = (largest - logits).clamp(0, 255)
    table = torch.tensor(EXP_TABLE, device=logits.device, dtype=logits.dtype)
    smooth = 127 * torch.exp2(-distance / 32)
    return replace_value(smooth, table[distance.detach().long()]) * mask


def context(accumulator: Tensor, total: Tensor, k: Tensor, cm: Tensor) -> Tensor:
    """c8 of section 7. accumulator: sum P v, [..., head_size]; total: Z, [..., 1]; k, cm: by layer,
    to be broadcast."""
    with torch.no_grad():
        acc, z_sum = accumulator.long(), total.long()
        n = _floor_log2(z_sum)
        z = torch.where(n <= 15, z_sum << (15 - n).clamp(min=0), z_sum >> (n - 15).clamp(min=0))
        r = torch.div(torch.full_like(z, 2**30), z, rounding_mode="floor").clamp(max=32767)
        mr = (r * cm.long() + 16384) >> 15
        shift = n - k.long()
        half = torch.where(shift > 0, 1 << (shift - 1).clamp(min=0), torch.zeros_like(shift))
        scaled = ((acc + half) >> shift).clamp(-32768, 32767)
        exact = ((scaled * mr + 16384) >> 15).clamp(-127, 127).to(accumulator.dtype)
    ratio = cm * torch.exp2(k - 15)
    return replace_value(clip8(accumulator / total * ratio), exact)


def gelu_codes(u: Tensor, tables: Tensor, smooth: Tensor) -> Tensor:
    """G[cls][u + 128]. u: [jobs, tokens, channels]; tables: [jobs, channels, 256], the channel's
    class chosen already; smooth: what the gradient is taken of, in codes."""
    index = (u.detach() + 128).long().transpose(1, 2)
    exact = tables.gather(2, index).transpose(1, 2)
    return replace_value(clip8(smooth), exact)
