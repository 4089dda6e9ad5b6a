"""An ingestion on a cluster makes the folder that one process makes."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from distributed import Client

from projects.compute.crew import Crew, blind_spot
from projects.errors import BadInput
from projects.ingest import on_worker
from projects.ingest.publish import LINEAGE, LINES, PLAN, ROWS, SCHEMA
from projects.ingest.run import ingest
from projects.requirement.sections import Cleaning, Rule
from tests.unit.projects.compute.cluster_fixtures import kill_one
from tests.unit.projects.compute_parts.small_disk import small_disk

Crews = Callable[..., Crew]


@pytest.fixture
def table() -> pd.DataFrame:
    count = 900
    rows = pd.DataFrame({"id": range(count)})
    rows["price"] = [f"€{at % 90}.50" if at % 7 else "" for at in range(count)]
    rows["day"] = [f"{at % 28 + 1:02}/{at % 12 + 1:02}/2024" for at in range(count)]
    rows["word"] = ["NA" if at % 11 == 0 else f'say "{at % 5}",\nthen' for at in range(count)]
    rows["is_new"] = ["yes" if at % 2 else "no" for at in range(count)]
    rows["share"] = [at / 8 for at in range(count)]
    return rows


def both(source: object, tmp_path: Path, crew: Crew, **asked: object) -> tuple[Path, Path]:
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    ingest(source, alone, say=lambda _line: None, **asked)
    ingest(source, shared, say=lambda _line: None, crew=crew, **asked)
    return alone, shared


def assert_same(alone: Path, shared: Path) -> None:
    assert pq.read_table(shared / ROWS).equals(pq.read_table(alone / ROWS))
    for name in (LINES, SCHEMA, PLAN):
        assert (shared / name).read_bytes() == (alone / name).read_bytes()
    told = [json.loads((folder / LINEAGE).read_text("utf-8")) for folder in (alone, shared)]
    for key in ("sha256", "files", "notices"):
        assert told[0].get(key) == told[1].get(key)


@pytest.fixture
def elsewhere(client: Client) -> Iterator[None]:
    """Workers that do not see the client's folders, as on machines of their own."""
    client.run(look_elsewhere, "/nowhere")
    yield
    client.run(look_elsewhere, "")


def look_elsewhere(root: str) -> None:
    """Let a worker look for a client's folder below another root; an empty one is its own again."""
    kept = vars(on_worker).setdefault("_own_within", on_worker._within)
    on_worker._within = (lambda folder: kept(Path(root + str(folder)))) if root else kept


def test_workers_on_other_machines_send_what_they_made(
    tmp_path: Path, table: pd.DataFrame, crew: Crews, elsewhere: None
) -> None:
    table.to_csv(tmp_path / "rows.csv", index=False)
    assert_same(*both(tmp_path / "rows.csv", tmp_path, crew()))


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
def test_the_folder_is_the_same(tmp_path: Path, table: pd.DataFrame, crew: Crews, kind: str) -> None:
    place = tmp_path / f"rows.{kind}"
    if kind == "csv":
        table.to_csv(place, index=False)
    elif kind == "parquet":
        table.to_parquet(place)
    else:
        table.to_json(place, orient="records", lines=True)
    assert_same(*both(place, tmp_path, crew()))


def test_a_folder_of_files_is_one_table(tmp_path: Path, table: pd.DataFrame, crew: Crews) -> None:
    days = tmp_path / "days"
    days.mkdir()
    for at in range(9):
        table[at * 100 : at * 100 + 100].to_csv(days / f"day-{at}.csv", index=False)
    assert_same(*both(days, tmp_path, crew()))


def test_one_odd_cell_at_the_end_is_found_in_its_row(tmp_path: Path, crew: Crews) -> None:
    rows = pd.DataFrame({"n": [*map(str, range(2999)), "tall"], "t": "some text in a cell"})
    rows.to_csv(tmp_path / "rows.csv", index=False)
    alone, shared = both(tmp_path / "rows.csv", tmp_path, crew())
    assert_same(alone, shared)
    assert "'tall' (row 3,000)" in (shared / PLAN).read_text("utf-8")


def test_one_cell_among_many_makes_a_column_text(tmp_path: Path, crew: Crews) -> None:
    codes = ["007", "008", *map(str, range(1000, 2500))]
    pd.DataFrame({"code": codes, "t": "some text in a cell"}).to_csv(tmp_path / "rows.csv", index=False)
    alone, shared = both(tmp_path / "rows.csv", tmp_path, crew())
    assert_same(alone, shared)


def test_times_with_parts_of_a_second_are_written_alike(tmp_path: Path, crew: Crews) -> None:
    times = [f"2024-01-01 10:00:{at % 60:02}" for at in range(1000)]
    times[-1] += ".25"
    pd.DataFrame({"at": times, "t": "some text in a cell"}).to_csv(tmp_path / "rows.csv", index=False)
    assert_same(*both(tmp_path / "rows.csv", tmp_path, crew()))


def test_rules_and_repeats_hold_for_all_rows(tmp_path: Path, table: pd.DataFrame, crew: Crews) -> None:
    pd.concat([table, table[:50]]).to_csv(tmp_path / "rows.csv", index=False)
    asked = {
        "cleaning": Cleaning(duplicates="drop"),
        "rules": (Rule(column="share", min=1, on_fail="drop"),),
    }
    alone, shared = both(tmp_path / "rows.csv", tmp_path, crew(), **asked)
    assert_same(alone, shared)
    assert pq.read_metadata(shared / ROWS).num_rows < 900


def test_tables_are_joined_on_this_machine_aloud(tmp_path: Path, table: pd.DataFrame, crew: Crews) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    table.assign(customer_id=table["id"] % 50).to_csv(shop / "orders.csv", index=False)
    people = pd.DataFrame({"customer_id": range(50), "city": [f"city {at % 9}" for at in range(50)]})
    people.to_csv(shop / "customers.csv", index=False)
    said: list[str] = []
    alone, shared = both(shop, tmp_path, crew(said))
    assert_same(alone, shared)
    assert "tables are joined on this machine, not by the workers" in said


@pytest.mark.parametrize(
    "text", ["a,b\r1,x\r" * 400, 'size,b\n5",x\n' * 400, "# a title\n\na,b\n" + "1,x\n" * 900]
)
def test_a_text_that_is_read_from_its_beginning_only_is_read_here(
    tmp_path: Path, crew: Crews, text: str
) -> None:
    (tmp_path / "rows.csv").write_text(text, encoding="utf-8", newline="")
    assert_same(*both(tmp_path / "rows.csv", tmp_path, crew()))


def test_what_is_no_table_is_refused_in_the_same_words(tmp_path: Path, crew: Crews) -> None:
    place = tmp_path / "rows.csv"
    place.write_text("a,b\n" + "1,2\n" * 900 + "1,2,3,4\n" * 9, encoding="utf-8")
    told = []
    for helpers in (None, crew()):
        with pytest.raises(BadInput) as refused:
            ingest(place, tmp_path / "out", say=lambda _line: None, crew=helpers)
        told.append(str(refused.value))
    assert told[0] == told[1]


def test_a_file_that_workers_do_not_see_is_named(tmp_path: Path, crew: Crews) -> None:
    said: list[str] = []
    hidden = tmp_path / "hidden.csv"
    hidden.write_text("a,b\n1,2\n", encoding="utf-8")
    assert blind_spot({str(hidden): hidden.stat().st_size}) == ""
    assert blind_spot({str(hidden): 3}) == str(hidden)
    assert blind_spot({str(tmp_path / "none.csv"): 3}) == str(tmp_path / "none.csv")
    assert crew(said).sees([hidden])
    assert said == []


@pytest.mark.parametrize(
    "name", ["messy/retail_by_day", "tabular/bank_semicolon.csv", "drift/weather_noaa.csv"]
)
def test_shared_tables_are_read_alike(shared_data: Path, tmp_path: Path, crew: Crews, name: str) -> None:
    assert_same(*both(shared_data / name, tmp_path, crew(grain=100_000)))


@pytest.mark.parametrize("name", ["day-1.csv.gz", "day-1.parquet"])
def test_a_file_that_was_cut_off_is_left_out_by_its_name(
    tmp_path: Path, table: pd.DataFrame, crew: Crews, name: str
) -> None:
    days = tmp_path / "days"
    days.mkdir()
    for at in range(3):
        rows, place = table[at * 300 : at * 300 + 300], days / name.replace("1", str(at))
        (rows.to_parquet if place.suffix == ".parquet" else rows.to_csv)(place, index=False)
    (days / name).write_bytes((days / name).read_bytes()[:-100])
    alone, shared = both(days, tmp_path, crew())
    assert_same(alone, shared)
    (left_out,) = json.loads((shared / LINEAGE).read_text("utf-8"))["skipped"]
    assert name in left_out["shown"]
    with pytest.raises(BadInput, match=rf"{name}' (is a broken gzip file|cannot be read as Parquet)"):
        ingest(days / name, tmp_path / "one", say=lambda _line: None, crew=crew())


def test_files_of_which_one_has_gaps_are_one_table(
    tmp_path: Path, table: pd.DataFrame, crew: Crews, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projects.ingest.rows_out.GROUP_CELLS", 1)
    days = tmp_path / "days"
    days.mkdir()
    rows = pd.concat([table[["id", "word"]]] * 4, ignore_index=True)
    rows.to_parquet(days / "day-0.parquet", index=False)
    rows.assign(word=None, id=None).astype({"id": "Int64"}).to_parquet(days / "day-1.parquet", index=False)
    rows.to_parquet(days / "day-2.parquet", index=False)
    assert_same(*both(days, tmp_path, crew()))


def test_a_file_with_damaged_pages_is_named(tmp_path: Path, table: pd.DataFrame, crew: Crews) -> None:
    days = tmp_path / "days"
    days.mkdir()
    for at in range(3):
        table[at * 300 : at * 300 + 300].to_parquet(days / f"day-{at}.parquet", index=False)
    whole = bytearray((days / "day-1.parquet").read_bytes())
    whole[4:2000] = bytes(1996)
    (days / "day-1.parquet").write_bytes(whole)
    for helpers in (None, crew()):
        with pytest.raises(BadInput, match=r"^'day-1.parquet' cannot be read to its end \(.*make it anew$"):
            ingest(days, tmp_path / "out", say=lambda _line: None, crew=helpers)
    assert [entry.name for entry in tmp_path.iterdir()] == ["days"]


class Killing(Crew):
    """Kills a worker as the tenth task is given out."""

    tasks = 0

    def _given(self, work: Callable[..., object], task: object) -> object:
        self.tasks += 1
        if self.tasks == 10:
            kill_one(self._client)
        return super()._given(work, task)


def test_a_worker_that_is_killed_in_the_middle_costs_time_only(
    tmp_path: Path, table: pd.DataFrame, client: Client
) -> None:
    table.to_csv(tmp_path / "rows.csv", index=False)
    before = client.run(os.getpid)
    crew = Killing(client, lambda _line: None, grain=2000)
    assert_same(*both(tmp_path / "rows.csv", tmp_path, crew))
    assert crew.tasks > 20
    assert set(before.values()) - set(client.run(os.getpid).values())


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_full_disk_of_a_worker_is_a_sentence_and_nothing_is_half_written(
    tmp_path: Path, client: Client, crew: Crews, elsewhere: None, kind: str
) -> None:
    rows = pd.DataFrame({"n": range(60_000), "t": [f"text {at * 7919} of its own" for at in range(60_000)]})
    place = tmp_path / f"rows.{kind}"
    (rows.to_csv if kind == "csv" else rows.to_parquet)(place, index=False)
    folders = client.run(lambda dask_worker: dask_worker.local_directory).values()
    with ExitStack() as stack:
        for folder in folders:
            stack.enter_context(small_disk(Path(folder), "64k"))
        with pytest.raises(
            BadInput, match=r"^the disk of '.*' is full, where the worker tls://\S+ works; make"
        ):
            ingest(place, tmp_path / "clean", say=lambda _line: None, crew=crew(grain=200_000))
    assert [entry.name for entry in tmp_path.iterdir()] == [place.name]
    done = ingest(place, tmp_path / "clean", say=lambda _line: None, crew=crew(grain=200_000))
    assert done.rows == 60_000
