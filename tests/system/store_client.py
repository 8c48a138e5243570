# SPDX-License-Identifier: Apache-2.0
"""A client of sta.v1.ModelStore in a few lines, on the stubs that protoc makes for Python.

A client that shares no code with ours: it finds out whether the protocol is what its .proto says.
"""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Callable, Iterator

import grpc


def generate_stubs(protos: pathlib.Path, output: pathlib.Path) -> None:
    """Makes sta.v1.model_store_pb2 and its stubs importable."""
    import grpc_tools
    from grpc_tools import protoc

    well_known = pathlib.Path(grpc_tools.__file__).parent / "_proto"
    status = protoc.main([
        "protoc", f"-I{protos}", f"-I{well_known}", f"--python_out={output}",
        f"--grpc_python_out={output}", "sta/v1/model_store.proto",
    ])
    assert status == 0
    sys.path.insert(0, str(output))


def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


_CRC_TABLE = _crc_table()


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


class StoreClient:
    """Calls of one server; errors are grpc.RpcError."""

    def __init__(self, address: str) -> None:
        from sta.v1 import model_store_pb2, model_store_pb2_grpc

        self.pb = model_store_pb2
        self._channel = grpc.insecure_channel(address)
        self.stub = model_store_pb2_grpc.ModelStoreStub(self._channel)

    def __enter__(self) -> StoreClient:
        return self

    def __exit__(self, *exception: object) -> None:
        self._channel.close()

    def start(self, name: str, package: pathlib.Path, **fields: object):
        manifest = (package / "manifest.json").read_bytes()
        request = self.pb.StartUploadRequest(name=name, manifest=manifest, **fields)
        return self.stub.StartUpload(request, timeout=60)

    def chunks(self, status, package: pathlib.Path, chunk_bytes: int) -> Iterator:
        """What the server lacks. The first message names the upload, whatever else it has."""
        yield self.pb.UploadRequest(upload_id=status.upload_id)
        for file in status.files:
            with (package / file.name).open("rb") as source:
                source.seek(file.received_bytes)
                offset = file.received_bytes
                while data := source.read(chunk_bytes):
                    yield self.pb.UploadRequest(
                        file=file.name, offset=offset, data=data, crc32c=crc32c(data)
                    )
                    offset += len(data)

    def send(
        self,
        status,
        package: pathlib.Path,
        chunk_bytes: int = 1 << 18,
        before_each: Callable[[int], None] = lambda number: None,
    ):
        def messages() -> Iterator:
            for number, message in enumerate(self.chunks(status, package, chunk_bytes)):
                before_each(number)
                yield message

        return self.stub.Upload(messages(), timeout=60).model

    def upload(self, name: str, package: pathlib.Path, **fields: object):
        started = self.start(name, package, **fields)
        if not started.HasField("upload"):
            return started.model
        return self.send(started.upload, package)

    def export(self, name: str, **fields: object) -> dict[str, bytes]:
        """The files of a version; fails where a chunk is not what its checksum says."""
        files: dict[str, bytearray] = {}
        for message in self.stub.Export(self.pb.ExportRequest(name=name, **fields), timeout=60):
            content = files.setdefault(message.file, bytearray())
            assert message.offset == len(content)
            assert message.crc32c == crc32c(message.data)
            content += message.data
        return {file: bytes(content) for file, content in files.items()}

    def set_alias(self, name: str, alias: str, version: int = 0, **fields: object):
        request = self.pb.SetAliasRequest(name=name, alias=alias, version=version, **fields)
        return self.stub.SetAlias(request, timeout=60)

    def delete(self, name: str, version: int, force: bool = False) -> None:
        request = self.pb.DeleteVersionRequest(name=name, version=version, force=force)
        self.stub.DeleteVersion(request, timeout=60)

    def models(self) -> dict[tuple[str, int], object]:
        listed = self.stub.ListModels(self.pb.ListModelsRequest(), timeout=60)
        return {(model.name, model.version): model for model in listed.models}

    def await_state(self, name: str, version: int, state: str):
        """The version once it is in this state, as a watch tells it."""
        wanted = self.pb.ModelState.Value(f"MODEL_STATE_{state}")
        watch = self.stub.WatchModels(self.pb.WatchModelsRequest(name=name), timeout=60)
        for event in watch:
            if event.model.version == version and event.model.state == wanted:
                watch.cancel()
                return event.model
        raise AssertionError(f"the watch ended before {name} {version} was {state}")
