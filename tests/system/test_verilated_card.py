# SPDX-License-Identifier: Apache-2.0
"""A server whose only device is a card behind XRT, the circuit itself or, for long texts, its model in
C++: its answers are the emulator's bits."""

import json
import pathlib
import subprocess
from collections.abc import Callable

import grpc
import pytest
from tritonclient.grpc import service_pb2, service_pb2_grpc

from conftest import program
from metrics_page import samples, scrape, total
from server_process import ServerProcess

# A request each, of one text or several. They are short: the circuit is a simulation.
REQUESTS = (
    ["A cat sleeps on the warm window sill."],
    ["Hello", "The stock market fell sharply on Monday."],
)
# Of up to about 300 tokens: more than a simulation can be asked for.
LONG_REQUESTS = (
    ["The committee met again on Thursday to discuss the bridge over the northern canal. " * 20],
    ["A cat sleeps. " * 30, "Hello", "The stock market fell sharply on Monday. " * 9],
)
CARD = "xrt:0"
# The array that accel/rtl/dv/simulated_array.h has made a circuit of; no other can be loaded.
XCLBIN = {
    "array": "8x8x8",
    "activation-rows": 512,
    "residual-beats": 1024,
    "key-value-tiles": 1024,
    "max-sequence-tokens": 128,
    "max-channels": 1024,
    "memory-mb": 256,
}


Starter = Callable[[pathlib.Path], ServerProcess]


def starter(
    server_binary, stactl, directory: pathlib.Path, body: str, xclbin_options, max_batch_tokens: int
) -> Starter:
    """What starts a server of a store on one card alone. It warms models up with batches of up to
    `max_batch_tokens`, and a long one takes minutes where it is simulated."""
    spec = directory / "cards.json"
    spec.write_text(json.dumps({"directory": str(directory / "cards"), "cards": [{"body": body}]}))
    xclbin = directory / "sta.xclbin"
    sizes = [f"--{name}={value}" for name, value in xclbin_options.items()]
    subprocess.run([stactl, "xclbin", "make", *sizes, "-o", xclbin], check=True)
    # A simulated run takes longer than any that does not hang on a card.
    options = [
        "--devices", CARD, "--xclbin", str(xclbin), "--card-timeout", "5m",
        "--max-batch-tokens", str(max_batch_tokens),
        "--xrt-shim", str(program("STA_VIRTUAL_XRT")),
    ]  # fmt: skip

    def start(store: pathlib.Path) -> ServerProcess:
        return ServerProcess(
            server_binary,
            ["--store", str(store), *options],
            environment={"STA_VIRTUAL_CARDS": str(spec)},
        )

    return start


@pytest.fixture(scope="module")
def start_on_card(server_binary, stactl, tmp_path_factory) -> Starter:
    return starter(server_binary, stactl, tmp_path_factory.mktemp("card"), "verilated", XCLBIN, 40)


@pytest.fixture(scope="module")
def start_on_functional_card(server_binary, stactl, tmp_path_factory) -> Starter:
    directory = tmp_path_factory.mktemp("functional")
    return starter(server_binary, stactl, directory, "functional", {"array": "16x16x8"}, 400)


@pytest.fixture(scope="module")
def minilm_store(stactl, repository, minilm, tmp_path_factory) -> pathlib.Path:
    store = tmp_path_factory.mktemp("store")
    (store / "minilm").mkdir()
    subprocess.run(
        [
            stactl, "convert", "--model", minilm, "--output", store / "minilm/1",
            "--pattern", "4:8", "--sentences", "32",
            "--calibrate", repository / "scripts/data/calibration-wiki-600.txt",
        ],
        check=True,
    )  # fmt: skip
    return store


def answers(server: ServerProcess, model: str, device: str, requests) -> list[bytes]:
    """The raw outputs of all requests, which `device` has computed."""
    outputs: list[bytes] = []
    with server, grpc.insecure_channel(server.rpc_address) as channel:
        before = samples(scrape(server))
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        for texts in requests:
            request = service_pb2.ModelInferRequest(model_name=model)
            tensor = request.inputs.add(name="text", datatype="BYTES", shape=[len(texts)])
            tensor.contents.bytes_contents.extend(text.encode() for text in texts)
            outputs.extend(stub.ModelInfer(request).raw_output_contents)
        after = samples(scrape(server))
    batches = [
        total(page, "sta_device_batches_total", device=device) for page in (before, after)
    ]
    assert batches[1] - batches[0] >= len(requests)
    assert total(after, "sta_device_failures_total") == 0, server.log()
    return outputs


def expect_the_emulators_bits(server_binary, start_on_card, store, model, requests=REQUESTS):
    emulator = ServerProcess(server_binary, ["--store", str(store), "--devices", "emulator"])
    expected = answers(emulator, model, "emulator", requests)
    assert len(expected) == len(requests) and all(expected)
    assert answers(start_on_card(store), model, CARD, requests) == expected


def test_random_weights(server_binary, start_on_card, packages):
    expect_the_emulators_bits(server_binary, start_on_card, packages, "embed")


def test_minilm(server_binary, start_on_card, minilm_store):
    expect_the_emulators_bits(server_binary, start_on_card, minilm_store, "minilm")


def test_minilm_long_texts_on_a_functional_card(
    server_binary, start_on_functional_card, minilm_store
):
    expect_the_emulators_bits(
        server_binary, start_on_functional_card, minilm_store, "minilm", LONG_REQUESTS
    )
