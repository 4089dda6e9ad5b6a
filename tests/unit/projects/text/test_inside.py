"""Extractors are found inside of whatever holds them, and what they tell becomes a version's tags."""

import pytest
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from penstock import AdaptiveFeatureExtractor
from projects.text.inside import extractors_in
from projects.text.table import table_of
from projects.text.versions import METADATA, text_tags

TEXTS = table_of([f"{word} {n}" for n in range(20) for word in ("rain", "bank")])
TRUTH = ["wet", "dry"] * 20


@pytest.fixture(scope="module")
def pipeline():
    extractor = AdaptiveFeatureExtractor(parts=("tfidf", "statistics"))
    columns = ColumnTransformer([("text", Pipeline([("read", extractor)]), ["text"])])
    return Pipeline([("columns", columns), ("model", LogisticRegression())]).fit(TEXTS, TRUTH)


def fitted(model):
    return model.named_steps["columns"].named_transformers_["text"].named_steps["read"]


def test_the_fitted_one_is_found_not_the_one_that_was_handed_in(pipeline):
    assert list(extractors_in(pipeline)) == [fitted(pipeline)]


def test_it_is_found_inside_of_votes_and_frozen_models(pipeline):
    vote = VotingClassifier([("one", FrozenEstimator(pipeline)), ("two", DummyClassifier())]).fit(
        TEXTS, TRUTH
    )
    assert list(extractors_in([{"vote": vote}])) == [fitted(pipeline)]


def test_a_model_without_text_has_none_and_no_tags():
    assert list(extractors_in(LogisticRegression())) == []
    assert text_tags(LogisticRegression(), dataset_size=10, f1_score=0.5) == {}


def test_tags_have_the_keys_that_a_versions_metadata_has(pipeline):
    tags = text_tags(pipeline, dataset_size=40, f1_score=0.87654321)
    assert set(tags) == set(METADATA) - {"version", "timestamp"}
    config = fitted(pipeline).feature_config
    assert (tags["dataset_size"], tags["f1_score"]) == ("40", "0.876543")
    assert (tags["configuration"], tags["features_count"]) == (config["name"], str(config["features_count"]))


def test_a_score_that_is_none_is_left_out(pipeline):
    assert "f1_score" not in text_tags(pipeline, dataset_size=40, f1_score=float("nan"))
