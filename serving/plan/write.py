"""Write a fitted pipeline, or a model made of pipelines, as a plan.

A plan's model is a tree. Its leaves are estimators, each in a file of its family's; above each leaf stands
the pipeline whose encoder makes its matrix; votes, stacks, bags, calibrations, thresholds and transformed
targets stand above, between or below pipelines, as they did in scikit-learn. Equal encoders are written once.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from serving.plan import document
from serving.plan.encoding.write import write_encoder
from serving.plan.estimator import Entry
from serving.plan.families import FAMILIES, family_of
from serving.plan.load import load_plan
from serving.plan.model import Column, Label, PlanBroken, PlanUnsupported, Task
from serving.plan.nodes import bag, calibrated, stack, threshold, transformed, vote
from serving.plan.nodes.members import Pen

NODES: dict[str, Callable[[Any, Pen], Entry]] = {
    "VotingClassifier": vote.write,
    "VotingRegressor": vote.write,
    "StackingClassifier": stack.write,
    "StackingRegressor": stack.write,
    "BaggingClassifier": bag.write,
    "BaggingRegressor": bag.write,
    "CalibratedClassifierCV": calibrated.write,
    "FixedThresholdClassifier": threshold.write,
    "TunedThresholdClassifierCV": threshold.write,
    "TransformedTargetRegressor": transformed.write,
}


def write_plan(pipeline: Any, columns: Sequence[Column], folder: Path, *, task: Task) -> None:
    """Write a fitted scikit-learn model into a folder, which is made if need be.

    Args:
        pipeline: A pipeline fitted on a DataFrame, or a model whose members are such pipelines.
        columns: The inputs in the order in which rows will bring them.
        folder: Where the plan's files go.
        task: What the pipeline does.

    Raises:
        PlanUnsupported: A part of it cannot be written; the message says which and why. No file is left.
    """
    draft = Draft(tuple(columns))
    model = Writer(draft, is_on_matrix=False).member(pipeline)
    content = {
        "format": document.format_of(draft.encoders),
        "task": task,
        "columns": document.columns_to_json(draft.columns),
        "classes": document.classes_to_json(None if task == "regression" else _labels(pipeline)),
        "encoders": draft.encoders,
        "model": model,
    }
    document.write(content, draft.files, folder)
    try:
        load_plan(folder)
    except PlanBroken as error:
        for name in (document.FILE, *draft.files):
            (folder / name).unlink()
        raise PlanUnsupported(f"the written plan cannot be loaded; {error}") from error


def _labels(model: Any) -> tuple[Label, ...]:
    labels = tuple(np.asarray(model.classes_).tolist())
    kinds = {type(label) for label in labels}
    if len(kinds) != 1 or not kinds <= {str, int, float, bool}:
        raise PlanUnsupported(
            f"labels must be of one plain kind, not {sorted(kind.__name__ for kind in kinds)}"
        )
    return labels


@dataclass
class Draft:
    """What has been written so far.

    Attributes:
        columns: The plan's inputs.
        encoders: Those of the pipelines met, each once.
        files: Their contents by name.
    """

    columns: tuple[Column, ...]
    encoders: list[Entry] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    _places: dict[str, int] = field(default_factory=dict)

    def encoder(self, steps: Sequence[Any]) -> int:
        """Write an encoder unless an equal one is there; return its number."""
        entry = write_encoder(steps, self.columns, self.files)
        key = json.dumps(entry, sort_keys=True, default=repr)
        if key not in self._places:
            self._places[key] = len(self.encoders)
            self.encoders.append(entry)
        return self._places[key]

    def estimator(self, model: Any) -> Entry:
        """Write an estimator as a file."""
        family = family_of(model)
        written = FAMILIES[family].write(model)
        name = f"{len(self.files)}-{family}.{FAMILIES[family].suffix}"
        self.files[name] = written.content
        return {
            "kind": "estimator",
            "family": family,
            "file": name,
            "sha256": document.sha256_of(written.content),
            "options": written.options,
        }


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes a model and its members.

    Attributes:
        draft: Where it all goes.
        is_on_matrix: Whether an encoder stands above.
    """

    draft: Draft
    is_on_matrix: bool

    def member(self, model: Any) -> Entry:
        """Write a model that takes what this writer's models take."""
        name = type(model).__name__
        if name == "FrozenEstimator":
            return self.member(model.estimator)
        if name == "Pipeline":
            return self._pipeline(model)
        if name.startswith("Bagging") and not self.is_on_matrix:
            raise PlanUnsupported("a bag of pipelines cannot be a plan; bag the model behind its columns")
        if name in NODES and not (name.startswith("Bagging") and self._is_family(model)):
            return NODES[name](model, self)
        if not self.is_on_matrix:
            raise PlanUnsupported(
                f"only a pipeline whose steps make a matrix of the columns can be a plan, not a bare {name}"
            )
        return self.draft.estimator(model)

    def on_matrix(self, model: Any) -> Entry:
        """Write a model that takes a matrix."""
        return Writer(self.draft, is_on_matrix=True).member(model)

    def _is_family(self, model: Any) -> bool:
        try:
            family_of(model)
        except PlanUnsupported:
            return False
        return True

    def _pipeline(self, model: Any) -> Entry:
        if self.is_on_matrix:
            raise PlanUnsupported("a pipeline behind another pipeline's columns cannot be a plan")
        steps = [step for _, step in model.steps if step is not None and step != "passthrough"]
        encoder = self.draft.encoder(steps[:-1])
        return {"kind": "pipeline", "encoder": encoder, "model": self.on_matrix(steps[-1])}
