# SPDX-License-Identifier: Apache-2.0
"""A series of candidates from its training to a server: stactl makes packages of it and uploads them
as versions of one model, and Triton's Python client asks each."""

from __future__ import annotations

import json
import pathlib
import subprocess
from collections.abc import Iterator

import numpy
import pytest
import tritonclient.grpc as triton

from conftest import program
from server_process import ServerProcess

TEXTS = ["the cat sat on the mat", "a bad film", "hello world!"]
WORDS = "the a cat dog sat on mat good bad film hello world".split()


@pytest.fixture(scope="module")
def packages_of_series(stactl, tmp_path_factory) -> pathlib.Path:
    directory = tmp_path_factory.mktemp("series")
    make = program("STA_MAKE_TINY_PACKAGE")
    subprocess.run([make, "--output", directory / "toy", "--trained-series"], check=True)
    chooser = numpy.random.default_rng(3)
    lines = [" ".join(chooser.choice(WORDS, 6)) for _ in range(40)]
    (directory / "text.txt").write_text("\n".join(lines))
    subprocess.run([stactl, "convert", "--series", directory / "toy", "--output",
                    directory / "packages", "--calibrate", directory / "text.txt"], check=True)
    return directory / "packages"


@pytest.fixture
def server(server_binary: pathlib.Path, tmp_path: pathlib.Path) -> Iterator[ServerProcess]:
    (tmp_path / "store").mkdir()
    with ServerProcess(server_binary, ["--store", str(tmp_path / "store")]) as process:
        yield process


def run(stactl: pathlib.Path, server: ServerProcess, *arguments) -> subprocess.CompletedProcess:
    command = [stactl, *arguments, "--server", server.rpc_address]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def upload(stactl, server, packages, *more) -> subprocess.CompletedProcess:
    return run(stactl, server, "model", "upload", "--series", packages, *more)


def logits(server: ServerProcess, version: str = "") -> tuple[str, numpy.ndarray]:
    """The version that answered, and its answer."""
    with triton.InferenceServerClient(server.rpc_address) as client:
        tensor = triton.InferInput("text", [len(TEXTS)], "BYTES")
        tensor.set_data_from_numpy(numpy.array([text.encode() for text in TEXTS], dtype=object))
        wanted = [triton.InferRequestedOutput("logits")]
        answer = client.infer("toy", [tensor], model_version=version, outputs=wanted)
        return answer.get_response().model_version, answer.as_numpy("logits")


def test_every_candidate_answers_by_its_alias(stactl, server, packages_of_series):
    done = upload(stactl, server, packages_of_series, "--prod", "4-8", "--json")
    assert done.returncode == 0, done.stderr
    candidates = {c["candidate"]: c for c in json.loads(done.stdout)["candidates"]}
    assert [c["version"] for c in candidates.values()] == [1, 2, 3]
    answers = {}
    for name, alias in (("dense", "dense"), ("4-8", "p4-8"), ("2-8-mixed", "p2-8-mixed")):
        version, answers[name] = logits(server, alias)
        assert version == str(candidates[name]["version"])
        assert candidates[name]["state"] == "READY" and not candidates[name]["existed"]
    assert not numpy.allclose(answers["dense"], answers["4-8"])
    assert not numpy.allclose(answers["2-8-mixed"], answers["4-8"])
    version, answer = logits(server)
    assert version == "1" and numpy.array_equal(answer, answers["4-8"])  # sent first
    # Embedding tables, tokenizer and config of the candidates are the same files: sent once.
    for name in ("dense", "2-8-mixed"):
        encoder = packages_of_series / name / "encoder.safetensors"
        assert candidates[name]["sent_bytes"] == encoder.stat().st_size


def test_show_tells_accuracies_without_the_manifest(stactl, server, packages_of_series):
    assert upload(stactl, server, packages_of_series, "--prod", "2-8-mixed").returncode == 0
    shown = json.loads(run(stactl, server, "model", "show", "toy", "--json").stdout)
    rows = shown["series"]["toy"]
    assert [row["candidate"] for row in rows] == ["dense", "4-8", "2-8-mixed"]
    assert [row["scores"]["accuracy"] for row in rows] == [91.5, 91.0, 90.25]
    assert [row["drop"] for row in rows] == [0, 0.5, 1.25]
    assert [row["density"] for row in rows] == [1, 0.5, 0.375]
    assert [row["is_default"] for row in rows] == [False, False, True]
    assert rows[2]["aliases"] == ["p2-8-mixed", "prod"]
    text = run(stactl, server, "model", "show", "toy").stdout
    assert "series toy (sst2, dev): accuracy, dense 91.50\n" in text
    # Another candidate answers from now on.
    moved = run(stactl, server, "model", "alias", "toy", "prod", str(rows[1]["version"]))
    assert moved.returncode == 0, moved.stderr
    rows = json.loads(run(stactl, server, "model", "show", "toy", "--json").stdout)["series"]["toy"]
    assert [row["is_default"] for row in rows] == [False, True, False]


def test_the_same_command_goes_on_with_what_is_missing(stactl, server, packages_of_series):
    first = upload(stactl, server, packages_of_series, "--only", "4-8")
    assert first.returncode == 0, first.stderr
    done = upload(stactl, server, packages_of_series)
    assert done.returncode == 0, done.stderr
    assert "4-8: toy version 1 is in the store already (0 B sent)\n" in done.stdout
    again = json.loads(upload(stactl, server, packages_of_series, "--json").stdout)
    assert all(c["existed"] and c["sent_bytes"] == 0 for c in again["candidates"])
    listed = json.loads(run(stactl, server, "model", "list", "--json").stdout)["models"]
    assert len(listed) == 3


def test_a_failure_in_the_middle_leaves_what_is_there(
    stactl, server_binary, packages_of_series, tmp_path
):
    (tmp_path / "store").mkdir()
    arguments = ["--store", str(tmp_path / "store"), "--model-max-versions", "1"]
    with ServerProcess(server_binary, arguments) as server:
        done = upload(stactl, server, packages_of_series)
        assert done.returncode == 1
        assert "RESOURCE_EXHAUSTED: candidate '4-8', 2 of 3: " in done.stderr
        assert "dense is uploaded and stays" in done.stderr
        assert logits(server, "dense")[0] == "1"


def test_nothing_is_sent_of_a_damaged_series(stactl, server, packages_of_series, tmp_path):
    copy = tmp_path / "packages"
    subprocess.run(["cp", "-r", packages_of_series, copy], check=True)
    manifest = json.loads((copy / "series.json").read_text())
    manifest["candidates"][2]["accuracy"]["accuracy"] = 99.9
    (copy / "series.json").write_text(json.dumps(manifest))
    done = upload(stactl, server, copy)
    assert done.returncode == 1
    assert "candidate '2-8-mixed': the package names another series, candidate or scores" in done.stderr
    listed = json.loads(run(stactl, server, "model", "list", "--json").stdout)["models"]
    assert listed == []
