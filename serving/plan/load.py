"""Read a scoring plan: check every byte, unpickle nothing."""

from pathlib import Path

from serving.plan import document
from serving.plan.document import digest
from serving.plan.encoder import Encoder
from serving.plan.families import FAMILIES
from serving.plan.model import PlanBroken
from serving.plan.plan import Plan

__all__ = ["digest", "load_plan"]


def load_plan(folder: Path, *, sha256: str | None = None) -> Plan:
    """Load the plan in a folder.

    Args:
        folder: Where `write_plan` wrote it.
        sha256: What `digest(folder)` must be, as the version's tag says; None checks the plan against
            itself only.

    Raises:
        PlanBroken: It is missing, cut short, altered, of a newer format, or its library is not installed.
    """
    folder = Path(folder)
    if sha256 is not None and folder.is_dir() and (found := digest(folder)) != sha256:
        raise PlanBroken(
            f"the plan in '{folder}' has the digest {found:.12}..., the version's tag says {sha256:.12}..."
        )
    content = document.read(folder)
    try:
        path = document.check_file(folder, content["estimator"])
        columns = document.columns_from_json(content["columns"])
        numbers = document.numbers_from_json(content["numbers"])
        categories = document.categories_from_json(content["categories"])
        return Plan(
            columns=columns,
            task=content["task"],
            classes=document.classes_from_json(content["classes"]),
            encoder=Encoder(columns, numbers, categories, content["width"]),
            estimator=FAMILIES[content["estimator"]["family"]].load(path),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, EOFError) as error:
        raise PlanBroken(f"the plan in '{folder}' is not whole: {type(error).__name__} {error}") from error
