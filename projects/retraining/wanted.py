"""The requirement of a retraining: the version's own, over rows that are clean already."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from projects.requirement.check import check
from projects.requirement.document import Document
from projects.requirement.model import Cleaning, ColumnCleaning, Requirement, Tables
from projects.requirement.read import put
from projects.requirement.wording import refusal

TASKS = {"regression": "regression", "binary": "classification", "multiclass": "classification"}


def overlaid(asked: Requirement, changes: Mapping[tuple[str | int, ...], tuple[str, Any]]) -> Requirement:
    """Lay single parameters over a requirement.

    Args:
        asked: The version's own.
        changes: The parameter's name and the value, by the field's path.

    Raises:
        BadInput: A value is not what was wanted.
    """
    if not changes:
        return asked
    values = asked.model_dump(mode="json")
    for where, (name, value) in changes.items():
        put(values, where, value, name)
    try:
        changed = Requirement.model_validate(values)
    except ValidationError as error:
        labels = {where: name for where, (name, _) in changes.items()}
        raise refusal(error, labels=labels, lines={}, name=Document("", {}, {}).name) from error
    check(changed)
    return changed


def over_clean_rows(
    asked: Requirement, place: str, columns: Collection[str], *, name: str, tags: Mapping[str, str]
) -> Requirement:
    """Ask the same of a folder of clean rows: what was done to raw rows is not asked for again.

    Args:
        asked: The version's requirement.
        place: The folder.
        columns: Its columns; what names another is left out.
        name: The registered model.
        tags: The version's tags.
    """

    def there(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(each for each in names if each in columns)

    def one(column: str | None) -> str | None:
        return column if column in columns else None

    filled = {
        column: ColumnCleaning(missing_strategy=each.missing_strategy)
        for column, each in asked.cleaning.columns.items()
        if column in columns and each.missing_strategy
    }
    cleaning = Cleaning(
        missing_strategy=asked.cleaning.missing_strategy, outlier_method=asked.cleaning.outlier_method,
        outlier_threshold=asked.cleaning.outlier_threshold, leakage=asked.cleaning.leakage, columns=filled,
    )  # fmt: skip
    pairs = asked.features.interactions
    features = {
        "drop": there(asked.features.drop),
        "interactions": pairs if isinstance(pairs, str) else tuple(p for p in pairs if there(p) == p),
    }
    looked_at = {key: there(getattr(asked.evaluation, key)) for key in ("segments", "groups")}
    return asked.model_copy(
        update={
            "data_source": place, "name": name, "objective": "", "tables": Tables(), "validation": (),
            "target": tags.get("penstock.target", asked.target),
            "task": TASKS.get(tags.get("penstock.task", ""), asked.task),
            "metric": asked.metric or tags.get("penstock.metric", ""),
            "cleaning": cleaning,
            "features": asked.features.model_copy(update=features),
            "evaluation": asked.evaluation.model_copy(update=looked_at),
            "sampling": asked.sampling.model_copy(update={"time_column": one(asked.sampling.time_column)}),
        }
    )  # fmt: skip
