"""The confusion matrix: which class is taken for which."""

import numpy as np
from matplotlib.figure import Figure

from projects.counted import counted
from projects.evaluation.answers import Answers
from projects.evaluation.plots.canvas import AS_WRITTEN, HELD_OUT, canvas, finished, labels

MOST_WITH_COUNTS = 16
MOST_NAMED = 50


def confusion_matrix(answers: Answers, *, of: str = HELD_OUT) -> Figure:
    """Draw counts, coloured by the share of the true class's rows; `of` is what one row is called."""
    counts, k = answers.counts, len(answers.classes or ())
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = labels(answers.classes or ())
    small = 9 if k <= MOST_WITH_COUNTS else 7
    longest = max(len(name) for name in names)
    is_turned = k > 10 or k * longest > 40
    side, margin = min(11.0, max(2.8, 0.5 * k + 0.8)), 0.009 * small * longest
    size = (side + 2.2 + margin, side + 1.5 + (margin if is_turned else 0.0))
    title = f"Confusion matrix, {counted(len(answers), of)}"
    figure, axes = canvas(title, "Predicted", "Actual", size=size)
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1 if k <= MOST_WITH_COUNTS else None)
    figure.colorbar(image, ax=axes, label="Share of the actual class", shrink=0.8)
    every = 1 if k <= MOST_NAMED else -(-k // MOST_NAMED)
    at = list(range(0, k, every))
    axes.set_xticks(at, [names[place] for place in at], fontsize=small, **AS_WRITTEN)
    if is_turned:
        axes.tick_params(axis="x", labelrotation=90)
    axes.set_yticks(at, [names[place] for place in at], fontsize=small, **AS_WRITTEN)
    if k <= MOST_WITH_COUNTS:
        for (row, column), count in np.ndenumerate(counts):
            text = f"{count}\n{shares[row, column]:.0%}" if k <= 6 and count else str(count)
            colour = "white" if shares[row, column] > 0.55 else "black"
            axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=small)
    return finished(figure)
