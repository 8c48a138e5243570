# SPDX-License-Identifier: Apache-2.0
"""Losses and rates for TensorBoard, beside the CSV."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sta_prune.trainer import LogRow


def _writer_class() -> Callable[..., Any]:
    """PyTorch's writer where TensorBoard is installed, else tensorboardX's, which writes the same.
    Raises RuntimeError where there is neither."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        try:
            from tensorboardX import SummaryWriter
        except ImportError:
            raise RuntimeError(
                "--tensorboard needs the package tensorboard or tensorboardX"
            ) from None
    return SummaryWriter


class TensorBoardLog:
    """Writes every reported step to DIR/JOB, a run of TensorBoard's for each job.

    A resumed run goes on in the same directories: TensorBoard shows the files of one as one line.
    Raises RuntimeError where the package is missing, OSError where DIR cannot be written.
    """

    def __init__(self, directory: Path) -> None:
        self._make = _writer_class()
        self._directory = directory
        self._writers: dict[str, Any] = {}
        directory.mkdir(parents=True, exist_ok=True)

    def __call__(self, row: LogRow) -> None:
        writer = self._writer(row.job)
        for name, loss in row.losses.items():
            writer.add_scalar(f"loss/{name}", loss, row.step)
        writer.add_scalar("rate", row.rate, row.step)
        writer.add_scalar("mask_changes", row.mask_changes, row.step)
        writer.add_scalar("seconds", row.seconds, row.step)
        writer.flush()

    def _writer(self, job: str) -> Any:
        if job not in self._writers:
            directory = self._directory / job
            # Files are named by the second: a number keeps those of a quick restart apart.
            there = len(list(directory.glob("events.*")))
            self._writers[job] = self._make(str(directory), filename_suffix=f".{there}")
        return self._writers[job]

    def close(self) -> None:
        for writer in self._writers.values():
            writer.close()
