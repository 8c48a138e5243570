# SPDX-License-Identifier: Apache-2.0
"""Finds the faults of a flattened netlist and draws a sample that is spread over modules.

(`mutate -list` of Yosys draws samples too, but takes hours on the kernel and weights by size
alone.) A fault's key has no number that moves when an unrelated line does, and the order of the
draw is a hash of it: after a change of the RTL, most of the sample is what it was.

Faults that cannot matter, whatever the test, are left out: bits that nothing reads, and inversions
that the function of their cell hides.
"""

from __future__ import annotations

import collections
import hashlib
import re

from fault import Fault

MODES = ("inv", "const0", "const1", "cnot0", "cnot1")

# Clocks, and what memories have that no line of the source says.
_SKIPPED_PORTS = {"CLK", "RD_CLK", "WR_CLK", "RD_ARST", "RD_SRST", "RD_EN", "WR_EN"}
_REGISTERS = {"$dff", "$dffe", "$sdff", "$sdffe", "$sdffce"}
# Bit i of the output depends on bit i of these inputs.
_BITWISE = {
    **{kind: ("D", "Q") for kind in _REGISTERS},
    **{kind: ("A", "B", "Y") for kind in ("$mux", "$and", "$or", "$xor", "$xnor")},
    "$not": ("A", "Y"),
}
# Of these, one bit decides: while another is 1 (0), the inverse of a bit changes nothing.
_DECIDED_BY_ONE = {"$logic_not", "$logic_and", "$logic_or", "$reduce_or", "$reduce_bool"}
_DECIDED_BY_ZERO = {"$reduce_and"}

Bit = int | str  # number of a net, or the constant "0", "1", "x"


def candidates(netlist: dict, top: str, seed: int) -> dict[str, Fault]:
    """Faults by key, one for each: of the instances of a module, the first by name."""
    module = netlist["modules"][top]
    read = _nets_read(module)
    names = _names(module)
    faults: dict[str, Fault] = {}
    for cell_name in sorted(module["cells"]):
        cell = module["cells"][cell_name]
        position = re.match(r"([^|]*?\.sv):(\d+)", cell["attributes"].get("src", ""))
        if position is None:
            continue
        register = ""
        if cell["type"] in _REGISTERS:
            register = names.get(cell["connections"]["Q"][0], "")
        for port in sorted(set(cell["connections"]) - _SKIPPED_PORTS):
            bits = cell["connections"][port]
            variable = "".join("v" if isinstance(bit, int) else "c" for bit in bits)
            for index in range(len(bits)):
                if _matters(cell, port, index, read):
                    fault = Fault("inv", cell_name, port, index, None, cell["type"], position[1],
                                  int(position[2]), register, variable)
                    faults.setdefault(fault.key, _draw(fault, seed))
    return faults


def _nets_read(module: dict) -> set[Bit]:
    """Nets that a cell or an output of the module reads."""
    read: set[Bit] = set()
    for port in module["ports"].values():
        if port["direction"] == "output":
            read.update(port["bits"])
    for cell in module["cells"].values():
        for port, bits in cell["connections"].items():
            if cell["port_directions"][port] == "input":
                read.update(bits)
    return read


def _names(module: dict) -> dict[Bit, str]:
    """Names of nets, of several that of the innermost instance."""
    names = [name for name, net in module["netnames"].items() if not net["hide_name"]]
    names.sort(key=lambda name: (name.count("."), name))
    return {bit: name.rpartition(".")[2]
            for name in names for bit in module["netnames"][name]["bits"]}


def _matters(cell: dict, port: str, index: int, read: set[Bit]) -> bool:
    """Whether anything reads what the bit of the port goes into."""
    connections = cell["connections"]
    bit = connections[port][index]
    if bit == "x":
        return False
    if cell["port_directions"][port] == "output":
        return bit in read
    ports = _BITWISE.get(cell["type"], ())
    if port in ports:
        return connections[ports[-1]][index] in read
    if port == "WR_DATA":
        return connections["WR_EN"][index] != "0"
    return True


def _draw(fault: Fault, seed: int) -> Fault:
    """The same place with one of the modes: which one, a hash says."""
    number = _hash(seed, fault.key)
    # Of a constant, only the inverse is another circuit.
    mode = MODES[number % len(MODES)] if fault.variable[fault.bit] == "v" else "inv"
    if not mode.startswith("cnot"):
        return fault.replace(mode, None)
    others = [i for i, bit in enumerate(fault.variable) if i != fault.bit and bit == "v"]
    hidden = _DECIDED_BY_ONE if mode == "cnot1" else _DECIDED_BY_ZERO
    if not others or (fault.kind in hidden and fault.port != "Y"):
        return fault.replace("inv", None)
    return fault.replace(mode, others[number // len(MODES) % len(others)])


def _hash(*parts: object) -> int:
    text = "\0".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def sample(faults: dict[str, Fault], count: int, least: int, seed: int) -> list[Fault]:
    """About `count` faults: `least` of each module, the rest in proportion to its lines of code.

    Within a module the lines take turns, in the order of the hash.
    """
    queues: dict[str, list[Fault]] = {}
    lines: dict[str, int] = {}
    modules = collections.defaultdict(lambda: collections.defaultdict(list))
    for fault in faults.values():
        modules[fault.module][fault.text].append(fault)
    for module, by_line in modules.items():
        lines[module] = len(by_line)
        for of_line in by_line.values():
            of_line.sort(key=lambda fault: _hash(seed, fault.key))
        order = sorted(by_line.values(), key=lambda of_line: _hash(seed, of_line[0].key))
        rounds = max(len(of_line) for of_line in order)
        queues[module] = [
            of_line[i] for i in range(rounds) for of_line in order if i < len(of_line)
        ]
    spare = max(0, count - least * len(queues))
    total = sum(lines.values())
    return [
        fault
        for module in sorted(queues)
        for fault in queues[module][: least + round(spare * lines[module] / total)]
    ]
