# SPDX-License-Identifier: Apache-2.0
"""Accuracy against density, of one or more series, as a picture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path


def plot_series(series: Sequence[Path], output: Path, metric: str | None = None) -> None:
    """Draws the series.json of each directory; a dense candidate is a dashed line.

    metric: the first one of each series where None. Raises ValueError where a series lacks it, and
    RuntimeError where matplotlib is missing.
    """
    try:
        import matplotlib
    except ImportError as error:
        raise RuntimeError("plots need the package matplotlib") from error
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 4), dpi=120)
    for number, directory in enumerate(series):
        manifest = json.loads((directory / "series.json").read_text(encoding="utf-8"))
        candidates = manifest["candidates"]
        shown = metric or next(iter(candidates[0]["accuracy"]))
        if any(shown not in candidate["accuracy"] for candidate in candidates):
            raise ValueError(f"{directory}: there is no metric '{shown}'")
        color = f"C{number}"
        sparse = sorted(
            (c for c in candidates if c["patterns"] != "dense"), key=lambda c: -c["density"]
        )
        values = [candidate["accuracy"][shown] for candidate in sparse]
        label = f"{manifest['name']} ({shown})"
        axes.plot([c["density"] for c in sparse], values, "o-", color=color, label=label)
        for candidate, value in zip(sparse, values):
            axes.annotate(
                candidate["name"].replace("-", ":", 1), (candidate["density"], value),
                textcoords="offset points", xytext=(4, -10), fontsize=8,
            )  # fmt: skip
        for candidate in candidates:
            if candidate["patterns"] == "dense":
                axes.axhline(candidate["accuracy"][shown], color=color, ls="--", lw=1)
    axes.set_xscale("log", base=2)
    axes.invert_xaxis()
    axes.set_xlabel("density (kept share of the encoder's weights)")
    axes.set_ylabel("score")
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(output)
    pyplot.close(figure)
