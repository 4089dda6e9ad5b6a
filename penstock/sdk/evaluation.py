"""How good predictions are, in a notebook: scores, plots and a report, by the pipelines' own code."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from penstock.sdk import report
from penstock.sdk.answers import read_answers
from penstock.sdk.drawn import saved
from penstock.sdk.given import TASKS, TaskType, as_frame, known_word
from penstock.sdk.importance import weights_of
from penstock.sdk.scores import with_aliases
from projects.errors import BadInput
from projects.evaluation.answers import Answers
from projects.evaluation.metrics import measure_all

OF = "row"
"""What one row is called: whether it was held out, only the notebook knows."""


class ModelEvaluator:
    """Scores and draws predictions.

    Args:
        task_type: `classification` or `regression`.
        classes: The labels in the order of the probabilities, where not all of them are among the rows.

    Attributes:
        metrics_: What `evaluate` found last.

    >>> from penstock import ModelEvaluator
    >>> found = ModelEvaluator(task_type="classification").evaluate([0, 1, 1, 0], [0, 1, 0, 0])
    >>> found["accuracy"], found["recall"], found["confusion_matrix"]
    (0.75, 0.5, [[2, 0], [1, 1]])
    """

    def __init__(
        self, task_type: TaskType = "classification", *, classes: Sequence[Any] | None = None
    ) -> None:
        known_word(task_type, TASKS, "task_type")
        self.task_type: TaskType = task_type
        self.classes = None if classes is None else tuple(classes)
        self.metrics_: dict[str, Any] = {}
        self._answers: Answers | None = None
        self._rows: pd.DataFrame | None = None

    def evaluate(self, y: Any, y_pred: Any, y_pred_proba: Any = None, *, X: Any = None) -> dict[str, Any]:
        """Score predictions.

        For two classes the plain names speak of the positive one, the second; for several they are means over
        the classes.

        Args:
            y: The truth, one value a row.
            y_pred: The predictions.
            y_pred_proba: Probabilities of shape (rows, classes), or of the positive class (rows,).
            X: The rows, for the examples in the report.

        Returns:
            Of classes `accuracy`, `precision`, `recall`, `f1_score`, `confusion_matrix` (true classes down),
            `classes` and others; with probabilities `roc_auc`, `log_loss` and others. Of numbers `r2`,
            `rmse`, `mae`, `mape`, `explained_variance` and others. What has no meaning for these rows, such
            as `roc_auc` of one class, is left out.

        Raises:
            BadInput: The arguments do not fit together.
        """
        answers = self._read(y, y_pred, y_pred_proba)
        rows = None if X is None else as_frame(X).reset_index(drop=True)
        if rows is not None and len(rows) != len(answers):
            raise BadInput(f"X has {len(rows):,} rows and y has {len(answers):,}; give the rows of y")
        scores: dict[str, Any] = with_aliases(measure_all(answers, _task(answers)))
        if answers.classes is not None:
            scores["confusion_matrix"] = answers.counts.tolist()
            scores["classes"] = list(answers.classes)
        self._answers, self._rows, self.metrics_ = answers, rows, scores
        return dict(scores)

    def generate_evaluation_report(self, save_path: str | Path | None = None) -> str:
        """Write what `evaluate` was given last as Markdown: scores, errors, and examples of predictions.

        Args:
            save_path: Where it is written, if anywhere.

        Raises:
            BadInput: Nothing was evaluated yet, or the file cannot be written.
        """
        if self._answers is None:
            raise BadInput("nothing was evaluated yet; call evaluate(y, y_pred) first")
        text = report.write_report(self._answers, self._rows, self.metrics_)
        if save_path is not None:
            path = Path(save_path).expanduser()
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            except OSError as error:
                why = error.strerror or error
                raise BadInput(f"the report cannot be written to '{path}' ({why}); name another") from error
        return text

    def plot_confusion_matrix(self, y: Any, y_pred: Any, save_path: str | Path | None = None) -> Any:
        """Draw which class is taken for which; return the figure.

        Raises:
            BadInput: The arguments do not fit together, or the task has no classes.
        """
        from projects.evaluation.plots.confusion import confusion_matrix

        self._needs("classification", "a confusion matrix")
        return saved(confusion_matrix(self._read(y, y_pred, None), of=OF), save_path)

    def plot_roc_curve(self, y: Any, scores: Any, save_path: str | Path | None = None) -> Any:
        """Draw true against false positive rates; return the figure.

        Args:
            y: The truth.
            scores: Probabilities of shape (rows, classes), or scores of the positive class (rows,).
            save_path: Where the picture is written, if anywhere.

        Raises:
            BadInput: The arguments do not fit together, or the truth holds one class only.
        """
        from projects.evaluation.plots.curves import roc_curve

        return saved(roc_curve(self._scored(y, scores, "a ROC curve"), of=OF), save_path)

    def plot_precision_recall_curve(self, y: Any, scores: Any, save_path: str | Path | None = None) -> Any:
        """Draw precision against recall; arguments and result are those of `plot_roc_curve`."""
        from projects.evaluation.plots.curves import precision_recall_curve

        answers = self._scored(y, scores, "a precision-recall curve")
        return saved(precision_recall_curve(answers, of=OF), save_path)

    def plot_feature_importance(
        self, model: Any, names: Sequence[str] | None = None, save_path: str | Path | None = None
    ) -> Any:
        """Draw what a fitted model itself says of its columns: importances, or sizes of coefficients.

        Args:
            model: Fitted.
            names: The columns' names, where the model does not know them.
            save_path: Where the picture is written, if anywhere.

        Returns:
            The figure.

        Raises:
            BadInput: The model says nothing of its columns, or there are not as many names.
        """
        from projects.evaluation.plots.columns import weights

        found, what = weights_of(model, names)
        return saved(weights(found, what), save_path)

    def plot_residuals(self, y: Any, y_pred: Any, save_path: str | Path | None = None) -> Any:
        """Draw each row's error over its prediction; return the figure.

        Raises:
            BadInput: The arguments do not fit together, or the task is one of classes.
        """
        from projects.evaluation.plots.numbers import residuals

        self._needs("regression", "residuals")
        return saved(residuals(self._read(y, y_pred, None), "value", of=OF), save_path)

    def plot_predictions(self, y: Any, y_pred: Any, save_path: str | Path | None = None) -> Any:
        """Draw each row's prediction over its truth; return the figure.

        Raises:
            BadInput: The arguments do not fit together, or the task is one of classes.
        """
        from projects.evaluation.plots.numbers import predicted_vs_actual

        self._needs("regression", "predicted against actual values")
        return saved(predicted_vs_actual(self._read(y, y_pred, None), "value", of=OF), save_path)

    def _read(self, y: Any, y_pred: Any, y_pred_proba: Any) -> Answers:
        return read_answers(y, y_pred, y_pred_proba, task_type=self.task_type, classes=self.classes)

    def _scored(self, y: Any, scores: Any, what: str) -> Answers:
        from projects.evaluation.plots.curves import can_be_drawn

        self._needs("classification", what)
        answers = read_answers(y, None, scores, task_type=self.task_type, classes=self.classes)
        if not can_be_drawn(answers):
            raise BadInput(f"{what} needs rows of two classes at least; y holds one")
        return answers

    def _needs(self, task_type: TaskType, what: str) -> None:
        if self.task_type != task_type:
            raise BadInput(
                f"{what} needs task_type '{task_type}', and this evaluator's is '{self.task_type}'"
            )


def _task(answers: Answers) -> Any:
    if answers.classes is None:
        return "regression"
    return "binary" if len(answers.classes) == 2 else "multiclass"
