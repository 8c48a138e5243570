#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server under pressure for as long as one likes: right answers, and nothing that grows.

Load at 80 % of what the server can do, unary and in streams, with deadlines; bursts of more than it
can do; clients that vanish, stop in the middle and do not read; uploads, loads and unloads; tokens
that change. The end is an error where an answer was wrong, a refusal was none that may be, memory,
descriptors or threads were more in the last third than in the first, or the server did not end with
0. docs/testing.md has what came of long runs.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import grpc

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))

from background import Background
from pressure_load import TOKEN, Clients, Tally, ask_questions
from process_state import ProcessState
from server_process import ServerProcess
from tritonclient.grpc import service_pb2, service_pb2_grpc

ADMIN_TOKEN = "token-of-admin"
SAMPLE_PAUSE_S = 0.1
CAPACITY_SHARE = 0.8
# What the medians of the last third may be over those of the first.
MEMORY_FACTOR = 1.05
MEMORY_SLACK_BYTES = 8 << 20
MORE_DESCRIPTORS = 8
MORE_THREADS = 4
RELOAD_TIMEOUT_S = 30


class Tokens:
    """The file of tokens: two that stay, and one that is another after each change."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self._number = 0
        self._write()

    def _write(self) -> None:
        lines = [("load", "infer", TOKEN), ("ops", "upload,admin", ADMIN_TOKEN),
                 ("guest", "infer", self.guest)]
        new = self.path.with_suffix(".new")
        new.write_text("".join(
            f"{name} {roles} sha256:{hashlib.sha256(token.encode()).hexdigest()}\n"
            for name, roles, token in lines
        ))
        new.rename(self.path)

    @property
    def guest(self) -> str:
        return f"token-of-guest-{self._number}"

    def change(self, address: str, tally: Tally) -> None:
        """The new one must come to be taken, and the old one be refused from then on."""
        old = self.guest
        self._number += 1
        self._write()
        with grpc.insecure_channel(address) as channel:
            stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)

            def is_taken(token: str) -> bool:
                metadata = [("authorization", f"Bearer {token}")]
                try:
                    stub.ServerMetadata(
                        service_pb2.ServerMetadataRequest(), metadata=metadata, timeout=30
                    )
                except grpc.RpcError as error:
                    assert error.code() == grpc.StatusCode.UNAUTHENTICATED, error
                    return False
                return True

            end = time.monotonic() + RELOAD_TIMEOUT_S
            while not is_taken(self.guest):
                assert time.monotonic() < end, "the new token is not taken"
            assert not is_taken(old), "the old token is still taken"
        tally.count("tokens changed")


class Keeper:
    """Changes the store and what is loaded, as an administrator does."""

    def __init__(self, stactl: pathlib.Path, address: str, package: pathlib.Path,
                 tally: Tally) -> None:
        self._stactl = stactl
        self._address = address
        self._package = package
        self._tally = tally
        self._uploads = 0

    def _run(self, *arguments: object) -> None:
        done = subprocess.run(
            [self._stactl, "model", *map(str, arguments), "--server", self._address],
            env={**os.environ, "STA_TOKEN": ADMIN_TOKEN}, capture_output=True, text=True,
            check=False, timeout=300,
        )
        assert done.returncode == 0, done.stderr
        self._tally.count(f"model {arguments[0]}")

    def turn(self) -> None:
        self._uploads += 1
        self._run("upload", self._package, "--name", "side", "--key", self._uploads)
        self._run("load", "side", "--version", self._uploads)
        self._run("unload", "side", "--version", self._uploads)


class Watch(Background):
    """Samples of what the server takes, while it is entered."""

    def __init__(self, pid: int) -> None:
        super().__init__()
        self._state = ProcessState(pid)
        self.samples: list[tuple[int, int, int]] = []
        self.add_thread(self._run)

    def _run(self) -> None:
        while not self.stop.wait(SAMPLE_PAUSE_S):
            state = self._state
            self.samples.append((state.memory_bytes, state.descriptors, state.threads))

    def growth(self) -> list[str]:
        """What grew from the first third to the last; prints both."""
        third = len(self.samples) // 3
        thirds = (self.samples[:third], self.samples[-third:])
        first, last = (
            [statistics.median(column) for column in zip(*part, strict=True)] for part in thirds
        )
        bounds = (first[0] * MEMORY_FACTOR + MEMORY_SLACK_BYTES, first[1] + MORE_DESCRIPTORS,
                  first[2] + MORE_THREADS)
        found = []
        for name, unit, before, after, bound in zip(
            ("memory", "descriptors", "threads"), (1e6, 1, 1), first, last, bounds, strict=True
        ):
            print(f"{name:<12} first third {before / unit:8.1f}, last {after / unit:8.1f}, "
                  f"at most {bound / unit:8.1f}")
            if after > bound:
                found.append(f"{name} grew")
        print(f"{'most memory':<12} {max(sample[0] for sample in self.samples) / 1e6:20.1f}")
        return found


def measure_capacity(address: str, questions: list, seconds: float) -> float:
    """Requests a second, in a closed loop of 8 callers."""
    tally = Tally()
    began = time.monotonic()
    with Clients(address, questions, tally, 0, seed=0):
        threading.Event().wait(seconds)
    answers = sum(n for what, n in tally.counts.items() if what.endswith("right"))
    return answers / (time.monotonic() - began)


def make_package(program: pathlib.Path, output: pathlib.Path, seed: int) -> pathlib.Path:
    output.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [program, "--output", output, "--task", "sentence_embedding", "--seed", str(seed)],
        check=True,
    )
    return output


def soak(options: argparse.Namespace, folder: pathlib.Path) -> list[str]:
    """What was wrong."""
    store = folder / "store"
    make_package(options.make_tiny_package, store / "embed" / "1", 1)
    side = make_package(options.make_tiny_package, folder / "side", 2)
    tokens = Tokens(folder / "tokens")
    tally = Tally()
    arguments = [
        "--store", str(store), "--tokens", str(tokens.path), "--keep-versions", "2",
        "--devices", "emulator:1", "--max-queue-tokens", "65536", "--request-memory", "128MiB",
        "--connection-timeout", "2s", "--keepalive-time", "5s", "--keepalive-timeout", "5s",
        "--access-log", "0.001",
    ]
    with ServerProcess(options.server, arguments) as server:
        address = server.rpc_address
        questions = ask_questions(address)
        capacity = measure_capacity(address, questions, options.seconds / 10)
        print(f"capacity {capacity:.0f} requests/s, seed {options.seed}", flush=True)
        clients = Clients(address, questions, tally, CAPACITY_SHARE * capacity, options.seed)
        pause_s = options.seconds / 40
        # The largest ones take about four times as long as others: half a second's worth.
        clients.add_bursts(2 * pause_s, max(32, int(capacity / 8)))
        clients.add_troublemakers(pause_s)
        keeper = Keeper(options.stactl, address, side, tally)
        clients.add(pause_s, keeper.turn)
        clients.add(pause_s, lambda: tokens.change(address, tally))
        with Watch(server.pid) as watch, clients:
            threading.Event().wait(options.seconds * 0.9)
        problems = watch.growth()
        server.signal(signal.SIGTERM)
        status = server.wait()
    for what, count in sorted(tally.counts.items()):
        print(f"{what:<32} {count}")
    problems += tally.failures
    if status != 0:
        problems.append(f"the server ended with {status}")
    for kind in ("unary: right", "stream: right", "burst: right", "troublemakers",
                 "tokens changed", "model upload", "model unload"):
        if tally.counts[kind] == 0:
            problems.append(f"nothing of the kind '{kind}' happened")
    return problems


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("server", "stactl", "make-tiny-package"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True, help="the program")
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        problems = soak(options, pathlib.Path(folder))
    print("\n".join(f"WRONG: {problem}" for problem in problems) or "all right")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
