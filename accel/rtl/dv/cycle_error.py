#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs rtl_cycle_model_test and writes how far the cycle model is from the simulated kernel.

  cycle_error.py --test build/dev/accel/rtl/dv/rtl_cycle_model_test --json FILE
"""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "accel" / "rtl" / "syn"))

import step  # noqa: E402


def errors(report: dict) -> list[float]:
    """Of every run, as a share of the simulated cycles."""
    found = []
    for suite in report["testsuites"]:
        for case in suite["testsuite"]:
            simulated = int(case["simulated_cycles"])
            found.append(abs(int(case["estimated_cycles"]) - simulated) / simulated)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--test", type=pathlib.Path, required=True)
    parser.add_argument("--json", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder) / "report.json"
        try:
            step.run(arguments.test.name, [str(arguments.test), f"--gtest_output=json:{output}"],
                     ROOT)
        except RuntimeError as error:
            sys.exit(f"cycle_error.py: {error}")
        found = errors(json.loads(output.read_text()))
    print(f"{len(found)} runs, at most {max(found):.2%} from the kernel's cycles")
    figures = [
        {"name": "cycle_model_runs", "value": len(found)},
        {"name": "cycle_model_worst_error", "value": round(max(found), 5)},
    ]
    arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
