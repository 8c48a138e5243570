# SPDX-License-Identifier: Apache-2.0
"""Measures sentence encoders beside a dense one: STS-B, nearness, retrieval.

  encoder.py --dense MINILM --data GLUE back/2-8 back/1-8
  encoder.py --dense MINILM --data GLUE --server 127.0.0.1:8001 minilm:p2-8 minilm:p1-8

Names are directories, computed in floating point, or with --server models that it serves, perhaps
with a version or alias. A line each:
  stsb       100 x Spearman of cosines with the scores of STS-B's dev set
  cosine     mean cosine to the dense model's floating-point embedding of the sentences of MRPC
  recall@k   paraphrases of MRPC (train and dev set) found among all its sentences
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from sta_prune.checkpoint import read_model  # noqa: E402
from sta_prune.evaluation import Computing, embed_texts, similarity_scores  # noqa: E402
from sta_prune.packing import BatchShape  # noqa: E402
from sta_prune.retrieval import mean_cosine, paraphrases, recall  # noqa: E402
from sta_prune.served import ServedModel  # noqa: E402
from sta_prune.tasks import TASKS, Examples, read_task_file  # noqa: E402

Embed = Callable[[Sequence[str]], numpy.ndarray]


def read_pairs(data: Path) -> Examples:
    """MRPC's training and dev set."""
    task = TASKS["mrpc"]
    parts = [
        read_task_file(task, data / task.folder / name) for name in (task.train_file, "dev.tsv")
    ]
    texts = tuple(text for part in parts for text in part.texts)
    pairs = tuple(text for part in parts for text in part.pairs or ())
    return Examples(texts, pairs, numpy.concatenate([part.labels for part in parts]))


def measure(embeds: dict[str, Embed], data: Path) -> list[dict[str, float | str]]:
    """A row a model; the first is the dense one."""
    stsb = read_task_file(TASKS["stsb"], data / "STS-B" / "dev.tsv")
    sentences, pairs = paraphrases(read_pairs(data))
    dense: numpy.ndarray | None = None
    rows: list[dict[str, float | str]] = []
    for name, embed in embeds.items():
        first, second = embed(stsb.texts), embed(stsb.pairs or ())
        embeddings = embed(sentences)
        dense = embeddings if dense is None else dense
        found = recall(embeddings, pairs)
        rows.append(
            {
                "model": name,
                "stsb": similarity_scores(TASKS["stsb"], stsb.labels, first, second)["spearman"],
                "cosine": mean_cosine(dense, embeddings),
                **{f"recall@{depth}": share for depth, share in found.items()},
            }
        )
    return rows


def main(argv: Iterable[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="directories, or served models")
    parser.add_argument("--dense", type=Path, required=True, metavar="DIR")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--server", metavar="HOST:PORT")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--max-tokens", type=int, default=256, help="texts are cut to this (256)")
    arguments = parser.parse_args(argv if argv is None else list(argv))
    shape = BatchShape(rows=4, row_tokens=arguments.max_tokens)
    computing = Computing(arguments.device, shape=shape)

    def of_directory(directory: Path) -> Embed:
        model = read_model(directory)
        return lambda texts: embed_texts(model, texts, computing)

    embeds = {"dense, floating point": of_directory(arguments.dense)}
    for name in arguments.names:
        if arguments.server is None:
            embeds[name] = of_directory(Path(name))
        else:
            model, _, version = name.partition(":")
            embeds[name] = ServedModel(arguments.server, model, version).embed
    rows = measure(embeds, arguments.data)
    print("| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
    for row in rows:
        cells = (v if isinstance(v, str) else f"{v:.{4 if k == 'cosine' else 2}f}"
                 for k, v in row.items())  # fmt: skip
        print("| " + " | ".join(cells) + " |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
