"""How many rows are learned from, and the sentence that says so."""

from dataclasses import dataclass
from typing import Literal

from projects.counted import counted
from projects.requirement.sections import Sampling

ALL_UP_TO = 100_000
"""Up to so many rows `auto` takes them all; it never draws more."""
SHARE = 0.1
FEWEST_SEARCHED = 2_000
"""A search over fewer rows says little, and so many fit everywhere."""
ANNOUNCED_BYTES = 80_000_000

Strategy = Literal["random", "stratified", "time_based"]


@dataclass(frozen=True)
class Decision:
    """Which rows are drawn.

    Attributes:
        rows: How many are drawn.
        of: How many there are.
        strategy: How.
        time_column: What orders them in time, for `time_based`.
        seed: The same seed draws the same rows.
        max_loss: The estimated loss of score beyond which the winner is fitted on all rows.
        sentence: What a person is told.
        is_streamed: Whether the winner learns from all rows, which do not fit in memory, chunk by chunk.
    """

    rows: int
    of: int
    strategy: Strategy
    time_column: str | None
    seed: int
    max_loss: float
    sentence: str
    is_streamed: bool = False

    @property
    def is_sample(self) -> bool:
        """Whether rows are left out."""
        return self.rows < self.of


def decide(rows: int, section: Sampling, *, most: int | None = None) -> Decision:
    """Decide how many of a table's rows are learned from.

    Args:
        rows: How many the table has.
        section: What was asked for. `auto` takes all up to 100,000 rows, and min(100,000, 10 %) of more.
        most: Rows that fit in memory. Where all are wanted, and are more, the search is over a sample, and
            the winner learns from all of them chunk by chunk; of a smaller sample so many are drawn.
    """
    wanted = _wanted(rows, section.sample_size)
    fitting = wanted if most is None else min(wanted, max(most, FEWEST_SEARCHED))
    if most is not None and fitting < wanted == rows:
        searched = max(FEWEST_SEARCHED, min(ALL_UP_TO, most))
        return Decision(
            searched, rows, section.sample_strategy, section.time_column, section.seed, section.max_loss,
            f"{wanted:,} rows do not fit in the memory that learning may take: the search is over a sample of"
            f" {searched:,}, and what it finds learns from all {rows:,}, chunk by chunk",
            is_streamed=True,
        )  # fmt: skip
    return Decision(
        rows=fitting,
        of=rows,
        strategy=section.sample_strategy,
        time_column=section.time_column,
        seed=section.seed,
        max_loss=section.max_loss,
        sentence=_sentence(fitting, rows, section) + _fewer(fitting, wanted),
    )


def announcement(name: str, size_bytes: int) -> str | None:
    """Return the sentence for a file of 80 MB and more, to be said before work on it starts."""
    if size_bytes < ANNOUNCED_BYTES:
        return None
    amount = f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.0f} MB"
    return f"{name} is large, {amount}: it is read in pieces, so memory does not grow, but it takes a while"


def _wanted(rows: int, asked: str | int) -> int:
    if isinstance(asked, int):
        return min(asked, rows)
    if asked == "full" or rows <= ALL_UP_TO:
        return rows
    return min(ALL_UP_TO, int(rows * SHARE))


def _fewer(drawn: int, wanted: int) -> str:
    if drawn == wanted:
        return ""
    return f"; of {wanted:,} that were wanted no more fit in the memory that learning may take"


def _sentence(wanted: int, rows: int, section: Sampling) -> str:
    if wanted == rows:
        beyond = section.sample_size if isinstance(section.sample_size, int) else 0
        fewer = f" ({beyond:,} were asked for)" if beyond > rows else ""
        return f"trained on all {counted(rows, 'row')}{fewer}"
    drawn = {
        "random": "drawn at random",
        "stratified": "drawn so that the target keeps its shares",
        "time_based": "the newest",
    }[section.sample_strategy]
    seed = "" if section.sample_strategy == "time_based" else f", seed {section.seed}"
    return (
        f"trained on a sample of {counted(wanted, 'row')} of {rows:,}, {drawn}{seed};"
        " for all rows set sampling.sample_size: full"
    )
