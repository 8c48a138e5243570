# SPDX-License-Identifier: Apache-2.0
"""Start and stop: what an operator meets."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tritonclient.grpc import service_pb2, service_pb2_grpc

from metrics_page import samples, scrape, total
from server_process import ServerProcess


def infer_request():
    request = service_pb2.ModelInferRequest(model_name="embed")
    tensor = request.inputs.add(name="text", datatype="BYTES", shape=[1])
    tensor.contents.bytes_contents.append(b"a few words")
    return request


def run(binary, *arguments):
    """A server that is expected to end by itself: (exit status, what it said)."""
    ended = subprocess.run(
        [binary, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    return ended.returncode, ended.stdout + ended.stderr


def test_sigterm_answers_what_is_in_flight(server_binary, packages):
    count = 16
    # The delay holds the requests in the queue until all are there and the signal is sent.
    arguments = ["--store", str(packages), "--max-queue-delay", "5s"]
    with ServerProcess(server_binary, arguments) as server:
        with grpc.insecure_channel(server.rpc_address) as channel:
            stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
            calls = [stub.ModelInfer.future(infer_request()) for _ in range(count)]
            while total(samples(scrape(server)), "sta_queue_depth_requests") < count:
                assert not any(call.done() for call in calls), "the requests did not wait"
            server.signal(signal.SIGTERM)
            for call in calls:
                assert len(call.result(timeout=60).outputs) == 1
        assert server.wait() == 0
    assert server.events()[-1]["event"] == "drained", server.log()


def test_calls_after_sigterm_are_refused_while_others_finish(server_binary, packages):
    arguments = ["--store", str(packages), "--max-queue-delay", "5s"]
    with ServerProcess(server_binary, arguments) as server:
        with grpc.insecure_channel(server.rpc_address) as channel:
            stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
            watch = health_pb2_grpc.HealthStub(channel).Watch(
                health_pb2.HealthCheckRequest(), timeout=60
            )
            assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
            waiting = stub.ModelInfer.future(infer_request())
            while total(samples(scrape(server)), "sta_queue_depth_requests") < 1:
                assert not waiting.done(), "the request did not wait"
            server.signal(signal.SIGTERM)
            assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
            with pytest.raises(grpc.RpcError) as error:
                stub.ModelInfer(infer_request())
            assert (error.value.code(), error.value.details()) == (
                grpc.StatusCode.UNAVAILABLE,
                "the server is draining; send the request to another one",
            )
            assert len(waiting.result(timeout=60).outputs) == 1
        assert server.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_server_ends_with_status_0(server_binary, packages, number):
    with ServerProcess(server_binary, ["--store", str(packages)]) as server:
        server.signal(number)
        assert server.wait() == 0


def test_config_file_says_what_flags_say(server_binary, packages, tmp_path):
    config = tmp_path / "server.yaml"
    config.write_text(f"store: {packages}\nlisten: 127.0.0.1:0\n"
                      "http_listen: 127.0.0.1:0\nmetrics: 127.0.0.1:0\n")
    with ServerProcess(server_binary, ["--config", str(config)], ports=False) as server:
        with grpc.insecure_channel(server.rpc_address) as channel:
            stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
            assert stub.ServerReady(service_pb2.ServerReadyRequest()).ready


def test_unknown_key_names_the_nearest(server_binary, packages, tmp_path):
    config = tmp_path / "server.yaml"
    config.write_text(f"store: {packages}\nlisten_adress: 127.0.0.1:0\n")
    code, said = run(server_binary, "--config", config)
    assert code == 2
    assert said == (
        f"sta-server: {config}:2: unknown key 'listen_adress'; did you mean 'listen'?\n"
    )


def test_unknown_flag_is_refused(server_binary, packages):
    code, said = run(server_binary, "--store", packages, "--lisen", "127.0.0.1:0")
    assert code == 2
    assert said == "sta-server: unknown flag '--lisen'; did you mean '--listen'?\n"


def test_a_missing_store_is_an_error_that_names_it(server_binary, tmp_path):
    code, said = run(
        server_binary, "--store", tmp_path / "nowhere", "--listen", "127.0.0.1:0",
        "--metrics", "127.0.0.1:0", "--http-listen", "off",
    )
    assert code != 0
    assert str(tmp_path / "nowhere") in said


@pytest.mark.parametrize("flag", ["--listen", "--http-listen", "--metrics"])
def test_a_port_in_use_is_an_error_that_names_it(server_binary, packages, flag):
    others = []
    for other in ("--listen", "--http-listen", "--metrics"):
        if other != flag:
            others += [other, "127.0.0.1:0"]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        code, said = run(server_binary, "--store", packages, flag, address, *others)
    assert code != 0
    assert address in said


def test_a_second_server_on_the_same_store_is_refused(server_binary, own_store):
    arguments = ["--store", str(own_store)]
    with ServerProcess(server_binary, arguments) as first:
        code, said = run(
            server_binary, *arguments, "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0",
            "--http-listen", "off",
        )
        assert code == 1
        assert f"process {first.pid} holds it" in said
        with ServerProcess(server_binary, [*arguments, "--store-read-only", "true"]):
            pass


def test_a_version_that_is_put_there_is_loaded_and_serves(server_binary, own_store):
    arguments = ["--store", str(own_store), "--store-poll", "20ms"]
    with ServerProcess(server_binary, arguments) as server:
        with grpc.insecure_channel(server.rpc_address) as channel:
            stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
            assert stub.ModelInfer(infer_request()).model_version == "2"
            shutil.copytree(own_store / "embed" / "1", own_store / "embed" / "3")
            while (version := stub.ModelInfer(infer_request()).model_version) != "3":
                assert version == "2"
