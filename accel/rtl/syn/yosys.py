# SPDX-License-Identifier: Apache-2.0
"""Runs Yosys on the RTL."""

from __future__ import annotations

import pathlib
import re

import design
import step

SHARE = pathlib.Path("/usr/share/yosys")
# Upper bounds of LUTs: nothing is flattened, so that wide multiplexers keep their own structure
# (flattened, neighbors merge and the engine doubles), and a multiplexer of 5 inputs or more is
# built from MUXF7..9.
MUX_INPUTS = 5
SYNTHESIZE = f"synth_xilinx -family xcup -noiopad -noclkbuf -widemux {MUX_INPUTS}"

# As `synth_xilinx -family xcup` calls it.
_MEMORY_LIBMAP = (
    "memory_libmap -logic-cost-rom 0.015625 -lib +/xilinx/lutrams_xcu.txt "
    "-lib +/xilinx/brams_xc4v.txt -D HAS_SIZE_36 -D HAS_MIXWIDTH_SDP -D HAS_ADDRCE "
    "-lib +/xilinx/urams.txt"
)

# What is wrong in Yosys's files, and what should stand there.
_CORRECTIONS = {
    "brams_xcu_map.v": {
        # The parity bits 0 to 3 of a 72-bit word are written where 4 to 7 belong
        # (https://github.com/YosysHQ/yosys/pull/5833).
        "PORT_W_WIDTH == 71": "PORT_W_WIDTH == 72",
        '"brams_defs.vh"': f'"{SHARE}/xilinx/brams_defs.vh"',
    },
    "cells_map.v": {
        # A multiplexer of more than 16 inputs chooses among groups of 16 by the uppermost bits of
        # the selection, which are the wrong ones when it has more bits than the inputs need.
        "B[B_WIDTH-1-:clog2_num_mux16]": "B[4+:clog2_num_mux16]",
        # Shift registers made of FDRE shift in every cycle, whatever their enable says
        # (https://github.com/YosysHQ/yosys/issues/6058).
        "assign CE = 1'b1;": "assign CE = E;",
    },
}


def _corrected(name: str, folder: pathlib.Path) -> pathlib.Path:
    """A copy of Yosys's file in `folder`, without the errors."""
    text = (SHARE / "xilinx" / name).read_text()
    for wrong, right in _CORRECTIONS[name].items():
        text = text.replace(wrong, right)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(text)
    return file


def synthesize(top: str, folder: pathlib.Path) -> str:
    """Commands that map `top`, which is read already: synth_xilinx, but what it does with files
    that are wrong is done just before it comes to that, with right ones."""
    block_rams = _corrected("brams_xcu_map.v", folder)
    cells = _corrected("cells_map.v", folder)
    return "\n".join([
        f"{SYNTHESIZE} -top {top} -run :map_memory",
        _MEMORY_LIBMAP,
        f"techmap -map {block_rams}",
        f"{SYNTHESIZE} -run map_memory:map_cells",
        f"techmap -map +/techmap.v -map {cells} -D MIN_MUX_INPUTS={MUX_INPUTS}",
        f"{SYNTHESIZE} -run map_cells:map_luts",
        "techmap -map +/xilinx/ff_map.v",
        "xilinx_srl -fixed -minlen 3",
        f"techmap -map {cells}",
        f"{SYNTHESIZE} -run map_luts:",
    ])


def read(top: str, values: dict[str, int], black_boxes: tuple[str, ...] = ()) -> str:
    """Commands that read `top` with these parameters and all that is below it, checked.

    Black boxes keep their parameters and lose their content.
    """
    known = design.modules()
    needed = design.below(top, known)
    boxes = [str(module.file) for module in needed if module.name in black_boxes]
    files = [str(module.file) for module in needed if module.name not in black_boxes]
    lines = [f"read_verilog -lib -sv {' '.join(boxes)}"] if boxes else []
    lines.append(f"read_verilog -defer -sv {design.PACKAGE} {' '.join(files)}")
    # Not `hierarchy -chparam`, on which Yosys 0.23 fails where a parameter is handed down.
    settings = "".join(
        f" -set {name} {value}" for name, value in known[top].choose(values).items()
    )
    if settings:
        lines.append(f"chparam{settings} $abstract\\{top}")
    lines.append(f"hierarchy -check -top {top}")
    return "\n".join(lines)


def run(script: str, folder: pathlib.Path, name: str) -> step.Result:
    """Runs a script in `folder`, which keeps it and its log; fails with the last lines."""
    folder.mkdir(parents=True, exist_ok=True)
    script_file = folder / f"{name}.ys"
    log_file = folder / f"{name}.log"
    script_file.write_text(script + "\n")
    log_file.unlink(missing_ok=True)
    command = ["yosys", "-q", "-l", str(log_file), "-s", str(script_file)]
    return step.run(f"yosys {name} in {folder.name}", command, folder, log_file)


def base_name(module: str) -> str:
    """The name in the source of a module that Yosys derived for some parameters."""
    return re.sub(r"^\\|^\$paramod(\$[0-9a-f]+)?\\", "", module).split("\\")[0]
