#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reports what the RTL's tests cover: lines, branches and toggles of every module.

Builds the tests with coverage, runs them, adds up what they counted and writes the annotated
sources. Every line that no test runs must stand in coverage_waivers.txt with a reason, by its text:

  module.sv: the text of the line
    the reason

A line counts once, whatever the number of instances and sizes in which it was simulated; so does a
bit, by the name of its signal and its index. A bit toggles when it changes. Counting begins at the
end of a model's first reset: registers hold random bits before.
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "syn"))

import reasons  # noqa: E402
import step  # noqa: E402

ROOT = HERE.parents[2]
SOURCES = HERE.parent / "rtl"
WAIVERS = HERE / "coverage_waivers.txt"
DOCUMENT = HERE.parent / "doc" / "coverage.md"
# Random encoders of each size: counting makes a kernel ten times slower, and these reach as much.
CASES = "12"
ALL_TESTS = "."
# What is counted, and its name in the figures.
KINDS = {"lines": "line", "branches": "branch", "toggles": "toggle"}


@dataclasses.dataclass
class Coverage:
    """Counts of one file: lines by number, branches and toggled bits by place and name."""

    lines: collections.Counter[int] = dataclasses.field(default_factory=collections.Counter)
    branches: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    toggles: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)


def build_and_run(build: pathlib.Path, data: pathlib.Path, jobs: int, tests: str) -> None:
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    folder = build / "accel" / "rtl" / "dv"
    environment = os.environ | {"STA_RTL_COVERAGE_DIR": str(data), "STA_RTL_CASES": CASES}
    steps = {
        "configure": ["cmake", "--preset", "dev", "-B", str(build), "-DSTA_RTL_COVERAGE=ON"],
        "build the tests": ["cmake", "--build", str(build), f"-j{jobs}", "--target",
                            "accel/rtl/dv/all"],
        "run the tests": ["ctest", "--test-dir", str(folder), f"-j{jobs}", "--output-on-failure",
                          "-R", tests],
    }
    try:
        for name, command in steps.items():
            step.run(name, command, ROOT, environment=environment)
    except RuntimeError as error:
        sys.exit(f"coverage.py: {error}")


def merge(data: pathlib.Path, merged: pathlib.Path, annotated: pathlib.Path) -> None:
    files = [str(file) for file in sorted(data.glob("*.dat"))]
    if not files:
        sys.exit(f"coverage.py: the tests wrote nothing to {data}")
    subprocess.run(["verilator_coverage", "--write", str(merged), *files], check=True)
    shutil.rmtree(annotated, ignore_errors=True)
    subprocess.run(["verilator_coverage", "--annotate", str(annotated), "--annotate-all",
                    str(merged)], check=True, stdout=subprocess.DEVNULL)


def spans(text: str) -> list[int]:
    """Line numbers of a list like 3-5,9."""
    numbers: list[int] = []
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers


def read(merged: pathlib.Path) -> dict[str, Coverage]:
    """Coverage by file of accel/rtl/rtl."""
    files: dict[str, Coverage] = collections.defaultdict(Coverage)
    for line in merged.read_text(errors="replace").splitlines():
        if not line.startswith("C '"):
            continue
        key, _, count = line[3:].rpartition("' ")
        fields = dict(field.split("\2", 1) for field in key.split("\1") if "\2" in field)
        path = pathlib.Path(fields["f"])
        if path.parent != SOURCES:
            continue
        coverage = files[path.name]
        place = f"{fields['l']}.{fields['n']} {fields['o']}"
        if fields["page"].startswith("v_toggle"):
            coverage.toggles[place] += int(count)
            continue
        if fields["page"].startswith("v_branch"):
            coverage.branches[place] += int(count)
        for number in spans(fields.get("S", "")):
            coverage.lines[number] += int(count)
    return files


def uncovered(files: dict[str, Coverage]) -> list[tuple[str, int]]:
    """Names and numbers of the lines that were never run."""
    found = []
    for name, coverage in sorted(files.items()):
        text = (SOURCES / name).read_text().splitlines()
        for number, count in sorted(coverage.lines.items()):
            if count == 0:
                found.append((f"{name}: {text[number - 1].strip()}", number))
    return found


def judge(files: dict[str, Coverage], waivers: dict[str, str]) -> list[str]:
    missing = uncovered(files)
    names = {name for name, _ in missing}
    findings = [f"never run (line {number}): {name}" for name, number in missing
                if name not in waivers]
    findings += [f"waived, but it runs or is gone: {name}" for name in waivers if name not in names]
    findings += [f"no test simulates {file.name}" for file in sorted(SOURCES.glob("sta_*.sv"))
                 if file.name not in files and file.name != "sta_pkg.sv"]
    return findings


def share(counts: list[collections.Counter]) -> tuple[int, int]:
    """How many of all places were hit."""
    values = [value for counter in counts for value in counter.values()]
    return sum(value > 0 for value in values), len(values)


def cell(counts: list[collections.Counter]) -> str:
    hit, total = share(counts)
    return f"{100 * hit / total:.1f} % of {total:,}" if total else "none"


def document(files: dict[str, Coverage]) -> str:
    """Markdown."""
    rows = [(f"`{name.removesuffix('.sv')}`", [files[name]]) for name in sorted(files)]
    rows.append(("all", list(files.values())))
    lines = [
        "<!-- Written by accel/rtl/dv/coverage.py; do not edit. -->",
        "# Coverage",
        "",
        "What the unit tests and the kernel's tests run, on Verilator's models, from the first "
        "reset of each on. Lines that no test runs stand in `dv/coverage_waivers.txt` with their "
        "reasons. A bit toggles when it changes at least once; most that do not are the upper bits "
        "of counters, addresses and counts, for which no run of a test is long or large enough, "
        "and fields of a bundle that one of its drivers holds at zero.",
        "",
        "| module | lines | branches | bits that toggle |",
        "| --- | ---: | ---: | ---: |",
    ]
    for name, group in rows:
        cells = [cell([getattr(coverage, kind) for coverage in group]) for kind in KINDS]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def figures(files: dict[str, Coverage]) -> list[dict[str, str | float]]:
    result: list[dict[str, str | float]] = []
    for kind, name in KINDS.items():
        hit, total = share([getattr(coverage, kind) for coverage in files.values()])
        result.append({"name": f"rtl_{name}_coverage", "value": round(hit / total, 4)})
    result.append({"name": "rtl_lines_waived", "value": len(uncovered(files))})
    return result


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "rtl-coverage")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--tests", default=ALL_TESTS, help="only tests whose name matches")
    parser.add_argument("--no-run", action="store_true", help="judge what the last run counted")
    parser.add_argument("--json", type=pathlib.Path, help="write the figures here")
    parser.add_argument("--document", type=pathlib.Path,
                        help=f"Markdown file (default: {DOCUMENT.relative_to(ROOT)} for all tests, "
                             "else none)")
    arguments = parser.parse_args()
    if arguments.document is None and arguments.tests == ALL_TESTS:
        arguments.document = DOCUMENT
    build = arguments.build.resolve()
    data, merged, annotated = (build / f"coverage{suffix}" for suffix in ("", ".dat", "-annotated"))
    if not arguments.no_run:
        build_and_run(build, data, arguments.jobs, arguments.tests)
    merge(data, merged, annotated)
    files = read(merged)
    text = document(files)
    print(text)
    print(f"annotated sources: {annotated}")
    if arguments.document:
        arguments.document.write_text(text)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures(files), indent=1) + "\n")
    findings = judge(files, reasons.read(WAIVERS))
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
