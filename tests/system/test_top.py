# SPDX-License-Identifier: Apache-2.0
"""stactl top beside a real load."""

from __future__ import annotations

import json
import subprocess

from load import Load
from server_process import ServerProcess


def top(stactl, server, *arguments):
    run = subprocess.run(
        [stactl, "--server", server.rpc_address, "top", "--once", "--interval", "2s", *arguments],
        capture_output=True, text=True, check=False, timeout=60,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_top_shows_the_load(stactl, server_binary, packages):
    arguments = ["--store", str(packages), "--store-read-only", "true", "--devices", "emulator"]
    with ServerProcess(server_binary, arguments) as server:
        idle = json.loads(top(stactl, server, "--json"))
        with Load(server) as load:
            load.wait_for_more(20)
            busy = json.loads(top(stactl, server, "--json"))
            table = top(stactl, server)
        assert load.failures == []

    def served(view):
        return {(model["name"], model["version"]): model for model in view["models"]}

    for view in (served(idle), served(busy)):
        assert list(view) == [("classify", 1), ("embed", 2), ("embed", 1)]
        assert view["embed", 2]["is_default"]
        assert view["embed", 1]["state"] == "UNLOADED"
        assert view["embed", 1]["requests_per_second"] is None
    assert served(idle)["embed", 2]["requests_per_second"] == 0
    assert served(idle)["embed", 2]["mean_ms"] is None
    assert served(idle)["embed", 2]["p99_ms"] is None
    assert served(idle)["embed", 2]["queued_requests"] == 0
    assert served(idle)["embed", 1]["queued_requests"] is None
    loaded = served(busy)["embed", 2]
    assert loaded["requests_per_second"] > 0
    assert loaded["errors_per_second"] == 0
    assert loaded["mean_ms"] >= loaded["mean_device_ms"] > 0
    assert 0 < loaded["p50_ms"] <= loaded["p99_ms"]
    assert loaded["queued_requests"] >= 0
    assert loaded["queued_tokens"] >= 0

    assert [device["name"] for device in busy["devices"]] == ["emulator"]
    assert idle["devices"][0]["tokens_per_second"] == 0
    assert busy["devices"][0]["tokens_per_second"] > 0
    assert 0 < busy["devices"][0]["busy_share"] <= 1

    assert table.startswith(server.rpc_address)
    assert "UNLOADED" not in table
    (row,) = [line.split() for line in table.splitlines() if line.startswith("embed")]
    assert (row[1], row[-1]) == ("*2", "READY")
    assert float(row[2].replace(",", "")) > 0
