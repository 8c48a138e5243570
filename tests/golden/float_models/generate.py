#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tiny random classifiers and what Hugging Face's Flax models compute with them.

  python3 -m venv /tmp/venv
  /tmp/venv/bin/pip install 'transformers==4.49.0' 'jax==0.4.38' 'flax==0.10.4' safetensors
  /tmp/venv/bin/python tests/golden/float_models/generate.py

Flax and not PyTorch: it is an implementation of its own, too, and small to install. It computes in
double precision here.
"""

import json
import pathlib

import jax
import jax.numpy as jnp
import numpy as np
import transformers
from flax import traverse_util
from safetensors.numpy import save_file

HERE = pathlib.Path(__file__).resolve().parent
SEED = 7
SEQUENCES = [
    ([2, 5, 9, 3], []),
    ([2, 31, 30, 4, 4, 17, 3], []),
    ([2, 8, 3, 11, 12, 3], [0, 0, 0, 1, 1, 1]),
    ([2, 3], []),
]
BERT_SIZES = {"vocab_size": 32, "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 2,
              "num_attention_heads": 2, "max_position_embeddings": 16}
MODELS = {
    "bert": (transformers.FlaxBertForSequenceClassification,
             transformers.BertConfig(**BERT_SIZES, id2label={0: "bad", 1: "so-so", 2: "good"})),
    "distilbert": (transformers.FlaxDistilBertForSequenceClassification,
                   transformers.DistilBertConfig(vocab_size=32, dim=8, hidden_dim=16, n_layers=2,
                                                 n_heads=2, max_position_embeddings=16)),
    "roberta": (transformers.FlaxRobertaForSequenceClassification,
                transformers.RobertaConfig(**BERT_SIZES, type_vocab_size=1, layer_norm_eps=1e-5)),
}


def random_parameter(rng, name, shape):
    """Spread so that every part of the model shows in its answers."""
    if name.endswith(".scale"):
        return rng.normal(1.0, 0.3, shape)
    if name.endswith(".bias"):
        return rng.normal(0.0, 0.2, shape)
    return rng.normal(0.0, 0.6, shape)


def checkpoint_entry(name, value):
    """The PyTorch name and layout, as checkpoints on the hub have them."""
    stem, kind = name.rsplit(".", 1)
    if kind == "kernel":
        return f"{stem}.weight", np.ascontiguousarray(value.T)
    return f"{stem}.{'bias' if kind == 'bias' else 'weight'}", value


def answers(model, parameters, model_type):
    rows = []
    for ids, types in SEQUENCES:
        if types and model_type != "bert":
            continue  # the others know one type or none
        inputs = {"input_ids": jnp.array([ids])}
        if types:
            inputs["token_type_ids"] = jnp.array([types])
        output = model(**inputs, params=parameters, output_hidden_states=True)
        rows.append({"ids": ids, "types": types,
                     "hidden": np.round(np.asarray(output.hidden_states[-1][0]), 7).tolist(),
                     "logits": np.round(np.asarray(output.logits[0]), 7).tolist()})
    return rows


def main():
    jax.config.update("jax_enable_x64", True)
    rng = np.random.default_rng(SEED)
    for model_type, (model_class, config) in MODELS.items():
        config.architectures = [model_class.__name__.removeprefix("Flax")]
        model = model_class(config, dtype=jnp.float64)
        flat = {".".join(path): random_parameter(rng, ".".join(path), value.shape)
                .astype(np.float32) for path, value in
                sorted(traverse_util.flatten_dict(model.params).items())}
        parameters = traverse_util.unflatten_dict(
            {tuple(name.split(".")): value.astype(np.float64) for name, value in flat.items()})
        directory = HERE / model_type
        directory.mkdir(exist_ok=True)
        config.save_pretrained(directory)
        save_file(dict(checkpoint_entry(*item) for item in flat.items()),
                  directory / "model.safetensors", metadata={"format": "pt"})
        with open(directory / "expected.json", "w", encoding="ascii") as file:
            rows = [json.dumps(row) for row in answers(model, parameters, model_type)]
            file.write("[" + ",\n".join(rows) + "]\n")


if __name__ == "__main__":
    main()
