# SPDX-License-Identifier: Apache-2.0
"""Hugging Face directories of BERT models: config.json, model.safetensors and tokenizer files.

    model = read_model(Path("all-MiniLM-L6-v2"))
    write_model(Path("out/2-8"), model, parameters)      # zeros in place

What is written is an ordinary directory that transformers and sentence-transformers read, and that
`stactl convert --pattern keep` packs.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy
import torch
from safetensors.numpy import load_file, save_file
from torch import Tensor

from sta_prune.bert import BertConfig, Parameters, matrix_names

# Everything but the weights and the config that a directory is copied with.
_COMPANIONS = (
    "vocab.txt",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "modules.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
)


@dataclass(frozen=True)
class Model:
    """A model read from a directory; `parameters` have one job."""

    directory: Path
    config: BertConfig
    config_json: dict
    labels: tuple[str, ...]  # by id; empty for a sentence encoder
    parameters: Parameters


def read_config(directory: Path) -> tuple[BertConfig, dict, tuple[str, ...]]:
    """Raises ValueError for what is not a BERT encoder with exact GELU and absolute positions."""
    path = directory / "config.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    for key, wanted in (
        ("model_type", "bert"),
        ("hidden_act", "gelu"),
        ("position_embedding_type", "absolute"),
    ):
        if values.get(key, wanted) != wanted:
            raise ValueError(f"{path}: {key} '{values[key]}' is not supported, only '{wanted}' is")
    is_classifier = any(
        name.endswith("ForSequenceClassification") for name in values.get("architectures") or []
    )
    names = values.get("id2label") or {"0": "LABEL_0", "1": "LABEL_1"}
    labels = tuple(names[str(i)] for i in range(len(names))) if is_classifier else ()
    config = BertConfig(
        hidden_size=values["hidden_size"],
        intermediate_size=values["intermediate_size"],
        layer_count=values["num_hidden_layers"],
        head_count=values["num_attention_heads"],
        vocabulary_size=values["vocab_size"],
        max_positions=values["max_position_embeddings"],
        token_types=values.get("type_vocab_size", 2),
        layer_norm_eps=values.get("layer_norm_eps", 1e-12),
        labels=len(labels),
    )
    return config, values, labels


def _canonical(name: str) -> str:
    """Names without the prefix of the model, LayerNorms of old checkpoints renamed."""
    name = name[len("bert.") :] if name.startswith("bert.") else name
    if name.endswith("LayerNorm.gamma"):
        return name[: -len("gamma")] + "weight"
    return name[: -len("beta")] + "bias" if name.endswith("LayerNorm.beta") else name


def read_model(directory: Path) -> Model:
    """Reads a directory. Raises FileNotFoundError, or ValueError that names what does not fit."""
    config, config_json, labels = read_config(directory)
    parameters: Parameters = {}
    for name, array in load_file(str(directory / "model.safetensors")).items():
        if numpy.issubdtype(array.dtype, numpy.floating):
            parameters[_canonical(name)] = torch.from_numpy(array.astype(numpy.float32))[None]
    hidden = config.hidden_size
    for name in matrix_names(config):
        rows = config.intermediate_size if ".intermediate." in name else hidden
        out_of_ffn = name.endswith(".output.dense.weight") and ".attention." not in name
        shape = (1, rows, config.intermediate_size if out_of_ffn else hidden)
        if name not in parameters:
            raise ValueError(f"{directory}: there is no tensor '{name}'")
        if tuple(parameters[name].shape) != shape:
            raise ValueError(f"{directory}: '{name}' is {tuple(parameters[name].shape)[1:]}")
    return Model(directory, config, config_json, labels, parameters)


def with_head(model: Model, labels: Sequence[str], seed: int) -> Model:
    """The model as a classifier of `labels` with a new classifier, and a new pooler where the
    checkpoint has none. One label is a regression."""
    generator = torch.Generator().manual_seed(seed)
    hidden = model.config.hidden_size

    def fresh(*shape: int) -> Tensor:
        return torch.randn(1, *shape, generator=generator) * 0.02

    parameters = dict(model.parameters)
    # Drawn in any case: the classifier of a seed does not depend on whether there is a pooler.
    pooler = fresh(hidden, hidden)
    parameters.setdefault("pooler.dense.weight", pooler)
    parameters.setdefault("pooler.dense.bias", torch.zeros(1, hidden))
    parameters["classifier.weight"] = fresh(len(labels), hidden)
    parameters["classifier.bias"] = torch.zeros(1, len(labels))
    config = replace(model.config, labels=len(labels))
    return replace(model, config=config, labels=tuple(labels), parameters=parameters)


def _config_of(model: Model) -> dict:
    values = dict(model.config_json)
    if not model.labels:
        return values
    values["architectures"] = ["BertForSequenceClassification"]
    values["id2label"] = {str(i): label for i, label in enumerate(model.labels)}
    values["label2id"] = {label: i for i, label in enumerate(model.labels)}
    values["problem_type"] = (
        "regression" if len(model.labels) == 1 else "single_label_classification"
    )
    return values


def _copy_companions(model: Model, directory: Path, max_tokens: int) -> None:
    # How a sentence encoder pools says nothing about a classifier.
    skipped = ("modules.json", "sentence_bert_config.json", "config_sentence_transformers.json")
    for name in _COMPANIONS:
        source = model.directory / name
        if source.exists() and not (model.labels and name in skipped):
            shutil.copy(source, directory / name)
    if not model.labels and (model.directory / "1_Pooling").is_dir():
        shutil.copytree(model.directory / "1_Pooling", directory / "1_Pooling")
    tokenizer_config = directory / "tokenizer_config.json"
    if model.labels and tokenizer_config.exists():
        values = json.loads(tokenizer_config.read_text(encoding="utf-8"))
        values["model_max_length"] = max_tokens
        tokenizer_config.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def write_model(
    directory: Path, model: Model, parameters: Parameters, job: int = 0, max_tokens: int = 128
) -> None:
    """Writes job `job` of `parameters` as a directory; what of it is missing there (embeddings) is
    taken from `model`. An existing directory is replaced as a whole. max_tokens: what texts of a
    classifier were cut to in training and so have to be cut to in use."""
    staging = directory.with_name(directory.name + ".staging")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    prefix = "bert." if model.labels else ""
    arrays = {}
    for name, value in {**model.parameters, **parameters}.items():
        if not model.labels and name.startswith("classifier."):
            continue
        values = value[min(job, value.shape[0] - 1)].detach().float().cpu().contiguous().numpy()
        arrays[name if name.startswith("classifier.") else prefix + name] = values
    save_file(arrays, str(staging / "model.safetensors"), metadata={"format": "pt"})
    text = json.dumps(_config_of(model), indent=2, sort_keys=True) + "\n"
    (staging / "config.json").write_text(text, encoding="utf-8")
    _copy_companions(model, staging, max_tokens)
    shutil.rmtree(directory, ignore_errors=True)
    staging.rename(directory)
