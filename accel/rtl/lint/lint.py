#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lints the RTL: Verilator -Wall over every module at every size, Yosys over the kernel, headers.

Each module is linted by itself as well as below others, so that one which nothing instantiates is
seen too. The checks:
  verilator  no warning that accel/rtl/lint/waivers.vlt does not name
  yosys      reads the top module, finds all ports, turns all processes into cells
  headers    the licence, a comment, and `default_nettype none ... wire round every module
"""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "syn"))

import design  # noqa: E402
import yosys  # noqa: E402

LICENCE = "// SPDX-License-Identifier: Apache-2.0"


def lint_module(module: design.Module, parameters: dict[str, int]) -> str:
    """What Verilator says about a module with these parameters; empty when all is well."""
    command = ["verilator", "--lint-only", "-Wall", "-Wno-DECLFILENAME", "-Wno-UNUSEDPARAM"]
    command += [f"-G{name}={value}" for name, value in parameters.items()]
    command += ["-y", str(design.SOURCES), "--top-module", module.name]
    command += [str(design.PACKAGE), str(design.WAIVERS), str(module.file)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode == 0 and not result.stderr.strip():
        return ""
    return f"{module.name} {parameters}:\n{result.stdout}{result.stderr}"


def verilator(jobs: int) -> list[str]:
    # Sizes that make the same module are linted once.
    runs = {}
    for module in design.modules().values():
        for size in design.SIZES.values():
            parameters = module.choose(size)
            runs[module.name, tuple(parameters.items())] = (module, parameters)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        found = []
        for number, text in enumerate(pool.map(lambda run: lint_module(*run), runs.values()), 1):
            found.append(text)
            if number % 20 == 0 or number == len(runs):
                print(f"verilator: {number} of {len(runs)} modules", flush=True)
        return [text for text in found if text]


def read_by_yosys(top: str) -> list[str]:
    findings = []
    for name, parameters in design.SIZES.items():
        with tempfile.TemporaryDirectory() as folder:
            try:
                script = f"{yosys.read(top, parameters)}\nproc\ncheck -assert"
                yosys.run(script, pathlib.Path(folder), f"read_{name}")
            except (LookupError, RuntimeError) as error:
                findings.append(str(error))
    return findings


def check_header(file: pathlib.Path) -> list[str]:
    lines = file.read_text().splitlines()
    code = [line for line in lines if line and not line.startswith("//")]
    findings = []
    if lines[0] != LICENCE:
        findings.append("does not begin with the licence line")
    if lines[1] != "//" or not lines[2].startswith("// "):
        findings.append("has no comment that says what it is for")
    if code[0] != "`default_nettype none" or code[-1] != "`default_nettype wire":
        findings.append("is not wrapped in `default_nettype none ... `default_nettype wire")
    kind = "package" if file == design.PACKAGE else "module"
    if not any(line.startswith(f"{kind} {file.stem}") for line in code):
        findings.append(f"has no {kind} of its own name")
    if sum(line.startswith("module ") for line in code) > 1:
        findings.append("has more than one module")
    if any(len(line) > 100 for line in lines):
        findings.append("has a line of more than 100 columns")
    return [f"{file.name} {text}" for text in findings]


def headers() -> list[str]:
    files = sorted(design.SOURCES.glob("*.sv"))
    return [finding for file in files for finding in check_header(file)]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checks", nargs="+", choices=["verilator", "yosys", "headers"])
    parser.add_argument("--top", default="sta_kernel", help="what Yosys reads")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    checks = {
        "verilator": lambda: verilator(arguments.jobs),
        "yosys": lambda: read_by_yosys(arguments.top),
        "headers": headers,
    }
    findings = [text for name in arguments.checks for text in checks[name]()]
    for text in findings:
        print(text)
    print(f"lint {' '.join(arguments.checks)}: {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
