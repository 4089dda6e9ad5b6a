"""How a regression errs: predicted against actual, and the residuals."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from projects.counted import counted
from projects.evaluation.answers import Answers
from projects.evaluation.plots.canvas import HELD_OUT, INK, RULE, SECOND, canvas, finished, legend

MOST_POINTS = 5000
BINS = 50


def predicted_vs_actual(answers: Answers, target: str, *, of: str = HELD_OUT) -> Figure:
    """Draw each row's prediction over its truth."""
    shown = _some(answers)
    figure, axes = canvas(
        _title("Predicted against actual", answers, of),
        f"Actual {target}",
        f"Predicted {target}",
        size=(5.6, 5.2),
    )
    axes.scatter(
        answers.truth[shown], answers.predictions[shown], s=8, alpha=_alpha(shown), color=INK, linewidths=0
    )
    ends = [
        min(answers.truth.min(), answers.predictions.min()),
        max(answers.truth.max(), answers.predictions.max()),
    ]
    axes.plot(ends, ends, color=RULE, linestyle="--", label="equal")
    axes.locator_params(nbins=6)
    legend(axes, loc="upper left")
    return finished(figure)


def residuals(answers: Answers, target: str, *, of: str = HELD_OUT) -> Figure:
    """Draw each row's error over its prediction, and the median error along it."""
    shown, errors = _some(answers), answers.truth - answers.predictions
    figure, axes = canvas(
        _title("Residuals", answers, of), f"Predicted {target}", f"Actual minus predicted {target}"
    )
    axes.scatter(answers.predictions[shown], errors[shown], s=8, alpha=_alpha(shown), color=INK, linewidths=0)
    axes.axhline(0, color=RULE, linestyle="--", label="no error")
    groups = [at for at in np.array_split(np.argsort(answers.predictions, kind="stable"), 12) if len(at) >= 5]
    if len(groups) > 2:
        middle = [(np.median(answers.predictions[at]), np.median(errors[at])) for at in groups]
        axes.plot(
            *zip(*middle, strict=True), color=SECOND, marker="o", markersize=3, label="median of a twelfth"
        )
    legend(axes, loc="best")
    return finished(figure)


def residual_histogram(answers: Answers, target: str, *, of: str = HELD_OUT) -> Figure:
    """Draw how many rows have which error; the outermost percent is gathered at the ends."""
    errors = answers.truth - answers.predictions
    low, high = np.quantile(errors, [0.005, 0.995])
    figure, axes = canvas(
        _title("Errors", answers, of),
        f"Actual minus predicted {target} (the outermost 1 % at the ends)",
        "Rows",
    )
    axes.hist(np.clip(errors, low, high), bins=min(BINS, max(5, len(errors) // 10)), color=INK)
    axes.axvline(0, color=RULE, linestyle="--")
    axes.axvline(float(np.median(errors)), color=SECOND, label=f"median {np.median(errors):.4g}")
    legend(axes, loc="upper right")
    return finished(figure)


def _title(what: str, answers: Answers, of: str) -> str:
    some = f", {MOST_POINTS} of them shown" if len(answers) > MOST_POINTS and what != "Errors" else ""
    return f"{what}, {counted(len(answers), of)}{some}"


def _some(answers: Answers) -> Any:
    return np.random.default_rng(0).permutation(len(answers))[:MOST_POINTS]


def _alpha(shown: Any) -> float:
    return 0.7 if len(shown) < 300 else 0.35
