# SPDX-License-Identifier: Apache-2.0
"""What all servers are asked, and what they should answer.

64 texts of 16 to 128 tokens, cut from real sentences: as texts, one a line, and as the token ids
that the same tokenizer makes of them, one request a line in the form of `stactl bench`.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
import time

import numpy as np
import onnx_export
import onnxruntime
import tokenizers
from artifacts import ROOT, Artifacts, Model
from backends.encoder import INPUTS, OUTPUT
from checkpoint import prune, read_checkpoint

TEXTS = 64
SHORTEST, LONGEST = 16, 128
_SEED = 20240229
_TRIALS = 3
# Not the sentences that the converter is calibrated on.
_SENTENCES = ROOT / "bench/accuracy/data/wiki-1000.txt"
_CALIBRATION_SENTENCES = 200  # as in bench/compare, whose packages these are


@dataclasses.dataclass(frozen=True)
class Material:
    """Paths of what the servers get."""

    texts: pathlib.Path
    id_requests: pathlib.Path
    mean_tokens: float
    onnx_int8: pathlib.Path  # the faster of the two forms that bench/compare makes
    packages: dict[str, pathlib.Path]  # ours, by pattern
    # Pattern, or "dense": what the floating-point model with those weights says of the first text.
    references: dict[str, np.ndarray]


def _cut_texts(tokenizer: tokenizers.Tokenizer) -> list[str]:
    words = iter(_SENTENCES.read_text(encoding="utf-8").split())
    lengths = np.random.default_rng(_SEED).integers(SHORTEST, LONGEST + 1, TEXTS)
    texts = []
    for wanted in lengths:
        text = next(words)
        # A word may be several tokens, so the length can miss `wanted` by some.
        while len(tokenizer.encode(text).ids) < wanted:
            longer = f"{text} {next(words)}"
            if len(tokenizer.encode(longer).ids) > LONGEST:
                break
            text = longer
        texts.append(text)
    return texts


def _request(ids: list[int]) -> dict:
    values = dict(zip(INPUTS, (ids, [1] * len(ids), [0] * len(ids)), strict=True))
    return {
        "inputs": [
            {"name": name, "datatype": "INT64", "shape": [1, len(ids)], "data": data}
            for name, data in values.items()
        ]
    }


def _arrays(ids: list[int]) -> dict[str, np.ndarray]:
    return {
        item["name"]: np.array(item["data"], np.int64).reshape(item["shape"])
        for item in _request(ids)["inputs"]
    }


def _seconds(model: pathlib.Path, rows: list[list[int]]) -> float:
    """The least time of some trials for all texts, on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    times = []
    for _ in range(_TRIALS):
        start = time.perf_counter()
        for row in rows:
            session.run([OUTPUT], _arrays(row))
        times.append(time.perf_counter() - start)
    return min(times)


def _reference(directory: pathlib.Path, pattern: str, ids: list[int], work: pathlib.Path):
    path = work / f"reference-{pattern.replace(':', 'of')}.onnx"
    onnx_export.export_float(prune(read_checkpoint(directory), pattern), path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    path.unlink()
    return session.run([OUTPUT], _arrays(ids))[0].ravel()


def make_material(
    directory: pathlib.Path, patterns: list[str], stactl: pathlib.Path, work: pathlib.Path
) -> Material:
    """Makes what is not there yet; models and packages are those of bench/compare."""
    tokenizer = tokenizers.Tokenizer.from_file(str(directory / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    texts = _cut_texts(tokenizer)
    rows = [tokenizer.encode(text).ids for text in texts]
    material = work / "material"
    material.mkdir(parents=True, exist_ok=True)
    (material / "texts.txt").write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    (material / "ids.jsonl").write_text(
        "".join(json.dumps(_request(row)) + "\n" for row in rows), encoding="utf-8"
    )
    artifacts = Artifacts(
        Model("minilm", directory, _CALIBRATION_SENTENCES), ROOT / "build/compare", stactl
    )
    return Material(
        texts=material / "texts.txt",
        id_requests=material / "ids.jsonl",
        mean_tokens=sum(map(len, rows)) / len(rows),
        onnx_int8=min(artifacts.onnx_int8(), key=lambda model: _seconds(model, rows)),
        packages={pattern: artifacts.package(pattern) for pattern in patterns},
        references={
            pattern: _reference(directory, pattern, rows[0], work)
            for pattern in ["dense", *patterns]
        },
    )
