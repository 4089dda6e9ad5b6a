"""Write a fitted pipeline as a plan.

The pipelines that can be written are those of one shape: a ColumnTransformer with a numeric part
(SimpleImputer, perhaps StandardScaler) and a text part (SimpleImputer, OneHotEncoder), then one estimator.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from serving.plan import document
from serving.plan.encoder import NOWHERE, Category, Numbers
from serving.plan.families import FAMILIES
from serving.plan.model import Column, Label, PlanUnsupported, Task


def write_plan(pipeline: Any, columns: Sequence[Column], folder: Path, *, task: Task) -> None:
    """Write a fitted scikit-learn pipeline into a folder, which is made if need be.

    Args:
        pipeline: `Pipeline([(..., ColumnTransformer), (..., estimator)])`, fitted on a DataFrame.
        columns: The pipeline's inputs in the order in which rows will bring them.
        folder: Where the plan's files go.
        task: What the pipeline does.

    Raises:
        PlanUnsupported: The pipeline has another shape; the message says where.
    """
    transformer, estimator = _two_steps(pipeline)
    places = {column.name: index for index, column in enumerate(columns)}
    numbers, categories, width = _blocks(transformer, places)
    model = _only_member(estimator)
    family = _family(model)
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "task": task,
        "columns": document.columns_to_json(tuple(columns)),
        "classes": document.classes_to_json(None if task == "regression" else _labels(estimator)),
        "numbers": document.numbers_to_json(numbers),
        "categories": document.categories_to_json(categories),
        "width": width,
        "estimator": {"family": family, "file": FAMILIES[family].write(model, folder)},
    }
    document.write(content, folder)


def _two_steps(pipeline: Any) -> tuple[Any, Any]:
    steps = [step for _, step in getattr(pipeline, "steps", [])]
    if len(steps) != 2 or type(steps[0]).__name__ != "ColumnTransformer":
        raise PlanUnsupported("only a pipeline of a ColumnTransformer and an estimator can be a plan")
    return steps[0], steps[1]


def _only_member(estimator: Any) -> Any:
    if type(estimator).__name__ != "VotingClassifier":
        return estimator
    if len(estimator.estimators_) != 1 or estimator.voting != "soft":
        raise PlanUnsupported("only a soft VotingClassifier with one member can be a plan")
    return estimator.estimators_[0]


def _family(model: Any) -> str:
    name = type(model).__name__
    for family, entry in FAMILIES.items():
        if name in entry.classes:
            return family
    known = ", ".join(name for entry in FAMILIES.values() for name in entry.classes)
    raise PlanUnsupported(f"the estimator {name} cannot be a plan; {known} can")


def _labels(estimator: Any) -> tuple[Label, ...]:
    labels = tuple(np.asarray(estimator.classes_).tolist())
    kinds = {type(label) for label in labels}
    if len(kinds) != 1 or not kinds <= {str, int, float, bool}:
        raise PlanUnsupported(
            f"labels must be of one plain kind, not {sorted(kind.__name__ for kind in kinds)}"
        )
    return labels


def _blocks(transformer: Any, places: dict[str, int]) -> tuple[Numbers, tuple[Category, ...], int]:
    numbers = Numbers((), np.empty(0), None, None)
    categories: list[Category] = []
    width = 0
    for name, fitted, names in transformer.transformers_:
        if len(names) == 0 or fitted == "drop":
            continue
        steps = [step for _, step in getattr(fitted, "steps", [])]
        kinds = [type(step).__name__ for step in steps]
        indices = tuple(places[column] for column in names)
        if kinds in (["SimpleImputer"], ["SimpleImputer", "StandardScaler"]) and width == 0:
            numbers = _numbers(steps, indices)
            width = len(indices)
        elif kinds == ["SimpleImputer", "OneHotEncoder"]:
            block, width = _categories(steps[0], steps[1], indices, width)
            categories += block
        else:
            raise PlanUnsupported(f"the columns' part '{name}' ({', '.join(kinds)}) cannot be written")
    return numbers, tuple(categories), width


def _numbers(steps: list[Any], indices: tuple[int, ...]) -> Numbers:
    fills = np.asarray(steps[0].statistics_, dtype=np.float64)
    if not np.isfinite(fills).all() or steps[0].add_indicator:
        raise PlanUnsupported(
            "the imputer of numbers must have a finite value for every column and no indicator"
        )
    if len(steps) == 1:
        return Numbers(indices, fills, None, None)
    scaler = steps[1]
    zeros, ones = np.zeros(len(indices)), np.ones(len(indices))
    means = zeros if scaler.mean_ is None else scaler.mean_
    return Numbers(indices, fills, means, ones if scaler.scale_ is None else scaler.scale_)


def _categories(
    imputer: Any, encoder: Any, indices: tuple[int, ...], start: int
) -> tuple[list[Category], int]:
    if encoder.handle_unknown not in ("ignore", "infrequent_if_exist") or encoder.drop is not None:
        raise PlanUnsupported("the OneHotEncoder must take unseen categories and drop none")
    if encoder.sparse_output:
        raise PlanUnsupported("the OneHotEncoder must make a dense matrix")
    infrequent = getattr(encoder, "infrequent_categories_", [None] * len(indices))
    blocks = []
    for place, index in enumerate(indices):
        texts = list(encoder.categories_[place])
        rare = set() if infrequent[place] is None else set(infrequent[place])
        kept = [text for text in texts if text not in rare]
        rare_position = start + len(kept) if rare else NOWHERE
        positions = {text: start + number for number, text in enumerate(kept)} | dict.fromkeys(
            rare, rare_position
        )
        if not all(isinstance(text, str) for text in texts):
            raise PlanUnsupported(f"categories must be texts; column {index} has others")
        unseen = rare_position if encoder.handle_unknown == "infrequent_if_exist" else NOWHERE
        missing = positions.get(imputer.statistics_[place], unseen)
        blocks.append(Category(index, dict(sorted(positions.items())), missing, unseen))
        start += len(kept) + bool(rare)
    return blocks, start
