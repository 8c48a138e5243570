# SPDX-License-Identifier: Apache-2.0
"""Load generators that we did not write: perf_analyzer and ghz. Short runs; no figure is checked."""

import json
import os
import pathlib
import subprocess

import pytest

from metrics_page import samples, scrape, total
from server_process import ServerProcess

RUN_TIMEOUT_S = 120


@pytest.fixture(scope="module")
def run_perf_analyzer():
    """A function that runs it against a server and returns what it printed."""
    home = pathlib.Path(os.environ["STA_SYSTEM_CLIENTS"]) / "perf_analyzer"
    if not (home / "version").exists():
        pytest.skip("perf_analyzer is not there (pip could not get it)")

    def run(server, *arguments):
        finished = subprocess.run(
            [home / "perf_analyzer", "-i", "grpc", "-u", server.rpc_address]
            + ["-p", "200", "-s", "999", *arguments],
            env={**os.environ, "LD_LIBRARY_PATH": str(home / "nvidia/cuda_runtime/lib")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=RUN_TIMEOUT_S,
            check=False,
        )
        assert finished.returncode == 0, finished.stdout
        return finished.stdout

    return run


@pytest.fixture(scope="module")
def perf_analyzer(run_perf_analyzer, server, tmp_path_factory):
    """The same, on model `embed`."""
    data = tmp_path_factory.mktemp("perf_analyzer") / "data.json"
    data.write_text(json.dumps({"data": [{"text": ["hello world"]}, {"text": ["x"]}]}))
    return lambda *arguments: run_perf_analyzer(
        server, "-m", "embed", "--input-data", data, *arguments
    )


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


def test_perf_analyzer_through_shared_memory(
    run_perf_analyzer, server_binary, stactl, tmp_path
):
    """Tensors of a fixed size, which perf_analyzer must know before: those of a diagnostic model."""
    package = tmp_path / "store" / "identity" / "1"
    subprocess.run([stactl, "diagnostic", "identity", "--output", package], check=True)
    arguments = ["--store", str(tmp_path / "store"), "--allow-diagnostic-models"]
    with ServerProcess(server_binary, arguments) as server:
        printed = run_perf_analyzer(
            server, "-m", "identity", "--shared-memory", "system", "--concurrency-range", "2"
        )
        assert "Throughput:" in printed
        values = samples(scrape(server))
        assert total(values, "sta_requests_total", rpc="SystemSharedMemoryRegister", code="OK") >= 2
        assert total(values, "sta_requests_total", model="identity", code="OK") >= 1


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
