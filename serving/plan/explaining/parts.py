"""Sums of contributions, and how they pass through what stands behind a model.

A sum goes through a curve in proportion: each part keeps its share of the way from the base to the end. Where
several sums meet (softmax, shares of a total) each bears its part of what the others do, exactly.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from serving.plan.estimator import Indices, Matrix, Values, softmax

NEAR = 1e-6
"""Ends that are closer have the curve's slope between them, which is measured this far around the end."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Numbers as sums.

    Attributes:
        base: What is there without any contribution; shape (rows, outputs).
        each: What each column adds; shape (rows, outputs, columns).
        are_shares: Whether the numbers are probabilities, one output a class.
    """

    base: Matrix
    each: Matrix
    are_shares: bool = False

    @property
    def total(self) -> Matrix:
        """The numbers; shape (rows, outputs)."""
        total: Matrix = self.base + self.each.sum(axis=2)
        return total

    def chosen(self, outputs: Indices | slice) -> "Parts":
        """Some of the outputs, as plain numbers."""
        return Parts(self.base[:, outputs], self.each[:, outputs])

    def times(self, factor: float, shift: float = 0.0) -> "Parts":
        """`numbers * factor + shift`."""
        return Parts(self.base * factor + shift, self.each * factor)

    def through(self, curve: Callable[[Values], Values]) -> "Parts":
        """The numbers behind a curve that takes each by itself, in proportion."""
        end = self.total
        with np.errstate(all="ignore"):
            low, way = curve(self.base), end - self.base
            step = NEAR * np.maximum(1.0, np.abs(end))
            secant = (curve(end) - low) / way
            slope = (curve(end + step) - curve(end - step)) / (2 * step)
            rate = np.where(np.abs(way) > step, secant, slope)
            return Parts(low, self.each * rate[:, :, None])

    def both_sides(self) -> "Parts":
        """The probabilities of two classes from those of the second."""
        base, each = self.base[:, :1], self.each[:, :1]
        return Parts(np.hstack([1 - base, base]), np.concatenate([-each, each], axis=1), are_shares=True)

    def softmax(self) -> "Parts":
        """Probabilities of scores, one output a class.

        A class's contributions less the classes' mean ones add up to the way of the probability's logarithm,
        and go on to the probability in proportion. In that mean a class weighs as much as the logarithmic
        mean of its probabilities at the base and at the end: so the sums are exact, and a column adds nothing
        to all classes together. For two classes this is the sigmoid in proportion.
        """
        end = self.total
        with np.errstate(all="ignore"):
            before, after = softmax(self.base), softmax(end)
            way = end - self.base - (_log_sum(end) - _log_sum(self.base))[:, None]
            mean = np.where(np.abs(way) > NEAR, (after - before) / way, (after + before) / 2)
            weights = mean / mean.sum(axis=1, keepdims=True)
            logs = self.each - np.einsum("ro,roc->rc", weights, self.each)[:, None, :]
            return Parts(before, logs * mean[:, :, None], are_shares=True)

    def shared_out(self) -> "Parts":
        """Each output's share of all outputs' total; even shares of a total of 0.

        A column adds its part to the output less its part in the total, at the mean of the shares and totals
        at the base and at the end; which is exact.
        """
        end = self.total
        first, last = self.base.sum(axis=1, keepdims=True), end.sum(axis=1, keepdims=True)
        before, after = _shares(self.base, first), _shares(end, last)
        common = self.each.sum(axis=1)[:, None, :] * ((before + after) / 2)[:, :, None]
        whole = ((first + last) / 2)[:, :, None]
        each = np.divide(self.each - common, whole, out=np.zeros_like(self.each), where=whole > 0)
        return Parts(before, each, are_shares=True)


def mean(parts: Sequence[Parts], weights: Matrix | None = None) -> Parts:
    """The weighted mean of numbers."""
    base: Matrix = np.average([part.base for part in parts], axis=0, weights=weights)
    each: Matrix = np.average([part.each for part in parts], axis=0, weights=weights)
    return Parts(base, each, are_shares=all(part.are_shares for part in parts))


def side_by_side(parts: Sequence[Parts]) -> Parts:
    """All outputs of several, as plain numbers."""
    bases, each = [part.base for part in parts], [part.each for part in parts]
    return Parts(np.concatenate(bases, axis=1), np.concatenate(each, axis=1))


def placed(parts: Parts, columns: Indices, width: int) -> Parts:
    """The same parts among the columns of a wider matrix."""
    each = np.zeros((*parts.each.shape[:2], width))
    each[:, :, columns] = parts.each
    return replace(parts, each=each)


def _shares(numbers: Matrix, total: Matrix) -> Matrix:
    even = np.full_like(numbers, 1 / numbers.shape[1])
    shares: Matrix = np.divide(numbers, total, out=even, where=total > 0)
    return shares


def _log_sum(scores: Matrix) -> Matrix:
    highest = scores.max(axis=1, keepdims=True)
    logs: Matrix = np.log(np.exp(scores - highest).sum(axis=1)) + highest[:, 0]
    return logs
