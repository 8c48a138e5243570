# SPDX-License-Identifier: Apache-2.0
"""The rules of deploy/prometheus and the dashboard of deploy/grafana: valid, and about metrics and
labels that the server has."""

from __future__ import annotations

import collections
import json
import pathlib
import re
import shutil
import subprocess

import grpc
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from tritonclient.grpc import service_pb2, service_pb2_grpc

from metrics_page import scrape

# Labels that Prometheus adds to what it scrapes; the last two in Kubernetes.
SCRAPED = {"job", "instance", "namespace", "pod"}
# A name of ours, and what stands in the braces behind it.
SELECTOR = re.compile(r"\b(sta_[a-z0-9_]+|sta:[a-z0-9_:]+)(?:\{([^}]*)\})?")
# What a family has only once something has happened that no test can make happen here.
RARE = {
    "sta_device_failovers_total": {"from", "to"},
    "sta_device_temperature_celsius": {"device"},
    "sta_tls_certificate_expiry_timestamp_seconds": set(),  # with TLS: test_security.py
}


@pytest.fixture(scope="module")
def rules(repository: pathlib.Path) -> list[dict]:
    found = []
    for file in ("recording.yml", "alerts.yml"):
        text = (repository / "deploy/prometheus" / file).read_text()
        for group in yaml.safe_load(text)["groups"]:
            found += group["rules"]
    return found


@pytest.fixture(scope="module")
def expressions(repository: pathlib.Path, rules: list[dict]) -> list[str]:
    dashboard = json.loads((repository / "deploy/grafana/sta-server.json").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked += [
        variable["query"]["query"]
        for variable in dashboard["templating"]["list"]
        if variable["type"] == "query"
    ]
    adapter = yaml.safe_load(
        (repository / "deploy/kubernetes/overlays/autoscaling/prometheus_adapter.yaml").read_text()
    )
    for rule in adapter["rules"]:
        asked += [rule["seriesQuery"], *re.findall(r"sta_\w+", rule["metricsQuery"])]
    return asked + [rule["expr"] for rule in rules]


@pytest.fixture(scope="module")
def labels(server, rules: list[dict]) -> dict[str, set[str]]:
    """The labels of every metric of a server that has answered, and of what our rules record."""
    with grpc.insecure_channel(server.rpc_address) as channel:
        request = service_pb2.ModelInferRequest(model_name="embed")
        tensor = request.inputs.add(name="text", datatype="BYTES", shape=[1])
        tensor.contents.bytes_contents.append(b"hello")
        service_pb2_grpc.GRPCInferenceServiceStub(channel).ModelInfer(request)
    found = collections.defaultdict(set, {name: set(names) for name, names in RARE.items()})
    for family in text_string_to_metric_families(scrape(server)):
        for sample in family.samples:
            found[sample.name] |= set(sample.labels)
    for rule in rules:
        if "record" in rule:
            found[rule["record"]] |= set(re.search(r"by \(([^)]*)\)", rule["expr"])[1].split(", "))
    return found


def test_the_rules_are_valid(promtool, repository):
    folder = repository / "deploy/prometheus"
    subprocess.run(
        [promtool, "check", "rules", folder / "recording.yml", folder / "alerts.yml"], check=True
    )


@pytest.mark.parametrize(
    "file", ["prometheus/prometheus.yml", "prometheus/kubernetes.yml", "compose/prometheus.yml"]
)
def test_configurations_are_valid(promtool, repository, tmp_path, file):
    for name in (file, "prometheus/recording.yml", "prometheus/alerts.yml"):
        shutil.copy(repository / "deploy" / name, tmp_path)
    config = tmp_path / pathlib.Path(file).name
    # Debian's Prometheus is built without Kubernetes: that one field is not checked.
    discovery = "kubernetes_sd_configs:\n      - role: pod"
    assert (discovery in config.read_text()) == (file == "prometheus/kubernetes.yml")
    config.write_text(config.read_text().replace(discovery, "static_configs: []"))
    check = [promtool, "check", "config", config]
    subprocess.run(check, check=True)
    config.write_text(config.read_text().replace("job_name", "jobname"))
    assert subprocess.run(check, check=False).returncode != 0


def test_alerts_fire_when_they_should_and_not_otherwise(promtool, repository, rules):
    file = repository / "tests/deploy/alerts_test.yml"
    subprocess.run([promtool, "test", "rules", file], check=True)
    cases = [case for test in yaml.safe_load(file.read_text())["tests"]
             for case in test["alert_rule_test"]]
    for fires in (True, False):
        tried = {case["alertname"] for case in cases if bool(case.get("exp_alerts")) == fires}
        assert tried == {rule["alert"] for rule in rules if "alert" in rule}


def test_panels_and_rules_ask_for_metrics_and_labels_that_there_are(expressions, labels):
    for expression in expressions:
        selectors = SELECTOR.findall(expression)
        known = set(SCRAPED)
        for name, matchers in selectors:
            assert name in labels, f"{expression}: the server has no {name}"
            known |= labels[name]
            for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers):
                assert label in labels[name] | SCRAPED, f"{expression}: {name} has no label {label}"
        grouped = re.findall(r"(?:by|on|ignoring|without) \(([^)]*)\)", expression)
        for label in ", ".join(grouped).split(", ") if grouped else []:
            assert label in known | {"le"}, f"{expression}: no metric in it has a label {label}"
