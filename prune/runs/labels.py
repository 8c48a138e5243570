# SPDX-License-Identifier: Apache-2.0
"""How results name the settings of a run: table.py writes labels, choose.py reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sta_prune.methods import Settings

WITH_TEXT = ", text"  # behind the label: the teacher was asked about unlabeled texts too


def label_of(settings: Settings) -> str:
    """Rate, decay, and from which density on activations choose masks. Without a teacher the rate
    down to 1:4, and that beyond."""
    rate = f"{settings.rate:g}"
    if not settings.distillation.has_teacher:
        rate = f"{settings.free_rate:g} and {rate}"
    return f"{rate}, {settings.decay:g}, {settings.activation_density:g}"


def fields_of(label: str, is_taught: bool) -> dict[str, float]:
    """The fields of Settings behind a label, with WITH_TEXT or without."""
    rates, decay, density, *_ = label.split(", ")
    free_rate, _, rate = rates.rpartition(" and ")
    fields = {"rate": float(rate), "decay": float(decay), "activation_density": float(density)}
    return fields if is_taught else {**fields, "free_rate": float(free_rate)}
