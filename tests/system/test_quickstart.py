# SPDX-License-Identifier: Apache-2.0
"""scripts/quickstart.sh on the real model, with the programs of this build."""

import os
import pathlib
import re
import socket
import subprocess

import pytest


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.usefixtures("minilm")
def test_quickstart_once(repository, stactl, tmp_path):
    build = pathlib.Path(stactl).parents[1]
    done = subprocess.run(
        [
            repository / "scripts/quickstart.sh", "--once", "--bin", build,
            "--work", tmp_path / "work", "--port", str(free_port()),
            "--metrics-port", str(free_port()),
        ],
        capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [
        [float(value) for value in re.findall(r"-?\d\.\d+", line)]
        for line in done.stdout.splitlines()
    ]
    matrix = [row for row in rows if len(row) == 6]
    assert len(matrix) == 6, done.stdout
    # The sentences come in three pairs: each is most like its partner.
    for place, row in enumerate(matrix):
        others = [value if column != place else -1 for column, value in enumerate(row)]
        assert others.index(max(others)) == place ^ 1, done.stdout
