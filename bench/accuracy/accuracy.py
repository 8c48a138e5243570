# SPDX-License-Identifier: Apache-2.0
"""What integers and sparsity cost in accuracy, measured through the RPC.

Converts all-MiniLM-L6-v2 with each pattern, serves the packages with sta-server, embeds STS-B dev
and 1,000 Wikipedia sentences with Triton's Python client, and compares with the converter's own
floating-point forward pass of the unpruned model. run.sh beside this file sets everything up.

Columns of the table:
  stsb        100 x Spearman correlation of cosine similarities with the human scores
  cosine      mean cosine of the served embeddings with the floating-point model's, unpruned:
              what pruning and integers cost together
  own cosine  the same against the floating-point model pruned to the same pattern: what the
              integers cost alone
The pruning is one-shot by magnitude, without any training: 4:8 and 2:8 lose what they lose.
"""

from __future__ import annotations

import argparse
import csv
import json
import pathlib
import subprocess
import sys

import numpy
import tritonclient.grpc as triton

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/system"))
from server_process import ServerProcess  # noqa: E402

ROWS_PER_REQUEST = 32


def ranks(values: numpy.ndarray) -> numpy.ndarray:
    """Ranks from 1; equal values share the mean of their ranks."""
    _, inverse, counts = numpy.unique(values, return_inverse=True, return_counts=True)
    last = numpy.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse]


def spearman(a: numpy.ndarray, b: numpy.ndarray) -> float:
    return float(numpy.corrcoef(ranks(a), ranks(b))[0, 1])


def row_cosines(a: numpy.ndarray, b: numpy.ndarray) -> numpy.ndarray:
    norms = numpy.linalg.norm(a, axis=1) * numpy.linalg.norm(b, axis=1)
    return numpy.sum(a * b, axis=1) / norms


def read_stsb(path: pathlib.Path) -> tuple[list[str], list[str], numpy.ndarray]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    scores = numpy.array([float(row["score"]) for row in rows])
    return [row["sentence1"] for row in rows], [row["sentence2"] for row in rows], scores


def embed_float(
    tool: pathlib.Path, model: pathlib.Path, pattern: str, texts: list[str]
) -> numpy.ndarray:
    """[texts][hidden], by the converter's floating-point model pruned to `pattern`."""
    done = subprocess.run(
        [tool, "--model", model, "--pattern", pattern],
        input="".join(text + "\n" for text in texts).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    return numpy.frombuffer(done.stdout, numpy.float32).reshape(len(texts), -1).astype(float)


def embed_served(
    client: triton.InferenceServerClient, name: str, texts: list[str]
) -> numpy.ndarray:
    parts = []
    for start in range(0, len(texts), ROWS_PER_REQUEST):
        rows = texts[start : start + ROWS_PER_REQUEST]
        tensor = triton.InferInput("text", [len(rows)], "BYTES")
        tensor.set_data_from_numpy(numpy.array([row.encode() for row in rows], dtype=object))
        parts.append(client.infer(name, [tensor]).as_numpy("sentence_embedding"))
    return numpy.concatenate(parts).astype(float)


def convert(arguments: argparse.Namespace, pattern: str) -> str:
    """Makes the package of a pattern in the store and returns its name there."""
    name = "minilm-" + pattern.replace(":", "-")
    package = arguments.work / "store" / name / "1"
    if not package.exists():
        package.parent.mkdir(parents=True, exist_ok=True)
        print(f"converting {pattern}", file=sys.stderr)
        subprocess.run(
            [
                arguments.bin / "client/stactl", "convert", "--model", arguments.model,
                "--output", package, "--pattern", pattern,
                "--calibrate", ROOT / "scripts/data/calibration-wiki-600.txt",
            ],
            stdout=sys.stderr,
            check=True,
        )
    return name


def measure(arguments: argparse.Namespace) -> list[dict]:
    wiki = arguments.text.read_text(encoding="utf-8").splitlines()
    pairs = read_stsb(arguments.stsb) if arguments.stsb else None
    tool = arguments.bin / "bench/accuracy/float_embed"

    def stsb(embed) -> float | None:
        if pairs is None:
            return None
        first, second, scores = pairs
        return 100 * spearman(row_cosines(embed(first), embed(second)), scores)

    def floating(pattern):
        return lambda texts: embed_float(tool, arguments.model, pattern, texts)

    reference = floating("dense")(wiki)
    rows = [{"model": "floating point, dense", "stsb": stsb(floating("dense"))}]
    names = {pattern: convert(arguments, pattern) for pattern in arguments.patterns}
    server = ServerProcess(
        arguments.bin / "server/sta-server", ["--store", str(arguments.work / "store")]
    )
    with server, triton.InferenceServerClient(server.rpc_address) as client:
        for pattern, name in names.items():
            own = reference
            if pattern != "dense":
                own = floating(pattern)(wiki)
                rows.append(
                    {
                        "model": f"floating point, {pattern}",
                        "stsb": stsb(floating(pattern)),
                        "cosine": float(row_cosines(own, reference).mean()),
                    }
                )
            served = embed_served(client, name, wiki)
            own_cosines = row_cosines(served, own)
            rows.append(
                {
                    "model": f"served, {pattern}",
                    "stsb": stsb(lambda texts, name=name: embed_served(client, name, texts)),
                    "cosine": float(row_cosines(served, reference).mean()),
                    "own_cosine": float(own_cosines.mean()),
                    "own_cosine_minimum": float(own_cosines.min()),
                }
            )
    return rows


def print_table(rows: list[dict]) -> None:
    columns = ("stsb", "cosine", "own_cosine", "own_cosine_minimum")
    headings = ("stsb", "cosine", "own cosine", "its minimum")
    print(f"{'':24}" + "".join(f"{heading:>13}" for heading in headings))
    for row in rows:
        cells = []
        for column in columns:
            value = row.get(column)
            digits = 2 if column == "stsb" else 4
            cells.append(f"{'-' if value is None else format(value, f'.{digits}f'):>13}")
        print(f"{row['model']:24}" + "".join(cells))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="build folder")
    parser.add_argument("--model", type=pathlib.Path, required=True, help="Hugging Face directory")
    parser.add_argument("--stsb", type=pathlib.Path, help="STS-B dev.tsv; without it no such column")
    parser.add_argument(
        "--text", type=pathlib.Path, default=ROOT / "bench/accuracy/data/wiki-1000.txt",
        help="sentences, one a line (default: the 1,000 beside this file)",
    )
    parser.add_argument(
        "--patterns", type=lambda text: text.split(","), default=["dense", "4:8", "2:8"],
        help="comma-separated (default: dense,4:8,2:8)",
    )
    parser.add_argument(
        "--work", type=pathlib.Path, required=True, help="where packages are kept"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    rows = measure(arguments)
    if arguments.json:
        print(json.dumps(rows, indent=2))
    else:
        print_table(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
