"""Whatever a caller writes is cleaned, in a time that its length alone decides."""

import time
import unicodedata

import pandas as pd
import pytest

from serving.plan.encoding.spelling import key_of
from serving.plan.text.clean import clean

MARKED = {
    "marks in turn": "a" + "\u0315\u0316" * 50_000,
    "marks in the wrong order": "a" + "\u0315" * 50_000 + "\u0316" * 50_000,
    "marks that are two": "\u0f71\u0f72" * 50_000,
    "marks as entities": "a" + "&#x315;&#x316;" * 7_000,
}


@pytest.mark.parametrize("read", [clean, key_of])
@pytest.mark.parametrize("text", MARKED.values(), ids=MARKED)
def test_marks_upon_marks_take_no_long_time(read, text):
    started = time.process_time()
    read(text)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "text", ["cafe\u0301 e\u0301", "\u1112\u1161\u11ab \u1100\u1173", "x" * 999 + "e\u0301"]
)
def test_letters_and_their_marks_are_composed_as_unicode_says(text):
    assert clean(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("gap", [None, float("nan"), pd.NA, pd.NaT])
def test_a_gap_of_any_kind_is_no_text(gap):
    assert not clean(gap)
