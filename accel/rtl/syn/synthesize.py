#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Synthesizes the kernel for UltraScale+ with Yosys, at every size, and writes doc/resources.md.

Fails when the largest size does not keep the limits of the budget (1,024 + 5 % DSP, 150,000 LUT).
The large size takes some minutes and gigabytes; scripts, logs and Yosys's statistics stay in
--build.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import dataclasses
import json
import pathlib
import sys

import design
import resources
import step
import yosys

LIMITS = {"dsp": 1024 * 1.05, "lut": 150_000}
LIMITED_SIZE = "16x16x8"
DOCUMENT = design.RTL / "doc" / "resources.md"

_HEAD = """\
<!-- Written by accel/rtl/syn/synthesize.py; do not edit. -->
# Resources

What Yosys makes of `{top}` for UltraScale+ (`{command}`, hierarchical). Mapped, not placed: there is no timing. LUT and FF are upper bounds, because no register is absorbed into a DSP, and LUTs that could share a site are counted one by one. LUT counts LUT1..6, shift registers and the LUT sites of LUT RAM; inverters, carry chains and MUXF7..9 have none. BRAM counts RAMB36E2, a RAMB18E2 half.

"""


@dataclasses.dataclass
class Synthesis:
    size: str
    report: resources.Report
    run: step.Result


def read_statistics(text: str) -> dict:
    """What `stat -json` says of the modules; after them Yosys 0.23 writes the hierarchy as text."""
    modules, _, _ = text.partition("\n   },")
    return json.loads(f"{modules}\n   }}\n}}")


def synthesize(top: str, size: str, overrides: dict[str, int], build: pathlib.Path) -> Synthesis:
    folder = build / f"{top}-{size}"
    script = (
        f"{yosys.read(top, design.SIZES[size] | overrides)}\n"
        f"{yosys.synthesize(top, folder)}\n"
        "tee -q -o statistics.json stat -json"
    )
    run = yosys.run(script, folder, "synthesize")
    statistics = read_statistics((folder / "statistics.json").read_text())
    return Synthesis(size, resources.count(statistics, top), run)


def row(*cells: str | float) -> str:
    def text(cell: str | float) -> str:
        return cell if isinstance(cell, str) else f"{cell:,.1f}".removesuffix(".0")

    return "| " + " | ".join(text(cell) for cell in cells) + " |\n"


def columns(sites: resources.Resources) -> list[float]:
    return [sites.lut, sites.ff, sites.dsp, sites.bram, sites.uram]


def document(top: str, syntheses: list[Synthesis]) -> str:
    text = _HEAD.format(top=top, command=yosys.SYNTHESIZE)
    text += row("size", "MACs", "LUT", "FF", "DSP", "BRAM", "URAM")
    text += row("---", *["---:"] * 6)
    for synthesis in syntheses:
        size = design.SIZES[synthesis.size]
        macs = size["Tile"] ** 2 * size["Lanes"]
        text += row(synthesis.size, macs, *columns(synthesis.report.total))
    for synthesis in syntheses:
        report = synthesis.report
        text += f"\n## {synthesis.size}\n\nAll instances of a module, without what is below it.\n\n"
        text += row("module", "instances", "LUT", "FF", "DSP", "BRAM", "URAM")
        text += row("---", *["---:"] * 6)
        for name in sorted(report.modules):
            text += row(f"`{name}`", report.instances[name], *columns(report.modules[name]))
    return text


def figures(syntheses: list[Synthesis]) -> list[dict[str, str | float]]:
    return [
        {"name": f"{kind}_{synthesis.size}", "value": value}
        for synthesis in syntheses
        for kind, value in dataclasses.asdict(synthesis.report.total).items()
    ]


def over_budget(syntheses: list[Synthesis]) -> list[str]:
    return [
        f"{synthesis.size}: {value:,.0f} {kind.upper()}, at most {LIMITS[kind]:,.0f}"
        for synthesis in syntheses
        if synthesis.size == LIMITED_SIZE
        for kind, value in dataclasses.asdict(synthesis.report.total).items()
        if value > LIMITS.get(kind, float("inf"))
    ]


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--top", default="sta_kernel", help="module (default: sta_kernel)")
    parser.add_argument("--size", action="append", choices=design.SIZES, help="only these sizes")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                        help="a parameter of the top module at all sizes")
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/rtl-syn"))
    parser.add_argument("--jobs", type=int, default=2, help="sizes at a time (default: 2)")
    parser.add_argument("--json", type=pathlib.Path, help="also write the totals here")
    parser.add_argument("--document", type=pathlib.Path,
                        help=f"Markdown file (default: {DOCUMENT.relative_to(design.RTL)} for all "
                             "sizes of sta_kernel, else none)")
    arguments = parser.parse_args()
    if arguments.document is None and arguments.top == "sta_kernel" and not arguments.size:
        arguments.document = DOCUMENT
    return arguments


def main() -> int:
    arguments = parse_arguments()
    overrides = {name: int(value) for name, _, value in (s.partition("=") for s in arguments.set)}
    sizes = arguments.size or list(design.SIZES)
    build = arguments.build.resolve()

    def one(size: str) -> Synthesis:
        return synthesize(arguments.top, size, overrides, build)

    try:
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            # The largest takes longest, so it begins first.
            syntheses = list(pool.map(one, reversed(sizes)))[::-1]
    except (LookupError, RuntimeError, ValueError) as error:
        sys.exit(f"synthesize.py: {error}")
    text = document(arguments.top, syntheses)
    print(text)
    for synthesis in syntheses:
        print(f"{synthesis.size}: {synthesis.run.seconds:.0f} s, {synthesis.run.peak_mb:,} MB")
    if arguments.document:
        arguments.document.write_text(text)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures(syntheses), indent=1) + "\n")
    excess = over_budget(syntheses)
    for line in excess:
        print(f"over budget: {line}", file=sys.stderr)
    return 1 if excess else 0


if __name__ == "__main__":
    sys.exit(main())
