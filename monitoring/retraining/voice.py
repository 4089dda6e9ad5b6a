"""Says what the loop decided, in the journal, the log and the metrics alike, when it is news."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from monitoring.metrics import MonitorMetrics
from monitoring.retraining.journal import MEANINGS, Decision, Journal

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Voice:
    """Where decisions are told."""

    journal: Journal
    metrics: MonitorMetrics
    now: Callable[[], float]

    def say(
        self,
        model: str,
        topic: str,
        decision: str,
        reasons: Sequence[str],
        *,
        ticket: str = "",
        version: str = "",
        gist: str = "",
    ) -> None:
        """Tell a decision.

        Args:
            model: Whose.
            topic: One of the journal's.
            decision: One of the journal's.
            reasons: Why, a sentence each.
            ticket: The run that it is about.
            version: The version that it is about.
            gist: What tells it from the topic's last one; empty where it is news in any case.

        Raises:
            LifecycleError: The database refuses.
        """
        said = tuple(reason for reason in reasons if reason)
        entry = Decision(self.now(), model, topic, decision, said, ticket, version, gist)
        if self.journal.add(entry) is None:
            return
        self.metrics.decisions.labels(model, decision).inc()
        log.info("%s: %s: %s", model, MEANINGS[decision], "; ".join(said))
