# SPDX-License-Identifier: Apache-2.0
"""The scores of tasks, all 100 x a number of at most 1. Arrays are one-dimensional and of one
length."""

from __future__ import annotations

import math

import numpy
from numpy.typing import NDArray

Array = NDArray[numpy.floating]


def accuracy(labels: Array, predictions: Array) -> float:
    return 100.0 * float(numpy.mean(labels == predictions))


def f1(labels: Array, predictions: Array) -> float:
    """Of class 1; 0 where it is never predicted rightly."""
    hits = float(numpy.sum((labels == 1) & (predictions == 1)))
    return 200.0 * hits / max(1.0, float(numpy.sum(labels == 1) + numpy.sum(predictions == 1)))


def matthews(labels: Array, predictions: Array) -> float:
    """Matthews' correlation of two classes; 0 where one is never labelled or predicted."""
    true_positive = float(numpy.sum((labels == 1) & (predictions == 1)))
    true_negative = float(numpy.sum((labels != 1) & (predictions != 1)))
    false_positive = float(numpy.sum((labels != 1) & (predictions == 1)))
    false_negative = float(numpy.sum((labels == 1) & (predictions != 1)))
    product = (
        (true_positive + false_positive)
        * (true_positive + false_negative)
        * (true_negative + false_positive)
        * (true_negative + false_negative)
    )
    if product == 0.0:
        return 0.0
    covariance = true_positive * true_negative - false_positive * false_negative
    return 100.0 * covariance / math.sqrt(product)


def ranks(values: Array) -> Array:
    """Ranks from 1; equal values share the mean of their ranks."""
    _, inverse, counts = numpy.unique(values, return_inverse=True, return_counts=True)
    last = numpy.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse.reshape(-1)]


def pearson(labels: Array, scores: Array) -> float:
    """0 where one of the two is constant."""
    if numpy.ptp(labels) == 0 or numpy.ptp(scores) == 0:
        return 0.0
    return 100.0 * float(numpy.corrcoef(labels, scores)[0, 1])


def spearman(labels: Array, scores: Array) -> float:
    return pearson(ranks(labels), ranks(scores))


METRICS = {
    "accuracy": accuracy,
    "f1": f1,
    "matthews": matthews,
    "pearson": pearson,
    "spearman": spearman,
}
