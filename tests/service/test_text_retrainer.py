"""A text classifier's versions in a real registry: judged on common articles, deployed, loaded."""

import warnings
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mlflow import MlflowClient

from penstock import AdaptiveFeatureExtractor, AutoRetrainer, MLClassifier, load_model_version
from projects.errors import BadInput
from projects.text.versions import METADATA
from serving.lifecycle.moves import Lifecycle
from serving.settings import Settings, load

WORDS = {"weather": ("rain", "snow", "storm"), "money": ("bank", "rates", "stocks")}
FILLERS = tuple(f"word{n}" for n in range(30))


def articles_of(rows: int, *, clear: float, seed: int = 0) -> tuple[list[dict[str, str]], list[str]]:
    """Articles of which a share says what it is about, the others nothing."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(list(WORDS), rows).tolist()
    told = [rng.choice(WORDS[label] if rng.random() < clear else FILLERS) for label in labels]
    return [
        {"title": f"{word} {n}", "text": " ".join(rng.choice(FILLERS, 6))} for n, word in enumerate(told)
    ], labels


@pytest.fixture
def settings(mlflow_server: Any, tmp_path: Path) -> Iterator[Settings]:
    made = load({"PENSTOCK_VAR_DIR": str(tmp_path), "PENSTOCK_TRACKING_URI": mlflow_server.uri})
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*labelled articles are few")
        yield replace(made, tracking_uri=mlflow_server.uri)


def retrainer(name: str, settings: Settings, **options: Any) -> AutoRetrainer:
    extractor = AdaptiveFeatureExtractor(configuration="conservative")
    return AutoRetrainer(name=name, feature_extractor=extractor, settings=settings, **options)


def test_the_first_good_version_goes_to_production_with_what_is_told_of_it(settings: Settings) -> None:
    made = retrainer("first", settings)
    f1 = made.retrain(*articles_of(300, clear=1.0))
    found = load_model_version("Production", "first", settings=settings)
    assert tuple(found.metadata) == METADATA
    counted = made.last.classifier.feature_extractor.n_features_out_
    told = {"version": "1", "dataset_size": 300, "configuration": "conservative", "features_count": counted}
    assert {key: found.metadata[key] for key in told} == told
    tags = MlflowClient(settings.tracking_uri).get_model_version("first", "1").tags
    assert (tags["penstock.gate"], tags["penstock.plan"]) == ("pass", "yes")
    assert found.metadata["f1_score"] == pytest.approx(f1, abs=1e-5)
    assert abs(datetime.fromisoformat(found.metadata["timestamp"]) - datetime.now(UTC)) < timedelta(minutes=5)


def test_a_loaded_version_answers_as_the_one_that_was_trained(settings: Settings) -> None:
    made = retrainer("loaded", settings)
    made.retrain(*articles_of(200, clear=1.0))
    articles, _ = articles_of(30, clear=1.0, seed=1)
    found = load_model_version(1, "loaded", settings=settings)
    assert isinstance(found, MLClassifier)
    assert np.array_equal(found.predict_proba(articles), made.last.classifier.predict_proba(articles))
    assert found.feature_extractor.get_cache_stats()["enabled"] is True


def test_a_version_below_the_minimum_stays_out_of_production(settings: Settings) -> None:
    made = retrainer("poor", settings)
    assert made.retrain(*articles_of(200, clear=0.2)) < 0.85
    assert not made.last.is_deployed
    assert "f1_macro >= 0.85 is wanted" in made.last.reason
    version = MlflowClient(settings.tracking_uri).get_model_version("poor", "1")
    assert version.current_stage == "None"
    assert version.tags["penstock.gate"].startswith("fail: f1_macro >= 0.85 (is 0.")
    with pytest.raises(BadInput, match="model 'poor' has no version in Production"):
        load_model_version("Production", "poor", settings=settings)


def test_only_a_better_version_takes_the_place_of_the_one_before(settings: Settings) -> None:
    made = retrainer("grown", settings, minimum_f1=0.4)
    articles, labels = articles_of(120, clear=0.3)
    made.retrain(articles, labels)
    more, known = articles_of(400, clear=1.0, seed=1)
    made.retrain(articles + more, labels + known)
    assert (made.last.champion, made.last.version, made.last.is_deployed) == ("1", "2", True)
    assert made.last.reason.startswith("better beyond chance than version 1: f1_macro is ")
    made.retrain(articles + more, labels + known)
    assert (made.last.champion, made.last.version, made.last.is_deployed) == ("2", "3", False)
    assert "not better beyond chance than version 2" in made.last.reason
    history = Lifecycle(MlflowClient(settings.tracking_uri), settings.database_url, actor="a test").history(
        "grown"
    )
    assert [move.version for move in history if move.to_stage == "Production"] == ["1", "2"]


def test_no_version_learns_an_article_that_versions_are_judged_on(settings: Settings) -> None:
    made = retrainer("held", settings)
    articles, labels = articles_of(200, clear=1.0)
    made.retrain(articles, labels)
    first = made.last.classifier.dataset_size_
    more, known = articles_of(100, clear=1.0, seed=5)
    made.retrain(articles + more, labels + known)
    assert 150 < first < 200 < made.last.classifier.dataset_size_ < 300


def test_a_test_set_of_ones_own_judges_all_versions(settings: Settings) -> None:
    made = retrainer("own test", settings, test=articles_of(60, clear=1.0, seed=9))
    made.retrain(*articles_of(100, clear=1.0))
    assert made.last.classifier.dataset_size_ == 100
    assert "on 60 common test articles" in made.last.reason


def test_it_is_due_by_200_more_articles_or_after_a_sunday(settings: Settings) -> None:
    now = datetime.now(UTC)
    made = retrainer("due", settings, now=lambda: now)
    assert [made.should_retrain(size) for size in (199, 200)] == [False, True]
    made.retrain(*articles_of(210, clear=1.0))
    assert [made.should_retrain(size) for size in (210, 211, 409, 410)] == [False, False, False, True]
    now += timedelta(days=8)
    assert [made.should_retrain(size) for size in (210, 211)] == [False, True]
    made.weekly = False
    assert not made.should_retrain(211)


def test_too_few_articles_to_judge_on_are_refused(settings: Settings) -> None:
    with pytest.raises(
        BadInput, match=r"of 30 articles \d+ would be held out .* or give test=\(articles, labels\)"
    ):
        retrainer("few", settings).retrain(*articles_of(30, clear=1.0))


@pytest.mark.parametrize(
    ("version", "sentence"),
    [
        ("newest", "a version is a number, a stage or 'latest', not 'newest'"),
        ("latest", "there is no version of 'nobody' yet; train one first"),
        (3, "there is no registered model 'nobody'"),
    ],
)
def test_a_version_that_is_not_there_is_told(settings: Settings, version: Any, sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        load_model_version(version, "nobody", settings=settings)
    assert sentence in str(caught.value)
