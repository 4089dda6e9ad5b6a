"""One batch of rows, taken all the way to the bytes of its lines, by a thread here or on another machine."""

from dataclasses import dataclass

import pyarrow as pa

from projects.batch.answers import answers_of, with_answers
from projects.batch.conversion import Converter
from projects.batch.formats import Encoded, Sink
from projects.batch.inputs import Odd, read_inputs
from projects.batch.journal import Saved, digest_of
from projects.errors import BadInput
from projects.scorer import Version
from serving.plan.model import PlanInputError


@dataclass(frozen=True)
class Done:
    """A batch that is answered.

    Attributes:
        rows: Its rows.
        digest: Of these rows.
        answers: To them.
        encoded: Kept columns and answers, as the output wants them.
        is_saved: Whether the answers were in the journal.
        odd: Cells that count as missing.
    """

    rows: int
    digest: int
    answers: pa.RecordBatch
    encoded: Encoded
    is_saved: bool
    odd: list[Odd]


@dataclass(frozen=True)
class Maker:
    """Answers batches and encodes the answers; safe to use from many threads.

    Attributes:
        version: Who answers.
        kept: The input's columns that the output has too.
        converter: How training read the model's columns.
        typing: The same, where the output can hold more than texts.
        sink: Encodes.
    """

    version: Version
    kept: tuple[str, ...]
    converter: Converter
    typing: Converter | None
    sink: Sink

    def make(self, batch: pa.RecordBatch, first_row: int, saved: Saved | None) -> Done:
        """Answer a batch, unless the journal holds the answers to the same rows.

        Args:
            batch: Rows as they were read.
            first_row: The number of the first, for sentences.
            saved: What the journal holds in the batch's place.

        Raises:
            BadInput: A cell does not fit its column.
        """
        digest = digest_of(batch)
        is_saved = saved is not None and saved.digest == digest
        answers, odd = (saved.answers, []) if saved and is_saved else self._scored(batch, first_row)
        whole = with_answers(batch, self.kept, answers, self.version, self.typing)
        return Done(batch.num_rows, digest, answers, self.sink.encode(whole), is_saved, odd)

    def _scored(self, batch: pa.RecordBatch, first_row: int) -> tuple[pa.RecordBatch, list[Odd]]:
        scorer = self.version.scorer
        cells, odd = read_inputs(batch, scorer.columns, first_row, self.converter)
        try:
            return answers_of(scorer, cells), odd
        except PlanInputError as error:
            raise BadInput(f"from row {first_row} on: {error}") from error
