# SPDX-License-Identifier: Apache-2.0
"""The six RPCs through Triton's Python client, unmodified."""

import asyncio

import grpc
import numpy
import pytest
import tritonclient.grpc as triton
import tritonclient.grpc.aio as triton_aio
from tritonclient.grpc import service_pb2

TEXTS = ["hello world", "a much longer sentence than the others, with many words in it", "", "x"]


@pytest.fixture(scope="module")
def client(server):
    with triton.InferenceServerClient(server.rpc_address) as opened:
        yield opened


def text_input(texts):
    tensor = triton.InferInput("text", [len(texts)], "BYTES")
    tensor.set_data_from_numpy(numpy.array([t.encode() for t in texts], dtype=object))
    return tensor


def id_inputs(rows, datatype):
    """input_ids and attention_mask, rows padded with zeros at the end."""
    dtype = triton_dtype(datatype)
    width = max(len(row) for row in rows)
    ids = numpy.zeros((len(rows), width), dtype)
    mask = numpy.zeros((len(rows), width), dtype)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = row
        mask[place, : len(row)] = 1
    inputs = []
    for name, values in (("input_ids", ids), ("attention_mask", mask)):
        tensor = triton.InferInput(name, list(values.shape), datatype)
        tensor.set_data_from_numpy(values)
        inputs.append(tensor)
    return inputs


def triton_dtype(datatype):
    return {"INT64": numpy.int64, "INT32": numpy.int32}[datatype]


def test_liveness_and_readiness(client):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("embed")
    assert client.is_model_ready("embed", "2")


@pytest.mark.parametrize(
    "name, version", [("nobody", ""), ("embed", "1"), ("embed", "x"), ("", ""), ("../x", "")]
)
def test_a_model_that_is_not_there_is_not_ready(client, name, version):
    assert not client.is_model_ready(name, version)


def test_server_metadata(client):
    metadata = client.get_server_metadata()
    assert metadata.name == "sta-server"
    assert metadata.version
    assert list(metadata.extensions) == [
        "classification",
        "logging",
        "model_configuration",
        "model_repository",
        "schedule_policy",
        "statistics",
        "system_shared_memory",
        "sta.v1.Devices",
        "sta.v1.ModelStore",
    ]


def test_model_metadata(client):
    metadata = client.get_model_metadata("embed")
    assert metadata.name == "embed"
    assert "2" in metadata.versions
    inputs = {t.name: (t.datatype, list(t.shape)) for t in metadata.inputs}
    assert inputs["text"] == ("BYTES", [-1, 1])
    assert inputs["input_ids"] == ("INT64", [-1, -1])
    outputs = {t.name: (t.datatype, list(t.shape)) for t in metadata.outputs}
    datatype, shape = outputs["sentence_embedding"]
    assert datatype == "FP32"
    assert shape[0] == -1 and shape[1] > 0


def test_embeds_texts_of_different_lengths(client):
    answer = client.infer("embed", [text_input(TEXTS)], request_id="seven")
    together = answer.as_numpy("sentence_embedding")
    assert answer.get_response().id == "seven"
    assert answer.get_response().model_version == "2"
    assert together.dtype == numpy.float32
    assert numpy.linalg.norm(together, axis=1) == pytest.approx(1.0, abs=1e-5)
    for place, text in enumerate(TEXTS):
        alone = client.infer("embed", [text_input([text])]).as_numpy("sentence_embedding")
        # The arithmetic is integer and nothing is padded: company does not change a bit.
        assert numpy.array_equal(alone[0], together[place])


@pytest.mark.parametrize("datatype", ["INT64", "INT32"])
def test_embeds_ids_of_different_lengths(client, datatype):
    rows = [[2, 7, 8, 3], [2, 9, 3], [2, 10, 11, 12, 13, 14, 3]]
    together = client.infer("embed", id_inputs(rows, datatype)).as_numpy("sentence_embedding")
    for place, row in enumerate(rows):
        alone = client.infer("embed", id_inputs([row], datatype)).as_numpy("sentence_embedding")
        assert numpy.array_equal(alone[0], together[place])


def test_the_newest_version_is_served(client):
    answers = [client.infer("embed", [text_input(["hello"])], model_version=v) for v in ("", "2")]
    assert [answer.get_response().model_version for answer in answers] == ["2", "2"]
    with pytest.raises(triton.InferenceServerException) as error:
        client.infer("embed", [text_input(["hello"])], model_version="1")
    assert error.value.status() == str(grpc.StatusCode.FAILED_PRECONDITION)
    assert error.value.message() == (
        "model 'embed' version 1 is not loaded; 'stactl model load' loads it"
    )


def test_classifies(client):
    wanted = [triton.InferRequestedOutput(name) for name in ("logits", "probabilities", "label")]
    answer = client.infer("classify", [text_input(["hello", "world"])], outputs=wanted)
    logits = answer.as_numpy("logits")
    probabilities = answer.as_numpy("probabilities")
    assert logits.shape == probabilities.shape
    assert probabilities.sum(axis=1) == pytest.approx(1.0, abs=1e-5)
    exponents = numpy.exp(logits - logits.max(axis=1, keepdims=True))
    assert probabilities == pytest.approx(
        exponents / exponents.sum(axis=1, keepdims=True), abs=1e-5
    )
    labels = answer.as_numpy("label")
    assert labels.shape == (2,)
    assert all(isinstance(label, bytes) and label for label in labels)


def test_typed_and_raw_inputs_give_the_same(client, stub):
    request = service_pb2.ModelInferRequest(model_name="embed")
    request.inputs.add(name="text", datatype="BYTES", shape=[2]).contents.bytes_contents.extend(
        [b"hello world", b"x"]
    )
    typed = stub.ModelInfer(request)
    raw = client.infer("embed", [text_input(["hello world", "x"])])
    assert typed.raw_output_contents == raw.get_response().raw_output_contents


def test_unknown_parameters_are_let_pass(client):
    plain = client.infer("embed", [text_input(["hello"])]).as_numpy("sentence_embedding")
    answer = client.infer(
        "embed", [text_input(["hello"])], priority=3, timeout=10_000_000, parameters={"mine": "x"}
    )
    assert numpy.array_equal(plain, answer.as_numpy("sentence_embedding"))


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_compressed_messages(client, algorithm):
    answer = client.infer("embed", [text_input(TEXTS)], compression_algorithm=algorithm)
    assert answer.as_numpy("sentence_embedding").shape[0] == len(TEXTS)


def test_async_infer(client, server):
    async def ask(address):
        async with triton_aio.InferenceServerClient(address) as aio:
            answers = await asyncio.gather(
                *(aio.infer("embed", [text_input([text])]) for text in TEXTS * 8)
            )
            return [answer.as_numpy("sentence_embedding")[0] for answer in answers]

    expected = client.infer("embed", [text_input(TEXTS)]).as_numpy("sentence_embedding")
    got = asyncio.run(ask(server.rpc_address))
    for place, vector in enumerate(got):
        assert numpy.array_equal(vector, expected[place % len(TEXTS)])


def test_a_deadline_that_has_passed_is_deadline_exceeded(client):
    with pytest.raises(triton.InferenceServerException) as error:
        # gRPC rounds up to a millisecond, which a single short text may not take.
        client.infer("embed", [text_input(["hello " * 60] * 4000)], client_timeout=1e-6)
    assert error.value.status() == str(grpc.StatusCode.DEADLINE_EXCEEDED)
