"""Runs found fast among very many.

MLflow finds the newest runs by sorting all of an experiment's. So a page asks for a span of time, wider and
wider until it is full, which costs as much as the span holds. Sorting by a metric is worse: SQLite joins all
runs with all values one by one, for minutes at 30,000 runs. The best runs are found by thresholds instead.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from penstock.problems import BadRequest

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.store.entities import PagedList

FIRST_SPAN_MS, WIDER = 3_600_000, 16
SPARE = 20
"""Runs of one millisecond that may stand on both sides of a page's end."""
PROBED, PROBES, GUESSES = 200, 24, 8
MOST_BEST = 100
TOP = "tags.`mlflow.parentRunId` IS NULL"
_METRIC = re.compile(r"metrics\.(?P<name>[\w ./:-]{1,250}?)(?: (?P<way>ASC|DESC))?", re.IGNORECASE)
_HUGE = 1.7e308


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which runs.

    Attributes:
        order_by: Empty for the newest first, or `metrics.NAME DESC` or `ASC` for the best.
        before: Only those behind this place of an earlier page.
        most: At most so many.
        is_nested: With those that are parts of other runs.
    """

    order_by: str = ""
    before: tuple[int, str] | None = None
    most: int = 50
    is_nested: bool = True


@dataclass(frozen=True, slots=True)
class Runs:
    """An experiment's runs.

    Args:
        client: MLflow.
        experiment_id: Which experiment.
        wanted: Which runs.
    """

    client: "MlflowClient"
    experiment_id: str
    wanted: Wanted

    def found(self, now_ms: float) -> list["Run"]:
        """The runs of a page.

        Raises:
            BadRequest: There is no such order.
        """
        return self._best() if self.wanted.order_by else self._newest(now_ms)

    def _newest(self, now_ms: float) -> list["Run"]:
        """The newest behind a place: of the last hour before it, of the last sixteen, and so on."""
        place = self.wanted.before
        span_ms, most = FIRST_SPAN_MS, self.wanted.most + SPARE
        while True:
            since = (place[0] if place else now_ms) - span_ms
            found = self._search(self._between(since, place[0] if place else None), most)
            behind = [run for run in found if _is_behind(run, place)]
            if len(behind) >= self.wanted.most or (since <= 0 and len(found) < most):
                return behind[: self.wanted.most]
            if len(found) >= most:
                most *= 4
            else:
                span_ms *= WIDER

    def _between(self, since_ms: float, upto_ms: int | None) -> list[str]:
        conditions = [f"attributes.start_time >= {int(since_ms)}"] if since_ms > 0 else []
        return conditions + ([f"attributes.start_time <= {upto_ms}"] if upto_ms is not None else [])

    def _best(self) -> list["Run"]:
        """The best by a metric: a threshold is raised until few enough runs pass it.

        At least as many as are wanted pass `low`; above it, `high` is where fewer did. Between both the
        threshold is halved, before there is a `high` its steps grow.
        """
        name, is_down = _order(self.wanted.order_by)
        most = min(self.wanted.most, MOST_BEST)
        page = self._passing(name, -_HUGE, is_down=is_down)
        guessed = self._guessed(name, page, most, is_down=is_down)
        if guessed is not None:
            return _ranked(guessed, name, is_down=is_down)[:most]
        for _ in range(PROBES):
            if not page.token:
                break
            low = _scores(page, name, is_down=is_down)[most - 1]
            above = self._passing(name, low, is_down=is_down, is_strict=True)
            if not above.token:
                return _ranked([*above, *page], name, is_down=is_down)[:most]
            page = self._raised(name, low, above, most, is_down=is_down)
        return _ranked(page, name, is_down=is_down)[:most]

    def _guessed(
        self, name: str, page: "PagedList[Run]", most: int, *, is_down: bool
    ) -> "PagedList[Run] | None":
        """All above a threshold that a sample tells: each of the newest runs stands for so many of all.

        So the sample's best is about where a two-hundredth of all begins; how many those are says which of
        the sample to try next. None where the sample tells nothing, as where many runs are equal.
        """
        sample, few, count = _scores(page, name, is_down=is_down), math.inf, 0
        for _ in range(GUESSES if page.token else 0):
            above = sum(score >= few for score in sample)
            rank = max(above + 1, math.ceil(2 * most * above / max(count, 1)))
            threshold = sample[min(rank, len(sample)) - 1]
            found = self._passing(name, threshold, is_down=is_down)
            if len(found) >= most and not found.token:
                return found
            if not found.token:
                few, count = threshold, len(found)
                continue
            sample = _scores(found, name, is_down=is_down)
            if sample[0] <= threshold:
                break
        return None

    def _raised(
        self, name: str, low: float, page: "PagedList[Run]", most: int, *, is_down: bool
    ) -> "PagedList[Run]":
        """Runs of a higher threshold that as many as are wanted still pass."""
        scores = _scores(page, name, is_down=is_down)
        high, step = math.inf, max(scores[0] - low, abs(low) * 1e-9, 1e-300)
        for _ in range(PROBES):
            middle = low + step if math.isinf(high) else low + (high - low) / 2
            if middle in (low, high) or math.isinf(middle):
                break
            found = self._passing(name, middle, is_down=is_down)
            if len(found) < most:
                high = middle
            elif found.token:
                low, page, step = middle, found, 4 * step
            else:
                return found
        return page

    def _passing(
        self, name: str, score: float, *, is_down: bool, is_strict: bool = False
    ) -> "PagedList[Run]":
        """Some of the runs whose metric is at least as good, or better."""
        sign = f"{'>' if is_down else '<'}{'' if is_strict else '='}"
        return self._search([f"metrics.`{name}` {sign} {_plain(score if is_down else -score)}"], PROBED)

    def _search(self, conditions: Sequence[str], most: int) -> "PagedList[Run]":
        every = [*conditions, *([] if self.wanted.is_nested else [TOP])]
        return self.client.search_runs([self.experiment_id], " AND ".join(every), max_results=most)


def _ranked(runs: Iterable["Run"], name: str, *, is_down: bool) -> list["Run"]:
    """Each run once, the best first, of equals the newest."""
    each = {run.info.run_id: run for run in runs}.values()
    sign = -1 if is_down else 1
    return sorted(
        each, key=lambda run: (sign * run.data.metrics[name], -run.info.start_time, run.info.run_id)
    )


def _scores(runs: Iterable["Run"], name: str, *, is_down: bool) -> list[float]:
    """What is the higher the better, in falling order."""
    return sorted((run.data.metrics[name] * (1 if is_down else -1) for run in runs), reverse=True)


def _plain(value: float) -> str:
    """A number in the digits that MLflow's filters read: without an exponent."""
    return format(Decimal(repr(value)), "f")


def _order(text: str) -> tuple[str, bool]:
    """The metric, and whether its largest values are the best."""
    read = _METRIC.fullmatch(text)
    if read is None:
        raise BadRequest(
            "order_by must be 'metrics.NAME DESC' or 'metrics.NAME ASC', such as 'metrics.accuracy DESC', "
            f"or be left out for the newest runs, not '{text:.80}'"
        )
    return read["name"], (read["way"] or "DESC").upper() == "DESC"


def _is_behind(run: "Run", place: tuple[int, str] | None) -> bool:
    return place is None or (-run.info.start_time, run.info.run_id) > (-place[0], place[1])
