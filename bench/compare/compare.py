# SPDX-License-Identifier: Apache-2.0
"""Our engine against onnxruntime, OpenVINO and DeepSparse, on the same weights and tokens.

All contenders are processes that take turns; medians are compared. run.sh beside this file sets
everything up.

Each peer gets its best: onnxruntime the faster of the exported and the fused graph at each shape,
int8 by quantize_dynamic; OpenVINO int8 by nncf; DeepSparse weights pruned as ours, in the integer
form that it runs fast, with or without integer attention, whichever is faster. Everyone starts
from token ids and ends with normalized embeddings. Peers pad mixed lengths to the longest.

"cosine" is the least over a batch between a contender's embeddings and those of the floating-point
model with the same (pruned) weights.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import sys

from artifacts import ROOT, log
from comparison import SCENARIOS, Comparison, Settings
from contender import ContenderError
from machine import describe_machine
from report import Result, draw_chart, format_result, json_rows

_QUICK_PATTERNS = ["2:8", "1:8"]
_PATTERNS = ["dense", "4:8", *_QUICK_PATTERNS]
_QUICK_SECONDS = 15.0
_SECONDS = 60.0
# Integers cost far less than this; wrong weights or tokens far more.
_LEAST_COSINE = 0.8
_QUIET_LOAD = 0.7


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"patterns {','.join(_QUICK_PATTERNS)}, less time for each scenario",
    )
    parser.add_argument(
        "--json",
        type=pathlib.Path,
        metavar="FILE",
        help="write the ratios here: a list of {name, value, unit, ratio, peer, "
        "machine}; ratio: how many times as fast ours is",
    )
    parser.add_argument(
        "--out",
        type=pathlib.Path,
        metavar="DIR",
        default=ROOT / "build/compare/results",
        help="where ratios.png goes (default: build/compare/results)",
    )
    parser.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        default=[],
        choices=[scenario.name for scenario in SCENARIOS],
        help="only this scenario (repeatable): %(choices)s",
    )
    parser.add_argument(
        "--patterns",
        type=lambda text: text.split(","),
        help=f"comma-separated (default: {','.join(_PATTERNS)})",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        help=f"to measure each scenario (default: {_SECONDS:g}; with --quick {_QUICK_SECONDS:g})",
    )
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="build folder")
    parser.add_argument(
        "--model",
        type=pathlib.Path,
        required=True,
        help="Hugging Face directory of all-MiniLM-L6-v2",
    )
    parser.add_argument(
        "--work", type=pathlib.Path, required=True, help="where models and packages are kept"
    )
    parser.add_argument(
        "--deepsparse-python", type=pathlib.Path, required=True, help="Python that has DeepSparse"
    )
    arguments = parser.parse_args()
    arguments.patterns = arguments.patterns or (_QUICK_PATTERNS if arguments.quick else _PATTERNS)
    arguments.seconds = arguments.seconds or (_QUICK_SECONDS if arguments.quick else _SECONDS)
    return arguments


def _write_files(results: list[Result], machine: str, arguments: argparse.Namespace) -> None:
    if arguments.json:
        text = json.dumps(json_rows(results, machine), indent=2)
        arguments.json.write_text(text + "\n", encoding="utf-8")
    arguments.out.mkdir(parents=True, exist_ok=True)
    draw_chart(results, machine, arguments.out / "ratios.png")


def main() -> int:
    """Runs everything; 1 where a contender's embeddings are wrong or ours does not run."""
    arguments = _parse_arguments()
    machine = describe_machine()
    print(machine)
    load = os.getloadavg()[0]
    if load > _QUIET_LOAD:
        print(
            f"the machine is busy (load {load:.1f}): runs that are longer than a slice of its\n"
            "scheduler share the core, shorter ones do not, so even ratios are not to be trusted"
        )
    comparison = Comparison(
        Settings(
            build=arguments.bin.absolute(),
            model=arguments.model.absolute(),
            work=arguments.work.absolute(),
            # Not resolved: the link is what makes a Python that of a virtual environment.
            deepsparse_python=arguments.deepsparse_python.absolute(),
            patterns=arguments.patterns,
            seconds=arguments.seconds,
        )
    )
    results: list[Result] = []
    for scenario in SCENARIOS:
        if arguments.only and scenario.name not in arguments.only:
            continue
        try:
            results.append(comparison.run(scenario))
        except (ContenderError, subprocess.CalledProcessError) as error:
            log(f"{scenario.name}: {error}")
            return 1
        print(format_result(results[-1]), flush=True)
        _write_files(results, machine, arguments)
    log(f"the chart is {arguments.out / 'ratios.png'}")
    wrong = [
        f"{result.name}: {lane.contender.entry.name} ({lane.cosine:.4f})"
        for result in results
        for lane in result.lanes
        if not lane.cosine >= _LEAST_COSINE
    ]
    if wrong:
        log(f"embeddings differ from the floating-point model's: {'; '.join(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
