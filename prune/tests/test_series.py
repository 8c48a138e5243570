# SPDX-License-Identifier: Apache-2.0
"""The commands from end to end on a tiny model, and what they write against stactl and the
server."""

import csv
import json
import os
import pathlib
import subprocess
import sys

import numpy
import pytest
import tiny
import torch
from safetensors.numpy import load_file

from sta_prune.__main__ import STOPPED, main
from sta_prune.bert import matrix_names
from sta_prune.checkpoint import read_config
from sta_prune.masks import check_fits
from sta_prune.patterns import Pattern, PatternRules

PATTERNS = "4:8,2:8,1:8"


def arguments(model: pathlib.Path, data: pathlib.Path, out: pathlib.Path, *more: str) -> list[str]:
    return [
        "series", "--model", str(model), "--task", str(data / "train.csv"),
        "--dev", str(data / "dev.csv"), "--patterns", PATTERNS, "--out", str(out), "--steps", "80",
        "--dense-rate", "3e-3", "--rate", "3e-3", "--max-tokens", "32", "--batch-tokens", "256",
        "--device", "cpu", "--quiet", "--rounded-steps", "5", *more,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> pathlib.Path:
    directory = tmp_path_factory.mktemp("data")
    tiny.write_csv(directory / "train.csv", tiny.examples(1500, seed=21))
    tiny.write_csv(directory / "dev.csv", tiny.examples(300, seed=22))
    text = "\n".join(tiny.examples(400, seed=23).texts)
    (directory / "text.txt").write_text(text)
    return directory


@pytest.fixture(scope="module")
def series(tiny_directory, data, tmp_path_factory) -> pathlib.Path:
    out = tmp_path_factory.mktemp("series") / "toy"
    assert main(arguments(tiny_directory, data, out)) == 0
    return out


def weights(directory: pathlib.Path) -> dict[str, numpy.ndarray]:
    return load_file(str(directory / "model.safetensors"))


def test_every_candidate_fits_its_pattern_and_is_nested(series):
    config, _, labels = read_config(series / "1-8")
    assert labels == ("0", "1")
    before = None
    for name, text in (("4-8", "4:8"), ("2-8", "2:8"), ("1-8", "1:8")):
        stored = weights(series / name)
        for matrix in matrix_names(config):
            check_fits(torch.from_numpy(stored[f"bert.{matrix}"]), Pattern.parse(text), matrix)
            if before is not None:
                assert not ((stored[f"bert.{matrix}"] != 0) & (before[f"bert.{matrix}"] == 0)).any()
        before = stored


def test_the_manifest_tells_patterns_and_scores(series):
    manifest = json.loads((series / "series.json").read_text())
    assert manifest["format_version"] == 1 and manifest["name"] == "toy"
    assert manifest["source"] == "model" and manifest["metric"] == "accuracy"
    candidates = {c["name"]: c for c in manifest["candidates"]}
    assert list(candidates) == [
        "dense", "4-8", "2-8", "1-8", "4-8-rounded", "2-8-rounded", "1-8-rounded",
    ]  # fmt: skip
    densities = [1, 0.5, 0.25, 0.125, 0.5, 0.25, 0.125]
    assert [c["density"] for c in candidates.values()] == pytest.approx(densities)
    assert [c["steps"] for c in candidates.values()] == [80, 80, 160, 240, 5, 5, 5]
    assert all(c["split"] == "dev" and c["accuracy"]["accuracy"] > 75 for c in candidates.values())
    with (series / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["job"] for row in rows} >= {"dense-1", "idp-1-0", "rounding-2-8-1"}
    assert all(float(row["task"]) > 0 for row in rows)


class StepClock:
    """Goes on by a second whenever it is asked the time, which training does behind every step."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        self.now += 1.0
        return self.now


def test_an_interrupted_series_ends_with_the_same_bits(
    series, tiny_directory, data, tmp_path, monkeypatch
):
    monkeypatch.setattr("sta_prune.__main__.time", StepClock())
    out = tmp_path / "toy"
    calls = 0
    while (status := main(arguments(tiny_directory, data, out, "--seconds", "50"))) == STOPPED:
        calls += 1
        assert calls < 10  # 320 steps in all
    assert status == 0 and calls > 4
    for name in ("dense", "4-8", "1-8", "1-8-rounded"):
        straight, resumed = weights(series / name), weights(out / name)
        assert all(numpy.array_equal(straight[key], resumed[key]) for key in straight)
    # A series that is complete is left alone.
    assert main(arguments(tiny_directory, data, out)) == 0


def test_choosing_does_not_train_on_what_it_scores(tiny_directory, data, tmp_path):
    more = ("--choose", "--patterns", "2:8", "--steps", "3", "--no-distillation", "--method", "asp")
    assert main(arguments(tiny_directory, data, tmp_path / "toy", *more)) == 0
    manifest = json.loads((tmp_path / "toy/series.json").read_text())
    assert {c["split"] for c in manifest["candidates"]} == {"choose"}


def test_a_backbone_comes_near_its_teacher(tiny_directory, data, tmp_path, capsys):
    status = main([
        "backbone", "--model", str(tiny_directory), "--text", str(data / "text.txt"),
        "--patterns", "4:8;2:8,*.layer.0.*=4:8", "--out", str(tmp_path / "back"), "--steps", "60",
        "--rate", "3e-3", "--max-tokens", "32", "--batch-tokens", "256", "--device", "cpu",
        "--quiet", "--rounded-steps", "5",
    ])  # fmt: skip
    assert status == 0
    lines = capsys.readouterr().out.splitlines()
    cosines = [float(line.split("dense ")[1].split()[0]) for line in lines]
    assert len(cosines) == 4 and min(cosines) > 0.9
    manifest = json.loads((tmp_path / "back/series.json").read_text())
    assert manifest["metric"] == "cosine" and manifest["dense"]["accuracy"] == {"cosine": 100}
    scores = [c["accuracy"]["cosine"] for c in manifest["candidates"]]
    assert scores == pytest.approx([100 * cosine for cosine in cosines], abs=0.011)
    assert [c["density"] for c in manifest["candidates"]] == pytest.approx([0.5, 0.375] * 2)
    rules = PatternRules.parse("2:8,*.layer.0.*=4:8")
    stored = weights(tmp_path / "back/2-8-mixed")
    for matrix in matrix_names(read_config(tiny_directory)[0]):
        check_fits(torch.from_numpy(stored[matrix]), rules.of(matrix), matrix)


def test_logs_for_tensorboard_too(tiny_directory, data, tmp_path):
    pytest.importorskip("tensorboardX")
    more = ("--patterns", "2:8", "--steps", "3", "--rounded-steps", "0",
            "--tensorboard", str(tmp_path / "events"))  # fmt: skip
    assert main(arguments(tiny_directory, data, tmp_path / "toy", *more)) == 0
    runs = {path.parent.name for path in (tmp_path / "events").glob("*/events.*")}
    assert runs == {"dense-1", "idp-1-0"}
    assert (tmp_path / "toy/log.csv").exists()


def test_plots_a_series(series, tmp_path):
    pytest.importorskip("matplotlib")
    assert main(["plot", str(series), "--out", str(tmp_path / "toy.png")]) == 0
    assert (tmp_path / "toy.png").read_bytes().startswith(b"\x89PNG")
    assert main(["plot", str(series), "--out", str(tmp_path / "x.png"), "--metric", "f1"]) == 2


@pytest.mark.parametrize(("change", "message"), [
    (["--patterns", "2:9"], "packages know m of"),
    (["--patterns", "2:8,2:8"], "one name"),
    (["--patterns", "2:8,*.layer.9.*=4:8"], "matches no matrix"),
    (["--task", "nowhere.csv"], "neither a file nor one of"),
    (["--model", "/nowhere"], "No such file"),
])  # fmt: skip
def test_says_what_is_wrong(tiny_directory, data, tmp_path, capsys, change, message):
    assert main(arguments(tiny_directory, data, tmp_path / "out", *change)) == 2
    assert message in capsys.readouterr().err


def program(variable: str) -> str:
    path = os.environ.get(variable, "")
    if not os.path.exists(path):
        pytest.skip(f"{variable} names no program; ctest sets it")
    return path


def run(command: list) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def store(series, data, tmp_path_factory) -> pathlib.Path:
    """The 2:8 candidate as a package that stactl made."""
    stactl = program("STACTL")
    store = tmp_path_factory.mktemp("store")
    (store / "toy").mkdir()
    command = [
        stactl, "convert", "--model", series / "2-8", "--pattern", "keep",
        "--calibrate", data / "text.txt", "--output", store / "toy/1",
    ]  # fmt: skip
    run(command)
    return store


def test_stactl_converts_the_whole_series(series, data, tmp_path):
    stactl = program("STACTL")
    run([stactl, "convert", "--series", series, "--calibrate", data / "text.txt",
         "--output", tmp_path / "packages"])  # fmt: skip
    trained = json.loads((series / "series.json").read_text())
    made = json.loads((tmp_path / "packages/series.json").read_text())
    assert [c["name"] for c in made["candidates"]] == [c["name"] for c in trained["candidates"]]
    for candidate in made["candidates"]:
        package = json.loads((tmp_path / "packages" / candidate["name"] / "manifest.json").read_text())
        told = package["provenance"]["series"]
        assert told["scores"] == candidate["accuracy"] and told["dense_scores"]
        assert {matrix["pattern"] for matrix in package["matrices"]} == {candidate["patterns"]}


def test_stactl_finds_the_pattern_that_was_trained(store):
    manifest = json.loads((store / "toy/1/manifest.json").read_text())
    assert len(manifest["matrices"]) == 12
    assert {matrix["pattern"] for matrix in manifest["matrices"]} == {"2:8"}


def test_a_served_package_scores_as_its_directory(series, store, data, repository, capsys):
    """The package is of integers, so that answers near a tie differ: 3 of 300 are allowed for."""
    sys.path.insert(0, str(repository / "tests/system"))
    from server_process import ServerProcess

    options = ["--store", str(store), "--store-read-only", "true"]
    common = [
        "--task", str(data / "train.csv"), "--dev", str(data / "dev.csv"), "--max-tokens", "32",
        "--device", "cpu",
    ]  # fmt: skip
    with ServerProcess(pathlib.Path(program("STA_SERVER")), options) as server:
        served = ["--server", server.rpc_address, "--name", "toy", "--tolerance", "1"]
        assert main(["evaluate", str(series / "2-8"), *common, *served]) == 0
        first, second = capsys.readouterr().out.splitlines()
        assert main(["evaluate", *common, *served]) == 0
        assert capsys.readouterr().out.splitlines() == [second]  # the very same once more
        by_number = [*served, "--version", "1"]
        assert main(["evaluate", *common, *by_number]) == 0
        assert capsys.readouterr().out.splitlines() == [second]
        # Another model's scores are another number.
        assert main(["evaluate", str(series / "1-8"), *common, *served, "--tolerance", "0"]) == 1
    manifest = json.loads((series / "series.json").read_text())
    accuracy = {c["name"]: c["accuracy"]["accuracy"] for c in manifest["candidates"]}["2-8"]
    assert f"accuracy {accuracy:.2f}" in first
