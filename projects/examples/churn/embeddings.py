"""Each summary becomes a vector, by threads; rows without one are dropped and counted."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from projects.errors import BadInput
from projects.examples.churn.columns import EMBEDDING, SUMMARY
from projects.examples.churn.refusals import NoAnswer
from projects.examples.churn.store import AnswerStore, store_beside
from projects.examples.churn.summaries import check_work, identity_of
from projects.examples.churn.working_off import work_off
from projects.examples.churn.written import write_table

LOG = logging.getLogger(__name__)


class Embeds(Protocol):
    """Anything with the factory's method."""

    def get_embeddings(self, text: str) -> Sequence[float]:
        """Return a text's vector."""
        ...


def generate_embeddings(
    frame: pd.DataFrame, llm: Embeds, path: str | Path, num_threads: int = 4, *, batch_size: int = 10
) -> pd.DataFrame:
    """Embed `ticket_summary` into `summary_embedding`, and write the table.

    Args:
        frame: With the column `ticket_summary`; it stays as it is.
        llm: An EmbeddingFactory, or anything with its `get_embeddings`.
        path: The CSV file to write, vectors as JSON lists. Beside it, `PATH.answers.sqlite` keeps each one.
        num_threads: How many threads.
        batch_size: Summaries that a thread sends at a time.

    Returns:
        The rows that have a vector, each a list of floats of the same length; `attrs["embeddings"]` counts,
        and its `dropped` is the number of rows that have none.

    Raises:
        BadInput: The provider cannot be used, gives vectors of several lengths, or none at all.
    """
    path = Path(path)
    check_work(batch_size, num_threads)
    texts = [text if isinstance(text, str) else None for text in frame[SUMMARY]]
    asked = [text for text in texts if text is not None]
    with AnswerStore(store_beside(path), identity_of(llm)) as store:
        found = work_off(
            asked, lambda text: _bytes(llm.get_embeddings(text)), _many_of(llm), store,
            batch_size=batch_size, threads=num_threads,
        )  # fmt: skip
    vectors = dict(zip(asked, found.answers, strict=True))
    made = frame.copy()
    numbers = [_floats(vectors[text]) if text is not None else None for text in texts]
    made[EMBEDDING] = pd.Series(numbers, index=made.index, dtype=object)
    whole = made[made[EMBEDDING].notna()].reset_index(drop=True)
    counts = {
        "asked": found.asked,
        "kept": found.kept,
        "failed": found.failed,
        "dropped": len(made) - len(whole),
    }
    whole.attrs["embeddings"] = counts
    LOG.info("embeddings: %s", counts)
    _check_widths(whole)
    write_table(whole.assign(**{EMBEDDING: [json.dumps(vector) for vector in whole[EMBEDDING]]}), path)
    return whole


def _many_of(llm: Any) -> Any:
    """Return how the factory embeds several by one call; another object may take one text alone."""
    from projects.examples.churn.factories import EmbeddingFactory

    if not isinstance(llm, EmbeddingFactory):
        return None
    return lambda texts: [_bytes(vector) for vector in llm.get_embeddings(list(texts))]


def _bytes(vector: Any) -> bytes:
    try:
        numbers = np.asarray(vector, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise NoAnswer(f"the embedding was {vector!r:.60}, not numbers") from error
    if numbers.ndim != 1 or not numbers.size or not np.isfinite(numbers).all():
        raise NoAnswer(f"the embedding was {vector!r:.60}, not a list of numbers")
    return numbers.tobytes()


def _floats(value: bytes | None) -> list[float] | None:
    return None if value is None else np.frombuffer(value).tolist()


def _check_widths(frame: pd.DataFrame) -> None:
    widths = sorted({len(vector) for vector in frame[EMBEDDING]})
    if not widths:
        raise BadInput("no summary got an embedding; see to the provider and run this again")
    if len(widths) > 1:
        raise BadInput(
            f"the embeddings have {len(widths)} lengths ({', '.join(map(str, widths[:4]))}), not one;"
            " name one model, and remove the kept answers of the others"
        )
