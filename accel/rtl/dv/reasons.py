# SPDX-License-Identifier: Apache-2.0
"""Reads lists of exceptions with their reasons: each a line, and below it an indented reason."""

from __future__ import annotations

import pathlib


def read(file: pathlib.Path) -> dict[str, str]:
    """Reasons by what they excuse. Empty lines and lines that begin with # are comments."""
    reasons: dict[str, str] = {}
    waiting = ""
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith(" ") != bool(waiting):
            raise ValueError(f"{file}:{number}: every line needs a reason below it, indented")
        if waiting:
            reasons[waiting] = line.strip()
        waiting = "" if waiting else line
    if waiting:
        raise ValueError(f"{file}: no reason for the last line")
    return reasons
