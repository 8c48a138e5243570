# SPDX-License-Identifier: Apache-2.0
"""Choosing quantization steps as the converter does: docs/arithmetic.md section 9, in float64.

Statistics of activations, and the searches of model_store/convert/step_search.cc and
accel/arithmetic/quant_multiplier.h. One model at a time; NumPy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

Array = NDArray[numpy.float64]

CODE_LIMIT = 127.0
SMOOTHING = 1.2  # tau of section 9.3
WIDE_RATIO = 4.0
GELU_LOWEST = -0.17
INT8_BITS, LOGIT_BITS, INT16_BITS = 12, 13, 15


@dataclass(frozen=True)
class Statistics:
    """Of one place of a layer. absmax, power (E[x^2]): by channel; sample: [rows, channels]."""

    absmax: Array
    power: Array
    sample: Array

    @property
    def largest(self) -> float:
        return float(self.absmax.max())


@dataclass(frozen=True)
class Operand:
    """An int8 operand: the value of channel c is step x column_scale[c] x (code - zero)."""

    step: float
    zero: float
    column_scale: Array
    power: Array  # E[x^2] after the folding


def mean_square_step(sample: Array, largest: float) -> float:
    """The step of 40 from 0.12 to 1 times largest / 127 with the least square error."""
    if largest <= 0.0:
        return 1.0
    best, best_error = largest / CODE_LIMIT, math.inf
    for i in range(40):
        step = 0.12 ** (1.0 - i / 39) * largest / CODE_LIMIT
        codes = numpy.clip(numpy.rint(sample / step), -CODE_LIMIT, CODE_LIMIT)
        error = float(((sample - codes * step) ** 2).mean())
        if error < best_error:
            best, best_error = step, error
    return best


def place_step(statistics: Statistics) -> float:
    return mean_square_step(statistics.sample, statistics.largest)


def make_view(statistics: Statistics, residual_step: float) -> tuple[Array, Operand]:
    """k of the int8 view of the residual stream, by channel, and the operand that it makes."""
    absmax = statistics.absmax
    median = float(numpy.sort(absmax)[len(absmax) // 2])
    smoothing = numpy.maximum(absmax / (SMOOTHING * max(median, 1e-30)), 1.0)
    largest = float((absmax / smoothing).max())
    step = max(
        mean_square_step(statistics.sample / smoothing, largest), residual_step * 32768 / 32767
    )
    k = numpy.clip(numpy.rint(32768 * residual_step / (step * smoothing)), 1, 32767)
    column_scale = residual_step * 32768 / k / step
    return k, Operand(step, 0.0, column_scale, statistics.power / column_scale**2)


def plain_operand(statistics: Statistics, step: float) -> Operand:
    return Operand(step, 0.0, numpy.ones_like(statistics.absmax), statistics.power)


def weight_steps(folded: Array, power: Array, zero_row_step: Array) -> Array:
    """By row of [out, in], the one of 13 factors of absmax / 127 that minimizes
    sum_k power[k] (w - wq)^2; a row of zeros gets its zero_row_step."""
    largest = numpy.abs(folded).max(1)
    best = numpy.where(largest > 0, largest / CODE_LIMIT, zero_row_step)
    best_error = numpy.full(len(folded), math.inf)
    for i in range(13):
        step = numpy.where(largest > 0, (0.4 + 0.05 * i) * largest / CODE_LIMIT, zero_row_step)
        codes = numpy.clip(numpy.rint(folded / step[:, None]), -CODE_LIMIT, CODE_LIMIT)
        error = ((folded - codes * step[:, None]) ** 2) @ power
        better = error <= best_error
        best, best_error = numpy.where(better, step, best), numpy.where(better, error, best_error)
    return best


def quant_multiplier(ratio: Array, bits: int) -> tuple[Array, Array]:
    """(s, m) of section 9.4. Raises ValueError where a ratio is not positive and finite."""
    ratio = numpy.asarray(ratio, numpy.float64)
    if not (numpy.isfinite(ratio) & (ratio > 0)).all():
        raise ValueError("a scale is not positive and finite")
    exponent = numpy.frexp(ratio)[1] - 1
    shift = numpy.clip(bits - 16 - exponent, 0, 31)
    m = numpy.floor(numpy.ldexp(ratio, 15 + shift) + 0.5)
    is_full = (m == 2.0**bits) & (shift > 0)
    shift = numpy.where(is_full, shift - 1, shift)
    return shift.astype(float), numpy.minimum(numpy.where(is_full, m / 2, m), 32767)


def quant_context(ratio: float) -> tuple[float, float]:
    """(k, cm) of section 9.7."""
    k = min(6, max(0, 4 + math.frexp(ratio)[1] - 1))
    return float(k), min(32767.0, math.floor(ratio * 2.0 ** (15 - k) + 0.5))


@dataclass(frozen=True)
class GeluPlan:
    """Section 9.8. wide: 1 or 4 by channel; tables: int8 by class, [2, 256]."""

    wide: Array
    in_step: float
    in_zero: float
    out_step: float
    out_zero: float
    tables: Array
    after: Operand


def _gelu(x: Array) -> Array:
    return 0.5 * x * (1.0 + numpy.vectorize(math.erf)(x / math.sqrt(2)))


def _round_half_away(x: float) -> float:
    return math.copysign(math.floor(abs(x) + 0.5), x)


def _gelu_output(sample: Array, largest: float) -> tuple[float, float]:
    best, best_error = (1.0, 0.0), math.inf
    for i in range(24):
        step = (0.15 ** (1.0 - i / 23) * largest - GELU_LOWEST) / (2 * CODE_LIMIT)
        zero = _round_half_away(-CODE_LIMIT - GELU_LOWEST / step)
        codes = numpy.clip(numpy.rint(sample / step + zero), -CODE_LIMIT, CODE_LIMIT)
        error = float(((sample - (codes - zero) * step) ** 2).mean())
        if error < best_error:
            best, best_error = (step, zero), error
    return best


def plan_gelu(statistics: Statistics) -> GeluPlan:
    """statistics: of GELU's output."""
    absmax = statistics.absmax
    falling = numpy.sort(absmax)[::-1]
    rank = max(1, int(0.01 * len(falling)))
    wide = numpy.where(absmax > max(falling[0] / WIDE_RATIO, falling[rank - 1]), WIDE_RATIO, 1.0)
    highest = float((absmax / wide).max())
    in_step = (highest + 4.0) / 254.0
    in_zero = _round_half_away(-127.0 + 4.0 / in_step)
    out_step, out_zero = _gelu_output(statistics.sample / wide, highest)
    codes = numpy.maximum(numpy.arange(-128, 128), -127) - in_zero
    tables = [
        numpy.floor(_gelu(ratio * in_step * codes) / (ratio * out_step) + 0.5) + out_zero
        for ratio in (1.0, WIDE_RATIO)
    ]
    return GeluPlan(
        wide, in_step, in_zero, out_step, out_zero,
        numpy.clip(numpy.stack(tables), -CODE_LIMIT, CODE_LIMIT),
        Operand(out_step, out_zero, wide, statistics.power / wide**2),
    )  # fmt: skip


def norm_reach(gain: Array, bias: Array) -> float:
    """The largest that a LayerNorm can give."""
    return max(float(numpy.abs(gain).max()) * math.sqrt(len(gain)), float(numpy.abs(bias).max()))


def sum_step(projection: Statistics, total: Statistics, reach: float) -> float:
    """S before a LayerNorm, section 9.2; reach: of the LayerNorm that feeds the sum."""
    return max(2.0 * projection.largest, 1.25 * total.largest, reach) / 32767.0


def widened_table(table: Array, step: float) -> Array:
    """An embedding table as the int16 rows that its int8 codes are widened to
    (docs/package-format.md); step: S_e."""
    largest = float(numpy.abs(table).max()) / step / CODE_LIMIT
    shift = 0
    while shift < 15 and math.ceil(math.ldexp(largest, shift + 1)) <= 32767:
        shift += 1
    rows = table * math.ldexp(1.0 / step, shift)
    top = numpy.clip(numpy.ceil(numpy.abs(rows).max(1) / CODE_LIMIT), 1, 32767)
    best, best_error = top, numpy.full(len(rows), math.inf)
    for factor in (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7):
        m = numpy.maximum(1.0, numpy.rint(factor * top))
        codes = numpy.clip(numpy.rint(rows / m[:, None]), -CODE_LIMIT, CODE_LIMIT)
        error = ((rows - codes * m[:, None]) ** 2).sum(1)
        better = error < best_error
        best, best_error = numpy.where(better, m, best), numpy.where(better, error, best_error)
    codes = numpy.clip(numpy.rint(rows / best[:, None]), -CODE_LIMIT, CODE_LIMIT)
    half = 2.0**shift // 2
    return numpy.clip(numpy.floor((codes * best[:, None] + half) / 2.0**shift), -32768, 32767)
