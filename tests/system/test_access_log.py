# SPDX-License-Identifier: Apache-2.0
"""The access log and the traces that callers name, with gRPC's own client."""

import grpc
import pytest
from tritonclient.grpc import service_pb2, service_pb2_grpc

from server_process import ServerProcess

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE_ID}-b7ad6b7169203331-01"
SECRET = "nobody may read this in the log"


def text_request(model="embed", request_id="", texts=(SECRET,)):
    request = service_pb2.ModelInferRequest(model_name=model, id=request_id)
    tensor = request.inputs.add(name="text", datatype="BYTES", shape=[len(texts)])
    tensor.contents.bytes_contents.extend(text.encode() for text in texts)
    return request


def ask(stub, request, *traceparents):
    """Code and trailing sta-trace-id of a ModelInfer."""
    metadata = [("traceparent", value) for value in traceparents]
    try:
        _, call = stub.ModelInfer.with_call(request, metadata=metadata)
    except grpc.RpcError as error:
        call = error
    return call.code(), dict(call.trailing_metadata()).get("sta-trace-id")


@pytest.fixture(scope="module")
def lines_of(server_binary, packages):
    """Has `questions` ask a server of its own; returns what it was told, and the log's lines."""

    def run(questions, *arguments):
        store = ["--store", str(packages), "--store-read-only", "true"]
        with ServerProcess(server_binary, [*store, *arguments]) as server:
            with grpc.insecure_channel(server.rpc_address) as channel:
                told = questions(service_pb2_grpc.GRPCInferenceServiceStub(channel))
        assert SECRET not in server.log()
        return told, [event for event in server.events() if event["event"] == "request"]

    return run


def test_every_request_has_a_line(lines_of):
    def questions(stub):
        requests = (text_request(request_id=str(number)) for number in range(2))
        stream = stub.ModelStreamInfer(requests, metadata=[("traceparent", TRACEPARENT)])
        assert [answer.infer_response.id for answer in stream] == ["0", "1"]
        return [
            ask(stub, text_request(request_id="first", texts=["a", "b"]), TRACEPARENT),
            ask(stub, text_request()),
            ask(stub, text_request(), TRACEPARENT.upper()),
            ask(stub, text_request(model="n" * 1000)),
        ]

    told, lines = lines_of(questions, "--access-log", "1")
    assert len(lines) == 6
    assert {line["trace_id"] for line in lines[:2]} == {TRACE_ID}
    assert {line["rpc"] for line in lines[:2]} == {"ModelStreamInfer"}
    assert [trace_id for _, trace_id in told] == [line["trace_id"] for line in lines[2:]]
    first, plain, invalid, unknown = lines[2:]

    assert told[0] == (grpc.StatusCode.OK, TRACE_ID)
    assert first["parent_span_id"] == "b7ad6b7169203331"
    assert (first["rpc"], first["model"], first["version"]) == ("ModelInfer", "embed", 2)
    assert (first["code"], first["client"]) == ("OK", "ipv4:127.0.0.1")
    assert (first["request_id"], first["rows"]) == ("first", 2)
    assert first["tokens"] > first["rows"]
    parts = [first[f"{part}_us"] for part in ("input", "queue", "compute", "output")]
    assert 0 < sum(parts) <= first["total_us"] + len(parts)

    assert plain["trace_id"] not in (TRACE_ID, "") and plain["parent_span_id"] == ""
    assert invalid["trace_id"] not in (TRACE_ID, plain["trace_id"], "")
    assert told[3][0] == grpc.StatusCode.NOT_FOUND
    assert (unknown["code"], unknown["model"]) == ("NOT_FOUND", "n" * 128)
    assert (unknown["version"], unknown["tokens"]) == (0, 0)


def test_a_share_of_the_requests_has_a_line(lines_of):
    def questions(stub):
        return [ask(stub, text_request()) for _ in range(200)]

    told, lines = lines_of(questions, "--access-log", "0.5")
    # Beyond 6 standard deviations of 200 coins, either way, once in 500 million runs.
    assert 57 < len(lines) < 143
    logged = [trace_id for _, trace_id in told if trace_id is not None]
    assert logged == [line["trace_id"] for line in lines]


def test_there_are_no_lines_unless_asked_for(lines_of):
    def questions(stub):
        return [
            ask(stub, text_request()),
            ask(stub, text_request(model="nobody")),
            ask(stub, text_request(), TRACEPARENT),
        ]

    told, lines = lines_of(questions)
    assert lines == []
    assert [trace_id for _, trace_id in told] == [None, None, TRACE_ID]
