# SPDX-License-Identifier: Apache-2.0
"""A real sta-server process for a test: free ports, its log kept, ended by SIGTERM."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import threading

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 60
LOG_TIMEOUT_S = 30


class ServerProcess:
    """Starts `binary` with ports of its own choosing; waits until it listens and has tried all models.

    with ServerProcess(binary, ["--store", path]) as server:
        channel = grpc.insecure_channel(server.rpc_address)

    The log line that the server writes when it listens holds the addresses: tests bind port 0.
    """

    def __init__(
        self,
        binary: pathlib.Path,
        arguments: list[str],
        ports: bool = True,
        environment: dict[str, str] | None = None,
    ) -> None:
        if ports:
            arguments = [*arguments, "--listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0",
                         "--metrics", "127.0.0.1:0"]
        self.rpc_address = ""
        self.http_address = ""
        self.metrics_address = ""
        self._lines: list[str] = []
        self._loaded = False
        self._serving = threading.Event()
        self._changed = threading.Condition()
        self._ended = False
        self._process = subprocess.Popen(
            [str(binary), *arguments],
            stderr=subprocess.STDOUT,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> ServerProcess:
        if not self._serving.wait(START_TIMEOUT_S) or not self.rpc_address:
            self.kill()
            raise AssertionError(f"the server does not serve; its log:\n{self.log()}")
        return self

    def __exit__(self, *exception: object) -> None:
        if self._process.poll() is None:
            self.signal(signal.SIGTERM)
        try:
            self.wait()
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self._lines.append(line)
                self._changed.notify_all()
            fields = self.parse(line)
            event = fields.get("event", "")
            if event == "listening":
                self.rpc_address = fields["grpc"]
                self.http_address = fields["http"]
                self.metrics_address = fields["metrics"]
            elif event in ("ready", "not ready: a model failed"):
                self._loaded = True
            # Models load while the ports open, so either may come first.
            if self._loaded and self.rpc_address:
                self._serving.set()
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._serving.set()  # The process has ended: nobody needs to wait any longer.

    @staticmethod
    def parse(line: str) -> dict:
        """The fields of one structured log line; empty for anything else."""
        try:
            fields = json.loads(line)
        except ValueError:
            return {}
        return fields if isinstance(fields, dict) else {}

    @property
    def pid(self) -> int:
        return self._process.pid

    def log(self) -> str:
        return "".join(self._lines)

    def events(self) -> list[dict]:
        return [fields for fields in map(self.parse, list(self._lines)) if fields]

    def wait_for_events(self, event: str, count: int) -> list[dict]:
        """The first `count` log lines of this event, once they are there."""
        found: list[dict] = []

        def are_there() -> bool:
            found[:] = [fields for fields in self.events() if fields.get("event") == event]
            return len(found) >= count

        with self._changed:
            self._changed.wait_for(lambda: are_there() or self._ended, LOG_TIMEOUT_S)
        assert len(found) >= count, f"no {count} lines '{event}'; the log:\n{self.log()}"
        return found[:count]

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def wait(self) -> int:
        """Waits for the end and returns the exit status."""
        code = self._process.wait(STOP_TIMEOUT_S)
        self._reader.join()
        return code

    def kill(self) -> None:
        self._process.kill()
        self.wait()
