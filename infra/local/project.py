"""The table that `make run` learns from, and the name of the model that comes of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

EXAMPLE = "sklearn:breast_cancer"


class GuideError(Exception):
    """What keeps the local stack from being of use, in one sentence."""


@dataclass(frozen=True)
class Project:
    """What to train on: a file's absolute path or `sklearn:NAME`, the column to predict, the model's name."""

    data: str
    target: str
    name: str


def project_from(environ: Mapping[str, str]) -> Project:
    """Read DATA, TARGET and NAME; without DATA it is scikit-learn's bundled breast-cancer table.

    Raises:
        GuideError: DATA without TARGET, or a file that does not exist.
    """
    data, target, name = (environ.get(key, "").strip() for key in ("DATA", "TARGET", "NAME"))
    if not data and target not in ("", "target"):
        raise GuideError(f"TARGET={target} needs DATA=FILE beside it: the table that holds the column")
    if not data:
        return Project(EXAMPLE, target or "target", name or "breast_cancer")
    if data.startswith("sklearn:"):
        return Project(data, target or "target", name or data.partition(":")[2])
    if not target:
        raise GuideError(f"DATA={data} needs TARGET=COLUMN beside it: the column to predict")
    path = Path(data).expanduser()
    if not path.is_file():
        raise GuideError(f"DATA must be a file, and there is none at '{data}'")
    return Project(str(path.absolute()), target, name or model_name(path))


def model_name(path: Path) -> str:
    """Name a model after its file: `My table.csv.gz` gives `My_table`."""
    return re.sub(r"[^\w-]+", "_", path.name.split(".")[0]).strip("_") or "model"
