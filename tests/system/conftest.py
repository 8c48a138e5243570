# SPDX-License-Identifier: Apache-2.0
"""What the system tests share: paths of the programs, a store of tiny packages, a running server.

CMake passes paths in environment variables; see CMakeLists.txt beside this file.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
from collections.abc import Iterator

import grpc
import pytest

from server_process import ServerProcess

# No import of tritonclient or kserve here: both register the messages of package `inference`, so a
# process can have only one of the two.


# CMakeLists.txt beside this file gives ctest the same number.
SOMETHING_SKIPPED = 77
# scripts/fetch_model.sh --help
CANNOT_DOWNLOAD = 3


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Makes ctest show a file with a skipped test as skipped: what was not tested is never silent."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == pytest.ExitCode.OK and reporter.stats.get("skipped"):
        session.exitstatus = SOMETHING_SKIPPED


def program(variable: str) -> pathlib.Path:
    path = pathlib.Path(os.environ[variable])
    assert path.exists(), f"{variable} names {path}, which is not there"
    return path


@pytest.fixture(scope="session")
def server_binary() -> pathlib.Path:
    return program("STA_SERVER")


@pytest.fixture(scope="session")
def stactl() -> pathlib.Path:
    return program("STACTL")


@pytest.fixture(scope="session")
def repository() -> pathlib.Path:
    return pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def minilm(repository: pathlib.Path) -> pathlib.Path:
    """The Hugging Face directory of all-MiniLM-L6-v2; skips where it cannot be downloaded."""
    fetched = subprocess.run(
        [repository / "scripts/fetch_model.sh"], capture_output=True, text=True, check=False
    )
    if fetched.returncode == CANNOT_DOWNLOAD:
        pytest.skip(fetched.stderr.splitlines()[-1])
    assert fetched.returncode == 0, fetched.stderr
    return pathlib.Path(fetched.stdout.strip())


def go_program(name: str) -> pathlib.Path:
    path = pathlib.Path(os.environ["STA_SYSTEM_CLIENTS"]) / "bin" / name
    if not path.exists():
        pytest.skip(f"{name} is not there (no Go to build it with)")
    return path


@pytest.fixture(scope="session")
def promtool() -> pathlib.Path:
    path = shutil.which("promtool") or pathlib.Path(os.environ["STA_SYSTEM_CLIENTS"]) / "bin/promtool"
    if not pathlib.Path(path).exists():
        pytest.skip("promtool is not there (Debian package prometheus)")
    return pathlib.Path(path)


@pytest.fixture(scope="session")
def grpcurl() -> pathlib.Path:
    return go_program("grpcurl")


@pytest.fixture(scope="session")
def health_probe() -> pathlib.Path:
    return go_program("grpc-health-probe")


@pytest.fixture(scope="session")
def kustomize() -> pathlib.Path:
    return go_program("kustomize")


@pytest.fixture(scope="session")
def compose() -> pathlib.Path:
    return go_program("compose")


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A store: `embed` (sentence embedding, versions 1 and 2) and `classify`, with random weights."""
    store = tmp_path_factory.mktemp("store")
    make = program("STA_MAKE_TINY_PACKAGE")
    for name, version, task, seed in (
        ("embed", 1, "sentence_embedding", 1),
        ("embed", 2, "sentence_embedding", 2),
        ("classify", 1, "sequence_classification", 3),
    ):
        (store / name).mkdir(exist_ok=True)
        subprocess.run(
            [make, "--output", store / name / str(version), "--task", task, "--seed", str(seed)],
            check=True,
        )
    return store


@pytest.fixture
def own_store(packages: pathlib.Path, tmp_path: pathlib.Path) -> pathlib.Path:
    """A copy of the store that a test may damage."""
    return pathlib.Path(shutil.copytree(packages, tmp_path / "store"))


@pytest.fixture(scope="session")
def server(server_binary: pathlib.Path, packages: pathlib.Path) -> Iterator[ServerProcess]:
    """One server for all tests that only ask. It shares the store with those of other tests."""
    arguments = ["--store", str(packages), "--store-read-only", "true"]
    with ServerProcess(server_binary, arguments) as process:
        yield process


@pytest.fixture(scope="session")
def channel(server: ServerProcess) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(server.rpc_address) as opened:
        yield opened


@pytest.fixture(scope="session")
def stub(channel: grpc.Channel):
    """Triton's generated client of the Open Inference Protocol."""
    from tritonclient.grpc import service_pb2_grpc

    return service_pb2_grpc.GRPCInferenceServiceStub(channel)
