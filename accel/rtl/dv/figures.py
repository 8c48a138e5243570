#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keeps the figures of report.sh: which part measured them, when and of which commit.

  figures.py keep --part PART --seconds N MEASURED.json   what a part has just measured
  figures.py write --json FILE [--document] PART...       all figures of these parts, in one list

What a part measured last is in dv/measured/PART.json, under version control, so that a report can
take parts of it that take too long. A file without `seconds` was not written by this script: its
`note` says where the figures are from. Every figure bears its date and its commit; those that were
not measured by this report have `stored`, and `write` says whether the RTL has changed since.
"""

from __future__ import annotations

import argparse
import datetime
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
STORE = HERE / "measured"
DOCUMENT = HERE.parent / "doc" / "figures.md"
# What figures depend on: the RTL, its tests, and what makes the Programs that they run.
SUBJECTS = ["accel/rtl/rtl", "accel/rtl/dv", "accel/rtl/syn", "accel/program", "accel/cycle_model"]
# The store and the documents change when a report was written, not what it measured.
NO_SUBJECTS = [":(exclude)accel/rtl/dv/measured"]

_HEAD = """\
<!-- Written by accel/rtl/dv/report.sh; do not edit. -->
# Figures

What `accel/rtl/dv/report.sh` measured last, part by part. Names are those of its JSON file. All is simulated (cycles) or synthesized with Yosys (LUT, FF, DSP, BRAM, URAM); nothing was measured on a card. Seconds are wall-clock time on the machine that ran the part, whatever else ran there. The commit is the last one that touched the RTL, its tests or the compiler; `+` means that files were changed after it.
"""


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True,
                          text=True).stdout.strip()


def subject_commit() -> str:
    """The last commit that touched what figures depend on; with + when files differ from it."""
    commit = git("log", "-1", "--format=%h", "--", *SUBJECTS, *NO_SUBJECTS)
    changed = git("status", "--porcelain", "--", *SUBJECTS, *NO_SUBJECTS)
    return commit + ("+" if changed else "")


def keep(part: str, seconds: int, measured: pathlib.Path) -> None:
    STORE.mkdir(exist_ok=True)
    kept = {
        "part": part,
        "date": datetime.date.today().isoformat(),
        "commit": subject_commit(),
        "seconds": seconds,
        "figures": json.loads(measured.read_text()),
    }
    (STORE / f"{part}.json").write_text(json.dumps(kept, indent=1) + "\n")


def load(part: str) -> dict:
    file = STORE / f"{part}.json"
    if not file.exists():
        raise LookupError(f"no figures of {part} are stored: run it once")
    return json.loads(file.read_text())


def age(kept: dict) -> str:
    """How far a part's figures are from this tree."""
    commit = kept["commit"].rstrip("+")
    try:
        changed = git("diff", "--name-only", commit, "--", "accel/rtl/rtl")
    except subprocess.CalledProcessError:
        return f"stored {kept['date']} of the unknown commit {commit}"
    state = "the RTL has changed since" if changed else "the RTL is the same"
    return f"stored {kept['date']} of {kept['commit']}, {state}"


def number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4f}".rstrip("0").rstrip(".")


def document(parts: list[dict]) -> str:
    text = _HEAD
    for kept in parts:
        text += f"\n## {kept['part']}\n\n"
        how = f"{kept['seconds']:,} s" if "seconds" in kept else kept["note"]
        text += f"{kept['date']}, commit {kept['commit']}, {how}.\n\n"
        text += "| figure | |\n| --- | ---: |\n"
        text += "".join(f"| `{figure['name']}` | {number(figure['value'])} |\n"
                        for figure in kept["figures"])
    return text


def write(parts: list[str], stored: list[str], file: pathlib.Path, with_document: bool) -> None:
    kept = [load(part) for part in parts]
    figures = []
    for part in kept:
        mark = {"date": part["date"], "commit": part["commit"]}
        if part["part"] in stored:
            mark["stored"] = age(part) + (f", {part['note']}" if "note" in part else "")
            print(f"{part['part']}: {mark['stored']}")
        figures += [figure | mark for figure in part["figures"]]
    file.write_text(json.dumps(figures, indent=1) + "\n")
    if with_document:
        DOCUMENT.write_text(document(kept))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    keeping = commands.add_parser("keep")
    keeping.add_argument("--part", required=True)
    keeping.add_argument("--seconds", type=int, required=True)
    keeping.add_argument("measured", type=pathlib.Path)
    writing = commands.add_parser("write")
    writing.add_argument("--json", type=pathlib.Path, required=True)
    writing.add_argument("--stored", action="append", default=[], metavar="PART",
                         help="a part that was not measured now")
    writing.add_argument("--document", action="store_true", help=f"also {DOCUMENT.name}")
    writing.add_argument("parts", nargs="+")
    arguments = parser.parse_args()
    try:
        if arguments.command == "keep":
            keep(arguments.part, arguments.seconds, arguments.measured)
        else:
            write(arguments.parts, arguments.stored, arguments.json, arguments.document)
    except LookupError as error:
        sys.exit(f"figures.py: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
