"""The entry point `select`: which columns matter to the target, by a named method."""

from collections.abc import Mapping

from projects.features import read_features
from projects.rows import TableRows, read_rows, told_place
from projects.shell import connect
from projects.steps.command import Asked, Option, Step
from projects.steps.placed import log_outcome, workspace
from projects.target import read_target
from projects.tracking import started_run
from projects.transformers.select_columns import SelectColumns
from serving.settings import Settings


def _select(asked: Asked, settings: Settings) -> Mapping[str, object]:
    connect(settings.tracking_uri)
    place = told_place(asked.requirement.data_source)
    with started_run(f"select {place}") as tracker, workspace(settings, "select") as folder:
        tracker.parameters(asked.given)
        table = read_rows(asked.requirement, folder, asked.say)
        fitted = _fitted(table)
        weights = sorted(fitted.feature_importance_.items(), key=lambda pair: -pair[1])
        chosen = [name for name, _ in weights if name in set(fitted.get_feature_names_out())]
        for name, weight in weights:
            asked.say(f"{'keep' if name in chosen else 'drop'}  {weight:10.4f}  {name}")
        tracker.tags({"penstock.kind": "select", "penstock.data_sha256": table.clean.sha256})
        found = {
            "status": "success",
            "method": fitted.method,
            "selected_features": chosen,
            "feature_importance": dict(weights),
        }
        return log_outcome(found, "selected_features")


def _fitted(table: TableRows) -> SelectColumns:
    requirement = table.asked
    texts = table.clean.texts
    target = read_target(
        table.frame, requirement.target, requirement.task, is_text=requirement.target in texts
    )
    inputs = table.frame.drop(columns=target.name).iloc[target.rows].reset_index(drop=True)
    features = read_features(
        inputs,
        dates=table.clean.dates,
        texts=texts,
        truths=table.clean.truths,
        drop=requirement.features.drop,
        articles=requirement.features.text,
    )
    free = [name for article in features.articles for name in article.columns]
    method = requirement.features.selection
    return SelectColumns(
        "mutual_info" if method == "none" else method,
        requirement.features.n_features,
        task="regression" if target.classes is None else "classification",
        keep=tuple(free),
        random_state=requirement.seed,
    ).fit(features.frame, target.truth)


STEP = Step(
    name="select",
    description="Say which columns matter to the target.",
    parameters=("data", "objective", "target", "task", "sample_size", "sample_strategy", "seed"),
    work=_select,
    options=(
        Option(
            "method",
            "correlation, mutual_info, rfe, tree_importance or statistical; by default mutual_info",
            "features.selection",
        ),
        Option("n_features", "how many to keep; by default half, at least 10", "features.n_features"),
    ),
)
