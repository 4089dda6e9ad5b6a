"""The receipt of a sample: what learning from fewer rows costs, and whether to fit on all rows after all."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from projects.sampling.curve import Curve, Loss, Point, estimated_loss
from projects.sampling.decide import Decision

DRAWN_POINTS = 40


@dataclass(frozen=True)
class Receipt:
    """What a sample cost.

    Attributes:
        decision: Which rows were drawn.
        metric: What the scores are.
        curve: How they grew with rows.
        loss: The estimated loss; None if it could not be estimated.
        bound: The loss beyond which the winner is to be fitted on all rows, in units of the score.
        is_error: Whether less of the metric is better; the curve holds its negative, for which more is.
        refit: Whether the winner is to be fitted on all rows.
        is_noisy: Whether the loss cannot be told from none within the bound asked for.
    """

    decision: Decision
    metric: str
    curve: Curve
    loss: Loss | None
    bound: float
    is_error: bool
    refit: bool
    is_noisy: bool

    @property
    def points(self) -> tuple[Point, ...]:
        """What was measured, as the metric itself says it."""
        return tuple(replace(point, score=self._sign * point.score) for point in self.curve.points)

    @property
    def _sign(self) -> int:
        return -1 if self.is_error else 1

    def lines(self) -> tuple[str, ...]:
        """Return the receipt as sentences."""
        grew = ", ".join(
            f"{point.score:.4f}{_plus_minus(point.error)} at {point.rows:,}" for point in self.points
        )
        found = [self.decision.sentence]
        if grew:
            found.append(f"{self.metric} by rows learned from: {grew}")
        found += self._verdict()
        return tuple(found)

    def as_dict(self) -> dict[str, Any]:
        """Return the receipt for a log: plain values, numbers not rounded."""
        law, loss = self.curve.law, self.loss
        return {
            "sampled_rows": self.decision.rows,
            "all_rows": self.decision.of,
            "strategy": self.decision.strategy,
            "seed": self.decision.seed,
            "metric": self.metric,
            "points": [
                {"rows": point.rows, "score": point.score, "error": _known(point.error)}
                for point in self.points
            ],
            "law": law
            and {"limit": self._sign * law.limit, "gain": self._sign * law.gain, "exponent": law.exponent},
            "estimated_loss": loss and loss.estimate,
            "estimated_loss_90": loss and [loss.low, loss.high],
            "max_loss": self.decision.max_loss,
            "bound": self.bound,
            "is_noisy": self.is_noisy,
            "refit_on_all_rows": self.refit,
            "sentences": list(self.lines()),
        }

    def drawn_law(self) -> tuple[tuple[float, float, float, float], ...]:
        """Return the law for a plot: rows, score, and the 5th and 95th percentile of the score."""
        law = self.curve.law
        if law is None:
            return ()
        first = self.curve.points[0].rows
        drawn = []
        for rows in np.geomspace(first, max(self.decision.of, first), DRAWN_POINTS):
            laws = [self._sign * other.at(rows) for other in self.curve.redrawn]
            low, high = np.percentile(laws, [5, 95])
            drawn.append((float(rows), self._sign * law.at(rows), float(low), float(high)))
        return tuple(drawn)

    def _verdict(self) -> list[str]:
        if not self.decision.is_sample:
            return []
        if self.decision.is_streamed:
            return [f"the winner is fitted on all {self.decision.of:,} rows, chunk by chunk, as was asked"]
        if self.loss is None:
            return ["the loss from having sampled is not known: the score was measured at too few sizes"]
        loss, asked = self.loss, self.decision.max_loss
        sign = "+" if self.is_error else "-"
        law = (
            f"90 % interval {loss.low:.4f} to {loss.high:.4f}, by the law {self.metric} = a {sign} b rows^-c"
        )
        found = [f"the estimated loss of {self.metric} from having sampled is {loss.estimate:.4f} ({law})"]
        if self.is_noisy:
            found.append(
                f"the scores are too noisy to tell whether that is more than {self.bound:.4g};"
                " a larger sampling.sample_size would tell"
            )
        share = "" if self.bound == asked else f" of the {self.metric} itself, {self.bound:.4g}"
        bounded = f"sampling.max_loss {asked:g}{share}"
        if self.refit:
            found.append(
                f"the estimate is more than {bounded}: the winner is fitted on all {self.decision.of:,} rows"
            )
        else:
            found.append(f"the estimate is not more than {bounded}: the model learned from the sample stays")
        return found


def receipt(
    decision: Decision, curve: Curve, metric: str, *, is_error: bool = False, is_share: bool = True
) -> Receipt:
    """Judge what a sample cost.

    Args:
        decision: Which rows were drawn.
        curve: How the score grew with rows up to the sample's size; more is better, so of an error the
            negative.
        metric: What the score is, for the sentences.
        is_error: Whether the metric is an error.
        is_share: Whether the metric has a unit of its own, such as an accuracy; a loss of what is measured
            in the target's unit is judged as a share of the score on the sample.
    """
    loss = estimated_loss(curve, decision.rows, decision.of) if decision.is_sample else None
    bound = decision.max_loss
    if not is_share and curve.law is not None:
        bound *= abs(curve.law.at(decision.rows))
    return Receipt(
        decision=decision,
        metric=metric,
        curve=curve,
        loss=loss,
        bound=bound,
        is_error=is_error,
        refit=decision.is_streamed or (loss is not None and loss.estimate > bound),
        is_noisy=loss is not None and loss.low <= bound < loss.high,
    )


def _known(error: float) -> float | None:
    return error if np.isfinite(error) else None


def _plus_minus(error: float) -> str:
    return f" ± {error:.4f}" if np.isfinite(error) else ""
