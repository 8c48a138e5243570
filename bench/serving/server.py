# SPDX-License-Identifier: Apache-2.0
"""One server process on free ports of this machine, ours or a peer's."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import signal
import socket
import subprocess
import time
from collections.abc import Callable

import numpy as np

START_TIMEOUT_S = 120
STOP_TIMEOUT_S = 20
_POLL_S = 0.3
_LOG_LINES = 5


class ServerError(Exception):
    """A server that does not start, ends or answers wrongly."""


def free_port() -> int:
    """A port that nobody listens on; servers other than ours cannot choose one themselves."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@dataclasses.dataclass(frozen=True)
class Launch:
    """How to start a server that then listens for gRPC on a port."""

    command: list[str]
    environment: dict[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Contender:
    """A server with one model, and how it is asked."""

    name: str  # as in tables: "Triton, 2 instances x 1 thread"
    peer: str  # as in figures: "triton"; the better of two forms counts
    model: str
    launch: Callable[[int, pathlib.Path], Launch]  # of the port and an empty folder
    requests: list[str]  # options of `stactl bench`
    first_request: str  # the same for one `stactl infer`
    reference: np.ndarray  # what it should answer then, in its first output
    least_cosine: float  # to the reference


class Server:
    """Starts in the constructor; a with block ends it. Its output goes to `folder`/log."""

    def __init__(self, contender: Contender, stactl: pathlib.Path, folder: pathlib.Path) -> None:
        self._contender = contender
        self._stactl = stactl
        self._log = folder / "log"
        port = free_port()
        self._address = f"127.0.0.1:{port}"
        launch = contender.launch(port, folder)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                launch.command,
                cwd=folder,
                env={**os.environ, **launch.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A group of its own, since peers have worker processes.
                start_new_session=True,
            )

    def __enter__(self) -> Server:
        try:
            self._wait_until_right()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def bench(self, arguments: list[str]) -> list[dict]:
        """The runs that `stactl bench` reports; ServerError where a request failed."""
        report = self._call(["bench", *self._contender.requests, *arguments])
        if report.returncode != 0:
            raise ServerError(f"{self._contender.name}: {report.stderr.strip()}")
        runs: list[dict] = json.loads(report.stdout)["runs"]
        for run in runs:
            if run["errors"] or not run["requests"]:
                raise ServerError(
                    f"{self._contender.name}, {run['load']}: {run['requests']} answers, "
                    f"errors {run['errors']}"
                )
        return runs

    def _call(self, arguments: list[str]) -> subprocess.CompletedProcess[str]:
        options = ["--server", self._address, "--model", self._contender.model, "--json"]
        return subprocess.run(
            [str(self._stactl), *arguments, *options], capture_output=True, text=True, check=False
        )

    def _wait_until_right(self) -> None:
        """Asks until there is an answer, and checks that."""
        end = time.monotonic() + START_TIMEOUT_S
        while True:
            answer = self._call(["infer", self._contender.first_request])
            if answer.returncode == 0:
                break
            if self._process.poll() is not None or time.monotonic() > end:
                raise ServerError(
                    f"{self._contender.name} does not answer: {answer.stderr.strip()}\n"
                    f"the end of its log:\n{self._log_end()}"
                )
            time.sleep(_POLL_S)
        values = np.array(json.loads(answer.stdout)["outputs"][0]["data"]).ravel()
        reference = self._contender.reference.ravel()
        if values.shape != reference.shape:
            raise ServerError(f"{self._contender.name} answers {values.size} numbers")
        cosine = values @ reference / np.linalg.norm(values) / np.linalg.norm(reference)
        if not cosine >= self._contender.least_cosine:
            raise ServerError(f"{self._contender.name} answers wrongly (cosine {cosine:.4f})")

    def _log_end(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-_LOG_LINES:])

    def _end(self) -> None:
        """Ends the server and the processes that it started."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()
