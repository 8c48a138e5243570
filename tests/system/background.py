# SPDX-License-Identifier: Apache-2.0
"""Work on threads while something else is done. Only Python's own library is used."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Self


class Background:
    """Threads that work from `with` on until it is left, which `stop` tells them.

    class Watch(Background):
        def __init__(self) -> None:
            super().__init__()
            self.add_thread(self._run)

        def _run(self) -> None:
            while not self.stop.wait(PAUSE_S): ...
    """

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def add_thread(self, work: Callable[[], None]) -> None:
        """Before `with`."""
        self._threads.append(threading.Thread(target=work))

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop.set()
        for thread in self._threads:
            thread.join()
