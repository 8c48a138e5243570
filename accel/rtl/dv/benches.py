# SPDX-License-Identifier: Apache-2.0
"""The tests that look for faults, and the models in them that can have some.

Classes and parameters are those of dv/CMakeLists.txt; of several sizes the smallest.
"""

from __future__ import annotations

import dataclasses

import design


@dataclasses.dataclass(frozen=True)
class Model:
    top: str
    name: str  # of its class
    parameters: tuple[tuple[str, int], ...] = ()


@dataclasses.dataclass(frozen=True)
class Bench:
    test: str
    models: tuple[Model, ...]
    cases: str = "*"  # as --gtest_filter; of typed tests those of the smallest size


def _plain(test: str, *modules: str) -> Bench:
    models = tuple(Model(f"sta_{name}", f"Vsta_{name}") for name in modules)
    return Bench(f"rtl_{test}_test", models)


def _sized(test: str, suffix: str, *modules: str, **parameters: int) -> Bench:
    values = tuple((design.SIZES["4x4x4"] | parameters).items())
    models = tuple(Model(f"sta_{name}", f"V{name}_{suffix}", values) for name in modules)
    return Bench(f"rtl_{test}_test", models, "*/0.*")


_CONTROL = {"Tile": 4, "Lanes": 8, "ActivationRows": 11, "ResidualBeats": 22, "KeyValueTiles": 33,
            "MaxTokens": 44, "MaxChannels": 55}
_KERNEL = Model("sta_kernel", "Vsta_kernel_4x4", tuple(design.TESTED_KERNEL.items()))

UNITS = (
    _sized("attention_control", "4x4", "attention_control"),
    _plain("axi_reader", "axi_reader"),
    _plain("axi_writer", "axi_writer"),
    Bench("rtl_buffers_test",
          (Model("sta_activation_buffer", "Vsta_activation_buffer", (("Rows", 12),)),
           Model("sta_key_value_buffer", "Vsta_key_value_buffer", (("Tiles", 12),)),
           Model("sta_residual_buffer", "Vsta_residual_buffer", (("Beats", 12),)))),
    _plain("checksum", "checksum"),
    Bench("rtl_control_test", (Model("sta_control", "Vsta_control", tuple(_CONTROL.items())),)),
    _sized("dispatcher", "4", "dispatcher", MaxTokens=384, MaxChannels=3072),
    _sized("dmme", "4x4", "dmme"),
    _sized("epilogue", "4", "epilogue"),
    Bench("rtl_fifo_test", (Model("sta_fifo", "Vsta_fifo", (("Width", 16), ("Depth", 4))),)),
    _plain("instruction_fetch", "instruction_fetch"),
    _sized("matmul_control", "4x4", "matmul_control"),
    Bench("rtl_reciprocal_test", (Model("sta_reciprocal", "Vreciprocal_16", (("SumWidth", 16),)),)),
    _plain("requantize", "requantize"),
    _plain("row_transfer", "row_loader", "row_storer"),
    _plain("rsqrt", "rsqrt"),
    _plain("run_control", "counters", "run_control"),
    _sized("softmax", "4x4", "softmax"),
    _plain("unit_queue", "unit_queue"),
    _sized("vector_unit", "4x4", "vector_unit"),
    _sized("weights", "4x4", "weight_buffer", "weight_loader"),
)
KERNEL = (
    Bench("rtl_encoder_test", (_KERNEL,), "EncoderTest/0.*"),
    Bench("rtl_robustness_test", (_KERNEL,)),
)
