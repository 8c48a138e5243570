# SPDX-License-Identifier: Apache-2.0
"""deploy/kubernetes: every overlay is built by kustomize and held against Kubernetes's schemas, in
which unknown fields are errors; KServe's objects against the classes of its client."""

from __future__ import annotations

import copy
import pathlib
import re
import subprocess
from collections.abc import Callable

import kubernetes_validate
import pytest
import yaml

import pod_security
import typed_models

OVERLAYS = ("base", "overlays/cpu", "overlays/fpga", "overlays/autoscaling")
# The oldest that they are for, which has preStop's sleep and containers that stay beside the
# server switched on, and the newest that is known here.
VERSIONS = ("1.30", "1.37")
KSERVE = ("serving_runtime", "inference_service")


@pytest.fixture(scope="module")
def kubernetes(repository: pathlib.Path) -> pathlib.Path:
    return repository / "deploy/kubernetes"


@pytest.fixture(scope="module")
def overlays(kustomize, kubernetes) -> dict[str, list[dict]]:
    return {
        name: list(yaml.safe_load_all(subprocess.run(
            [kustomize, "build", kubernetes / name], check=True, capture_output=True, text=True
        ).stdout))
        for name in OVERLAYS
    }


def the(objects: list[dict], kind: str) -> dict:
    found = [each for each in objects if each["kind"] == kind]
    assert len(found) == 1, [each["metadata"]["name"] for each in found]
    return found[0]


def pod_of(objects: list[dict]) -> dict:
    return the(objects, "Deployment")["spec"]["template"]["spec"]


def settings_of(objects: list[dict]) -> str:
    return the(objects, "ConfigMap")["data"]["server.yaml"]


@pytest.mark.parametrize("name", OVERLAYS)
def test_overlays_are_valid(overlays, name):
    for each in overlays[name]:
        for version in VERSIONS:
            kubernetes_validate.validate(each, version, strict=True)


MISTAKES: dict[str, tuple[str, Callable[[dict], object]]] = {
    "a field that there is not": (
        "Deployment", lambda spec: spec["template"]["spec"].update(hostnetwork=True)),
    "one deep inside": (
        "Deployment",
        lambda spec: spec["template"]["spec"]["containers"][0]["securityContext"].update(
            readonlyRootFilesystem=True)),
    "a text for a number": ("Deployment", lambda spec: spec.update(replicas="three")),
    "nothing where there must be something": (
        "Deployment", lambda spec: spec["template"]["spec"].pop("containers")),
    "a misspelt policy": (
        "NetworkPolicy", lambda spec: spec.update(policytypes=spec.pop("policyTypes"))),
    "a misspelt metric": (
        "HorizontalPodAutoscaler",
        lambda spec: spec["metrics"][0].update(pod=spec["metrics"][0].pop("pods"))),
    "a misspelt budget": ("PodDisruptionBudget", lambda spec: spec.update(maxUnavailble=1)),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found(overlays, mistake):
    kind, make = MISTAKES[mistake]
    wrong = copy.deepcopy(the(overlays["overlays/autoscaling"], kind))
    make(wrong["spec"])
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


@pytest.mark.parametrize("name", OVERLAYS)
def test_pods_may_do_nothing_that_they_need_not(overlays, name):
    assert pod_security.violations(pod_of(overlays[name])) == []


LIBERTIES: dict[str, Callable[[dict], object]] = {
    "may run as root": lambda pod: pod["securityContext"].pop("runAsNonRoot"),
    "runs as root": lambda pod: pod["containers"][0]["securityContext"].update(runAsUser=0),
    "has no seccomp profile": lambda pod: pod["securityContext"].pop("seccompProfile"),
    "may get more privileges": lambda pod: pod["containers"][0]["securityContext"].pop(
        "allowPrivilegeEscalation"),
    "has capabilities": lambda pod: pod["containers"][0]["securityContext"]["capabilities"].update(
        add=["NET_ADMIN"]),
    "may write to its root file system": lambda pod: pod["initContainers"][0][
        "securityContext"].update(readOnlyRootFilesystem=False),
    "has no limit of memory": lambda pod: pod["initContainers"][1].pop("resources"),
    "hostNetwork is set": lambda pod: pod.update(hostNetwork=True),
    "is a hostPath": lambda pod: pod["volumes"].append({"name": "x", "hostPath": {"path": "/"}}),
    "gets a token": lambda pod: pod.pop("automountServiceAccountToken"),
}


@pytest.mark.parametrize("liberty", LIBERTIES)
def test_a_pod_that_may_more_is_found(overlays, liberty):
    pod = copy.deepcopy(pod_of(overlays["overlays/cpu"]))
    LIBERTIES[liberty](pod)
    assert any(liberty in line for line in pod_security.violations(pod))


@pytest.mark.parametrize("name", OVERLAYS)
def test_settings_are_taken_by_the_server_and_fit_the_pod(overlays, name, server_binary, tmp_path):
    text = settings_of(overlays[name])
    settings = yaml.safe_load(text)
    # Flags go before the file: a store that there is not ends the start once all has been read.
    (tmp_path / "server.yaml").write_text(text)
    command = [server_binary, "--config", tmp_path / "server.yaml", "--store", tmp_path / "none",
               "--store-read-only", "true"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "none" in ended.stderr and ended.returncode == 1, ended.stderr
    (tmp_path / "server.yaml").write_text(text + "no_such_setting: 1\n")
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "no_such_setting" in ended.stderr

    pod = pod_of(overlays[name])
    server = pod["containers"][0]
    ports = {port["name"]: port["containerPort"] for port in server["ports"]}
    for setting, port in (("listen", "grpc"), ("http_listen", "http"), ("metrics", "metrics")):
        assert settings[setting].endswith(f":{ports[port]}")
    drain_s = int(settings["drain_timeout"].removesuffix("s"))
    stop_s = server["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod["terminationGracePeriodSeconds"] > drain_s + stop_s
    mounts = {mount["name"]: mount for mount in server["volumeMounts"]}
    assert mounts["store"]["mountPath"] == settings["store"]
    assert mounts["store"].get("readOnly", False) == settings.get("store_read_only", False)
    threads = re.search(r"emulator:(\d+)", text)[1]
    assert server["resources"]["limits"]["cpu"] == threads


@pytest.mark.parametrize("name", OVERLAYS)
def test_objects_refer_to_each_other_rightly(overlays, name):
    objects = overlays[name]
    deployment = the(objects, "Deployment")
    labels = deployment["spec"]["template"]["metadata"]["labels"].items()
    for each in objects:
        if each["kind"] == "Service":
            assert each["spec"]["selector"].items() <= labels
        if each["kind"] == "PodDisruptionBudget":
            assert each["spec"]["selector"]["matchLabels"].items() <= labels
        if each["kind"] == "NetworkPolicy":
            assert each["spec"]["podSelector"]["matchLabels"].items() <= labels
        if each["kind"] == "HorizontalPodAutoscaler":
            assert each["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
            assert "replicas" not in deployment["spec"]
    claims = {each["metadata"]["name"] for each in objects if each["kind"] == "PersistentVolumeClaim"}
    used = {volume["persistentVolumeClaim"]["claimName"]
            for volume in pod_of(objects)["volumes"] if "persistentVolumeClaim" in volume}
    assert claims == used
    mounted = next(volume for volume in pod_of(objects)["volumes"] if volume["name"] == "config")
    assert mounted["configMap"]["name"] == the(objects, "ConfigMap")["metadata"]["name"]


def test_the_autoscaler_asks_for_what_the_adapter_tells(overlays, kubernetes):
    rules = yaml.safe_load((kubernetes / "overlays/autoscaling/prometheus_adapter.yaml").read_text())
    told = {rule["name"]["as"] for rule in rules["rules"]}
    scaler = the(overlays["overlays/autoscaling"], "HorizontalPodAutoscaler")
    assert {metric["pods"]["metric"]["name"] for metric in scaler["spec"]["metrics"]} == told


def test_kserve_objects_are_valid(kubernetes):
    runtime, service = (yaml.safe_load((kubernetes / f"kserve/{name}.yaml").read_text())
                        for name in KSERVE)
    assert typed_models.errors("V1alpha1ServingRuntime", runtime) == []
    assert typed_models.errors("V1beta1InferenceService", service) == []
    container = runtime["spec"]["containers"][0]
    assert pod_security.violations(
        {"containers": [container], "automountServiceAccountToken": False}) == []
    model = service["spec"]["predictor"]["model"]
    assert model["runtime"] == runtime["metadata"]["name"]
    assert model["protocolVersion"] in runtime["spec"]["protocolVersions"]
    assert model["modelFormat"]["name"] in {
        each["name"] for each in runtime["spec"]["supportedModelFormats"]}


@pytest.mark.parametrize("path, mistake", [
    (("spec", "predictor", "model"), {"storageURI": "s3://models"}),
    (("spec", "predictor"), {"minReplicas": "two"}),
    (("spec", "predictor", "model", "ports", 0), {"port": 8001}),
    (("spec",), {"predictor": None}),
])
def test_a_mistake_in_kserve_objects_is_found(kubernetes, path, mistake):
    service = yaml.safe_load((kubernetes / "kserve/inference_service.yaml").read_text())
    place = service
    for key in path:
        place = place[key]
    place.update(mistake)
    assert typed_models.errors("V1beta1InferenceService", service) != []
