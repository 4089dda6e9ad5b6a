"""The metrics as training names them: what task each fits, which way is better, and what it can be."""

from dataclasses import dataclass

INFINITE = float("inf")
BINARY, SEVERAL, REGRESSION = "binary", "multiclass", "regression"
CLASSIFICATION = (BINARY, SEVERAL)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        name: As training names it.
        tasks: Where it has a meaning.
        is_better_higher: Which way is better.
        span: The lowest and the highest value that it can have.
    """

    name: str
    tasks: tuple[str, ...]
    is_better_higher: bool
    span: tuple[float, float] = (0.0, 1.0)


_AMOUNT, _EXPLAINED = (0.0, INFINITE), (-INFINITE, 1.0)
METRICS = {
    metric.name: metric
    for metric in (
        *(
            Metric(name, CLASSIFICATION, True)
            for name in (
                "roc_auc", "average_precision", "accuracy", "balanced_accuracy", "f1", "precision", "recall",
                "f1_macro", "f1_weighted", "precision_macro", "precision_weighted", "recall_macro",
                "recall_weighted",
            )
        ),
        Metric("mcc", CLASSIFICATION, True, (-1.0, 1.0)),
        Metric("log_loss", CLASSIFICATION, False, _AMOUNT),
        Metric("brier", CLASSIFICATION, False, (0.0, 2.0)),
        *(
            Metric(name, (SEVERAL,), True)
            for name in ("f1_micro", "roc_auc_ovr_macro", "roc_auc_ovr_weighted", "average_precision_macro")
        ),
        *(Metric(name, (REGRESSION,), False, _AMOUNT)
          for name in ("rmse", "mae", "mape", "median_absolute_error", "mse")),
        *(Metric(name, (REGRESSION,), True, _EXPLAINED) for name in ("r2", "explained_variance")),
    )
}  # fmt: skip
