# SPDX-License-Identifier: Apache-2.0
"""How each server is started with each model, and what it is asked.

Every peer that has to compute gets two forms: one run at a time on all cores, and a run a core on
one thread each. The better one counts, at each number of callers. Ours gets texts and tokenizes
them; peers, whose models begin with token ids, get the ids of the same texts.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import pathlib
import shutil
import subprocess

import numpy as np
from material import Material
from peer_launches import IDENTITY_SIZE, LAUNCHES, Compute
from server import Contender, Launch

PEERS = ("triton", "mlserver", "kserve")
_TITLES = {"ours": "ours", "triton": "Triton", "mlserver": "MLServer", "kserve": "KServe"}
# Integers cost far less than this; wrong weights or tokens far more.
_LEAST_COSINE = 0.8
_SAME = 0.999999


def _forms(model: pathlib.Path) -> list[Compute]:
    cores = len(os.sched_getaffinity(0))
    return [Compute(*form, model) for form in sorted({(1, cores), (cores, 1)})]


@dataclasses.dataclass(frozen=True)
class Programs:
    """What is installed: our build folder, and peers' environments by name."""

    build: pathlib.Path
    environments: dict[str, pathlib.Path]

    @property
    def stactl(self) -> pathlib.Path:
        """Our command line, which is the client of every server."""
        return self.build / "client/stactl"


def _launch_ours(
    programs: Programs, model: str, package: pathlib.Path, port: int, folder: pathlib.Path
) -> Launch:
    (folder / "store" / model).mkdir(parents=True)
    shutil.copytree(package, folder / "store" / model / "1")
    command = [str(programs.build / "server/sta-server"), "--store", str(folder / "store")]
    command += ["--listen", f"127.0.0.1:{port}", "--metrics", "127.0.0.1:0", "--http-listen", "off"]
    if model == "identity":
        command += ["--allow-diagnostic-models"]
    return Launch(command)


def _make_identity(programs: Programs, work: pathlib.Path) -> pathlib.Path:
    package = work / "identity"
    shutil.rmtree(package, ignore_errors=True)
    command = [str(programs.stactl), "diagnostic", "identity", "--output", str(package)]
    command += ["--tensor", f"FP32:{IDENTITY_SIZE}", "--max-batch-size", "8"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return package


def identity_contenders(programs: Programs, work: pathlib.Path) -> list[Contender]:
    """What serving costs apart from computing: FP32 [1,64] there and back."""
    values = [float(index) for index in range(IDENTITY_SIZE)]
    tensor = {"name": "INPUT0", "datatype": "FP32", "shape": [1, IDENTITY_SIZE], "data": values}
    package = _make_identity(programs, work)
    launches = {"ours": functools.partial(_launch_ours, programs, "identity", package)}
    for peer, python in programs.environments.items():
        launches[peer] = functools.partial(LAUNCHES[peer], python, "identity", None)
    return [
        Contender(
            name=_TITLES[peer],
            peer=peer,
            model="identity",
            launch=launch,
            requests=["--tensor", f"INPUT0:FP32:1,{IDENTITY_SIZE}"],
            first_request=json.dumps({"inputs": [tensor]}),
            reference=np.array(values),
            least_cosine=_SAME,
        )
        for peer, launch in launches.items()
    ]


def _our_encoder(programs: Programs, material: Material, pattern: str) -> Contender:
    text = material.texts.read_text(encoding="utf-8").splitlines()[0]
    tensor = {"name": "text", "datatype": "BYTES", "shape": [1], "data": [text]}
    return Contender(
        name=f"ours {pattern}",
        peer=f"ours {pattern}",
        model="minilm",
        launch=functools.partial(_launch_ours, programs, "minilm", material.packages[pattern]),
        requests=["--file", str(material.texts)],
        first_request=json.dumps({"inputs": [tensor]}),
        reference=material.references[pattern],
        least_cosine=_LEAST_COSINE,
    )


def encoder_contenders(programs: Programs, material: Material) -> list[Contender]:
    """all-MiniLM-L6-v2: ours with each pattern, peers with ONNX Runtime int8."""
    contenders = [_our_encoder(programs, material, pattern) for pattern in material.packages]
    first = material.id_requests.read_text(encoding="utf-8").splitlines()[0]
    for peer, python in programs.environments.items():
        for form in _forms(material.onnx_int8):
            contenders.append(
                Contender(
                    name=f"{_TITLES[peer]}, {form}",
                    peer=peer,
                    model="encoder",
                    launch=functools.partial(LAUNCHES[peer], python, "encoder", form),
                    requests=["--request-file", str(material.id_requests)],
                    first_request=first,
                    reference=material.references["dense"],
                    least_cosine=_LEAST_COSINE,
                )
            )
    return contenders
