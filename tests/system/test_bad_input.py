# SPDX-License-Identifier: Apache-2.0
"""What the server says to bad requests: code and message, over the wire, and that it lives on."""

from __future__ import annotations

import grpc
import pytest
from tritonclient.grpc import service_pb2

from bad_requests import CASES, INVALID, NOT_FOUND, request, text


def refused(stub, message):
    with pytest.raises(grpc.RpcError) as error:
        stub.ModelInfer(message)
    return error.value.code(), error.value.details()


@pytest.mark.parametrize("name", CASES)
def test_answers_with_code_and_message(stub, name):
    message, code, details = CASES[name]
    assert refused(stub, message) == (code, details)


def test_ten_thousand_rows_are_refused(stub):
    rows = [b"row %d" % row for row in range(10_000)]
    assert refused(stub, request(text(*rows))) == (
        INVALID,
        "text: 10000 rows are over this server's limit of 4096 rows a request; "
        "send several requests",
    )


def test_a_message_of_100_mb_is_refused(stub):
    message = request(text(b"x" * 100_000_000))
    assert refused(stub, message) == (
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        f"Received message larger than max ({message.ByteSize()} vs. {64 << 20})",
    )
    assert stub.ServerLive(service_pb2.ServerLiveRequest()).live


def test_metadata_of_an_unknown_model_is_not_found(stub):
    with pytest.raises(grpc.RpcError) as error:
        stub.ModelMetadata(service_pb2.ModelMetadataRequest(name="nobody"))
    assert (error.value.code(), error.value.details()) == (
        NOT_FOUND,
        "model 'nobody' is not known; list the models with 'stactl model list'",
    )


def test_bytes_that_are_no_message_do_not_stop_the_server(channel, stub):
    call = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
    with pytest.raises(grpc.RpcError):
        call(b"\xff" * 100)
    assert stub.ServerLive(service_pb2.ServerLiveRequest()).live


def test_an_unknown_method_is_unimplemented(channel):
    call = channel.unary_unary("/inference.GRPCInferenceService/Nothing")
    with pytest.raises(grpc.RpcError) as error:
        call(b"")
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_long_text_is_cut_not_refused(stub):
    """Text is truncated where the tokenizer's configuration says, the last token kept."""
    limit = 64  # of make_tiny_package's models
    answers = [
        stub.ModelInfer(request(text(words), outputs=["last_hidden_state"]))
        for words in (b"hello " * (limit - 2), b"hello " * 3000)
    ]
    assert answers[1].outputs[0].shape[1] == limit
    assert answers[0].raw_output_contents == answers[1].raw_output_contents
