"""What the tests of the ingestion share: a workspace, and a source made into clean rows."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from projects.ingest.engine import open_engine
from projects.ingest.ingested import Ingested
from projects.ingest.run import ingest
from projects.ingest.workspace import Workspace


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Workspace]:
    folder = tmp_path / "work"
    folder.mkdir()
    with open_engine(folder / "spill") as engine:
        yield Workspace(folder, engine, lambda _: None)


@dataclass(frozen=True)
class Clean:
    """A clean folder, read back by DuckDB itself."""

    result: Ingested
    said: list[str]

    def rows(self, sql: str = "SELECT * FROM t") -> list[tuple[Any, ...]]:
        path = self.result.folder / "rows.parquet"
        with duckdb.connect() as engine:
            return engine.execute(sql.replace("FROM t", f"FROM read_parquet('{path}')")).fetchall()

    def column(self, name: str) -> list[Any]:
        return [row[0] for row in self.rows(f'SELECT "{name}" FROM t')]

    @property
    def types(self) -> dict[str, str]:
        return {row[0]: row[1] for row in self.rows("DESCRIBE SELECT * FROM t")}

    @property
    def lines(self) -> list[dict[str, Any]]:
        text = (self.result.folder / "rows.jsonl").read_text("utf-8")
        return [json.loads(line, parse_constant=pytest.fail) for line in text.splitlines()]

    @property
    def notices(self) -> str:
        return "\n".join(self.result.notices)


@pytest.fixture
def clean(tmp_path: Path):
    """Ingest a source, or the text of a CSV, into a clean folder."""

    def made(source: Any, **options: Any) -> Clean:
        if isinstance(source, str) and "\n" in source:
            path = tmp_path / "table.csv"
            path.write_text(source, encoding="utf-8", newline="")
            source = path
        said: list[str] = []
        return Clean(ingest(source, tmp_path / "clean", say=said.append, **options), said)

    return made
