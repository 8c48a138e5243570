# SPDX-License-Identifier: Apache-2.0
"""Contenders: processes that run a model when told to, so that they can take turns."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import subprocess
from typing import Self

import numpy as np


class ContenderError(Exception):
    """A contender that does not start, ends, or answers with an error."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """What to start and under which name it stands in the tables."""

    name: str  # "ours 2:8"
    engine: str  # "ours", "ort_fp32", "ort_int8", "openvino_int8", "deepsparse_int8"
    pattern: str  # of its weights: "dense" or "N:M"
    command: tuple[str, ...]


class Contender:
    """A running process that speaks the protocol of bench/engine/driven.h.

    Its stderr goes to a log file, whose end is part of what a ContenderError says.
    """

    def __init__(self, entry: Entry, folder: pathlib.Path, log: pathlib.Path) -> None:
        """Starts the process in `folder`, which has a file of token ids for each shape."""
        self.entry = entry
        self._log = log
        with log.open("wb") as file:
            self._process = subprocess.Popen(
                entry.command,
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
            )
        self.description = self._read().removeprefix("ready ")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process and waits for it."""
        with contextlib.suppress(BrokenPipeError):
            self._process.communicate()

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            last = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-1:]
            raise ContenderError(f"{self.entry.name} ended with {code}: {' '.join(last)}")
        if line.startswith("error: "):
            raise ContenderError(f"{self.entry.name}: {line.removeprefix('error: ').strip()}")
        return line.strip()

    def _ask(self, request: str) -> list[float]:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # _read says why
            print(request, file=self._process.stdin, flush=True)
        return [float(word) for word in self._read().split()]

    def run(self, shape: str, repeats: int) -> list[float]:
        """Microseconds of each run."""
        return self._ask(f"run @{shape} {repeats}")

    def embed(self, shape: str, rows: int) -> np.ndarray:
        """The embeddings of one run, a row a sequence."""
        return np.array(self._ask(f"embed @{shape}")).reshape(rows, -1)
