#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Our server beside Triton, MLServer and KServe; bench/serving/run.sh --help says what."""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import sys

from contenders import PEERS, Programs, encoder_contenders, identity_contenders
from machine import describe_machine
from material import LONGEST, SHORTEST, TEXTS, make_material
from rounds import Lane, Settings, measure
from serving_report import Figure, encoder_figures, format_table, identity_figures

PARTS = ("identity", "minilm")
# Requests/s over the best peer's, by pattern and number of callers.
_AIMS = {"2:8": {1: 3.0, 16: 4.0}, "1:8": {1: 4.0, 16: 5.0}}
_ROUNDS, _SECONDS, _WARM_UP = 5, 4.0, 1.0
_QUICK_ROUNDS, _QUICK_SECONDS, _QUICK_WARM_UP = 2, 1.0, 0.5
_QUIET_LOAD = 0.7


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less time: figures are rough")
    parser.add_argument("--only", action="append", choices=PARTS, help="repeat it for more")
    parser.add_argument("--peer", action="append", choices=PEERS, help="only these peers")
    parser.add_argument("--rounds", type=int, help=f"turns of each server (default: {_ROUNDS})")
    parser.add_argument(
        "--seconds",
        type=float,
        help=f"for each number of callers in a turn (default: {_SECONDS:g})",
    )
    parser.add_argument("--json", type=pathlib.Path, help="also write the figures there")
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="build folder")
    parser.add_argument("--model", type=pathlib.Path, required=True, help="all-MiniLM-L6-v2")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="where files are kept")
    arguments = parser.parse_args()
    arguments.rounds = arguments.rounds or (_QUICK_ROUNDS if arguments.quick else _ROUNDS)
    arguments.seconds = arguments.seconds or (_QUICK_SECONDS if arguments.quick else _SECONDS)
    return arguments


def _programs(arguments: argparse.Namespace) -> tuple[Programs, list[str]]:
    """What is installed, and a line for each peer that is not."""
    environments, missing = {}, []
    for peer in arguments.peer or PEERS:
        environment = arguments.work / f"venv-{peer}"
        if (environment / "installed").exists():
            # Not resolved: the link is what makes a Python that of a virtual environment.
            environments[peer] = environment / "bin/python"
        else:
            missing.append(f"{peer} is not installed; {arguments.work}/install-{peer}.log says why")
    return Programs(arguments.bin, environments), missing


def _measure_part(
    part: str, programs: Programs, settings: Settings, model: pathlib.Path
) -> tuple[str, list[Lane], list[Figure], list[str]]:
    if part == "identity":
        lanes, failures = measure(identity_contenders(programs, settings.work), settings)
        return "identity, FP32 [1,64]", lanes, identity_figures(lanes), failures
    material = make_material(model, list(_AIMS), programs.stactl, settings.work)
    title = (
        f"all-MiniLM-L6-v2, {TEXTS} texts of {SHORTEST} to {LONGEST} tokens "
        f"(mean {material.mean_tokens:.0f}); ours gets texts, peers token ids and "
        f"ONNX Runtime int8 ({material.onnx_int8.name})"
    )
    lanes, failures = measure(encoder_contenders(programs, material), settings)
    return title, lanes, encoder_figures(lanes, _AIMS), failures


def main() -> int:
    """Runs everything; 1 where an aim is missed or a server cannot be measured."""
    arguments = _parse_arguments()
    arguments.bin, arguments.work = arguments.bin.absolute(), arguments.work.absolute()
    machine = describe_machine()
    print(machine)
    load = os.getloadavg()[0]
    if load > _QUIET_LOAD:
        print(f"the machine is busy (load {load:.1f}): not even ratios are to be trusted")
    programs, missing = _programs(arguments)
    settings = Settings(
        stactl=programs.stactl,
        work=arguments.work,
        rounds=arguments.rounds,
        seconds=arguments.seconds,
        warm_up=_QUICK_WARM_UP if arguments.quick else _WARM_UP,
    )
    figures: list[Figure] = []
    for part in arguments.only or PARTS:
        title, lanes, of_part, failures = _measure_part(part, programs, settings, arguments.model)
        print(format_table(title, lanes))
        for figure in of_part:
            print(figure)
        for failure in failures:
            print(f"not measured: {failure}", flush=True)
        figures += of_part
        missing += failures
        if arguments.json:
            rows = [figure.row(machine) for figure in figures]
            arguments.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    for line in missing:
        print(f"serving: {line}", file=sys.stderr)
    return 0 if not missing and all(figure.is_met() for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
