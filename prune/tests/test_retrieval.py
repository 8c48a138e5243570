# SPDX-License-Identifier: Apache-2.0
import numpy
import pytest

from sta_prune.retrieval import mean_cosine, paraphrases, recall
from sta_prune.tasks import Examples


def test_paraphrases_are_the_pairs_of_label_one():
    examples = Examples(
        ("a", "b", "c", "d"), ("b", "c", "c", "a"), numpy.array([1.0, 0.0, 1.0, 1.0])
    )
    sentences, pairs = paraphrases(examples)
    assert sentences == ["a", "b", "c", "d"]
    assert pairs.tolist() == [[0, 1], [3, 0]]


def test_recall_counts_both_directions_and_not_oneself():
    angles = numpy.radians([0.0, 10.0, 25.0, 90.0])
    embeddings = numpy.stack([numpy.cos(angles), numpy.sin(angles)], 1) * [
        [1.0],
        [5.0],
        [2.0],
        [1.0],
    ]
    # 0 finds 1 first, and 1 finds 0 first; 1 finds 2 second, and 2 finds 1 first.
    assert recall(embeddings, numpy.array([[0, 1]]), (1,)) == {1: 100.0}
    assert recall(embeddings, numpy.array([[1, 2]]), (1, 2)) == {1: 50.0, 2: 100.0}
    assert recall(embeddings, numpy.array([[0, 3]]), (1, 2, 3)) == {1: 0.0, 2: 0.0, 3: 100.0}


def test_embeddings_that_are_all_alike_find_nothing():
    assert recall(numpy.ones((20, 4)), numpy.array([[0, 1]])) == {1: 0.0, 10: 0.0}


def test_mean_cosine_does_not_look_at_lengths():
    first = numpy.array([[1.0, 0.0], [0.0, 2.0]])
    second = numpy.array([[3.0, 0.0], [5.0, 0.0]])
    assert mean_cosine(first, second) == pytest.approx(0.5)
