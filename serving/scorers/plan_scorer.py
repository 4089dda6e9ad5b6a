"""Answers from a scoring plan: small bodies on the event loop, others in a thread."""

import json
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import orjson

from serving.plan.explaining.explain import explain
from serving.plan.model import PlanInexplicable, PlanInputError, Scores
from serving.plan.plan import Plan
from serving.protocol.errors import RequestError
from serving.protocol.judge import Judge, Parsed
from serving.protocol.media import Media
from serving.protocol.typed import Request, Row, TypedParser, asked_for
from serving.scorers.scorer import Job, Kind, Scored, Table, Wants

SMALL_BYTES = 32 * 1024
"""Parsing this many bytes of JSON takes about 0.2 ms."""

SMALL_TEXT_BYTES = 1024
"""Reading so many bytes of text takes up to 2 ms where groups of letters are weighed, too."""

QUICK_S = 0.001
"""What a request may take of the event loop's time."""

FIRST_GUESS_S = 50e-6
SMOOTHING = 0.1

HICCUP = 20
"""How many times the usual one call counts at most: a worker that had to wait for the CPU is no slow plan."""


class PlanScorer:
    """One version's plan behind MLflow's protocol.

    Args:
        plan: The loaded plan.
        judge: MLflow's own rules for the bodies whose meaning is not plain.
    """

    kind: Kind = "plan"
    fallback = ""
    reason = ""

    def __init__(self, plan: Plan, judge: Judge) -> None:
        self.columns: tuple[tuple[str, str], ...] = tuple((c.name, c.type) for c in plan.columns)
        self._plan, self._judge = plan, judge
        self._names = tuple(column.name for column in plan.columns)
        self._parser = TypedParser(self.columns)
        self._small_bytes = SMALL_TEXT_BYTES if plan.reads_texts else SMALL_BYTES
        self._row_s = FIRST_GUESS_S

    def begin(self, body: bytes, media: Media) -> Scored | Job:
        """Answer at once, or return the job for a thread."""
        if media.kind != "json" or len(body) > self._small_bytes:
            return partial(self._whole, body, media)
        request = self._parser.parse(body)
        if request is None:
            return partial(self._judged, body, media)
        if request.wants_explanations or len(request.rows) * self._row_s > QUICK_S:
            return partial(self._scored, request, body, media)
        return self._scored(request, body, media)

    def begin_table(self, table: Table, wants: Wants) -> Scored | Job:
        """Answer rows at once, or return the job for a thread; the body stays empty but for explanations."""
        rows = self._parser.checked(table)
        if self._plan.reads_texts and _letters(rows) > self._small_bytes:
            return partial(self._of_rows, rows, wants)
        if wants.explanation or len(rows) * self._row_s > QUICK_S:
            return partial(self._of_rows, rows, wants)
        return self._of_rows(rows, wants)

    def _of_rows(self, rows: Sequence[Row], wants: Wants) -> Scored:
        try:
            scores = self._scores(rows)
        except PlanInputError as error:
            raise RequestError(400, str(error)) from error
        if wants.probabilities and scores.probabilities is None:
            raise RequestError(400, "this model has no probabilities; ask for its predictions only")
        body = b""
        if wants.explanation:
            has_shares = scores.probabilities is not None
            body = _answer(scores, self._explanations(rows, scores), wants_probabilities=has_shares)
        return Scored(body, self._names, rows, scores.predictions, scores.probabilities)

    def _whole(self, body: bytes, media: Media) -> Scored:
        request = self._parser.parse(body) if media.kind == "json" else None
        return self._judged(body, media) if request is None else self._scored(request, body, media)

    def _judged(self, body: bytes, media: Media) -> Scored:
        parsed = self._judge.parse(body, media)
        asked = asked_for(parsed.params)
        frame = self._judge.enforce(Parsed(parsed.data), body, media)
        missing = [name for name in self._names if name not in frame.columns]
        if missing:
            raise RequestError(
                400, f"column '{missing[0]}' is missing; send it, with null where there is no value"
            )
        return self._scored(Request(_rows(frame, self._names), *asked), body, media)

    def _scored(self, request: Request, body: bytes, media: Media) -> Scored:
        try:
            scores = self._scores(request.rows)
        except PlanInputError as error:
            raise RequestError(400, self._judge.sentence(body, media) or str(error)) from error
        explanations = self._explanations(request.rows, scores) if request.wants_explanations else None
        may_lack = request.may_lack_probabilities and scores.probabilities is None
        wants = request.wants_probabilities and not may_lack
        answer = _answer(scores, explanations, wants_probabilities=wants)
        return Scored(answer, self._names, request.rows, scores.predictions, scores.probabilities)

    def _scores(self, rows: Sequence[Row]) -> Scores:
        self._judge.bounds.check(len(rows), len(self._names))
        started = time.perf_counter()
        scores = self._plan.score(rows)
        spent_s = min((time.perf_counter() - started) / len(rows), HICCUP * self._row_s)
        self._row_s += SMOOTHING * (spent_s - self._row_s)
        return scores

    def _explanations(self, rows: Sequence[Row], scores: Scores) -> list[dict[str, Any]]:
        try:
            return explain(self._plan, rows, scores)
        except PlanInexplicable as error:
            raise RequestError(400, str(error)) from error


def _answer(scores: Scores, explanations: Sequence[object] | None, *, wants_probabilities: bool) -> bytes:
    table: dict[str, Sequence[object]] = {"predictions": scores.predictions}
    if wants_probabilities:
        if scores.probabilities is None:
            raise RequestError(400, "this model has no probabilities; leave 'probabilities' out of 'params'")
        table["probabilities"] = scores.probabilities
    if explanations is not None:
        table["explanations"] = explanations
    body = orjson.dumps(table)
    # orjson writes NaN as null; MLflow writes it as NaN.
    return json.dumps(table).encode() if b"null" in body else body


def _letters(rows: Sequence[Row]) -> int:
    return sum(len(cell) for row in rows for cell in row if isinstance(cell, str))


def _rows(frame: Any, names: Sequence[str]) -> list[list[object]]:
    chosen = frame[list(names)]
    cells = chosen.astype(object).where(chosen.notna(), None)
    rows: list[list[object]] = cells.to_numpy().tolist()
    return rows
