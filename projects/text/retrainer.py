"""A text classifier that is trained again as labelled articles come, and replaced only by a better one.

All versions are judged on the same articles: which ones are held out is told by an article's own digest, so
that no version has ever learned one of them, however often it is trained.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from projects.counted import counted
from projects.errors import BadInput
from projects.text.classifier import MLClassifier, labels_of
from projects.text.table import table_of, texts_of
from projects.text.verdict import METRIC, held_out, judge
from projects.text.versions import (
    NAME,
    Judged,
    connected,
    load_model_version,
    newest_version,
    register_version,
)
from serving.lifecycle.errors import PeopleNeededError
from serving.lifecycle.stages import PRODUCTION, STAGING
from serving.settings import Settings, load

MINIMUM_F1 = 0.85
TEST_SHARE = 0.2
FEWEST_TESTED = 20
ACTOR = "AutoRetrainer"
SUNDAY, HOUR = 6, 2
Articles = Any
Labels = Any


@dataclass(frozen=True)
class Retrained:
    """What came of a training.

    Attributes:
        version: The new version.
        f1: Its macro F1 on the common test set.
        champion: The version that was in Production before; empty for none.
        champion_f1: Its macro F1 on the same articles; NaN for none.
        is_deployed: Whether the new one is in Production now.
        reason: Why, as a sentence.
        classifier: The new one.
    """

    version: str
    f1: float
    champion: str
    champion_f1: float
    is_deployed: bool
    reason: str
    classifier: MLClassifier


class AutoRetrainer:
    """Trains anew when enough labelled articles have come or a Sunday has passed; deploys what is better.

    Args:
        threshold_articles: How many new labelled articles start a training.
        name: The registered model.
        minimum_f1: Below this macro F1 nothing is deployed.
        feature_extractor: An extractor whose options each training takes; None for the defaults, by which the
            configuration grows with the articles.
        test: Labelled articles (articles, labels) to judge every version on, which none learns though they
            are handed over; None holds out `test_share` of those that are, by their digests.
        test_share: Of the articles.
        weekly: Whether a training is due after Sunday 2:00 (UTC) too, if any new article has come.
        random_state: The same seed gives the same classifier.
        settings: Where MLflow and Penstock's records are; None for what the environment says.
        now: The time, aware.

    Attributes:
        last: What came of the last training; None before it.
    """

    def __init__(
        self,
        threshold_articles: int = 200,
        *,
        name: str = NAME,
        minimum_f1: float = MINIMUM_F1,
        feature_extractor: Any = None,
        test: tuple[Articles, Labels] | None = None,
        test_share: float = TEST_SHARE,
        weekly: bool = True,
        random_state: int = 0,
        settings: Settings | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.threshold_articles = threshold_articles
        self.name = name
        self.minimum_f1 = minimum_f1
        self.feature_extractor = feature_extractor
        self.test = test
        self.test_share = test_share
        self.weekly = weekly
        self.random_state = random_state
        self.settings = settings
        self.now = now
        self.last: Retrained | None = None

    def should_retrain(self, current_size: int) -> bool:
        """Return whether a training is due, by the newest version in the registry.

        Args:
            current_size: How many labelled articles there are.
        """
        newest = newest_version(connected(self.settings), self.name)
        known = int(newest.tags.get("dataset_size", 0)) if newest is not None else 0
        if current_size - known >= self.threshold_articles:
            return True
        if newest is None or not self.weekly or current_size <= known:
            return False
        return bool(newest.creation_timestamp / 1000 < last_sunday(self.now()).timestamp())

    def retrain(self, articles: Articles, labels: Labels) -> float:
        """Train on labelled articles, register the version, and deploy it if it is good enough and better.

        Args:
            articles: All there are, those of earlier trainings too.
            labels: Theirs.

        Returns:
            Macro F1 of the new version on the common test set.

        Raises:
            BadInput: The articles or labels cannot be used, or the test set would be too small.
        """
        table = table_of(articles)
        truth = labels_of(labels, len(table))
        learned, test, tested = self._sides(table, truth)
        classifier = MLClassifier(self._template(), random_state=self.random_state)
        classifier.train(table[learned], truth[learned])
        client = connected(self.settings)
        champion = self._champion(client)
        verdict = judge(
            classifier, champion, test, tested, minimum_f1=self.minimum_f1, seed=self.random_state
        )
        test = table_of(test, classifier.columns_)
        judged = Judged(classifier, test, tested, len(table), verdict.scores, verdict.gate)
        version = register_version(client, judged, self.name, {"penstock.retrain.reason": verdict.reason})
        is_deployed = verdict.is_better and self._deploy(client, version, verdict.reason)
        self.last = Retrained(
            version=version,
            f1=verdict.scores[METRIC],
            champion=str(champion.metadata["version"]) if champion else "",
            champion_f1=verdict.champion_f1,
            is_deployed=is_deployed,
            reason=verdict.reason,
            classifier=classifier,
        )
        return self.last.f1

    def _sides(self, table: pd.DataFrame, truth: Any) -> tuple[Any, pd.DataFrame, Any]:
        """Return a mask of the articles to learn from, and the articles to be judged on with their labels."""
        if self.test is not None:
            test = table_of(self.test[0])
            tested = set(texts_of(test))
            learned = np.array([text not in tested for text in texts_of(table)], dtype=bool)
            return learned, test, labels_of(self.test[1], len(test), least_classes=1)
        held = held_out(table, self.test_share)
        if held.sum() < FEWEST_TESTED or len(np.unique(truth[held])) < 2:
            raise BadInput(
                f"of {counted(len(table), 'article')} {held.sum()} would be held out to judge versions on,"
                f" and {FEWEST_TESTED} of two classes are needed; label more, or give test=(articles, labels)"
            )
        return ~held, table[held].reset_index(drop=True), truth[held]

    def _template(self) -> Any:
        if self.feature_extractor is None:
            return None
        from sklearn.base import clone

        return clone(self.feature_extractor)

    def _champion(self, client: Any) -> MLClassifier | None:
        newest = newest_version(client, self.name)
        if newest is None:
            return None
        stages = {each.current_stage for each in client.get_registered_model(self.name).latest_versions}
        return (
            load_model_version(PRODUCTION, self.name, settings=self.settings)
            if PRODUCTION in stages
            else None
        )

    def _deploy(self, client: Any, version: str, reason: str) -> bool:
        """Move a version to Production; to Staging, where the policy asks for several people's agreement."""
        from serving.lifecycle.moves import Lifecycle

        database_url = (self.settings or load(os.environ)).database_url
        lifecycle = Lifecycle(client, database_url, actor=ACTOR)
        try:
            lifecycle.promote(self.name, version, to=PRODUCTION, reason=reason)
        except PeopleNeededError:
            lifecycle.promote(self.name, version, to=STAGING, reason=reason)
            return False
        return True


def last_sunday(now: datetime) -> datetime:
    """Return the last Sunday 2:00 UTC that has passed.

    >>> last_sunday(datetime(2026, 3, 1, 1, 59, tzinfo=UTC)).isoformat()
    '2026-02-22T02:00:00+00:00'
    """
    moment = now.astimezone(UTC)
    days = (moment.weekday() - SUNDAY) % 7
    sunday = (moment - timedelta(days=days)).replace(hour=HOUR, minute=0, second=0, microsecond=0)
    return sunday if sunday <= moment else sunday - timedelta(days=7)
