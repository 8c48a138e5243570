#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the model store of a running server; bench/store/run.sh --help says what."""

from __future__ import annotations

import argparse
import json
import pathlib
import sys

import churn
import sharing
import upload
from machine import describe_machine
from stactl import Stactl

PARTS = ("upload", "sharing", "churn")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="build folder")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="packages and stores")
    parser.add_argument("--only", action="append", choices=PARTS, help="repeat it for more")
    parser.add_argument("--size-mb", type=int, default=2048, help="size of the large package")
    parser.add_argument("--cycles", type=int, default=200, help="uploads, switches, deletions")
    parser.add_argument("--rate", type=float, default=100, help="requests a second meanwhile")
    parser.add_argument("--json", type=pathlib.Path, help="also write the figures there")
    arguments = parser.parse_args()

    server = arguments.bin / "server" / "sta-server"
    stactl = Stactl(arguments.bin / "client" / "stactl")
    machine = describe_machine()
    print(machine)
    figures = []
    for part in arguments.only or PARTS:
        print(f"\n{part}", flush=True)
        if part == "upload":
            figures += upload.measure(server, stactl, arguments.work, arguments.size_mb << 20)
        elif part == "sharing":
            figures += sharing.measure(server, stactl, arguments.work)
        else:
            figures += churn.measure(server, stactl, arguments.work, arguments.cycles,
                                     arguments.rate)
    if arguments.json:
        rows = [{"name": f.name, "value": f.value, "unit": f.unit, "machine": machine}
                for f in figures]
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n")
    missed = [figure for figure in figures if not figure.is_met()]
    for figure in missed:
        print(f"missed: {figure}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
