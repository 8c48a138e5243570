# SPDX-License-Identifier: Apache-2.0
"""HTTP: the Open Inference Protocol's REST form with Triton's client, and by hand."""

from __future__ import annotations

import http.client
import json
import pathlib
import signal
import socket
import threading
from collections.abc import Iterator

import numpy
import pytest
import tritonclient.grpc as triton_grpc
import tritonclient.http as triton

from metrics_page import samples, scrape, total
from server_process import ServerProcess

TEXTS = ["hello world", "a much longer sentence than the others", "", "ü"]


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[triton.InferenceServerClient]:
    with triton.InferenceServerClient(server.http_address) as opened:
        yield opened


def ask(
    server: ServerProcess, method: str, path: str, body: bytes | str = b"",
    headers: dict[str, str] | None = None,
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(server.http_address, timeout=60)
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    answer = response.status, response.read()
    connection.close()
    return answer


def text_input(texts: list[str], binary: bool) -> triton.InferInput:
    tensor = triton.InferInput("text", [len(texts)], "BYTES")
    tensor.set_data_from_numpy(
        numpy.array([t.encode() for t in texts], dtype=object), binary_data=binary
    )
    return tensor


def over_grpc(server: ServerProcess, texts: list[str], output: str) -> numpy.ndarray:
    tensor = triton_grpc.InferInput("text", [len(texts)], "BYTES")
    tensor.set_data_from_numpy(numpy.array([t.encode() for t in texts], dtype=object))
    with triton_grpc.InferenceServerClient(server.rpc_address) as opened:
        return opened.infer("embed", [tensor]).as_numpy(output)


def infer_body(texts: list[str]) -> str:
    return json.dumps({"inputs": [
        {"name": "text", "datatype": "BYTES", "shape": [len(texts)], "data": texts}]})


def test_liveness_and_readiness(client, server):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("embed")
    assert client.is_model_ready("embed", "2")
    assert not client.is_model_ready("nobody")
    assert not client.is_model_ready("embed", "1")
    assert ask(server, "GET", "/healthz") == (200, b"ok\n")


def test_metadata_configuration_and_statistics(client):
    metadata = client.get_server_metadata()
    assert metadata["name"] == "sta-server"
    assert "binary_tensor_data" in metadata["extensions"]
    model = client.get_model_metadata("embed")
    assert model["versions"] == ["2"]
    assert model["inputs"][0] == {"name": "text", "datatype": "BYTES", "shape": [-1, 1]}
    assert client.get_model_config("embed")["max_batch_size"] == 4096
    statistics = client.get_inference_statistics("embed")["model_stats"]
    assert [entry["version"] for entry in statistics] == ["2"]
    names = {entry["name"] for entry in client.get_inference_statistics()["model_stats"]}
    assert names == {"embed", "classify"}


@pytest.mark.parametrize("binary_input", [True, False])
@pytest.mark.parametrize("binary_output", [True, False])
def test_answers_are_those_of_grpc(client, server, binary_input, binary_output):
    expected = over_grpc(server, TEXTS, "sentence_embedding")
    wanted = [triton.InferRequestedOutput("sentence_embedding", binary_data=binary_output)]
    answer = client.infer("embed", [text_input(TEXTS, binary_input)], outputs=wanted,
                          request_id="7")
    assert answer.get_response()["id"] == "7"
    assert answer.get_response()["model_version"] == "2"
    assert numpy.array_equal(answer.as_numpy("sentence_embedding"), expected)


def test_default_outputs_labels_and_classes(client):
    answer = client.infer("classify", [text_input(TEXTS, True)])
    assert answer.as_numpy("label").shape == (len(TEXTS),)
    best = [triton.InferRequestedOutput("logits", binary_data=False, class_count=1)]
    classes = client.infer("classify", [text_input(TEXTS, False)], outputs=best)
    assert [text.count(":") for text in classes.as_numpy("logits").flatten()] == [2] * len(TEXTS)


def test_ids_in_both_forms(client, server):
    ids = numpy.array([[5, 6, 7], [8, 9, 0]], numpy.int64)
    mask = numpy.array([[1, 1, 1], [1, 1, 0]], numpy.int64)
    answers = []
    for binary in (True, False):
        inputs = []
        for name, values in (("input_ids", ids), ("attention_mask", mask)):
            tensor = triton.InferInput(name, list(values.shape), "INT64")
            # One of them raw: the server brings both into one form.
            tensor.set_data_from_numpy(values, binary_data=binary and name == "input_ids")
            inputs.append(tensor)
        answers.append(client.infer("embed", inputs).as_numpy("sentence_embedding"))
    assert numpy.array_equal(*answers)


def test_status_page(client, server):
    """The page is whole without a script, and its JSON says the same."""
    client.infer("embed", [text_input(["x"], True)])
    connection = http.client.HTTPConnection(server.http_address, timeout=60)
    connection.request("GET", "/")
    response = connection.getresponse()
    page = response.read().decode()
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    connection.close()
    for cell in ("embed", "classify", "READY", "UNLOADED", "emulator"):
        assert f"<td>{cell}</td>" in page
    status, answer = ask(server, "GET", "/status.json")
    assert status == 200
    report = json.loads(answer)
    assert report["state"] == "ready"
    newest = next(m for m in report["models"] if (m["name"], m["version"]) == ("embed", 2))
    assert newest["answered"] > 0
    assert newest["answers_per_second"] > 0
    assert newest["queued_requests"] >= 0
    assert 0 < newest["p50_seconds"] <= newest["p99_seconds"]
    assert report["devices"][0]["state"] == "ready"
    for asset in ("/status.css", "/status.js"):
        assert ask(server, "GET", asset)[0] == 200


def test_many_at_once(client, server):
    pool = triton.InferenceServerClient(server.http_address, concurrency=8)
    pending = [pool.async_infer("embed", [text_input([f"text {i}"], True)]) for i in range(64)]
    for place, answer in enumerate(pending):
        got = answer.get_result().as_numpy("sentence_embedding")
        assert numpy.array_equal(got, over_grpc(server, [f"text {place}"], "sentence_embedding"))
    pool.close()


def test_errors_are_those_of_the_protocol(client):
    with pytest.raises(triton.InferenceServerException) as error:
        client.infer("nobody", [text_input(["x"], True)])
    assert error.value.status() == "404"
    with pytest.raises(triton.InferenceServerException) as error:
        client.infer("embed", [text_input(["x"], True)], timeout=-1)
    assert error.value.status() == "400"
    assert "timeout" in error.value.message()


GOOD = infer_body(["x"])
BAD = [
    ("no JSON", "{", {}, 400, "JSON"),
    ("no object", "[]", {}, 400, "an object"),
    ("no inputs", "{}", {}, 400, "inputs"),
    ("unknown input", GOOD.replace('"text"', '"texts"'), {}, 400, "texts"),
    ("unknown output", GOOD[:-1] + ', "outputs": [{"name": "x"}]}', {}, 400, "'x'"),
    ("wrong datatype", GOOD.replace("BYTES", "FP32"), {}, 400, "not of FP32"),
    ("no datatype", GOOD.replace("BYTES", "TEXT"), {}, 400, "datatype"),
    ("wrong count", GOOD.replace("[1]", "[2]"), {}, 400, "text"),
    ("negative shape", GOOD.replace("[1]", "[-1]"), {}, 400, "text"),
    ("huge shape", GOOD.replace("[1]", "[4611686018427387904]"), {}, 400, "text"),
    ("not UTF-8", b'{"inputs": [], "id": "\xff"}', {}, 400, "JSON"),
    ("deep", "[" * 100_000, {}, 400, "deep"),
    ("bad size", GOOD, {"Inference-Header-Content-Length": "many"}, 400, "whole number"),
    ("size beyond the end", GOOD, {"Inference-Header-Content-Length": "99999"}, 400, "bytes"),
    ("binary without JSON", GOOD, {"Inference-Header-Content-Length": "0"}, 400, "JSON"),
    ("compressed", GOOD, {"Content-Encoding": "gzip"}, 415, "identity"),
]


@pytest.mark.parametrize("body, headers, status, message", [case[1:] for case in BAD],
                         ids=[case[0] for case in BAD])
def test_bad_requests(server, body, headers, status, message):
    got, answer = ask(server, "POST", "/v2/models/embed/infer", body, headers)
    assert got == status, answer
    assert message in json.loads(answer)["error"]


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("GET", "/nothing", 404), ("GET", "/v2/models/embed/infer", 405), ("POST", "/v2", 405),
        ("DELETE", "/v2/models/embed", 405), ("GET", "/v2/models/..%2f..%2fetc", 404),
        ("GET", "/v2/models/embed/versions/1", 400), ("GET", "/v2/models/embed/versions/9", 404),
        ("HEAD", "/healthz", 200),
    ],
)
def test_paths_and_methods(server, method, path, status):
    assert ask(server, method, path)[0] == status


def test_counts_and_bounds(server_binary, packages):
    arguments = ["--store", str(packages), "--store-read-only", "true", "--max-message-bytes",
                 "4KiB", "--client-rate-requests", "3"]
    with ServerProcess(server_binary, arguments) as server:
        assert ask(server, "POST", "/v2/models/embed/infer", "x" * 5000)[0] == 413
        statuses = [
            ask(server, "POST", "/v2/models/embed/infer", infer_body(["x"]))[0] for _ in range(8)
        ]
        assert statuses[0] == 200
        assert 429 in statuses
        values = samples(scrape(server))
        assert total(values, "sta_http_responses_total", status="413") == 1
        assert total(values, "sta_http_responses_total", status="429") == statuses.count(429)
        assert total(values, "sta_requests_total", rpc="ModelInfer", code="OK") == (
            statuses.count(200))


def test_clients_that_are_slow_or_gone_hold_nobody_up(server):
    host, port = server.http_address.rsplit(":", 1)
    slow = [socket.create_connection((host, int(port))) for _ in range(100)]
    for number, connection in enumerate(slow):
        # Nothing, half a head, half a body.
        connection.sendall([b"", b"POST /v2/models/embed/in",
                            b"POST /v2/models/embed/infer HTTP/1.1\r\nHost: x\r\n"
                            b"Content-Length: 1000000\r\n\r\n{"][number % 3])
    assert ask(server, "POST", "/v2/models/embed/infer", infer_body(["x"]))[0] == 200
    for connection in slow:
        connection.close()
    assert ask(server, "GET", "/healthz")[0] == 200


def test_drains(server_binary, stactl, tmp_path):
    """What is in flight is answered, and a probe is told at once."""
    import subprocess

    store = tmp_path / "store"
    (store / "slow").mkdir(parents=True)
    subprocess.run([stactl, "diagnostic", "identity", "--tensor", "FP32:1", "--delay", "2s",
                    "--output", store / "slow" / "1"], check=True, capture_output=True)
    arguments = ["--store", str(store), "--allow-diagnostic-models", "true"]
    with ServerProcess(server_binary, arguments) as server:
        answers = []
        body = json.dumps({"inputs": [
            {"name": "INPUT0", "datatype": "FP32", "shape": [1], "data": [1.5]}]})
        asking = threading.Thread(
            target=lambda: answers.append(ask(server, "POST", "/v2/models/slow/infer", body)))
        asking.start()
        while total(samples(scrape(server)), "sta_queue_depth_requests", model="slow") == 0:
            pass
        server.signal(signal.SIGTERM)
        while ask(server, "GET", "/healthz")[0] == 200:
            pass
        assert ask(server, "GET", "/healthz") == (503, b"draining\n")
        asking.join()
        assert answers[0][0] == 200, answers
        assert json.loads(answers[0][1])["outputs"][0]["data"] == [1.5]
        assert server.wait() == 0
