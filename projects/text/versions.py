"""Versions of text classifiers in the registry: what is told of each, and how one is registered and loaded.

The version's tags carry what is told, so that the MLflow UI shows it and a search finds it.
"""

import os
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.text.article import KEYS
from projects.text.inside import extractors_in
from serving.settings import Settings, load

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from mlflow import MlflowClient

    from projects.text.classifier import MLClassifier

NAME = "text_classifier"
"""The registered model, where no other is named."""
METADATA = ("version", "timestamp", "dataset_size", "configuration", "f1_score", "features_count")
"""What is told of a version, by these keys."""
EXTENDED_TO = "extended_to"
"""A tag beside them: the configuration whose parts scored better than those of the number of articles."""
TARGET = "label"


@dataclass(frozen=True)
class Judged:
    """A classifier and how good it is.

    Attributes:
        classifier: Trained.
        table: Labelled articles that it has not learned.
        truth: Their labels.
        dataset_size: How many labelled articles there were in all.
        scores: Its scores on them by metric; `f1_macro` is one.
        gate: `pass`, or `fail: ` and why.
    """

    classifier: "MLClassifier"
    table: "pd.DataFrame"
    truth: Any
    dataset_size: int
    scores: Mapping[str, float]
    gate: str


def text_tags(model: Any, *, dataset_size: int, f1_score: float) -> dict[str, str]:
    """Return what a version's tags tell of its text features.

    Args:
        model: The fitted pipeline, or a model made of pipelines.
        dataset_size: How many labelled articles it was learned from.
        f1_score: Macro F1 on held-out ones; NaN for a regression.

    Returns:
        Empty for a model that reads no text.
    """
    found = next(extractors_in(model), None)
    if found is None:
        return {}
    config = found.feature_config
    tags = {"dataset_size": str(dataset_size), "configuration": str(config["name"])}
    if f1_score == f1_score:  # noqa: PLR0124 - NaN alone differs from itself
        tags["f1_score"] = f"{f1_score:.6g}"
    tags["features_count"] = str(config["features_count"])
    return tags | ({EXTENDED_TO: str(config["extended_to"])} if config["extended_to"] else {})


def metadata_of(version: Any) -> dict[str, Any]:
    """Return what is told of a version of the registry, by METADATA; None for what its tags do not say."""
    tags = version.tags
    moment = datetime.fromtimestamp(version.creation_timestamp / 1000, UTC)
    return {
        "version": str(version.version),
        "timestamp": moment.isoformat(timespec="seconds"),
        "dataset_size": int(tags["dataset_size"]) if "dataset_size" in tags else None,
        "configuration": tags.get("configuration"),
        "f1_score": float(tags["f1_score"]) if "f1_score" in tags else None,
        "features_count": int(tags["features_count"]) if "features_count" in tags else None,
    }


def load_model_version(
    version: str | int, name: str = NAME, *, settings: Settings | None = None
) -> "MLClassifier":
    """Load a version of a text classifier.

    Args:
        version: Its number (`3`, `"3"` or `"v3"`), its stage (`"Production"`), or `"latest"`.
        name: The registered model.
        settings: Where MLflow is; None for what the environment says.

    Returns:
        The classifier; its `metadata` has the keys of METADATA.

    Raises:
        BadInput: There is no such version, or it takes no articles.
    """
    import mlflow.sklearn
    from mlflow.models import get_model_info

    from projects.text.classifier import MLClassifier

    found = found_version(connected(settings), name, version)
    what = f"version {found.version} of '{name}'"
    uri = f"models:/{name}/{found.version}"
    signature = get_model_info(uri).signature
    columns = [str(spec.name) for spec in signature.inputs] if signature else []
    if not columns or not set(columns) <= set(KEYS):
        taken = ", ".join(map(repr, columns)) or "no columns by name"
        raise BadInput(
            f"{what} takes {taken}, not an article's {', '.join(KEYS)}; ask it through the gateway"
        )
    return MLClassifier.of_pipeline(mlflow.sklearn.load_model(uri), columns, metadata_of(found))


def found_version(client: "MlflowClient", name: str, version: str | int) -> Any:
    """Find a version by its number, `latest` or its stage.

    Raises:
        BadInput: There is no such model or version.
    """
    from projects.version import STAGES, find_version

    word = str(version).strip()
    number = word[1:] if word[:1] in "vV" and word[1:].isdigit() else word
    if number.isdigit():
        return find_version(client, name, number, "None")
    if word.casefold() == "latest":
        newest = newest_version(client, name)
        if newest is None:
            raise BadInput(f"there is no version of '{name}' yet; train one first")
        return newest
    if word.casefold() not in {stage.casefold() for stage in STAGES}:
        hint = did_you_mean(word, ("latest", *STAGES))
        raise BadInput(f"a version is a number, a stage or 'latest', not '{word}'; {hint}")
    return find_version(client, name, "", word)


def newest_version(client: "MlflowClient", name: str) -> Any:
    """Return the version with the highest number; None where there is none."""
    from mlflow.exceptions import MlflowException

    try:
        there = client.get_registered_model(name).latest_versions
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return None
    return max(there, key=lambda each: int(each.version), default=None)


def register_version(client: "MlflowClient", judged: Judged, name: str, tags: Mapping[str, str]) -> str:
    """Log a classifier in a run of its own, with plan and reference rows, and register it.

    Args:
        client: The registry.
        judged: The classifier.
        name: The registered model, which is made if need be.
        tags: Further tags of the version.

    Returns:
        Its number.
    """
    from projects.publish import publish, register

    f1 = judged.scores["f1_macro"]
    told = text_tags(judged.classifier.pipeline_, dataset_size=judged.dataset_size, f1_score=f1)
    with _run(f"train {name}") as run_id:
        published = publish(client, _subject(judged, name, told), judged.scores)
        every = _about(judged) | published.tags | told | dict(tags)
        version = register(client, name, run_id, published.model_id, every)
        client.set_tag(run_id, "penstock.version", version)
        client.set_tag(run_id, "penstock.model", name)
    return version


def connected(settings: Settings | None) -> "MlflowClient":
    """Point MLflow at the server of the settings; return its client.

    Raises:
        BadInput: It does not answer.
    """
    from projects.shell import be_mannerly, connect

    be_mannerly()
    from mlflow import MlflowClient

    connect((settings or load(os.environ)).tracking_uri)
    return MlflowClient()


@contextmanager
def _run(name: str) -> "Iterator[str]":
    import mlflow

    with mlflow.start_run(run_name=name, nested=mlflow.active_run() is not None) as run:
        yield str(run.info.run_id)


def _subject(judged: Judged, name: str, told: Mapping[str, str]) -> Any:
    from projects.publish import Subject
    from serving.plan.model import Column

    classifier = judged.classifier
    return Subject(
        pipeline=classifier.pipeline_,
        columns=tuple(Column(column, "string", required=False) for column in classifier.columns_),
        task=_task(classifier),
        X=judged.table,
        y=judged.truth,
        files={"model_card.md": _card(judged, name, told)},
    )


def _task(classifier: "MLClassifier") -> Any:
    return "binary" if len(classifier.classes_) == 2 else "multiclass"


def _about(judged: Judged) -> dict[str, str]:
    return {
        "penstock.task": _task(judged.classifier),
        "penstock.target": TARGET,
        "penstock.algorithm": "logistic",
        "penstock.metric": "f1_macro",
        "penstock.score": f"{judged.scores['f1_macro']:.6g}",
        "penstock.gate": judged.gate,
    }


def _card(judged: Judged, name: str, told: Mapping[str, str]) -> str:
    config = judged.classifier.feature_extractor.feature_config
    lines = [
        f"# {name}",
        "",
        f"Sorts articles ({', '.join(judged.classifier.columns_)}) into: "
        + ", ".join(map(str, judged.classifier.classes_)),
        "",
        *(f"- {key}: {value}" for key, value in told.items()),
        f"- parts: {', '.join(config['parts'])}",
        f"- why: {config['reason']}",
        *(f"- {metric} on {len(judged.table):,} held-out articles: {score:.4f}"
          for metric, score in judged.scores.items()),
        f"- gate: {judged.gate}",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"
