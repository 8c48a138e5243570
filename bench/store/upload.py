# SPDX-License-Identifier: Apache-2.0
"""How fast a large package comes into a store, and what memory that takes."""

from __future__ import annotations

import pathlib
import shutil
import statistics
import subprocess
import time

import packages
from figure import Figure
from process_memory import PeakOfPrivate
from server_process import ServerProcess
from stactl import Stactl

ROUNDS = 3
BLOCK = "4M"


def _seconds(command: list[str]) -> float:
    start = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    return time.monotonic() - start


def measure(
    server: pathlib.Path, stactl: Stactl, work: pathlib.Path, size_bytes: int
) -> list[Figure]:
    package = work / f"large-{size_bytes >> 20}"
    packages.make_large(work / "minilm/2-8", package, size_bytes)
    files = sorted(str(file) for file in package.iterdir())
    table = str(package / "embeddings.safetensors")
    megabytes = packages.size_bytes(package) / 1e6
    rates: dict[str, list[float]] = {"sha256sum": [], "dd": [], "upload": []}
    growths = []
    for _ in range(ROUNDS):
        rates["sha256sum"].append(megabytes / _seconds(["sha256sum", *files]))
        copy = work / "copy"
        rates["dd"].append(
            pathlib.Path(table).stat().st_size / 1e6
            / _seconds(["dd", f"if={table}", f"of={copy}", f"bs={BLOCK}", "conv=fsync"])
        )
        copy.unlink()
        store = work / "store-upload"
        shutil.rmtree(store, ignore_errors=True)
        store.mkdir()
        # Nothing is loaded: this is about the way into the store.
        with ServerProcess(server, ["--store", str(store), "--load-newest", "0"]) as process:
            with PeakOfPrivate(process.pid) as memory:
                start = time.monotonic()
                stactl.run(process.rpc_address, "model", "upload", package, "--name", "large")
                rates["upload"].append(megabytes / (time.monotonic() - start))
            growths.append((memory.peak - memory.before) / 1e6)
        shutil.rmtree(store)
    medians = {name: statistics.median(values) for name, values in rates.items()}
    allowed = min(medians["sha256sum"], medians["dd"])
    return [
        Figure("upload_package", megabytes, "MB"),
        *(Figure(f"upload_{name}", value, "MB/s") for name, value in medians.items()),
        Figure("upload_of_what_disk_and_sha256_allow", 100 * medians["upload"] / allowed, "%",
               at_least=60),
        Figure("upload_memory_growth", max(growths), "MB", at_most=32),
    ]
