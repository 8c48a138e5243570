# SPDX-License-Identifier: Apache-2.0
"""Clients that a server must survive: gone, mute, slow, in floods, and wrong in each frame.

    for name, attack in ATTACKS.items():
        with attack.begin(target):  # the damage is done, and what can be held is held
            ask_like_anybody_else()

Tests ask whether the server stays right, bench/chaos whether it stays quick for others.
"""

from __future__ import annotations

import contextlib
import dataclasses
import resource
import socket
from collections.abc import Callable, Iterator

from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from http2_peer import PREFACE, Peer, endpoint, raw_frame

MIB = 1 << 20
INITIAL_WINDOW_SIZE = 4
CANCEL = 8
# What a server may leave unread of a flood before it counts as not reading any more.
PATIENCE_S = 5
# The largest that a server takes where it said nothing else.
FRAME_BYTES = 16384


@dataclasses.dataclass(frozen=True)
class Target:
    """Where a server is, and two serialized ModelInferRequests: of few bytes each way, and one whose
    answer has megabytes."""

    address: str
    small: bytes
    large: bytes
    headers: tuple[tuple[str, str], ...] = ()  # of every call: a token

    def peer(self, **arguments: object) -> Peer:
        return Peer(self.address, headers=self.headers, **arguments)


@dataclasses.dataclass(frozen=True)
class Attack:
    begin: Callable[[Target], contextlib.AbstractContextManager[None]]
    # What the server's resident memory may grow by meanwhile.
    most_memory_bytes: int = 64 * MIB


def connect(target: Target) -> socket.socket:
    return socket.create_connection(endpoint(target.address), 30)


@contextlib.contextmanager
def held(peers: list) -> Iterator[None]:
    """Things that are open while the others ask, and closed then."""
    try:
        yield
    finally:
        for peer in peers:
            peer.close()


def flood(peer: Peer, data: bytes) -> None:
    """Sends it; a server may end the connection meanwhile, or let it wait."""
    with contextlib.suppress(OSError):
        peer.takes_no_more(data, PATIENCE_S)


@contextlib.contextmanager
def vanishing(target: Target) -> Iterator[None]:
    """Clients that are killed: after a request, in the middle of one, and while they wait."""
    for number in range(200):
        peer = target.peer()
        frames = peer.call("ModelInfer", target.large if number % 4 == 0 else target.small)
        data = b"".join(frame.serialize() for frame in frames)
        peer.send_bytes(data if number % 2 else data[: len(data) * number // 200])
        peer.vanish()
    yield


@contextlib.contextmanager
def vanishing_streams(target: Target) -> Iterator[None]:
    for number in range(50):
        peer = target.peer()
        headers, *parts = peer.call("ModelStreamInfer", target.small)
        for part in parts:
            part.flags.discard("END_STREAM")
        peer.send(headers, *(parts * (1 + number % 8)))
        peer.vanish()
    yield


def half_open(target: Target) -> contextlib.AbstractContextManager[None]:
    """Connections that began and say nothing more: at each of the points where one can stop."""
    peers: list = []
    for _ in range(50):
        peers.append(connect(target))
        half_greeting = connect(target)
        half_greeting.sendall(PREFACE[:10])
        peers.append(half_greeting)
        peers.append(target.peer())
        half_request = target.peer()
        half_request.send(*half_request.call("ModelInfer", target.small)[:1])
        peers.append(half_request)
        half_frame = target.peer()
        half_frame.send_bytes(raw_frame(0, 0, 1, b"abc", length=1000))
        peers.append(half_frame)
    return held(peers)


def slow_readers(target: Target) -> contextlib.AbstractContextManager[None]:
    """Clients that ask for large answers and take no byte of them."""
    peers = []
    for _ in range(16):
        peer = target.peer(settings={INITIAL_WINDOW_SIZE: 0})
        for _ in range(2):
            peer.send(*peer.call("ModelInfer", target.large))
        peers.append(peer)
    return held(peers)


def slow_streams(target: Target) -> contextlib.AbstractContextManager[None]:
    """Streams that send until the server takes no more, and read nothing."""
    peers = []
    for _ in range(4):
        peer = target.peer(settings={INITIAL_WINDOW_SIZE: 0})
        headers, *parts = peer.call("ModelStreamInfer", target.large)
        for part in parts:
            part.flags.discard("END_STREAM")
        message = b"".join(part.serialize() for part in parts)
        peer.send(headers)
        # The window that HTTP/2 gives at first, and no more: what is beyond is for `malformed`.
        for _ in range(65535 // len(message)):
            peer.send_bytes(message)
        peers.append(peer)
    return held(peers)


@contextlib.contextmanager
def one_flood(target: Target, data: Callable[[Peer], bytes]) -> Iterator[None]:
    """Four connections that send the same flood and read nothing, still there at the end."""
    peers = [target.peer() for _ in range(4)]
    for peer in peers:
        flood(peer, data(peer))
    with held(peers):
        yield


def pings(peer: Peer) -> bytes:
    return PingFrame(0, opaque_data=b"12345678").serialize() * 20_000


def settings(peer: Peer) -> bytes:
    return SettingsFrame(0, settings={INITIAL_WINDOW_SIZE: 65535}).serialize() * 20_000


def window_updates(peer: Peer) -> bytes:
    return WindowUpdateFrame(0, window_increment=1).serialize() * 20_000


def empty_data(peer: Peer) -> bytes:
    headers = peer.open("ModelInfer")
    return headers.serialize() + DataFrame(headers.stream_id, b"").serialize() * 20_000


def resets(peer: Peer) -> bytes:
    """Calls that are cancelled as soon as they have begun."""
    data = b""
    for _ in range(3000):
        headers = peer.open("ModelInfer")
        data += headers.serialize()
        data += RstStreamFrame(headers.stream_id, error_code=CANCEL).serialize()
    return data


def open_calls(peer: Peer) -> bytes:
    """Calls that begin and send nothing."""
    return b"".join(peer.open("ModelInfer").serialize() for _ in range(3000))


def tiny_calls(peer: Peer) -> bytes:
    return b"".join(
        frame.serialize() for _ in range(1000) for frame in peer.call("ServerLive", b"")
    )


def continuations(peer: Peer) -> bytes:
    """Headers that never end: 32 MB of them."""
    headers = HeadersFrame(1, peer.header_block("ServerLive"))
    # Never indexed, of a new name: a literal of 16 KB each.
    block = b"\x10\x01x\x7f\xf6\x7e" + b"a" * 16245
    part = ContinuationFrame(1, block).serialize()
    return headers.serialize() + part * 2000


def header_bomb(peer: Peer) -> bytes:
    """A few bytes that stand for a long header, again and again."""
    block = peer.header_block("ServerLive", [("x-bomb", "a" * 3000)])
    # The header is now the first of the table, which its index names in one byte.
    headers = HeadersFrame(1, block + b"\xbe" * 12_000)
    headers.flags.add("END_HEADERS")
    return headers.serialize() * 1


def header_bombs(peer: Peer) -> bytes:
    data = header_bomb(peer)
    for stream_id in range(3, 2003, 2):
        headers = HeadersFrame(stream_id, b"\xbe" * 12_000)
        headers.flags.add("END_HEADERS")
        data += headers.serialize()
    return data


def wrong_requests(peer: Peer) -> bytes:
    """Bytes that are no message, in calls that are otherwise in order."""
    return b"".join(
        frame.serialize() for _ in range(500) for frame in peer.call("ModelInfer", b"\xff" * 100)
    )


def may_open(wanted: int) -> int:
    """How many of `wanted` connections this process may have: it raises its own limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return min(wanted, hard - 200) if hard != resource.RLIM_INFINITY else wanted


def connections(target: Target) -> contextlib.AbstractContextManager[None]:
    """5,000 at once, each as a client begins it."""
    peers = []
    for _ in range(may_open(5000)):
        peer = connect(target)
        peer.sendall(PREFACE + SettingsFrame(0).serialize())
        peers.append(peer)
    return held(peers)


@contextlib.contextmanager
def garbage(target: Target) -> Iterator[None]:
    """What is no HTTP/2 at all."""
    for text in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\0" * 100_000, b"\xff" * 100_000,
                 b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x5a" * 600, b"\r\n" * 1000):
        for _ in range(20):
            with connect(target) as connection, contextlib.suppress(OSError):
                connection.sendall(text)
    yield


def floods(data: Callable[[Peer], bytes]) -> Callable:
    return lambda target: one_flood(target, data)


ATTACKS = {
    "vanishing": Attack(vanishing),
    "vanishing streams": Attack(vanishing_streams),
    "half open": Attack(half_open),
    # What is computed waits in the server: 32 answers.
    "slow readers": Attack(slow_readers, 256 * MIB),
    "slow streams": Attack(slow_streams, 256 * MIB),
    "pings": Attack(floods(pings)),
    "settings": Attack(floods(settings)),
    "window updates": Attack(floods(window_updates)),
    "empty data": Attack(floods(empty_data)),
    # 12,000 calls at once, some 20 KB each.
    "resets": Attack(floods(resets), 384 * MIB),
    "open calls": Attack(floods(open_calls), 384 * MIB),
    "tiny calls": Attack(floods(tiny_calls), 128 * MIB),
    # gRPC 1.51 keeps what is sent: 128 MB.
    "continuations": Attack(floods(continuations), 320 * MIB),
    "header bombs": Attack(floods(header_bombs)),
    "wrong requests": Attack(floods(wrong_requests), 128 * MIB),
    "garbage": Attack(garbage),
    # 40 KB each.
    "connections": Attack(connections, 256 * MIB),
}
