# SPDX-License-Identifier: Apache-2.0
"""Our command line, with JSON answers."""

from __future__ import annotations

import json
import pathlib
import subprocess


class Stactl:
    """Calls end with an exception, and what stactl said, where a command fails."""

    def __init__(self, binary: pathlib.Path) -> None:
        self.binary = binary

    def run(self, address: str, *arguments: object, nice: int = 0) -> dict:
        command = ["nice", "-n", str(nice), *self.command(address, *arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def command(self, address: str, *arguments: object) -> list[str]:
        return [str(self.binary), *map(str, arguments), "--server", address, "--json"]
