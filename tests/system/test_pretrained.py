# SPDX-License-Identifier: Apache-2.0
"""The packages in pretrained/: they are whole, small, go to a server by the commands of
pretrained/README.md, tell good from bad, intents, and what is alike from what is not."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
from collections.abc import Iterator

import numpy
import pytest
import tritonclient.grpc as triton

from server_process import ServerProcess

CANDIDATES = {"sst2": ("4-8", "2-8", "1-8"), "minilm": ("2-8", "1-8"), "clinc150": ("1-8",)}
PROD = {"sst2": "2-8", "minilm": "2-8", "clinc150": "1-8"}  # what pretrained/README.md makes it
# Ours, written for this test.
GOOD = [
    "A joy from start to end.",
    "The acting is wonderful and the story moved me to tears.",
    "I would gladly watch this charming film again.",
    "One of the best pictures of the year.",
]
BAD = [
    "A dull and endless mess.",
    "The jokes fall flat and the plot makes no sense.",
    "I want those two hours of my life back.",
    "Badly written, badly acted, a complete failure.",
]
INTENTS = {
    "please wake me up at seven tomorrow": "alarm",
    "how much money is in my savings account": "balance",
    "what will the weather be like in Oslo": "weather",
    "tell me something funny": "tell_joke",
    "my credit card was stolen last night": "report_lost_card",
    "put bread and eggs on what i have to buy": "shopping_list_update",
}
# Each sentence of one list belongs to that of the other in its place.
SENTENCES = [
    "A man is playing the guitar on the stage.",
    "The stock market fell sharply on Monday.",
    "A cat sleeps on the warm window sill.",
    "How do I change my password?",
]
PARAPHRASES = [
    "Someone performs music with a guitar.",
    "Shares lost much of their value at the start of the week.",
    "The kitten is napping in the sun.",
    "I want to set a new secret word for my account.",
]


@pytest.fixture(scope="module")
def models(repository: pathlib.Path, tmp_path_factory) -> pathlib.Path:
    """As pretrained/README.md says: without the links."""
    copy = tmp_path_factory.mktemp("models") / "pretrained"
    shutil.copytree(repository / "pretrained", copy)
    return copy


@pytest.fixture(scope="module")
def server(server_binary, stactl, models, tmp_path_factory) -> Iterator[ServerProcess]:
    store = tmp_path_factory.mktemp("store")
    with ServerProcess(server_binary, ["--store", str(store)]) as process:
        for name in CANDIDATES:
            done = subprocess.run(
                [stactl, "model", "upload", "--series", models / name, "--prod", PROD[name],
                 "--server", process.rpc_address], capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
        yield process


def infer(
    server: ServerProcess, model: str, version: str, texts: list[str], output: str
) -> numpy.ndarray:
    rows = numpy.array([text.encode() for text in texts], dtype=object)
    tensor = triton.InferInput("text", list(rows.shape), "BYTES")
    tensor.set_data_from_numpy(rows)
    with triton.InferenceServerClient(server.rpc_address) as client:
        return client.infer(model, [tensor], model_version=version).as_numpy(output)


@pytest.mark.parametrize(
    ("name", "candidate"), [(name, one) for name, all_ in CANDIDATES.items() for one in all_]
)
def test_a_package_is_whole_and_small(stactl, models, name, candidate):
    package = models / name / candidate
    done = subprocess.run([stactl, "verify", package], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (package / "encoder.safetensors").stat().st_size < 16 << 20


@pytest.mark.parametrize("version", ["", *(f"p{candidate}" for candidate in CANDIDATES["sst2"])])
def test_a_classifier_tells_good_from_bad(server, version):
    labels = infer(server, "sst2", version, GOOD + BAD, "label").tolist()
    assert labels == [b"positive"] * len(GOOD) + [b"negative"] * len(BAD)


def test_a_classifier_tells_intents(server):
    labels = infer(server, "clinc150", "", list(INTENTS), "label")
    assert [label.decode() for label in labels] == list(INTENTS.values())


@pytest.mark.parametrize("version", ["", *(f"p{candidate}" for candidate in CANDIDATES["minilm"])])
def test_an_encoder_finds_what_means_the_same(server, version):
    first = infer(server, "minilm", version, SENTENCES, "sentence_embedding")
    second = infer(server, "minilm", version, PARAPHRASES, "sentence_embedding")
    assert (first @ second.T).argmax(axis=1).tolist() == list(range(len(SENTENCES)))


def test_the_repository_holds_what_candidates_share_once(repository):
    folders = [
        repository / "pretrained" / name / one for name, all_ in CANDIDATES.items() for one in all_
    ]
    holders = [folder for folder in folders if not (folder / "embeddings.safetensors").is_symlink()]
    assert holders == [repository / "pretrained/sst2/4-8"]
    assert not any((folder / "encoder.safetensors").is_symlink() for folder in folders)
