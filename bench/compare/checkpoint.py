# SPDX-License-Identifier: Apache-2.0
"""Weights of BERT encoders: read from a Hugging Face directory, made at random, pruned."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import shutil

import numpy as np
import safetensors.numpy

Weights = dict[str, np.ndarray]

# What the converter needs beside the weights.
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "vocab.txt")
_RANDOM_SEED = 20240229
_INITIALIZER_RANGE = 0.02  # BERT's own


@dataclasses.dataclass(frozen=True)
class Sizes:
    """The sizes of a BERT encoder."""

    hidden: int
    intermediate: int
    layers: int
    heads: int
    epsilon: float


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """Sizes and weights, named as BertModel names them."""

    sizes: Sizes
    weights: Weights


def read_checkpoint(directory: pathlib.Path) -> Checkpoint:
    """Reads config.json and model.safetensors."""
    config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    sizes = Sizes(
        hidden=config["hidden_size"],
        intermediate=config["intermediate_size"],
        layers=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        epsilon=config["layer_norm_eps"],
    )
    return Checkpoint(sizes, safetensors.numpy.load_file(directory / "model.safetensors"))


def linear_names(sizes: Sizes) -> list[str]:
    """The weight matrices of the encoder stack, which are pruned and quantized."""
    return [
        f"encoder.layer.{layer}.{name}"
        for layer in range(sizes.layers)
        for name in (
            "attention.self.query",
            "attention.self.key",
            "attention.self.value",
            "attention.output.dense",
            "intermediate.dense",
            "output.dense",
        )
    ]


def prune_matrix(weight: np.ndarray, n: int, m: int) -> np.ndarray:
    """Keeps the n largest magnitudes of every m columns; of equals the lower column stays.

    The same rule as model_store/convert/prune.h. ValueError: m does not divide the columns.
    """
    if weight.shape[1] % m:
        raise ValueError(f"{weight.shape[1]} columns are not a multiple of {m}")
    groups = weight.reshape(weight.shape[0], -1, m)
    order = np.argsort(-np.abs(groups), axis=2, kind="stable")
    pruned = groups.copy()
    np.put_along_axis(pruned, order[:, :, n:], 0, axis=2)
    return pruned.reshape(weight.shape)


def prune(checkpoint: Checkpoint, pattern: str) -> Checkpoint:
    """A checkpoint whose encoder matrices have the pattern: "dense" or "N:M"."""
    if pattern == "dense":
        return checkpoint
    n, m = (int(part) for part in pattern.split(":"))
    weights = dict(checkpoint.weights)
    for name in linear_names(checkpoint.sizes):
        weights[name + ".weight"] = prune_matrix(weights[name + ".weight"], n, m)
    return Checkpoint(checkpoint.sizes, weights)


def _random_weights(sizes: Sizes, vocabulary: int, positions: int) -> Weights:
    generator = np.random.default_rng(_RANDOM_SEED)

    def normal(*shape: int) -> np.ndarray:
        return (generator.standard_normal(shape) * _INITIALIZER_RANGE).astype(np.float32)

    weights = {
        "embeddings.word_embeddings.weight": normal(vocabulary, sizes.hidden),
        "embeddings.position_embeddings.weight": normal(positions, sizes.hidden),
        "embeddings.token_type_embeddings.weight": normal(2, sizes.hidden),
    }
    for name in linear_names(sizes):
        rows = sizes.intermediate if "intermediate" in name else sizes.hidden
        columns = sizes.intermediate if name.endswith(".output.dense") else sizes.hidden
        if name.endswith("attention.output.dense"):
            columns = sizes.hidden
        weights[name + ".weight"] = normal(rows, columns)
        weights[name + ".bias"] = normal(rows)
    norms = ["embeddings.LayerNorm"]
    for layer in range(sizes.layers):
        norms += [f"encoder.layer.{layer}.attention.output.LayerNorm"]
        norms += [f"encoder.layer.{layer}.output.LayerNorm"]
    for name in norms:
        weights[name + ".weight"] = 1 + normal(sizes.hidden)
        weights[name + ".bias"] = normal(sizes.hidden)
    return weights


def write_random_bert_base(directory: pathlib.Path, tokenizer: pathlib.Path) -> None:
    """Makes a Hugging Face directory of BERT-base's sizes, with random weights of a fixed seed.

    Good for speed only. The tokenizer's files come from the directory `tokenizer`.
    """
    sizes = Sizes(hidden=768, intermediate=3072, layers=12, heads=12, epsilon=1e-12)
    vocabulary, positions = 30522, 512
    partial = directory.with_name(directory.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": sizes.hidden,
        "intermediate_size": sizes.intermediate,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads,
        "layer_norm_eps": sizes.epsilon,
        "vocab_size": vocabulary,
        "max_position_embeddings": positions,
        "type_vocab_size": 2,
    }
    (partial / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    for name in _TOKENIZER_FILES:
        shutil.copy(tokenizer / name, partial / name)
    weights = _random_weights(sizes, vocabulary, positions)
    safetensors.numpy.save_file(weights, partial / "model.safetensors")
    partial.rename(directory)
