# SPDX-License-Identifier: Apache-2.0
"""Clients that are gone, mute, slow, too many or wrong: the server stays up, right and small.

What others feel of it in time is measured by bench/chaos/run.sh, not here.
"""

from __future__ import annotations

import contextlib
import pathlib
import resource
import socket
import subprocess
from collections.abc import Iterator

import grpc
import pytest
from tritonclient.grpc import service_pb2, service_pb2_grpc

from attacks import ATTACKS, MIB, Target, connect, may_open
from conditions import wait_until
from http2_peer import PREFACE, Peer, endpoint
from malformed_http2 import CASES
from metrics_page import samples, scrape, total
from process_state import ProcessState
from server_process import ServerProcess

ANSWER_TIMEOUT_S = 60
# gRPC's own threads come and go with its work.
MORE_THREADS = 8


def text_request(
    text: bytes, rows: int = 1, outputs: tuple[str, ...] = ()
) -> service_pb2.ModelInferRequest:
    request = service_pb2.ModelInferRequest(model_name="embed")
    tensor = request.inputs.add(name="text", datatype="BYTES", shape=[rows])
    tensor.contents.bytes_contents.extend([text] * rows)
    for name in outputs:
        request.outputs.add(name=name)
    return request


SMALL = text_request(b"a few words")
LARGE = text_request(b"hello " * 60, 128, ("last_hidden_state",))  # its answer: a megabyte


class Bystander:
    """A client like any other, which knows what is right."""

    def __init__(self, server: ServerProcess, credentials: grpc.ChannelCredentials | None = None):
        options = [("grpc.use_local_subchannel_pool", 1)]
        self.channel = (
            grpc.insecure_channel(server.rpc_address, options)
            if credentials is None
            else grpc.secure_channel(server.rpc_address, credentials, options)
        )
        self._stub = service_pb2_grpc.GRPCInferenceServiceStub(self.channel)
        self._right = self._ask()

    def _ask(self) -> bytes:
        answer = self._stub.ModelInfer(SMALL, timeout=ANSWER_TIMEOUT_S, wait_for_ready=True)
        return answer.raw_output_contents[0]

    def is_answered_right(self) -> bool:
        ready = self._stub.ServerReady(
            service_pb2.ServerReadyRequest(), timeout=ANSWER_TIMEOUT_S, wait_for_ready=True
        )
        return ready.ready and self._ask() == self._right


def start(binary: pathlib.Path, store: pathlib.Path, *arguments: str) -> ServerProcess:
    return ServerProcess(binary, ["--store", str(store), "--store-read-only", "true", *arguments])


@pytest.fixture(scope="module")
def server(server_binary: pathlib.Path, packages: pathlib.Path) -> Iterator[ServerProcess]:
    with start(server_binary, packages) as process:
        yield process


@pytest.fixture(scope="module")
def bystander(server: ServerProcess) -> Iterator[Bystander]:
    made = Bystander(server)
    # What takes memory once, and threads, is there before anything is compared with it.
    stub = service_pb2_grpc.GRPCInferenceServiceStub(made.channel)
    for call in [stub.ModelInfer.future(LARGE, timeout=ANSWER_TIMEOUT_S) for _ in range(8)]:
        call.result()
    yield made
    made.channel.close()


@pytest.fixture
def target(server: ServerProcess) -> Target:
    return Target(server.rpc_address, SMALL.SerializeToString(), LARGE.SerializeToString())


@contextlib.contextmanager
def nothing_stays(server: ServerProcess, most_memory_bytes: int) -> Iterator[None]:
    """Memory stays within its bound, and descriptors and threads come back."""
    state = ProcessState(server.pid)
    memory, descriptors, threads = state.memory_bytes, state.descriptors, state.threads
    state.reset_peak()
    yield
    growth = state.peak_memory_bytes - memory
    assert growth <= most_memory_bytes, f"memory grew by {growth / MIB:.0f} MiB"
    wait_until(
        lambda: state.descriptors <= descriptors,
        lambda: f"{state.descriptors} descriptors are open, before it were {descriptors}",
    )
    wait_until(
        lambda: state.threads <= threads + MORE_THREADS,
        lambda: f"{state.threads} threads, before it were {threads}",
    )


@pytest.mark.parametrize("name", ATTACKS)
def test_survives(
    name: str, server: ServerProcess, bystander: Bystander, target: Target
) -> None:
    attack = ATTACKS[name]
    with nothing_stays(server, attack.most_memory_bytes):
        with attack.begin(target):
            assert bystander.is_answered_right()
    assert bystander.is_answered_right()


def test_calls_that_are_cancelled_at_once_do_not_pile_up(
    server_binary: pathlib.Path, packages: pathlib.Path
) -> None:
    with start(server_binary, packages, "--max-calls", "2000") as server:
        bystander = Bystander(server)
        target = Target(server.rpc_address, SMALL.SerializeToString(), b"")
        state = ProcessState(server.pid)
        before = state.memory_bytes
        # 96,000 of some 20 KB each, faster than they are worked off. Beside those that may be there,
        # what has been read of each connection before it is ended becomes calls: some 1,000.
        with nothing_stays(server, 192 * MIB):
            with contextlib.ExitStack() as floods:
                for _ in range(8):
                    floods.enter_context(ATTACKS["resets"].begin(target))
                assert bystander.is_answered_right()
        assert total(samples(scrape(server)), "sta_connections_ended_total") >= 1
        assert bystander.is_answered_right()
        bystander.channel.close()
        # The heap is looked at every ten seconds.
        wait_until(
            lambda: state.memory_bytes <= before + 48 * MIB,
            lambda: f"{state.memory_bytes / MIB:.0f} MiB stay, before it were {before / MIB:.0f}",
        )


@pytest.mark.parametrize("name", CASES)
def test_refuses_malformed_frames(
    name: str, server: ServerProcess, bystander: Bystander, target: Target
) -> None:
    case = CASES[name]
    with Peer(target.address, greets=case.greets) as peer:
        peer.send_bytes(case.data(peer, target))
        case.check(peer)
    assert bystander.is_answered_right()


def test_a_message_without_an_end_is_cut_off(
    server_binary: pathlib.Path, packages: pathlib.Path
) -> None:
    """Of 4 GB, it says. gRPC gathers a message before it looks at its size."""
    with start(
        server_binary, packages, "--max-message-bytes", "1MiB", "--request-memory", "8MiB"
    ) as server:
        bystander = Bystander(server)
        with nothing_stays(server, 64 * MIB):
            with Peer(server.rpc_address) as peer:
                assert peer.sends_without_end("ModelInfer", (4 << 30) - 1) < 64 * MIB
            assert bystander.is_answered_right()
        bystander.channel.close()


def test_tls_garbage(
    server_binary: pathlib.Path, packages: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    chain, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-days", "2", "-keyout", key, "-out", chain],
        check=True, capture_output=True,
    )
    credentials = grpc.ssl_channel_credentials(chain.read_bytes())
    with start(server_binary, packages, "--tls-cert", str(chain), "--tls-key", str(key),
               "--connection-timeout", "500ms") as server:
        bystander = Bystander(server, credentials)
        target = Target(server.rpc_address, SMALL.SerializeToString(), b"")
        with nothing_stays(server, 64 * MIB):
            for name in ("garbage", "half open"):
                with ATTACKS[name].begin(target):
                    assert bystander.is_answered_right()
            # A hello that never ends: the server ends it.
            with connect(target) as mute:
                mute.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
                assert mute.recv(1) in (b"", b"\x15")  # the end, or an alert before it
            assert bystander.is_answered_right()
        bystander.channel.close()


def test_mute_connections_are_ended(
    server_binary: pathlib.Path, packages: pathlib.Path
) -> None:
    """At each point where a client can stop, with times that a test can wait for."""
    with start(
        server_binary, packages, "--connection-timeout", "200ms", "--keepalive-time", "200ms",
        "--keepalive-timeout", "200ms",
    ) as server:
        state = ProcessState(server.pid)
        before = state.descriptors
        target = Target(server.rpc_address, SMALL.SerializeToString(), b"")
        with ATTACKS["half open"].begin(target):
            wait_until(
                lambda: state.descriptors <= before,
                lambda: f"{state.descriptors - before} connections are still open",
            )


def test_idle_connections_are_ended_and_clients_come_back(
    server_binary: pathlib.Path, packages: pathlib.Path
) -> None:
    with start(server_binary, packages, "--connection-idle", "100ms") as server:
        state = ProcessState(server.pid)
        before = state.descriptors
        bystander = Bystander(server)
        for _ in range(3):
            wait_until(
                lambda: state.descriptors <= before,
                lambda: f"{state.descriptors - before} connections are still open",
            )
            assert bystander.is_answered_right()
        bystander.channel.close()


def test_connections_are_ended_at_their_age_and_no_call_fails(
    server_binary: pathlib.Path, packages: pathlib.Path
) -> None:
    with start(server_binary, packages, "--connection-age", "50ms") as server:
        bystander = Bystander(server)
        connected: list[grpc.ChannelConnectivity] = []
        bystander.channel.subscribe(
            lambda state: state == grpc.ChannelConnectivity.READY and connected.append(state)
        )

        def came_back() -> bool:
            assert bystander.is_answered_right()
            return len(connected) >= 4

        wait_until(came_back, lambda: f"{len(connected)} connections")
        bystander.channel.close()


def test_connections_beyond_the_bound_are_closed_and_others_go_on(
    server_binary: pathlib.Path, packages: pathlib.Path
) -> None:
    with start(server_binary, packages, "--max-connections", "100") as server:
        bystander = Bystander(server)
        target = Target(server.rpc_address, b"", b"")
        with contextlib.ExitStack() as opened:
            peers = [opened.enter_context(connect(target)) for _ in range(200)]
            # The server says its settings to those that it takes, and ends the others.
            ended = [peer for peer in peers if not first_byte(peer)]
            assert 60 <= len(ended) <= 120  # the bound is of descriptors, files count, too
            assert bystander.is_answered_right()
        refused = total(samples(scrape(server)), "sta_connections_refused_total")
        assert refused == len(ended)
        warnings = [event for event in server.events()
                    if event["event"] == "connections refused: too many are open"]
        assert len(warnings) == 1
        # There is room again.
        wait_until(lambda: is_taken(target), lambda: "new connections are still refused")
        bystander.channel.close()


def test_goes_on_when_the_process_had_no_descriptors(
    server_binary: pathlib.Path, packages: pathlib.Path
) -> None:
    """gRPC's own listening ends for ever there."""
    with start(server_binary, packages) as server:
        state = ProcessState(server.pid)
        target = Target(server.rpc_address, b"", b"")
        before = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (state.descriptors + 20, before[1]))
        with contextlib.ExitStack() as opened:
            for _ in range(60):  # in the kernel's queue, most of them
                opened.enter_context(connect(target))
            wait_until(
                lambda: state.descriptors >= resource.prlimit(server.pid, resource.RLIMIT_NOFILE)[0],
                lambda: f"{state.descriptors} descriptors are open",
            )
        bystander = Bystander(server)
        assert bystander.is_answered_right()
        bystander.channel.close()


def first_byte(peer: socket.socket) -> bytes:
    try:
        return peer.recv(1)
    except ConnectionError:
        return b""


def is_taken(target: Target) -> bool:
    with connect(target) as peer:
        return bool(first_byte(peer))


def test_drains_under_attack(
    server_binary: pathlib.Path, packages: pathlib.Path
) -> None:
    with start(server_binary, packages, "--drain-timeout", "1s") as server:
        target = Target(server.rpc_address, SMALL.SerializeToString(), LARGE.SerializeToString())
        with contextlib.ExitStack() as held:
            for name in ("half open", "slow readers", "slow streams", "open calls"):
                held.enter_context(ATTACKS[name].begin(target))
            server.signal(15)
            assert server.wait() == 0
