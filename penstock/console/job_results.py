"""What came of a job, made ready to be shown: scores, the ranking, the words, the curves, what to do next."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from penstock.console.charts.curve import Curves, draw
from penstock.console.charts.strips import bar, whisker
from penstock.console.fields import Field
from penstock.console.result_words import figure, words_of
from penstock.console.visit import at
from penstock.console.words import number
from penstock.jobs.job import Job

MOST_WEIGHTS, MOST_EXAMPLES = 15, 10
NOT_SCORES = {"rows"}
Rows = Sequence[Sequence[object]]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a job's results."""

    label: str
    head: Sequence[str]
    rows: Rows
    numbers: Sequence[int] = ()
    best: int = -1


@dataclass(frozen=True, slots=True)
class Found:
    """What a job's page shows of its results.

    Attributes:
        words: Sentences, the recommendation's first.
        facts: Names and values.
        tables: Tables.
        curves: Charts.
        following: What to do next: words and addresses.
    """

    words: Sequence[str] = ()
    facts: Sequence[tuple[str, str]] = ()
    tables: Sequence[Table] = ()
    curves: Sequence[Markup] = ()
    following: Sequence[tuple[str, str]] = field(default_factory=list)


def of(job: Job) -> Found:
    """What came of a job; empty while there is nothing."""
    results = job.results
    if not results:
        return Found(following=[*_again(job), *_data_of(job)])
    tables = [_scores(results), ranking(results), _weights(results), _parameters(results), _examples(results)]
    return Found(
        words=words_of(results),
        facts=_facts(results),
        tables=[table for table in tables if table is not None],
        curves=[curve for curve in _curves(results) if curve],
        following=[*_next(job), *_data_of(job)],
    )


def deploying(job: Job) -> tuple[Field, ...]:
    """The form that deploys what a training left; none where it left nothing, or it is deployed already."""
    model = job.results.get("model")
    is_training = job.state == "completed" and job.wanted.entry in ("train", "main")
    is_there = bool(_mapping(job.results.get("deployed")).get("model_id"))
    if is_there or not is_training or not isinstance(model, Mapping):
        return ()
    name = str(model.get("name") or job.wanted.asked.get("target_column") or "model")
    return (
        Field(
            "model_name", "Model", value=name, is_required=True, hint="A new name, or one that has versions."
        ),
        Field("version", "Version", value="1.0.0", is_required=True),
        Field("description", "Description", "area"),
        Field("promote", "Promote it to Production at once", "check"),
    )


def ranking(results: Mapping[str, Any]) -> Table | None:
    """The compared models, the best first, each mean with its spread over the folds."""
    compared = [each for each in results.get("comparison") or () if isinstance(each, Mapping)]
    if not compared:
        return None
    metric = str(results.get("metric") or _summary(results).get("metric") or "score")
    spans = [(figure(each.get("mean_score")), figure(each.get("std_score"))) for each in compared]
    edges = [edge for mean, spread in spans if math.isfinite(mean) for edge in (mean - spread, mean + spread)]
    scale = (min(edges), max(edges)) if edges else (0.0, 1.0)
    rows = [
        (
            each.get("model", "-"),
            number(mean),
            f"± {number(spread)}" if math.isfinite(spread) and math.isfinite(mean) else "",
            whisker(mean, mean - spread, mean + spread, scale=scale)
            if math.isfinite(mean)
            else each.get("skipped") or "",
        )
        for each, (mean, spread) in zip(compared, spans, strict=True)
    ]
    head = ("Model", metric, "Over the folds", "Mean and spread")
    return Table("The ranking", head, rows, (1, 2), best=0 if math.isfinite(spans[0][0]) else -1)


def _facts(results: Mapping[str, Any]) -> list[tuple[str, str]]:
    summary = _summary(results)
    samples = _mapping(summary.get("samples"))
    pairs = [
        ("Algorithm", summary.get("algorithm")),
        ("Predicts", summary.get("target_column")),
        ("Task", summary.get("task_type")),
        ("Rows learned from", samples.get("learned_from") or samples.get("train")),
        ("Rows held out", samples.get("test")),
        ("Columns", summary.get("n_features")),
        ("Best round", summary.get("best_round")),
        ("Gate", summary.get("gate")),
    ]
    return [(name, number(value)) for name, value in pairs if value not in (None, "", 0)]


def _scores(results: Mapping[str, Any]) -> Table | None:
    scores = results.get("evaluation")
    if not isinstance(scores, Mapping):
        return None
    spans = _mapping(scores.get("intervals"))
    rows = [
        (name, number(value), " to ".join(number(edge) for edge in spans[name]) if name in spans else "")
        for name, value in scores.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and name not in NOT_SCORES
    ]
    head = ("Score", "Value", "95 % between")
    return Table("Scores on held-out rows", head, rows, (1, 2)) if rows else None


def _weights(results: Mapping[str, Any]) -> Table | None:
    evaluation = results.get("evaluation")
    found = evaluation.get("feature_importance") if isinstance(evaluation, Mapping) else None
    weights = results.get("feature_importance") or found or {}
    pairs = [(str(name), figure(value)) for name, value in dict(weights).items()]
    pairs = sorted((pair for pair in pairs if math.isfinite(pair[1])), key=lambda pair: -pair[1])[
        :MOST_WEIGHTS
    ]
    if not pairs:
        return None
    top = max(abs(value) for _, value in pairs) or 1.0
    rows = [
        (name, number(value), bar(abs(value) / top, label=f"weight of {name}, of the largest"))
        for name, value in pairs
    ]
    return Table("What matters", ("Column", "Weight", "Of the largest"), rows, (1,))


def _parameters(results: Mapping[str, Any]) -> Table | None:
    found = results.get("best_params") or _summary(results).get("hyperparameters") or {}
    rows = [(str(name), number(value)) for name, value in dict(found).items()]
    return Table("Hyperparameters", ("Name", "Value"), rows) if rows else None


def _examples(results: Mapping[str, Any]) -> Table | None:
    evaluation = results.get("evaluation")
    rows = evaluation.get("prediction_examples") if isinstance(evaluation, Mapping) else None
    if not rows or not isinstance(rows[0], Mapping):
        return None
    head = [str(name) for name in rows[0]]
    return Table("Examples", head, [[number(row.get(name)) for name in head] for row in rows[:MOST_EXAMPLES]])


def _curves(results: Mapping[str, Any]) -> list[Markup]:
    history = results.get("training_history")
    if not isinstance(history, Mapping):
        return []
    unit, loss = str(history.get("unit") or "round"), str(history.get("loss") or "loss")
    losses = {
        "learned": [figure(each) for each in history.get("train_loss") or ()],
        "validated": [figure(each) for each in history.get("validation_loss") or ()],
    }
    grown = [
        each
        for each in history.get("learning_curve") or ()
        if isinstance(each, Mapping) and math.isfinite(figure(each.get("rows")))
    ]
    return [
        draw(Curves(f"Loss ({loss}) over the {unit}s", unit, losses)),
        draw(
            Curves(
                "Score by the rows learned from",
                "rows",
                {"score": [figure(each.get("score")) for each in grown]},
                at=[figure(each.get("rows")) for each in grown],
                is_more_better=True,
            )
        ),
    ]


def _next(job: Job) -> list[tuple[str, str]]:
    if model_id := str(_mapping(job.results.get("deployed")).get("model_id") or ""):
        return [("The model that came of it", at("versions", model_id))]
    asked, dataset = job.wanted.asked, str(job.wanted.asked.get("dataset_id") or "")
    if job.wanted.entry == "export" and job.state == "completed":
        version = at("versions", str(asked.get("model_id")))
        return [("Download the code", at("jobs", job.job_id, "export")), ("The version", version)]
    if job.state != "completed" or not dataset:
        return []
    target = str(asked.get("target_column") or "")
    if job.wanted.entry == "compare" and (best := _best(job)):
        return [(f"Train {best}", at("datasets", dataset, "train", algorithm=best, target_column=target))]
    if job.wanted.entry == "tune":
        import json

        given = json.dumps(dict(job.results.get("best_params") or {}))
        algorithm = str(job.results.get("algorithm") or asked.get("algorithm") or "")
        place = at(
            "datasets", dataset, "train", algorithm=algorithm, target_column=target, hyperparameters=given
        )
        return [("Train with what was found", place)]
    return []


def _again(job: Job) -> list[tuple[str, str]]:
    """What to do about a job that has failed: ask otherwise, or bring another file."""
    if job.state != "failed":
        return []
    dataset = str(job.wanted.asked.get("dataset_id") or "")
    if job.wanted.entry == "ingest":
        return [("Upload another file", at("upload", project=job.wanted.project))]
    if dataset and job.wanted.entry in ("train", "tune", "compare"):
        return [("Change what is asked, and try again", at("datasets", dataset, job.wanted.entry))]
    return [("Say it otherwise", at("requirement", dataset=dataset))] if job.wanted.entry == "main" else []


def _best(job: Job) -> str:
    compared: Sequence[Mapping[str, Any]] = job.results.get("comparison") or ({},)
    return str(compared[0].get("model") or "") if math.isfinite(figure(compared[0].get("mean_score"))) else ""


def _data_of(job: Job) -> list[tuple[str, str]]:
    """The data sets that a job is about: what it makes, and what it reads."""
    made, read = str(job.wanted.asked.get("makes") or ""), str(job.wanted.asked.get("dataset_id") or "")
    found = [("The data set that comes of it", at("datasets", made))] if made else []
    return [*found, *([("The data set", at("datasets", read))] if read else [])]


def _summary(results: Mapping[str, Any]) -> Mapping[str, Any]:
    return _mapping(results.get("training_summary"))


def _mapping(found: object) -> Mapping[str, Any]:
    return found if isinstance(found, Mapping) else {}
