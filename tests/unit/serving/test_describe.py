"""The example call of a model's page works also where the example has gaps."""

import json
from pathlib import Path

from serving.web.describe import example


def write(folder: Path, data: list[list[object]]) -> None:
    table = {"dataframe_split": {"columns": ["a", "b"], "data": data}}
    (folder / "serving_input_example.json").write_text(json.dumps(table))


def test_an_example_shows_the_first_row_without_a_gap(tmp_path: Path) -> None:
    write(tmp_path, [[float("nan"), "x"], [1.5, "y"]])
    assert example(tmp_path) == '{"dataframe_split":{"columns":["a","b"],"data":[[1.5,"y"]]}}'


def test_an_example_of_gaps_only_sends_null(tmp_path: Path) -> None:
    write(tmp_path, [[float("nan"), "x"]])
    assert example(tmp_path) == '{"dataframe_split":{"columns":["a","b"],"data":[[null,"x"]]}}'


def test_a_folder_without_an_example_has_none(tmp_path: Path) -> None:
    assert example(tmp_path) is None
