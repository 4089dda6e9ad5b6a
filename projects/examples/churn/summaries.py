"""Each customer's notes get a summary, by threads; what was summarised once is not paid for again."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import pandas as pd

from projects.errors import BadInput
from projects.examples.churn.columns import NOTES, SUMMARY
from projects.examples.churn.refusals import NoAnswer
from projects.examples.churn.store import AnswerStore, store_beside
from projects.examples.churn.working_off import work_off
from projects.examples.churn.written import write_table
from serving.plan.text.clean import clean

LOG = logging.getLogger(__name__)


class Summarizes(Protocol):
    """Anything with the factory's method."""

    def summarize(self, text: str) -> str:
        """Return a summary."""
        ...


def generate_summaries(
    frame: pd.DataFrame,
    summary_llm: Summarizes,
    path: str | Path,
    batch_size: int = 10,
    num_threads: int = 4,
) -> pd.DataFrame:
    """Summarise `ticket_notes` into `ticket_summary`, and write the table.

    Args:
        frame: With the column `ticket_notes`; it stays as it is.
        summary_llm: A SummaryFactory, or anything with its `summarize`.
        path: The CSV file to write. Beside it, `PATH.answers.sqlite` keeps each summary as soon as it is
            made: a second run, also after a crash, asks for none of them again.
        batch_size: Notes that a thread takes at a time.
        num_threads: How many threads.

    Returns:
        The table with `ticket_summary`, None where there was no answer; `attrs["summaries"]` counts.

    Raises:
        BadInput: The provider cannot be used, or the file cannot be written.
    """
    path = Path(path)
    check_work(batch_size, num_threads)
    notes = [clean(note) for note in frame[NOTES]]
    with AnswerStore(store_beside(path), identity_of(summary_llm)) as store:
        found = work_off(
            notes, lambda note: _summary(summary_llm, note), None, store,
            batch_size=batch_size, threads=num_threads,
        )  # fmt: skip
    made = frame.copy()
    made[SUMMARY] = [None if value is None else value.decode() for value in found.answers]
    made.attrs["summaries"] = {"asked": found.asked, "kept": found.kept, "failed": found.failed}
    LOG.info("summaries: %s", made.attrs["summaries"])
    write_table(made, path)
    return made


def check_work(batch_size: int, num_threads: int) -> None:
    """Refuse what no work can be cut into.

    Raises:
        BadInput: One of them is below 1.
    """
    if batch_size < 1 or num_threads < 1:
        raise BadInput(
            f"data.batch_size and data.num_threads must be at least 1, not {batch_size} and {num_threads};"
            " 10 and 4 are usual"
        )


def identity_of(llm: object) -> str:
    """Say who answers: what the object says of itself, else its class."""
    kind = type(llm)
    return str(getattr(llm, "identity", "") or f"{kind.__module__}.{kind.__qualname__}")


def spent_of(llm: object) -> Mapping[str, float]:
    """Say what was asked for and what it cost, where the object counts it."""
    return dict(getattr(llm, "spent", {}))


def _summary(summary_llm: Summarizes, note: str) -> bytes:
    summary = summary_llm.summarize(note)
    if not isinstance(summary, str) or (note and not summary.strip()):
        raise NoAnswer(f"the summary was {summary!r:.60}, not a text")
    return summary.encode("utf-8", "replace")
