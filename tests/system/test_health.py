# SPDX-License-Identifier: Apache-2.0
"""grpc.health.v1 as load balancers and Kubernetes ask it."""

import signal
import subprocess

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from server_process import ServerProcess

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN


@pytest.mark.parametrize("service", ["", "inference.GRPCInferenceService", "sta/live"])
def test_check_says_serving(channel, service):
    answer = health_pb2_grpc.HealthStub(channel).Check(
        health_pb2.HealthCheckRequest(service=service)
    )
    assert answer.status == SERVING


def test_check_of_an_unknown_service_is_not_found(channel):
    with pytest.raises(grpc.RpcError) as error:
        health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service="nobody"))
    assert error.value.code() == grpc.StatusCode.NOT_FOUND


def test_watch_of_an_unknown_service_answers_service_unknown(channel):
    watch = health_pb2_grpc.HealthStub(channel).Watch(
        health_pb2.HealthCheckRequest(service="nobody"), timeout=30
    )
    assert next(watch).status == SERVICE_UNKNOWN
    watch.cancel()


def test_watch_sees_the_server_drain(server_binary, packages):
    with ServerProcess(server_binary, ["--store", str(packages)]) as server:
        with grpc.insecure_channel(server.rpc_address) as channel:
            watch = health_pb2_grpc.HealthStub(channel).Watch(
                health_pb2.HealthCheckRequest(), timeout=30
            )
            assert next(watch).status == SERVING
            server.signal(signal.SIGTERM)
            assert next(watch).status == NOT_SERVING
        assert server.wait() == 0


def test_grpc_health_probe(server, health_probe):
    def probe(*arguments):
        return subprocess.run(
            [health_probe, f"-addr={server.rpc_address}", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )

    assert probe().returncode == 0
    assert probe("-service=inference.GRPCInferenceService").returncode == 0
    unknown = probe("-service=nobody")
    assert unknown.returncode == 3, unknown.stderr
    assert "NotFound" in unknown.stderr
