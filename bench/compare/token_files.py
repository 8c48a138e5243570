# SPDX-License-Identifier: Apache-2.0
"""The batches that all contenders run: token ids of real text, a file each.

A file has one sequence a line, ids separated by spaces; engine_bench reads the same files.
"""

from __future__ import annotations

import itertools
import pathlib
from collections.abc import Iterator

import numpy as np
import tokenizers

_SEED = 20240229


def _stream(tokenizer: tokenizers.Tokenizer, text: pathlib.Path) -> Iterator[int]:
    """The tokens of a text, over and over."""
    lines = text.read_text(encoding="utf-8").splitlines()
    encodings = tokenizer.encode_batch(lines, add_special_tokens=False)
    return itertools.cycle([token for encoding in encodings for token in encoding.ids])


def _lengths(shape: str) -> list[int]:
    """The lengths of 8x128, 32x16-128 (uniform) and 32x16-128= (as many tokens, one length)."""
    rows, _, lengths = shape.rstrip("=").partition("x")
    low, _, high = lengths.partition("-")
    drawn = np.random.default_rng(_SEED).integers(int(low), int(high or low) + 1, int(rows))
    if not shape.endswith("="):
        return [int(length) for length in drawn]
    each, rest = divmod(int(drawn.sum()), int(rows))
    return [each + (row < rest) for row in range(int(rows))]


def write_batch(
    tokenizer_file: pathlib.Path, text: pathlib.Path, shape: str, path: pathlib.Path
) -> None:
    """Writes a batch of that shape, each sequence with its [CLS] and [SEP]."""
    tokenizer = tokenizers.Tokenizer.from_file(str(tokenizer_file))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    stream = _stream(tokenizer, text)
    first, last = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    rows = [[first, *itertools.islice(stream, length - 2), last] for length in _lengths(shape)]
    path.write_text("".join(" ".join(map(str, row)) + "\n" for row in rows), encoding="utf-8")
