# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus with the rules of deploy/prometheus, in the network of a server.

The rules are the shipped ones but for their times: what they look back on, and how long something
has to last, is some seconds instead of minutes.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
from collections.abc import Callable

from conditions import wait_until
from container import in_network_of

ADDRESS = "127.0.0.1:9090"
PAUSE_S = 0.5


class Prometheus:
    def __init__(self, rules: pathlib.Path, folder: pathlib.Path, pid: int) -> None:
        self._pid = pid
        for name in ("recording.yml", "alerts.yml"):
            text = (rules / name).read_text()
            text = re.sub(r"\[5m\]", "[10s]", text)
            (folder / name).write_text(re.sub(r"for: \d+m", "for: 3s", text))
        config = (rules / "prometheus.yml").read_text()
        (folder / "prometheus.yml").write_text(re.sub(r"interval: 15s", "interval: 1s", config))
        self._process = subprocess.Popen(
            in_network_of(pid, pathlib.Path(os.environ["STA_DEPLOY_WORK"]) / "bin/prometheus",
                          f"--config.file={folder}/prometheus.yml",
                          f"--storage.tsdb.path={folder}/data",
                          f"--web.listen-address={ADDRESS}"),
            stdout=subprocess.DEVNULL, stderr=(folder / "prometheus.log").open("w"))

    def __enter__(self) -> Prometheus:
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.terminate()
        self._process.wait()

    def _get(self, path: str) -> dict:
        # Until it is ready it answers with 503.
        ask = in_network_of(self._pid, "curl", "--silent", "--fail", f"http://{ADDRESS}{path}")
        done = subprocess.run(ask, capture_output=True, text=True, check=False)
        return json.loads(done.stdout)["data"] if done.returncode == 0 else {}

    def value(self, expression: str) -> float | None:
        """The value of an expression that gives at most one."""
        found = self._get(f"/api/v1/query?query={expression}").get("result", [])
        return float(found[0]["value"][1]) if found else None

    def firing(self) -> set[str]:
        alerts = self._get("/api/v1/alerts").get("alerts", [])
        return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}

    def wait_until(self, is_so: Callable[[], bool], limit_s: float) -> None:
        wait_until(is_so, lambda: f"firing: {self.firing()}", limit_s, PAUSE_S)
