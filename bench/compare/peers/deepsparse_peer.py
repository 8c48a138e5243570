# SPDX-License-Identifier: Apache-2.0
"""DeepSparse as a contender; see driven.py.

Its engine is compiled for one shape, so a model is a path with {shape} in it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator

import deepsparse
import driven
import numpy as np


@contextlib.contextmanager
def stdout_is_stderr() -> Iterator[None]:
    """The engine prints a banner, which must not be taken for an answer."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def load(path: str, threads: int) -> driven.Form:
    """The models of a path for each shape."""

    def prepare(inputs: dict[str, np.ndarray]) -> driven.Runner:
        arrays = list(inputs.values())
        rows, length = arrays[0].shape
        with stdout_is_stderr():
            engine = deepsparse.Engine(
                path.format(shape=f"{rows}x{length}"), batch_size=rows, num_cores=threads
            )
        return lambda: engine.run(arrays)[0]

    return prepare


def main() -> None:
    """Runs the peer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", action="append", required=True, help="path; repeatable")
    parser.add_argument("--threads", type=int, default=1, help="cores (default: 1)")
    arguments = parser.parse_args()
    forms = [load(path, arguments.threads) for path in arguments.model]
    driven.serve(f"deepsparse {deepsparse.__version__}", forms)


if __name__ == "__main__":
    main()
