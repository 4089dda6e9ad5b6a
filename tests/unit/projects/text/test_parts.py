import tracemalloc

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.naive_bayes import ComplementNB

from projects.errors import BadInput
from projects.text.article import Article, read_article, read_articles
from projects.text.domain import Domain
from projects.text.labels import made_folds, read_labels, strata_of
from projects.text.side_by_side import numbers_of
from projects.text.source import Source
from projects.text.tfidf import Tfidf, width_of
from projects.text.weighing import LETTERS_UP_TO, Weighing, is_unspaced, splits
from tests.unit.projects.text.texts import made_texts

TEXTS, LABELS = made_texts(200)
ARTICLES = read_articles(TEXTS)
READ = read_labels(LABELS, ARTICLES)


def test_a_bayes_score_is_scikit_learns_own_centred():
    part = Domain(Weighing()).fit(ARTICLES, READ)
    weights = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit_transform(TEXTS)
    told = ComplementNB(alpha=0.3).fit(weights, READ.y).predict_joint_log_proba(weights)
    assert np.allclose(part.transform(ARTICLES)[:, :3], told - told.mean(axis=1, keepdims=True))


def test_scores_of_a_model_add_up_to_nothing():
    numbers = Domain(Weighing()).fit_transform(ARTICLES, READ)
    assert np.allclose(numbers.reshape(200, 3, 3).sum(axis=2), 0)


def test_a_training_score_is_by_the_other_folds():
    numbers = Domain(Weighing()).fit_transform(ARTICLES, READ)
    fitted_on, scored = READ.folds[0]
    weights = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit_transform(TEXTS)
    told = (
        ComplementNB(alpha=0.3)
        .fit(weights[fitted_on], READ.y[fitted_on])
        .predict_joint_log_proba(weights[scored])
    )
    assert np.allclose(numbers[scored, :3], told - told.mean(axis=1, keepdims=True))


def test_parts_that_share_a_weighing_share_its_vectorizers():
    weighing = Weighing()
    domain, tfidf = Domain(weighing).fit(ARTICLES, READ), Tfidf(weighing).fit(ARTICLES, READ)
    assert domain.views_[0].vectorizer is tfidf.views_[0].vectorizer
    together = numbers_of([("tfidf", tfidf), ("domain", domain)], ARTICLES)
    assert np.allclose(together, np.hstack([tfidf.transform(ARTICLES), domain.transform(ARTICLES)]))


@pytest.mark.parametrize(("articles", "width"), [(10, 15), (400, 15), (1_600, 30), (8_878, 64), (50_000, 64)])
def test_the_width_grows_with_the_root_of_the_number(articles, width):
    assert width_of(articles) == width


def test_rare_words_are_passed_over_where_there_are_many():
    assert splits(["a few words here"] * 100)[0].fewest == 1
    assert splits(["a few words here"] * 400_000)[0].fewest == 2


def test_letters_are_read_where_there_are_few_characters():
    assert [split.analyzer for split in splits(["some words here"])] == ["words", "letters"]
    assert [split.analyzer for split in splits(["x" * 1_000] * (LETTERS_UP_TO // 1_000 + 1))] == ["words"]


def test_pairs_are_read_where_texts_have_several_words():
    assert splits(["one", "two"])[0].ngrams == (1, 1)
    assert splits(["one two three"])[0].ngrams == (1, 2)


@pytest.mark.parametrize(
    ("text", "language", "unspaced"),
    [
        ("今日は天気がいい", "auto", True),
        ("a plain text", "auto", False),
        ("plain", "zh-CN", True),
        ("今日", "en", False),
    ],
)
def test_languages_without_blanks_are_known(text, language, unspaced):
    assert is_unspaced([text], language) is unspaced


def test_equal_texts_are_in_one_fold():
    articles = read_articles([f"text {number % 20}" for number in range(100)])
    for fitted_on, scored in made_folds(articles, np.arange(100) % 3, seed=0):
        assert not {articles[row].text for row in fitted_on} & {articles[row].text for row in scored}


def test_each_row_is_scored_once_and_classes_are_spread():
    folds = made_folds(ARTICLES, strata_of(READ), seed=0)
    assert sorted(np.concatenate([scored for _, scored in folds]).tolist()) == list(range(200))
    shares = [np.bincount(READ.y[scored], minlength=3) for _, scored in folds]
    assert np.ptp(np.array(shares), axis=0).max() <= 1


def test_fractions_are_numbers_and_the_rest_are_classes():
    articles = ARTICLES[:4]
    assert read_labels([0.5, 1.0, 2.0, 3.0], articles).classes is None
    assert read_labels([1.0, 2.0, 1.0, 3.0], articles).classes == (1.0, 2.0, 3.0)
    assert read_labels([1, 2, 1, 3], articles, task="numbers").classes is None
    assert read_labels([True, "a", True, "a"], articles).classes == ("True", "a")
    assert read_labels(["a"] * 4, articles) is None


def sources():
    articles = [Article("text", "Reuters" if row % 2 else "Stars") for row in range(100)]
    return articles, read_labels(["money" if row % 2 else "fame" for row in range(100)], articles)


def test_a_one_sided_source_is_known_by_its_classes():
    part = Source().fit(*sources())
    assert part.names == ("source_articles", "source_quality", "source_fame")
    reuters, stars, other, none = part.transform(
        [Article("", "Reuters"), Article("", "Stars"), Article("", "Other"), Article("")]
    )
    assert reuters[2] < -1 < 0 < stars[2]
    assert reuters[1] > 0.3
    assert np.allclose(other, 0)
    assert np.allclose(none, 0)


def test_texts_without_sources_have_no_numbers_of_them():
    assert Source().fit(ARTICLES, READ).names == ()


def test_a_training_text_does_not_count_for_its_own_source():
    articles = [Article(f"text {row}", f"source {row}") for row in range(100)]
    numbers = Source().fit_transform(articles, read_labels(["a", "b"] * 50, articles))
    assert np.allclose(numbers, 0)


def test_an_article_is_read_from_a_mapping():
    read = read_article({"title": "<b>Up</b>", "text": "5&nbsp;% more", "source": " Daily ", "published": 3})
    assert read == Article("Up 5 % more", "Daily", "3")


def test_a_class_of_one_text_leaves_its_fold_without_scores_of_it():
    labels = read_labels(["a"] * 199 + ["b"], ARTICLES)
    numbers = Domain(Weighing()).fit_transform(ARTICLES, labels)
    assert np.isfinite(numbers).all()
    assert np.array_equal(numbers[-1, 1:], np.zeros(2))


@pytest.mark.parametrize(("cell", "text"), [(pd.NA, ""), (pd.NaT, ""), ("a\ud800b", "a b")])
def test_pandas_gaps_and_halves_of_marks_are_no_text(cell, text):
    assert read_article(cell).text == text


def test_a_table_is_read_by_its_names_in_whatever_order():
    table = pd.DataFrame({"source": ["BBC"], "text": ["It fell"], "title": ["Rain"]})
    assert read_articles(table, ("title", "text", "source")) == [Article("Rain It fell", "BBC")]


def test_a_table_of_other_columns_is_refused_by_a_sentence():
    table = pd.DataFrame({"note": ["a"], "city": ["b"]})
    with pytest.raises(BadInput, match="a table with the columns text is wanted; it has 'note', 'city'"):
        read_articles(table)


def test_a_table_with_a_column_twice_is_refused_by_a_sentence():
    table = pd.DataFrame([["a", "b"]], columns=["text", "text"])
    with pytest.raises(BadInput, match="has the column 'text' twice; rename one"):
        read_articles(table, ("title", "text"))


def test_a_source_of_endless_length_costs_no_other_article_memory():
    articles = [Article("a", "x" * 100_000), *(Article("a", "Reuters") for _ in range(500))]
    tracemalloc.start()
    Source().fit(articles, None)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 5_000_000


@pytest.mark.parametrize("labels", ["abc", 5, iter(LABELS)])
def test_what_is_no_list_of_labels_is_refused_by_a_sentence(labels):
    with pytest.raises(BadInput, match="a list of 200 labels is wanted, one for each article"):
        read_labels(labels, ARTICLES)


def test_labels_of_two_dimensions_are_refused_by_a_sentence():
    with pytest.raises(BadInput, match=r"one column of labels is wanted; their shape is \(200, 1\)"):
        read_labels(pd.DataFrame({"label": LABELS}), ARTICLES)


@pytest.mark.parametrize("bad", ["many", float("inf")])
def test_numbers_to_learn_must_be_finite_numbers(bad):
    with pytest.raises(BadInput, match="label 3 must be a finite number, not"):
        read_labels([0.5, 1.5, 2.5, bad, *[1.0] * 196], ARTICLES, task="numbers")
