# SPDX-License-Identifier: Apache-2.0
"""Waiting for what nothing tells of: by looking again and again, and never without an end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

LIMIT_S = 60
PAUSE_S = 0.01


def wait_until(
    is_so: Callable[[], bool],
    what: Callable[[], str],
    limit_s: float = LIMIT_S,
    pause_s: float = PAUSE_S,
    may_go_on: Callable[[], bool] = lambda: True,
) -> None:
    """`what()` tells what was seen last, where it does not come true, or `may_go_on()` says before
    that it cannot any more."""
    pause = threading.Event()  # never set
    end = time.monotonic() + limit_s
    while not is_so():
        assert may_go_on() and time.monotonic() < end, what()
        pause.wait(pause_s)
