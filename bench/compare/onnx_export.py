# SPDX-License-Identifier: Apache-2.0
"""Exports a BERT encoder as ONNX, from token ids to normalized mean embeddings.

The graph is the one that PyTorch's exporter makes of transformers' BertModel (opset 14, LayerNorm
and GELU in small operations), since that is what the optimizers of all peers look for. The integer
export has QuantizeLinear, MatMulInteger, Add, Cast, Mul for each weight product: the form that
DeepSparse runs fast.
"""

from __future__ import annotations

import math
import pathlib
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from checkpoint import Checkpoint

OPSET = 14
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
OUTPUT = "sentence_embedding"

# Least and greatest value of each operand of a product.
Ranges = dict[str, tuple[float, float]]


class _Graph:
    """Nodes and initializers in the making; every method returns the name of a tensor."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self._known: set[str] = set()
        self._made: set[str] = set()

    def constant(self, name: str, value: np.ndarray) -> str:
        if name not in self._known:
            self._known.add(name)
            self.initializers.append(numpy_helper.from_array(value.copy(order="C"), name))
        return name

    def scalar(self, value: float) -> str:
        return self.constant(f"scalar_{value!r}", np.array(value, np.float32))

    def integers(self, *values: int) -> str:
        name = "integers_" + "_".join(str(value) for value in values)
        return self.constant(name, np.array(values, np.int64))

    def has(self, output: str) -> bool:
        return output in self._made

    def node(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        output = output or f"{kind.lower()}_{len(self.nodes)}"
        self._made.add(output)
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output


class _BertExporter:
    def __init__(
        self, checkpoint: Checkpoint, ranges: Ranges | None, *, integer_attention: bool
    ) -> None:
        self._sizes = checkpoint.sizes
        self._weights = checkpoint.weights
        self._ranges = ranges
        self._integer_attention = integer_attention
        self.graph = _Graph()
        self.operands: dict[str, str] = {}  # key in Ranges -> name of the float tensor

    def _weight(self, name: str) -> str:
        return self.graph.constant(name, self._weights[name])

    def _layer_norm(self, x: str, name: str) -> str:
        g = self.graph
        centered = g.node("Sub", x, g.node("ReduceMean", x, axes=[-1]))
        square = g.node("Pow", centered, g.scalar(2.0))
        variance = g.node("ReduceMean", square, axes=[-1])
        deviation = g.node("Sqrt", g.node("Add", variance, g.scalar(self._sizes.epsilon)))
        scaled = g.node("Mul", g.node("Div", centered, deviation), self._weight(name + ".weight"))
        return g.node("Add", scaled, self._weight(name + ".bias"))

    def _quantized(self, x: str, ranges: tuple[float, float]) -> tuple[str, str, float]:
        """The codes of x, their zero point's name and their step."""
        g = self.graph
        low, high = min(ranges[0], 0.0), max(ranges[1], 0.0)
        step = (high - low) / 255
        zero_point = round(-low / step)
        zero_name = g.constant(f"zero_point_{zero_point}", np.array(zero_point, np.uint8))
        # What feeds several products (query, key, value) is quantized once.
        codes = x + "_quantized"
        if not g.has(codes):
            g.node("QuantizeLinear", x, g.scalar(step), zero_name, output=codes)
        return codes, zero_name, step

    def _linear(self, x: str, name: str) -> str:
        self.operands[name] = x
        g = self.graph
        weight, bias = self._weights[name + ".weight"], self._weights[name + ".bias"]
        if self._ranges is None:
            matrix = g.constant(name + ".matrix", weight.T)
            return g.node("Add", g.node("MatMul", x, matrix), self._weight(name + ".bias"))
        codes, zero_point, step = self._quantized(x, self._ranges[name])
        steps = np.abs(weight).max(axis=1) / 127  # of each output channel
        weight_codes = g.constant(
            name + ".codes", np.clip(np.rint(weight.T / steps), -127, 127).astype(np.int8)
        )
        weight_zero_point = g.constant("zero_point_int8", np.array(0, np.int8))
        product = g.node("MatMulInteger", codes, weight_codes, zero_point, weight_zero_point)
        integer_bias = np.rint(bias / (steps * step)).astype(np.int32)
        total = g.node("Add", product, g.constant(name + ".integer_bias", integer_bias))
        scale = g.constant(name + ".scale", (steps * step).astype(np.float32))
        return g.node("Mul", g.node("Cast", total, to=TensorProto.FLOAT), scale)

    def _attention_product(self, a: str, b: str, a_key: str, b_key: str) -> str:
        self.operands.update({a_key: a, b_key: b})
        g = self.graph
        if self._ranges is None or not self._integer_attention:
            return g.node("MatMul", a, b)
        a_codes, a_zero_point, a_step = self._quantized(a, self._ranges[a_key])
        b_codes, b_zero_point, b_step = self._quantized(b, self._ranges[b_key])
        product = g.node("MatMulInteger", a_codes, b_codes, a_zero_point, b_zero_point)
        return g.node(
            "Mul", g.node("Cast", product, to=TensorProto.FLOAT), g.scalar(a_step * b_step)
        )

    def _embeddings(self, length: int | None) -> str:
        g = self.graph
        word = g.node("Gather", self._weight("embeddings.word_embeddings.weight"), "input_ids")
        types = g.node(
            "Gather", self._weight("embeddings.token_type_embeddings.weight"), "token_type_ids"
        )
        table = self._weight("embeddings.position_embeddings.weight")
        positions = np.arange(self._weights[table].shape[0], dtype=np.int64)[np.newaxis]
        if length is not None:
            ids = g.constant("position_ids", positions[:, :length])
        else:
            shape = g.node("Shape", "input_ids")
            index = g.constant("index_1", np.array(1, np.int64))
            end = g.node("Unsqueeze", g.node("Gather", shape, index), g.integers(0))
            ids = g.node(
                "Slice", g.constant("position_ids", positions), g.integers(0), end, g.integers(1)
            )
        position = g.node("Gather", table, ids)
        total = g.node("Add", g.node("Add", word, types), position)
        return self._layer_norm(total, "embeddings.LayerNorm")

    def _additive_mask(self) -> str:
        g = self.graph
        wide = g.node("Unsqueeze", "attention_mask", g.integers(1))
        wide = g.node("Unsqueeze", wide, g.integers(2))
        masked = g.node("Sub", g.scalar(1.0), g.node("Cast", wide, to=TensorProto.FLOAT))
        return g.node("Mul", masked, g.scalar(-10000.0))

    def _heads(self, x: str, permutation: list[int]) -> str:
        g = self.graph
        shape = g.integers(0, 0, self._sizes.heads, self._sizes.hidden // self._sizes.heads)
        return g.node("Transpose", g.node("Reshape", x, shape), perm=permutation)

    def _layer(self, x: str, mask: str, prefix: str) -> str:
        g = self.graph
        attention = prefix + "attention."
        query = self._heads(self._linear(x, attention + "self.query"), [0, 2, 1, 3])
        key = self._heads(self._linear(x, attention + "self.key"), [0, 2, 3, 1])
        value = self._heads(self._linear(x, attention + "self.value"), [0, 2, 1, 3])
        head_size = self._sizes.hidden // self._sizes.heads
        product = self._attention_product(query, key, attention + "q", attention + "k")
        scores = g.node("Div", product, g.scalar(math.sqrt(head_size)))
        weights = g.node("Softmax", g.node("Add", scores, mask), axis=-1)
        product = self._attention_product(weights, value, attention + "p", attention + "v")
        context = g.node("Transpose", product, perm=[0, 2, 1, 3])
        context = g.node("Reshape", context, g.integers(0, 0, self._sizes.hidden))
        projected = self._linear(context, attention + "output.dense")
        x = self._layer_norm(g.node("Add", projected, x), attention + "output.LayerNorm")
        inner = self._linear(x, prefix + "intermediate.dense")
        erf = g.node("Erf", g.node("Div", inner, g.scalar(math.sqrt(2.0))))
        gelu = g.node("Mul", inner, g.node("Add", erf, g.scalar(1.0)))
        gelu = g.node("Mul", gelu, g.scalar(0.5))
        outer = self._linear(gelu, prefix + "output.dense")
        return self._layer_norm(g.node("Add", outer, x), prefix + "output.LayerNorm")

    def _pool(self, x: str) -> None:
        g = self.graph
        mask = g.node("Cast", "attention_mask", to=TensorProto.FLOAT)
        mask = g.node("Unsqueeze", mask, g.integers(2))
        total = g.node("ReduceSum", g.node("Mul", x, mask), g.integers(1), keepdims=0)
        count = g.node("ReduceSum", mask, g.integers(1), keepdims=0)
        mean = g.node("Div", total, count)
        g.node("Div", mean, g.node("ReduceL2", mean, axes=[-1], keepdims=1), output=OUTPUT)

    def run(self, shape: tuple[int, int] | None) -> None:
        x = self._embeddings(shape[1] if shape else None)
        mask = self._additive_mask()
        for layer in range(self._sizes.layers):
            x = self._layer(x, mask, f"encoder.layer.{layer}.")
        self._pool(x)

    def model(self, shape: tuple[int, int] | None, more_outputs: list[str]) -> onnx.ModelProto:
        rows, length = shape if shape else ("batch", "length")
        inputs = [
            helper.make_tensor_value_info(name, TensorProto.INT64, [rows, length])
            for name in INPUTS
        ]
        outputs = [
            helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [rows, self._sizes.hidden])
        ]
        outputs += [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in more_outputs
        ]
        graph = helper.make_graph(
            self.graph.nodes, "bert", inputs, outputs, self.graph.initializers
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
        model.ir_version = 8  # what onnxruntime of 2022 and DeepSparse read
        return model


def export_float(checkpoint: Checkpoint, path: pathlib.Path) -> None:
    """Writes the float model; batch and length are free."""
    exporter = _BertExporter(checkpoint, None, integer_attention=False)
    exporter.run(None)
    onnx.save(exporter.model(None, []), str(path))


def export_with_operands(checkpoint: Checkpoint, path: pathlib.Path) -> dict[str, str]:
    """Writes the float model with the operands of all products as outputs, to calibrate on.

    Returns the output's name by the key that Ranges has.
    """
    exporter = _BertExporter(checkpoint, None, integer_attention=False)
    exporter.run(None)
    onnx.save(exporter.model(None, sorted(set(exporter.operands.values()))), str(path))
    return exporter.operands


def export_integer(
    checkpoint: Checkpoint,
    ranges: Ranges,
    shape: tuple[int, int],
    path: pathlib.Path,
    *,
    integer_attention: bool,
) -> None:
    """Writes the model with integer weight products for one shape (rows, length).

    Steps of weights are per output channel, those of activations per tensor. With
    `integer_attention` the two products of attention are integers too.
    """
    exporter = _BertExporter(checkpoint, ranges, integer_attention=integer_attention)
    exporter.run(shape)
    onnx.save(exporter.model(shape, []), str(path))
