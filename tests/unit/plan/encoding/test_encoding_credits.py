"""Every column of the matrix is credited to the inputs that it is made of, and to no other."""

import numpy as np
import pytest

from serving.plan.explaining.credits import read_credits
from serving.plan.explaining.parts import Parts
from tests.unit.plan.encoding.encoding_fixtures import COLUMNS, WAYS, prepared, table

OTHERS = (3.25, "Lima", 49.0, "Senior Clerk 3", "the phone again", "2020-03-05", "2021-12-31T23:30:00")

PREPARED = [(way, "linear") for way in WAYS] + [("defaults", "trees"), ("stored", "trees")]


def shares(way, style, task="binary"):
    """The share of each input in each matrix column, (columns, inputs)."""
    made = prepared(way, style, task)
    found = read_credits(made.document, len(COLUMNS))
    width = made.document["width"]
    parts = Parts(np.zeros((1, width)), np.eye(width)[None])
    return found.by_input(parts).each[0]


@pytest.mark.parametrize(("way", "style"), PREPARED)
def test_the_shares_in_a_column_add_up_to_one(way, style):
    np.testing.assert_allclose(shares(way, style).sum(axis=1), 1, atol=1e-12)


@pytest.mark.parametrize(("way", "style"), PREPARED)
def test_what_an_input_changes_is_credited_to_it(way, style):
    encoder, found = prepared(way, style, "binary").encoder, shares(way, style)
    frame = table(40).astype(object)
    rows = frame.where(frame.notna(), None).to_numpy().tolist()
    before = encoder.encode(rows)
    for place, other in enumerate(OTHERS):
        for cell in (other, None):
            changed = encoder.encode([(*row[:place], cell, *row[place + 1 :]) for row in rows])
            columns = np.flatnonzero((changed != before).any(axis=0))
            assert (found[columns, place] > 0).all()


def test_a_column_made_of_two_is_credited_to_both_in_even_parts():
    found = shares("pairs", "linear")
    halves = found[(found > 0).sum(axis=1) == 2]
    assert len(halves)
    assert set(halves[halves > 0].tolist()) == {0.5}


def test_a_column_made_of_made_ones_is_credited_part_by_part():
    document = {
        "derived": [
            {"kind": "sum", "indices": [0, 1]},
            {"kind": "product", "indices": [2, 0]},
            {"kind": "product", "indices": [1, 1]},
        ],
        "numbers": [{"start": 0, "sources": [3, 4], "flags": []}],
        "one_hot": [],
        "tables": [],
        "ngrams": [],
    }
    found = read_credits(document, 2)
    each = found.by_input(Parts(np.zeros((1, 1)), np.array([[[8.0, 1.0]]]))).each
    assert each.tolist() == [[[6.0, 3.0]]]


def test_what_nobody_is_credited_with_joins_the_base():
    document = {
        "derived": [],
        "numbers": [],
        "one_hot": [{"index": 0, "positions": {"a": 0}, "keys": None, "missing": None, "unseen": None}],
        "tables": [],
        "ngrams": [],
    }
    parts = read_credits(document, 2).by_input(Parts(np.ones((1, 1)), np.array([[[2.0, 5.0]]])))
    assert parts.base.tolist() == [[6.0]]
    assert parts.each.tolist() == [[[2.0, 0.0]]]
