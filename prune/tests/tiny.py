# SPDX-License-Identifier: Apache-2.0
"""A tiny BERT with random weights and a made-up task that it can learn: which of two kinds of words
a text has more of."""

from __future__ import annotations

import json
from pathlib import Path

import numpy
import torch
from safetensors.numpy import save_file

from sta_prune.tasks import Examples

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
GOOD = [f"good{i}" for i in range(12)]
BAD = [f"bad{i}" for i in range(12)]
OTHER = [f"word{i}" for i in range(24)]
VOCABULARY = SPECIAL + GOOD + BAD + OTHER
CONFIG = {
    "architectures": ["BertModel"],
    "hidden_act": "gelu",
    "hidden_size": 32,
    "intermediate_size": 64,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 32,
    "model_type": "bert",
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
    "type_vocab_size": 2,
    "vocab_size": len(VOCABULARY),
}


def tensors(seed: int, config: dict = CONFIG) -> dict[str, numpy.ndarray]:
    random = numpy.random.default_rng(seed)
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    result: dict[str, numpy.ndarray] = {}

    def matrix(name: str, rows: int, columns: int, deviation: float) -> None:
        result[f"{name}.weight"] = random.normal(0, deviation, (rows, columns))

    def linear(name: str, rows: int, columns: int) -> None:
        matrix(name, rows, columns, columns**-0.5)
        result[f"{name}.bias"] = random.normal(0, 0.05, rows)

    def norm(name: str) -> None:
        result[f"{name}.weight"] = random.normal(1, 0.05, hidden)
        result[f"{name}.bias"] = random.normal(0, 0.05, hidden)

    matrix("embeddings.word_embeddings", config["vocab_size"], hidden, 0.5)
    matrix("embeddings.position_embeddings", config["max_position_embeddings"], hidden, 0.1)
    matrix("embeddings.token_type_embeddings", config["type_vocab_size"], hidden, 0.1)
    norm("embeddings.LayerNorm")
    for layer in range(config["num_hidden_layers"]):
        prefix = f"encoder.layer.{layer}"
        for name in ("query", "key", "value"):
            linear(f"{prefix}.attention.self.{name}", hidden, hidden)
        linear(f"{prefix}.attention.output.dense", hidden, hidden)
        norm(f"{prefix}.attention.output.LayerNorm")
        linear(f"{prefix}.intermediate.dense", inner, hidden)
        linear(f"{prefix}.output.dense", hidden, inner)
        norm(f"{prefix}.output.LayerNorm")
    linear("pooler.dense", hidden, hidden)
    return {name: value.astype(numpy.float32) for name, value in result.items()}


def write_tiny_model(directory: Path, seed: int = 1) -> Path:
    directory.mkdir(parents=True)
    save_file(tensors(seed), str(directory / "model.safetensors"))
    (directory / "config.json").write_text(json.dumps(CONFIG))
    (directory / "vocab.txt").write_text("".join(word + "\n" for word in VOCABULARY))
    (directory / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": True}))
    return directory


def examples(count: int, seed: int, is_pair: bool = False) -> Examples:
    """Label 1 where a text has more good words than bad ones. Of pairs, both texts count."""
    random = numpy.random.default_rng(seed)
    texts, pairs, labels = [], [], []
    for _ in range(count):
        good, bad = 0, 0
        while good == bad:
            words = random.choice(VOCABULARY[len(SPECIAL) :], int(random.integers(4, 12))).tolist()
            good, bad = (sum(word.startswith(kind) for word in words) for kind in ("good", "bad"))
        cut = len(words) // 2 if is_pair else len(words)
        texts.append(" ".join(words[:cut]))
        pairs.append(" ".join(words[cut:]))
        labels.append(float(good > bad))
    return Examples(tuple(texts), tuple(pairs) if is_pair else None, numpy.array(labels))


def write_csv(path: Path, data: Examples) -> Path:
    rows = "".join(f"{t},{int(y)}\n" for t, y in zip(data.texts, data.labels))
    path.write_text("text,label\n" + rows)
    return path


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
