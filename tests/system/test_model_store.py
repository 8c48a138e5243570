# SPDX-License-Identifier: Apache-2.0
"""Models come over the network, are named, moved between versions and taken away, while it serves."""

from __future__ import annotations

import pathlib
import random
import subprocess
from collections.abc import Iterator

import grpc
import pytest

from conftest import program
from load import Load
from metrics_page import samples, scrape, total
from server_process import ServerProcess
from store_client import StoreClient, generate_stubs

KILLS = 6


@pytest.fixture(scope="session", autouse=True)
def stubs(repository: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    generate_stubs(repository / "proto", tmp_path_factory.mktemp("stubs"))


@pytest.fixture
def store(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "store"
    path.mkdir()
    return path


@pytest.fixture
def server(server_binary: pathlib.Path, store: pathlib.Path) -> Iterator[ServerProcess]:
    with ServerProcess(server_binary, ["--store", str(store)]) as process:
        yield process


@pytest.fixture
def client(server: ServerProcess) -> Iterator[StoreClient]:
    with StoreClient(server.rpc_address) as opened:
        yield opened


@pytest.fixture(scope="session")
def first(packages: pathlib.Path) -> pathlib.Path:
    return packages / "embed" / "1"


@pytest.fixture(scope="session")
def second(packages: pathlib.Path) -> pathlib.Path:
    return packages / "embed" / "2"


def contents(package: pathlib.Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in package.iterdir()}


def embedding(server: ServerProcess, version: str = "") -> tuple[str, bytes]:
    """The version that answered, and its answer."""
    from tritonclient.grpc import service_pb2, service_pb2_grpc

    with grpc.insecure_channel(server.rpc_address) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        request = service_pb2.ModelInferRequest(model_name="embed", model_version=version)
        tensor = request.inputs.add(name="text", datatype="BYTES", shape=[1])
        tensor.contents.bytes_contents.append(b"a few words")
        response = stub.ModelInfer(request, timeout=60)
        return response.model_version, response.raw_output_contents[0]


def refused(call, code: grpc.StatusCode, part: str) -> None:
    with pytest.raises(grpc.RpcError) as error:
        call()
    assert error.value.code() == code, error.value.details()
    assert part in error.value.details()


def test_a_model_from_its_upload_to_its_end(server, client, first, second):
    assert client.models() == {}
    stored = client.upload("embed", first)
    assert (stored.name, stored.version) == ("embed", 1)
    client.await_state("embed", 1, "READY")
    version, first_answer = embedding(server)
    assert version == "1"

    assert client.upload("embed", second).version == 2
    client.await_state("embed", 2, "READY")
    version, second_answer = embedding(server)
    assert version == "2"
    assert second_answer != first_answer

    # The older one is loaded again for the alias, and then is what requests get.
    assert client.set_alias("embed", "prod", 1).previous_version == 0
    assert client.set_alias("embed", "canary", 2).version == 2
    assert embedding(server) == ("1", first_answer)
    assert embedding(server, "canary") == ("2", second_answer)
    assert list(client.models()[("embed", 1)].aliases) == ["prod"]

    refused(lambda: client.set_alias("embed", "prod", 2, expected_version=2),
            grpc.StatusCode.ABORTED, "prod")
    assert client.set_alias("embed", "prod", 2, expected_version=1).previous_version == 1
    assert embedding(server) == ("2", second_answer)
    assert client.set_alias("embed", "prod", roll_back=True).version == 1
    assert embedding(server) == ("1", first_answer)

    assert client.export("embed", version=1) == contents(first)
    assert client.export("embed", alias="canary") == contents(second)

    refused(lambda: client.delete("embed", 2), grpc.StatusCode.FAILED_PRECONDITION, "an alias names")
    client.delete("embed", 2, force=True)
    assert list(client.models()) == [("embed", 1)]
    refused(lambda: embedding(server, "canary"), grpc.StatusCode.NOT_FOUND, "canary")
    assert embedding(server) == ("1", first_answer)

    values = samples(scrape(server))
    assert total(values, "sta_uploads_total", result="stored") == 2
    assert total(values, "sta_store_versions") == 1
    assert total(values, "sta_uploads_open") == 0
    assert total(values, "sta_model_state", model="embed", version="1", state="READY") == 1


def test_the_same_upload_again_is_the_same_version(client, first, second):
    assert client.upload("embed", first).version == 1
    again = client.start("embed", first)
    assert not again.HasField("upload")
    assert again.model.version == 1
    refused(lambda: client.start("embed", second, version=1), grpc.StatusCode.ALREADY_EXISTS, "1")


def test_what_is_uploaded_is_there_after_a_restart(server_binary, store, first):
    for _ in range(2):
        with ServerProcess(server_binary, ["--store", str(store)]) as server:
            with StoreClient(server.rpc_address) as client:
                assert client.upload("embed", first).version == 1
                client.await_state("embed", 1, "READY")
                assert embedding(server)[0] == "1"


def test_kills_during_an_upload_lose_nothing_that_was_acknowledged(
    server_binary, store, first, second
):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chooser = random.Random(seed)
    with ServerProcess(server_binary, ["--store", str(store)]) as server:
        with StoreClient(server.rpc_address) as client:
            client.upload("embed", first)
    total_bytes = sum(len(content) for content in contents(second).values())
    chunk_bytes = max(total_bytes // 40, 1)
    for _ in range(KILLS):
        server = ServerProcess(server_binary, ["--store", str(store)])
        with server, StoreClient(server.rpc_address) as client:
            assert ("embed", 1) in client.models()
            started = client.start("embed", second)
            if not started.HasField("upload"):
                break  # the last one was killed after the commit
            last = chooser.randrange(45)

            def kill_at(number: int, server: ServerProcess = server, last: int = last) -> None:
                if number == last:
                    server.kill()

            try:
                client.send(started.upload, second, chunk_bytes, kill_at)
            except grpc.RpcError as error:
                assert error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
    with ServerProcess(server_binary, ["--store", str(store)]) as server:
        with StoreClient(server.rpc_address) as client:
            assert client.upload("embed", second).version == 2
            client.await_state("embed", 2, "READY")
            assert client.export("embed", version=1) == contents(first)
            assert client.export("embed", version=2) == contents(second)
            assert not client.stub.ListUploads(client.pb.ListUploadsRequest()).uploads
    for folder in ("uploads", "staging", "trash"):
        left = store / ".sta" / folder
        assert not left.exists() or list(left.iterdir()) == []


def test_a_switch_under_load_fails_no_request(server, client, first, second):
    client.upload("embed", first)
    client.await_state("embed", 1, "READY")
    with Load(server) as load:
        load.wait_for_more(10)
        client.upload("embed", second)
        client.await_state("embed", 2, "READY")
        client.await_state("embed", 1, "UNLOADED")
        load.wait_for_more(10)
        client.delete("embed", 1)
        load.wait_for_more(10)
    assert load.failures == []


def test_a_second_server_on_a_store_is_refused_unless_it_only_reads(
    server_binary, server, client, store, first
):
    client.upload("embed", first)
    second = subprocess.run(
        [server_binary, "--store", store, "--listen", "127.0.0.1:0", "--http-listen", "off",
         "--metrics", "off"],
        capture_output=True, text=True, check=False, timeout=60,
    )
    assert second.returncode != 0
    assert f"process {server.pid}" in second.stdout + second.stderr
    reading = ["--store", str(store), "--store-read-only", "true"]
    with ServerProcess(server_binary, reading) as reader:
        assert embedding(reader)[0] == "1"
        with StoreClient(reader.rpc_address) as its_client:
            for call in (
                lambda: its_client.start("other", first),
                lambda: its_client.set_alias("embed", "prod", 1),
                lambda: its_client.delete("embed", 1),
            ):
                refused(call, grpc.StatusCode.FAILED_PRECONDITION, "read-only")
            assert its_client.export("embed") == contents(first)


def test_tritonclient_lists_loads_and_unloads(server, client, first, second):
    import tritonclient.grpc as triton

    client.upload("embed", first)
    client.await_state("embed", 1, "READY")
    client.upload("embed", second)
    client.await_state("embed", 2, "READY")
    client.await_state("embed", 1, "UNLOADED")
    with triton.InferenceServerClient(server.rpc_address) as its_client:
        assert "model_repository" in its_client.get_server_metadata().extensions

        def states() -> list[tuple[str, str, str, str]]:
            index = its_client.get_model_repository_index()
            return [(entry.name, entry.version, entry.state, entry.reason) for entry in index.models]

        assert states() == [("embed", "2", "READY", ""), ("embed", "1", "UNAVAILABLE", "unloaded")]
        its_client.unload_model("embed")
        assert [state for _, _, state, _ in states()] == ["UNAVAILABLE", "UNAVAILABLE"]
        assert not its_client.is_model_ready("embed")
        its_client.load_model("embed")
        assert [state for _, _, state, _ in states()] == ["READY", "UNAVAILABLE"]
        assert its_client.is_model_ready("embed")
        for name, parameters in (("nothing", {}), ("embed", {"config": "{}"})):
            with pytest.raises(triton.InferenceServerException):
                its_client.load_model(name, **parameters)


def test_a_package_that_is_not_sound_is_refused(client, first, tmp_path):
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    for name, content in contents(first).items():
        (damaged / name).write_bytes(content)
    # Its own hashes say that it is whole; what is in it is not a model.
    subprocess.run(
        [program("STACTL"), "verify", damaged], check=True, capture_output=True, timeout=60
    )
    replace_file(damaged, "config.json", b"{}")
    refused(lambda: client.upload("embed", damaged), grpc.StatusCode.FAILED_PRECONDITION,
            "the package is not sound")
    assert client.models() == {}
    assert not client.stub.ListUploads(client.pb.ListUploadsRequest()).uploads


def replace_file(package: pathlib.Path, name: str, content: bytes) -> None:
    """Puts other bytes into a package, and into its manifest what describes them."""
    import hashlib
    import json

    (package / name).write_bytes(content)
    manifest = json.loads((package / "manifest.json").read_text())
    manifest["files"][name] = {
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    (package / "manifest.json").write_text(json.dumps(manifest))
