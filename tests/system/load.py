# SPDX-License-Identifier: Apache-2.0
"""Load on a server while something happens to it."""

from __future__ import annotations

import threading

import grpc
from tritonclient.grpc import service_pb2, service_pb2_grpc

from background import Background
from server_process import ServerProcess


class Load(Background):
    """Sends requests, four at a time, until it is left; failures are kept.

    with Load(server) as load:
        load.wait_for_more(20)  # answers, or failures
    assert load.failures == []
    """

    def __init__(self, server: ServerProcess) -> None:
        super().__init__()
        self.failures: list[grpc.RpcError] = []
        self._answered = 0
        self._changed = threading.Condition()
        self._channel = grpc.insecure_channel(server.rpc_address)
        for _ in range(4):
            self.add_thread(self._run)

    def __exit__(self, *exception: object) -> None:
        super().__exit__(*exception)
        self._channel.close()

    def _run(self) -> None:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(self._channel)
        request = service_pb2.ModelInferRequest(model_name="embed")
        tensor = request.inputs.add(name="text", datatype="BYTES", shape=[1])
        tensor.contents.bytes_contents.append(b"a few words")
        while not self.stop.is_set():
            try:
                stub.ModelInfer(request, timeout=60)
            except grpc.RpcError as error:
                self.failures.append(error)
            with self._changed:
                self._answered += 1
                self._changed.notify_all()

    def wait_for_more(self, count: int) -> None:
        with self._changed:
            target = self._answered + count
            assert self._changed.wait_for(lambda: self._answered >= target, timeout=60)
