# SPDX-License-Identifier: Apache-2.0
"""Tasks: texts, or pairs of texts, with labels. GLUE's files, or any CSV.

    task = TASKS["sst2"]
    data = read_task_file(task, Path("SST-2/train.tsv"))
    train, choose = split_for_choosing(data)

Rates and the like are chosen on `choose`, a part split off the training set; dev sets are for the
end.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy

from sta_prune.metrics import METRICS


@dataclass(frozen=True)
class Examples:
    """pairs: the second texts, or none. labels: float [examples], a class or a score."""

    texts: tuple[str, ...]
    pairs: tuple[str, ...] | None
    labels: numpy.ndarray

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, chosen: Sequence[int]) -> Examples:
        pairs = tuple(self.pairs[i] for i in chosen) if self.pairs is not None else None
        return Examples(tuple(self.texts[i] for i in chosen), pairs, self.labels[list(chosen)])


@dataclass(frozen=True)
class Task:
    """How a task's files are read and how it is scored.

    Columns are names of the header line or, where there is none, numbers from 0. `labels` are the
    classes by id, spelt as in the files; one label is a regression, whose scores are divided by
    `scale`. The first metric is the task's own.
    """

    name: str
    folder: str
    train_file: str
    text: str | int
    pair: str | int | None
    label: str | int
    labels: tuple[str, ...]
    label_names: tuple[str, ...]  # what a model calls them
    metrics: tuple[str, ...]
    scale: float = 1.0
    delimiter: str = "\t"
    quoted: bool = False

    @property
    def is_regression(self) -> bool:
        return len(self.labels) == 1

    def score(self, labels: numpy.ndarray, logits: numpy.ndarray) -> dict[str, float]:
        """Every metric; logits: [examples, labels]."""
        predictions = logits[:, 0] if self.is_regression else logits.argmax(1)
        return {name: METRICS[name](labels, predictions) for name in self.metrics}


TASKS = {
    task.name: task
    for task in (
        Task("sst2", "SST-2", "train.tsv", "sentence", None, "label", ("0", "1"),
             ("negative", "positive"), ("accuracy",)),
        Task("mrpc", "MRPC", "train.rebuilt-3668.derived.tsv", "#1 String", "#2 String", "Quality",
             ("0", "1"), ("different", "equivalent"), ("accuracy", "f1")),
        Task("stsb", "STS-B", "train.tsv", "sentence1", "sentence2", "score", ("score",),
             ("score",), ("spearman", "pearson"), scale=5.0),
        Task("rte", "RTE", "train.tsv", "sentence1", "sentence2", "label",
             ("entailment", "not_entailment"), ("entailment", "not_entailment"), ("accuracy",)),
        Task("cola", "CoLA", "train.tsv", 3, None, 1, ("0", "1"), ("unacceptable", "acceptable"),
             ("matthews", "accuracy")),
    )
}  # fmt: skip


def csv_task(path: Path, delimiter: str = ",") -> Task:
    """A task of a CSV with the columns text, label and perhaps text_pair; classes are its
    labels."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, delimiter=delimiter)
        columns = reader.fieldnames or []
        if "text" not in columns or "label" not in columns:
            raise ValueError(
                f"{path}: the header needs the columns text and label, it has {columns}"
            )
        labels = tuple(sorted({row["label"] for row in reader}))
    pair = "text_pair" if "text_pair" in columns else None
    return Task(path.stem, "", path.name, "text", pair, "label", labels, labels, ("accuracy",),
                delimiter=delimiter, quoted=True)  # fmt: skip


def read_task_file(task: Task, path: Path) -> Examples:
    """Raises ValueError with the number of a line that has too few columns or an unknown label."""
    texts, pairs, labels = [], [], []
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = (
            csv.reader(file, delimiter=task.delimiter)
            if task.quoted
            else csv.reader(file, delimiter=task.delimiter, quoting=csv.QUOTE_NONE)
        )
        header = None if isinstance(task.text, int) else next(reader, [])

        def index_of(column: str | int) -> int:
            if isinstance(column, int):
                return column
            if header is None or column not in header:
                raise ValueError(f"{path}: there is no column '{column}', only {header}")
            return header.index(column)

        text, label = index_of(task.text), index_of(task.label)
        pair = None if task.pair is None else index_of(task.pair)
        for row in reader:
            if len(row) <= max(text, label, pair or 0):
                raise ValueError(f"{path} line {reader.line_num}: only {len(row)} columns")
            texts.append(row[text].strip())
            if pair is not None:
                pairs.append(row[pair].strip())
            if task.is_regression:
                labels.append(float(row[label]) / task.scale)
            elif row[label] in task.labels:
                labels.append(float(task.labels.index(row[label])))
            else:
                raise ValueError(f"{path} line {reader.line_num}: label '{row[label]}' is unknown")
    return Examples(tuple(texts), tuple(pairs) if pair is not None else None, numpy.array(labels))


def split_for_choosing(
    data: Examples, share: int = 10, most: int = 2000
) -> tuple[Examples, Examples]:
    """(train, choose): about one of `share` examples, about `most` at most, by the hash of its
    first text, so that the split depends on neither order nor seed and no text is on both sides as
    a first one."""
    chosen: list[int] = []
    rest: list[int] = []
    taken: set[str] = set()
    for i, text in enumerate(data.texts):
        is_chosen = int(hashlib.sha256(text.encode()).hexdigest(), 16) % share == 0
        if is_chosen and (len(chosen) < most or text in taken):
            chosen.append(i)
            taken.add(text)
        else:
            rest.append(i)
    return data.take(rest), data.take(chosen)
