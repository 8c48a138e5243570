# SPDX-License-Identifier: Apache-2.0
"""What the scripts round the RTL know of it: its modules, their parameters, the sizes we build."""

from __future__ import annotations

import dataclasses
import pathlib
import re

RTL = pathlib.Path(__file__).resolve().parent.parent
SOURCES = RTL / "rtl"
PACKAGE = SOURCES / "sta_pkg.sv"
WAIVERS = RTL / "lint" / "waivers.vlt"

# Multiply-accumulate units and the parameters that make them, for modules that have them.
SIZES: dict[str, dict[str, int]] = {
    "4x4x4": {"Tile": 4, "Lanes": 4},
    "8x8x8": {"Tile": 8, "Lanes": 8},
    "16x16x8": {"Tile": 16, "Lanes": 8},
}

# The kernel whose netlist takes the place of the RTL in rtl_encoder_test: the parameters of
# Vsta_kernel_4x4 in dv/CMakeLists.txt.
TESTED_KERNEL: dict[str, int] = SIZES["4x4x4"] | {
    "ActivationRows": 512,
    "ResidualBeats": 1024,
    "KeyValueTiles": 1024,
    "MaxTokens": 128,
    "MaxChannels": 1024,
}

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_PARAMETER = re.compile(r"^\s*parameter\s+int\s+(\w+)\s*=", re.MULTILINE)
_INSTANCE = re.compile(r"^\s*(sta_\w+)\s*(?:#\s*\(|u_\w+)", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Module:
    """One module and the file that bears its name."""

    name: str
    file: pathlib.Path
    parameters: tuple[str, ...]
    instances: tuple[str, ...]  # names of the modules that it instantiates

    def choose(self, values: dict[str, int]) -> dict[str, int]:
        """Those of `values` that are parameters of this module."""
        return {name: value for name, value in values.items() if name in self.parameters}


def modules() -> dict[str, Module]:
    """All modules of accel/rtl/rtl by name."""
    found = {}
    for file in sorted(SOURCES.glob("*.sv")):
        if file == PACKAGE:
            continue
        text = _COMMENT.sub("", file.read_text())
        body = text.partition(");")[2]
        instances = tuple(sorted(set(_INSTANCE.findall(body))))
        found[file.stem] = Module(file.stem, file, tuple(_PARAMETER.findall(text)), instances)
    return found


def below(top: str, known: dict[str, Module]) -> list[Module]:
    """`top` and everything instantiated below it; fails with the names of what is missing."""
    reached: dict[str, Module] = {}
    waiting = [top]
    missing = set()
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        if name not in known:
            missing.add(name)
            continue
        reached[name] = known[name]
        waiting += known[name].instances
    if missing:
        raise LookupError(f"{top} needs modules that have no file: {', '.join(sorted(missing))}")
    return sorted(reached.values(), key=lambda module: module.name)
