"""Read a scoring plan: check every byte, unpickle nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, get_args

from serving.plan import document
from serving.plan.document import digest
from serving.plan.encoding.load import load_encoder
from serving.plan.estimator import Decider, Entry, Shape, classifier, regressor
from serving.plan.explaining.credits import read_credits
from serving.plan.families import FAMILIES
from serving.plan.model import Column, PlanBroken, PlanInputError, Task
from serving.plan.nodes import bag, calibrated, stack, threshold, transformed, vote
from serving.plan.nodes.members import Reader
from serving.plan.nodes.pipeline import ClassPipeline, DecidingPipeline, NumberPipeline
from serving.plan.plan import Encoder, Plan

__all__ = ["digest", "load_plan"]

DEEPEST = 20
"""So many models may stand above each other."""

NODES: dict[str, Callable[[Entry, Shape, Reader], object]] = {
    "vote": vote.load,
    "stack": stack.load,
    "bag": bag.load,
    "calibrated": calibrated.load,
    "threshold": threshold.load,
    "transformed": transformed.load,
}
FAULTS = (
    KeyError, TypeError, ValueError, IndexError, AttributeError, EOFError, OverflowError, MemoryError,
    ZeroDivisionError, RecursionError, PlanInputError,
)  # fmt: skip
"""What reading a document may raise that is not what a plan must be."""


def load_plan(folder: Path, *, sha256: str | None = None) -> Plan:
    """Load the plan in a folder.

    Args:
        folder: Where `write_plan` wrote it.
        sha256: What `digest(folder)` must be, as the version's tag says; None checks the plan against
            itself only.

    Raises:
        PlanBroken: It is missing, cut short, altered, of another format, or its library is not installed.
    """
    folder = Path(folder)
    if sha256 is not None and folder.is_dir() and (found := digest(folder)) != sha256:
        raise PlanBroken(
            f"the plan in '{folder}' has the digest {found:.12}..., the version's tag says {sha256:.12}..."
        )
    content = document.read(folder)
    try:
        return _plan(content, folder)
    except FAULTS as error:
        raise PlanBroken(f"the plan in '{folder}' is not whole: {type(error).__name__} {error}") from error


def _plan(content: Entry, folder: Path) -> Plan:
    columns = document.columns_from_json(content["columns"])
    classes = document.classes_from_json(content["classes"])
    task = content["task"]
    if task not in get_args(Task) or (classes is None) != (task == "regression") or classes == ():
        raise PlanBroken(f"the plan in '{folder}' must have classes if it is no regression, and only then")
    read = partial(document.map_file, folder)
    encoders = tuple(load_encoder(entry, columns, read) for entry in content["encoders"])
    widths = tuple(_width(encoder, columns) for encoder in encoders)
    loader = Loader(folder, widths)
    model = loader.member(content["model"], Shape(None, len(classes or ())))
    checked = regressor(model) if classes is None else classifier(model)
    credits = tuple(read_credits(entry, len(columns)) for entry in content["encoders"])  # noqa: A001
    reads_texts = any(entry["ngrams"] or "articles" in entry for entry in content["encoders"])
    return Plan(columns, task, classes, encoders, widths, checked, credits, reads_texts)


def _width(encoder: Encoder, columns: tuple[Column, ...]) -> int:
    """The width of the matrix of a row of gaps, which every encoder takes."""
    return int(encoder.encode([[None] * len(columns)]).shape[1])


@dataclass(frozen=True, slots=True)
class Loader:
    """Loads a model and its members.

    Attributes:
        folder: The plan's.
        widths: How many columns each encoder makes.
        used: The files read so far: each belongs to one estimator.
        depth: How many models stand above.
    """

    folder: Path
    widths: tuple[int, ...]
    used: set[str] = field(default_factory=set)
    depth: int = 0

    def member(self, entry: Entry, shape: Shape) -> object:
        """Load a model of that shape."""
        if self.depth > DEEPEST:
            raise PlanBroken(f"more than {DEEPEST} models stand above each other")
        below = Loader(self.folder, self.widths, self.used, self.depth + 1)
        kind = entry["kind"]
        if kind == "pipeline":
            return below.pipeline(entry, shape)
        if kind == "estimator":
            return self.estimator(entry, shape)
        return NODES[kind](entry, shape, below)

    def pipeline(self, entry: Entry, shape: Shape) -> object:
        """Load a pipeline."""
        at = int(entry["encoder"])
        if shape.width is not None or not 0 <= at < len(self.widths):
            raise PlanBroken("a pipeline must take rows, by an encoder that is there")
        model: Any = self.member(entry["model"], Shape(self.widths[at], shape.classes))
        if not shape.classes:
            return NumberPipeline(at, regressor(model))
        if isinstance(model, Decider):
            return DecidingPipeline(at, classifier(model), model)
        return ClassPipeline(at, classifier(model))

    def estimator(self, entry: Entry, shape: Shape) -> object:
        """Load an estimator from its file."""
        name = str(entry["file"])
        if name in self.used:
            raise PlanBroken(f"two estimators name the file '{name}'")
        self.used.add(name)
        family = FAMILIES[entry["family"]]
        take = document.map_file if family.suffix == "npz" else document.read_file
        return family.load(take(self.folder, name, entry["sha256"]), entry["options"], shape)
