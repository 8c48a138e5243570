# SPDX-License-Identifier: Apache-2.0
"""Clients of the soak under pressure, each of which knows what is right.

An answer is right when it has the bits that the server gave when it was alone, and a refusal when it
is one that this client may get (`Tally.refused`). Everything else is kept as a failure.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import random
import threading
import time
from collections.abc import Callable, Iterator

import grpc
from tritonclient.grpc import service_pb2, service_pb2_grpc

from attacks import Target, half_open, slow_readers, vanishing, vanishing_streams
from background import Background

MODEL = "embed"
ROWS = (1, 4, 16, 64, 256)
TOKEN = "token-of-load"
METADATA = (("authorization", f"Bearer {TOKEN}"),)
ANSWER_TIMEOUT_S = 60
STREAM_MESSAGES = 8
FAILURES_KEPT = 20
OVERLOAD = grpc.StatusCode.RESOURCE_EXHAUSTED
LATE = grpc.StatusCode.DEADLINE_EXCEEDED


@dataclasses.dataclass(frozen=True)
class Question:
    request: service_pb2.ModelInferRequest
    right: bytes


class Tally:
    """What came of it all. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.counts: collections.Counter[str] = collections.Counter()
        self.failures: list[str] = []

    def count(self, what: str) -> None:
        with self._lock:
            self.counts[what] += 1

    def fail(self, what: str) -> None:
        with self._lock:
            self.counts["failures"] += 1
            if len(self.failures) < FAILURES_KEPT:
                self.failures.append(what)

    def check(self, who: str, answer: bytes, question: Question) -> None:
        if answer == question.right:
            self.count(f"{who}: right")
        else:
            self.fail(f"{who}: a wrong answer")

    def refused(self, who: str, error: grpc.RpcError, *allowed: grpc.StatusCode) -> None:
        if error.code() in allowed:
            self.count(f"{who}: {error.code().name}")
        else:
            self.fail(f"{who}: {error.code().name}: {error.details()}")


def text_request(rows: int, outputs: tuple[str, ...] = ()) -> service_pb2.ModelInferRequest:
    request = service_pb2.ModelInferRequest(model_name=MODEL, model_version="1")
    tensor = request.inputs.add(name="text", datatype="BYTES", shape=[rows])
    tensor.contents.bytes_contents.extend(b"hello world %d " % row * 10 for row in range(rows))
    for name in outputs:
        request.outputs.add(name=name)
    return request


def ask_questions(address: str) -> list[Question]:
    with grpc.insecure_channel(address) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        return [
            Question(request, stub.ModelInfer(request, metadata=METADATA).raw_output_contents[0])
            for request in map(text_request, ROWS)
        ]


class Clients(Background):
    """All of them, on threads, from `with` on.

    `rate` is how many requests a second the paced ones send together; 0 sends without a pause.
    """

    def __init__(self, address: str, questions: list[Question], tally: Tally, rate: float,
                 seed: int, callers: int = 8) -> None:
        super().__init__()
        self._address = address
        self._questions = questions
        self._tally = tally
        self._random = random.Random(seed)
        self._pause_s = callers / rate if rate > 0 else 0.0
        for _ in range(callers - callers // 4):
            self._add(self._call)
        for _ in range(callers // 4):
            self._add(self._stream)

    def add_bursts(self, every_s: float, size: int) -> None:
        self.add_thread(lambda: self._burst(every_s, size))

    def add_troublemakers(self, every_s: float) -> None:
        self._add(lambda own: self._trouble(own, every_s))

    def add(self, every_s: float, work: Callable[[], None]) -> None:
        """Something that is done again and again; what it raises is a failure."""

        def run() -> None:
            while not self.stop.wait(every_s):
                try:
                    work()
                except Exception as error:  # whatever it is, the soak tells it at its end
                    self._tally.fail(f"{type(error).__name__}: {error}")

        self.add_thread(run)

    def _add(self, work: Callable[[random.Random], None]) -> None:
        own = random.Random(self._random.random())
        self.add_thread(lambda: work(own))

    @contextlib.contextmanager
    def _stub(self) -> Iterator[service_pb2_grpc.GRPCInferenceServiceStub]:
        # A connection of its own for each client.
        options = [("grpc.use_local_subchannel_pool", 1)]
        with grpc.insecure_channel(self._address, options) as channel:
            yield service_pb2_grpc.GRPCInferenceServiceStub(channel)

    def _paced(self, own: random.Random, requests: int = 1) -> Iterator[None]:
        """At random times, as many as the rate says: who is late does not send less."""
        due = time.monotonic()
        while not self.stop.is_set():
            if self._pause_s > 0:
                due += own.expovariate(1 / (self._pause_s * requests))
                if self.stop.wait(max(0.0, due - time.monotonic())):
                    return
            yield

    def _call(self, own: random.Random) -> None:
        with self._stub() as stub:
            for _ in self._paced(own):
                question = own.choice(self._questions)
                tight = own.random() < 0.125
                timeout_s = own.uniform(0.001, 0.05) if tight else ANSWER_TIMEOUT_S
                try:
                    answer = stub.ModelInfer(
                        question.request, timeout=timeout_s, metadata=METADATA
                    )
                    self._tally.check("unary", answer.raw_output_contents[0], question)
                except grpc.RpcError as error:
                    self._tally.refused("unary", error, OVERLOAD, *([LATE] if tight else []))

    def _stream(self, own: random.Random) -> None:
        with self._stub() as stub:
            for _ in self._paced(own, STREAM_MESSAGES):
                asked = [own.choice(self._questions) for _ in range(STREAM_MESSAGES)]
                try:
                    self._one_stream(stub, asked)
                except grpc.RpcError as error:
                    self._tally.refused("stream", error)

    def _one_stream(
        self, stub: service_pb2_grpc.GRPCInferenceServiceStub, asked: list[Question]
    ) -> None:
        def requests() -> Iterator[service_pb2.ModelInferRequest]:
            for number, question in enumerate(asked):
                request = service_pb2.ModelInferRequest()
                request.CopyFrom(question.request)
                request.id = str(number)
                yield request

        answers = stub.ModelStreamInfer(requests(), timeout=ANSWER_TIMEOUT_S, metadata=METADATA)
        count = 0
        for answer in answers:
            if answer.infer_response.id != str(count):
                self._tally.fail(f"stream: {answer.infer_response.id} came in place of {count}")
            if not answer.error_message:
                raw = answer.infer_response.raw_output_contents[0]
                self._tally.check("stream", raw, asked[count])
            elif "retry-after-ms" in answer.infer_response.parameters:
                self._tally.count("stream: refused for a while")
            else:
                self._tally.fail(f"stream: {answer.error_message}")
            count += 1
        if count != len(asked):
            self._tally.fail(f"stream: {count} answers to {len(asked)} requests")

    def _burst(self, every_s: float, size: int) -> None:
        """Many requests at once: more than is worked off for a while."""
        question = self._questions[-1]
        with self._stub() as stub:
            while not self.stop.wait(every_s):
                calls = [
                    stub.ModelInfer.future(
                        question.request, timeout=ANSWER_TIMEOUT_S, metadata=METADATA
                    )
                    for _ in range(size)
                ]
                for call in calls:
                    try:
                        answer = call.result()
                        self._tally.check("burst", answer.raw_output_contents[0], question)
                    except grpc.RpcError as error:
                        self._tally.refused("burst", error, OVERLOAD)

    def _trouble(self, own: random.Random, every_s: float) -> None:
        """Clients that vanish, stop in the middle, or do not read."""
        target = Target(
            self._address,
            self._questions[0].request.SerializeToString(),
            text_request(64, ("last_hidden_state",)).SerializeToString(),
            METADATA,
        )
        attacks = (vanishing, vanishing_streams, half_open, slow_readers)
        while not self.stop.wait(every_s):
            with own.choice(attacks)(target):
                self._tally.count("troublemakers")
