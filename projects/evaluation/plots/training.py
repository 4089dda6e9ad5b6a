"""How the training went: the comparison, the learning curve over rows, the loss curves over rounds."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from projects.evaluation.course import Point
from projects.evaluation.metrics import Metric
from projects.evaluation.plots.canvas import (
    AS_WRITTEN,
    INK,
    RULE,
    SERIES,
    canvas,
    finished,
    label,
    labels,
    legend,
)
from projects.evaluation.ranking import Ranked, compared

MOST_CANDIDATES = 30


def comparison(ranking: Sequence[Ranked], metric: Metric) -> Figure:
    """Draw the candidates' scores with their deviation, the best on top."""
    scored = compared(ranking, metric)[:MOST_CANDIDATES][::-1]
    better = "higher" if metric.is_better_higher else "lower"
    is_one_fold = bool(scored) and len(scored[-1].scores) == 1
    figure, axes = canvas(
        "Candidates, one fold" if is_one_fold else "Candidates, cross-validation",
        f"{metric.name} ({better} is better){'' if is_one_fold else ', mean and deviation of the folds'}",
        "Candidate", size=(7, max(2.6, 0.34 * len(scored) + 1.4)),
    )  # fmt: skip
    means = np.array([row.mean for row in scored], dtype=np.float64)
    deviations = np.array([row.deviation for row in scored])
    colours = [INK if place == len(scored) - 1 else RULE for place in range(len(scored))]
    places = range(len(scored))
    axes.hlines(places, means - deviations, means + deviations, colors=colours, linewidth=1.4)
    axes.scatter(means, places, c=colours, s=36, zorder=3)
    for place, mean in enumerate(means):
        axes.annotate(
            _written(mean), (mean, place), xytext=(0, 6), textcoords="offset points", ha="center", fontsize=8
        )
    _zoom(axes, means, deviations)
    axes.set_yticks(places, labels([row.name for row in scored]), **AS_WRITTEN)
    axes.set_ylim(-0.6, len(scored) - 0.3)
    axes.grid(axis="x", color=RULE, alpha=0.3)
    return finished(figure)


def learning_curve(points: Sequence[Point], metric: Metric) -> Figure:
    """Draw how the score grows with the rows learned from."""
    ordered = sorted(points, key=lambda point: point.rows)
    rows, means = [point.rows for point in ordered], np.array([point.mean for point in ordered])
    deviations = np.array([point.deviation for point in ordered])
    figure, axes = canvas(
        "How the score grows with rows", "Rows learned from", f"{metric.name} on other rows"
    )
    axes.fill_between(
        rows, means - deviations, means + deviations, color=INK, alpha=0.15, linewidth=0, label="deviation"
    )
    axes.plot(rows, means, color=INK, marker="o", label="mean")
    if max(rows) >= 20 * min(rows):
        axes.set_xscale("log")
    axes.set_xticks(rows, [f"{count:,}" for count in rows], rotation=30 if len(rows) > 4 else 0)
    axes.minorticks_off()
    legend(axes, loc="best")
    return finished(figure)


def loss_curves(
    losses: Mapping[str, Sequence[float]],
    *,
    best: int | None,
    unit: str,
    loss: str,
    at: Sequence[int] | None = None,
) -> Figure:
    """Draw losses over rounds or epochs.

    Args:
        losses: By the rows that they are of, such as `training` and `validation`.
        best: The round that is used, from 1; None if all are.
        unit: `round` or `epoch`.
        loss: What the loss is.
        at: The rounds that they are of; by default every one, from 1.
    """
    figure, axes = canvas(f"Loss by {unit}", unit.capitalize(), loss)
    for (name, values), colour in zip(losses.items(), SERIES, strict=False):
        axes.plot(at or range(1, len(values) + 1), values, color=colour, label=label(name))
    if best is not None:
        axes.axvline(best, color=RULE, linestyle="--", label=f"best {unit}: {best}")
    legend(axes, loc="best")
    return finished(figure)


def _written(score: float) -> str:
    return f"{score:.4f}" if abs(score) < 10 else f"{score:.5g}"


def _zoom(axes: Axes, means: Any, deviations: Any) -> None:
    """Keep one candidate that failed badly from squeezing the others into a line."""
    values = means
    low, high = float((values - deviations).min()), float((values + deviations).max())
    if len(values) >= 4:
        quarter, three = np.quantile(values, [0.25, 0.75])
        reach = max(4 * (three - quarter), 4 * float(np.median(deviations))) or high - low
        low, high = max(low, float(quarter - reach)), min(high, float(three + reach))
    best = values[-1]
    low, high = min(low, best), max(high, best)
    pad = 0.08 * (high - low) or 0.01
    axes.set_xlim(low - pad, high + pad)
