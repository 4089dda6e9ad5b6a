"""What a column of dates holds: from when to when, at what step, and where days are missing."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from statistics import median

from projects.ingest.engine import name_of
from projects.quality.distinct import Presence
from projects.quality.model import Dates, Gap
from projects.quality.number_columns import histogram, quantiles_of
from projects.quality.table import Table

USUAL_STEPS = 3
"""A step of more than so many usual ones is a gap."""
MOST_GAPS = 5
"""So many are listed."""
FEWEST_DAYS = 10
REGULAR = 0.5
"""Days are regular if so large a share of the usual steps from the first to the last is there."""


def date_profiles(table: Table, presence: Mapping[str, Presence]) -> dict[str, Dates]:
    """Profile the columns of dates; one with no value is left out."""
    names = [name for name in table.named("date") if presence[name].held]
    ends = table.aggregate(names, _ends)
    quantiles = quantiles_of(table, names)
    found = {}
    for name in names:
        first, last, start, end = ends[name]
        if start is None:
            continue
        days = _days(table, name)
        steps = [(later - earlier).days for earlier, later in pairwise(days)]
        found[name] = Dates(
            first=str(first).replace(" ", "T"),
            last=str(last).replace(" ", "T"),
            days=len(days),
            usual_step_days=float(median(steps)) if steps else 0.0,
            gaps=_gaps(days, steps),
            histogram=histogram(table, name, (start, end), quantiles[name], is_whole=False),
        )
    return found


def _ends(name: str) -> Sequence[str]:
    cell = name_of(name)
    finite = f"CASE WHEN isfinite({cell}) THEN {cell} END"
    return (
        f"CAST(min({finite}) AS VARCHAR)",
        f"CAST(max({finite}) AS VARCHAR)",
        f"epoch(min({finite}))",
        f"epoch(max({finite}))",
    )


def _days(table: Table, name: str) -> list[date]:
    cell = name_of(name)
    listed = table.fetch(
        f"SELECT DISTINCT CAST({cell} AS DATE) AS day FROM {table.source} WHERE {cell} IS NOT NULL"
        f" AND isfinite({cell}) AND year({cell}) BETWEEN 1 AND 9999 ORDER BY day"
    )
    return [day for (day,) in listed]


def _gaps(days: Sequence[date], steps: Sequence[int]) -> tuple[Gap, ...]:
    if len(days) < FEWEST_DAYS:
        return ()
    usual = median(steps)
    if len(days) < REGULAR * ((days[-1] - days[0]).days / usual + 1):
        return ()
    wide = [at for at, step in enumerate(steps) if step > USUAL_STEPS * usual]
    widest = sorted(wide, key=lambda at: -steps[at])[:MOST_GAPS]
    return tuple(Gap(days[at].isoformat(), days[at + 1].isoformat(), steps[at] - 1) for at in widest)
