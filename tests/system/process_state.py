# SPDX-License-Identifier: Apache-2.0
"""What a process takes: memory, its peak since it was last asked, descriptors, threads."""

from __future__ import annotations

import pathlib
import re


class ProcessState:
    def __init__(self, pid: int) -> None:
        self._folder = pathlib.Path(f"/proc/{pid}")

    def _status(self, key: str) -> int:
        text = (self._folder / "status").read_text()
        return int(re.search(rf"^{key}:\s+(\d+)", text, re.MULTILINE).group(1))

    @property
    def memory_bytes(self) -> int:
        return self._status("VmRSS") * 1024

    @property
    def peak_memory_bytes(self) -> int:
        """The most since `reset_peak`, or since the process began."""
        return self._status("VmHWM") * 1024

    def reset_peak(self) -> None:
        (self._folder / "clear_refs").write_text("5")

    @property
    def threads(self) -> int:
        return self._status("Threads")

    @property
    def descriptors(self) -> int:
        return len(list((self._folder / "fd").iterdir()))
