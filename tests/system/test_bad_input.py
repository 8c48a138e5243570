# SPDX-License-Identifier: Apache-2.0
"""What the server says to bad requests: code and message, over the wire, and that it lives on."""

from __future__ import annotations

import struct

import grpc
import pytest
from tritonclient.grpc import service_pb2

INVALID = grpc.StatusCode.INVALID_ARGUMENT


def raw_bytes(*texts: bytes) -> bytes:
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)


def int64s(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}q", *values)


def request(*inputs, model="embed", version="", raw=None, outputs=()):
    """`inputs`: (name, datatype, shape[, {field of contents: values}])."""
    message = service_pb2.ModelInferRequest(model_name=model, model_version=version)
    for name, datatype, shape, *contents in inputs:
        tensor = message.inputs.add(name=name, datatype=datatype, shape=shape)
        for field, values in contents[0].items() if contents else ():
            getattr(tensor.contents, field).extend(values)
    for name in outputs:
        message.outputs.add(name=name)
    message.raw_input_contents.extend(raw or [])
    return message


def text(*texts: bytes):
    return ("text", "BYTES", [len(texts)], {"bytes_contents": texts})


def ids(*values: int, mask=None):
    tensors = [("input_ids", "INT64", [1, len(values)], {"int64_contents": values})]
    if mask is not None:
        tensors.append(
            ("attention_mask", "INT64", [1, len(mask)], {"int64_contents": mask})
        )
    return tensors


# name: (request, code, message)
CASES = {
    "unknown model": (request(text(b"x"), model="nobody"), grpc.StatusCode.NOT_FOUND, "?"),
    "unknown version": (request(text(b"x"), version="77"), grpc.StatusCode.NOT_FOUND, "?"),
    "version is no number": (request(text(b"x"), version="one"), INVALID, "?"),
    "empty model name": (request(text(b"x"), model=""), INVALID, "?"),
    "no inputs": (request(), INVALID, "?"),
    "unknown input": (
        request(("tokens", "INT64", [1, 1], {"int64_contents": [1]})), INVALID, "?"),
    "text twice": (request(text(b"x"), text(b"y")), INVALID, "?"),
    "text and ids": (request(text(b"x"), *ids(2, 3)), INVALID, "?"),
    "unknown output": (request(text(b"x"), outputs=["answer"]), INVALID, "?"),
    "output of another task": (request(text(b"x"), outputs=["logits"]), INVALID, "?"),
    "wrong dtype of text": (
        request(("text", "FP32", [1], {"fp32_contents": [1.0]})), INVALID, "?"),
    "wrong dtype of ids": (
        request(("input_ids", "FP32", [1, 1], {"fp32_contents": [1.0]})), INVALID, "?"),
    "unknown dtype": (request(("text", "STRING", [1], {"bytes_contents": [b"x"]})), INVALID, "?"),
    "wrong rank of ids": (
        request(("input_ids", "INT64", [2], {"int64_contents": [2, 3]})), INVALID, "?"),
    "wrong rank of text": (
        request(("text", "BYTES", [1, 1, 1], {"bytes_contents": [b"x"]})), INVALID, "?"),
    "no shape": (request(("text", "BYTES", [], {"bytes_contents": [b"x"]})), INVALID, "?"),
    "negative dimension": (
        request(("text", "BYTES", [-1], {"bytes_contents": [b"x"]})), INVALID, "?"),
    "shape overflows": (
        request(("input_ids", "INT64", [2**62, 2**62], {"int64_contents": [2]})), INVALID, "?"),
    "zero rows": (request(("text", "BYTES", [0])), INVALID, "?"),
    "zero columns": (request(("input_ids", "INT64", [1, 0])), INVALID, "?"),
    "fewer typed elements than the shape says": (
        request(("text", "BYTES", [2], {"bytes_contents": [b"x"]})), INVALID, "?"),
    "typed contents in another field": (
        request(("input_ids", "INT64", [1, 1], {"int_contents": [2]})), INVALID, "?"),
    "raw ids of a wrong size": (
        request(("input_ids", "INT64", [1, 2]), raw=[b"\0" * 15]), INVALID, "?"),
    "raw text cut short": (
        request(("text", "BYTES", [1]), raw=[struct.pack("<I", 100) + b"x"]), INVALID, "?"),
    "raw text with bytes left over": (
        request(("text", "BYTES", [1]), raw=[raw_bytes(b"x", b"y")]), INVALID, "?"),
    "fewer raw entries than inputs": (
        request(("input_ids", "INT64", [1, 1]), ("attention_mask", "INT64", [1, 1]),
                raw=[int64s(2)]), INVALID, "?"),
    "more raw entries than inputs": (
        request(("text", "BYTES", [1]), raw=[raw_bytes(b"x"), raw_bytes(b"y")]), INVALID, "?"),
    "raw and typed mixed": (request(text(b"x"), raw=[raw_bytes(b"x")]), INVALID, "?"),
    "invalid UTF-8": (request(text(b"good", b"bad \xff\xfe")), INVALID, "?"),
    "overlong UTF-8": (request(text(b"\xc0\xaf")), INVALID, "?"),
    "surrogate in UTF-8": (request(text(b"\xed\xa0\x80")), INVALID, "?"),
    "id beyond the vocabulary": (request(*ids(2, 1_000_000, 3)), INVALID, "?"),
    "negative id": (request(*ids(2, -1, 3)), INVALID, "?"),
    "id of 64 bits": (request(*ids(2, 2**40, 3)), INVALID, "?"),
    "ids over the model's positions": (request(*ids(*([5] * 5000))), INVALID, "?"),
    "mask with a hole": (request(*ids(2, 5, 6, 3, mask=[1, 0, 1, 1])), INVALID, "?"),
    "mask of zeros": (request(*ids(2, 5, 3, mask=[0, 0, 0])), INVALID, "?"),
    "mask that is neither 0 nor 1": (request(*ids(2, 5, 3, mask=[1, 2, 0])), INVALID, "?"),
    "mask of another shape": (request(*ids(2, 5, 3, mask=[1, 1])), INVALID, "?"),
    "mask without ids": (
        request(("attention_mask", "INT64", [1, 1], {"int64_contents": [1]})), INVALID, "?"),
}


@pytest.mark.parametrize("name", CASES)
def test_answers_with_code_and_message(stub, name):
    message, code, text_of_error = CASES[name]
    with pytest.raises(grpc.RpcError) as error:
        stub.ModelInfer(message)
    assert (error.value.code(), error.value.details()) == (code, text_of_error)


def test_ten_thousand_rows_are_refused_or_answered_whole(stub):
    rows = [b"row %d" % row for row in range(10_000)]
    with pytest.raises(grpc.RpcError) as error:
        stub.ModelInfer(request(text(*rows)))
    assert (error.value.code(), error.value.details()) == (INVALID, "?")


def test_a_message_of_100_mb_is_refused(stub):
    with pytest.raises(grpc.RpcError) as error:
        stub.ModelInfer(request(text(b"x" * 100_000_000)))
    assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_metadata_of_an_unknown_model_is_not_found(stub):
    with pytest.raises(grpc.RpcError) as error:
        stub.ModelMetadata(service_pb2.ModelMetadataRequest(name="nobody"))
    assert (error.value.code(), error.value.details()) == (grpc.StatusCode.NOT_FOUND, "?")


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
    """Text beyond the model's limit is truncated: what lies beyond changes nothing."""
    long = b"hello " * 3000
    answers = [
        stub.ModelInfer(request(text(words))) for words in (long, long + b"something else")
    ]
    assert answers[0].raw_output_contents == answers[1].raw_output_contents
