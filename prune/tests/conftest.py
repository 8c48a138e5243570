# SPDX-License-Identifier: Apache-2.0
import os
import pathlib

import pytest
import tiny
import torch

from sta_prune.checkpoint import Model, read_model

# CMakeLists.txt beside the package gives ctest the same number.
SOMETHING_SKIPPED = 77


def pytest_configure() -> None:
    # Small tensors: more threads only wait for each other.
    torch.set_num_threads(1)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """ctest shows a run with a skipped test as skipped: what was not tested is never silent."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if (
        "STA_PRUNE_CTEST" in os.environ
        and exitstatus == pytest.ExitCode.OK
        and reporter.stats.get("skipped")
    ):
        session.exitstatus = SOMETHING_SKIPPED


@pytest.fixture(scope="session")
def repository() -> pathlib.Path:
    return pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def tiny_directory(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return tiny.write_tiny_model(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture
def tiny_model(tiny_directory: pathlib.Path) -> Model:
    return read_model(tiny_directory)
