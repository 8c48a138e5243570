# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 that breaks a rule of RFC 9113 or of HPACK (RFC 7541), case by case, as h2spec does.

Each is refused: the server ends the connection, or the stream, or the call. A few are ignored, and
then the connection goes on as if nothing had been.
"""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Callable

from hyperframe.frame import (
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    RstStreamFrame,
    SettingsFrame,
)

from attacks import FRAME_BYTES, Target
from http2_peer import PREFACE, Peer, raw_frame

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE = range(9)
CONTINUATION = 9
ACK = END_STREAM = 1
END_HEADERS = 4
PADDED = 8


def ends_it(frame: Frame) -> bool:
    """Of a connection, of a stream, or of a call: trailers end its stream."""
    return isinstance(frame, GoAwayFrame | RstStreamFrame) or (
        isinstance(frame, HeadersFrame) and "END_STREAM" in frame.flags
    )


NEXT_STREAM_ID = 101


@dataclasses.dataclass(frozen=True)
class Case:
    data: Callable[[Peer, Target], bytes]
    greets: bool = True  # whether preface and settings come first
    is_ignored: bool = False

    def check(self, peer: Peer) -> None:
        """Raises AssertionError, or TimeoutError where the server does nothing."""
        if not self.is_ignored:
            peer.read_until(ends_it)  # or the connection has ended
            return
        peer.send(*peer.call("ServerLive", b"", stream_id=NEXT_STREAM_ID))
        frames = peer.read_until(ends_it)
        assert frames and ends_it(frames[-1]) and frames[-1].stream_id == NEXT_STREAM_ID


def frame(
    kind: int, flags: int, stream_id: int, payload: bytes, length: int = -1, is_ignored: bool = False
) -> Case:
    return Case(
        lambda peer, target: raw_frame(kind, flags, stream_id, payload, length),
        is_ignored=is_ignored,
    )


def after_headers(data: bytes) -> Case:
    """On stream 1, which is open."""
    return Case(lambda peer, target: peer.open("ModelInfer").serialize() + data)


def block(data: bytes) -> Case:
    """A whole header block."""
    return frame(HEADERS, END_HEADERS | END_STREAM, 1, data)


def with_headers(*extra: tuple[str, str]) -> Case:
    return Case(
        lambda peer, target: b"".join(
            part.serialize() for part in peer.call("ServerLive", b"", list(extra))
        )
    )


def after_the_end(peer: Peer, target: Target) -> bytes:
    """More data of a call that has sent all."""
    frames = peer.call("ServerLive", b"")
    return b"".join(part.serialize() for part in [*frames, DataFrame(1, b"x" * 100_000)])


def window_overflow(peer: Peer, target: Target) -> bytes:
    """More than the stream's window lets a client send at once."""
    headers = peer.open("ModelInfer")
    head = b"\0" + struct.pack(">I", 60 << 20)
    parts = b"".join(DataFrame(1, b"x" * FRAME_BYTES).serialize() for _ in range(1024))
    return headers.serialize() + DataFrame(1, head).serialize() + parts


def settings(identifier: int, value: int) -> Case:
    return frame(SETTINGS, 0, 0, struct.pack(">HI", identifier, value))


CASES = {
    "wrong preface": Case(lambda peer, target: b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n" * 2, False),
    "no settings after the preface": Case(
        lambda peer, target: PREFACE + raw_frame(DATA, 0, 1, b"x"), False
    ),
    "settings of an odd size": frame(SETTINGS, 0, 0, b"12345"),
    "settings on a stream": frame(SETTINGS, 0, 1, b""),
    "settings acknowledged with content": frame(SETTINGS, ACK, 0, b"123456"),
    "settings: push of 2": settings(2, 2),
    "settings: window over 2^31 - 1": settings(4, 1 << 31),
    "settings: frame size 1": settings(5, 1),
    "ping on a stream": frame(PING, 0, 1, b"12345678", is_ignored=True),
    "ping of 6 bytes": frame(PING, 0, 0, b"123456"),
    "data on stream 0": frame(DATA, 0, 0, b"x", is_ignored=True),
    "data on an idle stream": frame(DATA, 0, 7, b"x", is_ignored=True),
    "headers on stream 0": Case(
        lambda peer, target: raw_frame(HEADERS, END_HEADERS, 0, peer.header_block("ServerLive")),
        is_ignored=True,
    ),
    "headers on a stream of the server's": Case(
        lambda peer, target: raw_frame(HEADERS, END_HEADERS, 2, peer.header_block("ServerLive")),
        is_ignored=True,
    ),
    "reset of stream 0": frame(RST_STREAM, 0, 0, b"\0\0\0\x08", is_ignored=True),
    "reset of 3 bytes": after_headers(raw_frame(RST_STREAM, 0, 1, b"\0\0\0")),
    "goaway of 3 bytes": frame(GOAWAY, 0, 0, b"\0\0\0"),
    "window update of 0": frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 0)),
    "window update of 3 bytes": frame(WINDOW_UPDATE, 0, 0, b"\0\0\1"),
    "a frame over the largest size": frame(DATA, 0, 1, b"x" * (5 << 20)),
    "a frame of 16 MB that never comes": frame(HEADERS, END_HEADERS, 1, b"", (1 << 24) - 1),
    "padding longer than the frame": after_headers(raw_frame(DATA, PADDED, 1, b"\xff" + b"x" * 10)),
    "padding longer than the headers": frame(HEADERS, END_HEADERS | PADDED, 1, b"\xff\x82"),
    "a continuation of nothing": frame(CONTINUATION, END_HEADERS, 1, b"\x82"),
    "a frame between headers and continuation": Case(
        lambda peer, target: raw_frame(HEADERS, 0, 1, peer.header_block("ServerLive"))
        + raw_frame(PING, 0, 0, b"12345678")
    ),
    "a continuation of another stream": Case(
        lambda peer, target: raw_frame(HEADERS, 0, 1, peer.header_block("ServerLive"))
        + raw_frame(CONTINUATION, END_HEADERS, 3, b"")
    ),
    "data beyond the window": Case(window_overflow),
    "data after the end of the stream": Case(after_the_end),
    "hpack: an index beyond the table": block(b"\xff\xff\xff\xff\x07"),
    "hpack: index 0": block(b"\x80"),
    "hpack: an integer without an end": block(b"\xff" + b"\xff" * 20),
    "hpack: a literal longer than the block": block(b"\x40\x7f\xff\xff\x01abc"),
    "hpack: bad Huffman code": block(b"\x40\x01x\x84\xff\xff\xff\xff"),
    "hpack: a table larger than allowed": block(b"\x3f\xff\xff\xff\x0f\x82"),
    "headers that are too long": with_headers(("x-long", "a" * 15_000), ("x-too", "b" * 15_000)),
    "no path": block(b"\x83\x86"),
    "a message that is longer than allowed": Case(
        lambda peer, target: peer.open("ModelInfer").serialize()
        + DataFrame(1, b"\0" + struct.pack(">I", (1 << 32) - 1)).serialize(),
        is_ignored=True,  # until more of it comes: test_chaos.py has what becomes of that
    ),
    "a message marked as compressed that is not": Case(
        lambda peer, target: peer.open("ModelInfer", [("grpc-encoding", "gzip")]).serialize()
        + DataFrame(1, b"\1" + struct.pack(">I", 4) + b"abcd", flags=["END_STREAM"]).serialize()
    ),
    "a compression that nobody knows": Case(
        lambda peer, target: b"".join(
            part.serialize()
            for part in peer.call("ModelInfer", target.small, [("grpc-encoding", "lzw")])
        )
    ),
    "half a message": Case(
        lambda peer, target: peer.open("ModelInfer").serialize()
        + DataFrame(1, b"\0\0\0", flags=["END_STREAM"]).serialize()
    ),
    "no message": Case(
        lambda peer, target: raw_frame(
            HEADERS, END_HEADERS | END_STREAM, 1, peer.header_block("ModelInfer")
        )
    ),
    "a method that is not there": Case(
        lambda peer, target: b"".join(part.serialize() for part in peer.call("Nothing", b""))
    ),
    "an endless deadline": with_headers(("grpc-timeout", "99999999999999999999H")),
}
