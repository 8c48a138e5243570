# SPDX-License-Identifier: Apache-2.0
"""Tables, JSON and a chart of what was measured."""

from __future__ import annotations

import dataclasses
import itertools
import pathlib

from measurement import Lane

OURS = "ours"
_BASELINE = "ort_int8"
# Color maps of the chart; patterns are shades.
_COLORS = {
    OURS: "Greens",
    "ort_fp32": "Greys",
    "ort_int8": "Purples",
    "openvino_int8": "Oranges",
    "deepsparse_int8": "Blues",
}


@dataclasses.dataclass(frozen=True)
class Result:
    """The lanes of one scenario."""

    name: str  # "minilm_1x128_1t"
    title: str  # "all-MiniLM-L6-v2, 1x128, 1 thread"
    lanes: list[Lane]
    missing: list[str]  # what is not there, and why

    def ours(self, shape: str) -> list[Lane]:
        """Our lanes of a shape."""
        return [
            lane
            for lane in self.lanes
            if lane.contender.entry.engine == OURS and lane.shape == shape
        ]

    def rivals(self, ours: Lane) -> list[Lane]:
        """The peers' lanes that one of ours is compared with.

        They have the same sparsity, or are dense where the peer knows no other.
        """
        return [
            lane
            for lane in self.lanes
            if lane.contender.entry.engine != OURS
            and lane.shape == ours.shape
            and (
                lane.contender.entry.pattern == ours.contender.entry.pattern
                or not lane.contender.entry.engine.startswith("deepsparse")
            )
        ]

    @property
    def shapes(self) -> list[str]:
        """Every shape, in the order of the lanes."""
        return list(dict.fromkeys(lane.shape for lane in self.lanes))


def _format_table(head: list[str], rows: list[list[str]]) -> str:
    columns = list(zip(head, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    lines = []
    for cells in [head, ["-" * width for width in widths], *rows]:
        first = cells[0].ljust(widths[0])
        rest = [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
        lines.append("  ".join([first, *rest]).rstrip())
    return "\n".join(lines) + "\n"


def _shape_table(result: Result, shape: str) -> str:
    ours = result.ours(shape)
    lanes = [lane for lane in result.lanes if lane.shape == shape]
    head = ["", "ms, median", "p10", "p90", "tokens/s", "cosine"]
    head += [f"{lane.contender.entry.name} over it" for lane in ours]
    rows = []
    for lane in lanes:
        cells = [lane.contender.entry.name]
        cells += [f"{lane.percentile_ms(percentile):.2f}" for percentile in (50, 10, 90)]
        cells += [f"{lane.tokens_per_second:,.0f}", f"{lane.cosine:.4f}"]
        for mine in ours:
            is_rival = lane in result.rivals(mine)
            cells.append(f"{lane.median_ms / mine.median_ms:.2f}x" if is_rival else "")
        rows.append(cells)
    return _format_table(head, rows)


def format_result(result: Result) -> str:
    """A table for each shape, and what is missing."""
    text = f"\n{result.title}\n"
    for shape in result.shapes:
        text += f"\n{shape}\n" if len(result.shapes) > 1 else "\n"
        text += _shape_table(result, shape)
    if len(result.shapes) > 1:
        text += "\n"
        for row in one_length_rows(result, ""):
            text += f"{row['name']}: {row['ratio']:.2f}\n"
    for reason in result.missing:
        text += f"not measured: {reason}\n"
    return text


def one_length_rows(result: Result, machine: str) -> list[dict[str, object]]:
    """Our tokens/s at mixed lengths over those at one length ("=")."""
    rows: list[dict[str, object]] = []
    for shape in result.shapes:
        for mixed in result.ours(shape):
            for even in result.ours(shape + "="):
                if even.contender is mixed.contender:
                    rows.append(
                        {
                            "name": f"{result.name}_{mixed.contender.entry.pattern}_vs_one_length",
                            "value": round(mixed.tokens_per_second, 1),
                            "unit": "tokens/s",
                            "ratio": round(mixed.tokens_per_second / even.tokens_per_second, 3),
                            "peer": f"the same tokens at one length, "
                            f"{even.tokens_per_second:.1f} tokens/s",
                            "machine": machine,
                        }
                    )
    return rows


def json_rows(results: list[Result], machine: str) -> list[dict[str, object]]:
    """A row for each of ours and each peer; ratio: how many times as fast ours is."""
    rows: list[dict[str, object]] = []
    for result in results:
        for mine in [lane for shape in result.shapes for lane in result.ours(shape)]:
            for peer in result.rivals(mine):
                engine = peer.contender.entry.engine
                rows.append(
                    {
                        "name": f"{result.name}_{mine.contender.entry.pattern}_vs_{engine}",
                        "value": round(mine.median_ms, 4),
                        "unit": "ms",
                        "ratio": round(peer.median_ms / mine.median_ms, 3),
                        "peer": f"{peer.contender.entry.name} ({peer.contender.description}), "
                        f"{peer.median_ms:.4f} ms",
                        "machine": machine,
                    }
                )
        rows += one_length_rows(result, machine)
    return rows


def draw_chart(results: list[Result], machine: str, path: pathlib.Path) -> None:
    """Speed over onnxruntime int8, a group of bars for each scenario."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    engines: dict[str, str] = {}  # contender -> engine
    speeds: dict[str, dict[str, float]] = {}  # contender -> scenario -> speed
    for result in results:
        lanes = [lane for lane in result.lanes if lane.shape == result.shapes[0]]
        base = [lane for lane in lanes if lane.contender.entry.engine == _BASELINE]
        for lane in lanes if base else []:
            name = lane.contender.entry.name
            engines[name] = lane.contender.entry.engine
            speeds.setdefault(name, {})[result.title] = base[0].median_ms / lane.median_ms
    titles = list(dict.fromkeys(title for of_name in speeds.values() for title in of_name))
    if not titles:
        return
    figure, axes = pyplot.subplots(figsize=(5 + 2.2 * len(titles), 5), layout="constrained")
    shades = {engine: itertools.count() for engine in _COLORS}
    width = 0.85 / len(speeds)
    for index, (name, of_name) in enumerate(speeds.items()):
        shade = next(shades[engines[name]])
        offset = (index - len(speeds) / 2 + 0.5) * width
        bars = axes.bar(
            [titles.index(title) + offset for title in of_name],
            list(of_name.values()),
            width,
            label=name,
            color=pyplot.get_cmap(_COLORS[engines[name]])(0.45 + 0.15 * shade),
        )
        axes.bar_label(bars, fmt="%.1f", fontsize=6)
    axes.axhline(1, color="black", linewidth=0.6)
    axes.set_xticks(range(len(titles)), [title.replace(", ", "\n") for title in titles])
    axes.set_ylabel("speed over ONNX Runtime int8")
    figure.supxlabel(machine, fontsize=7)
    figure.legend(loc="outside right upper", fontsize=7)
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
