# SPDX-License-Identifier: Apache-2.0
"""What a client sees of requests that are refused because of what else there is to do."""

from __future__ import annotations

import collections
import hashlib
import http.client
import json
import pathlib
from collections.abc import Iterator

import grpc
import pytest
from tritonclient.grpc import service_pb2, service_pb2_grpc

from metrics_page import samples, scrape, total
from server_process import ServerProcess


def infer_request(text: bytes = b"a few words") -> service_pb2.ModelInferRequest:
    request = service_pb2.ModelInferRequest(model_name="embed")
    tensor = request.inputs.add(name="text", datatype="BYTES", shape=[1])
    tensor.contents.bytes_contents.append(text)
    return request


@pytest.fixture
def start(server_binary: pathlib.Path, packages: pathlib.Path) -> Iterator:
    """start("--flag", "value") -> the server and a stub for it; ended with the test."""
    opened = []

    def start_one(*arguments: str, options: tuple = ()) -> tuple[ServerProcess, object]:
        store = ["--store", str(packages), "--store-read-only", "true"]
        server = ServerProcess(server_binary, [*store, *arguments])
        opened.append(server)
        server.__enter__()
        channel = grpc.insecure_channel(server.rpc_address, options=options)
        return server, service_pb2_grpc.GRPCInferenceServiceStub(channel)

    yield start_one
    for server in opened:
        server.__exit__(None, None, None)


@pytest.fixture
def tokens(tmp_path: pathlib.Path) -> pathlib.Path:
    """Of two clients, "one" and "two", which are also their tokens."""
    path = tmp_path / "tokens"
    path.write_text("".join(
        f"{name} infer sha256:{hashlib.sha256(name.encode()).hexdigest()}\n"
        for name in ("one", "two")))
    return path


def bearer(token: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {token}"),)


def code_over_http(server: ServerProcess, token: str) -> int:
    connection = http.client.HTTPConnection(server.http_address, timeout=60)
    body = {"inputs": [{"name": "text", "datatype": "BYTES", "shape": [1], "data": ["words"]}]}
    connection.request("POST", "/v2/models/embed/infer", json.dumps(body), dict(bearer(token)))
    status = connection.getresponse().status
    connection.close()
    return status


def trailers(error: grpc.RpcError) -> dict[str, str]:
    return {key: value for key, value in error.trailing_metadata()}


def test_a_client_beyond_its_rate_is_told_when_to_try_again(start) -> None:
    server, stub = start("--client-rate-requests", "1")
    stub.ModelInfer(infer_request())
    with pytest.raises(grpc.RpcError) as refused:
        for _ in range(100):  # more than a second's worth
            stub.ModelInfer(infer_request())
    assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "try again in" in refused.value.details()
    assert 1 <= int(trailers(refused.value)["retry-after-ms"]) <= 1000
    values = samples(scrape(server))
    assert total(values, "sta_rejected_total", model="embed", reason="rate_limited") >= 1


def test_a_rate_is_that_of_a_token_not_of_its_address(start, tokens) -> None:
    server, stub = start("--client-rate-requests", "1", "--tokens", str(tokens))
    # Over gRPC and HTTP together a client has one rate.
    over_http = [code_over_http(server, "one") for _ in range(100)]
    assert set(over_http) == {200, 429}
    with pytest.raises(grpc.RpcError) as refused:
        for _ in range(100):
            stub.ModelInfer(infer_request(), metadata=bearer("one"))
    assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    # The other one, from the same address, has not used its own.
    stub.ModelInfer(infer_request(), metadata=bearer("two"))


def test_a_share_of_the_queue_is_that_of_a_token_not_of_its_address(start, tokens) -> None:
    """One client keeps the queue full; the other one, on the same connection, finds room each time."""
    server, stub = start("--max-queue-requests", "8", "--overload-wait", "0",
                         "--tokens", str(tokens))
    flood = collections.deque(
        stub.ModelInfer.future(infer_request(b"word " * 500), metadata=bearer("one"))
        for _ in range(64))
    for _ in range(50):
        stub.ModelInfer(infer_request(), metadata=bearer("two"))
        while flood[0].done():
            flood.popleft()
            flood.append(
                stub.ModelInfer.future(infer_request(b"word " * 500), metadata=bearer("one")))
    for call in flood:
        call.cancel()
    values = samples(scrape(server))
    # That there was no room for all is known from what was refused, which was the first one's.
    assert sum(total(values, "sta_rejected_total", model="embed", reason=reason)
               for reason in ("queue_full", "displaced")) > 0


def test_retries_of_grpc_wait_as_long_as_they_are_told(start) -> None:
    policy = {
        "methodConfig": [
            {
                "name": [{"service": "inference.GRPCInferenceService"}],
                "retryPolicy": {
                    "maxAttempts": 5,
                    "initialBackoff": "0.001s",
                    "maxBackoff": "0.001s",
                    "backoffMultiplier": 1,
                    "retryableStatusCodes": ["RESOURCE_EXHAUSTED"],
                },
            }
        ]
    }
    server, stub = start(
        "--client-rate-requests", "2", options=(("grpc.service_config", json.dumps(policy)),)
    )
    # Five attempts within a few milliseconds would all be refused.
    for _ in range(5):
        stub.ModelInfer(infer_request(), timeout=60)
    values = samples(scrape(server))
    refused = total(values, "sta_rejected_total", model="embed", reason="rate_limited")
    assert 3 <= refused <= 6


def test_what_cannot_be_in_time_is_refused(start) -> None:
    server, stub = start()
    stub.ModelInfer(infer_request())
    request = infer_request()
    request.parameters["timeout"].int64_param = 1  # microsecond: over when it has been decoded
    with pytest.raises(grpc.RpcError) as late:
        stub.ModelInfer(request)
    assert late.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    values = samples(scrape(server))
    refused = [total(values, "sta_rejected_total", model="embed", reason=reason)
               for reason in ("too_late", "expired")]
    assert sum(refused) == 1
    stub.ModelInfer(infer_request(), timeout=60)


def test_a_request_beyond_the_memory_bound_is_refused(start) -> None:
    server, stub = start("--request-memory", "1MiB")
    stub.ModelInfer(infer_request())
    with pytest.raises(grpc.RpcError) as refused:
        stub.ModelInfer(infer_request(b"x" * (2 << 20)))
    assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "bytes of memory" in refused.value.details()
    # What it had has been given back.
    for _ in range(20):
        stub.ModelInfer(infer_request())
    values = samples(scrape(server))
    assert total(values, "sta_rejected_total", model="embed", reason="memory_full") == 1
