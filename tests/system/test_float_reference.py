# SPDX-License-Identifier: Apache-2.0
"""The converter's floating-point forward pass against embeddings that another program computed.

The snapshots of tests/golden/embeddings were made with the tanh approximation of GELU, those of the
flash kernels in float16 as well. Our pass computes GELU exactly, as the model's config.json asks.
With the approximation in its place it agrees with the float32 batch to 1e-5, so the approximation
is all that stands between them; the tolerances below are what it and float16 make.
"""

import os
import pathlib
import subprocess

import numpy
import pytest

TEXTS = ("What is Deep Learning?", "Deep Learning is...", "What is Deep Learning?")
LEAST_COSINE = 0.999995  # the snapshots' own test asks for 0.999
LARGEST_DIFFERENCE = 4e-3  # of values up to 5.6


def read_snapshot(path: pathlib.Path) -> numpy.ndarray:
    """[rows][hidden]: YAML, a list of lists of numbers, behind a header between two lines of ---."""
    body = path.read_text(encoding="utf-8").split("---\n")[2]
    rows: list[list[float]] = []
    for line in body.splitlines():
        if line.startswith("- - "):
            rows.append([])
        rows[-1].append(float(line[4:]))
    return numpy.array(rows)


@pytest.mark.parametrize(
    "snapshot, pooling, rows",
    [
        ("test_bert__bert_single", "mean", 1),
        ("test_bert__bert_batch_pooled", "cls", 3),
        ("test_flash_bert__mini_batch", "mean", 3),
        ("test_flash_bert__mini_batch_pooled", "cls", 3),
    ],
)
def test_equals_the_snapshot(repository, minilm, snapshot, pooling, rows):
    done = subprocess.run(
        [
            os.environ["STA_FLOAT_EMBED"], "--model", minilm,
            "--pooling", pooling, "--no-normalize",
        ],
        input="".join(text + "\n" for text in TEXTS[:rows]).encode(),
        capture_output=True,
        check=True,
    )
    ours = numpy.frombuffer(done.stdout, numpy.float32).reshape(rows, -1).astype(float)
    theirs = read_snapshot(repository / "tests/golden/embeddings" / f"{snapshot}.snap")
    assert theirs.shape == ours.shape == (rows, 384)
    norms = numpy.linalg.norm(ours, axis=1) * numpy.linalg.norm(theirs, axis=1)
    assert (numpy.sum(ours * theirs, axis=1) / norms).min() > LEAST_COSINE
    assert numpy.abs(ours - theirs).max() < LARGEST_DIFFERENCE
