import itertools
import warnings

import numpy as np
import pytest

from projects.text import choice, comparison, making
from projects.text.article import Article, read_articles
from projects.text.choice import choose
from projects.text.comparison import compared
from projects.text.configuration import NAMES, PARTS, by_number
from projects.text.labels import read_labels
from projects.text.making import Options, next_best
from projects.text.part import Labels, PartMissingError
from tests.unit.projects.text.texts import made_texts

TEXTS, LABELS = made_texts(120)
ARTICLES = read_articles(TEXTS)
READ = read_labels(LABELS, ARTICLES)


class Knowing:
    """A part that knows the classes of all texts: the first letter of a text is its class."""

    names = ("first",)

    def fit(self, articles, labels):
        return self

    def fit_transform(self, articles, labels):
        return self.transform(articles)

    def transform(self, articles):
        return np.array([[float(article.text[0] == "x")] for article in articles])


class Absent:
    def __init__(self):
        raise PartMissingError("it needs a library: pip install 'library>=1'")


@pytest.fixture
def few_parts(monkeypatch):
    """Statistics only, and in the largest configuration a part that knows the answer."""
    parts = dict.fromkeys(NAMES, ("statistics",)) | {"maximum": ("statistics", "sentences")}
    monkeypatch.setattr(choice, "PARTS", parts)
    monkeypatch.setattr(making, "PARTS", PARTS)
    monkeypatch.setitem(making.MAKERS, "sentences", lambda options, weighing: Knowing())


def labelled(number):
    texts = [f"{'x' if row % 3 else 'y'}{row} some words" for row in range(number)]
    articles = read_articles(texts)
    return articles, read_labels([text[0] for text in texts], articles)


def test_the_number_names_the_configuration():
    assert [by_number(n) for n in (0, 399, 400, 799, 800, 1499, 1500)] == [
        "conservative", "conservative", "balanced", "balanced", "enhanced", "enhanced", "maximum",
    ]  # fmt: skip


def test_a_configuration_that_scores_better_gives_its_parts(few_parts):
    articles, labels = labelled(90)
    chosen = choose(articles, labels)
    assert chosen.configuration.name == "conservative"
    assert chosen.configuration.extended_to == "maximum"
    assert chosen.configuration.parts == ("statistics", "sentences")
    assert "the parts of maximum reach macro F1 1.000" in chosen.configuration.reason


def test_every_alternative_has_its_score_and_error(few_parts):
    articles, labels = labelled(90)
    alternatives = {one.name: one for one in choose(articles, labels).alternatives}
    assert list(alternatives) == list(NAMES)
    assert alternatives["maximum"].score == 1.0
    assert alternatives["conservative"].score < 0.8
    assert alternatives["conservative"].error > 0
    assert alternatives["maximum"].features == 5


@pytest.mark.parametrize("options", [{"extend": "never"}, {"dataset_size": 90}, {"name": "conservative"}])
def test_what_is_fixed_is_not_compared(few_parts, options):
    articles, labels = labelled(90)
    chosen = choose(articles, labels, **options)
    assert chosen.configuration.parts == ("statistics",)
    assert chosen.alternatives == ()


def test_equals_stay_with_the_number(few_parts, monkeypatch):
    monkeypatch.setitem(making.MAKERS, "sentences", lambda options, weighing: None)
    articles, labels = labelled(90)
    chosen = choose(articles, labels).configuration
    assert (chosen.name, chosen.extended_to) == ("conservative", None)


def test_a_missing_part_gives_the_next_best_and_says_so(few_parts, monkeypatch):
    monkeypatch.setitem(making.MAKERS, "sentences", lambda options, weighing: Absent())
    with pytest.warns(UserWarning, match=r"text features: it needs a library: pip install 'library>=1'"):
        chosen = choose(ARTICLES, READ, dataset_size=2_000)
    assert chosen.configuration.name == "enhanced"
    assert chosen.configuration.reason == "2,000 labelled articles; maximum cannot be made here, so enhanced"
    assert chosen.missing == {"sentences": "it needs a library: pip install 'library>=1'"}


@pytest.mark.parametrize(
    ("name", "missing", "best"),
    [
        ("maximum", [], "maximum"),
        ("maximum", ["word2vec"], "maximum"),
        ("maximum", ["sentences"], "enhanced"),
        ("maximum", ["sentences", "word2vec"], "balanced"),
        ("balanced", ["sentiment"], "balanced"),
        ("balanced", ["sentiment", "entities"], "conservative"),
    ],
)
def test_the_next_best_configuration_has_something_of_its_own(name, missing, best):
    assert next_best(name, dict.fromkeys(missing, "")) == best


def test_no_fold_is_begun_that_would_end_too_late():
    ticks = itertools.count(0, 10)
    found = compared(
        ARTICLES, READ, {"conservative": ("statistics",)}, Options(), seconds=25, clock=lambda: next(ticks)
    )
    assert len(found) == 1
    assert next(ticks) == 30


def test_no_more_texts_are_compared_on_than_is_said(monkeypatch):
    monkeypatch.setattr(comparison, "MOST_TEXTS", 30)
    drawn = comparison._drawn(READ, 0)
    assert len(drawn) == 30
    assert np.bincount(READ.y[drawn]).min() >= 8


def test_numbers_are_compared_by_r2():
    numbers = np.array([len(article.text) + 0.5 for article in ARTICLES])
    labels = read_labels(numbers, ARTICLES)
    (alternative,) = compared(ARTICLES, labels, {"conservative": ("statistics",)}, Options(), seconds=60)
    assert 0.5 < alternative.score < 1


def test_two_articles_are_not_compared():
    articles = [Article("one"), Article("two")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        chosen = choose(articles, Labels(np.array([0, 1]), ("a", "b"), [(np.array([0]), np.array([1]))] * 2))
    assert chosen.alternatives == ()


def test_texts_that_are_all_the_same_are_compared_with_nothing():
    articles = read_articles(["the same text"] * 20)
    choice = choose(articles, read_labels(["a", "b"] * 10, articles))
    assert choice.configuration.name == "conservative"
    assert choice.alternatives == ()
