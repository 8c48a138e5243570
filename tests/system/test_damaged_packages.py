# SPDX-License-Identifier: Apache-2.0
"""A damaged or hostile package in the store: the server starts, says so and serves the others."""

from __future__ import annotations

import hashlib
import json
import struct

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tritonclient.grpc import service_pb2, service_pb2_grpc

from server_process import ServerProcess

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def infer_request(model):
    request = service_pb2.ModelInferRequest(model_name=model)
    tensor = request.inputs.add(name="text", datatype="BYTES", shape=[1])
    tensor.contents.bytes_contents.append(b"a few words")
    return request


def list_again(package, name):
    """Writes the size and hash of a changed file into the manifest, as who made it would."""
    content = (package / name).read_bytes()
    manifest = json.loads((package / "manifest.json").read_text())
    manifest["files"][name] = {
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    (package / "manifest.json").write_text(json.dumps(manifest))


def edit_manifest(package, old, new):
    path = package / "manifest.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def edit_word_codes(package, **entry):
    """Changes the tensor's entry in the header of embeddings.safetensors."""
    path = package / "embeddings.safetensors"
    content = path.read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    header["embeddings.word_embeddings.codes"].update(entry)
    changed = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(changed)) + changed + content[8 + length :])
    list_again(package, path.name)


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


def manifest_over_the_limit(package):
    with (package / "manifest.json").open("ab") as file:
        file.truncate((64 << 20) + 1)


def file_outside_the_package(package):
    edit_manifest(package, '"vocab.txt"', '"../vocab.txt"')


def duplicate_keys(package):
    edit_manifest(package, '"files"', '"files": {}, "files"')


def file_that_is_not_listed(package):
    (package / "extra.bin").write_bytes(b"x")


def longer_weights(package):
    path = package / "embeddings.safetensors"
    path.write_bytes(path.read_bytes() + bytes(1_000_000))
    list_again(package, path.name)


def deep_config(package):
    (package / "config.json").write_text('{"sta":' + "[" * 100_000)
    list_again(package, "config.json")


def huge_vocabulary(package):
    path = package / "config.json"
    config = json.loads(path.read_text())
    config["sta"]["vocabulary_size"] = 2**24
    path.write_text(json.dumps(config))
    list_again(package, "config.json")


def shape_that_overflows(package):
    edit_word_codes(package, shape=[2**32, 2**32])


def offsets_outside_the_file(package):
    edit_word_codes(package, data_offsets=[0, 2**40])


def vocabulary_that_is_not_utf8(package):
    path = package / "vocab.txt"
    path.write_bytes(b"\xff\n" + path.read_bytes())
    list_again(package, path.name)


# What leaves a package that is not whole, as one that is being copied: the store skips it.
INCOMPLETE = {
    cut_weights: "file 'encoder.safetensors' has 24057 bytes, the manifest says 24157",
    no_manifest: "manifest.json is missing",
    deep_manifest: "manifest.json: nested deeper than 32 levels",
    manifest_of_nonsense: "manifest.json: not valid JSON at byte 1",
    weights_are_a_link_elsewhere: "file 'encoder.safetensors' is no regular file",
    empty_folder: "manifest.json is missing",
    manifest_over_the_limit: "67108865 bytes are over the limit of 67108864",
    file_outside_the_package: "manifest.json: file name '../vocab.txt' is not allowed",
    duplicate_keys: "manifest.json: key 'files' appears twice in one object",
    file_that_is_not_listed: "file 'extra.bin' is not listed in the manifest",
}


@pytest.mark.parametrize("damage", INCOMPLETE, ids=lambda function: function.__name__)
def test_a_package_that_is_not_whole_is_left_alone(server_binary, own_store, damage):
    damage(own_store / "classify" / "1")
    before = sorted(path.name for path in (own_store / "classify" / "1").iterdir())
    with ServerProcess(server_binary, ["--store", str(own_store)]) as server:
        with grpc.insecure_channel(server.rpc_address) as channel:
            stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
            assert stub.ServerReady(service_pb2.ServerReadyRequest()).ready
            assert len(stub.ModelInfer(infer_request("embed")).outputs) == 1
            with pytest.raises(grpc.RpcError) as error:
                stub.ModelInfer(infer_request("classify"))
    assert error.value.code() == grpc.StatusCode.NOT_FOUND
    (skipped,) = [e for e in server.events() if e["event"] == "store entry skipped"]
    assert skipped["path"] == "classify/1"
    assert INCOMPLETE[damage] in skipped["reason"]
    assert sorted(path.name for path in (own_store / "classify" / "1").iterdir()) == before


# What is done to a package: what the server says about it, in its log and to who asks for the model.
DAMAGE = {
    flip_a_bit: "file 'encoder.safetensors' is damaged: its SHA-256 is not the manifest's",
    longer_weights: (
        "file 'embeddings.safetensors': tensors end at byte 5520 of 1005520 bytes of data"
    ),
    deep_config: "file 'config.json': nested deeper than 32 levels",
    huge_vocabulary: (
        "file 'embeddings.safetensors': tensor 'embeddings.word_embeddings.codes' "
        "is I8 [96,32], expected is I8 [16777216,32]"
    ),
    shape_that_overflows: (
        "file 'embeddings.safetensors': tensor 'embeddings.word_embeddings.codes'"
        ": shape [4294967296,4294967296] of I8 does not fit its 3072 bytes"
    ),
    offsets_outside_the_file: (
        "file 'embeddings.safetensors': tensor 'embeddings.word_embeddings.codes'"
        ": data_offsets [0,1099511627776] are outside the file's 5520 bytes of data"
    ),
    vocabulary_that_is_not_utf8: "tokenizer: vocab.txt line 1 is not valid UTF-8",
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
            assert not stub.ServerReady(service_pb2.ServerReadyRequest()).ready
            health = health_pb2_grpc.HealthStub(channel)
            statuses = {
                name: health.Check(health_pb2.HealthCheckRequest(service=name)).status
                for name in ("", "embed", "classify")
            }
            assert statuses == {"": NOT_SERVING, "embed": SERVING, "classify": NOT_SERVING}
            assert len(stub.ModelInfer(infer_request("embed")).outputs) == 1
            with pytest.raises(grpc.RpcError) as error:
                stub.ModelInfer(infer_request("classify"))
    assert error.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert error.value.details() == (
        f"model 'classify' version 1 could not be loaded: {DAMAGE[damage]}"
    )
    (failure,) = [e for e in server.events() if e["event"] == "model failed to load"]
    assert (failure["model"], failure["reason"]) == ("classify", DAMAGE[damage])
