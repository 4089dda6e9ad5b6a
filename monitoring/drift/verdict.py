"""What a window's drift is: columns with their distances, and findings on the quality of the data."""

from dataclasses import dataclass

from monitoring.columns import PREDICTION

SHIFT = 0.1
"""The smallest distance that matters: Evidently's default threshold for numbers and categories; for texts a
classifier that tells the two sides apart with an area under the curve of 0.55, Evidently's default too."""


@dataclass(frozen=True, slots=True)
class ColumnDrift:
    """One column against its reference.

    Attributes:
        name: The column.
        distance: For numbers the Wasserstein distance in reference standard deviations; for categories the
            Jensen-Shannon distance, 0 to 0.83; for texts 2 x AUC - 1 of a classifier that tells the window's
            rows from the reference's, 0 to 1.
        threshold: Where drift begins: what matters, or more where chance explains more.
        kind: `numeric`, `categorical` or `text`.
        p_value: How often chance alone brings at least this distance.
        weight: The column's share in the model's decisions, 0 to 1; None where nothing is known of it.
        error: The distance is known within this, where it comes from a sketch.
        missing_share: Of the window's rows.
        reference_missing_share: Of the reference's rows.
        unseen_share: Of the window's values, those of categories that the reference does not know.
        out_of_range_share: Of the window's values, those beyond the reference's smallest and largest.
        wrong_type_share: Of the window's values, those of another type than the reference's.
    """

    name: str
    distance: float
    threshold: float
    kind: str = "numeric"
    p_value: float = 0.0
    weight: float | None = None
    error: float = 0.0
    missing_share: float = 0.0
    reference_missing_share: float = 0.0
    unseen_share: float = 0.0
    out_of_range_share: float = 0.0
    wrong_type_share: float = 0.0

    @property
    def is_drifted(self) -> bool:
        """Whether the distance is more than matters and more than chance."""
        return self.distance >= self.threshold

    @property
    def ratio(self) -> float:
        """The distance in thresholds."""
        return self.distance / self.threshold


@dataclass(frozen=True, slots=True)
class Drift:
    """A window against its reference.

    Attributes:
        columns: From the most drifted to the least.
        vanished: Columns without a value in the window: drifted, unless so few rows may lack it by chance.
        without_reference: Columns with values in the window but none in the reference: not judged.
        findings: What is wrong with the data, a sentence each, the worst first.
        drift_share: The share of drifted columns from which the window as a whole has drifted.
    """

    columns: tuple[ColumnDrift, ...]
    vanished: tuple[str, ...] = ()
    without_reference: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    drift_share: float = 0.5

    @property
    def drifted(self) -> tuple[ColumnDrift, ...]:
        """The drifted columns, the most drifted first."""
        return tuple(column for column in self.columns if column.is_drifted)

    @property
    def share(self) -> float:
        """Drifted columns / judged columns, from 0 to 1."""
        return len(self.drifted) / len(self.columns) if self.columns else 0.0

    @property
    def is_drifted(self) -> bool:
        """Whether so many columns have drifted that the window as a whole has."""
        return bool(self.drifted) and self.share >= self.drift_share

    @property
    def prediction(self) -> ColumnDrift | None:
        """What became of the model's answers; None where they are not judged."""
        return next((column for column in self.columns if column.name == PREDICTION), None)

    @property
    def ranked(self) -> tuple[ColumnDrift, ...]:
        """By how much they matter: drifted ones first, then by distance in thresholds times weight.

        The prediction weighs as much as all features together. Where no weight is known, all weigh the same.
        """
        return tuple(sorted(self.columns, key=_matter, reverse=True))


def _matter(column: ColumnDrift) -> tuple[bool, float, float, str]:
    weight = 1.0 if column.weight is None else column.weight
    return column.is_drifted, column.ratio * weight, column.ratio, column.name
