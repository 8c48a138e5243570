# SPDX-License-Identifier: Apache-2.0
"""The packages in pretrained/: they are whole, small, go to a server by the commands of pretrained/README.md,
and tell good from bad."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
from collections.abc import Iterator

import numpy
import pytest
import tritonclient.grpc as triton

from server_process import ServerProcess

CANDIDATES = ("4-8", "2-8", "1-8")
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


@pytest.fixture(scope="module")
def series(repository: pathlib.Path, tmp_path_factory) -> pathlib.Path:
    """As pretrained/README.md says: without the links."""
    copy = tmp_path_factory.mktemp("models") / "sst2"
    shutil.copytree(repository / "pretrained/sst2", copy)
    return copy


@pytest.fixture(scope="module")
def server(server_binary, stactl, series, tmp_path_factory) -> Iterator[ServerProcess]:
    store = tmp_path_factory.mktemp("store")
    with ServerProcess(server_binary, ["--store", str(store)]) as process:
        done = subprocess.run(
            [stactl, "model", "upload", "--series", series, "--prod", "2-8", "--server",
             process.rpc_address], capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        yield process


def labels(server: ServerProcess, version: str) -> list[bytes]:
    texts = numpy.array([text.encode() for text in GOOD + BAD], dtype=object)
    tensor = triton.InferInput("text", list(texts.shape), "BYTES")
    tensor.set_data_from_numpy(texts)
    with triton.InferenceServerClient(server.rpc_address) as client:
        return client.infer("sst2", [tensor], model_version=version).as_numpy("label").tolist()


@pytest.mark.parametrize("candidate", CANDIDATES)
def test_a_package_is_whole_and_small(stactl, series, candidate):
    done = subprocess.run(
        [stactl, "verify", series / candidate], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (series / candidate / "encoder.safetensors").stat().st_size < 16 << 20


@pytest.mark.parametrize("version", ["", *(f"p{candidate}" for candidate in CANDIDATES)])
def test_a_candidate_tells_good_from_bad(server, version):
    assert labels(server, version) == [b"positive"] * len(GOOD) + [b"negative"] * len(BAD)


def test_the_repository_holds_what_candidates_share_once(repository):
    for candidate in CANDIDATES[1:]:
        folder = repository / "pretrained/sst2" / candidate
        assert (folder / "embeddings.safetensors").is_symlink()
        assert not (folder / "encoder.safetensors").is_symlink()
