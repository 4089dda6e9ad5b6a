"""From what a requirement names to the rows that are learned from."""

import pandas as pd
import pytest

from projects.errors import BadInput
from projects.ingest.run import ingest
from projects.requirement.read import read_requirement
from projects.rows import by_clean_names, clean_rows, read_rows
from tests.unit.projects.problem_fixtures import numbers, read_table


@pytest.fixture
def said():
    return []


def read(folder, said, **parameters):
    return read_rows(read_requirement(parameters=parameters), folder / "work", said.append)


def test_without_data_it_says_what_data_can_be(tmp_path, said):
    with pytest.raises(BadInput, match="name the data with -P data=: a file, a folder, a glob"):
        read(tmp_path, said, target="y")


def test_a_sample_is_announced_and_keeps_its_places(tmp_path, said):
    table = read_table(tmp_path, "amount", say=said.append, sample_size="300")
    assert said[-1].startswith("careful: trained on a sample of 300 rows of 600")
    wanted = numbers()["key"].iloc[table.frame.index]
    assert table.frame["key"].tolist() == wanted.tolist()


def test_a_sample_too_small_is_refused(tmp_path):
    with pytest.raises(BadInput, match="a sample of 10 rows is too small to learn from; set sampling"):
        read_table(tmp_path, "amount", sample_size="10")


def test_a_sentence_names_the_target_and_the_reason_is_said(tmp_path, said):
    path = tmp_path / "flats.csv"
    numbers()[["size", "shop", "amount"]].rename(columns={"amount": "price"}).to_csv(path, index=False)
    table = read(tmp_path, said, data=str(path), objective="Predict the price of flats")
    assert table.asked.target == "price"
    assert any("'price'" in line for line in said)


def test_columns_can_be_named_as_the_file_names_them(tmp_path, said):
    path = tmp_path / "t.csv"
    numbers()[["key", "size", "day", "amount"]].to_csv(path, index=False)
    renamed = "cleaning.columns={size: {rename: width}, amount: {rename: price}}; features.drop=[size]"
    table = read(tmp_path, said, data=str(path), target="amount", set=renamed)
    assert table.asked.target == "price"
    assert table.asked.features.drop == ("width",)


def test_every_field_that_names_columns_is_renamed(tmp_path, said):
    path = tmp_path / "t.csv"
    numbers()[["key", "size"]].to_csv(path, index=False)
    asked = read_requirement(parameters={"data": str(path), "set": (
        "cleaning.columns={size: {rename: width}}; split.group_column=size; split.time_column=size;"
        " sampling.time_column=size; evaluation.groups=[size]; evaluation.segments=[size];"
        " features.interactions=[[size, key]]"
    )})  # fmt: skip
    renamed = by_clean_names(asked, clean_rows(asked, tmp_path / "clean", said.append))
    split, evaluation = renamed.split, renamed.evaluation
    assert {split.group_column, split.time_column, renamed.sampling.time_column} == {"width"}
    assert evaluation.groups == evaluation.segments == ("width",)
    assert renamed.features.interactions == (("width", "key"),)
    assert set(renamed.cleaning.columns) == {"width"}


def test_a_table_aside_that_holds_the_target_gives_the_rows(tmp_path, said):
    folder = tmp_path / "raw"
    folder.mkdir()
    numbers()[["key", "size"]].to_csv(folder / "big.csv", index=False)
    prices = pd.DataFrame({"colour": ["red", "blue"] * 30, "price": [n % 7 + 0.5 for n in range(60)]})
    prices.to_csv(folder / "flats.csv", index=False)
    table = read(tmp_path, said, data=str(folder), objective="Predict the price of flats")
    assert table.clean.name == "flats"
    assert len(table.frame) == 60
    assert "the target lies in the table 'flats', so that table gives the rows" in said


class TestRowsThatAreClean:
    @pytest.fixture
    def clean(self, tmp_path):
        path = tmp_path / "shop.csv"
        numbers().to_csv(path, index=False)
        ingest(str(path), tmp_path / "clean", target="amount", say=lambda _: None)
        return tmp_path / "clean"

    def test_they_are_taken_with_the_target_that_they_were_made_for(self, tmp_path, clean, said):
        table = read(tmp_path, said, data=str(clean))
        assert table.asked.target == "amount"
        assert said[0] == f"600 rows of {clean} are clean already and taken as found"

    def test_another_target_wins(self, tmp_path, clean, said):
        assert read(tmp_path, said, data=str(clean), target="level").asked.target == "level"

    def test_nothing_is_written_beside_them(self, tmp_path, clean, said):
        before = {path.name: path.read_bytes() for path in clean.iterdir()}
        work = read(tmp_path, said, data=str(clean)).clean.folder
        (work / "quality.html").write_text("new")
        assert {path.name: path.read_bytes() for path in clean.iterdir()} == before

    def test_what_is_not_done_again_is_said(self, tmp_path, clean, said):
        wanted = "cleaning.duplicates=drop; cleaning.columns={size: {type: text}}"
        read(tmp_path, said, data=str(clean), set=wanted)
        assert (
            "careful: cleaning.columns and cleaning.duplicates counted when these rows were made, and not"
            " again now"
        ) in said

    def test_a_strategy_for_gaps_is_for_the_learning_and_needs_no_word(self, tmp_path, clean, said):
        read(tmp_path, said, data=str(clean), set="cleaning.columns={gaps: {missing_strategy: mean}}")
        assert not any("careful" in line for line in said)
