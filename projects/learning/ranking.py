"""The ranking of everything that was tried, and the winner with its answers for rows it had not seen."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from projects.evaluation.metrics import Answers, measure_all
from projects.learning.candidates.listing import Chosen
from projects.learning.compare import Validation
from projects.learning.entries import Entry
from projects.learning.search import Search
from projects.learning.trial import Tried
from projects.learning.winner import Attempted, OutOfFold, Part, Ranked, Tuned, Winner


def winner_of(
    search: Search,
    entry: Entry,
    chosen: Chosen,
    *,
    pipeline: Any,
    fit: Callable[[Any, Any], Any],
    answers: Answers,
    scores: Mapping[str, float],
    costs: Mapping[str, float],
    notices: tuple[str, ...],
) -> Winner:
    """Write down what a search found and what became of it.

    Args:
        search: After it ran.
        entry: What won.
        chosen: The candidates, and those left out.
        pipeline: The entry, fitted on all rows.
        fit: Fits it again on other rows.
        answers: Its answers for the held-out rows.
        scores: How good they are.
        costs: What it costs.
        notices: What a person should know.
    """
    parts = tuple(
        Part(each.name, weight, _parameters(each))
        for each, weight in zip(entry.members, entry.weights, strict=True)
    )
    out_of_fold = _out_of_fold(search, entry)
    return Winner(
        name=entry.name,
        candidate=entry.members[0].configuration.candidate,
        members=parts,
        ranking=ranking(search, entry, chosen),
        tuning=_tuned(search, entry, parts),
        pipeline=pipeline,
        fit=fit,
        answers=answers,
        scores=scores,
        costs=costs,
        curves={each.name: each.curve for each in search.tried if each.curve and _is_default(each)},
        out_of_fold=out_of_fold,
        notices=notices,
        history=entry.members[0].history,
        trials=tuple(_attempted(search, each) for each in search.tried),
    )


def _attempted(search: Search, tried: Tried) -> Attempted:
    return Attempted(
        tried.number, tried.name, tried.configuration.origin, _parameters(tried), tried.state,
        tried.mean(search.folds), len(tried.scores), tried.seconds,
    )  # fmt: skip


def ranking(search: Search, entry: Entry, chosen: Chosen) -> tuple[Ranked, ...]:
    """Rank the best of each candidate, and the ensemble if there is one.

    Those given up come after those with all folds in use: a fold may be easy. Skipped ones come last.
    """
    best: dict[str, Tried] = {}
    for each in [*search.complete, *sorted(search.tried, key=search.gain, reverse=True)]:
        if each.scores:
            best.setdefault(each.name, each)
    ranked = [_ranked(search, each) for each in best.values()]
    given_up = {name for name, each in best.items() if not _is_whole(each, search)}
    if len(entry.members) > 1 or entry.name == "bagging":
        fit_seconds = sum(each.fit_seconds for each in entry.members)
        predict_ms = sum(each.predict_ms for each in entry.members)
        ranked.append(
            Ranked(entry.name, validation_of(search, entry.answers, 0.0), {}, fit_seconds, predict_ms)
        )
    metric = search.conditions.metric
    ranked.sort(
        key=lambda each: (each.name not in given_up, _sorted_by(each, metric.name, search)), reverse=True
    )
    skipped = {**chosen.left_out, **search.skipped}
    last = [Ranked(name, None, reason=reason) for name, reason in skipped.items() if name not in best]
    return (*ranked, *last)


def validation_of(search: Search, answers: Sequence[Any], seconds: float) -> Validation:
    """Compute every metric on each fold's answers."""
    rows, codes = search.matrices.rows, search.matrices.codes
    found = [
        measure_all(_answers(each, codes[rows.folds[at][1]], search), rows.task)
        for at, each in enumerate(answers)
    ]
    names = [name for name in found[0] if all(name in scores for scores in found)] if found else []
    table = {name: [scores[name] for scores in found] for name in names}
    return Validation(
        {name: float(np.mean(values)) for name, values in table.items()},
        {name: float(np.std(values)) for name, values in table.items()},
        seconds,
        {name: tuple(values) for name, values in table.items()},
    )


def _is_whole(tried: Tried, search: Search) -> bool:
    return tried.is_complete and len(tried.scores) >= search.folds


def _sorted_by(each: Ranked, metric: str, search: Search) -> float:
    value = each.validation.means.get(metric, np.nan) if each.validation else np.nan
    return search.conditions.gain(value) if np.isfinite(value) else -np.inf


def _ranked(search: Search, tried: Tried) -> Ranked:
    count = sum(each.name == tried.name for each in search.tried)
    folds = min(search.folds, len(tried.scores))
    if not tried.is_complete and (tried.is_cut or folds == search.folds):
        # Its scores would look like those of one that was not given up.
        return Ranked(tried.name, None, _parameters(tried), tried=count, rows=tried.rows, reason=tried.reason)
    answers, scores = tried.answers[:folds], tried.scores[:folds]
    metric = search.conditions.metric.name
    validation = (
        validation_of(search, answers, tried.seconds)
        if answers
        else Validation(
            {metric: tried.mean(folds)}, {metric: float(np.std(scores))}, tried.seconds, {metric: scores}
        )
    )
    return Ranked(
        tried.name, validation, _parameters(tried), tried.fit_seconds, tried.predict_ms, count, tried.rows,
        tried.reason,
    )  # fmt: skip


def _answers(values: Any, y: Any, search: Search) -> Answers:
    classes = search.conditions.classes
    wide = np.asarray(values, dtype=np.float64)
    if not classes:
        return Answers(y, wide, None, None)
    return Answers(y, wide.argmax(axis=1), wide, tuple(range(classes)))


def _parameters(tried: Tried) -> dict[str, Any]:
    parameters = dict(tried.configuration.parameters)
    rounds = tried.configuration.candidate.rounds
    if tried.rounds is not None and rounds is not None:
        parameters[rounds.parameter] = tried.rounds
    return parameters


def _tuned(search: Search, entry: Entry, parts: Sequence[Part]) -> Tuned:
    trials = [each for each in search.tried if each.configuration.origin not in ("default", "ensemble")]
    defaults = [each.mean(search.folds) for each in search.complete if _is_default(each)]
    single = len(parts) == 1
    parameters = (
        dict(parts[0].parameters)
        if single
        else {
            f"{at}.{part.name}.{key}": value
            for at, part in enumerate(parts, start=1)
            for key, value in part.parameters.items()
        }
    )
    return Tuned(
        parameters,
        validation_of(search, entry.answers, sum(each.seconds for each in entry.members)),
        len(trials),
        sum(each.state in ("pruned", "late") for each in trials),
        defaults[0] if defaults else float("nan"),
    )


def _is_default(tried: Tried) -> bool:
    return tried.configuration.origin == "default"


def _out_of_fold(search: Search, entry: Entry) -> OutOfFold:
    """Put the folds' answers together; a row that was scored twice has the mean of its answers."""
    rows = search.matrices.rows
    total: Any = None
    times = np.zeros(len(rows.y))
    for answers, (_, at) in zip(entry.answers, rows.folds, strict=False):
        wide = np.asarray(answers, dtype=np.float64)
        total = np.zeros((len(rows.y), *wide.shape[1:])) if total is None else total
        total[at] += wide
        times[at] += 1
    positions = np.flatnonzero(times)
    said = total[positions] / times[positions].reshape(-1, *[1] * (total.ndim - 1))
    truth = np.asarray(rows.y)[positions]
    if rows.classes is None:
        return OutOfFold(positions, Answers(truth, said, None, None))
    labels = np.array(rows.classes, dtype=truth.dtype)
    return OutOfFold(positions, Answers(truth, labels[said.argmax(axis=1)], said, rows.classes))
