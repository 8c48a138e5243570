# SPDX-License-Identifier: Apache-2.0
"""The machine that figures belong to."""

from __future__ import annotations

import os
import pathlib

_FLAGS = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512vbmi")


def describe_machine() -> str:
    """Processor, its family and model, the vector extensions that matter, usable cores."""
    facts: dict[str, str] = {}
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        facts.setdefault(key.strip(), value.strip())
    flags = set(facts.get("flags", "").split())
    found = [flag for flag in _FLAGS if flag in flags] or ["no vector extension known here"]
    return (
        f"{facts.get('model name', 'unknown processor')} "
        f"(family {facts.get('cpu family', '?')}, model {facts.get('model', '?')}), "
        f"{len(os.sched_getaffinity(0))} cores, {' '.join(found)}"
    )
