# SPDX-License-Identifier: Apache-2.0
"""Judges a mutation test: which faults survived, and whether somebody said why."""

from __future__ import annotations

import collections
import dataclasses

from fault import Fault

LEAST_KILLED = 0.95


@dataclasses.dataclass(frozen=True)
class Outcome:
    number: int
    fault: Fault
    killer: str  # the test that failed first; empty: the fault survived

    def line(self) -> str:
        position = f"{self.fault.module}.sv:{self.fault.line}"
        return f"{self.number}\t{self.killer or 'SURVIVED'}\t{position}\t{self.fault.name}"


def killed_share(outcomes: list[Outcome]) -> float:
    return sum(bool(item.killer) for item in outcomes) / len(outcomes)


def judge(outcomes: list[Outcome], survivors: dict[str, str]) -> list[str]:
    """What keeps the mutation test from passing."""
    findings = []
    for item in outcomes:
        if not item.killer and item.fault.name not in survivors:
            findings.append(f"survived, no reason given: {item.fault.name}")
        if item.killer and item.fault.name in survivors:
            findings.append(f"listed as a survivor, but {item.killer} sees it: {item.fault.name}")
    share = killed_share(outcomes)
    if share < LEAST_KILLED:
        findings.append(f"only {share:.1%} of the faults are seen, not {LEAST_KILLED:.0%}")
    return findings


def table(outcomes: list[Outcome]) -> str:
    """Faults seen by module."""
    seen: dict[str, list[bool]] = collections.defaultdict(list)
    for item in outcomes:
        seen[item.fault.module].append(bool(item.killer))
    lines = [f"{module:28} {sum(killed):3} of {len(killed):3}"
             for module, killed in sorted(seen.items())]
    killed = sum(bool(item.killer) for item in outcomes)
    lines.append(f"{'all':28} {killed:3} of {len(outcomes):3}  {killed_share(outcomes):.1%}")
    return "\n".join(lines)


def figures(outcomes: list[Outcome]) -> list[dict[str, str | float]]:
    return [
        {"name": "mutants", "value": len(outcomes)},
        {"name": "mutants_killed", "value": sum(bool(item.killer) for item in outcomes)},
        {"name": "mutants_killed_share", "value": round(killed_share(outcomes), 4)},
        {"name": "mutants_modules", "value": len({item.fault.module for item in outcomes})},
    ]
