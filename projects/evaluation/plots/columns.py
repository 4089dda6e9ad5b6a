"""What matters, and where the model is weak: importance, SHAP values and segments."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from projects.counted import counted
from projects.evaluation.contributions import Contributions
from projects.evaluation.importance import Importance
from projects.evaluation.plots.canvas import (
    AS_WRITTEN,
    INK,
    RULE,
    STRONG,
    WEAK,
    canvas,
    finished,
    label,
    labels,
    legend,
)
from projects.evaluation.segments import Segment

MOST_BARS = 20
MOST_SWARMS = 15
MOST_SEGMENTS = 24


def feature_importance(found: Importance) -> Figure:
    """Draw how much worse the metric is with each column shuffled, with deviations."""
    top = [weight for weight in found.weights if weight.rounds][:MOST_BARS][::-1]
    way = "falls" if found.metric.is_better_higher else "rises"
    more = f", {MOST_BARS} of {len(found.weights)}" if len(found.weights) > MOST_BARS else ""
    figure, axes = canvas(
        f"Importance of the columns{more}, {counted(found.rows, 'held-out row')}",
        f"How far {found.metric.name} {way} when shuffled",
        "Column", size=(7.2, max(2.6, 0.3 * len(top) + 1.3)),
    )  # fmt: skip
    places = range(len(top))
    drops, deviations = [w.drop for w in top], [w.deviation for w in top]
    axes.barh(places, drops, xerr=deviations, color=INK, ecolor=RULE, capsize=2)
    axes.axvline(0, color=RULE, linewidth=0.8)
    axes.set_yticks(places, labels([w.column for w in top]), **AS_WRITTEN)
    return finished(figure)


def weights(found: Mapping[str, float], what: str) -> Figure:
    """Draw what a model itself says of its columns, the heaviest on top.

    Args:
        found: By column.
        what: What the numbers are, in words.
    """
    ordered = sorted(found.items(), key=lambda pair: -abs(pair[1]))
    top = ordered[:MOST_BARS][::-1]
    more = f", {MOST_BARS} of {len(ordered)}" if len(ordered) > MOST_BARS else ""
    size = (7.2, max(2.6, 0.3 * len(top) + 1.3))
    figure, axes = canvas(f"Importance of the columns{more}", what, "Column", size=size)
    axes.barh(range(len(top)), [weight for _, weight in top], color=INK)
    axes.axvline(0, color=RULE, linewidth=0.8)
    axes.set_yticks(range(len(top)), labels([name for name, _ in top]), **AS_WRITTEN)
    return finished(figure)


def shap_summary(found: Contributions) -> Figure:
    """Draw each row's contribution of the heaviest columns, coloured by the column's value."""
    top = list(found.means)[:MOST_SWARMS][::-1]
    size = (7.6, max(2.8, 0.36 * len(top) + 1.4))
    what = f"What each column adds, {counted(len(found.rows), 'held-out row')}"
    if found.values.ndim == 3:
        across = f"Mean size of what it adds ({found.unit}), mean of the classes"
        figure, axes = canvas(what, across, "Column", size=size)
        axes.barh(range(len(top)), [found.means[name] for name in top], color=INK)
    else:
        figure, axes = canvas(what, f"What it adds to a row's answer ({found.unit})", "Column", size=size)
        for place, name in enumerate(top):
            _swarm(axes, place, found, name)
        axes.axvline(0, color=RULE, linewidth=0.8)
        marks = (("#3b4cc0", "low value"), ("#b40426", "high value"), (RULE, "text or missing"))
        for colour, text in marks:
            axes.scatter([], [], s=14, color=colour, label=text)
        legend(axes, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    axes.set_yticks(range(len(top)), labels(top), **AS_WRITTEN)
    return finished(figure)


def segment_errors(found: Sequence[Segment], *, is_regression: bool) -> Figure:
    """Draw how far each part's error is from that elsewhere, with intervals; the weakest on top."""
    ordered = sorted(found, key=lambda one: one.error - one.others)
    if len(ordered) > MOST_SEGMENTS:
        ordered = ordered[: MOST_SEGMENTS // 4] + ordered[-(MOST_SEGMENTS - MOST_SEGMENTS // 4) :]
    what = "Mean absolute error" if is_regression else "Share of wrong answers"
    figure, axes = canvas(
        "Errors by segment, held-out rows", f"{what}: difference from all other rows", "Segment",
        size=(9, max(2.8, 0.29 * len(ordered) + 1.4)),
    )  # fmt: skip
    for place, one in enumerate(ordered):
        colour = WEAK if one.is_weak else STRONG if one.is_strong else RULE
        axes.plot([one.difference.low, one.difference.high], [place, place], color=colour, linewidth=1.4)
        axes.plot(one.error - one.others, place, marker="o", markersize=5, color=colour)
    axes.axvline(0, color="black", linewidth=0.7)
    names = [
        f"{label(one.column, longest=22)}: {label(one.part, longest=30)} ({one.rows})" for one in ordered
    ]
    axes.set_yticks(range(len(names)), names, fontsize=8.5, **AS_WRITTEN)
    for colour, text in (
        (WEAK, "weaker beyond chance"),
        (STRONG, "stronger beyond chance"),
        (RULE, "as elsewhere"),
    ):
        axes.plot([], [], marker="o", color=colour, label=text)
    legend(axes, loc="lower right")
    return finished(figure)


def _swarm(axes: Axes, place: int, found: Contributions, name: str) -> None:
    values = found.values[:, found.columns.index(name)]
    spread = np.random.default_rng(place).uniform(-0.3, 0.3, len(values))
    cells = found.rows[name]
    ranks = (
        cells.rank(pct=True).to_numpy(dtype=float) if cells.dtype.kind == "f" else np.full(len(cells), np.nan)
    )
    known = ~np.isnan(ranks)
    axes.scatter(values[~known], place + spread[~known], s=6, color=RULE, alpha=0.6, linewidths=0)
    axes.scatter(
        values[known],
        place + spread[known],
        s=6,
        c=ranks[known],
        cmap="coolwarm",
        alpha=0.6,
        linewidths=0,
        vmin=0,
        vmax=1,
    )
