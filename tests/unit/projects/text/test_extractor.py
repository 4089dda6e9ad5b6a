import subprocess
import sys

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from projects.errors import BadInput
from projects.pickled import own_classes_by_value
from projects.text.configuration import Configuration
from projects.text.extractor import AdaptiveFeatureExtractor
from tests.unit.projects.text.texts import made_texts

TEXTS, LABELS = made_texts(240)
NEW = made_texts(20, seed=1)[0]


@pytest.fixture(scope="module")
def fitted():
    return AdaptiveFeatureExtractor(configuration="conservative").fit(TEXTS, LABELS)


def test_one_article_gives_one_row(fitted):
    row = fitted.transform(NEW[0])
    assert row.shape == (fitted.n_features_out_,)
    assert np.array_equal(row, fitted.transform(NEW)[0])


def test_a_list_gives_a_matrix_of_finite_numbers(fitted):
    numbers = fitted.transform(["", None, 5, float("nan"), b"\xff\xfe", "\U0001f600" * 9, "ab " * 40_000])
    assert numbers.shape == (7, fitted.n_features_out_)
    assert numbers.dtype == np.float64
    assert np.isfinite(numbers).all()


def test_an_article_has_numbers_of_its_own_alone(fitted):
    alone = np.vstack([fitted.transform(text, use_cache=False) for text in NEW])
    assert np.allclose(alone, fitted.transform(NEW, use_cache=False), rtol=0, atol=1e-12)


def test_conservative_is_about_45_numbers(fitted):
    config = fitted.feature_config
    assert config["name"] == "conservative"
    assert config["target_features"] == 45
    assert config["parts"] == ["tfidf", "domain", "keywords", "statistics"]
    assert config["features_count"] == 15 + 9 + 4 + 4 == len(fitted.get_feature_names_out())


def test_names_are_all_different(fitted):
    names = fitted.get_feature_names_out().tolist()
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("size", "name"),
    [(200, "conservative"), (399, "conservative"), (400, "balanced"), (800, "enhanced"), (1500, "maximum")],
)
def test_the_configuration_is_by_the_number_of_articles(size, name):
    if name == "maximum":
        pytest.importorskip("sentence_transformers")
    assert AdaptiveFeatureExtractor(size, extend="never").choose(TEXTS, LABELS).configuration.name == name


def test_without_advanced_parts_the_largest_is_balanced():
    chosen = AdaptiveFeatureExtractor(5_000, enable_advanced=False).choose(TEXTS, LABELS).configuration
    assert chosen.name == "balanced"
    assert not {"word2vec", "sentences"} & set(chosen.parts)


def test_few_articles_are_warned_of():
    with pytest.warns(UserWarning, match="50 labelled articles are few: scores will be rough; label 200"):
        AdaptiveFeatureExtractor(extend="never").fit(TEXTS[:50], LABELS[:50])


def test_an_unknown_configuration_is_refused_with_the_nearest():
    with pytest.raises(BadInput, match=r"no configuration 'balancd'; did you mean 'balanced'\?"):
        AdaptiveFeatureExtractor(configuration="balancd").fit(TEXTS, LABELS)


def test_a_chosen_configuration_is_taken_as_it_is():
    chosen = Configuration("balanced", ("domain", "statistics"), reason="chosen before")
    fitted = AdaptiveFeatureExtractor(configuration=chosen).fit(TEXTS, LABELS)
    assert [name for name, _ in fitted.parts_] == ["domain", "statistics"]
    assert fitted.feature_config["reason"] == "chosen before"


def test_parts_that_were_asked_for_are_made():
    fitted = AdaptiveFeatureExtractor(parts=["statistics"]).fit(TEXTS)
    assert fitted.get_feature_names_out().tolist() == [
        "statistics_log_words", "statistics_word_length", "statistics_capitals", "statistics_marks",
    ]  # fmt: skip


def test_training_numbers_never_saw_their_own_label():
    rng = np.random.default_rng(0)
    texts = [" ".join(f"w{word}" for word in rng.integers(0, 300, 8)) for _ in range(300)]
    labels = rng.integers(0, 2, 300)
    model = make_pipeline(StandardScaler(), LogisticRegression())
    numbers = AdaptiveFeatureExtractor(configuration="conservative").fit_transform(texts, labels)
    assert cross_val_score(model, numbers, labels, cv=5).mean() < 0.6
    leaked = AdaptiveFeatureExtractor(configuration="conservative").fit(texts, labels).transform(texts)
    assert cross_val_score(model, leaked, labels, cv=5).mean() > 0.9


def test_a_pipeline_with_it_tells_new_texts_apart():
    model = make_pipeline(
        AdaptiveFeatureExtractor(configuration="conservative"), StandardScaler(), LogisticRegression()
    )
    new, truth = made_texts(200, seed=2)
    assert model.fit(TEXTS, LABELS).score(new, truth) > 0.95


def test_a_clone_has_the_same_options():
    made = AdaptiveFeatureExtractor(configuration="balanced", keywords={"sport": ["goal"]}, random_state=3)
    assert clone(made).get_params() == made.get_params()


def test_the_same_seed_gives_the_same_numbers(fitted):
    again = AdaptiveFeatureExtractor(configuration="conservative").fit(TEXTS, LABELS)
    assert np.array_equal(again.transform(NEW), fitted.transform(NEW))
    assert again.fingerprint_ == fitted.fingerprint_


def test_other_articles_give_another_fingerprint(fitted):
    other = AdaptiveFeatureExtractor(configuration="conservative").fit(TEXTS[:-1], LABELS[:-1])
    assert other.fingerprint_ != fitted.fingerprint_


def test_the_columns_of_a_table_are_roles():
    table = pd.DataFrame({"a": TEXTS, "b": ["Reuters", "Daily"] * 120})
    fitted = AdaptiveFeatureExtractor(configuration="conservative", roles=("text", "source")).fit(
        table, LABELS
    )
    assert "source_quality" in fitted.get_feature_names_out()
    assert fitted.transform(table[:5]).shape == (5, fitted.n_features_out_)
    assert np.array_equal(fitted.transform(table[:5]), fitted.transform(table.to_numpy()[:5]))


def test_mappings_are_articles():
    articles = [{"title": text, "source": "Daily"} for text in TEXTS]
    fitted = AdaptiveFeatureExtractor(configuration="conservative").fit(articles, LABELS)
    assert fitted.transform({"title": TEXTS[0], "source": "Daily"}).shape == (fitted.n_features_out_,)


def test_without_labels_there_are_no_class_scores():
    fitted = AdaptiveFeatureExtractor(configuration="conservative").fit(TEXTS)
    assert fitted.feature_config["parts"] == ["tfidf", "statistics"]
    assert fitted.classes_ is None


def test_numbers_are_learned_for_too():
    worth = [len(set(text.split()) & {"bank", "profit", "film"}) + 0.5 for text in TEXTS]
    fitted = AdaptiveFeatureExtractor(configuration="conservative")
    numbers = fitted.fit_transform(TEXTS, worth)
    score = numbers[:, fitted.get_feature_names_out().tolist().index("domain_ridge_words_number")]
    assert np.corrcoef(score, worth)[0, 1] > 0.8


def test_two_classes_have_a_score_a_model():
    labels = ["yes" if label == "money" else "no" for label in LABELS]
    fitted = AdaptiveFeatureExtractor(parts=["domain"]).fit(TEXTS, labels)
    assert fitted.get_feature_names_out().tolist() == [
        "domain_bayes_yes", "domain_words_yes", "domain_letters_yes",
    ]  # fmt: skip


def test_a_label_with_one_article_is_learned():
    fitted = AdaptiveFeatureExtractor(configuration="conservative")
    numbers = fitted.fit_transform([*TEXTS, "a lone text about gardening"], [*LABELS, "garden"])
    assert np.isfinite(numbers).all()
    assert fitted.classes_.tolist() == ["garden", "health", "money", "stars"]


def test_labels_with_the_same_articles_tell_nothing():
    texts = [text for text in TEXTS[:100] for _ in range(2)]
    numbers = AdaptiveFeatureExtractor(parts=["domain"]).fit_transform(texts, ["a", "b"] * 100)
    assert np.array_equal(numbers[0::2], numbers[1::2])


def test_texts_without_words_are_learned_from():
    fitted = AdaptiveFeatureExtractor(configuration="conservative").fit(
        ["", "!", "?", ""], ["a", "b", "a", "b"]
    )
    assert fitted.feature_config["parts"] == ["statistics"]


def test_scripts_without_blanks_are_read_by_letters():
    texts = ["今日は天気がいい", "株価が上がった", "映画を見た", "銀行の利益"] * 20
    fitted = AdaptiveFeatureExtractor(configuration="conservative").fit(texts, ["w", "m", "f", "m"] * 20)
    assert fitted.transform("株価と銀行").shape == (fitted.n_features_out_,)
    assert "domain_letters_f" in fitted.get_feature_names_out()


@pytest.mark.parametrize(
    ("articles", "labels", "told"),
    [
        ([], [], "articles to learn from are wanted; none came"),
        (["a", "b"], ["x"], "a label for each article is wanted; 1 labels came for 2 articles"),
        (["a", "b"], ["x", None], "label 1 is missing; leave out articles without a label"),
        (["a", {"body": "x"}], ["x", "y"], "article 1: an article must be a text, or a mapping with 'title'"),
        ("a text", ["x"], "a list of articles is wanted, not one str; put it in a list"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(articles, labels, told):
    with pytest.raises(BadInput) as caught:
        AdaptiveFeatureExtractor(configuration="conservative").fit(articles, labels)
    assert told in str(caught.value)


def test_a_pickle_needs_no_penstock(fitted, tmp_path):
    with own_classes_by_value():
        (tmp_path / "it.pickle").write_bytes(cloudpickle.dumps(fitted))
    np.save(tmp_path / "numbers.npy", fitted.transform(NEW))
    code = (
        "import pickle, sys, numpy as np, json; fitted = pickle.load(open('it.pickle', 'rb'))\n"
        "numbers = fitted.transform(json.load(sys.stdin))\n"
        "assert np.allclose(numbers, np.load('numbers.npy'), rtol=0, atol=1e-12)\n"
        "assert not [name for name in sys.modules if name.split('.')[0] in ('projects', 'serving')]"
    )
    subprocess.run(
        [sys.executable, "-I", "-c", code], input=pd.Series(NEW).to_json(orient="values"), text=True,
        cwd=tmp_path, check=True, timeout=120,
    )  # fmt: skip


def test_a_saved_extractor_is_the_same_when_loaded(fitted, tmp_path):
    fitted.save(tmp_path / "extractor.bin")
    loaded = AdaptiveFeatureExtractor.load(tmp_path / "extractor.bin")
    assert np.array_equal(loaded.transform(NEW), fitted.transform(NEW))
    assert loaded.fingerprint_ == fitted.fingerprint_


def test_a_repeated_article_is_answered_from_the_cache():
    fitted = AdaptiveFeatureExtractor(configuration="conservative").fit(TEXTS, LABELS)
    fitted.transform(NEW[0])
    assert np.array_equal(fitted.transform(NEW[0]), fitted.transform(NEW[0], use_cache=False))
    stats = fitted.get_cache_stats()
    assert (stats["enabled"], stats["size"], stats["hit_rate"]) == (True, 1, 0.5)
    assert stats["memory_mb"] > 0
    fitted.clear_cache()
    assert fitted.get_cache_stats()["size"] == 0


def test_many_articles_go_by_batches(fitted):
    assert np.allclose(fitted.transform_batch(NEW, batch_size=7), fitted.transform(NEW), rtol=0, atol=1e-12)


def test_an_unfitted_one_answers_nothing():
    with pytest.raises(NotFittedError):
        AdaptiveFeatureExtractor().transform("a text")


def test_parts_that_find_nothing_make_rows_without_numbers():
    empty = AdaptiveFeatureExtractor(parts=("source",)).fit(TEXTS, LABELS)
    assert empty.transform(NEW[0]).shape == (0,)
    assert empty.transform(NEW).shape == (20, 0)


def test_a_part_that_is_not_there_is_refused_by_a_sentence():
    with pytest.raises(BadInput, match="there is no part 'sentence'; did you mean 'sentences'"):
        AdaptiveFeatureExtractor(parts=("sentence",)).fit(TEXTS, LABELS)


def test_a_size_below_nothing_is_refused_by_a_sentence():
    with pytest.raises(BadInput, match="a number of labelled articles must be 0 or more, not -1"):
        AdaptiveFeatureExtractor(dataset_size=-1).fit(TEXTS, LABELS)
