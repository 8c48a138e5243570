# SPDX-License-Identifier: Apache-2.0
"""The integers that the toolkit trains with against those that stactl writes, and against
floats."""

import json
import os
import subprocess

import pytest
import tiny
import torch
from safetensors.numpy import load_file

from sta_prune import scales
from sta_prune.bert import encode, matrix_names, mean_pool
from sta_prune.checkpoint import read_model, write_model
from sta_prune.integer_encoder import hidden_values
from sta_prune.masks import choose_mask, magnitude_scores
from sta_prune.packing import BatchShape, gather, whole_set
from sta_prune.patterns import Pattern
from sta_prune.quantization import make_plan, quantize
from sta_prune.tokens import load_tokenizer, tokenize

SHAPE = BatchShape(rows=8, row_tokens=32, slots=64)


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return list(tiny.examples(400, seed=31).texts)


@pytest.fixture(scope="module")
def pruned(tiny_directory, tmp_path_factory):
    """The tiny model at 2:8, as a directory."""
    model = read_model(tiny_directory)
    for name in matrix_names(model.config):
        weight = model.parameters[name]
        model.parameters[name] = weight * choose_mask(magnitude_scores(weight), Pattern(2, 8))
    directory = tmp_path_factory.mktemp("pruned") / "2-8"
    write_model(directory, model, model.parameters)
    return read_model(directory)


def batches_of(model, texts):
    tokens = tokenize(load_tokenizer(model.directory, 32), texts, None)
    return whole_set(tokens, SHAPE, jobs=1)


def calibration_of(model, texts):
    """What stactl calibrates on: every tenth text is held back; 16 behind each other at a time, so
    that its sample of rows is the same."""
    taken = [text for i, text in enumerate(texts) if i % 10 != 9]
    tokens = tokenize(load_tokenizer(model.directory, 32), taken, None)
    shape = BatchShape(rows=1, row_tokens=512, slots=16)
    parts = [range(begin, min(begin + 16, len(taken))) for begin in range(0, len(taken), 16)]
    return [gather(tokens, [[(example, 0) for example in part]], shape) for part in parts]


@pytest.mark.parametrize(("ratio", "bits", "wanted"), [
    (0.00123, 12, (6, 2579)), (0.061, 15, (4, 31982)),
])  # fmt: skip
def test_multipliers_give_the_examples(ratio, bits, wanted):
    assert tuple(float(v) for v in scales.quant_multiplier(ratio, bits)) == wanted
    with pytest.raises(ValueError, match="not positive"):
        scales.quant_multiplier(0.0, bits)


def test_gelu_tables_give_the_example():
    """Section 6: steps 0.043 and 0.026, offsets -34 and -120, ratio 4."""
    codes = scales.numpy.array([-127, -34, 0, 60, 127]) + 34
    for ratio, wanted in ((1.0, [-120, -120, -68, 35, 127]), (4.0, [-120, -120, -64, 35, 127])):
        values = scales._gelu(ratio * 0.043 * codes) / (ratio * 0.026)
        found = scales.numpy.clip(scales.numpy.floor(values + 0.5) - 120, -127, 127)
        assert found.tolist() == wanted


def test_chooses_the_scales_that_stactl_writes(pruned, texts, tmp_path):
    stactl = os.environ.get("STACTL", "")
    if not os.path.exists(stactl):
        pytest.skip("STACTL names no program; ctest sets it")
    (tmp_path / "text.txt").write_text("\n".join(texts))
    command = [
        stactl, "convert", "--model", pruned.directory, "--pattern", "keep", "--calibrate",
        tmp_path / "text.txt", "--output", tmp_path / "package",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    stored = load_file(str(tmp_path / "package/encoder.safetensors"))

    plan = make_plan(pruned.parameters, pruned.config, calibration_of(pruned, texts), torch.float64)
    model = quantize(pruned.parameters, pruned.config, plan)
    manifest = json.loads((tmp_path / "package/manifest.json").read_text())
    assert float(model.steps[-1]) == pytest.approx(manifest["output_step"], rel=1e-5)
    for index, layer in enumerate(model.layers):
        prefix = f"encoder.layer.{index}"

        def check(name: str, ours: torch.Tensor, prefix: str = prefix) -> None:
            # All but equal: floats summed in another order may round a multiplier to its neighbor.
            theirs = stored[f"{prefix}.{name}"].reshape(-1).astype(float)
            difference = abs(ours.detach().reshape(-1).numpy() - theirs)
            assert difference.max() <= 1 + 1e-4 * abs(theirs).max(), name
            assert (difference == 0).mean() > 0.9, name

        check("attention.self.view", layer.attention_view)
        check("intermediate.view", layer.intermediate_view)
        attention = (
            layer.logit_power.log2(), layer.logit_multiplier, layer.context_shift,
            layer.context_multiplier,
        )  # fmt: skip
        check("attention.self.requantization", torch.stack(attention))
        for name, linear in (
            ("attention.self.query", layer.query),
            ("attention.self.key", layer.key),
            ("attention.self.value", layer.value),
            ("attention.output.dense", layer.attention_output),
            ("intermediate.dense", layer.intermediate),
            ("output.dense", layer.output),
        ):
            check(f"{name}.shift", linear.power.log2())
            check(f"{name}.multiplier", linear.multiplier)
            check(f"{name}.bias", linear.bias)
        for name, norm in (
            ("attention.output.LayerNorm", layer.attention_norm),
            ("output.LayerNorm", layer.output_norm),
        ):
            check(f"{name}.gain", norm.gain)
            check(f"{name}.bias", norm.bias)
            check(f"{name}.epsilon", norm.eps)
        wide = stored[f"{prefix}.intermediate.gelu.class"]
        tables = stored[f"{prefix}.intermediate.gelu.tables"][wide]
        assert (abs(layer.gelu.tables[0].numpy() - tables) <= 1).all()
        assert (layer.gelu.tables[0].numpy() == tables).mean() > 0.99


def mean_cosine(model, plan, batches) -> float:
    found = []
    for batch in batches:
        with torch.no_grad():
            integer = quantize(model.parameters, model.config, plan)
            whole = mean_pool(hidden_values(integer, batch)[-1], batch)
            wanted = mean_pool(encode(model.parameters, model.config, batch)[-1], batch)
        cosine = torch.nn.functional.cosine_similarity(whole, wanted, dim=-1)
        found.append(cosine[batch.valid])
    return float(torch.cat(found).mean())


def test_integers_come_near_the_floats(pruned, texts):
    plan = make_plan(pruned.parameters, pruned.config, calibration_of(pruned, texts))
    held = batches_of(pruned, texts[9::10])
    assert mean_cosine(pruned, plan, held) > 0.997


def test_gradients_reach_every_weight_and_point_the_same_way(pruned, texts):
    batch = batches_of(pruned, texts[:60])[0]
    plan = make_plan(pruned.parameters, pruned.config, [batch])
    target = torch.randn(32, generator=tiny.seeded(5))
    weights = {
        name: value.clone().requires_grad_()
        for name, value in pruned.parameters.items()
        if name.startswith(("encoder", "embeddings.LayerNorm"))
    }
    parameters = {**pruned.parameters, **weights}
    real = batch.sequences.reshape(1, -1, 1) >= 0

    def gradients(hidden) -> dict[str, torch.Tensor]:
        loss = ((hidden[-1] @ target) * real[..., 0]).sum()
        found = torch.autograd.grad(loss, list(weights.values()))
        return dict(zip(weights, found))

    rounded = gradients(hidden_values(quantize(parameters, pruned.config, plan), batch))
    smooth = gradients(encode(parameters, pruned.config, batch))
    for name in weights:
        if name.endswith("key.bias"):  # softmax does not see it
            continue
        cosine = torch.nn.functional.cosine_similarity(
            rounded[name].flatten(), smooth[name].flatten(), dim=0
        )
        assert cosine > 0.9, f"{name}: {cosine}"


def test_jobs_get_their_own_scales(pruned, texts):
    batch = batches_of(pruned, texts[:60])[0]
    parameters = pruned.parameters
    doubled = {
        name: torch.cat([value, value * (2 if name.endswith("query.weight") else 1)])
        for name, value in parameters.items()
        if not name.endswith("embeddings.weight")
    }
    tables = {n: v for n, v in parameters.items() if n.endswith("embeddings.weight")}
    plan = make_plan({**tables, **doubled}, pruned.config, [batch])
    alone = make_plan(pruned.parameters, pruned.config, [batch])
    for name, value in alone.items():
        assert torch.equal(plan[name][0], value[0])
    step = "encoder.layer.0.attention.self.query.row_step"
    assert torch.allclose(plan[step][1], 2 * plan[step][0], rtol=1e-3)
