"""A version written into a folder, but for what is said of its proof: code, model, needs and samples."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from projects.export.custom import Custom, custom_of
from projects.export.model_files import Saved, save_model
from projects.export.needs import pinned
from projects.export.origin import Origin
from projects.export.own_code import own_names, third_party
from projects.export.samples import write_samples
from projects.export.sources import Code, code_of, dockerfile
from projects.export.told import NETS
from projects.export.trainable import trainable


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        unfitted: What the model is fitted from.
        code: The code.
        saved: The saved model.
        requirements: What predicting and training need, pinned.
        lacking: Sentences about what could not go along.
    """

    unfitted: Any
    code: Code
    saved: Saved
    requirements: tuple[str, ...]
    lacking: tuple[str, ...]


def write_version(origin: Origin, folder: Path) -> Written:
    """Write a version into an empty folder.

    Raises:
        Unprintable: A part of its model has no code that makes it.
        LookupError: A module that it needs cannot go along.
    """
    unfitted, custom = trainable(origin.model), custom_of(origin.model)
    saved = save_model(origin.model, folder, custom)
    code = code_of(origin, unfitted, own_names(saved.modules))
    for path, text in {**code.files, **custom.files}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        write_text(folder, path, text)
    requirements, training = _needs(code, saved, custom)
    write_text(folder, "requirements.txt", "\n".join(requirements) + "\n")
    if training != requirements:
        write_text(folder, "requirements-training.txt", "\n".join(training) + "\n")
    write_text(folder, "Dockerfile", dockerfile(requirements))
    write_samples(origin, folder)
    return Written(unfitted, code, saved, tuple(training), tuple(_lacking(custom)))


def write_text(folder: Path, name: str, text: str) -> None:
    """Write a file of text."""
    (folder / name).write_text(text, encoding="utf-8")


def _needs(code: Code, saved: Saved, custom: Custom) -> tuple[list[str], list[str]]:
    """Pin what predicting needs, and what training needs."""
    imported = {*code.imports, *saved.modules, *third_party(custom.files.values())}
    imported |= {"cloudpickle"} if saved.by_value else set()
    own = {Path(path).parts[0].removesuffix(".py") for path in {**code.files, **custom.files}}
    is_net = bool(set(NETS) & set(code.algorithms))
    return pinned(imported, own), pinned({*imported, *(["torch"] if is_net else [])}, own)


def _lacking(custom: Custom) -> Iterable[str]:
    for name, why in custom.lacking.items():
        yield f"the function {name} is in the saved model alone, so train.py cannot fit it: {why}"
