# SPDX-License-Identifier: Apache-2.0
"""The arithmetic against the specification's own vectors, bit for bit, and its gradients."""

import json

import pytest
import torch
from test_bert import pack

from sta_prune import integers
from sta_prune.integer_encoder import (
    IntegerGelu,
    IntegerLayer,
    IntegerLinear,
    IntegerModel,
    IntegerNorm,
    encode_integers,
)

EXACT = torch.float64


def numbers(values) -> torch.Tensor:
    """As one job."""
    return torch.tensor(values, dtype=EXACT).unsqueeze(0)


def linear_of(stored: dict) -> IntegerLinear:
    power = 2 ** numbers(stored["s"])
    return IntegerLinear(numbers(stored["w"]), numbers(stored["b"]), power, numbers(stored["m"]))


def norm_of(stored: dict) -> IntegerNorm:
    return IntegerNorm(numbers(stored["g"]), numbers(stored["b"]), numbers(stored["eps"]))


def gelu_of(stored: dict) -> IntegerGelu:
    channels = len(stored["cls"])
    tables = torch.tensor(stored["gelu"], dtype=EXACT)[torch.tensor(stored["cls"])].unsqueeze(0)
    ones = torch.ones(1, channels, dtype=EXACT)
    zero = torch.zeros(1, dtype=EXACT)
    return IntegerGelu(tables, ones, zero, ones, zero)


def layer_of(stored: dict) -> IntegerLayer:
    return IntegerLayer(
        attention_view=numbers(stored["kx"]),
        query=linear_of(stored["q"]),
        key=linear_of(stored["k"]),
        value=linear_of(stored["v"]),
        logit_power=2 ** numbers(stored["lg"]["s"]),
        logit_multiplier=numbers(stored["lg"]["m"]),
        context_shift=numbers(stored["pv"]["k"]),
        context_multiplier=numbers(stored["pv"]["cm"]),
        attention_output=linear_of(stored["o"]),
        attention_norm=norm_of(stored["ln1"]),
        intermediate_view=numbers(stored["kh"]),
        intermediate=linear_of(stored["f1"]),
        gelu=gelu_of(stored),
        output=linear_of(stored["f2"]),
        output_norm=norm_of(stored["ln2"]),
    )


def test_the_golden_encoder_bit_for_bit(repository):
    stored = json.loads((repository / "tests/golden/arithmetic/encoder.json").read_text())
    model = IntegerModel(
        heads=stored["model"]["heads"],
        word=numbers(stored["model"]["word"]),
        position=numbers(stored["model"]["pos"]),
        token_type=None,
        embedding_norm=norm_of(stored["model"]["ln_e"]),
        layers=tuple(layer_of(layer) for layer in stored["model"]["layers"]),
        steps=(),
    )
    runs = stored["runs"]
    # Both sequences in one row: neither sees the other.
    batch = pack([run["ids"] for run in runs], [[] for _ in runs], [0, 0], 24)
    states = encode_integers(model, batch)
    begin = 0
    for run in runs:
        end = begin + len(run["ids"])
        assert states[0][0, begin:end].tolist() == run["x_after_embedding_ln"]
        assert states[-1][0, begin:end].tolist() == run["y"]
        begin = end


def test_reciprocal_root_gives_the_examples():
    y, sh = integers.reciprocal_root(torch.tensor([1000, 311040000, 2**42]))
    assert list(zip(y.tolist(), sh.tolist())) == [(16580, 4), (30441, 14), (32767, 21)]


def test_tables_have_the_sums_of_the_specification():
    assert sum(integers.EXP_TABLE) == 5910
    assert sum(integers.RSQRT_TABLE) == 4194293


def test_requantization_gives_the_examples():
    acc = torch.tensor([[[12345.0], [-12345.0], [600000.0]]], dtype=EXACT)
    one = torch.ones(1, 1, 1, dtype=EXACT)
    for multiplier, wanted in ((3000.0, [71, -71, None]), (2048.0, [None, None, 2048])):
        linear = IntegerLinear(one, 0 * one[0], 16 * one[0], multiplier * one[0])
        got = linear(acc).flatten().tolist()
        assert all(w is None or w == g for w, g in zip(wanted, got))


def test_context_gives_the_example():
    k, cm = (torch.tensor([v], dtype=EXACT) for v in (5.0, 3000.0))
    acc = torch.tensor([6000.0, -15000.0], dtype=EXACT)
    total = torch.full((1,), 224.0, dtype=EXACT)
    assert integers.context(acc, total, k, cm).tolist() == [78.0, -127.0]


def finite(function, x: torch.Tensor, step: float) -> torch.Tensor:
    """The slope over steps so wide that rounding averages out."""
    return (function(x + step) - function(x - step)) / (2 * step)


@pytest.mark.parametrize(("name", "function", "begin", "end", "step"), [
    ("mulhrs", lambda x: integers.mulhrs(x, torch.tensor(9000.0, dtype=EXACT)), -9e3, 9e3, 900),
    ("context", lambda x: integers.context(x, torch.full_like(x, 300.0)[..., :1],
        torch.tensor(4.0, dtype=EXACT), torch.tensor(3000.0, dtype=EXACT)), -8e3, 8e3, 900),
])  # fmt: skip
def test_gradients_follow_the_slope(name, function, begin, end, step):
    x = torch.linspace(begin, end, 7, dtype=EXACT).requires_grad_()
    function(x).sum().backward()
    assert torch.allclose(x.grad, finite(function, x.detach(), step), rtol=0.05, atol=1e-3), name


def test_the_gradient_of_a_saturated_number_is_zero():
    x = torch.tensor([100.0, 130.0], requires_grad=True)
    integers.clip8(x).sum().backward()
    assert x.grad.tolist() == [1.0, 0.0]


def test_the_gradient_of_layer_norm_follows_the_slope():
    generator = torch.Generator().manual_seed(3)
    x = (torch.randn(1, 1, 16, generator=generator, dtype=EXACT) * 4000).round().requires_grad_()
    gain = torch.full((1, 1, 16), 9000.0, dtype=EXACT)
    bias, eps = torch.zeros(1, 1, 16, dtype=EXACT), torch.ones(1, 1, 1, dtype=EXACT)
    integers.layer_norm(x, gain, bias, eps)[0, 0, 2].backward()
    change = torch.zeros_like(x)
    change[0, 0, 2] = 300
    with torch.no_grad():
        up, down = (integers.layer_norm(x + s * change, gain, bias, eps)[0, 0, 2] for s in (1, -1))
    assert x.grad[0, 0, 2].item() == pytest.approx((up - down).item() / 600, rel=0.03)
