"""What the prediction log may hold of a row."""

from hashlib import blake2b
from typing import Any

import orjson
import pytest

from serving.policy import Policy
from serving.registry.slot import Slot
from serving.registry.snapshot import Held
from serving.registry.table import Lane
from serving.scorers.scorer import Scored
from serving.web.masks import Masks, key_of
from serving.web.records import answered

KEY = key_of("key")


class Columns:
    """As much of a scorer as masks ask for."""

    def __init__(self, *names: str) -> None:
        self.columns = tuple((name, "string") for name in names)
        self.kind, self.fallback, self.reason = "plan", "", ""


def lane(*names: str, mask: tuple[str, ...] = (), hashed: tuple[str, ...] = ()) -> Any:
    policy = Policy(mask=frozenset(mask), hashed=frozenset(hashed))
    held = Held("m", "1", "models/m/1", None)
    return Lane("champion", held, Slot.filled(held, Columns(*names)), (), policy)  # type: ignore[arg-type]


def scored(columns: tuple[str, ...], *rows: list[object]) -> Scored:
    return Scored(b"", columns, rows, ["yes"] * len(rows), None)


def digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=16, key=KEY).hexdigest()


def test_masked_columns_are_null_and_hashed_ones_a_keyed_hash() -> None:
    found = Masks(KEY).masked(
        lane("a", "b", "c", mask=("a",), hashed=("b",)), scored(("a", "b", "c"), ["x", "y", "z"])
    )
    assert found == [[None, digest("y"), "z"]]


def test_the_mask_wins_over_the_hash() -> None:
    masks = Masks(KEY)
    assert masks.masked(lane("a", mask=("a",), hashed=("a",)), scored(("a",), ["x"])) == [[None]]


@pytest.mark.parametrize(("first", "second"), [(1, 1.0), (10**17, 1e17), ("1.0", 1.0), (2**53, float(2**53))])
def test_equal_values_hash_alike(first: object, second: object) -> None:
    rows = Masks(KEY).masked(lane("a", hashed=("a",)), scored(("a",), [first], [second]))
    assert rows[0] == rows[1]


@pytest.mark.parametrize(("first", "second"), [(1, 2), (True, 1), (2**53, 2**53 + 1), ("a", "A")])
def test_unequal_values_hash_apart(first: object, second: object) -> None:
    rows = Masks(KEY).masked(lane("a", hashed=("a",)), scored(("a",), [first], [second]))
    assert rows[0] != rows[1]


def test_missing_values_stay_missing() -> None:
    rows = Masks(KEY).masked(lane("a", hashed=("a",)), scored(("a",), [None], [float("nan")]))
    assert rows == [[None], [None]]


def test_without_a_key_hashed_columns_are_dropped_and_the_key_is_missed() -> None:
    masks = Masks()
    assert masks.masked(lane("a", hashed=("a",)), scored(("a",), ["x"])) == [[None]]
    assert masks.is_key_missed


def test_another_key_hashes_otherwise() -> None:
    asked = lane("a", hashed=("a",)), scored(("a",), ["x"])
    assert Masks(KEY).masked(*asked) != Masks(key_of("other")).masked(*asked)


def test_of_a_body_that_is_no_table_nothing_is_kept() -> None:
    masks = Masks(KEY)
    assert masks.masked(lane("a", mask=("a",)), scored(("request",), ['{"a": "x"}'])) == [[None]]


def test_of_columns_without_names_nothing_is_kept() -> None:
    assert Masks(KEY).masked(lane(mask=("a",)), scored(("0", "1"), ["x", "y"])) == [[None, None]]


def test_of_a_table_without_a_signature_the_named_column_is_masked() -> None:
    assert Masks(KEY).masked(lane(mask=("a",)), scored(("a", "b"), ["x", "y"])) == [[None, "y"]]


def test_rows_of_another_process_are_masked_too() -> None:
    answer = Scored(
        b"", ("a", "b"), orjson.Fragment(b'[["x", "y"]]'), orjson.Fragment(b"[1]"), None, sent_rows=1
    )
    assert Masks(KEY).masked(lane("a", "b", mask=("a",)), answer) == [[None, "y"]]


def test_a_new_policy_of_the_same_version_holds_at_once() -> None:
    masks, row = Masks(KEY), scored(("a", "b"), ["x", "y"])
    masks.masked(lane("a", "b", mask=("a",)), row)
    assert masks.masked(lane("a", "b", mask=("b",)), row) == [["x", None]]


def test_the_logged_line_is_masked_also_where_nobody_gives_masks() -> None:
    line = answered(
        "id", lane("a", mask=("a",)), scored(("a",), ["s3cret"]), request_id=None, user_key=None, spent_s=0.0
    )
    assert b"s3cret" not in line
