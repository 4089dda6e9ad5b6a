"""The classifier of articles: what it learns, answers, refuses and keeps."""

import subprocess
import sys
import warnings

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline

from penstock import AdaptiveFeatureExtractor, MLClassifier
from projects.errors import BadInput
from projects.pickled import own_classes_by_value

WORDS = {
    "weather": ("rain", "snow", "storm", "wind", "cloud", "frost"),
    "money": ("bank", "rates", "stocks", "bond", "loan", "market"),
    "sport": ("goal", "team", "match", "coach", "league", "cup"),
}


def articles_of(rows, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.choice(list(WORDS), rows)
    texts = [
        " ".join(rng.choice([*WORDS[label], "the", "of", "day", "news"], 7)) + f" {n}"
        for n, label in enumerate(labels)
    ]
    return texts, labels.tolist()


def trained(articles, labels, **options):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*labelled articles are few")
        extractor = AdaptiveFeatureExtractor(configuration="conservative", **options)
        return MLClassifier(feature_extractor=extractor).train(articles, labels)


@pytest.fixture(scope="module")
def classifier():
    return trained(*articles_of(150))


def test_it_learns_what_tells_classes_apart(classifier):
    assert classifier.evaluate(*articles_of(100, seed=1)) > 0.9


def test_what_it_evaluates_is_scikit_learns_macro_f1(classifier):
    texts, labels = articles_of(60, seed=2)
    labels = labels[::-1]
    expected = f1_score(labels, classifier.predict(texts), average="macro", zero_division=0)
    assert classifier.evaluate(texts, labels) == expected < 0.9


def test_one_article_has_one_answer(classifier):
    assert classifier.predict("rain and snow and storm") == "weather"
    assert classifier.predict_proba("rain and snow and storm").shape == (3,)


def test_several_articles_have_an_answer_each(classifier):
    texts = ["rain and snow", {"title": "Bank loan", "text": "rates"}, None, "", 12]
    assert classifier.predict(texts).shape == (5,)
    assert classifier.predict(texts)[:2].tolist() == ["weather", "money"]


def test_probabilities_are_in_the_order_of_the_classes(classifier):
    shares = classifier.predict_proba(["goal team match", "bank loan bond"])
    assert classifier.classes_.tolist() == ["money", "sport", "weather"]
    assert np.allclose(shares.sum(axis=1), 1)
    assert shares.argmax(axis=1).tolist() == [1, 0]


def test_no_articles_have_no_answers(classifier):
    assert classifier.predict([]).tolist() == []
    assert classifier.predict_proba([]).shape == (0, 3)


def test_its_pipeline_answers_a_table_alike(classifier):
    texts, _ = articles_of(20, seed=3)
    table = pd.DataFrame({"text": texts})
    assert np.array_equal(classifier.pipeline_.predict_proba(table), classifier.predict_proba(texts))


def test_training_fits_the_extractor_that_was_given():
    extractor = AdaptiveFeatureExtractor(configuration="conservative")
    texts, labels = articles_of(60)
    MLClassifier(feature_extractor=extractor).train(texts, labels)
    assert extractor.feature_config["dataset_size"] == 60
    assert extractor.transform(texts[0]).shape == (extractor.n_features_out_,)


def test_the_same_seed_gives_the_same_classifier():
    texts, labels = articles_of(60)
    one, other = trained(texts, labels), trained(texts, labels)
    assert np.array_equal(one.predict_proba(texts), other.predict_proba(texts))


def test_the_keys_that_articles_have_are_the_tables_columns():
    texts, labels = articles_of(60)
    articles = [{"title": text, "source": "Reuters", "url": "x"} for text in texts]
    assert trained(articles, labels).columns_ == ("title", "source")


def test_a_title_without_a_column_of_its_own_is_read(classifier):
    assert classifier.predict({"title": "goal team match coach"}) == "sport"


def test_labels_may_be_numbers():
    texts, labels = articles_of(60)
    codes = [sorted(WORDS).index(label) for label in labels]
    assert trained(texts, codes).classes_.tolist() == [0, 1, 2]


def test_a_class_with_one_article_is_learned_too():
    texts, labels = articles_of(60)
    made = trained([*texts, "volcano lava"], [*labels, "geology"])
    assert made.classes_.tolist() == ["geology", "money", "sport", "weather"]


def test_two_classes_with_the_same_articles_are_even():
    texts, _ = articles_of(40)
    made = trained([*texts, *texts], ["a"] * 40 + ["b"] * 40)
    assert np.allclose(made.predict_proba(texts), 0.5, atol=0.1)


def test_odd_articles_are_no_error():
    texts, labels = articles_of(60)
    odd = ["", None, 7, "<b>rain</b> &amp; snow", "😀 " * 30, "שלום עולם", "bank " * 5000, b"\xff\xferain"]
    made = trained([*texts, *odd], [*labels, *["money", "sport"] * 4])
    assert np.isfinite(made.predict_proba(odd)).all()


@pytest.mark.parametrize(
    ("articles", "labels", "sentence"),
    [
        (["a", "b"], ["x"], "2 articles came with 1 label; give each article its label"),
        (["a", "b"], ["x", None], "label 1 is missing; leave out articles without a label"),
        (["a", "b"], ["x", "x"], "at least 2 classes are wanted; all 2 articles have one label"),
        (["a", "b"], ["x", 1], "labels must be of one kind, not numbers and texts; write all as texts"),
        (["a", {"body": "b"}], ["x", "y"], "article 1: an article must be a text, or a mapping with"),
        (["a", "b"], [0.5, 1.0], "labels must be classes, and these are numbers with fractions"),
        (["a", "b"], None, "a list of 2 labels is wanted, one for each article, not None"),
        ("one text", ["x"], "a list of articles is wanted, not one str; put it in a list"),
        (pd.DataFrame({"body": ["a"]}), ["x"], "a table of articles needs a column 'title' or 'text'"),
    ],
)
def test_what_cannot_be_learned_is_said(articles, labels, sentence):
    with pytest.raises(BadInput) as caught:
        MLClassifier().train(articles, labels)
    assert sentence in str(caught.value)


def test_one_that_has_learned_nothing_says_so():
    with pytest.raises(BadInput, match="has learned nothing yet; call train"):
        MLClassifier().predict("rain")


def test_a_saved_one_answers_alike(classifier, tmp_path):
    texts, _ = articles_of(20, seed=4)
    classifier.save(tmp_path / "new" / "model.bin")
    loaded = MLClassifier.load(tmp_path / "new" / "model.bin")
    assert np.array_equal(loaded.predict_proba(texts), classifier.predict_proba(texts))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["model.bin"]


def test_its_pickled_pipeline_needs_no_penstock(classifier, tmp_path):
    with own_classes_by_value():
        (tmp_path / "pipeline.pkl").write_bytes(cloudpickle.dumps(classifier.pipeline_))
    code = (
        "import pickle, sys, pandas as pd\n"
        "model = pickle.load(open('pipeline.pkl', 'rb'))\n"
        "print(model.predict(pd.DataFrame({'text': ['rain snow storm']}))[0])\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('projects', 'serving', 'penstock')])\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert said.stdout.split("\n")[:2] == ["weather", "[]"], said.stderr


def test_two_classifiers_may_share_an_extractor():
    articles, labels = articles_of(60)
    first = trained(articles, labels)
    before = first.predict_proba(articles)
    MLClassifier(first.feature_extractor).train(*articles_of(50, seed=1))
    assert np.array_equal(first.predict_proba(articles), before)


def test_labels_of_another_kind_than_the_learned_ones_are_refused():
    articles, labels = articles_of(60)
    with pytest.raises(BadInput, match="this classifier answers texts, and the labels are numbers"):
        trained(articles, labels).evaluate(articles, range(60))


def test_no_articles_are_told_from_one_class():
    with pytest.raises(BadInput, match="labelled articles are wanted; none came"):
        MLClassifier().train([], [])


def test_a_version_without_tags_is_a_classifier_too():
    model = trained(*articles_of(60))
    found = MLClassifier.of_pipeline(model.pipeline_, model.columns_, {"dataset_size": None})
    assert found.dataset_size_ == 0


def test_a_version_that_answers_numbers_is_no_classifier():
    pipeline = make_pipeline(AdaptiveFeatureExtractor(parts=("statistics",)), LinearRegression())
    with pytest.raises(BadInput, match="it answers numbers, not classes"):
        MLClassifier.of_pipeline(pipeline.fit(["a", "b c"], [0.5, 1.5]), ["text"], {})
