# SPDX-License-Identifier: Apache-2.0
"""How well embeddings find what belongs together, and how near they are to others.

Rank correlation on STS-B forgives much; an index of embeddings does not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy

from sta_prune.tasks import Examples


def paraphrases(examples: Examples) -> tuple[list[str], numpy.ndarray]:
    """All distinct sentences of a task of pairs, and the pairs of label 1 as indices of them,
    [pairs, 2], without sentences that are paraphrases of themselves."""
    sentences: dict[str, int] = {}
    for text in (*examples.texts, *(examples.pairs or ())):
        sentences.setdefault(text, len(sentences))
    pairs = {
        (sentences[a], sentences[b])
        for a, b, label in zip(examples.texts, examples.pairs or (), examples.labels, strict=True)
        if label == 1 and a != b
    }
    return list(sentences), numpy.array(sorted(pairs)).reshape(-1, 2)


def _unit(rows: numpy.ndarray) -> numpy.ndarray:
    return rows / numpy.maximum(numpy.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def recall(
    embeddings: numpy.ndarray, pairs: numpy.ndarray, depths: Sequence[int] = (1, 10)
) -> dict[int, float]:
    """100 x the share of paraphrases found among the first `depth` by cosine, by depth.

    Each sentence of a pair searches for the other among all sentences but itself. embeddings:
    [sentences, width]; of equal cosines the wanted one is taken to come last.
    """
    unit = _unit(embeddings)
    queries = numpy.concatenate([pairs[:, 0], pairs[:, 1]])
    wanted = numpy.concatenate([pairs[:, 1], pairs[:, 0]])
    found = dict.fromkeys(depths, 0)
    for begin in range(0, len(queries), 256):
        query, target = queries[begin : begin + 256], wanted[begin : begin + 256]
        cosines = unit[query] @ unit.T
        rows = numpy.arange(len(query))
        own = cosines[rows, target]
        cosines[rows, query] = -numpy.inf
        cosines[rows, target] = -numpy.inf
        rank = (cosines >= own[:, None]).sum(1) + 1
        for depth in depths:
            found[depth] += int((rank <= depth).sum())
    return {depth: 100.0 * hits / max(1, len(queries)) for depth, hits in found.items()}


def mean_cosine(first: numpy.ndarray, second: numpy.ndarray) -> float:
    """Of the rows of two matrices of one shape."""
    return float((_unit(first) * _unit(second)).sum(1).mean())
