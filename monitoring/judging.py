"""What some rows of a lane say: drift, quality, its estimate and business value, and a verdict on each."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import pyarrow as pa

from monitoring.drift.judge import judge
from monitoring.drift.profile import Profile, Profiler
from monitoring.drift.verdict import Drift
from monitoring.policy import Policy
from monitoring.quality.business import business
from monitoring.quality.estimate import estimate
from monitoring.quality.figures import Business, Estimate, Quality
from monitoring.quality.measure import measure
from monitoring.quality.standard import Standard
from monitoring.quality.verdict import is_bad, is_estimate_bad
from monitoring.versions import Version

SEED = 0


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in some rows.

    Attributes:
        drift: Against the version's reference; None where nothing was compared.
        is_drifted: Whether the share of drifted columns alarms.
        quality: The task's metrics on labelled rows; None without any.
        is_bad: Whether they are below what was asked or promised.
        estimate: What they are without outcomes; None where nothing can be estimated.
        is_estimate_bad: Whether that is below what was asked or promised.
        business: The policy's business metrics; None without any.
        notes: What is bad or missing, as sentences.
    """

    drift: Drift | None = None
    is_drifted: bool = False
    quality: Quality | None = None
    is_bad: bool = False
    estimate: Estimate | None = None
    is_estimate_bad: bool = False
    business: Business | None = None
    notes: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """The notes in one text."""
        return "; ".join(self.notes)


NOTHING = Found()


def profile_of(version: Version, tables: Iterable[pa.Table], *, sample_rows: int) -> Profile:
    """The profile of rows against a version's reference."""
    profiler = Profiler(version.reference, sample_rows=sample_rows, seed=SEED)
    for table in tables:
        profiler.add(table)
    return profiler.profile()


def drift_of(version: Version, profile: Profile, policy: Policy, *, drift_share: float) -> Found:
    """Judge a profile by the policy's share of drifted columns, else by the setting's."""
    share = drift_share if policy.drift_share is None else policy.drift_share
    drift = judge(version.reference, profile, drift_share=share, hidden=policy.hidden, seed=SEED)
    return Found(drift=drift, is_drifted=drift.is_drifted)


def quality_of(standard: Standard, rows: pa.Table, policy: Policy, *, known: pa.Table | None = None) -> Found:
    """Measure, estimate and judge rows that are joined with their outcomes.

    Args:
        standard: The version's.
        rows: Logged predictions with label and value, null where no outcome has come.
        policy: The model's.
        known: Other rows with outcomes, the newest there are; the estimate's error is told by those, where
            they are more than have come of `rows`.
    """
    come = rows.num_rows - rows["label"].null_count
    evidence = known if known is not None and known.num_rows > come else rows
    measured = measure(rows, task=standard.task, classes=standard.classes, seed=SEED)
    estimated = estimate(rows, standard.calibrator, known=evidence, seed=SEED)
    clauses, promise, held_out = policy.min_quality, standard.promised, standard.held_out
    is_low, why = is_bad(measured, clauses=clauses, promised=promise, held_out=held_out)
    is_estimated_low, why_estimated = is_estimate_bad(
        estimated, clauses=clauses, promised=promise, held_out=held_out
    )
    worth = business(rows, policy.business, classes=standard.classes)
    notes = (*(measured.notes if measured else ()), why, why_estimated, *(worth.problems if worth else ()))
    return Found(
        quality=measured,
        is_bad=is_low,
        estimate=estimated,
        is_estimate_bad=is_estimated_low,
        business=worth,
        notes=tuple(note for note in notes if note),
    )


def both(drift: Found, quality: Found) -> Found:
    """What was found of drift and of quality, together."""
    return replace(
        quality,
        drift=drift.drift,
        is_drifted=drift.is_drifted,
        notes=tuple(dict.fromkeys((*drift.notes, *quality.notes))),
    )
