#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs tests of the RTL on the netlist that Yosys maps their models to.

By default the whole kernel at 4x4x4 under its own tests: random encoders, every output compared
with the reference, and damaged streams, bad responses and resets. With --bench, the unit tests
named, or all of them (--bench units).

Everything is mapped, memories too. The netlist is simulated with Yosys's models of the cells and
those of dv/netlist: cells of which Yosys has none (DSP48E2, RAMB18E2, RAMB36E2, URAM288), and
others of which it has some that suit Verilator less (CARRY4, LUT1 to LUT6). doc/netlist.md tells
more.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import sys

import design
import step
import yosys

ROOT = design.RTL.parents[1]
DV = design.RTL / "dv"
sys.path.insert(0, str(DV))

import benches  # noqa: E402

# Verilator takes the first of several modules of one name.
MODELS = [*sorted((DV / "netlist").glob("*.v")), yosys.SHARE / "xilinx" / "cells_sim.v"]

# What block RAMs begin with: no memory of the RTL has a first content.
_CONTENTS = [f"INIT_{word:02X}" for word in range(128)]
_CONTENTS += [f"INITP_{word:02X}" for word in range(16)]
_CONTENTS += ["INIT_A", "INIT_B", "SRVAL_A", "SRVAL_B"]


def map_script(model: benches.Model, folder: pathlib.Path) -> str:
    """Maps a model into mapped.v, in a form that suits Verilator.

    Block RAMs lose their first contents, which would be 144 parameters of x each: our models begin
    with random bits. Nets are split into bits, because vectors of which some bits depend on others
    look like loops to Verilator.
    """
    unset = " ".join(f"-unset {name}" for name in _CONTENTS)
    return "\n".join([
        yosys.read(model.top, dict(model.parameters)),
        yosys.synthesize(model.top, folder),
        f"setparam {unset} t:RAMB*",
        "tee -q -o statistics.txt stat",
        "splitnets",
        "write_verilog -noattr mapped.v",
    ])


@dataclasses.dataclass
class Mapped:
    model: benches.Model
    file: pathlib.Path
    mapping: step.Result


@dataclasses.dataclass
class Outcome:
    test: str
    seconds: float
    failure: str  # empty: the test passes


def map_model(model: benches.Model, folder: pathlib.Path) -> Mapped:
    place = folder / model.name
    result = yosys.run(map_script(model, place), place, "map")
    return Mapped(model, place / "mapped.v", result)


def build(mapped: list[Mapped], tests: list[str], folder: pathlib.Path, jobs: int) -> float:
    """Builds the tests with the netlists in the place of the RTL; returns the seconds."""
    configure = ["cmake", "--preset", "dev", "-B", str(folder)]
    for item in mapped:
        sources = ";".join(str(file) for file in (item.file, *MODELS))
        configure.append(f"-DSTA_RTL_NETLIST_{item.model.name}={sources}")
    compile_ = ["cmake", "--build", str(folder), f"-j{jobs}", "--target", *tests]
    return sum(step.run(name, command, ROOT).seconds
               for name, command in (("configure", configure), ("build", compile_)))


def run_test(bench: benches.Bench, folder: pathlib.Path) -> Outcome:
    program = folder / "accel" / "rtl" / "dv" / bench.test
    try:
        result = step.run(bench.test, [str(program), f"--gtest_filter={bench.cases}"], ROOT)
    except RuntimeError as error:
        return Outcome(bench.test, 0, str(error))
    if "[  PASSED  ] 0 tests" in result.output:
        return Outcome(bench.test, 0, f"{bench.test} has no case {bench.cases}")
    return Outcome(bench.test, result.seconds, "")


def parse_arguments() -> argparse.Namespace:
    names = sorted(bench.test for bench in (*benches.UNITS, *benches.KERNEL))
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bench", action="append", metavar="TEST",
                        choices=["kernel", "units", *names],
                        help="kernel (default), units, or one of: " + ", ".join(names))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "rtl-netlist")
    parser.add_argument("--keep-mapped", action="store_true",
                        help="take the netlists that are in --build already")
    parser.add_argument("--json", type=pathlib.Path, help="write the figures here")
    arguments = parser.parse_args()
    arguments.bench = arguments.bench or ["kernel"]
    return arguments


def chosen(names: list[str]) -> list[benches.Bench]:
    found = []
    for bench in (*benches.UNITS, *benches.KERNEL):
        group = "kernel" if bench in benches.KERNEL else "units"
        if group in names or bench.test in names:
            found.append(bench)
    return found


def main() -> int:
    arguments = parse_arguments()
    folder = arguments.build.resolve()
    selected = chosen(arguments.bench)
    models = list(dict.fromkeys(model for bench in selected for model in bench.models))

    def one(model: benches.Model) -> Mapped:
        if arguments.keep_mapped:
            return Mapped(model, folder / model.name / "mapped.v", step.Result("", 0, 0))
        return map_model(model, folder)

    try:
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            mapped = list(pool.map(one, models))
        tests = [bench.test for bench in selected]
        built = build(mapped, tests, folder / "build", arguments.jobs)
    except (LookupError, RuntimeError) as error:
        sys.exit(f"netlist.py: {error}")
    outcomes = [run_test(bench, folder / "build") for bench in selected]
    for outcome in outcomes:
        state = outcome.failure or f"passes on the mapped netlist: {outcome.seconds:.0f} s"
        print(f"{outcome.test} {state}")
    failed = sum(bool(outcome.failure) for outcome in outcomes)
    if arguments.json and not failed:
        figures = [
            {"name": "mapped_netlist_tests_passed", "value": len(outcomes)},
            {"name": "mapped_netlist_map_s",
             "value": round(sum(item.mapping.seconds for item in mapped))},
            {"name": "mapped_netlist_build_s", "value": round(built)},
            {"name": "mapped_netlist_test_s",
             "value": round(sum(outcome.seconds for outcome in outcomes))},
        ]
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    print(f"{len(outcomes) - failed} of {len(outcomes)} tests pass")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
