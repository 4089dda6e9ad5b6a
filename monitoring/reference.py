"""A version's reference, fetched once and kept, so that drift is measured while MLflow is away."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from monitoring.drift.base import Reference
from monitoring.places import version_dir
from monitoring.registry import (
    IMPORTANCE,
    REFERENCE,
    NoReferenceError,
    Registry,
    RegistryAwayError,
    VersionFacts,
)

IDENTITY = "identity.json"


@dataclass(frozen=True, slots=True)
class References:
    """The kept references: a folder a version."""

    registry: Registry
    folder: Path
    max_rows: int

    def models(self) -> list[str]:
        """The models of which a reference is kept."""
        kept = [json.loads(path.read_bytes()) for path in self.folder.glob(f"*/*/{IDENTITY}")]
        return sorted({str(identity["model"]) for identity in kept})

    def get(self, model: str, version: str, facts: VersionFacts | None) -> Reference:
        """The version's reference, from MLflow the first time and from the folder after.

        Args:
            model: The registered model's name.
            version: Its version.
            facts: What the registry says of it; None while MLflow is away.

        Raises:
            RegistryAwayError: MLflow is away and nothing is kept.
            NoReferenceError: The version has none, or one that cannot be read.
        """
        home = version_dir(self.folder, model, version)
        if facts:
            identity = {"model": model, "version": version, "source": facts.source}
            if not _is_kept(home, identity):
                self._keep(model, version, home, identity)
        elif not (home / IDENTITY).exists():
            raise RegistryAwayError(
                f"MLflow is away and no reference of '{model}' version {version} is kept here"
            )
        return self._read(home / REFERENCE, model, version)

    def _keep(self, model: str, version: str, home: Path, identity: dict[str, str]) -> None:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetched-", dir=home) as folder:
            fetched = self.registry.fetch_reference(model, version, Path(folder))
            importance = self.registry.fetch_importance(model, version, Path(folder))
            part = Path(folder) / IDENTITY
            part.write_text(json.dumps(identity), encoding="utf-8")
            (home / IMPORTANCE).unlink(missing_ok=True)
            if importance:
                importance.replace(home / IMPORTANCE)
            fetched.replace(home / REFERENCE)
            part.replace(home / IDENTITY)

    def _read(self, path: Path, model: str, version: str) -> Reference:
        try:
            table = pq.ParquetFile(path).read()
        except (pa.ArrowException, OSError) as error:
            (path.parent / IDENTITY).unlink(missing_ok=True)
            raise NoReferenceError(
                f"{REFERENCE} of '{model}' version {version} is no Parquet file that can be "
                f"read ({error}); register the version again"
            ) from error
        reference = Reference.of(table, importance=_importance(path), max_rows=self.max_rows)
        if not table.num_rows or not reference.columns.names:
            raise NoReferenceError(
                f"{REFERENCE} of '{model}' version {version} has {table.num_rows} rows and "
                f"{len(reference.columns.names)} columns to compare; it needs at least one of each"
            )
        return reference


def _importance(reference: Path) -> dict[str, float]:
    """Shares of the model's decisions by column; none where the version came without."""
    try:
        found = json.loads((reference.parent / IMPORTANCE).read_bytes())["columns"]
        return {str(name): float(share) for name, share in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _is_kept(home: Path, identity: dict[str, str]) -> bool:
    """The identity comes last, and both by a rename: neither a cut download nor a second monitor is met."""
    path = home / IDENTITY
    return path.exists() and bool(json.loads(path.read_bytes()) == identity)
