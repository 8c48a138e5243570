# SPDX-License-Identifier: Apache-2.0
"""What the tests of scripts/test-deploy.sh share; it passes paths in environment variables."""

from __future__ import annotations

import os
import pathlib
import shutil
import sys

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests/system"))


@pytest.fixture(scope="session")
def repository() -> pathlib.Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def work() -> pathlib.Path:
    return pathlib.Path(os.environ["STA_DEPLOY_WORK"])


@pytest.fixture(scope="session")
def stactl() -> pathlib.Path:
    """The image's, run on the host."""
    return pathlib.Path(os.environ["STACTL"])


@pytest.fixture
def store(tmp_path: pathlib.Path) -> pathlib.Path:
    """An empty folder that the image's user may write to."""
    folder = tmp_path / "store"
    folder.mkdir()
    shutil.chown(folder, 10001, 10001)
    for parent in [tmp_path, *tmp_path.parents]:
        if parent.stat().st_uid == 0 and parent != pathlib.Path("/"):
            parent.chmod(parent.stat().st_mode | 0o055)
    return folder
