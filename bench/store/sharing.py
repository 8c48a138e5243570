# SPDX-License-Identifier: Apache-2.0
"""What two versions take whose embedding tables and tokenizers are the same."""

from __future__ import annotations

import pathlib
import shutil

import packages
from figure import Figure
from process_memory import mapped_bytes
from server_process import ServerProcess
from stactl import Stactl

TABLES = "embeddings.safetensors"


def _disk_bytes(store: pathlib.Path) -> int:
    """Bytes of all files, each once however many names it has."""
    files = {}
    for file in store.rglob("*"):
        if file.is_file():
            status = file.stat()
            files[status.st_ino] = status.st_size
    return sum(files.values())


def _answer(stactl: Stactl, address: str, texts: pathlib.Path) -> None:
    """So that every page of the table that the texts need is in memory."""
    stactl.run(address, "bench", "--model", "m", "--file", texts, "--requests", "200")


def measure(server: pathlib.Path, stactl: Stactl, work: pathlib.Path) -> list[Figure]:
    store = work / "store-sharing"
    shutil.rmtree(store, ignore_errors=True)
    store.mkdir()
    sparse, sparser = work / "minilm/2-8", work / "minilm/1-8"
    figures = []
    with ServerProcess(server, ["--store", str(store), "--load-newest", "2"]) as process:
        for version, package in enumerate((sparse, sparser), start=1):
            stactl.run(process.rpc_address, "model", "upload", package, "--name", "m",
                       "--alias", "prod")
            _answer(stactl, process.rpc_address,
                    pathlib.Path("scripts/data/calibration-wiki-600.txt"))
            resident, proportional = mapped_bytes(process.pid, TABLES)
            figures += [
                Figure(f"sharing_disk_{version}_versions", _disk_bytes(store) / 1e6, "MB"),
                Figure(f"sharing_tables_rss_{version}_versions", resident / 1e6, "MB"),
                Figure(f"sharing_tables_pss_{version}_versions", proportional / 1e6, "MB"),
            ]
    apart = packages.size_bytes(sparse) + packages.size_bytes(sparser)
    figures.append(Figure("sharing_disk_without_sharing", apart / 1e6, "MB"))
    shutil.rmtree(store)
    return figures
