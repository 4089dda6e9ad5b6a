"""Who is better on the same articles, and which articles those are."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

from projects.text.verdict import held_out, judge

LABELS = np.array(["a", "b"])


@dataclass
class Knowing:
    """A classifier that knows the label, which the text begins with, of a share of the articles."""

    share: float
    columns_: tuple[str, ...] = ("text",)
    metadata: Any = None

    def __post_init__(self):
        self.classes_ = LABELS
        self.pipeline_ = self
        self.metadata = {"version": "7"}

    def predict(self, table):
        numbers = np.array([int(text[1:]) for text in table["text"]])
        own = table["text"].str[0].to_numpy()
        other = np.where(own == "a", "b", "a")
        return np.where(numbers % 100 < 100 * self.share, own, other)


TRUTH = LABELS[np.arange(400) % 2]
TEST = pd.DataFrame({"text": [f"{label}{n}" for n, label in enumerate(TRUTH)]})


def verdict(new, champion=None, minimum=0.85):
    return judge(
        Knowing(new), None if champion is None else Knowing(champion), TEST, TRUTH, minimum_f1=minimum
    )


def test_the_first_is_taken_if_it_is_good_enough():
    found = verdict(0.9)
    assert (found.is_better, found.gate) == (True, "pass")
    assert found.reason == "the first one in Production: f1_macro is 0.9000 on 400 common test articles"


def test_the_first_is_not_taken_below_the_minimum():
    found = verdict(0.8)
    assert (found.is_better, found.gate) == (False, "fail: f1_macro >= 0.85 (is 0.8000)")
    assert found.reason.endswith("; f1_macro >= 0.85 is wanted")


def test_a_better_one_takes_the_champions_place():
    found = verdict(0.95, 0.86)
    assert found.is_better
    assert found.champion_f1 == pytest.approx(0.86, abs=0.005)
    assert found.reason.startswith("better beyond chance than version 7: f1_macro is 0.95")


@pytest.mark.parametrize("champion", [0.95, 0.99])
def test_one_that_is_as_good_or_worse_does_not(champion):
    found = verdict(0.95, champion)
    assert not found.is_better
    assert found.reason.startswith("not better beyond chance than version 7")


def test_one_that_is_better_and_not_good_enough_does_not():
    found = verdict(0.8, 0.6)
    assert not found.is_better
    assert "; f1_macro >= 0.85 is wanted" in found.reason


def test_about_the_share_is_held_out():
    table = pd.DataFrame({"text": [f"article {n}" for n in range(2000)]})
    assert 0.17 < held_out(table, 0.2).mean() < 0.23
    assert not held_out(table, 0.0).any()
    assert held_out(table, 1.0).all()


def test_an_article_stays_on_its_side_whatever_comes_beside_it():
    texts = [f"article {n}" for n in range(200)]
    few, many = pd.DataFrame({"text": texts[:50]}), pd.DataFrame({"text": texts[::-1]})
    assert held_out(few, 0.2).tolist() == held_out(many, 0.2)[::-1][:50].tolist()


def test_the_same_text_in_other_blanks_and_marks_is_on_the_same_side():
    texts = [f"rain {n}" for n in range(50)]
    same = pd.DataFrame({"title": [f"<b>{text.replace(' ', '   ')}</b>" for text in texts]})
    assert held_out(same, 0.5).tolist() == held_out(pd.DataFrame({"text": texts}), 0.5).tolist()
