# SPDX-License-Identifier: Apache-2.0
"""The table of a comparison and its figures: ours beside each peer and beside the best."""

from __future__ import annotations

import dataclasses

from rounds import CALLERS, Lane, Load


@dataclasses.dataclass(frozen=True)
class Figure:
    """A ratio, or a time of ours alone where `ratio` is None; bounds are those of the aims."""

    name: str
    value: float  # ours
    unit: str
    peer: str = ""
    ratio: float | None = None  # how many times as good ours is
    ratio_at_least: float | None = None
    value_at_most: float | None = None

    def is_met(self) -> bool:
        """Whether the bound is kept, if there is one."""
        return (self.ratio_at_least is None or (self.ratio or 0) >= self.ratio_at_least) and (
            self.value_at_most is None or self.value <= self.value_at_most
        )

    def __str__(self) -> str:
        text = f"{self.name:<42} {self.value:>9.2f} {self.unit:<10}"
        if self.ratio is not None:
            text += f" {self.ratio:>6.2f}x  {self.peer}"
        if self.ratio_at_least is not None:
            text += f"  (at least {self.ratio_at_least:g}x)"
        if self.value_at_most is not None:
            text += f"  (at most {self.value_at_most:g})"
        return text if self.is_met() else text + "  MISSED"

    def row(self, machine: str) -> dict[str, object]:
        """For --json, with the keys of bench/compare."""
        return {
            "name": self.name,
            "value": round(self.value, 4),
            "unit": self.unit,
            "ratio": None if self.ratio is None else round(self.ratio, 3),
            "peer": self.peer,
            "machine": machine,
        }


def format_table(title: str, lanes: list[Lane]) -> str:
    """A row for each server: requests/s, p50 and p99 at each number of callers."""
    head = ["requests/s, p50 / p99 ms at", *(f"{count} callers" for count in CALLERS)]
    head[1] = "1 caller"
    rows = [head, ["-" * 27] + ["-" * 26] * len(CALLERS)]
    for lane in lanes:
        cells = [
            f"{load.requests_per_second:,.0f}  {load.p50_ms:.2f} / {load.p99_ms:.2f}"
            for load in lane.loads.values()
        ]
        rows.append([lane.contender.name, *cells])
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = [
        row[0].ljust(widths[0])
        + "".join("  " + cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in rows
    ]
    return f"\n{title}\n\n" + "\n".join(lines) + "\n"


def _is_ours(lane: Lane) -> bool:
    return lane.contender.peer.startswith("ours")


def _callers(count: int) -> str:
    return f"{count}caller" + ("s" if count > 1 else "")


def _fastest(lanes: list[Lane], count: int) -> Lane:
    return max(lanes, key=lambda lane: lane.loads[count].requests_per_second)


def _describe(lane: Lane, load: Load) -> str:
    return (
        f"{lane.contender.name}, {load.requests_per_second:.0f} requests/s, "
        f"p50 {load.p50_ms:.2f} ms, p99 {load.p99_ms:.2f} ms"
    )


def _beside(
    prefix: str, mine: Lane, peers: list[Lane], suffix: str, aims: dict[int, float]
) -> list[Figure]:
    """Requests/s beside the fastest of `peers` at each number of callers."""
    figures = []
    for count in CALLERS if peers else ():
        peer = _fastest(peers, count)
        ours, theirs = mine.loads[count], peer.loads[count]
        figures.append(
            Figure(
                f"{prefix}_{_callers(count)}_vs_{suffix}",
                ours.requests_per_second,
                "requests/s",
                _describe(peer, theirs),
                ours.requests_per_second / theirs.requests_per_second,
                ratio_at_least=aims.get(count),
            )
        )
    return figures


def _by_peer(lanes: list[Lane]) -> dict[str, list[Lane]]:
    peers: dict[str, list[Lane]] = {}
    for lane in lanes:
        if not _is_ours(lane):
            peers.setdefault(lane.contender.peer, []).append(lane)
    return peers


def identity_figures(lanes: list[Lane]) -> list[Figure]:
    """Ours beside each peer, and our p50 with one caller."""
    figures: list[Figure] = []
    for mine in filter(_is_ours, lanes):
        p50_ms = mine.loads[1].p50_ms
        figures.append(Figure("identity_1caller_p50", p50_ms, "ms", value_at_most=0.15))
        for peer, of_peer in _by_peer(lanes).items():
            aims = {16: 3.0} if peer == "triton" else {}
            figures += _beside("identity", mine, of_peer, peer, aims)
    return figures


def encoder_figures(lanes: list[Lane], aims: dict[str, dict[int, float]]) -> list[Figure]:
    """Ours of each pattern beside the best peer and beside each; `aims` by pattern and callers."""
    figures: list[Figure] = []
    for mine in filter(_is_ours, lanes):
        pattern = mine.contender.peer.removeprefix("ours ")
        prefix = f"minilm_{pattern}"
        peers = [lane for lane in lanes if not _is_ours(lane)]
        figures += _beside(prefix, mine, peers, "best_peer", aims.get(pattern, {}))
        for count in (max(CALLERS),) if peers else ():
            peer = _fastest(peers, count)
            ours, theirs = mine.loads[count], peer.loads[count]
            figures.append(
                Figure(
                    f"{prefix}_{_callers(count)}_p99_vs_best_peer",
                    ours.p99_ms,
                    "ms",
                    _describe(peer, theirs),
                    theirs.p99_ms / ours.p99_ms,
                    ratio_at_least=3.0,
                )
            )
        for peer_name, of_peer in _by_peer(lanes).items():
            figures += _beside(prefix, mine, of_peer, peer_name, {})
    return figures
