# SPDX-License-Identifier: Apache-2.0
"""Runs the long commands of the flows round the RTL and says meanwhile that they are alive.

    step.run("build", ["cmake", "--build", ...], cwd=ROOT)

prints a line when the command begins, one every half minute with the last line that it wrote, and
one when it ends.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
import signal
import subprocess
import tempfile
import time

HEARTBEAT_S = 30
_TAIL_BYTES = 4000
_SHOWN_CHARACTERS = 80


@dataclasses.dataclass(frozen=True)
class Result:
    output: str  # both streams
    seconds: float
    peak_mb: int  # of the command and what it waited for


def _last_line(file: pathlib.Path) -> str:
    if not file.exists():
        return ""
    with file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - _TAIL_BYTES))
        lines = stream.read().decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")[:_SHOWN_CHARACTERS]


def _say(text: str, seconds: float) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {text} ({seconds:.0f} s)", flush=True)


def _wait(process: subprocess.Popen, name: str, watched: pathlib.Path, start: float) -> int:
    """Waits and reports; returns the peak of memory."""
    spoken = start
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return usage.ru_maxrss // 1024
        time.sleep(0.1)
        now = time.monotonic()
        if now - spoken >= HEARTBEAT_S:
            spoken = now
            _say(f"{name}: {_last_line(watched)}", now - start)


def run(name: str, command: list[str], cwd: pathlib.Path, log: pathlib.Path | None = None,
        environment: dict[str, str] | None = None) -> Result:
    """Raises RuntimeError with the end of the output when the command fails.

    `log` is a file that the command writes by itself, of which the last line tells more.
    """
    start = time.monotonic()
    _say(name, 0)
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder) / "output"
        with output.open("wb") as stream:
            process = subprocess.Popen(command, cwd=cwd, env=environment, stdout=stream,
                                       stderr=subprocess.STDOUT)
        try:
            peak_mb = _wait(process, name, log or output, start)
        except BaseException:  # Ctrl-C: nothing goes on in the background
            process.send_signal(signal.SIGTERM)
            raise
        text = output.read_text(errors="replace")
    seconds = time.monotonic() - start
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed ({process.returncode}):\n"
                           f"{text[-_TAIL_BYTES:]}")
    _say(f"{name}: done, at most {peak_mb:,} MB", seconds)
    return Result(text, seconds, peak_mb)
