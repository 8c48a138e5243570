# SPDX-License-Identifier: Apache-2.0
"""The Deployment of deploy/kubernetes/base, run by `podman play kube`: a pod of it, its ConfigMap and
its volume. Services, policies, probes and the rest of a cluster are not podman's."""

from __future__ import annotations

import os
import pathlib
import subprocess

import pytest
import yaml

from container import in_network_of, podman, weaknesses
from conditions import wait_until

RUN = ("ConfigMap", "PersistentVolumeClaim", "Deployment")


def manifest(repository: pathlib.Path) -> list[dict]:
    """What kustomize makes of base, as far as podman knows it, with the image under test."""
    kustomize = pathlib.Path(os.environ["STA_SYSTEM_CLIENTS"]) / "bin/kustomize"
    if not kustomize.exists():
        pytest.skip("kustomize is not there (no Go to build it with)")
    built = subprocess.run([kustomize, "build", repository / "deploy/kubernetes/base"],
                           check=True, capture_output=True, text=True).stdout
    kept = [each for each in yaml.safe_load_all(built) if each["kind"] in RUN]
    pod = kept[-1]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    container["image"] = os.environ["STA_IMAGE"]
    container["imagePullPolicy"] = "Never"
    # podman 4.3 has no probes by gRPC, and the network here is a pod's own, without ports.
    for probe in ("livenessProbe", "readinessProbe", "ports"):
        del container[probe]
    return kept


class Play:
    def __init__(self, objects: list[dict], folder: pathlib.Path) -> None:
        self._file = folder / "kube.yaml"
        self._file.write_text(yaml.safe_dump_all(objects))
        podman("volume", "rm", "--force", "sta-models", check=False)  # of a run that broke off
        podman("play", "kube", "--network=none", self._file)
        self.name = "sta-server-pod-0-server"

    def __enter__(self) -> Play:
        return self

    def __exit__(self, *exception: object) -> None:
        podman("play", "kube", "--down", self._file)
        podman("volume", "rm", "--force", "sta-models")

    @property
    def pid(self) -> int:
        return int(podman("inspect", "--format", "{{.State.Pid}}", self.name))

    def asks(self, *command: object) -> subprocess.CompletedProcess:
        return subprocess.run(in_network_of(self.pid, *command), capture_output=True, text=True,
                              check=False)


def test_the_deployment_runs(repository, stactl, work, tmp_path):
    with Play(manifest(repository), tmp_path) as play:
        wait_until(lambda: play.asks(stactl, "health", "--live").returncode == 0,
                   lambda: podman("logs", play.name))
        assert weaknesses(play.pid) == []
        # What its probes ask.
        probe = pathlib.Path(os.environ["STA_SYSTEM_CLIENTS"]) / "bin/grpc-health-probe"
        for service in ("", "sta/live"):
            assert play.asks(probe, "-addr=127.0.0.1:8001", f"-service={service}").returncode == 0
        upload = play.asks(stactl, "model", "upload", work / "packages/1-8", "--name", "minilm")
        assert upload.returncode == 0, upload.stderr
        embed = (stactl, "embed", "--model", "minilm", "--json", "a few words")
        wait_until(lambda: play.asks(*embed).returncode == 0, lambda: play.asks(*embed).stderr)
        podman("stop", "--time=30", play.name)
        assert podman("inspect", "--format", "{{.State.ExitCode}}", play.name) == "0"


def test_one_that_may_more_is_found_out(repository, stactl, tmp_path):
    objects = manifest(repository)
    pod = objects[-1]["spec"]["template"]["spec"]
    pod["securityContext"].update(runAsUser=0, runAsNonRoot=False)
    pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"] = False
    with Play(objects, tmp_path) as play:
        wait_until(lambda: play.asks(stactl, "health", "--live").returncode == 0,
                   lambda: podman("logs", play.name))
        assert {"another user than its own", "writable root"} <= set(weaknesses(play.pid))
