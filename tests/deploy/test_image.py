# SPDX-License-Identifier: Apache-2.0
"""The image: what it holds, what it may do, and a model's life in it under a real Prometheus."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess

import pytest

from container import HARDENED, Container, in_network_of, podman
from prometheus import Prometheus

TEXT = "A cat sleeps on the warm window sill."


def embed(container: Container, stactl: pathlib.Path) -> str:
    return container.run(stactl, "embed", "--model", "minilm", "--json", TEXT)


def test_the_image_says_what_it_is():
    labels = json.loads(podman("inspect", "--format", "{{json .Config.Labels}}",
                               os.environ["STA_IMAGE"]))
    for name in ("title", "description", "licenses", "version", "revision", "created"):
        assert labels[f"org.opencontainers.image.{name}"], name
    assert podman("inspect", "--format", "{{.Config.User}}", os.environ["STA_IMAGE"]) == "10001:10001"
    health = json.loads(podman("inspect", "--format", "{{json .HealthCheck}}",
                               os.environ["STA_IMAGE"]) or "null")
    health = health or json.loads(podman("inspect", "--format", "{{json .Config.Healthcheck}}",
                                         os.environ["STA_IMAGE"]))
    assert health["Test"][:2] == ["CMD", "stactl"]  # no shell


@pytest.mark.parametrize("program", ["sh", "bash", "/bin/sh", "apt-get", "dpkg", "perl", "tar"])
def test_the_image_has_no_tools_for_an_intruder(program):
    with Container(HARDENED) as container:
        done = subprocess.run(["podman", "exec", container.name, program, "--version"],
                              capture_output=True, check=False)
        assert done.returncode in (126, 127)


LESS_HARDENED = {
    "another user than its own": ("--user=0:0", *HARDENED),
    "writable root": tuple(option for option in HARDENED if option != "--read-only"),
    "capabilities": tuple(option for option in HARDENED if option != "--cap-drop=all"),
    "may get more privileges": tuple(option for option in HARDENED if "privileges" not in option),
    "no seccomp filter": ("--security-opt=seccomp=unconfined", *HARDENED),
    "no limit of memory": tuple(option for option in HARDENED if "memory" not in option),
}


@pytest.mark.parametrize("weakness", LESS_HARDENED)
def test_what_is_started_less_hardened_is_found_out(weakness, store):
    with Container(LESS_HARDENED[weakness], store) as container:
        container.wait_until_live()
        assert container.weaknesses() == [weakness]


def test_a_models_life(repository, stactl, store, work, tmp_path):
    with Container(HARDENED, store) as container:
        container.wait_until_live()
        assert container.weaknesses() == []

        container.run(stactl, "model", "upload", work / "packages/2-8", "--name", "minilm")
        container.run(stactl, "model", "alias", "minilm", "prod", "1")
        first = embed(container, stactl)
        answer = json.loads(container.run(
            "curl", "--silent", "--fail", "http://127.0.0.1:8000/v2/models/minilm/infer", "--data",
            json.dumps({"inputs": [
                {"name": "text", "datatype": "BYTES", "shape": [1], "data": [TEXT]}]})))
        assert answer["outputs"][0]["shape"][-1] == 384

        with Prometheus(repository / "deploy/prometheus", tmp_path, container.pid) as prometheus:
            prometheus.wait_until(lambda: prometheus.value("up") == 1, 60)
            prometheus.wait_until(
                lambda: (prometheus.value("sum(sta_requests_total)") or 0) >= 2, 60)
            assert prometheus.firing() == set()
            # Far more than any processor does of it.
            overload = subprocess.Popen(
                in_network_of(container.pid, stactl, "bench", "--model", "minilm", "--rate", "3000",
                              "--duration", "60s", "--lengths", "fixed:64"),
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                prometheus.wait_until(lambda: "StaOverloaded" in prometheus.firing(), 50)
            finally:
                overload.terminate()
                overload.wait()
            prometheus.wait_until(lambda: "StaOverloaded" not in prometheus.firing(), 120)
        assert container.is_healthy()

        container.run(stactl, "model", "upload", work / "packages/1-8", "--name", "minilm")
        container.run(stactl, "model", "alias", "minilm", "prod", "2")
        assert embed(container, stactl) != first
        container.run(stactl, "model", "rollback", "minilm")
        assert embed(container, stactl) == first
        assert container.stop() == 0

    # What is in the volume outlives the container, and may be read-only.
    with Container((*HARDENED, f"--volume={store}:/models:ro")) as container:
        container.wait_until_ready(stactl)
        assert embed(container, stactl) == first
        assert container.stop() == 0


def test_models_may_be_baked_in(repository, stactl, work, tmp_path):
    """By the build argument MODELS, which compiles nothing anew."""
    context = tmp_path / "context"
    context.mkdir()
    files = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
                           cwd=repository, check=True, capture_output=True).stdout
    subprocess.run(["xargs", "-0", "cp", "--parents", "--preserve", "--target-directory", context],
                   cwd=repository, input=files, check=True)
    (context / "models/minilm").mkdir(parents=True)
    subprocess.run(["cp", "-r", work / "packages/1-8", context / "models/minilm/1"], check=True)
    subprocess.run(["buildah", "bud", "--pull=never", "--layers", "--isolation=chroot",
                    "--format=docker", "--build-arg=MODELS=models", "--tag=sta-server-with-model",
                    context], check=True, capture_output=True, timeout=600)
    with Container(HARDENED, image="localhost/sta-server-with-model") as container:
        container.wait_until_ready(stactl)
        assert embed(container, stactl)
        assert container.weaknesses() == []
    podman("rmi", "localhost/sta-server-with-model")
