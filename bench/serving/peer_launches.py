# SPDX-License-Identifier: Apache-2.0
"""How the peers are started, each with a model called "identity" or "encoder".

Every function takes the Python of the peer's environment, the model, how an encoder computes and
from which file (None for the identity), the port for gRPC and an empty folder.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import shutil
import subprocess

from artifacts import ROOT
from backends.encoder import INPUTS, OUTPUT
from server import Launch, free_port

HIDDEN = 384
IDENTITY_SIZE = 64
_BACKENDS = ROOT / "bench/serving/backends"


@dataclasses.dataclass(frozen=True)
class Compute:
    """What an encoder runs and how it spreads that over the cores."""

    runs: int  # at once
    threads: int  # each
    model: pathlib.Path

    def __str__(self) -> str:
        return f"{self.runs} x {self.threads} threads"


def _environment(compute: Compute | None) -> dict[str, str]:
    environment = {"PYTHONPATH": str(_BACKENDS)}
    if compute:
        environment["SERVING_MODEL"] = str(compute.model)
        environment["SERVING_THREADS"] = str(compute.threads)
        environment["SERVING_RUNS"] = str(compute.runs)
    return environment


def _triton_config(model: str, compute: Compute | None) -> str:
    def tensors(kind: str, entries: list[tuple[str, str, list[int]]]) -> str:
        return "".join(
            f"{kind} {{ name: '{name}' data_type: TYPE_{datatype} dims: {dims} }}\n"
            for name, datatype, dims in entries
        )

    text = f"name: '{model}'\nbackend: 'python'\nmax_batch_size: 0\n"
    if model == "identity":
        text += tensors("input", [("INPUT0", "FP32", [-1, IDENTITY_SIZE])])
        text += tensors("output", [("OUTPUT0", "FP32", [-1, IDENTITY_SIZE])])
    else:
        text += tensors("input", [(name, "INT64", [-1, -1]) for name in INPUTS])
        text += tensors("output", [(OUTPUT, "FP32", [-1, HIDDEN])])
    count = compute.runs if compute else 1
    return text + f"instance_group {{ count: {count} kind: KIND_CPU }}\n"


def _launch_triton(
    python: pathlib.Path,
    model: str,
    compute: Compute | None,
    port: int,
    folder: pathlib.Path,
) -> Launch:
    version = folder / "models" / model / "1"
    version.mkdir(parents=True)
    shutil.copy(_BACKENDS / f"triton_{model}.py", version / "model.py")
    shutil.copy(_BACKENDS / "encoder.py", version)
    (version.parent / "config.pbtxt").write_text(_triton_config(model, compute), encoding="utf-8")
    (packages,) = python.parent.parent.glob("lib/python*/site-packages")
    triton = packages / "pytriton/tritonserver"
    # The Python backend starts the stub that lies beside it.
    shutil.copytree(triton / "backends", folder / "backends")
    number = packages.parent.name.removeprefix("python")
    stub = triton / "python_backend_stubs" / number / "triton_python_backend_stub"
    shutil.copy(stub, folder / "backends/python")
    environment = _environment(compute)
    # The stub's interpreter finds its modules by way of the python3 that is first in PATH.
    environment["PATH"] = os.pathsep.join([str(python.parent), os.environ["PATH"]])
    environment["LD_LIBRARY_PATH"] = str(packages / "nvidia_pytriton.libs")
    # The stub is linked with Python's library and must find the one of this environment.
    base = subprocess.check_output(
        [python, "-c", "import sysconfig; print(sysconfig.get_config_var('LIBDIR'))"], text=True
    ).strip()
    environment["LD_LIBRARY_PATH"] += os.pathsep + base
    command = [str(triton / "bin/tritonserver"), f"--model-repository={folder / 'models'}"]
    command += [f"--backend-directory={folder / 'backends'}", f"--grpc-port={port}"]
    command += ["--grpc-address=127.0.0.1", "--allow-http=false", "--allow-metrics=false"]
    return Launch(command, environment)


def _launch_mlserver(
    python: pathlib.Path,
    model: str,
    compute: Compute | None,
    port: int,
    folder: pathlib.Path,
) -> Launch:
    settings = {
        "host": "127.0.0.1",
        "grpc_port": port,
        "http_port": free_port(),
        "metrics_port": free_port(),
        # The model runs in the server's process: a pool of others costs more than it brings here.
        "parallel_workers": 0,
        "debug": False,
    }
    kind = {"identity": "IdentityModel", "encoder": "EncoderModel"}[model]
    model_settings = {"name": model, "implementation": f"mlserver_models.{kind}"}
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    (folder / "model-settings.json").write_text(json.dumps(model_settings), encoding="utf-8")
    command = [str(python.parent / "mlserver"), "start", str(folder)]
    return Launch(command, _environment(compute))


def _launch_kserve(
    python: pathlib.Path,
    model: str,
    compute: Compute | None,
    port: int,
    folder: pathlib.Path,
) -> Launch:
    command = [str(python), str(_BACKENDS / "kserve_server.py"), "--model_name", model]
    command += ["--grpc_port", str(port), "--http_port", str(free_port())]
    return Launch(command, _environment(compute))


LAUNCHES = {"triton": _launch_triton, "mlserver": _launch_mlserver, "kserve": _launch_kserve}
