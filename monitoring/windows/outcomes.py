"""What came of the predictions of some spans, read from the log once for all lanes of a round.

A prediction's id holds when it was made (RFC 9562), so the outcomes of a span are known without
looking at the predictions; those of other spans are never held.
"""

import logging
import re
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from monitoring.lane import Span
from serving.prediction_log import outcomes as told
from serving.prediction_log.scan import Scanner

log = logging.getLogger(__name__)
MOST_ROWS = 2_000_000
"""About 200 MB; of more outcomes in the spans of one round, these are looked at."""
_PREFIX = 8
_UNIT_S = 65.536
"""What the first 32 of the 48 bits of milliseconds tell apart."""
_MARGIN_S = 60.0
"""A prediction is logged under the time of its answer, its id is of the time of its request."""
_UUID7 = re.compile(r"[0-9a-f]{8}")


def outcomes_of(scanner: Scanner, spans: Sequence[Span]) -> pa.Table:
    """The outcomes of predictions that were made in spans, as `serving.prediction_log.outcomes` has them.

    Args:
        scanner: The log.
        spans: When the predictions were made.

    Returns:
        Each prediction's last label and value, one row a prediction.
    """
    if not spans:
        return told.SCHEMA.empty_table()
    found, rows = [told.SCHEMA.empty_table()], 0
    for table in scanner.outcomes(min(span.since_s for span in spans) - _MARGIN_S):
        kept = table.filter(_is_of(table["prediction_id"], spans))
        found.append(kept)
        rows += kept.num_rows
        if rows > MOST_ROWS:
            log.warning(
                "more than %d outcomes came for the windows of a round; these are looked at", MOST_ROWS
            )
            break
    return told.latest(pa.concat_tables(found))


def times_of(ids: pa.ChunkedArray) -> list[Span]:
    """When predictions were made, from their ids, in spans of minutes; none for ids of another kind."""
    times = (_time_of(prefix) for prefix in pc.unique(_prefixes(ids)).to_pylist())
    return sorted((span for span in times if span), key=lambda span: span.since_s)


def meets(one: Span, other: Span) -> bool:
    """Whether two spans share a moment."""
    return one.since_s < other.until_s and other.since_s < one.until_s


def _is_of(ids: pa.ChunkedArray, spans: Sequence[Span]) -> pa.ChunkedArray:
    words = _prefixes(ids).combine_chunks().dictionary_encode()
    times = [_time_of(prefix) for prefix in words.dictionary.to_pylist()]
    wanted = pa.array(
        [time is None or any(meets(time, span) for span in spans) for time in times], pa.bool_()
    )
    return pa.chunked_array([wanted.take(words.indices)])


def _prefixes(ids: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.utf8_slice_codeunits(ids, 0, _PREFIX)


def _time_of(prefix: str) -> Span | None:
    if not _UUID7.fullmatch(prefix):
        return None
    since_s = int(prefix, 16) * _UNIT_S
    return Span(since_s - _MARGIN_S, since_s + _UNIT_S + _MARGIN_S)
