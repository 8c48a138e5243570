# SPDX-License-Identifier: Apache-2.0
"""Counts the resources of an UltraScale+ device in what Yosys made."""

from __future__ import annotations

import collections
import dataclasses

import yosys

# LUT sites of the cells that are made of LUTs. LUTs that could share one site (LUT6_2) are counted
# one by one and inverters are left out, as the placer absorbs them.
_LUTS = {f"LUT{inputs}": 1 for inputs in range(1, 7)} | {
    "SRL16E": 1,
    "SRLC16E": 1,
    "SRLC32E": 1,
    "RAM32M": 4,
    "RAM32M16": 8,
    "RAM64M": 4,
    "RAM64M8": 8,
    "RAM32X1S": 1,
    "RAM32X1D": 2,
    "RAM64X1S": 1,
    "RAM64X1D": 2,
    "RAM64X8SW": 8,
    "RAM32X16DR8": 8,
    "RAM128X1S": 2,
    "RAM128X1D": 4,
    "RAM256X1S": 4,
    "RAM256X1D": 8,
    "RAM512X1S": 8,
}
_FLIP_FLOPS = {"FDRE": 1, "FDSE": 1, "FDCE": 1, "FDPE": 1}
_BLOCK_RAMS = {"RAMB36E2": 1.0, "RAMB18E2": 0.5}
_KINDS: dict[str, dict[str, float]] = {
    "lut": _LUTS,
    "ff": _FLIP_FLOPS,
    "dsp": {"DSP48E2": 1},
    "bram": _BLOCK_RAMS,
    "uram": {"URAM288": 1},
}
# Cells that have no site of their own in this count: they come with the LUTs or flip-flops of their
# slice, or vanish.
_FREE = {"CARRY4", "CARRY8", "MUXF7", "MUXF8", "MUXF9", "INV"}


@dataclasses.dataclass
class Resources:
    """Sites of each kind; a RAMB18 is half a block RAM (RAMB36)."""

    lut: float = 0
    ff: float = 0
    dsp: float = 0
    bram: float = 0
    uram: float = 0

    def add(self, other: Resources, times: int = 1) -> None:
        for kind in _KINDS:
            setattr(self, kind, getattr(self, kind) + times * getattr(other, kind))


@dataclasses.dataclass
class Report:
    """A design's resources, all of it and by module (all instances of it, without submodules)."""

    total: Resources
    modules: dict[str, Resources]
    instances: dict[str, int]


def count(statistics: dict, top: str) -> Report:
    """From the JSON of Yosys's `stat`, of a design that was not flattened."""
    # Modules without parameters bear the mark of a public name there, but not where they are used.
    cells = {
        name.removeprefix("\\"): module["num_cells_by_type"]
        for name, module in statistics["modules"].items()
    }
    report = Report(Resources(), collections.defaultdict(Resources), collections.Counter())

    def visit(module: str, times: int) -> None:
        own = Resources()
        for cell, number in cells[module].items():
            if cell in cells:
                visit(cell, times * number)
            elif cell not in _FREE:
                own.add(_cell(cell), number)
        report.total.add(own, times)
        name = yosys.base_name(module)
        report.modules[name].add(own, times)
        report.instances[name] += times

    visit(next(name for name in cells if yosys.base_name(name) == top), 1)
    return report


def _cell(cell: str) -> Resources:
    sites = Resources(**{kind: weights.get(cell, 0) for kind, weights in _KINDS.items()})
    if sites == Resources():
        raise ValueError(f"no resource is known for the cell {cell}")
    return sites
