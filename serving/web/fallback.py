"""The champion answers where a challenger does not: when it fails, is late, or cannot take the request on.

A request that the challenger refuses (4xx) is the caller's fault, and is refused; unless its own code raised
on an input in which nothing is wrong. The failure counts in the challenger's own requests, as 5xx; the answer
is counted and logged as the champion's. When the champion fails too, its error stands.
"""

import time

from serving.protocol.dialect import Asked, Dialect
from serving.protocol.errors import RequestError
from serving.registry.table import ActiveRoute, Lane
from serving.scorers.pyfunc_scorer import RAISED
from serving.scorers.scorer import Scored
from serving.web.admission import Busy
from serving.web.scoring import Scoring
from serving.web.tally import Tally

HEADER = b"x-penstock-fallback"
"""Names the variant that did not answer."""

LATE_SHARE = 0.5
"""The challenger's share of the time limit, where the policy names no time: the rest is the champion's."""

MOST_SHARE = 0.9
"""The most of the time limit that a policy's time may take."""

REASONS = {429: "busy", 500: "failed", 504: "late"}
OTHER_REASON = "unavailable"


class Fallback:
    """Gives challengers the first try. For one event loop.

    Args:
        scoring: Has requests scored.
        tally: Counts what a challenger did not answer.
        time_s: How long a request may take from its arrival.
    """

    def __init__(self, scoring: Scoring, tally: Tally, time_s: float) -> None:
        self._scoring, self._tally, self._time_s = scoring, tally, time_s

    async def tried(
        self, route: ActiveRoute, lane: Lane, dialect: Dialect, asked: Asked, started: float
    ) -> Scored | None:
        """A challenger's answer; None where the champion must answer.

        Args:
            route: Whose policy says when the challenger is late.
            lane: The challenger.
            dialect: Who reads the request.
            asked: The request.
            started: When it arrived, by `time.perf_counter`.

        Raises:
            RequestError: 4xx; the request is wrong.
        """
        # Dated back by the time that is kept for the champion, so that the challenger's is over earlier.
        since = started - (self._time_s - self._limit_s(route))
        try:
            return await self._scoring.scored(lane, dialect, asked, since)
        except RequestError as error:
            status = 500 if error.reason == RAISED else error.status
            if status < 500 and not isinstance(error, Busy):
                raise
            if status >= 500:
                self._tally.meter(lane).answered(status, 0, time.perf_counter() - started)
            self._tally.fell_back(lane, REASONS.get(status, OTHER_REASON))
            return None

    def _limit_s(self, route: ActiveRoute) -> float:
        wanted_ms = route.policy.challenger_ms
        if wanted_ms is None:
            return self._time_s * LATE_SHARE
        return min(wanted_ms / 1000, self._time_s * MOST_SHARE)
