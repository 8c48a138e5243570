# SPDX-License-Identifier: Apache-2.0
"""Servers and the cards that they share: one that is killed leaves them usable, one that has them keeps them."""

from __future__ import annotations

import json
import pathlib
import random
import shutil
import signal
import subprocess
import sys

import grpc
import pytest
from tritonclient.grpc import service_pb2, service_pb2_grpc

from conftest import program
from load import Load
from server_process import ServerProcess

CARDS = ("xrt:0", "xrt:1")
KILLS = 8
TEXTS = ("A cat sleeps on the warm window sill.", "hello", "the dog sat on the mat , good !")


class Rack:
    """Two virtual cards, and servers that are to use them."""

    def __init__(self, server_binary, stactl, store, directory) -> None:
        self._server_binary = server_binary
        self._spec = directory / "cards.json"
        self._spec.write_text(
            json.dumps({"directory": str(directory / "cards"), "cards": [{} for _ in CARDS]})
        )
        xclbin = directory / "sta.xclbin"
        subprocess.run(
            [stactl, "xclbin", "make", "--array", "8x8x8", "-o", xclbin], check=True
        )
        self._settings = {
            "--store": str(store),
            "--store-read-only": "true",
            "--xclbin": str(xclbin),
            "--xrt-shim": str(program("STA_VIRTUAL_XRT")),
        }

    def server(
        self,
        devices: str,
        other_settings: dict[str, str] | None = None,
        binary: pathlib.Path | None = None,
    ) -> ServerProcess:
        settings = {**self._settings, "--devices": devices, **(other_settings or {})}
        return ServerProcess(
            binary or self._server_binary,
            [word for setting in settings.items() for word in setting],
            environment={"STA_VIRTUAL_CARDS": str(self._spec)},
        )


@pytest.fixture
def rack(server_binary, stactl, packages, tmp_path) -> Rack:
    return Rack(server_binary, stactl, packages, tmp_path)


@pytest.fixture(scope="module")
def right_answers(server_binary, packages) -> list[bytes]:
    arguments = ["--store", str(packages), "--devices", "emulator"]
    with ServerProcess(server_binary, arguments) as emulator:
        return answers(emulator)


def answers(server: ServerProcess) -> list[bytes]:
    with grpc.insecure_channel(server.rpc_address) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        outputs = []
        for text in TEXTS:
            request = service_pb2.ModelInferRequest(model_name="embed")
            tensor = request.inputs.add(name="text", datatype="BYTES", shape=[1])
            tensor.contents.bytes_contents.append(text.encode())
            outputs.extend(stub.ModelInfer(request, timeout=60).raw_output_contents)
        return outputs


def states(stactl, server: ServerProcess) -> dict[str, str]:
    listed = subprocess.run(
        [stactl, "--server", server.rpc_address, "devices", "--json"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return {device["name"]: device["state"] for device in json.loads(listed.stdout)["devices"]}


def test_a_killed_server_leaves_its_cards_usable(rack, stactl, right_answers):
    seed = random.randrange(sys.maxsize)
    print(f"seed {seed}")  # shown where this fails
    moments = random.Random(seed)
    for _ in range(KILLS):
        # Only cards: nobody else could give the answers.
        with rack.server(",".join(CARDS)) as server:
            assert states(stactl, server) == dict.fromkeys(CARDS, "READY")
            assert answers(server) == right_answers
            with Load(server) as load:
                load.wait_for_more(moments.randint(1, 100))
                server.signal(signal.SIGKILL)
                assert server.wait() == -signal.SIGKILL


def test_cards_of_another_server_are_left_to_it(rack, stactl, right_answers):
    with rack.server("auto") as first:
        assert states(stactl, first) == dict.fromkeys((*CARDS, "emulator"), "READY")
        with Load(first) as load, rack.server("auto") as second:
            load.wait_for_more(1)
            assert states(stactl, second) == {"emulator": "READY"}
            assert answers(second) == right_answers
            unused = [event for event in second.events() if event["event"] == "card not used"]
            assert [event["device"] for event in unused] == list(CARDS)
            for event in unused:
                assert event["level"] == "warning"
                assert "busy" in event["reason"]
        assert load.failures == []
        assert answers(first) == right_answers
    # With the first one gone they are free.
    with rack.server("auto") as third:
        assert states(stactl, third) == dict.fromkeys((*CARDS, "emulator"), "READY")


def test_a_card_that_is_named_and_busy_is_an_error(rack):
    with rack.server(CARDS[0]):
        second = rack.server(CARDS[0])
        assert second.wait() == 1
        (error,) = [event for event in second.events() if event["event"] == "cannot start"]
        assert f"device '{CARDS[0]}'" in error["reason"]
        assert "busy" in error["reason"]
        with rack.server(CARDS[1]):
            pass  # the other card is free


def test_what_is_missing_is_told_once_and_the_emulator_serves(
    rack, server_binary, stactl, right_answers, tmp_path
):
    nothing = str(tmp_path / "nothing")
    alone = tmp_path / "bin" / "sta-server"
    alone.parent.mkdir()
    shutil.copy(server_binary, alone)
    for event, names, other_settings, binary in (
        ("no cards", "libsta_xrt.so", {}, alone),
        ("no cards", nothing, {"--xrt-shim": nothing}, server_binary),
        # All cards in one line: what they lack is the same.
        ("card not used", nothing, {"--xclbin": nothing}, server_binary),
    ):
        with rack.server("auto", other_settings, binary) as server:
            assert states(stactl, server) == {"emulator": "READY"}
            assert answers(server) == right_answers
        lines = [line for line in server.events() if line["event"] in ("no cards", "card not used")]
        assert [line["event"] for line in lines] == [event]
        assert names in lines[0]["reason"]
        if event == "card not used":
            assert lines[0]["device"] == ", ".join(CARDS)


def test_stactl_shows_cards(rack, stactl):
    with rack.server("auto") as server:
        shown = subprocess.run(
            [stactl, "--server", server.rpc_address, "devices"],
            capture_output=True, text=True, check=True, timeout=60,
        ).stdout  # fmt: skip
    for card in CARDS:
        (row,) = [line for line in shown.splitlines() if line.startswith(card)]
        assert "xrt" in row.split() and "READY" in row.upper()
