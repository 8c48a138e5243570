# SPDX-License-Identifier: Apache-2.0
"""Start, stop and damaged stores: what an operator meets."""

from __future__ import annotations

import signal
import socket
import subprocess

import grpc
import pytest
from tritonclient.grpc import service_pb2, service_pb2_grpc

from metrics_page import samples, scrape, total
from server_process import ServerProcess


def infer_request(model="embed"):
    request = service_pb2.ModelInferRequest(model_name=model)
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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_server_ends_with_status_0(server_binary, packages, number):
    with ServerProcess(server_binary, ["--store", str(packages)]) as server:
        server.signal(number)
        assert server.wait() == 0


def test_config_file_says_what_flags_say(server_binary, packages, tmp_path):
    config = tmp_path / "server.yaml"
    config.write_text(f"store: {packages}\nlisten: 127.0.0.1:0\nmetrics: 127.0.0.1:0\n")
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
        "--metrics", "127.0.0.1:0",
    )
    assert code != 0
    assert str(tmp_path / "nowhere") in said


@pytest.mark.parametrize("flag", ["--listen", "--metrics"])
def test_a_port_in_use_is_an_error_that_names_it(server_binary, packages, flag):
    other = "--metrics" if flag == "--listen" else "--listen"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        code, said = run(server_binary, "--store", packages, flag, address, other, "127.0.0.1:0")
    assert code != 0
    assert address in said


def cut_weights(package):
    path = package / "encoder.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def flip_a_bit(package):
    path = package / "encoder.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def no_manifest(package):
    (package / "manifest.json").unlink()


def deep_manifest(package):
    (package / "manifest.json").write_text("[" * 100_000)


def manifest_of_nonsense(package):
    (package / "manifest.json").write_bytes(b"\xff\xfe nonsense")


def weights_are_a_link_elsewhere(package):
    path = package / "encoder.safetensors"
    path.unlink()
    path.symlink_to("/etc/passwd")


def empty_folder(package):
    for path in package.iterdir():
        path.unlink()


# What is done to a package, and what the server says of it: in its log, and to who asks for the
# model.
DAMAGE = {
    cut_weights: "file 'encoder.safetensors' has 24057 bytes, the manifest says 24157",
    flip_a_bit: "file 'encoder.safetensors' is damaged: its SHA-256 is not the manifest's",
    no_manifest: "cannot open file 'manifest.json': No such file or directory",
    deep_manifest: "manifest.json: nested deeper than 32 levels",
    manifest_of_nonsense: "manifest.json: not valid JSON at byte 1",
    weights_are_a_link_elsewhere: "file 'encoder.safetensors' is a symbolic link",
    empty_folder: "cannot open file 'manifest.json': No such file or directory",
}


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda function: function.__name__)
def test_a_damaged_package_does_not_stop_the_others(server_binary, own_store, damage):
    damage(own_store / "classify" / "1")
    with ServerProcess(server_binary, ["--store", str(own_store)]) as server:
        with grpc.insecure_channel(server.rpc_address) as channel:
            stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
            ready = service_pb2.ModelReadyRequest
            assert stub.ModelReady(ready(name="embed")).ready
            assert not stub.ModelReady(ready(name="classify")).ready
            assert len(stub.ModelInfer(infer_request()).outputs) == 1
            with pytest.raises(grpc.RpcError) as error:
                stub.ModelInfer(infer_request(model="classify"))
    assert error.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert error.value.details() == (
        f"model 'classify' version 1 could not be loaded: {DAMAGE[damage]}"
    )
    (failure,) = [e for e in server.events() if e["event"] == "model failed to load"]
    assert (failure["model"], failure["reason"]) == ("classify", DAMAGE[damage])
