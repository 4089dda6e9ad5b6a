"""A batch on a cluster gives the bytes that one process gives; two workers of a thread each do it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import mlflow.sklearn
import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

from projects.batch.run import Asked, Predicted, predict_source
from projects.compute.crew import Crew
from projects.errors import BadInput
from projects.scorer import PlanScorer, PyfuncScorer, Version
from projects.version import load_pyfunc
from serving.plan.load import digest, load_plan
from serving.plan.write import write_plan
from tests.unit.plan.plan_fixtures import COLUMNS, pipe, table, truth
from tests.unit.projects.batch.batch_fixtures import KNOWN, save

Crews = Callable[..., Crew]


@pytest.fixture(scope="session")
def version(tmp_path_factory: pytest.TempPathFactory) -> Version:
    """A version with its files, as a registry gives it."""
    folder = tmp_path_factory.mktemp("version")
    model = LGBMClassifier(n_estimators=5, n_jobs=1, verbosity=-1, random_state=1)
    fitted = pipe(model).fit(table(), truth(table(), "texts"))
    (folder / "plan").mkdir()
    write_plan(fitted, COLUMNS, folder / "plan", task="binary")
    plan = folder / "plan"
    scorer = PlanScorer(load_plan(plan))
    return Version("demo", "3", scorer, "scoring plan", {"version": "3"}, None, folder, digest(plan))


@pytest.fixture
def rows() -> pd.DataFrame:
    return pd.concat([table()] * 6, ignore_index=True)


def both(
    place: Path, suffix: str, version: Version, crew: Crew, **asked: object
) -> tuple[Predicted, Predicted]:
    """Predict alone and by a crew; the outputs are beside the data."""
    done = []
    for name, helpers in (("alone", None), ("crew", crew)):
        output = place.with_name(f"{name}{suffix}")
        wanted = Asked(version, output, **{"chunk_rows": 37} | asked, crew=helpers)
        done.append(predict_source(str(place), KNOWN, wanted))
    alone, shared = done
    return alone, shared


def outputs(place: Path, suffix: str) -> tuple[bytes, bytes]:
    return place.with_name(f"alone{suffix}").read_bytes(), place.with_name(f"crew{suffix}").read_bytes()


@pytest.mark.parametrize(
    "kinds",
    [
        (".csv", ".csv"),
        (".csv", ".parquet"),
        (".parquet", ".jsonl"),
        (".jsonl", ".tsv"),
    ],
)
def test_the_bytes_are_those_of_one_process(
    tmp_path: Path, rows: pd.DataFrame, version: Version, crew: Crews, kinds: tuple[str, str]
) -> None:
    kind, suffix = kinds
    place = save(rows, tmp_path / f"rows{kind}")
    alone, shared = both(place, suffix, version, crew())
    one, many = outputs(place, suffix)
    assert one == many
    assert (alone.rows, alone.odd) == (shared.rows, shared.odd)


def test_workers_read_the_rows_of_many_files(
    tmp_path: Path, rows: pd.DataFrame, version: Version, crew: Crews
) -> None:
    folder = tmp_path / "days"
    folder.mkdir()
    for day, start in enumerate(range(0, len(rows), 101)):
        save(rows[start : start + 101], folder / f"day-{day}.csv")
    both(folder, ".csv", version, crew())
    one, many = outputs(folder, ".csv")
    assert one == many


def test_quotes_around_ends_of_lines_are_no_ends_of_rows(
    tmp_path: Path, rows: pd.DataFrame, version: Version, crew: Crews
) -> None:
    rows["note"] = ['a "quoted"\nline, and more' if at % 3 else "" for at in range(len(rows))]
    place = save(rows, tmp_path / "rows.csv")
    both(place, ".csv", version, crew())
    one, many = outputs(place, ".csv")
    assert one == many


def test_rows_that_workers_cannot_cut_are_read_here_and_sent(
    tmp_path: Path, rows: pd.DataFrame, version: Version, crew: Crews
) -> None:
    place = tmp_path / "rows.csv"
    save(rows, place)
    place.write_bytes(place.read_bytes().replace(b"\n", b"\r"))
    said: list[str] = []
    both(place, ".csv", version, crew(said))
    one, many = outputs(place, ".csv")
    assert one == many
    assert f"{place} cannot be cut into pieces, so this machine reads it" in said


def test_a_bad_cell_in_the_last_part_is_told_as_one_process_tells_it(
    tmp_path: Path, rows: pd.DataFrame, version: Version, crew: Crews
) -> None:
    cells = rows["größe"].astype(object)
    cells[len(rows) - 2] = "tall"
    place = save(rows.assign(größe=cells), tmp_path / "rows.csv")
    told = []
    for helpers in (None, crew()):
        with pytest.raises(BadInput) as refused:
            predict_source(
                str(place), KNOWN, Asked(version, tmp_path / "out.csv", chunk_rows=37, crew=helpers)
            )
        told.append(str(refused.value))
    assert told[0] == told[1]
    assert f"row {len(rows) - 2} has 'tall'" in told[0]


def test_a_batch_that_was_stopped_goes_on_with_a_cluster(
    tmp_path: Path, rows: pd.DataFrame, version: Version, crew: Crews
) -> None:
    good = save(rows, tmp_path / "rows.csv")
    text = good.read_bytes()
    lines = text.splitlines(keepends=True)
    good.write_bytes(b"".join([*lines[:-1], b"tall" + lines[-1][lines[-1].index(b",") :]]))
    with pytest.raises(BadInput):
        predict_source(str(good), KNOWN, Asked(version, tmp_path / "crew.csv", chunk_rows=37))
    good.write_bytes(text)
    done = predict_source(str(good), KNOWN, Asked(version, tmp_path / "crew.csv", chunk_rows=37, crew=crew()))
    assert done.resumed_rows > 0
    predict_source(str(good), KNOWN, Asked(version, tmp_path / "alone.csv", chunk_rows=37))
    assert (tmp_path / "crew.csv").read_bytes() == (tmp_path / "alone.csv").read_bytes()


def test_columns_are_kept_as_asked(tmp_path: Path, rows: pd.DataFrame, version: Version, crew: Crews) -> None:
    place = save(rows, tmp_path / "rows.parquet")
    both(place, ".parquet", version, crew(), keep="city")
    one, many = outputs(place, ".parquet")
    assert one == many


def test_a_version_whose_files_are_not_here_is_scored_here(
    tmp_path: Path, rows: pd.DataFrame, version: Version, crew: Crews
) -> None:
    place = save(rows, tmp_path / "rows.csv")
    both(place, ".csv", replace(version, files=None), crew())
    one, many = outputs(place, ".csv")
    assert one == many


def test_a_version_without_a_plan_is_loaded_by_the_workers_too(
    tmp_path: Path, rows: pd.DataFrame, crew: Crews, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = LGBMClassifier(n_estimators=5, n_jobs=1, verbosity=-1, random_state=1)
    fitted = pipe(model).fit(table(), truth(table(), "texts"))
    columns = [ColSpec("string" if each.type == "string" else "double", each.name) for each in COLUMNS]
    mlflow.sklearn.save_model(
        fitted, tmp_path / "pyfunc", serialization_format="cloudpickle", pip_requirements=[],
        signature=ModelSignature(Schema(columns)),
    )  # fmt: skip
    scorer = load_pyfunc(tmp_path / "pyfunc", "version 3 of 'demo'")
    version = Version("demo", "3", scorer, "pyfunc", {"version": "3"}, None, tmp_path / "pyfunc")
    place = save(rows, tmp_path / "rows.csv")
    both(place, ".csv", version, crew())
    one, many = outputs(place, ".csv")
    assert one == many
    monkeypatch.setattr(PyfuncScorer, "score", None)  # of this process: so the workers have answered
    again = Asked(version, tmp_path / "again.csv", chunk_rows=37, crew=crew())
    assert predict_source(str(place), KNOWN, again).rows == len(rows)


def test_a_file_with_damaged_pages_is_named(
    tmp_path: Path, rows: pd.DataFrame, version: Version, crew: Crews
) -> None:
    folder = tmp_path / "days"
    folder.mkdir()
    for day in range(3):
        save(rows[day * 100 : day * 100 + 100], folder / f"day-{day}.parquet")
    whole = bytearray((folder / "day-1.parquet").read_bytes())
    whole[4:1000] = bytes(996)
    (folder / "day-1.parquet").write_bytes(whole)
    for helpers in (None, crew()):
        asked = Asked(version, tmp_path / "out.csv", crew=helpers)
        with pytest.raises(BadInput, match=r"^'day-1.parquet' cannot be read to its end"):
            predict_source(str(folder), KNOWN, asked)
        assert not (tmp_path / "out.csv").exists()


def test_a_few_rows_are_not_worth_a_cluster(
    tmp_path: Path, rows: pd.DataFrame, version: Version, crew: Crews, monkeypatch: pytest.MonkeyPatch
) -> None:
    helpers = crew(grain=10**9)
    monkeypatch.setattr(helpers, "in_order", None)
    place = save(rows, tmp_path / "rows.csv")
    alone, shared = both(place, ".csv", version, helpers)
    assert alone.rows == shared.rows
