"""Parquet files put behind each other are one file, to every reader."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from projects.ingest.parquet_join import ParquetJoin


def parts_of(tmp_path: Path, rows: int, each: int) -> list[bytes]:
    """Write rows by DuckDB, as many to a part; texts that repeat have dictionaries and Bloom filters."""
    made = []
    with duckdb.connect() as engine:
        for at, start in enumerate(range(0, rows, each)):
            path = tmp_path / f"part-{at}.parquet"
            engine.execute(
                f"COPY (SELECT i AS number, 'text ' || (i % 7) AS word, i / 3 AS share,"
                f" CASE WHEN i % 5 THEN DATE '2020-01-01' + CAST(i AS INT) END AS day"
                f" FROM range({start}, {min(start + each, rows)}) t(i))"
                f" TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)"
            )
            made.append(path.read_bytes())
    return made


def joined(parts: list[bytes], path: Path) -> Path:
    made = ParquetJoin(path)
    for part in parts:
        made.add(part)
    made.close()
    return path


@pytest.mark.parametrize("each", [10_000, 3000, 5000])
def test_arrow_reads_the_rows_of_all_parts_in_order(tmp_path: Path, each: int) -> None:
    whole = pq.read_table(pa.BufferReader(parts_of(tmp_path, 10_000, 10_000)[0]))
    path = joined(parts_of(tmp_path, 10_000, each), tmp_path / "joined.parquet")
    assert pq.read_table(path).equals(whole)


def test_duckdb_finds_rows_by_statistics_and_filters(tmp_path: Path) -> None:
    path = joined(parts_of(tmp_path, 10_000, 3000), tmp_path / "joined.parquet")
    with duckdb.connect() as engine:
        found = engine.execute(
            f"SELECT number FROM '{path}' WHERE word = 'text 3' AND number > 9990"
        ).fetchall()
        none = engine.execute(f"SELECT count(*) FROM '{path}' WHERE word = 'nothing'").fetchone()
    assert found == [(9992,), (9999,)]
    assert none == (0,)


def test_the_footer_counts_rows_and_groups(tmp_path: Path) -> None:
    path = joined(parts_of(tmp_path, 10_000, 5000), tmp_path / "joined.parquet")
    told = pq.read_metadata(path)
    assert told.num_rows == 10_000
    assert sum(told.row_group(at).num_rows for at in range(told.num_row_groups)) == 10_000


def test_a_part_of_other_columns_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.parquet"
    pq.write_table(pa.table({"other": [1]}), other)
    made = ParquetJoin(tmp_path / "joined.parquet")
    made.add(parts_of(tmp_path, 10, 10)[0])
    with pytest.raises(ValueError, match="other columns"):
        made.add(other.read_bytes())
    made.abandon()


def test_a_part_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    made = ParquetJoin(tmp_path / "joined.parquet")
    with pytest.raises(ValueError, match="no Parquet file"):
        made.add(b"PAR1 and nothing else")
    made.abandon()
