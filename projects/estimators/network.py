"""What all the nets share: checked inputs, the fitting, and answers in numpy.

`Network` fits; a kind of net (`FeedForward`, `Sequence`) says how its module is built, what is kept of it and
how rows become scores; a task (`Classifying`, `Regressing`) says what the targets and the answers are.
"""

from abc import abstractmethod
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from projects.estimators.descent import Lesson, Recipe, descend, repeatable, set_aside
from projects.estimators.forward import ROWS_AT_ONCE, Values, probabilities
from projects.estimators.pytorch import load_torch
from projects.estimators.scaling import Scaling, scaling_of

FEWEST_IN_A_BATCH, MOST_IN_A_BATCH = 32, 512
BATCHES_AN_EPOCH = 100


class Network(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Fits a net; see the subclasses for its parameters."""

    weights_: list[Values]
    biases_: list[Values]

    @abstractmethod
    def _build(self, torch: Any, width: int, outputs: int) -> Any:
        """Make the module, whose child `layers` holds the dense layers; called with PyTorch seeded."""

    @abstractmethod
    def _keep(self, net: Any, scaling: Scaling) -> None:
        """Set the fitted attributes that come before the dense layers' last one."""

    @abstractmethod
    def _scores(self, matrix: Values) -> Values:
        """Push rows through the net, up to its last dense layer."""

    def _learn(
        self, matrix: Values, targets: NDArray[Any], output: str, start: Values, classes: Any = None
    ) -> None:
        """Fit. `start` are the last biases to begin with, one an output; `classes` stratify."""
        torch = load_torch()
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        scaling = scaling_of(matrix)
        share = self.validation_share if self.early_stopping else 0.0
        learning, validation = set_aside(len(matrix), share, seed, classes)
        lesson = Lesson(scaling.apply(matrix), targets, output, learning, validation)
        with repeatable(torch, seed, self.n_jobs):
            net = self._build(torch, matrix.shape[1], len(start))
            with torch.no_grad():
                net.layers[-1].bias.copy_(torch.from_numpy(start))
            curve = descend(torch, net, lesson, self._recipe(len(learning)))
        self._keep(net, scaling)
        self.output_ = output
        self.loss_curve_, self.validation_curve_ = curve.learning, curve.validation
        self.best_epoch_, self.n_iter_ = curve.best_epoch, len(curve.learning)

    def _recipe(self, rows: int) -> Recipe:
        fitting = min(max(rows // BATCHES_AN_EPOCH, FEWEST_IN_A_BATCH), MOST_IN_A_BATCH)
        return Recipe(
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            batch_size=self.batch_size or fitting,
            max_epochs=self.max_epochs,
            patience=self.patience if self.early_stopping else self.max_epochs,
            max_seconds=self.max_seconds,
            device=self.device,
            on_epoch=self.on_epoch,
        )

    def _answer(self, X: Any) -> Values:
        check_is_fitted(self)
        matrix = validate_data(self, X, reset=False, dtype=np.float64)
        parts = [self._scores(matrix[at : at + ROWS_AT_ONCE]) for at in range(0, len(matrix), ROWS_AT_ONCE)]
        return np.concatenate(parts)

    def __sklearn_clone__(self) -> Self:
        """Clone the parameters; the hook is handed on as it is, since what it holds may not be copied."""
        copied = {
            name: value if name == "on_epoch" else clone(value, safe=False)
            for name, value in self.get_params(deep=False).items()
        }
        return type(self)(**copied)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the hook behind: it belongs to the process that fits."""
        state: dict[str, Any] = super().__getstate__()
        return {**state, "on_epoch": None}


class Classifying(ClassifierMixin):  # type: ignore[misc]  # scikit-learn has no types
    """Learns classes by log loss, from weights that begin at the classes' own frequencies."""

    def fit(self, X: Any, y: Any) -> Self:
        """Fit.

        Args:
            X: Finite numbers, of shape (rows, columns).
            y: One label a row.

        Raises:
            ValueError: Something in X or y is not that.
            TorchMissing: PyTorch is not installed.
        """
        matrix, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        labels = column_or_1d(labels, warn=True)
        self.classes_, targets, counts = np.unique(labels, return_inverse=True, return_counts=True)
        shares = counts / counts.sum()
        if len(shares) == 2:
            output, start = "sigmoid", np.log(shares[1:] / shares[:1])
        else:
            output, start = "softmax", np.log(shares)
        self._learn(matrix, targets.astype(np.int64), output, start, targets)
        return self

    def predict_proba(self, X: Any) -> Values:
        """Return one probability a class, in the order of `classes_`, of shape (rows, classes)."""
        scores = self._answer(X)
        return probabilities(scores, self.output_)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the likeliest class of each row."""
        likeliest = self.predict_proba(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[likeliest]
        return labels


class Regressing(RegressorMixin):  # type: ignore[misc]  # scikit-learn has no types
    """Learns a number by squared error, standardised for fitting."""

    def fit(self, X: Any, y: Any) -> Self:
        """Fit.

        Args:
            X: Finite numbers, of shape (rows, columns).
            y: One finite number a row.

        Raises:
            ValueError: Something in X or y is not that.
            TorchMissing: PyTorch is not installed.
        """
        matrix, numbers = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        numbers = column_or_1d(numbers, warn=True).astype(np.float64)
        middle, spread = float(numbers.mean()), float(numbers.std()) or 1.0
        self._learn(matrix, (numbers - middle) / spread, "identity", np.zeros(1))
        self.weights_[-1] = self.weights_[-1] * spread
        self.biases_[-1] = self.biases_[-1] * spread + middle
        return self

    def predict(self, X: Any) -> Values:
        """Return one number a row."""
        scores: Values = self._answer(X)[:, 0]
        return scores
