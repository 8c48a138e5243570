# SPDX-License-Identifier: Apache-2.0
"""The scripts of prune/runs on a tiny model and files in GLUE's format."""

import csv
import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import pytest
import tiny

from sta_prune.patterns import split_series

RUNS = pathlib.Path(__file__).resolve().parents[1] / "runs"


def script(name: str):
    specification = importlib.util.spec_from_file_location(name, RUNS / f"{name}.py")
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module  # dataclasses look themselves up
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def glue(tmp_path_factory) -> pathlib.Path:
    root = tmp_path_factory.mktemp("glue")
    headers = {
        "SST-2": ("sentence\tlabel", "{a} {b}\t{y}"),
        "MRPC": ("Quality\t#1 ID\t#2 ID\t#1 String\t#2 String", "{y}\t1\t2\t{a}\t{b}"),
        "STS-B": ("index\tsentence1\tsentence2\tscore", "0\t{a}\t{b}\t{y}.{i}"),
        "RTE": ("index\tsentence1\tsentence2\tlabel", "0\t{a}\t{b}\t{word}"),
        "CoLA": (None, "x\t{y}\t\t{a} {b}"),
    }
    for folder, (header, line) in headers.items():
        (root / folder).mkdir()
        train = "train.rebuilt-3668.derived.tsv" if folder == "MRPC" else "train.tsv"
        for name, count, seed in ((train, 60, 1), ("dev.tsv", 30, 2)):
            made = tiny.examples(count, seed, is_pair=True)
            lines = [header] if header else []
            for i, (a, b, y) in enumerate(zip(made.texts, made.pairs, made.labels)):
                word = "entailment" if y else "not_entailment"
                lines.append(line.format(a=a, b=b, y=int(y), i=i % 7, word=word))
            (root / folder / name).write_text("\n".join(lines) + "\n")
    return root


def options(model: pathlib.Path, glue: pathlib.Path, out: pathlib.Path, *more: str) -> list[str]:
    return [
        "--task", "sst2", "--model", str(model), "--data", str(glue), "--out", str(out), "--steps",
        "2", "--device", "cpu", "--max-tokens", "32", "--batch-tokens", "128", *more,
    ]  # fmt: skip


def rows_of(out: pathlib.Path) -> list[dict]:
    with (out / "results.csv").open() as file:
        return list(csv.DictReader(file))


def test_the_table_has_every_candidate_once_and_is_not_run_twice(tiny_directory, glue, tmp_path):
    table = script("table")
    arguments = options(tiny_directory, glue, tmp_path, "--part", "table", "--seeds", "1,2")
    assert table.main(arguments) == 0
    rows = rows_of(tmp_path)
    keys = {(r["method"], r["taught"], r["pattern"], r["seed"]) for r in rows}
    # dense, and 6 patterns of 2 methods with teacher and of 3 without, for 2 seeds
    assert len(keys) == len(rows) == 2 * (1 + 6 * (2 + 3))
    budgets = {r["pattern"]: r["steps"] for r in rows if r["method"] == "asp"}
    assert budgets == {"4:8": "2", "2:8": "4", "1:8": "6", "1:16": "8", "2:4": "2", "1:4": "4"}
    # Nothing but the teachers is trained again.
    assert table.main(arguments) == 0
    assert len(rows_of(tmp_path)) == len(rows) + 2

    text = script("summarize").summarize([tmp_path / "results.csv"])
    lines = text.splitlines()
    assert len(lines) == 2 + 1 + 6 * (2 + 3)
    assert lines[2].startswith("| dense | dense | no |") and lines[2].endswith("| 0.0 |")
    assert lines[-1].startswith("| 1:16 |") and "±" in lines[-1]


def test_out_of_time_is_told_apart_and_gone_on_from(tiny_directory, glue, tmp_path):
    table = script("table")
    arguments = options(tiny_directory, glue, tmp_path, "--part", "choose", "--seeds", "1")
    assert table.main([*arguments, "--seconds", "0"]) == table.STOPPED
    assert table.main(arguments) == 0
    rows = rows_of(tmp_path)
    assert {row["split"] for row in rows} == {"choose"}
    table_of = script("choose")
    choice = table_of.choose([tmp_path / "results.csv"])
    assert choice.pop("unlabeled") is False
    assert sorted(choice) == ["asp-free", "idp-free", "idp-taught", "srste-free", "srste-taught"]
    labels = {row["settings"] for row in rows if row["method"] == "idp" and row["taught"] == "1"}
    assert len(labels) == 6
    best = choice["idp-taught"]
    assert f"{best['rate']:g}, {best['decay']:g}, {best['activation_density']:g}" in labels

    # What was chosen is what the table is made with, each method with its own.
    choice["srste-taught"]["rate"] = 0.125
    path = tmp_path / "choice.json"
    path.write_text(json.dumps(choice))
    unlabeled = tmp_path / "text.txt"
    unlabeled.write_text("good1 bad2 word3\nbad1 word2\tgood3\n")
    arguments = options(tiny_directory, glue, tmp_path / "table", "--part", "table", "--seeds", "1")
    more = ["--choice", str(path), "--unlabeled", str(unlabeled), "--methods", "srste"]
    assert table.main([*arguments, *more]) == 0
    rows = [row for row in rows_of(tmp_path / "table") if row["method"] != "dense"]
    assert {row["method"] for row in rows} == {"srste"}
    assert {row["settings"] for row in rows if row["taught"] == "1"} == {"0.125, 2, 0.0625, text"}
    assert not any("text" in row["settings"] for row in rows if row["taught"] == "0")


def test_a_choice_is_between_what_all_settings_have(tmp_path):
    rows = [
        # With text the easy pattern is missing: alone its mean would be the lower one.
        ("sst2", "idp", 1, "0.001, 2, 0.5", "4:8", 90.0),
        ("sst2", "idp", 1, "0.001, 2, 0.5", "1:8", 70.0),
        ("sst2", "idp", 1, "0.002, 2, 0.5", "4:8", 91.0),
        ("sst2", "idp", 1, "0.002, 2, 0.5", "1:8", 71.0),
        ("sst2", "idp", 1, "0.001, 2, 0.5, text", "1:8", 73.0),
    ]
    columns = "task,method,taught,settings,pattern,seed,split,metric,score,steps,seconds\n"
    lines = [
        f'{task},{method},{taught},"{label}",{pattern},1,choose,accuracy,{score},2,1.0\n'
        for task, method, taught, label, pattern, score in rows
    ]
    (tmp_path / "results.csv").write_text(columns + "".join(lines))
    choice = script("choose").choose([tmp_path / "results.csv"])
    assert choice["unlabeled"] is True
    assert choice["idp-taught"]["rate"] == 0.001

    (tmp_path / "results.csv").write_text(columns + "".join(lines[:-1]))
    choice = script("choose").choose([tmp_path / "results.csv"])
    assert choice["unlabeled"] is False
    assert choice["idp-taught"]["rate"] == 0.002


def test_mixed_patterns_are_told_beside_the_choice(tiny_directory, glue, tmp_path, monkeypatch, capsys):
    table = script("table")
    for series in table.MIXED:
        *_, last = map(str, split_series(series))
        assert last.count("3:16") == last.count("1:16") > 0
    mixed = "4:8;1:8,*.layer.0.*=3:16,*.layer.1.*=1:16"
    monkeypatch.setattr(table, "MIXED", (mixed,))
    arguments = options(tiny_directory, glue, tmp_path, "--part", "mixed", "--seeds", "1")
    assert table.main(arguments) == 0
    assert "1:8,*.layer.0.*=3:16" in {row["pattern"][:20] for row in rows_of(tmp_path)}
    script("choose").choose([tmp_path / "results.csv"])
    assert "*.layer.0.*=3:16" in capsys.readouterr().err


def test_tasks_run_beside_each_other(tiny_directory, glue, tmp_path):
    done = subprocess.run(
        [
            RUNS / "tasks.sh", "ablation", tiny_directory, glue, tmp_path / "out", "540", "--seeds",
            "1", "--steps", "1", "--device", "cpu", "--max-tokens", "32", "--batch-tokens", "128",
        ],
        env={**os.environ, "PYTHON": sys.executable, "TASKS": "sst2 stsb"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    head, _, *lines = done.stdout.splitlines()
    assert "| sst2 | stsb | mean | drop |" in head
    methods = {line.split(" | ")[1] for line in lines}
    assert methods == {
        "dense", "idp", "idp-free", "idp-one-rate", "idp-one-decay", "srste", "srste-restarts",
    }  # fmt: skip
    assert all(line.count("| |") == 0 for line in lines if "1:16" in line)


def test_an_empty_summary_is_refused(tmp_path):
    (tmp_path / "results.csv").write_text("task,method\n")
    with pytest.raises(ValueError, match="no result"):
        script("summarize").summarize([tmp_path / "results.csv"])


def test_encoders_are_measured_beside_the_dense_one(tiny_directory, glue, capsys):
    encoder = script("encoder")
    dense = str(tiny_directory)
    common = ["--dense", dense, "--data", str(glue), "--device", "cpu", "--max-tokens", "32"]
    assert encoder.main([*common, dense]) == 0
    head, _, first, second = capsys.readouterr().out.splitlines()
    assert head == "| model | stsb | cosine | recall@1 | recall@10 |"
    assert first.split(" | ")[1:] == second.split(" | ")[1:]
    assert "| 1.0000 |" in first
