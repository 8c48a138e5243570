# SPDX-License-Identifier: Apache-2.0
"""Reflection must list every service, describe what it lists, and find a method by its name."""

import base64
import json
import struct
import subprocess

import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

SERVICES = {
    "grpc.health.v1.Health": {"Check", "Watch"},
    "inference.GRPCInferenceService": {
        "ServerLive",
        "ServerReady",
        "ModelReady",
        "ServerMetadata",
        "ModelMetadata",
        "ModelInfer",
        "ModelStreamInfer",
        "ModelConfig",
        "ModelStatistics",
        "TraceSetting",
        "LogSettings",
        "SystemSharedMemoryStatus",
        "SystemSharedMemoryRegister",
        "SystemSharedMemoryUnregister",
        "CudaSharedMemoryStatus",
        "CudaSharedMemoryRegister",
        "CudaSharedMemoryUnregister",
        "RepositoryIndex",
        "RepositoryModelLoad",
        "RepositoryModelUnload",
    },
    "sta.v1.Devices": {"ListDevices", "WatchDevices", "QuarantineDevice", "ReleaseDevice"},
    "sta.v1.ModelStore": {
        "ListModels",
        "GetModel",
        "WatchModels",
        "StartUpload",
        "Upload",
        "GetUpload",
        "ListUploads",
        "AbortUpload",
        "Export",
        "SetAlias",
        "DeleteAlias",
        "DeleteVersion",
        "VerifyVersion",
        "LoadModel",
        "UnloadModel",
    },
}


@pytest.fixture(scope="module")
def database(channel):
    return ProtoReflectionDescriptorDatabase(channel)


def test_lists_every_service(database):
    assert set(SERVICES) <= set(database.get_services())


@pytest.mark.parametrize("service", SERVICES)
def test_describes_what_it_lists(database, service):
    descriptor = DescriptorPool(database).FindServiceByName(service)
    assert {method.name for method in descriptor.methods} == SERVICES[service]


@pytest.mark.parametrize("service", SERVICES)
def test_finds_each_method_by_its_full_name(database, service):
    for method in SERVICES[service]:
        found = database.FindFileContainingSymbol(f"{service}.{method}")
        assert found.package == service.rpartition(".")[0]


def run(grpcurl, server, *arguments):
    answer = subprocess.run(
        [grpcurl, "-plaintext", *arguments], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def test_grpcurl_lists_and_describes(server, grpcurl):
    listed = run(grpcurl, server, server.rpc_address, "list").split()
    assert set(SERVICES) <= set(listed)
    for service in listed:
        described = run(grpcurl, server, server.rpc_address, "describe", service)
        assert f"{service} is a service" in described
    method = "inference.GRPCInferenceService.ModelInfer"
    assert f"{method} is a method" in run(grpcurl, server, server.rpc_address, "describe", method)


def test_grpcurl_infers(server, grpcurl):
    request = {
        "model_name": "embed",
        "inputs": [
            {
                "name": "text",
                "datatype": "BYTES",
                "shape": [1],
                "contents": {"bytes_contents": [base64.b64encode(b"hello world").decode()]},
            }
        ],
    }
    answer = json.loads(
        run(
            grpcurl,
            server,
            "-d",
            json.dumps(request),
            server.rpc_address,
            "inference.GRPCInferenceService/ModelInfer",
        )
    )
    (output,) = answer["outputs"]
    (raw,) = answer["raw_output_contents"]
    rows, width = (int(size) for size in output["shape"])
    values = struct.unpack(f"<{rows * width}f", base64.b64decode(raw))
    assert output["name"] == "sentence_embedding"
    assert rows == 1
    assert sum(value * value for value in values) == pytest.approx(1.0, abs=1e-5)
