"""What the probabilities are worth: the calibration curve, and what each threshold gives."""

import numpy as np
from matplotlib.figure import Figure

from projects.counted import counted
from projects.evaluation.plots.canvas import INK, RULE, SECOND, SERIES, canvas, finished, label, legend
from projects.evaluation.reliability import Reliability
from projects.evaluation.threshold import HALF, Curves


def calibration_curve(found: Reliability) -> Figure:
    """Draw the share that is so against the probability that was said, with 95 % intervals."""
    rows = counted(sum(one.rows for one in found.bins), "held-out row")
    figure, axes = canvas(
        f"Calibration, {rows}", f"Mean probability of {label(found.what)}", "Share that is so"
    )
    said, seen = np.array([[one.said, one.seen] for one in found.bins]).T
    low, high = np.array([[one.interval.low, one.interval.high] for one in found.bins]).T
    axes.plot([0, 1], [0, 1], color=RULE, linestyle="--", label="as said")
    reach = [np.clip(seen - low, 0, None), np.clip(high - seen, 0, None)]
    text = f"seen, with 95 % intervals (error {found.ece:.3f})"
    axes.errorbar(
        said, seen, yerr=reach, color=INK, marker="o", markersize=4, capsize=2, linewidth=1, label=text
    )
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    legend(axes, loc="upper left")
    return finished(figure)


def threshold_curves(curves: Curves, threshold: float, rows: str) -> Figure:
    """Draw precision, recall, F1 and the errors by threshold.

    Args:
        curves: By threshold.
        threshold: The one in use.
        rows: Which rows they are of, in words.
    """
    figure, axes = canvas(
        f"What each threshold gives, {rows}",
        "A row is positive from this probability on",
        "Score, or share of rows",
    )
    for name, colour in zip(("precision", "recall", "f1"), SERIES, strict=False):
        axes.plot(curves.thresholds, curves.scores[name], color=colour, label=name)
    axes.plot(curves.thresholds, curves.cost, color=RULE, label="share of wrong rows")
    axes.plot(curves.thresholds, curves.positives, color=RULE, linestyle=":", label="share called positive")
    axes.axvline(threshold, color=SECOND, linestyle="--", label=f"in use: {threshold:.3g}")
    if threshold != HALF:
        axes.axvline(HALF, color="black", linewidth=0.8, linestyle=":")
    axes.set(xlim=(0, 1), ylim=(-0.01, 1.02))
    legend(axes, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return finished(figure)
