"""A loaded plan: rows of plain values in, labels and probabilities out."""

from collections.abc import Sequence
from dataclasses import dataclass

from serving.plan.encoder import Encoder
from serving.plan.estimator import Estimator
from serving.plan.model import Column, Label, Scores, Task


@dataclass(frozen=True, slots=True)
class Plan:
    """Scores rows as the fitted pipeline would. Safe to call from several threads.

    Attributes:
        columns: The inputs, in the order of a row's values.
        task: What the model does.
        classes: The labels, in the order of the probabilities; None for a regression.
        encoder: Makes the matrix.
        estimator: Scores it.
    """

    columns: tuple[Column, ...]
    task: Task
    classes: tuple[Label, ...] | None
    encoder: Encoder
    estimator: Estimator

    def score(self, rows: Sequence[Sequence[object]]) -> Scores:
        """Score rows whose values stand in the order of `columns`.

        A number's cell takes int, float, bool or a text that Python reads as a number; a text's cell takes
        anything hashable, where what is no text counts as an unseen category, as in the pipeline. None and
        NaN are missing in both.

        Raises:
            PlanInputError: No rows, infinity, a row of another length, or a value that its column cannot
                take.
        """
        matrix = self.encoder.encode(rows)
        if self.classes is None:
            return Scores(self.estimator.estimate(matrix).tolist(), None)
        indices, probabilities = self.estimator.classify(matrix)
        labels = self.classes
        return Scores([labels[index] for index in indices.tolist()], probabilities.tolist())
