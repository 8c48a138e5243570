# SPDX-License-Identifier: Apache-2.0
"""An operator takes a device out of service and puts it back, and no client notices."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
from collections.abc import Iterator

import pytest

from load import Load
from metrics_page import samples, scrape, total
from server_process import ServerProcess


@pytest.fixture
def two_emulators(server_binary, packages) -> Iterator[ServerProcess]:
    arguments = ["--store", str(packages), "--store-read-only", "true", "--devices", "emulator=2"]
    with ServerProcess(server_binary, arguments) as process:
        yield process


def run(stactl, server: ServerProcess, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [stactl, "--server", server.rpc_address, "devices", *arguments],
        capture_output=True, text=True, check=False, timeout=60,
    )


def devices(stactl, server: ServerProcess) -> dict[str, dict]:
    listed = run(stactl, server, "--json")
    assert listed.returncode == 0, listed.stderr
    return {device["name"]: device for device in json.loads(listed.stdout)["devices"]}


def await_state(stactl, server: ServerProcess, name: str, state: str) -> None:
    with subprocess.Popen(
        [stactl, "--server", server.rpc_address, "--json", "devices", "--watch"],
        stdout=subprocess.PIPE, text=True,
    ) as watch:
        for line in watch.stdout:
            states = {device["name"]: device["state"] for device in json.loads(line)["devices"]}
            if states[name] == state:
                break
        else:
            raise AssertionError(f"{name} never was {state}")
        watch.terminate()


def test_quarantine_and_release_under_load_fail_no_request(stactl, two_emulators):
    server = two_emulators
    assert list(devices(stactl, server)) == ["emulator", "emulator:1"]
    with Load(server) as load:
        load.wait_for_more(20)
        held = run(stactl, server, "quarantine", "emulator", "--reason", "a test")
        assert held.returncode == 0, held.stderr
        # What it had begun is finished soon; afterwards nothing comes.
        for _ in itertools.count():
            load.wait_for_more(1)
            before = devices(stactl, server)
            if before["emulator"]["in_flight"] == 0:
                break
        assert (before["emulator"]["state"], before["emulator"]["reason"]) == ("HELD", "a test")
        load.wait_for_more(50)
        after = devices(stactl, server)
        assert after["emulator"]["batches"] == before["emulator"]["batches"]
        assert after["emulator:1"]["batches"] > before["emulator:1"]["batches"]
        state = {"device": "emulator", "state": "held"}
        assert total(samples(scrape(server)), "sta_device_state", **state) == 1

        released = run(stactl, server, "release", "emulator")
        assert released.returncode == 0, released.stderr
        await_state(stactl, server, "emulator", "READY")
        load.wait_for_more(20)
        # The other one is the only one now, so that the released one must work.
        assert run(stactl, server, "quarantine", "emulator:1").returncode == 0
        load.wait_for_more(20)
        assert devices(stactl, server)["emulator"]["batches"] > after["emulator"]["batches"]
    assert load.failures == []
    changes = [
        event
        for event in server.events()
        if event["event"] == "device state" and event["device"] == "emulator"
    ]
    # Probation is told when it is decided and, where that was an operator, when it begins.
    states = [state for state, _ in itertools.groupby(change["state"] for change in changes)]
    assert states == ["ready", "held", "probation", "ready"]
    assert (changes[1]["level"], changes[1]["reason"]) == ("warning", "a test")


def test_the_last_ready_device_is_taken_only_by_force(stactl, two_emulators):
    server = two_emulators
    assert run(stactl, server, "quarantine", "emulator").returncode == 0
    refused = run(stactl, server, "quarantine", "emulator:1")
    assert refused.returncode == 1
    assert refused.stderr.startswith("stactl devices quarantine: FAILED_PRECONDITION: "), (
        refused.stderr
    )
    assert devices(stactl, server)["emulator:1"]["state"] == "READY"
    forced = run(stactl, server, "quarantine", "emulator:1", "--force")
    assert forced.returncode == 0, forced.stderr
    assert {device["state"] for device in devices(stactl, server).values()} == {"HELD"}


def test_an_unknown_device_is_an_error_that_names_those_that_there_are(stactl, two_emulators):
    for command in ("quarantine", "release"):
        unknown = run(stactl, two_emulators, command, "xrt:7")
        assert unknown.returncode == 1
        assert "NOT_FOUND" in unknown.stderr
        assert "emulator, emulator:1" in unknown.stderr


def test_a_watch_does_not_hold_up_a_server_that_stops(stactl, server_binary, packages):
    # A watch that were waited for would make the server outlive the test's patience.
    arguments = ["--store", str(packages), "--drain-timeout", "1h"]
    with ServerProcess(server_binary, arguments) as server:
        with subprocess.Popen(
            [stactl, "--server", server.rpc_address, "--json", "devices", "--watch"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        ) as watch:
            assert json.loads(watch.stdout.readline())["devices"]
            server.signal(signal.SIGTERM)
            assert server.wait() == 0
            _, errors = watch.communicate(timeout=60)
        assert watch.returncode == 1
        assert "UNAVAILABLE: the server is shutting down" in errors
