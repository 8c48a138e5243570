# SPDX-License-Identifier: Apache-2.0
"""The metrics page: parses, counts requests by code, uses base units."""

import subprocess

import grpc
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tritonclient.grpc import service_pb2, service_pb2_grpc

from metrics_page import samples, scrape, total
from server_process import ServerProcess


def test_counts_what_was_asked(server_binary, packages):
    with ServerProcess(server_binary, ["--store", str(packages)]) as server:
        before = samples(scrape(server))
        assert total(before, "sta_requests_total", rpc="ModelInfer") == 0
        with grpc.insecure_channel(server.rpc_address) as channel:
            stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
            request = service_pb2.ModelInferRequest(model_name="embed")
            tensor = request.inputs.add(name="text", datatype="BYTES", shape=[2])
            tensor.contents.bytes_contents.extend([b"hello", b"world"])
            for _ in range(3):
                stub.ModelInfer(request)
            request.model_name = "client-made-name"
            with pytest.raises(grpc.RpcError):
                stub.ModelInfer(request)
        page = scrape(server)
        after = samples(page)
        assert total(after, "sta_requests_total", model="embed", code="OK") == 3
        assert total(after, "sta_requests_total", code="NOT_FOUND") == 1
        assert total(after, "sta_request_duration_seconds_count", model="embed") >= 3
        assert total(after, "sta_batch_tokens_count") >= 1
        # A label never holds what a client made up.
        assert "client-made-name" not in page


def test_every_family_is_ours_documented_and_in_base_units(server):
    for family in text_string_to_metric_families(scrape(server)):
        assert family.documentation, family.name
        assert family.name.startswith(("sta_", "exposer_", "process_")), family.name
        assert not family.name.endswith(("_us", "_ms", "_ns", "_kb", "_mb")), family.name


def test_promtool_finds_nothing(server, promtool):
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=scrape(server), capture_output=True, text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
