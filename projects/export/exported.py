"""What an export hands over, and what is said where it cannot."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from projects.errors import BadInput
from projects.export.proof import Proof

Format = Literal["folder", "zip"]
FORMATS: tuple[Format, ...] = ("folder", "zip")


class ExportFailed(BadInput):
    """An export did not prove itself, so it is not handed over; the message says why."""


@dataclass(frozen=True)
class Exported:
    """What was handed over.

    Attributes:
        path: The folder or the zip.
        name: The registered model.
        number: The version.
        lacking: Sentences about what is not in it; empty if it predicts and trains.
        proof: What it has shown; None where there is no code to run.
        files: Their paths in it, sorted.
        seconds: How long it took.
    """

    path: Path
    name: str
    number: str
    lacking: tuple[str, ...]
    proof: Proof | None
    files: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def is_complete(self) -> bool:
        """Whether it has code that predicts and trains."""
        return not self.lacking

    @property
    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "status": "success", "model": self.name, "version": self.number, "output": str(self.path),
            "complete": self.is_complete, "lacking": list(self.lacking), "proof": dict(_shown(self.proof)),
            "files": list(self.files), "seconds": round(self.seconds, 2),
        }  # fmt: skip


def _shown(proof: Proof | None) -> Mapping[str, Any]:
    if proof is None:
        return {}
    return {
        "environment": proof.environment,
        "rows": proof.rows,
        "difference": proof.difference,
        "learned_rows": proof.learned_rows,
        "learned_difference": proof.learned_difference,
        "learns_alike": proof.learns_alike,
        "not_learned": proof.why,
    }
