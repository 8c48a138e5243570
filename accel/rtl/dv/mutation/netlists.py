# SPDX-License-Identifier: Apache-2.0
"""Makes the netlists that carry the faults, and the tests that simulate them."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import json
import pathlib

import benches
import candidates
import step
import yosys
from fault import Fault

SELECT_BITS = 10
# Memories stay memories and arithmetic stays arithmetic: a fault is then one bit of something that
# stands in the source. The instances' own positions are dropped, so that a cell keeps the one of
# its module.
_PREPARE = """\
proc
setattr -unset src t:*sta_*
flatten
opt
wreduce
opt
memory_dff
memory_collect
opt_clean
write_json design.json
write_rtlil design.il
"""


@dataclasses.dataclass
class Netlist:
    model: benches.Model
    folder: pathlib.Path
    candidates: dict[str, Fault]
    faults: set[int] = dataclasses.field(default_factory=set)  # numbers of those inserted

    @property
    def file(self) -> pathlib.Path:
        return self.folder / "mutants.v"


def prepare(models: list[benches.Model], folder: pathlib.Path, seed: int,
            jobs: int) -> list[Netlist]:
    """Reads the models and finds what faults each can have."""

    def one(model: benches.Model) -> Netlist:
        place = folder / model.name
        yosys.run(f"{yosys.read(model.top, dict(model.parameters))}\n{_PREPARE}", place, "prepare")
        design = json.loads((place / "design.json").read_text())
        return Netlist(model, place, candidates.candidates(design, model.top, seed))

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(one, models))


def insert(netlists: list[Netlist], sample: list[Fault], jobs: int) -> None:
    """Writes mutants.v of every model; fault i of the sample is there with mutant_select == i + 1
    where the model has the place of it."""

    def one(netlist: Netlist) -> None:
        commands = []
        for number, fault in enumerate(sample, 1):
            here = netlist.candidates.get(fault.key)
            if here and here.can_be(fault):
                netlist.faults.add(number)
                select = f"-ctrl mutant_select {SELECT_BITS} {number}"
                place = here.replace(fault.mode, fault.control)
                commands.append(place.command(netlist.model.top, select))
        script = ["read_rtlil design.il", *commands, "opt_clean", "write_verilog -noattr mutants.v"]
        yosys.run("\n".join(script), netlist.folder, "mutate")

    if len(sample) >= 2**SELECT_BITS:
        raise ValueError(f"{len(sample)} faults are more than mutant_select can choose from")
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        list(pool.map(one, netlists))


def build(netlists: list[Netlist], tests: list[str], root: pathlib.Path, folder: pathlib.Path,
          jobs: int) -> None:
    """Builds the tests with the netlists in the place of the RTL."""
    configure = ["cmake", "--preset", "dev", "-B", str(folder)]
    configure += [f"-DSTA_RTL_NETLIST_{netlist.model.name}={netlist.file}" for netlist in netlists]
    compile_ = ["cmake", "--build", str(folder), f"-j{jobs}", "--target", *tests]
    step.run("configure", configure, root)
    step.run("build the tests", compile_, root)
