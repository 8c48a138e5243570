# SPDX-License-Identifier: Apache-2.0
"""Reads the server's metrics page."""

from __future__ import annotations

import urllib.request

from prometheus_client.parser import text_string_to_metric_families

from server_process import ServerProcess


def scrape(server: ServerProcess) -> str:
    with urllib.request.urlopen(f"http://{server.metrics_address}/metrics", timeout=30) as page:
        assert page.headers["Content-Type"].startswith("text/plain")
        return page.read().decode()


def samples(page: str) -> dict[tuple, float]:
    """{(sample name, sorted labels): value}"""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def total(values: dict[tuple, float], name: str, **labels: str) -> float:
    """The sum over all samples of this name that have these labels."""
    return sum(
        value
        for (sample, of), value in values.items()
        if sample == name and labels.items() <= dict(of).items()
    )
