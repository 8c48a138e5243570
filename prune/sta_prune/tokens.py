# SPDX-License-Identifier: Apache-2.0
"""Texts to token ids, by Hugging Face's own tokenizers library from a model's tokenizer files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy
from tokenizers import BertWordPieceTokenizer, Tokenizer


@dataclass(frozen=True)
class TokenizedExamples:
    """Sequences behind each other: ids and types, int32 [tokens]; offsets, int64 [examples + 1];
    labels, float [examples], NaN where there is none."""

    ids: numpy.ndarray
    types: numpy.ndarray
    offsets: numpy.ndarray
    labels: numpy.ndarray

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def lengths(self) -> numpy.ndarray:
        return numpy.diff(self.offsets)

    def save(self, path: Path) -> None:
        numpy.savez_compressed(path, **vars(self))

    @classmethod
    def load(cls, path: Path) -> TokenizedExamples:
        with numpy.load(path) as arrays:
            return cls(**{name: arrays[name] for name in ("ids", "types", "offsets", "labels")})


def without_labels(data: TokenizedExamples) -> TokenizedExamples:
    return replace(data, labels=numpy.full(len(data), numpy.nan))


def joined(first: TokenizedExamples, second: TokenizedExamples) -> TokenizedExamples:
    """The examples of both, one behind the other."""
    return TokenizedExamples(
        numpy.concatenate([first.ids, second.ids]),
        numpy.concatenate([first.types, second.types]),
        numpy.concatenate([first.offsets, second.offsets[1:] + first.offsets[-1]]),
        numpy.concatenate([first.labels, second.labels]),
    )


def load_tokenizer(directory: Path, max_tokens: int) -> Tokenizer:
    """The tokenizer of a model's directory; texts are cut to max_tokens, special tokens included,
    of pairs the longer text first. Raises FileNotFoundError where there is none."""
    whole = directory / "tokenizer.json"
    if whole.exists():
        tokenizer = Tokenizer.from_file(str(whole))
    elif (directory / "vocab.txt").exists():
        tokenizer = Tokenizer.from_str(
            BertWordPieceTokenizer(str(directory / "vocab.txt")).to_str()
        )
    else:
        raise FileNotFoundError(f"'{directory}' has neither tokenizer.json nor vocab.txt")
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def tokenize(
    tokenizer: Tokenizer,
    texts: Sequence[str],
    pairs: Sequence[str] | None,
    labels: numpy.ndarray | None = None,
) -> TokenizedExamples:
    """labels: zeros where there are none."""
    inputs = list(texts) if pairs is None else list(zip(texts, pairs))
    encoded = tokenizer.encode_batch(inputs)
    offsets = numpy.cumsum([0] + [len(e.ids) for e in encoded])
    flat = [numpy.array([x for e in encoded for x in getattr(e, field)], dtype=numpy.int32)
            for field in ("ids", "type_ids")]  # fmt: skip
    if labels is None:
        labels = numpy.zeros(len(encoded))
    return TokenizedExamples(flat[0], flat[1], offsets.astype(numpy.int64), labels.astype(float))
