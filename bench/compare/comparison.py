# SPDX-License-Identifier: Apache-2.0
"""What is compared, and who takes part."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import subprocess
import sys

from artifacts import Artifacts, Model, log
from checkpoint import write_random_bert_base
from contender import Contender, ContenderError, Entry
from measurement import Lane, open_lane, run_in_turn
from peers.driven import read_inputs
from report import OURS, Result

_PEERS = pathlib.Path(__file__).resolve().parent / "peers"
_MIXED = "32x16-128"


@dataclasses.dataclass(frozen=True)
class Scenario:
    """A model at some shapes on some threads."""

    model: str
    shapes: tuple[str, ...]
    threads: int

    @property
    def name(self) -> str:
        """As in the JSON names."""
        return f"{self.model}_{self.shapes[0]}_{self.threads}t"

    @property
    def title(self) -> str:
        """As in tables."""
        plural = "" if self.threads == 1 else "s"
        return f"{_TITLES[self.model]}, {self.shapes[0]}, {self.threads} thread{plural}"


_TITLES = {"minilm": "all-MiniLM-L6-v2", "bert": "BERT-base"}
SCENARIOS = (
    Scenario("minilm", ("1x16",), 1),
    Scenario("minilm", ("1x128",), 1),
    Scenario("minilm", ("8x128",), 1),
    Scenario("minilm", (_MIXED, _MIXED + "="), 1),
    Scenario("bert", ("1x128",), 1),
    Scenario("bert", ("8x128",), 2),
)


@dataclasses.dataclass(frozen=True)
class Settings:
    """What a comparison is made with; all paths are absolute."""

    build: pathlib.Path  # the build folder
    model: pathlib.Path  # Hugging Face directory of all-MiniLM-L6-v2
    work: pathlib.Path  # where models and packages are kept
    deepsparse_python: pathlib.Path
    patterns: list[str]
    seconds: float  # to measure each scenario


class Comparison:
    """Runs scenarios; a peer that cannot run is noted and left out."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._artifacts: dict[str, Artifacts] = {}
        self._why_not: dict[str, str] = {}  # name of a peer -> why it cannot run
        self._check_peer("openvino", sys.executable, "nncf, openvino")
        self._check_peer("deepsparse", str(settings.deepsparse_python), "deepsparse")

    def _check_peer(self, peer: str, python: str, modules: str) -> None:
        try:
            done = subprocess.run(
                [python, "-c", f"import {modules}"], capture_output=True, text=True, check=False
            )
        except OSError as error:
            self._why_not[peer] = f"{peer}: {error}"
            return
        if done.returncode != 0:
            last = done.stderr.strip().splitlines()[-1:]
            self._why_not[peer] = f"{peer} does not import: {' '.join(last)}"

    def _artifacts_of(self, name: str) -> Artifacts:
        if name not in self._artifacts:
            work, minilm = self._settings.work, self._settings.model
            directory = minilm
            if name == "bert":
                directory = work / "random-bert-base"
                if not directory.exists():
                    log("making a BERT-base with random weights")
                    write_random_bert_base(directory, tokenizer=minilm)
            model = Model(name, directory, calibration_sentences=200 if name == "minilm" else 40)
            stactl = self._settings.build / "client/stactl"
            self._artifacts[name] = Artifacts(model, work, stactl)
        return self._artifacts[name]

    def _our_entries(self, scenario: Scenario) -> list[Entry]:
        binary = self._settings.build / "bench/engine/engine_bench"
        return [
            Entry(
                f"ours {pattern}",
                OURS,
                pattern,
                (
                    str(binary),
                    "--driven",
                    "--threads",
                    str(scenario.threads),
                    "--package",
                    str(self._artifacts_of(scenario.model).package(pattern)),
                ),
            )
            for pattern in self._settings.patterns
        ]

    def _peer(self, name: str, python: str, threads: int, models: list[str]) -> tuple[str, ...]:
        command = [python, str(_PEERS / f"{name}_peer.py"), "--threads", str(threads)]
        return (*command, *(word for model in models for word in ("--model", model)))

    def _peer_entries(self, scenario: Scenario) -> list[Entry]:
        artifacts, threads = self._artifacts_of(scenario.model), scenario.threads
        int8 = [str(path) for path in artifacts.onnx_int8()]
        entries = [
            Entry(
                "onnxruntime int8",
                "ort_int8",
                "dense",
                self._peer("onnxruntime", sys.executable, threads, int8),
            )
        ]
        if len(scenario.shapes) == 1:  # mixed lengths are about our own two shapes
            floats = [str(path) for path in artifacts.onnx_float()]
            entries.insert(
                0,
                Entry(
                    "onnxruntime fp32",
                    "ort_fp32",
                    "dense",
                    self._peer("onnxruntime", sys.executable, threads, floats),
                ),
            )
            if "openvino" not in self._why_not:
                models = [str(artifacts.openvino())]
                entries.append(
                    Entry(
                        "openvino int8",
                        "openvino_int8",
                        "dense",
                        self._peer("openvino", sys.executable, threads, models),
                    )
                )
        if "deepsparse" not in self._why_not:
            python = str(self._settings.deepsparse_python)
            for pattern in self._settings.patterns:
                models = artifacts.deepsparse(pattern, [scenario.shapes[0]])
                entries.append(
                    Entry(
                        f"deepsparse int8 {pattern}",
                        "deepsparse_int8",
                        pattern,
                        self._peer("deepsparse", python, threads, models),
                    )
                )
        return entries

    def _open_lanes(
        self, scenario: Scenario, entry: Entry, stack: contextlib.ExitStack
    ) -> list[Lane]:
        artifacts = self._artifacts_of(scenario.model)
        log_file = self._settings.work / f"{entry.name.replace(' ', '-').replace(':', '-')}.log"
        contender = stack.enter_context(Contender(entry, artifacts.tokens_folder, log_file))
        lanes = []
        for shape in scenario.shapes if entry.engine == OURS else scenario.shapes[:1]:
            tokens = int(read_inputs(artifacts.tokens(shape))["attention_mask"].sum())
            reference = artifacts.reference(entry.pattern, shape)
            lanes.append(open_lane(contender, shape, tokens, reference))
        return lanes

    def run(self, scenario: Scenario) -> Result:
        """Measures one scenario. ContenderError: ours does not run."""
        log(f"{scenario.name}: preparing")
        lanes: list[Lane] = []
        missing = list(self._why_not.values())
        entries = self._our_entries(scenario) + self._peer_entries(scenario)
        with contextlib.ExitStack() as stack:
            for entry in entries:
                try:
                    lanes += self._open_lanes(scenario, entry, stack)
                except ContenderError as error:
                    if entry.engine == OURS:
                        raise
                    missing.append(str(error))
            log(f"{scenario.name}: measuring")
            run_in_turn(lanes, self._settings.seconds)
        return Result(scenario.name, scenario.title, lanes, missing)
