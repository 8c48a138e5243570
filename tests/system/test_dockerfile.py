# SPDX-License-Identifier: Apache-2.0
"""The Dockerfile has what the build reads; that it is built in earnest is scripts/test-deploy.sh's."""

from __future__ import annotations

import pathlib
import re

import pytest


@pytest.fixture(scope="module")
def folders(repository: pathlib.Path) -> list[str]:
    """Of the product: what the build enters without tests."""
    text = (repository / "CMakeLists.txt").read_text()
    return re.findall(r"^add_subdirectory\((\w+)\)", text, re.MULTILINE)


def test_the_build_has_folders(folders):
    assert {"accel", "server"} <= set(folders)
    assert "tests" not in folders


def test_each_is_sent_to_the_builder(repository, folders):
    sent = {
        line.removeprefix("!") for line in (repository / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }  # fmt: skip
    assert set(folders) - sent == set()


def test_each_is_copied_into_the_image(repository, folders):
    copied = re.findall(
        r"^COPY (\w+) \1/$", (repository / "Dockerfile").read_text(), re.MULTILINE
    )
    assert set(folders) - set(copied) == set()
