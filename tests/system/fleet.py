# SPDX-License-Identifier: Apache-2.0
"""Several sta-servers behind a client that balances itself, as clients of a headless service do.

    fleet = Fleet([Replica(binary, arguments, address) for address in free_addresses(3)])
    with fleet, FleetLoad(fleet.target, fleet.service_config, request) as load:
        fleet.replicas[0].kill()
        load.wait_for_more(100)
    assert load.failures == []

docs/scaling.md tells clients to use this service configuration.
"""

from __future__ import annotations

import contextlib
import json
import pathlib
import signal
import socket
import threading
import time

import grpc
from tritonclient.grpc import service_pb2, service_pb2_grpc

from metrics_page import samples, scrape, total
from server_process import ServerProcess

# Balance over all addresses that serve; ask again, elsewhere, where a server went. Asking again is
# safe because inference changes nothing.
SERVICE_CONFIG = {
    "loadBalancingConfig": [{"round_robin": {}}],
    "healthCheckConfig": {"serviceName": ""},
    "methodConfig": [{
        "name": [{"service": "inference.GRPCInferenceService"}],
        "retryPolicy": {
            "maxAttempts": 5,
            "initialBackoff": "0.05s",
            "maxBackoff": "1s",
            "backoffMultiplier": 2,
            "retryableStatusCodes": ["UNAVAILABLE"],
        },
    }],
}
WITHOUT_RETRIES = {**SERVICE_CONFIG, "methodConfig": []}
CALL_TIMEOUT_S = 30
WAIT_S = 120


def free_addresses(count: int) -> list[str]:
    """Addresses that nobody listens on: servers are to come back to their own."""
    with contextlib.ExitStack() as taken:
        sockets = [taken.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]


class Replica:
    def __init__(self, binary: pathlib.Path, arguments: list[str], address: str) -> None:
        self.address = address
        self._binary = binary
        self._arguments = [*arguments, "--listen", address, "--http-listen", "off",
                           "--metrics", f"{address.rpartition(':')[0]}:0"]
        self._process: ServerProcess | None = None

    @property
    def server(self) -> ServerProcess:
        assert self._process is not None
        return self._process

    def start(self) -> None:
        """Returns when it serves."""
        self._process = ServerProcess(self._binary, self._arguments, ports=False).__enter__()

    def kill(self) -> None:
        self.server.kill()
        self._process = None

    def drain(self) -> int:
        """Ends it as a rollout does; returns its exit status."""
        self.server.signal(signal.SIGTERM)
        code = self.server.wait()
        self._process = None
        return code

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()


class Fleet:
    def __init__(self, replicas: list[Replica]) -> None:
        self.replicas = replicas

    @property
    def target(self) -> str:
        return "ipv4:" + ",".join(replica.address for replica in self.replicas)

    def __enter__(self) -> Fleet:
        try:
            for replica in self.replicas:
                replica.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        for replica in self.replicas:
            replica.close()


class FleetLoad:
    """Callers that each wait for an answer before they ask again, through one channel.

    With `same_bits` an answer that has other bits than the first one is a failure.
    """

    def __init__(self, target: str, service_config: dict, request: service_pb2.ModelInferRequest,
                 callers: int = 8, options: tuple = (), same_bits: bool = True) -> None:
        self.failures: list[str] = []
        self.latencies_s: list[tuple[float, float]] = []  # when it was over, how long it took
        self._expected: bytes | None = None
        self._same_bits = same_bits
        self._request = request
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._channel = grpc.insecure_channel(target, options=(
            ("grpc.service_config", json.dumps(service_config)),
            ("grpc.enable_retries", 1), *options))
        self._threads = [threading.Thread(target=self._run) for _ in range(callers)]

    def __enter__(self) -> FleetLoad:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._channel.close()

    def _run(self) -> None:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(self._channel)
        while not self._stop.is_set():
            begin = time.monotonic()
            failure = ""
            try:
                answer = stub.ModelInfer(self._request, timeout=CALL_TIMEOUT_S)
                row = answer.SerializeToString(deterministic=True)
            except grpc.RpcError as error:
                failure = f"{error.code()}: {error.details()}"
            end = time.monotonic()
            with self._changed:
                if not failure:
                    self._expected = self._expected or row
                    if self._same_bits and row != self._expected:
                        failure = "another answer than before"
                if failure:
                    self.failures.append(failure)
                self.latencies_s.append((end, end - begin))
                self._changed.notify_all()

    def wait_for_more(self, count: int) -> None:
        """Until `count` more requests are over, failed ones included."""
        with self._changed:
            target = len(self.latencies_s) + count
            assert self._changed.wait_for(lambda: len(self.latencies_s) >= target, WAIT_S)


def answered(replica: Replica) -> int:
    """Requests that it has answered, by its own count."""
    return int(total(samples(scrape(replica.server)), "sta_requests_total", rpc="ModelInfer",
                     code="OK"))
