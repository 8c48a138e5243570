# SPDX-License-Identifier: Apache-2.0
import json

import numpy
import pytest
import tiny
import torch
from safetensors.numpy import load_file, save_file

from sta_prune.bert import matrix_names
from sta_prune.checkpoint import read_model, with_head, write_model


def test_an_encoder_comes_back_as_it_was(tiny_model, tmp_path):
    write_model(tmp_path / "out", tiny_model, tiny_model.parameters)
    before = load_file(str(tiny_model.directory / "model.safetensors"))
    after = load_file(str(tmp_path / "out/model.safetensors"))
    assert before.keys() == after.keys()
    assert all(numpy.array_equal(before[name], after[name]) for name in before)
    assert json.loads((tmp_path / "out/config.json").read_text()) == tiny.CONFIG
    assert (tmp_path / "out/vocab.txt").exists()


def test_a_classifier_keeps_its_labels_zeros_and_text_length(tiny_model, tmp_path):
    model = with_head(tiny_model, ["no", "yes"], seed=5)
    name = matrix_names(model.config)[3]
    pruned = {name: model.parameters[name] * (torch.rand(model.parameters[name].shape) > 0.5)}
    write_model(tmp_path / "out", model, pruned, max_tokens=24)
    back = read_model(tmp_path / "out")
    assert back.labels == ("no", "yes")
    assert torch.equal(back.parameters[name], pruned[name])
    assert torch.equal(back.parameters["classifier.weight"], model.parameters["classifier.weight"])
    limits = json.loads((tmp_path / "out/tokenizer_config.json").read_text())
    assert limits["model_max_length"] == 24
    stored = load_file(str(tmp_path / "out/model.safetensors"))
    assert f"bert.{name}" in stored and "classifier.weight" in stored


def test_a_job_is_written_and_what_it_lacks_is_the_models(tiny_model, tmp_path):
    name = matrix_names(tiny_model.config)[0]
    jobs = {name: torch.stack([torch.zeros(32, 32), torch.ones(32, 32)])}
    write_model(tmp_path / "out", tiny_model, jobs, job=1)
    back = read_model(tmp_path / "out").parameters
    assert torch.equal(back[name][0], torch.ones(32, 32))
    word = "embeddings.word_embeddings.weight"
    assert torch.equal(back[word], tiny_model.parameters[word])


def test_the_classifier_of_a_seed_is_always_the_same(tiny_model):
    one, same, other = (with_head(tiny_model, ["a", "b"], seed=s).parameters for s in (1, 1, 2))
    assert torch.equal(one["classifier.weight"], same["classifier.weight"])
    assert not torch.equal(one["classifier.weight"], other["classifier.weight"])
    assert torch.equal(one["pooler.dense.weight"], tiny_model.parameters["pooler.dense.weight"])


@pytest.mark.parametrize(("key", "value"), [("model_type", "gpt2"), ("hidden_act", "relu")])
def test_refuses_other_models(tmp_path, key, value):
    directory = tiny.write_tiny_model(tmp_path / "other")
    config = json.loads((directory / "config.json").read_text())
    (directory / "config.json").write_text(json.dumps({**config, key: value}))
    with pytest.raises(ValueError, match=f"{key} '{value}'"):
        read_model(directory)


def test_names_a_matrix_that_is_missing_or_of_another_shape(tmp_path):
    directory = tiny.write_tiny_model(tmp_path / "broken")
    arrays = load_file(str(directory / "model.safetensors"))
    name = "encoder.layer.1.output.dense.weight"
    save_file({**arrays, name: arrays[name].T.copy()}, str(directory / "model.safetensors"))
    with pytest.raises(ValueError, match=r"encoder.layer.1.output.dense.weight' is \(64, 32\)"):
        read_model(directory)
    del arrays[name]
    save_file(arrays, str(directory / "model.safetensors"))
    with pytest.raises(ValueError, match="no tensor 'encoder.layer.1.output.dense.weight'"):
        read_model(directory)
