# SPDX-License-Identifier: Apache-2.0
"""A single-bit fault that Yosys's `mutate` can insert.

A bit at a port of a cell is inverted (inv), stuck (const0, const1), or inverted whenever another
bit of the port is 0 or 1 (cnot0, cnot1).
"""

from __future__ import annotations

import dataclasses
import functools
import pathlib


@dataclasses.dataclass(frozen=True)
class Fault:
    mode: str
    cell: str
    port: str
    bit: int
    control: int | None  # the other bit, of cnot0 and cnot1
    kind: str  # type of the cell
    file: str
    line: int
    register: str  # its name, where the cell is one
    variable: str  # by bit of the port: v if it is a net, c if it is a constant

    @functools.cached_property
    def text(self) -> str:
        """The line of the source, or the register: that of all in a block is the block's."""
        if self.register:
            return f"register {self.register}"
        return " ".join(_lines(self.file)[self.line - 1].split())

    @property
    def module(self) -> str:
        return pathlib.Path(self.file).stem

    @functools.cached_property
    def key(self) -> str:
        """Where it is."""
        return f"{self.module}: {self.kind}.{self.port}[{self.bit}]: {self.text}"

    @functools.cached_property
    def name(self) -> str:
        """Where it is and what it does."""
        by = "" if self.control is None else f" by [{self.control}]"
        return f"{self.module}: {self.mode} {self.kind}.{self.port}[{self.bit}]{by}: {self.text}"

    def can_be(self, other: Fault) -> bool:
        """Whether the fault of the same place in another netlist can be had in this one."""
        needed = [] if other.mode == "inv" else [self.bit]
        needed += [] if other.control is None else [other.control]
        return all(self.variable[bit : bit + 1] == "v" for bit in needed)

    def replace(self, mode: str, control: int | None) -> Fault:
        """The same place with another effect."""
        return dataclasses.replace(self, mode=mode, control=control)

    def command(self, module: str, select: str) -> str:
        """The command that inserts it under the control of the option `select`."""
        control = "" if self.control is None else f" -ctrlbit {self.control}"
        return (
            f"mutate -mode {self.mode} -module {module} -cell {self.cell} -port {self.port}"
            f" -portbit {self.bit}{control} {select}"
        )


@functools.cache
def _lines(file: str) -> list[str]:
    return pathlib.Path(file).read_text().splitlines()
