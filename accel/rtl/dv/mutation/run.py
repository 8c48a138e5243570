#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mutation test of the RTL: do its tests fail when a bit of the design is wrong?

Draws some hundred single-bit faults of the kernel, spread over all modules. Yosys inserts them into
the netlist of the kernel at 4x4x4 and into those of the units that have their place too, each
enabled by one value of an input, so that one Verilated model holds them all. For each fault the
tests run, the quick ones first, until one fails. A fault that no test sees must stand in
survivors.txt with a reason.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[3]
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1] / "syn")]

import benches  # noqa: E402
import candidates  # noqa: E402
import netlists  # noqa: E402
import outcome  # noqa: E402
import reasons  # noqa: E402
from fault import Fault  # noqa: E402


@dataclasses.dataclass
class Runner:
    """Runs one test."""

    bench: benches.Bench
    program: pathlib.Path
    faults: set[int]  # those that a model of the test has
    seconds: float = 0

    def run(self, number: int, limit: float) -> str:
        """The name of the first case that fails with a fault, or an empty string."""
        command = [str(self.program), "--gtest_fail_fast", f"--gtest_filter={self.bench.cases}"]
        environment = os.environ | {"STA_RTL_MUTANT": str(number)}
        try:
            result = subprocess.run(command, env=environment, stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT, text=True, errors="replace",
                                    timeout=limit, check=False)
        except subprocess.TimeoutExpired:
            return f"{self.bench.test} (does not end)"
        if result.returncode == 0 and "[  PASSED  ] 0 tests" not in result.stdout:
            return ""
        failed = [line for line in result.stdout.splitlines() if line.startswith("[  FAILED  ]")]
        if failed:
            return failed[0].split()[3].rstrip(",")
        return f"{self.bench.test} (exit status {result.returncode})"

    def measure(self) -> None:
        """Without a fault, the test must pass; how long it takes sets the limit of the others."""
        start = time.monotonic()
        if failure := self.run(0, 3600):
            raise RuntimeError(f"{failure} fails without any fault")
        self.seconds = time.monotonic() - start


def make_runners(arguments: argparse.Namespace,
                 folder: pathlib.Path) -> tuple[list[Fault], list[Runner]]:
    chosen = [bench for bench in (*benches.UNITS, *benches.KERNEL)
              if not arguments.bench or bench.test in arguments.bench]
    models = list(dict.fromkeys(model for bench in chosen for model in bench.models))
    prepared = netlists.prepare(models, folder, arguments.seed, arguments.jobs)
    by_model = {netlist.model: netlist for netlist in prepared}

    # All faults are ones of the kernel; of units that are tried alone, their own.
    sources = [netlist for netlist in prepared if netlist.model.top == "sta_kernel"] or prepared
    pool = {key: fault for netlist in sources for key, fault in netlist.candidates.items()}
    sample = candidates.sample(pool, arguments.count, arguments.least, arguments.seed)
    netlists.insert(prepared, sample, arguments.jobs)
    print(f"{len(sample)} faults out of {len(pool):,}", flush=True)

    build = folder / "build"
    tests = [bench.test for bench in chosen]
    netlists.build(prepared, tests, ROOT, build, arguments.jobs)
    runners = [
        Runner(bench, build / "accel" / "rtl" / "dv" / bench.test,
               set().union(*(by_model[model].faults for model in bench.models)))
        for bench in chosen
    ]
    for runner in runners:
        runner.measure()
        count = len(runner.faults)
        print(f"{runner.bench.test}: {count} faults, {runner.seconds:.1f} s", flush=True)
    return sample, sorted(runners, key=lambda runner: runner.seconds)


def run_all(arguments: argparse.Namespace, faults: list[Fault],
            runners: list[Runner]) -> list[outcome.Outcome]:
    def one(number: int) -> outcome.Outcome:
        # Others run beside it, and a fault can make a test slower without stopping it.
        killers = (runner.run(number, 10 + 5 * runner.seconds)
                   for runner in runners if number in runner.faults)
        result = outcome.Outcome(number, faults[number - 1], next(filter(None, killers), ""))
        print(result.line(), flush=True)
        return result

    numbers = [number for number, fault in enumerate(faults, 1) if arguments.only in fault.name]
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        return list(pool.map(one, numbers))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bench", action="append", help="only these tests, e.g. rtl_fifo_test")
    parser.add_argument("--only", default="", metavar="TEXT",
                        help="only faults whose name contains this")
    parser.add_argument("--count", type=int, default=240, help="faults (default: 240)")
    parser.add_argument("--least", type=int, default=2, help="faults of every module (default: 2)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "rtl-mutation")
    parser.add_argument("--survivors", type=pathlib.Path, default=HERE / "survivors.txt")
    parser.add_argument("--json", type=pathlib.Path, help="write the figures here")
    arguments = parser.parse_args()
    folder = arguments.build.resolve()
    try:
        survivors = reasons.read(arguments.survivors)
        outcomes = run_all(arguments, *make_runners(arguments, folder))
    except (LookupError, RuntimeError, ValueError) as error:
        sys.exit(f"run.py: {error}")
    (folder / "outcomes.txt").write_text("".join(f"{item.line()}\n" for item in outcomes))
    if arguments.json:
        arguments.json.write_text(json.dumps(outcome.figures(outcomes), indent=1) + "\n")
    print(outcome.table(outcomes))
    findings = outcome.judge(outcomes, survivors)
    for finding in findings:
        print(finding, file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
