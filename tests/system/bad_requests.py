# SPDX-License-Identifier: Apache-2.0
"""ModelInfer requests that must be refused, each with the code and message that says why."""

from __future__ import annotations

import struct

import grpc
from tritonclient.grpc import service_pb2

INVALID = grpc.StatusCode.INVALID_ARGUMENT
NOT_FOUND = grpc.StatusCode.NOT_FOUND


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
    "unknown model": (
        request(text(b"x"), model="nobody"),
        NOT_FOUND,
        "model 'nobody' is not known; list the models with 'stactl model list'",
    ),
    "unknown version": (
        request(text(b"x"), version="77"),
        NOT_FOUND,
        "model 'embed' has no version 77; the newest is 2",
    ),
    "version is no number": (
        request(text(b"x"), version="0x1"),
        INVALID,
        "model version '0x1' is neither a positive number nor an alias; leave it empty for the "
        "default",
    ),
    "unknown alias": (
        request(text(b"x"), version="one"),
        NOT_FOUND,
        "model 'embed' has no alias 'one'",
    ),
    "empty model name": (
        request(text(b"x"), model=""),
        NOT_FOUND,
        "model '' is not known; list the models with 'stactl model list'",
    ),
    "no inputs": (
        request(),
        INVALID,
        "neither text nor input_ids is given; one of them is needed",
    ),
    "unknown input": (
        request(("tokens", "INT64", [1, 1], {"int64_contents": [1]})),
        INVALID,
        "unknown input 'tokens'; this model takes: text, text_pair, input_ids, "
        "attention_mask, token_type_ids",
    ),
    "text twice": (
        request(text(b"x"), text(b"y")),
        INVALID,
        "input 'text' is given twice",
    ),
    "text and ids": (
        request(text(b"x"), *ids(2, 3)),
        INVALID,
        "both text and input_ids are given; allowed: one of the two",
    ),
    "unknown output": (
        request(text(b"x"), outputs=["answer"]),
        INVALID,
        "unknown output 'answer'; this model gives: sentence_embedding, last_hidden_state",
    ),
    "output of another task": (
        request(text(b"x"), outputs=["logits"]),
        INVALID,
        "unknown output 'logits'; this model gives: sentence_embedding, last_hidden_state",
    ),
    "wrong dtype of text": (
        request(("text", "FP32", [1], {"fp32_contents": [1.0]})),
        INVALID,
        "text: datatype 'FP32'; allowed: BYTES",
    ),
    "wrong dtype of ids": (
        request(("input_ids", "FP32", [1, 1], {"fp32_contents": [1.0]})),
        INVALID,
        "input_ids: datatype 'FP32'; allowed: INT64, INT32",
    ),
    "unknown dtype": (
        request(("text", "STRING", [1], {"bytes_contents": [b"x"]})),
        INVALID,
        "text: datatype 'STRING'; allowed: BYTES",
    ),
    "wrong rank of ids": (
        request(("input_ids", "INT64", [2], {"int64_contents": [2, 3]})),
        INVALID,
        "input_ids: shape [2]; allowed: [rows,tokens]",
    ),
    "wrong rank of text": (
        request(("text", "BYTES", [1, 1, 1], {"bytes_contents": [b"x"]})),
        INVALID,
        "text: shape [1,1,1]; allowed: [rows] or [rows,1]",
    ),
    "no shape": (
        request(("text", "BYTES", [], {"bytes_contents": [b"x"]})),
        INVALID,
        "text: shape []; allowed: [rows] or [rows,1]",
    ),
    "negative dimension": (
        request(("text", "BYTES", [-1], {"bytes_contents": [b"x"]})),
        INVALID,
        "text: shape [-1] has a negative dimension; allowed: 0 and above",
    ),
    "shape overflows": (
        request(("input_ids", "INT64", [4, 2**62], {"int64_contents": [2]})),
        INVALID,
        "input_ids: shape [4,4611686018427387904] is too large",
    ),
    "zero rows": (
        request(("text", "BYTES", [0])),
        INVALID,
        "text: zero rows; at least one is needed",
    ),
    "zero columns": (
        request(("input_ids", "INT64", [1, 0])),
        INVALID,
        "input_ids: shape [1,0] has no tokens; a row needs at least one",
    ),
    "fewer typed elements than the shape says": (
        request(("text", "BYTES", [2], {"bytes_contents": [b"x"]})),
        INVALID,
        "text: contents.bytes_contents has 1 elements, but shape [2] has 2",
    ),
    "typed contents in another field": (
        request(("input_ids", "INT64", [1, 1], {"int_contents": [2]})),
        INVALID,
        "input_ids: datatype INT64 has its elements in contents.int64_contents, but another "
        "field is filled",
    ),
    "raw ids of a wrong size": (
        request(("input_ids", "INT64", [1, 2]), raw=[b"\0" * 15]),
        INVALID,
        "input_ids: raw contents have 15 bytes, but shape [1,2] of INT64 has 16",
    ),
    "raw text cut short": (
        request(("text", "BYTES", [1]), raw=[struct.pack("<I", 100) + b"x"]),
        INVALID,
        "text: element 0 has length 100, but only 1 bytes of the raw contents are left",
    ),
    "raw text with bytes left over": (
        request(("text", "BYTES", [1]), raw=[raw_bytes(b"x", b"y")]),
        INVALID,
        "text: 5 bytes are left in the raw contents after the last of 1 elements",
    ),
    "fewer raw entries than inputs": (
        request(("input_ids", "INT64", [1, 1]), ("attention_mask", "INT64", [1, 1]),
            raw=[int64s(2)]),
        INVALID,
        "raw_input_contents has 1 entries for 2 inputs; allowed: one an input, in the same order",
    ),
    "more raw entries than inputs": (
        request(("text", "BYTES", [1]), raw=[raw_bytes(b"x"), raw_bytes(b"y")]),
        INVALID,
        "raw_input_contents has 2 entries for 1 inputs; allowed: one an input, in the same order",
    ),
    "raw and typed mixed": (
        request(text(b"x"), raw=[raw_bytes(b"x")]),
        INVALID,
        "text: typed contents and raw_input_contents are mixed; allowed: one of the two for "
        "all inputs",
    ),
    "invalid UTF-8": (
        request(text(b"good", b"bad \xff\xfe")),
        INVALID,
        "text[1]: text is not valid UTF-8 at byte 4",
    ),
    "overlong UTF-8": (
        request(text(b"\xc0\xaf")),
        INVALID,
        "text[0]: text is not valid UTF-8 at byte 0",
    ),
    "surrogate in UTF-8": (
        request(text(b"\xed\xa0\x80")),
        INVALID,
        "text[0]: text is not valid UTF-8 at byte 0",
    ),
    "id beyond the vocabulary": (
        request(*ids(2, 1_000_000, 3)),
        INVALID,
        "input_ids[0,1]: id 1000000 is outside the vocabulary; allowed: 0 to 95",
    ),
    "negative id": (
        request(*ids(2, -1, 3)),
        INVALID,
        "input_ids[0,1]: id -1 is outside the vocabulary; allowed: 0 to 95",
    ),
    "id of 64 bits": (
        request(*ids(2, 2**40, 3)),
        INVALID,
        "input_ids[0,1]: id 1099511627776 is outside the vocabulary; allowed: 0 to 95",
    ),
    "ids over the model's positions": (
        request(*ids(*([5] * 5000))),
        INVALID,
        "input_ids[0]: length 5000 is over this model's 64 positions",
    ),
    "mask with a hole": (
        request(*ids(2, 5, 6, 3, mask=[1, 0, 1, 1])),
        INVALID,
        "attention_mask[0,2]: a 1 after a 0; allowed: ones for the tokens, then zeros for the"
        " padding",
    ),
    "mask of zeros": (
        request(*ids(2, 5, 3, mask=[0, 0, 0])),
        INVALID,
        "attention_mask[0]: all zeros; a row needs at least one token",
    ),
    "mask that is neither 0 nor 1": (
        request(*ids(2, 5, 3, mask=[1, 2, 0])),
        INVALID,
        "attention_mask[0,1]: value 2; allowed: 0, 1",
    ),
    "mask of another shape": (
        request(*ids(2, 5, 3, mask=[1, 1])),
        INVALID,
        "attention_mask: shape [1,2], but input_ids has [1,3]",
    ),
    "mask without ids": (
        request(("attention_mask", "INT64", [1, 1], {"int64_contents": [1]})),
        INVALID,
        "neither text nor input_ids is given; one of them is needed",
    ),
}
