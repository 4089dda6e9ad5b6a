"""How tables are cut for workers: what of a bucket they fetch, and what they read as it lies here."""

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from distributed import Client

from projects.compute import crew as crews
from projects.compute.crew import Crew
from projects.ingest.cutting import shared
from projects.ingest.raw import OF_PARQUET, Facts, Origin, RawTable
from projects.ingest.table import Table
from projects.ingest.workspace import Workspace

URL = "s3://shop/rows.parquet"
ROWS = 4000


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """A table of one Parquet file that was fetched from a bucket."""
    rows = pd.DataFrame({"n": range(ROWS), "t": [f"text {at * 7919}" for at in range(ROWS)]})
    rows.to_parquet(tmp_path / "rows.parquet", index=False)
    names, kinds = ("n", "t"), ("BIGINT", "VARCHAR")
    reading = f"SELECT n AS c0, t AS c1 {OF_PARQUET}"
    facts, place = Facts(URL, rows=ROWS), tmp_path / "rows.parquet"
    part = RawTable("rows", facts, reading, (place,), names, kinds, origin=Origin(URL, "stamp"))
    return Table("rows", (part,), names, kinds)


@pytest.fixture
def blind(client: Client) -> Iterator[None]:
    """Workers that do not see the client's files, as on machines of their own."""
    client.run(look_away)
    yield
    client.run(look_again)


def look_away() -> None:
    """Let a worker miss all files."""
    vars(crews)["_own_blind_spot"] = crews.blind_spot
    crews.blind_spot = lambda sizes: next(iter(sizes))


def look_again() -> None:
    """Let a worker see what it sees."""
    crews.blind_spot = vars(crews).pop("_own_blind_spot")


def places(table: Table, tmp_path: Path, crew: Crew) -> set[str] | None:
    with duckdb.connect() as engine:
        shares = shared(table, Workspace(tmp_path, engine, lambda _line: None, crew))
    return shares and {piece.path for share in shares for piece in share.pieces}


def test_a_large_parquet_object_is_read_as_it_lies_here_and_not_fetched_for_every_share(
    tmp_path: Path, table: Table, crew: Callable[..., Crew]
) -> None:
    assert places(table, tmp_path, crew()) == {str(tmp_path / "rows.parquet")}


def test_one_that_workers_do_not_see_is_read_by_this_machine_aloud(
    tmp_path: Path, table: Table, crew: Callable[..., Crew], blind: None
) -> None:
    said: list[str] = []
    assert places(table, tmp_path, crew(said)) is None
    (sentence,) = said
    assert sentence == (
        f"workers would fetch all of {URL} for every piece of it, so this machine reads it; cut it into"
        " smaller files, or put it into a folder that all machines share"
    )


def test_a_small_one_is_fetched_by_the_workers(
    tmp_path: Path, table: Table, crew: Callable[..., Crew], blind: None
) -> None:
    grain = (tmp_path / "rows.parquet").stat().st_size + 1
    small = Table("rows", table.parts * 40, table.names, table.kinds)
    assert places(small, tmp_path, crew(grain=grain)) == {URL}
