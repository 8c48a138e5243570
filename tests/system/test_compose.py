# SPDX-License-Identifier: Apache-2.0
"""deploy/compose, read by the library of `docker compose`, in which unknown fields are errors."""

from __future__ import annotations

import json
import pathlib
import subprocess

import pytest
import yaml


@pytest.fixture(scope="module")
def folder(repository: pathlib.Path) -> pathlib.Path:
    return repository / "deploy/compose"


@pytest.fixture(scope="module")
def services(compose, folder) -> dict:
    """As docker compose understands it: paths and variables resolved."""
    done = subprocess.run([compose, "-format", "json", "compose.yaml"], cwd=folder,
                          check=True, capture_output=True, text=True)
    return json.loads(done.stdout)["services"]


@pytest.mark.parametrize("right, wrong", [
    ("read_only:", "readonly:"), ("cap_drop: [ALL]", "cap_drop: ALL"),
    ("pids_limit: 256", "pids_limit: [256]"), ("  server:", "  server:\n    ulimit: 1"),
])
def test_a_mistake_is_found(compose, folder, tmp_path, right, wrong):
    text = (folder / "compose.yaml").read_text()
    assert right in text
    (tmp_path / "compose.yaml").write_text(text.replace(right, wrong, 1))
    assert subprocess.run([compose, tmp_path / "compose.yaml"], check=False).returncode != 0


def test_services_may_do_nothing_that_they_need_not(services):
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not service.get("privileged"), name
        for port in service["ports"]:
            assert port["host_ip"] == "127.0.0.1", name
    assert services["server"]["read_only"] and services["server"]["mem_limit"]


def test_files_that_are_mounted_are_there(services, repository):
    for name, service in services.items():
        for volume in service["volumes"]:
            source = pathlib.Path(volume["source"])
            if volume["type"] == "bind" and source != repository / "models":
                assert source.exists(), f"{name}: {source}"


def test_prometheus_and_grafana_are_told_of_each_other(services, folder, repository):
    config = yaml.safe_load((folder / "prometheus.yml").read_text())
    target = config["scrape_configs"][0]["static_configs"][0]["targets"][0]
    host, port = target.split(":")
    assert any(f"--metrics=0.0.0.0:{port}" == word for word in services[host]["command"])
    assert config["rule_files"] == yaml.safe_load(
        (repository / "deploy/prometheus/prometheus.yml").read_text())["rule_files"]

    source = yaml.safe_load((folder / "grafana/datasources/prometheus.yaml").read_text())
    [prometheus] = source["datasources"]
    assert prometheus["url"] == "http://prometheus:9090" and "prometheus" in services
    dashboard = json.loads((repository / "deploy/grafana/sta-server.json").read_text())
    [variable] = [each for each in dashboard["templating"]["list"] if each["type"] == "datasource"]
    assert variable["query"] == prometheus["type"] and prometheus["isDefault"]
    provider = yaml.safe_load((folder / "grafana/dashboards/sta.yaml").read_text())["providers"][0]
    mounts = {volume["target"]: volume["source"] for volume in services["grafana"]["volumes"]}
    assert pathlib.Path(mounts[provider["options"]["path"]]) == repository / "deploy/grafana"


def test_the_server_takes_its_flags(services, server_binary, tmp_path):
    flags = [f"--store={tmp_path / 'none'}" if flag.startswith("--store=") else flag
             for flag in services["server"]["command"][1:]]
    ended = subprocess.run([server_binary, *flags], capture_output=True, text=True, timeout=60,
                           check=False)
    assert "none" in ended.stderr and ended.returncode == 1, ended.stderr
