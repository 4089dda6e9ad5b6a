"""A batch's cells become what training's own conversion makes of them, whichever way is taken."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projects.batch import conversion as module
from projects.batch.conversion import Converter
from projects.ingest.convert import Conversion, convert_frame
from projects.ingest.marks import IN_TEXTS

CONVERSIONS = {
    "number": Conversion("number"),
    "whole": Conversion("number", whole=True),
    "styled": Conversion("number", "styled"),
    "comma": Conversion("number", "styled", decimal=","),
    "marked": Conversion("number", missing=("", "-999", "99")),
    "text": Conversion("text"),
    "date": Conversion("date", "iso"),
    "moment": Conversion("date", "iso", has_time=True),
    "formats": Conversion("date", "formats", formats=("%d/%m/%Y",)),
    "truth": Conversion("boolean", "words"),
    "yes": Conversion("boolean", "words", true=("yes",), false=("no",)),
}
CELLS = [
    *IN_TEXTS, "1", "1.5", " 2 ", "-3e5", "1e400", "inf", "-Infinity", "nan", "1_000", "$1,325.0", "90%",
    "1.325,5", "1.325", "1,325", "-999", "99", "t", "True", "FALSE", "yes", "NO", "red", " red", "unknown",
    "none", "2020-02-30", "2020-02-03", "2020-02-03 04:05:06", "03/02/2020", "+7", "0x10", "007", ".5", "5.",
    "\u00a0", "123456789012345678",
]  # fmt: skip


def converted(name, cells):
    found = Converter(CONVERSIONS).convert(name, cells)
    return found.dictionary_decode() if pa.types.is_dictionary(found.type) else found


def expected(name, frame):
    values = convert_frame(frame, CONVERSIONS)[name].tolist()
    return [None if pd.isna(cell) else float(cell) if isinstance(cell, bool) else cell for cell in values]


@pytest.mark.parametrize("name", CONVERSIONS)
@given(cells=st.lists(st.sampled_from(CELLS) | st.none() | st.text(max_size=6), min_size=1, max_size=30))
@settings(max_examples=25)
def test_texts_are_converted_as_training_converts_them(name, cells):
    kept = [None if cell is not None and "\x00" in cell else cell for cell in cells]
    frame = pd.DataFrame({name: pd.Series(kept, dtype=object)})
    raw = pa.array([cell or None for cell in kept], pa.string())
    assert converted(name, raw).to_pylist() == expected(name, frame)


@pytest.mark.parametrize("name", CONVERSIONS)
@pytest.mark.parametrize("values", [[1, 0, 7], [1.5, np.nan, np.inf, -0.0], [True, False]])
def test_typed_cells_are_converted_as_training_converts_them(name, values):
    frame = pd.DataFrame({name: values})
    assert converted(name, pa.array(values)).to_pylist() == expected(name, frame)


@pytest.mark.parametrize("most", [2, 10_000])
def test_what_a_thread_remembers_changes_no_answer(most, monkeypatch):
    monkeypatch.setattr(module, "MOST_KNOWN", most)
    converter = Converter(CONVERSIONS)
    for cells in (["red", "?", "blue"], ["blue", "green", None], ["?", "red", "N/A", "violet"]):
        found = converter.convert("text", pa.array(cells * 4)).dictionary_decode().to_pylist()
        assert found == expected("text", pd.DataFrame({"text": cells * 4}))


def test_plain_numbers_need_no_sql(monkeypatch):
    monkeypatch.setattr(Converter, "_by_sql", None)
    found = Converter(CONVERSIONS).convert("number", pa.array(["1", "2.5", "?", None, "N/A"]))
    assert found.to_pylist() == [1, 2.5, None, None, None]


def test_distinct_cells_are_converted_once(monkeypatch):
    asked = []
    plain = Converter._by_sql
    monkeypatch.setattr(
        Converter,
        "_by_sql",
        lambda self, how, cells: asked.extend(cells.to_pylist()) or plain(self, how, cells),
    )
    converter = Converter(CONVERSIONS)
    for _ in range(3):
        converter.convert("yes", pa.array(["yes", "no", "?"] * 100))
    assert asked == ["yes", "no", "?"]
