"""What a profile says: counts of the table, of each column, how columns relate, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from projects.quality.wording import YEARS
from projects.sampling.rows_file import Kind

Severity = Literal["high", "medium", "low"]


@dataclass(frozen=True)
class Histogram:
    """Counts in bins of equal width.

    Attributes:
        edges: One more than there are bins; a bin holds its lower edge, the last one both.
        counts: How many values each bin holds.
        below: Values under the first edge: far outliers are counted, not drawn.
        above: Values over the last edge.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    below: int
    above: int


@dataclass(frozen=True)
class Numbers:
    """A column of numbers; a truth counts as 1 or 0. NaN is missing, and beyond 1e38 no number is used.

    Attributes:
        min: The least.
        max: The largest.
        mean: The mean.
        std: The standard deviation of a sample.
        quantiles: By share: 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99.
        zeros: How many are 0.
        negatives: How many are below 0.
        unusable: Infinite numbers, and those beyond 1e38.
        outliers_iqr: Farther than 1.5 interquartile ranges outside of the quartiles.
        outliers_far: Farther than 3.
        outliers_z: Farther than 3 standard deviations from the mean.
        is_whole: Whether none has a fraction.
        histogram: Of 20 bins at most; None beyond the first 300 columns.
    """

    min: float
    max: float
    mean: float
    std: float
    quantiles: Mapping[float, float]
    zeros: int
    negatives: int
    unusable: int
    outliers_iqr: int
    outliers_far: int
    outliers_z: int
    is_whole: bool
    histogram: Histogram | None


@dataclass(frozen=True)
class LabelClash:
    """Levels of a text that seem to mean the same.

    Attributes:
        levels: The texts, the most frequent first.
        counts: How often each comes.
        why: `case`, `spaces`, `marks` or `spelling`.
    """

    levels: tuple[str, ...]
    counts: tuple[int, ...]
    why: Literal["case", "spaces", "marks", "spelling"]


@dataclass(frozen=True)
class Texts:
    """A column of texts; lengths are in marks.

    Attributes:
        shortest: The length of the shortest.
        longest: Of the longest.
        mean_length: On average.
        blank: How many are empty or only spaces.
        padded: How many begin or end with a space.
        number_like: The share that reads as a number, in the profile's sample.
        clashes: Levels that seem to mean the same.
        is_free: Whether it is free text: many words, hardly ever twice.
        words: A text of the profile's sample, on average.
    """

    shortest: int
    longest: int
    mean_length: float
    blank: int
    padded: int
    number_like: float
    clashes: tuple[LabelClash, ...]
    is_free: bool = False
    words: float = 0.0


@dataclass(frozen=True)
class Gap:
    """Days without a row between two that have some."""

    after: str
    before: str
    days: int


@dataclass(frozen=True)
class Dates:
    """A column of dates or moments.

    Attributes:
        first: ISO text.
        last: ISO text.
        days: Distinct days.
        usual_step_days: The median step from one day to the next.
        gaps: The widest steps of more than three usual ones, widest first.
        histogram: Over seconds since 1970.
    """

    first: str
    last: str
    days: int
    usual_step_days: float
    gaps: tuple[Gap, ...]
    histogram: Histogram


@dataclass(frozen=True)
class ColumnProfile:
    """One column.

    Attributes:
        name: Its name.
        kind: What it is.
        rows: Of the table.
        missing: Cells without a value.
        distinct: Distinct values, missing ones not counted.
        distinct_error: The standard error of `distinct` as a share of it; 0 where it was counted.
        top: The most frequent values as texts, with their counts; none beyond the first 300 columns.
        numbers: For numbers and truths with at least one value.
        texts: For texts.
        dates: For dates.
        is_id_like: Whether its values are texts or whole numbers that hardly ever repeat.
        note: How it was converted when it was read, as the schema tells it.
    """

    name: str
    kind: Kind
    rows: int
    missing: int
    distinct: int
    distinct_error: float
    top: tuple[tuple[str, int], ...]
    numbers: Numbers | None = None
    texts: Texts | None = None
    dates: Dates | None = None
    is_id_like: bool = False
    note: str = ""

    @property
    def missing_share(self) -> float:
        """The share of the rows without a value."""
        return self.missing / self.rows if self.rows else 0.0

    @property
    def is_constant(self) -> bool:
        """Whether it holds one value at most."""
        return self.distinct <= 1

    @property
    def is_year(self) -> bool:
        """Whether it holds whole numbers that are years, by its name or by all of them."""
        numbers = self.numbers
        if numbers is None or not numbers.is_whole:
            return False
        return "year" in self.name.casefold() or (YEARS[0] <= numbers.min and numbers.max <= YEARS[1])


@dataclass(frozen=True)
class Relation:
    """How much a column tells of the target, on the profile's frame.

    Attributes:
        column: Its name.
        measure: `correlation` (rank correlation of two amounts), `correlation ratio` or `Cramér's V`.
        strength: From 0, nothing, to 1, all; the sign of a correlation is in `sign`.
        sign: -1 if the target falls as the column grows.
        information_bits: Mutual information of the two, cut in bins.
    """

    column: str
    measure: str
    strength: float
    sign: int
    information_bits: float


@dataclass(frozen=True)
class Twins:
    """Two columns that say nearly the same."""

    left: str
    right: str
    why: str


@dataclass(frozen=True)
class TargetProfile:
    """What is to be predicted.

    Attributes:
        name: Its name.
        task: What it makes of the task.
        missing: Rows without it.
        classes: Its classes with their counts, the most frequent first; empty for an amount.
        relations: What the columns tell of it, the strongest first.
    """

    name: str
    task: Literal["binary", "multiclass", "regression"]
    missing: int
    classes: tuple[tuple[str, int], ...]
    relations: tuple[Relation, ...]


@dataclass(frozen=True)
class Suspect:
    """Columns that may give the target away.

    Attributes:
        columns: One, or the few that do so together.
        why: A sentence.
        certainty: `certain` is the target in other clothes; `suspected` is for a person to judge.
    """

    columns: tuple[str, ...]
    why: str
    certainty: Literal["certain", "suspected"]


@dataclass(frozen=True)
class Finding:
    """Something that a person should know.

    Attributes:
        severity: `high` spoils the model, `medium` may, `low` is good to know.
        what: A sentence of what was found.
        advice: What to do.
        columns: Which columns.
    """

    severity: Severity
    what: str
    advice: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Profile:
    """A table.

    Attributes:
        rows: How many.
        columns: Each column, in the table's order.
        duplicates: Rows that repeat an earlier one in every cell.
        duplicates_but_ids: Rows that repeat an earlier one in all but id-like columns; None if not counted.
        target: What is to be predicted, if that is known.
        twins: Columns that say nearly the same.
        suspects: Columns that may give the target away.
        findings: What to do about it, the gravest first.
        sampled_rows: The rows that quantiles were taken from, spread evenly; all of them if equal to `rows`.
        related_rows: The rows that relations, twins and suspects were looked for in.
    """

    rows: int
    columns: tuple[ColumnProfile, ...]
    duplicates: int
    duplicates_but_ids: int | None
    target: TargetProfile | None
    twins: tuple[Twins, ...]
    suspects: tuple[Suspect, ...]
    findings: tuple[Finding, ...]
    sampled_rows: int
    related_rows: int

    def column(self, name: str) -> ColumnProfile:
        """Return a column by its name."""
        return next(column for column in self.columns if column.name == name)
