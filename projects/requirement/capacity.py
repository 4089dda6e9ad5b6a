"""`deployment: "Production API serving 100k requests/day"` becomes figures: load, latency, batch or not."""

from collections.abc import Sequence
from dataclasses import dataclass

from projects.requirement.quantities import Quantity, quantity_at
from projects.requirement.words import Token, tokens


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SECONDS = {"second": 1, "sec": 1, "s": 1, "minute": 60, "min": 60, "hour": 3600, "hr": 3600, "h": 3600,
           "day": 86_400, "daily": 86_400, "week": 604_800, "weekly": 604_800, "month": 2_592_000,
           "monthly": 2_592_000, "hourly": 3600, "night": 86_400, "nightly": 86_400, "d": 86_400,
           "year": 31_536_000}  # fmt: skip
"""The seconds of a period; a month is 30 days."""
RATES = {"rps": 1, "qps": 1, "tps": 1, "rpm": 60, "qpm": 60}
REQUESTS = _words("""
    request call prediction query hit transaction inference score row event invocation scoring forecast
    record customer user lookup message req querie image document ticket api http rest online
    """)
PER = _words("/ per a an each every in the are made served")
LATENCY = {"ms": 1.0, "millisecond": 1.0, "msec": 1.0, "s": 1000.0, "sec": 1000.0, "second": 1000.0,
           "us": 0.001, "microsecond": 0.001}  # fmt: skip
LIMITS = _words("under below within < <= max maximum most than p99 latency time sub")
BATCH = _words("batch nightly overnight offline batches")
LIVE = _words("api real-time realtime live online endpoint rest service real")
SCHEDULES = {"nightly": "nightly", "night": "nightly", "overnight": "nightly", "daily": "daily",
             "weekly": "weekly", "hourly": "hourly", "monthly": "monthly"}  # fmt: skip


@dataclass(frozen=True)
class Capacity:
    """What a deployment must carry.

    Attributes:
        requests_per_day: On the whole; None where nothing is said.
        p99_ms: The longest time of a request, as the 99th percentile; None where nothing is said.
        is_batch: Whether files are scored rather than requests answered.
        schedule: How often, for batches; empty where nothing is said.
        reasons: What was read as what.
    """

    requests_per_day: float | None = None
    p99_ms: float | None = None
    is_batch: bool = False
    schedule: str = ""
    reasons: tuple[str, ...] = ()

    @property
    def requests_per_second(self) -> float | None:
        """The average rate; peaks are several times higher."""
        return None if self.requests_per_day is None else self.requests_per_day / 86_400

    @property
    def clause(self) -> str:
        """The gate's clause that the latency asks for; empty for none."""
        return "" if self.p99_ms is None else f"p99_ms < {self.p99_ms:.10g}"


def read_deployment(text: str) -> Capacity:
    """Read what a deployment says of its load and latency; what says nothing of both is no error."""
    sentence = tokens(text)
    reasons: list[str] = []
    per_day, latency = _load(sentence, reasons), _latency(sentence, reasons)
    words = {token.lower for token in sentence}
    is_batch = bool(words & BATCH) and not words & LIVE
    schedule = (
        next((SCHEDULES[token.lower] for token in sentence if token.lower in SCHEDULES), "")
        if is_batch
        else ""
    )
    if is_batch:
        reasons.append(
            f"predictions are made in batches{', ' + schedule if schedule else ''}: no endpoint need run"
        )
    return Capacity(per_day, latency, is_batch, schedule, tuple(reasons))


def _load(sentence: Sequence[Token], reasons: list[str]) -> float | None:
    for at in range(len(sentence)):
        number = quantity_at(sentence, at)
        if number is None or (at and quantity_at(sentence, at - 1) is not None):
            continue
        seconds, end = _period(sentence, number)
        if seconds is None:
            continue
        per_day = number.value * 86_400 / seconds
        said = " ".join(token.text for token in sentence[at:end])
        reasons.append(
            f"'{said}' is {per_day:,.0f} requests a day, {per_day / 86_400:.3g} a second on average"
        )
        return per_day
    return None


def _period(sentence: Sequence[Token], number: Quantity) -> tuple[float | None, int]:
    """Read `requests per day`, `calls a day`, `rps`, `/s` behind a number."""
    at, is_of_requests = number.end, False
    behind = [token.lower for token in sentence[at : at + 2]]
    if len(behind) == 2 and behind[0] in SECONDS and _singular(behind[1]) in REQUESTS:
        return SECONDS[behind[0]], at + 2  # `100k daily requests`
    while at < len(sentence) and _singular(sentence[at].lower) in REQUESTS:
        is_of_requests, at = True, at + 1
    if at < len(sentence) and sentence[at].lower in RATES:
        return RATES[sentence[at].lower], at + 1
    is_per = False
    while at < len(sentence) and sentence[at].lower in PER:
        is_per, at = True, at + 1
    unit = _singular(sentence[at].lower) if at < len(sentence) else ""
    if (
        unit in SECONDS
        and (is_of_requests or (is_per and at - number.end <= 1 and unit != "s"))
        and (is_per or unit.endswith("ly"))
    ):
        return SECONDS[unit], at + 1
    return None, at


def _latency(sentence: Sequence[Token], reasons: list[str]) -> float | None:
    for at in range(len(sentence)):
        number = quantity_at(sentence, at)
        unit, end = "", 0
        if number is not None and number.end < len(sentence):
            unit, end = _singular(sentence[number.end].lower), number.end + 1
            if unit == "-" and end < len(sentence):
                unit, end = _singular(sentence[end].lower), end + 1
        value = number.value if number else 0.0
        if glued := _glued(sentence[at]):
            (value, unit), end = glued, at + 1
        if unit not in LATENCY or not value:
            continue
        before = {token.lower for token in sentence[max(0, at - 4) : at]}
        if not (before & LIMITS or unit in {"ms", "millisecond"}) or _is_rate(sentence, end):
            continue
        reasons.append(f"'{' '.join(t.text for t in sentence[at:end])}' is the gate's clause p99_ms < "
                       f"{value * LATENCY[unit]:g}")  # fmt: skip
        return value * LATENCY[unit]
    return None


def _glued(token: Token) -> tuple[float, str] | None:
    """Read `20ms` and `1.5s`."""
    digits = token.lower.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = token.lower[len(digits) :]
    if not digits or unit not in LATENCY:
        return None
    try:
        return float(digits.replace(",", "")), unit
    except ValueError:
        return None


def _is_rate(sentence: Sequence[Token], at: int) -> bool:
    return at < len(sentence) and sentence[at].lower in {"of", "window", "interval"}


def latency_ms(unit: str) -> float | None:
    """Return the milliseconds of a unit of time, or None for another word."""
    return LATENCY.get(_singular(unit))


def _singular(word: str) -> str:
    return word.removesuffix("s") if len(word) > 3 else word
