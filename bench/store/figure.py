# SPDX-License-Identifier: Apache-2.0
"""A measured number, with the bound that it must keep, if any."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass
class Figure:
    """Prints itself when it is made: what was measured is seen at once."""

    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None

    def __post_init__(self) -> None:
        print(f"  {self}", flush=True)

    def __str__(self) -> str:
        bound = ""
        if self.at_least is not None:
            bound = f"  (at least {self.at_least:g})"
        if self.at_most is not None:
            bound = f"  (at most {self.at_most:g})"
        return f"{self.name:<44} {self.value:>10.2f} {self.unit}{bound}"

    def is_met(self) -> bool:
        return (self.at_least is None or self.value >= self.at_least) and (
            self.at_most is None or self.value <= self.at_most
        )
