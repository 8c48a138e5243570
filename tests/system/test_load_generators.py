# SPDX-License-Identifier: Apache-2.0
"""Load generators that we did not write: perf_analyzer and ghz. Short runs; no figure is checked."""

import json
import os
import pathlib
import subprocess

import pytest

RUN_TIMEOUT_S = 120


@pytest.fixture(scope="module")
def perf_analyzer(server, tmp_path_factory):
    """A function that runs it on model `embed` and returns what it printed."""
    home = pathlib.Path(os.environ["STA_SYSTEM_CLIENTS"]) / "perf_analyzer"
    if not (home / "version").exists():
        pytest.skip("perf_analyzer is not there (pip could not get it)")
    data = tmp_path_factory.mktemp("perf_analyzer") / "data.json"
    data.write_text(json.dumps({"data": [{"text": ["hello world"]}, {"text": ["x"]}]}))

    def run(*arguments, expected=0):
        finished = subprocess.run(
            [home / "perf_analyzer", "-m", "embed", "-i", "grpc", "-u", server.rpc_address]
            + ["--input-data", data, "-p", "200", "-s", "999", *arguments],
            env={**os.environ, "LD_LIBRARY_PATH": str(home / "nvidia/cuda_runtime/lib")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=RUN_TIMEOUT_S,
            check=False,
        )
        assert finished.returncode == expected, finished.stdout
        return finished.stdout

    return run


@pytest.mark.parametrize(
    "arguments",
    [
        ("--concurrency-range", "1:2"),
        ("--async", "--concurrency-range", "4"),
        ("--streaming", "--concurrency-range", "4"),
        ("--request-rate-range", "50"),
        ("-b", "4"),
        ("--grpc-compression-algorithm", "gzip"),
    ],
    ids=lambda arguments: arguments[0].strip("-"),
)
def test_perf_analyzer(perf_analyzer, arguments):
    printed = perf_analyzer(*arguments)
    assert "Throughput:" in printed
    # It believes the statistics that the server tells.
    assert "Inference count:" in printed
    assert "Failed" not in printed and "error" not in printed.lower().replace("std error", "")


def test_ghz_needs_no_proto_file(server):
    ghz = pathlib.Path(os.environ["STA_SYSTEM_CLIENTS"]) / "bin" / "ghz"
    if not ghz.exists():
        pytest.skip("ghz is not there (no Go to build it with)")
    request = {
        "model_name": "embed",
        "inputs": [
            {
                "name": "text",
                "datatype": "BYTES",
                "shape": [1],
                "contents": {"bytes_contents": ["aGVsbG8="]},
            }
        ],
    }
    finished = subprocess.run(
        [ghz, "--insecure", "--call", "inference.GRPCInferenceService.ModelInfer"]
        + ["-d", json.dumps(request), "-n", "50", "-c", "4", "-O", "json", server.rpc_address],
        capture_output=True,
        text=True,
        timeout=RUN_TIMEOUT_S,
        check=True,
    )
    report = json.loads(finished.stdout)
    assert report["statusCodeDistribution"] == {"OK": 50}
