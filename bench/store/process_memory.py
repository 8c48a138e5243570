# SPDX-License-Identifier: Apache-2.0
"""What a process takes in memory, as Linux tells it."""

from __future__ import annotations

import pathlib
import threading
import time


def _fields(path: str) -> dict[str, int]:
    fields = {}
    for line in pathlib.Path(path).read_text().splitlines():
        key, _, rest = line.partition(":")
        words = rest.split()
        if len(words) == 2 and words[1] == "kB":
            fields[key] = int(words[0]) * 1024
    return fields


def resident_bytes(pid: int) -> int:
    return _fields(f"/proc/{pid}/status")["VmRSS"]


def private_bytes(pid: int) -> int:
    """Resident memory that is no file's: the cache of a file can be dropped, this cannot."""
    fields = _fields(f"/proc/{pid}/status")
    return fields["RssAnon"] + fields["RssShmem"]


def mapped_bytes(pid: int, file_name: str) -> tuple[int, int]:
    """(RSS, PSS) of all mappings of files whose name ends so, or that were it once."""
    resident = shared = 0
    is_wanted = False
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        words = line.split()
        if not words[0].endswith(":"):
            is_wanted = line.removesuffix(" (deleted)").endswith(file_name)
        elif is_wanted and words[0] == "Rss:":
            resident += int(words[1]) * 1024
        elif is_wanted and words[0] == "Pss:":
            shared += int(words[1]) * 1024
    return resident, shared


class PeakOfPrivate:
    """The most that private_bytes() came to inside a with block, looked at every 10 ms."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.before = self.peak = private_bytes(pid)

    def _watch(self) -> None:
        while not self._stop.is_set():
            self.peak = max(self.peak, private_bytes(self._pid))
            time.sleep(0.01)

    def __enter__(self) -> PeakOfPrivate:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._thread.join()
