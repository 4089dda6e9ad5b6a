"""A version's reference, fetched once and kept, so that drift is measured while MLflow is away."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from monitoring.columns import Columns, columns_of, tidy
from monitoring.places import version_dir
from monitoring.registry import REFERENCE, NoReferenceError, Registry, RegistryAwayError, VersionFacts

IDENTITY = "identity.json"


@dataclass(frozen=True, slots=True)
class Reference:
    """What a version's window is compared with."""

    columns: Columns
    rows: pd.DataFrame


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
            part = Path(folder) / IDENTITY
            part.write_text(json.dumps(identity), encoding="utf-8")
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
        columns = columns_of(table)
        if not table.num_rows or not columns.names:
            raise NoReferenceError(
                f"{REFERENCE} of '{model}' version {version} has {table.num_rows} rows and "
                f"{len(columns.names)} columns to compare; it needs at least one of each"
            )
        rows = tidy({name: table[name] for name in columns.names}, table.num_rows, columns)
        if len(rows) > self.max_rows:
            rows = rows.sample(self.max_rows, random_state=0).reset_index(drop=True)
        return Reference(columns, rows)


def _is_kept(home: Path, identity: dict[str, str]) -> bool:
    """The identity comes last, and both by a rename: neither a cut download nor a second monitor is met."""
    path = home / IDENTITY
    return path.exists() and bool(json.loads(path.read_bytes()) == identity)
