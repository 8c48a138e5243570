# SPDX-License-Identifier: Apache-2.0
"""Floating-point weights to the integers of a package, with gradients back to the weights.

    plan = make_plan(parameters, config, batches)            # scales, as the converter chooses them
    model = quantize(parameters, config, plan)               # differentiable in the weights
    hidden = hidden_values(model, batch)

The plan (steps, multipliers, tables) is held while weights change and made anew now and then. It is
a dict of tensors by name, [jobs, ...], so that it can be saved with the weights.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy
import torch
from torch import Tensor

from sta_prune import integers, scales
from sta_prune.bert import EMBEDDINGS, Batch, BertConfig, Parameters, encode
from sta_prune.integer_encoder import (
    IntegerGelu,
    IntegerLayer,
    IntegerLinear,
    IntegerModel,
    IntegerNorm,
)

Plan = dict[str, Tensor]

SAMPLE_ROWS = 512


@torch.no_grad()
def calibrate(
    parameters: Parameters, config: BertConfig, batches: Sequence[Batch]
) -> dict[tuple[int, str], scales.Statistics]:
    """Statistics by (layer, place) of one model; batches: of one job. Empty places do not count."""
    rows: dict[tuple[int, str], list[Tensor]] = {}
    total = sum(int((batch.sequences >= 0).sum()) for batch in batches)
    stride = max(1, total // SAMPLE_ROWS)
    absmax: dict[tuple[int, str], Tensor] = {}
    squares: dict[tuple[int, str], Tensor] = {}

    def look(real: Tensor, layer: int, place: str, x: Tensor) -> None:
        values = x[0][real].double()
        key = (layer, place)
        largest, square = values.abs().amax(0), (values**2).sum(0)
        absmax[key] = torch.maximum(absmax[key], largest) if key in absmax else largest
        squares[key] = squares[key] + square if key in squares else square
        rows.setdefault(key, []).append(values[::stride])

    for batch in batches:
        real = (batch.sequences >= 0).reshape(-1)
        encode(parameters, config, batch, tap=functools.partial(look, real))
    return {
        key: scales.Statistics(
            absmax[key].cpu().numpy(),
            (squares[key] / total).cpu().numpy(),
            torch.cat(rows[key]).cpu().numpy(),
        )
        for key in absmax
    }


class _PlanMaker:
    """The plan of one model, as numbers and arrays by name."""

    def __init__(
        self,
        parameters: Parameters,
        config: BertConfig,
        statistics: dict[tuple[int, str], scales.Statistics],
    ) -> None:
        self._parameters = parameters
        self._config = config
        self._statistics = statistics
        self.plan: dict[str, numpy.ndarray] = {}

    def _array(self, name: str) -> numpy.ndarray:
        return self._parameters[name][0].detach().double().cpu().numpy()

    def _reach(self, norm: str) -> float:
        return scales.norm_reach(self._array(f"{norm}.weight"), self._array(f"{norm}.bias"))

    def _put(self, name: str, value: float | numpy.ndarray) -> None:
        self.plan[name] = numpy.asarray(value, numpy.float64)

    def _linear(
        self,
        name: str,
        operand: scales.Operand,
        output_steps: numpy.ndarray,
        zero: float,
        bits: int,
    ) -> None:
        folded = self._array(f"{name}.weight") * operand.column_scale
        row_steps = scales.weight_steps(folded, operand.power, output_steps / operand.step / 64)
        shift, multiplier = scales.quant_multiplier(operand.step * row_steps / output_steps, bits)
        self._put(f"{name}.column_scale", operand.column_scale)
        self._put(f"{name}.row_step", row_steps)
        self._put(f"{name}.input_step", operand.step)
        self._put(f"{name}.input_zero", operand.zero)
        self._put(f"{name}.output_zero", zero)
        self._put(f"{name}.shift", shift)
        self._put(f"{name}.multiplier", multiplier)

    def _norm(self, name: str, input_step: float, output_step: float) -> None:
        width = self._config.hidden_size
        eps = round(self._config.layer_norm_eps * width / input_step**2)
        self._put(f"{name}.output_step", output_step)
        self._put(f"{name}.epsilon", min(2**31, max(1, eps)))

    def make(self, embedding_step: float) -> dict[str, numpy.ndarray]:
        count = self._config.layer_count
        steps = []
        feeding = "embeddings.LayerNorm"
        for layer in range(count):
            for part, norm in (("attention", "attention.output"), ("output", "output")):
                projection = "attention_output" if part == "attention" else "output"
                steps.append(
                    scales.sum_step(
                        self._statistics[layer, projection],
                        self._statistics[layer, f"{part}_sum"],
                        self._reach(feeding),
                    )
                )
                feeding = f"encoder.layer.{layer}.{norm}.LayerNorm"
        final = self._statistics[count - 1, "final"].largest
        steps.append(max(1.25 * final, self._reach(feeding)) / 32767.0)
        self._put("steps", numpy.array(steps))
        self._norm("embeddings.LayerNorm", embedding_step, steps[0])
        for layer in range(count):
            self._attention(layer, steps[2 * layer], steps[2 * layer + 1])
            self._feed_forward(layer, steps[2 * layer + 1], steps[2 * layer + 2])
        return self.plan

    def _attention(self, layer: int, residual_step: float, next_step: float) -> None:
        prefix = f"encoder.layer.{layer}.attention"
        hidden = numpy.ones(self._config.hidden_size)
        k, operand = scales.make_view(self._statistics[layer, "attention_input"], residual_step)
        self._put(f"{prefix}.self.view", k)
        step = {
            place: scales.place_step(self._statistics[layer, place])
            for place in ("query", "key", "value", "context")
        }
        for place in ("query", "key", "value"):
            name = f"{prefix}.self.{place}"
            self._linear(name, operand, hidden * step[place], 0.0, scales.INT8_BITS)
        ratio = step["query"] * step["key"] / math.sqrt(self._config.head_size)
        logit = scales.quant_multiplier(
            numpy.array(ratio * math.log2(math.e) * 32), scales.LOGIT_BITS
        )
        context = scales.quant_context(step["value"] / step["context"])
        self._put(f"{prefix}.self.requantization", numpy.array([*map(float, logit), *context]))
        plain = scales.plain_operand(self._statistics[layer, "context"], step["context"])
        output = f"{prefix}.output.dense"
        self._linear(output, plain, hidden * residual_step, 0.0, scales.INT16_BITS)
        self._norm(f"{prefix}.output.LayerNorm", residual_step, next_step)

    def _feed_forward(self, layer: int, residual_step: float, next_step: float) -> None:
        prefix = f"encoder.layer.{layer}"
        k, operand = scales.make_view(self._statistics[layer, "intermediate_input"], residual_step)
        self._put(f"{prefix}.intermediate.view", k)
        gelu = scales.plan_gelu(self._statistics[layer, "gelu_output"])
        self._linear(
            f"{prefix}.intermediate.dense", operand, gelu.wide * gelu.in_step, gelu.in_zero,
            scales.INT8_BITS,
        )  # fmt: skip
        self._put(f"{prefix}.gelu.tables", gelu.tables)
        self._put(f"{prefix}.gelu.wide", gelu.wide)
        codes = [gelu.in_step, gelu.in_zero, gelu.out_step, gelu.out_zero]
        self._put(f"{prefix}.gelu.codes", numpy.array(codes))
        steps = numpy.full(self._config.hidden_size, residual_step)
        self._linear(f"{prefix}.output.dense", gelu.after, steps, 0.0, scales.INT16_BITS)
        self._norm(f"{prefix}.output.LayerNorm", residual_step, next_step)


def _embedding_plan(parameters: Parameters) -> tuple[dict[str, numpy.ndarray], float]:
    """The int16 tables and S_e."""
    word, position, token_type = (
        parameters[name][0].detach().double().cpu().numpy() if name in parameters else None
        for name in EMBEDDINGS
    )
    assert word is not None and position is not None
    if token_type is not None:
        position = position + token_type[0]
    step = (float(numpy.abs(word).max()) + float(numpy.abs(position).max())) / 32767.0
    plan = {
        "embeddings.word": scales.widened_table(word, step),
        "embeddings.position": scales.widened_table(position, step),
    }
    if token_type is not None and len(token_type) > 1:
        difference = token_type - token_type[0]
        plan["embeddings.token_type"] = scales.widened_table(difference, step)
    return plan, step


def make_plan(
    parameters: Parameters,
    config: BertConfig,
    batches: Sequence[Batch],
    dtype: torch.dtype = torch.float32,
) -> Plan:
    """Scales of every job, on the weights' device. parameters: pruned, floating point, [jobs, ...];
    embedding tables [1, ...]; batches: of one job, what to calibrate on."""
    device = parameters["embeddings.LayerNorm.weight"].device
    jobs = parameters["embeddings.LayerNorm.weight"].shape[0]
    tables, embedding_step = _embedding_plan(parameters)
    plans = []
    for job in range(jobs):
        one = {
            name: value.detach() if name in EMBEDDINGS else value.detach()[job : job + 1]
            for name, value in parameters.items()
        }
        statistics = calibrate(one, config, [batch.to(device) for batch in batches])
        plans.append(_PlanMaker(one, config, statistics).make(embedding_step))
    stacked = {name: numpy.stack([plan[name] for plan in plans]) for name in plans[0]}
    stacked.update({name: table[None] for name, table in tables.items()})
    return {n: torch.from_numpy(v).to(dtype).to(device) for n, v in stacked.items()}


def _linear(parameters: Parameters, plan: Plan, name: str) -> IntegerLinear:
    dtype = plan["steps"].dtype
    row_step = plan[f"{name}.row_step"]
    folded = parameters[f"{name}.weight"].to(dtype) * plan[f"{name}.column_scale"].unsqueeze(1)
    weight = integers.clip8(integers.round_even(folded / row_step.unsqueeze(2)))
    power = torch.exp2(plan[f"{name}.shift"])
    multiplier = plan[f"{name}.multiplier"]
    acc_step = plan[f"{name}.input_step"].unsqueeze(1) * row_step
    offset = plan[f"{name}.output_zero"].unsqueeze(1) * 32768 * power / multiplier
    bias = integers.round_even(parameters[f"{name}.bias"].to(dtype) / acc_step + offset)
    bias = bias - plan[f"{name}.input_zero"].unsqueeze(1) * weight.sum(2) + (power / 2).floor()
    return IntegerLinear(weight, bias, power, multiplier)


def _norm(parameters: Parameters, plan: Plan, name: str) -> IntegerNorm:
    dtype = plan["steps"].dtype
    step = plan[f"{name}.output_step"].unsqueeze(1)
    gamma, beta = (parameters[f"{name}.{part}"].to(dtype) for part in ("weight", "bias"))
    gain = integers.round_even(gamma * math.sqrt(gamma.shape[-1]) / step)
    bias = integers.round_even(beta / step)
    return IntegerNorm(
        gain.clamp(-32767, 32767), bias.clamp(-32767, 32767), plan[f"{name}.epsilon"]
    )


def _gelu(plan: Plan, prefix: str) -> IntegerGelu:
    wide = plan[f"{prefix}.gelu.wide"]
    in_step, in_zero, out_step, out_zero = plan[f"{prefix}.gelu.codes"].unbind(1)
    index = (wide > 1).long().unsqueeze(2).expand(-1, -1, 256)
    tables = plan[f"{prefix}.gelu.tables"].gather(1, index)
    return IntegerGelu(
        tables, wide * in_step.unsqueeze(1), in_zero, wide * out_step.unsqueeze(1), out_zero
    )


def _layer(parameters: Parameters, plan: Plan, prefix: str) -> IntegerLayer:
    attention = f"{prefix}.attention"
    shift, multiplier, k, cm = plan[f"{attention}.self.requantization"].unbind(1)
    return IntegerLayer(
        attention_view=plan[f"{attention}.self.view"],
        query=_linear(parameters, plan, f"{attention}.self.query"),
        key=_linear(parameters, plan, f"{attention}.self.key"),
        value=_linear(parameters, plan, f"{attention}.self.value"),
        logit_power=torch.exp2(shift),
        logit_multiplier=multiplier,
        context_shift=k,
        context_multiplier=cm,
        attention_output=_linear(parameters, plan, f"{attention}.output.dense"),
        attention_norm=_norm(parameters, plan, f"{attention}.output.LayerNorm"),
        intermediate_view=plan[f"{prefix}.intermediate.view"],
        intermediate=_linear(parameters, plan, f"{prefix}.intermediate.dense"),
        gelu=_gelu(plan, prefix),
        output=_linear(parameters, plan, f"{prefix}.output.dense"),
        output_norm=_norm(parameters, plan, f"{prefix}.output.LayerNorm"),
    )


def quantize(parameters: Parameters, config: BertConfig, plan: Plan) -> IntegerModel:
    """The integers of weights under a plan; gradients of what they compute reach the weights."""
    layers = tuple(
        _layer(parameters, plan, f"encoder.layer.{layer}") for layer in range(config.layer_count)
    )
    steps = tuple(plan["steps"][:, ::2].unbind(1))
    return IntegerModel(
        config.head_count,
        plan["embeddings.word"],
        plan["embeddings.position"],
        plan.get("embeddings.token_type"),
        _norm(parameters, plan, "embeddings.LayerNorm"),
        layers,
        steps,
    )
