"""One call of a pyfunc for the rows of several requests, cut again into their answers.

Only requests whose meaning is plain take part: JSON that the typed parser reads, without parameters. What the
model answers must have one part a row; where it has not, requests are answered alone from then on.
"""

import logging
from collections.abc import Sequence
from io import StringIO
from itertools import accumulate, chain, pairwise
from typing import Any

import numpy as np
from mlflow.models import Model
from mlflow.pyfunc import PyFuncModel
from mlflow.pyfunc.scoring_server import predictions_to_json
from mlflow.utils.proto_json_utils import _get_jsonable_obj

from serving.protocol.errors import RequestError
from serving.protocol.judge import Judge
from serving.protocol.typed import PLAIN_KINDS, Request, TypedParser
from serving.scorers.scorer import Rows, Scored, Table

_logger = logging.getLogger(__name__)

BATCH_ROWS = "penstock.batch_rows"
"""In a version's metadata (`MLmodel`): its rows are independent, and one call may take so many of them."""

SMALL_BYTES = 32 * 1024
"""Longer bodies are read in a thread, and gain nothing from company."""

KINDS: dict[str, Any] = {"double": np.float64, "string": object, "boolean": np.bool_}


class IndivisibleError(Exception):
    """What a model answered has not one part a row."""


class SharedCall:
    """Answers several requests by one call. Safe to call from several threads.

    Args:
        model: The loaded pyfunc.
        judge: MLflow's rules for the version.
        most_rows: How many rows one call takes at most.
    """

    def __init__(self, model: PyFuncModel, judge: Judge, most_rows: int) -> None:
        self.most_rows = most_rows
        self._model, self._columns = model, judge.columns
        self._names = tuple(name for name, _ in judge.columns)
        self._parser, self._bounds = TypedParser(judge.columns), judge.bounds
        self._is_divisible = True

    def of_body(self, body: bytes) -> Rows | None:
        """The rows of a JSON body that may be answered in company; None for all others."""
        if not self._is_divisible or len(body) > SMALL_BYTES:
            return None
        request = self._parser.parse(body)
        return None if request is None else self._few(request)

    def of_table(self, table: Table) -> Rows | None:
        """The same of rows that a protocol has read."""
        if not self._is_divisible or len(table.rows) > self.most_rows:
            return None
        try:
            return self._few(Request(self._parser.checked(table)))
        except RequestError:
            return None

    def warm_up(self) -> None:
        """Answer a row of gaps for nobody, so that what the model loads late is there for the first request.

        Only for versions that have said what their rows mean to each other: others may count their calls.
        """
        gaps = [False if kind == "boolean" else None for _, kind in self._columns]
        try:
            self._model.predict(self._frame([[gaps]]))
        except (Exception, SystemExit):
            # A foreign model may raise whatever it likes on a row of gaps, and be well otherwise.
            _logger.info("a row of gaps could not be answered", exc_info=True)

    def answer(self, requests: Sequence[Rows]) -> Sequence[Scored]:
        """Answer several requests, each by its own rows.

        Raises:
            Exception: Whatever the model's code raises, and IndivisibleError.
        """
        frame = self._frame(requests)
        raw = self._model.predict(frame)
        logged: list[list[object]] = frame.astype(object).to_numpy().tolist()
        ends = accumulate(map(len, requests), initial=0)
        spans = [slice(start, end) for start, end in pairwise(ends)]
        try:
            return [_scored(_cut(raw, span, len(logged)), self._names, logged[span]) for span in spans]
        except IndivisibleError as error:
            self._is_divisible = False
            _logger.warning("the version's rows are not answered together any more: %s", error)
            raise

    def _few(self, request: Request) -> Rows | None:
        is_plain = not (request.wants_probabilities or request.wants_explanations)
        rows = request.rows
        is_few = len(rows) <= min(self.most_rows, self._bounds.rows)
        return rows if is_plain and is_few else None

    def _frame(self, requests: Sequence[Rows]) -> Any:
        import pandas as pd

        cells = zip(*chain.from_iterable(requests), strict=True)
        pairs = zip(self._columns, cells, strict=True)
        return pd.DataFrame({name: np.array(column, dtype=KINDS[kind]) for (name, kind), column in pairs})


def shared_call(model: PyFuncModel, judge: Judge) -> SharedCall | None:
    """What answers a version's requests together; None unless the version says that it may be done."""
    metadata: Model = model.metadata
    wanted = (metadata.metadata or {}).get(BATCH_ROWS)
    if wanted is None:
        return None
    kinds, names = {kind for _, kind in judge.columns}, {name for name, _ in judge.columns}
    if type(wanted) is not int or wanted < 2:
        _logger.warning("%s must be a whole number from 2 on, not %r; requests go alone", BATCH_ROWS, wanted)
        return None
    if judge.inputs != "columns" or not kinds <= set(PLAIN_KINDS) or len(names) != len(judge.columns):
        return None
    return SharedCall(model, judge, wanted)


def _cut(raw: Any, span: slice, rows: int) -> Any:
    """The part of a model's answer that is of these rows."""
    import pandas as pd

    if not isinstance(raw, np.ndarray | list | pd.DataFrame | pd.Series) or not _is_long(raw, rows):
        raise IndivisibleError(f"for {rows} rows it answered a {type(raw).__name__} of another length")
    if isinstance(raw, pd.DataFrame | pd.Series):
        return raw.iloc[span].reset_index(drop=True)
    return raw[span]


def _is_long(raw: Any, rows: int) -> bool:
    return getattr(raw, "shape", None) != () and len(raw) == rows


def _scored(part: Any, names: tuple[str, ...], logged: Rows) -> Scored:
    text = StringIO()
    predictions_to_json(part, text, None)
    predictions = _get_jsonable_obj(part)
    if not isinstance(predictions, list) or len(predictions) != len(logged):
        raise IndivisibleError(f"its answers are written as a {type(predictions).__name__}")
    return Scored(text.getvalue().encode(), names, logged, predictions, None)
