# SPDX-License-Identifier: Apache-2.0
"""Three servers behind a client that balances itself: one is killed, all are replaced, and no request
fails. bench/fleet measures the same with a real model, behind a name server."""

from __future__ import annotations

import pathlib
import subprocess

import pytest
from tritonclient.grpc import service_pb2

from conditions import wait_until
from fleet import (
    SERVICE_CONFIG,
    WITHOUT_RETRIES,
    Fleet,
    FleetLoad,
    Replica,
    answered,
    free_addresses,
)


@pytest.fixture(scope="module")
def slow_store(stactl, tmp_path_factory) -> pathlib.Path:
    """A model that takes its time, so that every server always has requests in flight."""
    store = tmp_path_factory.mktemp("store")
    subprocess.run([stactl, "diagnostic", "identity", "--output", store / "slow" / "1", "--tensor",
                    "FP32:4", "--delay", "20ms"], check=True)
    return store


@pytest.fixture
def fleet(server_binary, slow_store):
    arguments = ["--store", str(slow_store), "--store-read-only", "true",
                 "--allow-diagnostic-models", "true"]
    replicas = [Replica(server_binary, arguments, address) for address in free_addresses(3)]
    with Fleet(replicas) as started:
        yield started


@pytest.fixture(scope="module")
def request_of_slow() -> service_pb2.ModelInferRequest:
    request = service_pb2.ModelInferRequest(model_name="slow")
    request.inputs.add(name="INPUT0", datatype="FP32", shape=[4])
    request.raw_input_contents.append(bytes(range(16)))
    return request


def wait_until_each_answers(fleet: Fleet) -> None:
    before = [answered(replica) for replica in fleet.replicas]
    wait_until(
        lambda: all(answered(replica) > count for replica, count in zip(fleet.replicas, before)),
        lambda: f"answered: {[answered(replica) for replica in fleet.replicas]}, before {before}",
    )


def test_a_server_that_is_killed_fails_no_request(fleet, request_of_slow):
    with FleetLoad(fleet.target, SERVICE_CONFIG, request_of_slow) as load:
        wait_until_each_answers(fleet)
        fleet.replicas[0].kill()
        load.wait_for_more(200)
        fleet.replicas[0].start()
        wait_until_each_answers(fleet)
    assert load.failures == []


def test_replacing_all_servers_fails_no_request(fleet, request_of_slow):
    with FleetLoad(fleet.target, SERVICE_CONFIG, request_of_slow) as load:
        for replica in fleet.replicas:
            wait_until_each_answers(fleet)
            assert replica.drain() == 0
            load.wait_for_more(50)
            replica.start()
        wait_until_each_answers(fleet)
    assert load.failures == []


def test_without_the_retry_policy_a_kill_fails_requests(fleet, request_of_slow):
    with FleetLoad(fleet.target, WITHOUT_RETRIES, request_of_slow) as load:
        wait_until_each_answers(fleet)
        fleet.replicas[0].kill()
        load.wait_for_more(100)
    assert load.failures and all("UNAVAILABLE" in failure for failure in load.failures)
