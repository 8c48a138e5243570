# SPDX-License-Identifier: Apache-2.0
import numpy
import pytest

from sta_prune import metrics

LABELS = numpy.array([1, 1, 1, 0, 0, 0, 0, 1])
GUESSES = numpy.array([1, 0, 1, 0, 1, 0, 0, 1])  # 3 of 4 ones found, 1 of 4 zeros called one


def test_values_worked_out_by_hand():
    assert metrics.accuracy(LABELS, GUESSES) == 75.0
    assert metrics.f1(LABELS, GUESSES) == pytest.approx(75.0)  # precision 3/4, recall 3/4
    assert metrics.matthews(LABELS, GUESSES) == pytest.approx(50.0)  # (3*3 - 1*1) / (4*4)


def test_f1_and_matthews_of_a_lopsided_guess():
    labels, guesses = numpy.array([1, 0, 0, 0]), numpy.array([1, 1, 1, 0])
    assert metrics.f1(labels, guesses) == pytest.approx(50.0)  # precision 1/3, recall 1
    # (1*1 - 2*0) / sqrt(3 * 1 * 3 * 1)
    assert metrics.matthews(labels, guesses) == pytest.approx(100 / 3)


def test_a_constant_guess_is_worth_nothing():
    ones = numpy.ones(4)
    assert metrics.matthews(numpy.array([1, 0, 1, 0]), ones) == 0.0
    assert metrics.spearman(numpy.array([1.0, 2.0, 3.0, 4.0]), ones) == 0.0
    assert metrics.f1(numpy.array([1, 1]), numpy.zeros(2)) == 0.0


def test_equal_values_share_ranks():
    assert metrics.ranks(numpy.array([3.0, 1.0, 3.0, 2.0])).tolist() == [3.5, 1.0, 3.5, 2.0]


def test_spearman_looks_at_order_alone_and_pearson_does_not():
    labels = numpy.array([1.0, 2.0, 3.0, 4.0, 5.0])
    assert metrics.spearman(labels, labels**3) == pytest.approx(100.0)
    assert metrics.pearson(labels, labels**3) == pytest.approx(94.3118, abs=1e-3)
    # One swap of neighbors: 1 - 6 * 2 / (5 * 24).
    assert metrics.spearman(labels, numpy.array([1.0, 3.0, 2.0, 4.0, 5.0])) == pytest.approx(90.0)
