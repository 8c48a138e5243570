# SPDX-License-Identifier: Apache-2.0
"""Uploads, switches and deletions of a model that answers all the while."""

from __future__ import annotations

import json
import pathlib
import shutil
import signal
import statistics
import subprocess
import time

import packages
from figure import Figure
from process_memory import resident_bytes
from server_process import ServerProcess
from stactl import Stactl

QUIET_S = 20
# What changes the store yields to what answers: on two cores its client would disturb the load's.
NICE = 19


class _Load:
    """Requests at a rate, from texts, until stop(), which tells what they saw."""

    def __init__(self, stactl: Stactl, address: str, rate: float) -> None:
        self._process = subprocess.Popen(
            stactl.command(address, "bench", "--model", "m", "--rate", rate, "--duration", "3h",
                           "--lengths", "uniform:16:64"),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )

    def stop(self) -> dict:
        self._process.send_signal(signal.SIGINT)
        output, _ = self._process.communicate()
        return json.loads(output)["runs"][0]


def _quiet(stactl: Stactl, address: str, rate: float) -> dict:
    load = _Load(stactl, address, rate)
    time.sleep(QUIET_S)
    return load.stop()


def _cycle(stactl: Stactl, address: str, package: pathlib.Path, old: int) -> int:
    """A new version becomes `prod`, the old one goes; returns the new one's number."""
    uploaded = stactl.run(address, "model", "upload", package, "--name", "m", "--alias", "prod",
                          nice=NICE)
    # An alias that could be rolled back to the old version keeps it, so this is forced.
    stactl.run(address, "model", "delete", "m", old, "--force", nice=NICE)
    return uploaded["version"]


def measure(
    server: pathlib.Path, stactl: Stactl, work: pathlib.Path, cycles: int, rate: float
) -> list[Figure]:
    store = work / "store-churn"
    variant = work / "variant"
    shutil.rmtree(store, ignore_errors=True)
    store.mkdir()
    with ServerProcess(server, ["--store", str(store)]) as process:
        address = process.rpc_address
        version = stactl.run(address, "model", "upload", work / "minilm/2-8", "--name", "m",
                             "--alias", "prod")["version"]
        quiet = [_quiet(stactl, address, rate)]
        before = resident_bytes(process.pid)
        load = _Load(stactl, address, rate)
        start = time.monotonic()
        for number in range(cycles):
            packages.make_variant(work / "minilm/2-8", variant, number)
            version = _cycle(stactl, address, variant, version)
        seconds = time.monotonic() - start
        busy = load.stop()
        quiet.append(_quiet(stactl, address, rate))
        after = resident_bytes(process.pid)
    shutil.rmtree(store)
    shutil.rmtree(variant)
    quiet_ms = statistics.mean(run["p99_us"] for run in quiet) / 1000
    failed = sum(sum(run["errors"].values()) for run in (*quiet, busy))
    return [
        Figure("churn_cycles", cycles, ""),
        Figure("churn_cycle_duration", seconds / cycles, "s"),
        Figure("churn_requests", busy["requests"], ""),
        Figure("churn_failed_requests", failed, "", at_most=0),
        Figure("churn_p99_quiet_before", quiet[0]["p99_us"] / 1000, "ms"),
        Figure("churn_p99_quiet_after", quiet[1]["p99_us"] / 1000, "ms"),
        Figure("churn_p50", busy["p50_us"] / 1000, "ms"),
        Figure("churn_p99", busy["p99_us"] / 1000, "ms"),
        Figure("churn_p99_over_quiet", busy["p99_us"] / 1000 / quiet_ms, "", at_most=1.5),
        Figure("churn_resident_before", before / 1e6, "MB"),
        Figure("churn_resident_after", after / 1e6, "MB"),
        Figure("churn_resident_growth", 100 * (after / before - 1), "%", at_most=5),
    ]
