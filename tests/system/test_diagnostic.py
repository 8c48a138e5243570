# SPDX-License-Identifier: Apache-2.0
"""Models without weights: Triton's Python client, unmodified, and stactl."""

from __future__ import annotations

import json
import pathlib
import queue
import shutil
import signal
import subprocess
import threading

import grpc
import numpy
import pytest
import tritonclient.grpc as triton
from tritonclient.utils import triton_to_np_dtype

from metrics_page import samples, scrape, total
from server_process import ServerProcess

DATATYPES = ["BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64"]
DATATYPES += ["FP16", "FP32", "FP64", "BYTES"]


def make(stactl: pathlib.Path, output: pathlib.Path, *arguments: str) -> None:
    subprocess.run([stactl, "diagnostic", *arguments, "--output", output], check=True)


@pytest.fixture(scope="module")
def store(stactl, packages, tmp_path_factory) -> pathlib.Path:
    path = tmp_path_factory.mktemp("diagnostic")
    make(stactl, path / "identity" / "1", "identity")
    make(stactl, path / "simple" / "1", "add_sub", "--max-batch-size", "8")
    make(stactl, path / "simple_string" / "1", "add_sub", "--tensor", "BYTES:16")
    make(stactl, path / "slow" / "1", "identity", "--tensor", "INT8:-1", "--delay", "30s")
    every = [f"--tensor={datatype}:-1,2" for datatype in DATATYPES]
    make(stactl, path / "every" / "1", "identity", "--max-batch-size", "4", *every)
    shutil.copytree(packages / "embed", path / "embed")
    return path


@pytest.fixture(scope="module")
def server(server_binary, store):
    arguments = ["--store", str(store), "--store-read-only", "--allow-diagnostic-models"]
    with ServerProcess(server_binary, arguments) as process:
        yield process


@pytest.fixture(scope="module")
def client(server):
    with triton.InferenceServerClient(server.rpc_address) as opened:
        yield opened


def tensor(name: str, values: numpy.ndarray, datatype: str) -> triton.InferInput:
    made = triton.InferInput(name, list(values.shape), datatype)
    made.set_data_from_numpy(values)
    return made


def test_identity(client):
    values = numpy.random.default_rng(1).standard_normal(64).astype(numpy.float32)
    answer = client.infer("identity", [tensor("INPUT0", values, "FP32")], request_id="seven")
    assert answer.get_response().id == "seven"
    assert answer.get_response().model_version == "1"
    assert numpy.array_equal(answer.as_numpy("OUTPUT0"), values)


def test_every_datatype(client):
    random = numpy.random.default_rng(2)
    inputs = []
    expected = []
    for place, datatype in enumerate(DATATYPES):
        shape = (3, place, 2)  # also an empty one
        if datatype == "BYTES":
            values = numpy.array([bytes(random.bytes(n % 5)) for n in range(6 * place)], object)
            values = values.reshape(shape)
        else:
            dtype = triton_to_np_dtype(datatype)
            values = random.integers(0, 2, shape).astype(dtype)
        inputs.append(tensor(f"INPUT{place}", values, datatype))
        expected.append(values)
    answer = client.infer("every", inputs)
    for place, values in enumerate(expected):
        assert numpy.array_equal(answer.as_numpy(f"OUTPUT{place}"), values), DATATYPES[place]


@pytest.mark.parametrize("batch", [1, 8])
def test_simple_adds_and_subtracts(client, batch):
    a = numpy.arange(16 * batch, dtype=numpy.int32).reshape(batch, 16)
    b = numpy.full((batch, 16), 3, dtype=numpy.int32)
    answer = client.infer("simple", [tensor("INPUT0", a, "INT32"), tensor("INPUT1", b, "INT32")])
    assert numpy.array_equal(answer.as_numpy("OUTPUT0"), a + b)
    assert numpy.array_equal(answer.as_numpy("OUTPUT1"), a - b)


def test_simple_string_adds_decimals(client):
    a = numpy.array([str(n).encode() for n in range(16)], dtype=object)
    b = numpy.array([b"1"] * 16, dtype=object)
    answer = client.infer(
        "simple_string", [tensor("INPUT0", a, "BYTES"), tensor("INPUT1", b, "BYTES")]
    )
    assert [int(n) for n in answer.as_numpy("OUTPUT0")] == [n + 1 for n in range(16)]
    assert [int(n) for n in answer.as_numpy("OUTPUT1")] == [n - 1 for n in range(16)]


def test_metadata_tells_the_declared_tensors(client):
    simple = client.get_model_metadata("simple")
    assert simple.platform == "sta_diagnostic"
    assert [(t.name, t.datatype, list(t.shape)) for t in simple.inputs] == [
        ("INPUT0", "INT32", [-1, 16]),
        ("INPUT1", "INT32", [-1, 16]),
    ]
    assert [(t.name, t.datatype, list(t.shape)) for t in simple.outputs] == [
        ("OUTPUT0", "INT32", [-1, 16]),
        ("OUTPUT1", "INT32", [-1, 16]),
    ]
    identity = client.get_model_metadata("identity")
    assert [list(t.shape) for t in identity.inputs] == [[64]]


def test_what_does_not_fit_is_refused(client):
    a = numpy.zeros((9, 16), dtype=numpy.int32)
    with pytest.raises(triton.InferenceServerException) as error:
        client.infer("simple", [tensor("INPUT0", a, "INT32"), tensor("INPUT1", a, "INT32")])
    assert error.value.status() == str(grpc.StatusCode.INVALID_ARGUMENT)
    assert error.value.message() == "INPUT0: shape [9,16]; allowed: [1..8,16]"


def test_a_deadline_before_the_end_of_the_delay_is_refused_at_once(client):
    values = numpy.zeros(3, dtype=numpy.int8)
    with pytest.raises(triton.InferenceServerException) as error:
        client.infer("slow", [tensor("INPUT0", values, "INT8")], client_timeout=25)
    assert error.value.status() == str(grpc.StatusCode.DEADLINE_EXCEEDED)
    # The server's own word: 25 seconds have not passed.
    assert "before the end of this model's delay of 30s" in error.value.message()


def test_a_cancelled_request_is_let_go(client, server):
    answers: queue.Queue = queue.Queue()
    values = numpy.zeros(3, dtype=numpy.int8)
    call = client.async_infer(
        "slow",
        [tensor("INPUT0", values, "INT8")],
        lambda result, error: answers.put(error),
    )
    call.cancel()
    assert answers.get(timeout=20) is not None
    # Other requests, with devices and without, go on beside one that waits.
    test_identity(client)


def test_encoders_go_on_beside_them(client):
    texts = numpy.array([b"hello"], dtype=object)
    answer = client.infer("embed", [tensor("text", texts, "BYTES")])
    assert answer.as_numpy("sentence_embedding").shape[0] == 1


def test_they_count_in_metrics(client, server):
    test_identity(client)
    values = samples(scrape(server))
    assert total(values, "sta_requests_total", model="identity", code="OK") >= 1
    assert total(values, "sta_phase_duration_seconds_count", model="identity") >= 3


def test_stactl_lists_and_shows_them(stactl, server):
    def run(*arguments: str) -> str:
        return subprocess.run(
            [stactl, *arguments, "--server", server.rpc_address],
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    models = {m["name"]: m for m in json.loads(run("model", "list", "--json"))["models"]}
    assert models["simple"]["task"] == "add_sub"
    assert models["identity"]["state"] == "READY"
    shown = run("model", "show", "simple")
    assert "INPUT0 INT32[-1,16]" in shown
    assert "operation: add_sub" in shown
    assert "right" in run("model", "verify", "simple")


def test_is_refused_where_it_is_not_allowed(server_binary, stactl, store, tmp_path):
    own = tmp_path / "store"
    make(stactl, own / "identity" / "1", "identity")
    with ServerProcess(server_binary, ["--store", str(own)]) as process:
        with triton.InferenceServerClient(process.rpc_address) as opened:
            assert not opened.is_server_ready()
            index = opened.get_model_repository_index().models
            assert "--allow-diagnostic-models" in index[0].reason
        upload = subprocess.run(
            [stactl, "model", "upload", store / "simple" / "1", "--name", "simple"]
            + ["--server", process.rpc_address],
            capture_output=True,
            text=True,
            check=False,
        )
        assert upload.returncode == 1
        assert "takes no diagnostic models" in upload.stderr


def test_is_uploaded_named_and_drained(server_binary, stactl, store, tmp_path):
    own = tmp_path / "store"
    own.mkdir()
    make(stactl, tmp_path / "late", "identity", "--tensor", "INT8:-1", "--delay", "1s")
    arguments = ["--store", str(own), "--allow-diagnostic-models"]
    with ServerProcess(server_binary, arguments) as process:
        subprocess.run(
            [stactl, "model", "upload", tmp_path / "late", "--alias", "prod"]
            + ["--server", process.rpc_address],
            check=True,
        )
        with triton.InferenceServerClient(process.rpc_address) as opened:
            values = numpy.arange(5, dtype=numpy.int8)
            answers: list = []

            def ask() -> None:
                made = tensor("INPUT0", values, "INT8")
                answers.append(opened.infer("late", [made], model_version="prod"))

            asking = threading.Thread(target=ask)
            asking.start()
            while total(samples(scrape(process)), "sta_queue_depth_requests", model="late") < 1:
                pass
            process.signal(signal.SIGTERM)
            asking.join()
            assert numpy.array_equal(answers[0].as_numpy("OUTPUT0"), values)
        assert process.wait() == 0
