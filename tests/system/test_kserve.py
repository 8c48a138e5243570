# SPDX-License-Identifier: Apache-2.0
"""KServe's InferenceGRPCClient, unmodified: raw tensors and typed contents."""

import asyncio
import json
import subprocess

import grpc
import kserve
import numpy
import pytest

TEXTS = ["hello world", "a much longer sentence than the others, with many words in it", "x"]


def ask(server, question):
    """What the coroutine function `question` makes of a client, on a loop of its own."""

    async def run():
        async with kserve.InferenceGRPCClient(server.rpc_address) as client:
            return await question(client)

    return asyncio.run(run())


def text_request(binary, model="embed"):
    tensor = kserve.InferInput("text", [len(TEXTS)], "BYTES")
    texts = numpy.array([text.encode() for text in TEXTS], dtype=object)
    tensor.set_data_from_numpy(texts, binary_data=binary)
    return kserve.InferRequest(model_name=model, infer_inputs=[tensor])


def test_liveness_and_readiness(server):
    assert ask(server, lambda client: client.is_server_live())
    assert ask(server, lambda client: client.is_server_ready())
    assert ask(server, lambda client: client.is_model_ready("embed"))
    assert not ask(server, lambda client: client.is_model_ready("nobody"))


@pytest.mark.parametrize("binary", [True, False])
def test_embeds_texts(server, stactl, binary):
    answer = ask(server, lambda client: client.infer(text_request(binary)))
    (output,) = answer.outputs
    assert output.name == "sentence_embedding"
    ours = subprocess.run(
        [stactl, "embed", "--server", server.rpc_address, "--model", "embed", "--json", *TEXTS],
        capture_output=True, text=True, check=True,
    )
    rows = [json.loads(line)["embedding"] for line in ours.stdout.splitlines()]
    assert numpy.array_equal(output.as_numpy(), numpy.array(rows, dtype=numpy.float32))


def test_embeds_ids(server):
    ids = numpy.array([[2, 7, 8, 3]], dtype=numpy.int64)
    answers = []
    for binary in (True, False):
        tensor = kserve.InferInput("input_ids", [1, 4], "INT64")
        tensor.set_data_from_numpy(ids, binary_data=binary)
        request = kserve.InferRequest(model_name="embed", infer_inputs=[tensor])
        answers.append(ask(server, lambda client: client.infer(request)).outputs[0].as_numpy())
    assert numpy.linalg.norm(answers[0]) == pytest.approx(1.0, abs=1e-5)
    assert numpy.array_equal(answers[0], answers[1])


def test_an_unknown_model_is_not_found(server):
    with pytest.raises(grpc.RpcError) as error:
        ask(server, lambda client: client.infer(text_request(True, model="nobody")))
    assert error.value.code() == grpc.StatusCode.NOT_FOUND
