"""Texts become vectors that keep near texts near."""

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from projects.transformers.text_vectors import TextVectors

TITLES = [
    f"{rank} {work}"
    for rank in ("Senior", "Junior", "Chief")
    for work in ("Librarian", "Police Officer", "Cook")
]


def column(*texts):
    return pd.DataFrame({"t": pd.Series(texts, dtype=object)})


def fitted(*texts, **options):
    return TextVectors(n_components=5, rows_per_component=1, **options).fit(column(*texts))


def test_a_text_with_a_typo_stays_near():
    near, far, text = fitted(*TITLES * 5).transform(
        column("Seniorr Librarian", "Junior Cook", "Senior Librarian")
    )
    assert near @ text > 0.8 * (text @ text) > far @ text


def test_a_gap_is_a_vector_of_zeros():
    assert not fitted(*TITLES).transform(column(None)).any()


def test_vectors_are_the_weights_along_the_components():
    made = fitted(*TITLES)
    weights = made.vectorizers_[0].transform(["Chief Cook"]) @ made.components_[0]
    np.testing.assert_array_equal(made.transform(column("Chief Cook")), weights)


def test_texts_of_many_words_are_split_into_words():
    notes = [f"the customer called again about bill {n} and was angry" for n in range(30)]
    assert fitted(*notes).vectorizers_[0].analyzer == "word"
    assert fitted(*TITLES).vectorizers_[0].analyzer == "char_wb"
    assert fitted(*TITLES, analyzer="words").vectorizers_[0].analyzer == "word"


def test_repeated_texts_weigh_as_their_rows():
    rows = [*TITLES, *[TITLES[0]] * 30]
    once = fitted(*rows).components_[0]
    weights = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True).fit(
        sorted(set(rows))
    )
    svd = np.linalg.svd(weights.transform(rows).toarray(), full_matrices=False)[2][:5].T
    np.testing.assert_allclose(np.abs(once), np.abs(svd), atol=1e-6)


def test_few_rows_give_few_numbers():
    texts = TITLES * 50
    assert TextVectors(n_components=20, rows_per_component=100).fit_transform(column(*texts)).shape == (
        450,
        4,
    )


def test_texts_without_a_letter_group_give_one_number():
    assert fitted(" ", " ", "").transform(column("abc", None)).tolist() == [[0.0], [0.0]]


def test_the_same_seed_gives_the_same_vectors():
    np.testing.assert_array_equal(fitted(*TITLES).components_[0], fitted(*TITLES).components_[0])


def test_an_unknown_analyzer_is_refused():
    with pytest.raises(ValueError, match="analyzer must be 'letters', 'words' or 'auto', not 'sounds'"):
        fitted("x", analyzer="sounds")
