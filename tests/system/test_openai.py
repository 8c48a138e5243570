# SPDX-License-Identifier: Apache-2.0
"""OpenAI's embeddings API with OpenAI's Python client, unmodified."""

from __future__ import annotations

import base64
import hashlib
import pathlib
from collections.abc import Iterator

import numpy
import openai
import pytest
import tritonclient.grpc as triton

from server_process import ServerProcess

TEXTS = ["hello world", "a much longer sentence than the others", "ü"]


def client_of(server: ServerProcess, key: str = "none") -> openai.OpenAI:
    return openai.OpenAI(base_url=f"http://{server.http_address}/v1", api_key=key, max_retries=0)


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[openai.OpenAI]:
    with client_of(server) as opened:
        yield opened


@pytest.fixture(scope="module")
def expected(server: ServerProcess) -> numpy.ndarray:
    """The rows over gRPC."""
    tensor = triton.InferInput("text", [len(TEXTS)], "BYTES")
    tensor.set_data_from_numpy(numpy.array([t.encode() for t in TEXTS], dtype=object))
    with triton.InferenceServerClient(server.rpc_address) as opened:
        return opened.infer("embed", [tensor]).as_numpy("sentence_embedding")


@pytest.mark.parametrize("form", [openai.NOT_GIVEN, "float", "base64"])
def test_embeddings_are_those_of_grpc(client, expected, form):
    answer = client.embeddings.create(model="embed", input=TEXTS, encoding_format=form)
    assert answer.object == "list"
    assert answer.model == "embed"
    assert [item.index for item in answer.data] == [0, 1, 2]
    assert answer.usage.prompt_tokens == answer.usage.total_tokens > len(TEXTS)
    for row, item in zip(expected, answer.data):
        if form == "base64":  # as it came; otherwise the client has decoded it
            got = numpy.frombuffer(base64.b64decode(item.embedding), numpy.float32)
        else:
            got = numpy.array(item.embedding, numpy.float32)
        assert numpy.array_equal(got, row)


def test_one_text_a_version_and_dimensions(client, expected):
    answer = client.embeddings.create(
        model="embed:2", input=TEXTS[0], dimensions=expected.shape[1], encoding_format="float")
    assert numpy.array_equal(numpy.array(answer.data[0].embedding, numpy.float32), expected[0])


def test_models(client):
    assert sorted(model.id for model in client.models.list()) == ["classify", "embed"]
    assert client.models.retrieve("embed").owned_by == "sta-server"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nobody")


@pytest.mark.parametrize(
    "arguments, error, param",
    [
        ({"model": "nobody", "input": "x"}, openai.NotFoundError, None),
        ({"model": "classify", "input": "x"}, openai.BadRequestError, None),
        ({"model": "embed", "input": []}, openai.BadRequestError, "input"),
        ({"model": "embed", "input": [1, 2, 3]}, openai.BadRequestError, "input"),
        ({"model": "embed", "input": "x", "dimensions": 7}, openai.BadRequestError, "dimensions"),
        ({"model": "embed", "input": ["x"] * 5000}, openai.BadRequestError, None),
    ],
)
def test_errors(client, arguments, error, param):
    with pytest.raises(error) as raised:
        client.embeddings.create(**arguments)
    assert raised.value.body["message"]
    assert raised.value.param == param


def test_tokens_are_api_keys(
    server_binary: pathlib.Path, packages: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("".join(
        f"{role} {role} sha256:{hashlib.sha256(role.encode()).hexdigest()}\n"
        for role in ("infer", "upload")))
    arguments = ["--store", str(packages), "--store-read-only", "true", "--tokens", str(tokens)]
    with ServerProcess(server_binary, arguments) as server:
        with client_of(server, "infer") as client:
            assert client.embeddings.create(model="embed", input="x").data
        with client_of(server, "upload") as client:
            assert client.models.list().data
            with pytest.raises(openai.PermissionDeniedError):
                client.embeddings.create(model="embed", input="x")
        with client_of(server, "wrong") as client:
            with pytest.raises(openai.AuthenticationError):
                client.embeddings.create(model="embed", input="x")


def test_the_client_is_told_when_to_try_again(server_binary, packages):
    arguments = ["--store", str(packages), "--store-read-only", "true",
                 "--client-rate-requests", "1"]
    with ServerProcess(server_binary, arguments) as server, client_of(server) as client:
        with pytest.raises(openai.RateLimitError) as raised:
            for _ in range(10):
                client.embeddings.create(model="embed", input="x")
        assert int(raised.value.response.headers["retry-after-ms"]) > 0
