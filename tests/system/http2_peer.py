# SPDX-License-Identifier: Apache-2.0
"""A client that writes HTTP/2 frames one by one, right or wrong, and reads only when it is told to."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable

import hpack
from hyperframe.frame import (
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
FRAME_HEADER_BYTES = 9
# A server that does nothing for so long hangs.
TIMEOUT_S = 30
SERVICE = "/inference.GRPCInferenceService/"


def endpoint(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def raw_frame(kind: int, flags: int, stream_id: int, payload: bytes, length: int = -1) -> bytes:
    """Any frame, its `length` wrong on request."""
    size = len(payload) if length < 0 else length
    return struct.pack(">I", size)[1:] + struct.pack(">BBI", kind, flags, stream_id) + payload


def grpc_message(message: bytes) -> bytes:
    return b"\0" + struct.pack(">I", len(message)) + message


class Peer:
    """One connection. It says the preface and its settings at once, unless `greets` is false.

    with Peer(address) as peer:
        peer.send(*peer.call("ServerLive", b""))
        frames = peer.read_until(lambda frame: isinstance(frame, HeadersFrame))
    """

    def __init__(
        self,
        address: str,
        greets: bool = True,
        settings: dict[int, int] | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self._socket = socket.create_connection(endpoint(address), TIMEOUT_S)
        self._received = b""
        self._encoder = hpack.Encoder()
        self._headers = headers  # of every call
        self._next_stream_id = 1
        if greets:
            self.send_bytes(PREFACE)
            self.send(SettingsFrame(0, settings=settings or {}))

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def vanish(self) -> None:
        """Ends it as a client does whose process is killed: by a reset, whatever is on its way."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def send_bytes(self, data: bytes) -> bool:
        """False where the server has ended the connection, or takes no more of it."""
        try:
            self._socket.sendall(data)
        except OSError:
            return False
        return True

    def send(self, *frames: Frame) -> bool:
        return self.send_bytes(b"".join(frame.serialize() for frame in frames))

    def takes_no_more(self, data: bytes, timeout_s: float) -> bool:
        """Sends; true where the server did not take it all in that time, and is still there."""
        self._socket.settimeout(timeout_s)
        try:
            self._socket.sendall(data)
        except TimeoutError:
            return True
        finally:
            self._socket.settimeout(TIMEOUT_S)
        return False

    def header_block(self, method: str, extra: list[tuple[str, str]] | None = None) -> bytes:
        return self._encoder.encode(
            [
                (":method", "POST"),
                (":scheme", "http"),
                (":path", SERVICE + method),
                (":authority", "localhost"),
                ("content-type", "application/grpc"),
                ("te", "trailers"),
                *self._headers,
                *(extra or []),
            ]
        )

    def open(
        self, method: str, extra: list[tuple[str, str]] | None = None, stream_id: int = 0
    ) -> HeadersFrame:
        """The headers of a call with nothing behind them yet; on the next stream, or `stream_id`."""
        self._next_stream_id = stream_id or self._next_stream_id
        frame = HeadersFrame(self._next_stream_id, self.header_block(method, extra))
        frame.flags.add("END_HEADERS")
        self._next_stream_id += 2
        return frame

    def call(
        self,
        method: str,
        message: bytes,
        extra: list[tuple[str, str]] | None = None,
        stream_id: int = 0,
    ) -> list[Frame]:
        """A whole call, its message cut into frames."""
        headers = self.open(method, extra, stream_id)
        whole = grpc_message(message)
        parts = [whole[at : at + 16384] for at in range(0, len(whole), 16384)]
        frames = [DataFrame(headers.stream_id, part) for part in parts]
        frames[-1].flags.add("END_STREAM")
        return [headers, *frames]

    def read_frame(self, deadline: float | None = None) -> Frame | None:
        """The next frame; none where the connection has ended. Raises TimeoutError."""
        header = self._read(FRAME_HEADER_BYTES, deadline)
        if header is None:
            return None
        frame, length = Frame.parse_frame_header(memoryview(header))
        body = self._read(length, deadline)
        if body is None:
            return None
        frame.parse_body(memoryview(body))
        return frame

    def read_until(self, is_it: Callable[[Frame], bool]) -> list[Frame]:
        """What came until the first frame for which `is_it(frame)` holds, or until the end."""
        deadline = time.monotonic() + TIMEOUT_S
        frames: list[Frame] = []
        while (frame := self.read_frame(deadline)) is not None:
            frames.append(frame)
            if is_it(frame):
                break
        return frames

    def sends_without_end(self, method: str, length: int) -> int:
        """Begins a message of `length` and sends as the server's windows let it, until the server
        ends the call. Returns the bytes that it took."""
        headers = self.open(method)
        self.send(headers, DataFrame(headers.stream_id, b"\0" + struct.pack(">I", length)))
        part = DataFrame(headers.stream_id, b"x" * 16384)
        windows = {0: 65535 - 5, headers.stream_id: 65535 - 5}
        sent = 0
        while sent < length:
            while min(windows.values()) >= len(part.data):
                if not self.send(part):
                    return sent
                windows = {stream: size - len(part.data) for stream, size in windows.items()}
                sent += len(part.data)
            frame = self.read_frame()
            if isinstance(frame, WindowUpdateFrame):
                windows[frame.stream_id] += frame.window_increment
            elif isinstance(frame, SettingsFrame):
                size = frame.settings.get(SettingsFrame.INITIAL_WINDOW_SIZE, 65535)
                windows[headers.stream_id] += size - 65535
            elif frame is None or isinstance(frame, GoAwayFrame | HeadersFrame | RstStreamFrame):
                break
        return sent

    def _read(self, size: int, deadline: float | None) -> bytes | None:
        while len(self._received) < size:
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError("the server neither answers nor ends the connection")
            try:
                data = self._socket.recv(1 << 16)
            except ConnectionError:
                return None
            if not data:
                return None
            self._received += data
        taken, self._received = self._received[:size], self._received[size:]
        return taken
