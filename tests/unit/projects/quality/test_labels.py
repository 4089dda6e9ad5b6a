"""Levels that seem to mean the same, and those that only look alike."""

import pytest

from projects.quality.labels import clashes


@pytest.mark.parametrize(
    ("levels", "why"),
    [
        ((("Yes", 90), ("yes", 10)), "case"),
        ((("New York", 50), ("New  York ", 3)), "spaces"),
        ((("New York", 50), ("New-York", 3)), "marks"),
        ((("São Paulo", 50), ("Sao Paulo", 3)), "marks"),
        ((("California", 200), ("Californa", 2)), "spelling"),
        ((("California", 200), ("Califronia", 2)), "spelling"),
        ((("Police Sergeant", 200), ("Police Seargent", 0), ("Police Sergeent", 4)), "spelling"),
    ],
)
def test_labels_that_mean_the_same_are_found(levels: tuple, why: str) -> None:
    assert [clash.why for clash in clashes(levels)] == [why]


@pytest.mark.parametrize(
    "levels",
    [
        (("male", 500), ("female", 5)),
        (("Officer II", 100), ("Officer III", 5)),
        (("2019", 100), ("2020", 2)),
        (("1.5", 100), ("15", 2)),
        (("< 100 DM", 100), (">= 100 DM", 2)),
        (("Austria", 100), ("Australia", 2)),
        (("California", 200), ("Californa", 150)),
        (("C+", 10), ("C", 10)),
    ],
)
def test_labels_that_only_look_alike_are_left_alone(levels: tuple) -> None:
    assert clashes(levels) == ()


def test_a_clash_names_its_levels_the_most_frequent_first() -> None:
    assert clashes([("a b", 2), ("A B", 5), ("A  b", 1)])[0].levels == ("A B", "a b", "A  b")
