"""Answers from a version's own pyfunc, always in a thread, with MLflow's own parsing and serialisation."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from io import StringIO
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.pyfunc import PyFuncModel
from mlflow.pyfunc.scoring_server import predictions_to_json, unwrapped_predictions_to_json
from mlflow.utils.proto_json_utils import _get_jsonable_obj

from serving.protocol.bounds import DEFAULT_BOUNDS, Bounds
from serving.protocol.errors import RequestError
from serving.protocol.judge import Judge, Parsed
from serving.protocol.media import JSON, Media
from serving.protocol.typed import IF_ANY
from serving.protocol.v2 import mlflow_body
from serving.scorers.scorer import Job, Kind, Rows, Scored, Shareable, Table, Wants
from serving.scorers.shared_call import SharedCall, shared_call

_logger = logging.getLogger(__name__)

RAISED = "model_raised"
"""The reason of a refusal that nothing in the input explains: the model's own code raised."""


PLAIN = Wants()
"""Predictions alone."""

INEXPLICABLE = (
    "this version cannot be explained: its own code answers, and only a scoring plan can be taken apart into "
    "columns' contributions; leave 'explain' out"
)


class PyfuncScorer:
    """One version's pyfunc behind MLflow's protocol.

    Args:
        model: The loaded pyfunc.
        fallback: Why it is not a plan, in a word.
        reason: The same as a sentence.
        bounds: How much a request may hold.
    """

    kind: Kind = "pyfunc"

    def __init__(
        self, model: PyFuncModel, *, fallback: str, reason: str, bounds: Bounds = DEFAULT_BOUNDS
    ) -> None:
        self.fallback, self.reason = fallback, reason
        self._model, self._judge = model, Judge(model.metadata, bounds)
        self.columns = self._judge.columns
        self._shared = shared_call(model, self._judge)

    def warm_up(self) -> None:
        """Have the model load what it loads late, where the version allows a call for nobody."""
        if self._shared is not None:
            self._shared.warm_up()

    def begin(self, body: bytes, media: Media) -> Scored | Job:
        """Return the job: what a foreign model costs is not known."""
        alone = partial(self._answer, body, media)
        if self._shared is None or media.kind != "json":
            return alone
        return self._shareable(alone, self._shared, self._shared.of_body(body))

    def begin_table(self, table: Table, wants: Wants) -> Scored | Job:
        """Return the job: rows are answered as the body of MLflow's protocol that means the same."""
        alone = partial(self._answer, mlflow_body.write(table, wants, self._judge.inputs), JSON)
        if self._shared is None or wants != PLAIN:
            return alone
        return self._shareable(alone, self._shared, self._shared.of_table(table))

    def _shareable(self, alone: Job, shared: SharedCall, rows: Rows | None) -> Job:
        return alone if rows is None else Shareable(alone, rows, shared)

    def _answer(self, body: bytes, media: Media) -> Scored:
        parsed = self._judge.parse(body, media)
        if self._wants(parsed.params, "explain"):
            raise RequestError(400, INEXPLICABLE)
        raw = self._predict(parsed, body, media)
        wants = self._wants(parsed.params, "probabilities")
        if self._wants(parsed.params, "probabilities", IF_ANY):
            wants = hasattr(self.raw_model, "predict_proba")
        probabilities = self._probabilities(parsed, body, media) if wants else None
        text = StringIO()
        if parsed.is_unwrapped:
            unwrapped_predictions_to_json(raw, text)
        else:
            predictions_to_json(raw, text, {"probabilities": probabilities} if probabilities else None)
        return self._logged(text.getvalue().encode(), parsed, raw, probabilities, body)

    def _predict(self, parsed: Parsed, body: bytes, media: Media) -> Any:
        try:
            return self._model.predict(parsed.data, params=_without_ours(parsed.params))
        except MlflowException as error:
            raise self._judge.refusal(error, body, media) from error
        except (Exception, SystemExit) as error:
            # Whatever a foreign model raises is answered as MLflow answers it; the log has the traceback.
            _logger.warning("a pyfunc failed on a request", exc_info=True)
            fault = self._judge.sentence(body, media)
            sentence = fault or "the model cannot answer this input; check its columns"
            raise RequestError(400, sentence, reason="" if fault else RAISED) from error

    def _wants(self, params: object, name: str, value: object = True) -> bool:
        """Whether a parameter of ours is set so, and the model does not take it for its own."""
        schema = self._model.metadata.get_params_schema()
        own = {param.name for param in schema.params} if schema else set()
        if not isinstance(params, Mapping) or name in own:
            return False
        return isinstance(found := params.get(name), type(value)) and found == value

    def _probabilities(self, parsed: Parsed, body: bytes, media: Media) -> list[list[float]]:
        predict_proba = getattr(self.raw_model, "predict_proba", None)
        if predict_proba is None:
            raise RequestError(400, "this model has no probabilities; leave 'probabilities' out of 'params'")
        values: list[list[float]] = predict_proba(self._judge.enforce(parsed, body, media)).tolist()
        return values

    @property
    def raw_model(self) -> Any:
        """The model behind the pyfunc; None where it has none of its own."""
        try:
            return self._model.get_raw_model()
        except (NotImplementedError, AttributeError):
            return None

    def _logged(
        self, answer: bytes, parsed: Parsed, raw: Any, probabilities: list[list[float]] | None, body: bytes
    ) -> Scored:
        predictions = _get_jsonable_obj(raw)
        table = _table(parsed.data, [name for name, _ in self.columns])
        if table is None or not isinstance(predictions, list) or len(predictions) != len(table[1]):
            table, predictions, probabilities = (
                (("request",), [[body.decode(errors="replace")]]),
                [predictions],
                None,
            )
        columns, rows = table
        return Scored(answer, columns, rows, predictions, probabilities)


def _table(data: Any, names: Sequence[str]) -> tuple[tuple[str, ...], Sequence[Sequence[object]]] | None:
    """The data as named columns and rows, if it is a table; of a signature's columns, if it has all."""
    import pandas as pd

    try:
        frame = data if isinstance(data, pd.DataFrame) else pd.DataFrame(data)
    except (ValueError, TypeError):
        return None
    if names and set(names) <= set(frame.columns):
        frame = frame[list(names)]
    return tuple(str(name) for name in frame.columns), frame.astype(object).to_numpy().tolist()


def _without_ours(params: Any) -> Any:
    """The parameters without a wish that is addressed to no model."""
    if not isinstance(params, Mapping) or params.get("probabilities") != IF_ANY:
        return params
    return {name: value for name, value in params.items() if name != "probabilities"}
