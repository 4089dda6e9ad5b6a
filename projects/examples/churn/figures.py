"""Two figures: how well the model tells who leaves, and which features it looks at."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.patches import Patch
from numpy.typing import NDArray

from projects.evaluation.plots.canvas import INK, RULE, SECOND, canvas, finished, legend
from projects.examples.churn.columns import BESIDE_NOTES
from projects.examples.churn.features import embedding_columns

ROC, IMPORTANCE = "roc_curve.png", "feature_importance.png"
SHOWN = 15
DPI = 130


def draw_figures(
    model: Any, X_test: pd.DataFrame, y_test: NDArray[np.int64], folder: str | Path
) -> list[Path]:
    """Write `roc_curve.png` and `feature_importance.png`; return their paths."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {ROC: _roc(model, X_test, y_test), IMPORTANCE: _importance(gains(model, list(X_test.columns)))}
    for name, figure in drawn.items():
        figure.savefig(folder / name, dpi=DPI)
    return [folder / name for name in drawn]


def gains(model: Any, names: list[str]) -> "pd.Series[float]":
    """Return each feature's share of the gain of all splits, the largest first; the shares sum to 1."""
    gained = model.get_booster().get_score(importance_type="total_gain")
    shares = pd.Series({name: float(gained.get(name, 0.0)) for name in names})
    total = shares.sum()
    return (shares / total if total else shares).sort_values(ascending=False)


def _roc(model: Any, X: pd.DataFrame, y: NDArray[np.int64]) -> Any:
    from sklearn.metrics import roc_auc_score, roc_curve

    shares = model.predict_proba(X)[:, 1]
    wrong, right, _ = roc_curve(y, shares)
    figure, axes = canvas(
        f"Who will leave: ROC curve on {len(y):,} test rows", "stayed, but called leavers (share)",
        "left, and called leavers (share)",
    )  # fmt: skip
    axes.plot(wrong, right, color=INK, linewidth=2, label=f"model, AUC {roc_auc_score(y, shares):.3f}")
    axes.plot([0, 1], [0, 1], color=RULE, linestyle="--", label="chance, AUC 0.5")
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
    legend(axes, loc="lower right")
    return finished(figure)


def _importance(shares: "pd.Series[float]") -> Any:
    notes = embedding_columns(list(shares.index))
    top = shares.head(SHOWN)[::-1]
    figure, axes = canvas(
        "What the model looks at", "share of the gain of all splits", "feature", size=(7.2, 5.2)
    )  # fmt: skip
    beside = set(BESIDE_NOTES)
    axes.barh(
        [name if name in beside else f"notes, dimension {name}" for name in top.index], top.to_numpy(),
        color=[SECOND if name in beside else INK for name in top.index],
    )  # fmt: skip
    told = shares[notes].sum()
    kinds = [
        Patch(color=INK, label=f"ticket notes: {told:.0%} over {len(notes)} dimensions"),
        Patch(color=SECOND, label=f"other columns: {1 - told:.0%}"),
    ]
    legend(axes, handles=kinds, loc="lower right")
    return finished(figure)
