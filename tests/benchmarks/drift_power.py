"""False alarms and power of drift, beside Evidently's default tests on the same windows.

Synthetic windows of known shifts, and the streams of the shared data: shuffled, so that nothing drifts, and
in true order. `any` is the share of windows that name a column, `alarm` of those where half of the columns
are named (the default of `drift_share`), `found` of those that name the shifted column, `wrong` the share of
columns that are named without a shift. Then: what other ways of judging many columns at once would have
named, and how soon the detector on the stream tells of a shift.
"""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from monitoring.drift.base import Reference
from monitoring.drift.judge import judge, level
from monitoring.drift.profile import Profiler
from monitoring.drift.stream import ROWS_PER_FALSE_ALARM, Stream
from monitoring.drift.verdict import SHIFT

SHARED = Path(__file__).parents[3] / "shared" / "data" / "drift"
ROUNDS, FULL_ROUNDS = 40, 100
REFERENCE_ROWS = 5_000
DRIFT_SHARE = 0.5
Frame = pd.DataFrame
Shift = Callable[[Frame, np.random.Generator], None]


@dataclass(frozen=True)
class Case:
    title: str
    rows: int
    columns: int = 20
    shift: Shift | None = None
    shifted: str = "n0"
    reference_rows: int = REFERENCE_ROWS
    shape: str = "mixed"


def of_mean(by: float) -> Shift:
    def shift(frame: Frame, _rng: np.random.Generator) -> None:
        frame["n0"] += by

    return shift


def of_spread(times: float) -> Shift:
    def shift(frame: Frame, _rng: np.random.Generator) -> None:
        frame["n0"] *= times

    return shift


def of_category(points: float) -> Shift:
    def shift(frame: Frame, rng: np.random.Generator) -> None:
        frame.loc[rng.random(len(frame)) < points, "c0"] = "f"

    return shift


CASES = [
    Case("no drift, 200 rows", 200),
    Case("no drift, 500 rows", 500),
    Case("no drift, 2,000 rows", 2_000),
    Case("no drift, 20,000 rows", 20_000),
    Case("no drift, 100 columns, 1,000 rows", 1_000, columns=100),
    Case("no drift, heavy tails, 500 rows", 500, shape="heavy"),
    Case("no drift, heavy tails, 5,000 rows", 5_000, shape="heavy"),
    Case("no drift, reference of 300 rows, 2,000", 2_000, reference_rows=300),
    Case("0.05 sd in 1 of 20, 2,000 rows", 2_000, shift=of_mean(0.05)),
    Case("0.05 sd in 1 of 20, 100,000 rows", 100_000, shift=of_mean(0.05)),
    Case("0.25 sd in 1 of 20, 500 rows", 500, shift=of_mean(0.25)),
    Case("0.25 sd in 1 of 20, 2,000 rows", 2_000, shift=of_mean(0.25)),
    Case("0.25 sd in 1 of 100, 2,000 rows", 2_000, columns=100, shift=of_mean(0.25)),
    Case("spread x 1.5 in 1 of 20, 2,000 rows", 2_000, shift=of_spread(1.5)),
    Case("15 % to a rare category, 1 of 20, 2,000", 2_000, shift=of_category(0.15), shifted="c0"),
]


def main(*, full: bool = False) -> str:
    """Return the table.

    Args:
        full: Five times the windows.
    """
    rounds = FULL_ROUNDS if full else ROUNDS
    lines = [f"{rounds} windows each, references of {REFERENCE_ROWS:,} rows", "", _head()]
    for number, case in enumerate(CASES):
        few = max(10, rounds // 10) if case.rows > 20_000 else rounds
        shifted = case.shifted if case.shift else None
        lines.append(_line(case.title, list(_synthetic(case, few, number)), shifted))
    lines += ["", _head("streams")]
    lines += [_line(title, pairs, None) for title, pairs in _streams(rounds)]
    return "\n".join([*lines, "", *_procedures(rounds), "", *_stream(rounds)])


def _head(first: str = "") -> str:
    named = "".join(f"{name:>8}" for name in ("any", "alarm", "found", "wrong"))
    return f"{first:<42}{named} |{named}\n" + f"{'':<42}{'Penstock':>32} |{'Evidently':>32}"


def _line(title: str, pairs: list[tuple[Frame, Frame]], shifted: str | None) -> str:
    references: dict[int, Reference] = {}
    ours, theirs = [], []
    for reference, window in pairs:
        known = references.setdefault(id(reference), Reference.of(table(reference)))
        ours.append(penstock(known, window))
        theirs.append(evidently(reference, window))
    shown = " |".join("".join(_figures(named, pairs, shifted)) for named in (ours, theirs))
    return f"{title:<42}{shown}"


def _figures(named: list[set[str]], pairs: list[tuple[Frame, Frame]], shifted: str | None) -> Iterator[str]:
    columns = pairs[0][0].shape[1]
    yield f"{np.mean([bool(each) for each in named]):>8.1%}"
    yield f"{np.mean([len(each) / columns >= DRIFT_SHARE for each in named]):>8.1%}"
    yield f"{np.mean([shifted in each for each in named]):>8.1%}" if shifted else f"{'':>8}"
    yield f"{np.mean([len(each - {shifted}) / columns for each in named]):>8.2%}"


def table(frame: Frame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False)


def as_logged(frame: Frame) -> pa.Table:
    return pa.table({"features": table(frame).to_struct_array()})


def penstock(reference: Reference, window: Frame) -> set[str]:
    profiler = Profiler(reference, sample_rows=10_000)
    profiler.add(as_logged(window))
    drift = judge(reference, profiler.profile(), drift_share=DRIFT_SHARE)
    return {column.name for column in drift.drifted}


def evidently(reference: Frame, window: Frame) -> set[str]:
    """The columns that Evidently's default tests name, called as its preset calls them."""
    from evidently.legacy.calculations.stattests import get_stattest
    from evidently.legacy.core import ColumnType

    found = set()
    for name in reference:
        kind = ColumnType.Numerical if reference[name].dtype.kind in "fi" else ColumnType.Categorical
        test = get_stattest(reference[name], window[name], kind, None)
        with warnings.catch_warnings():  # its chi-square divides by a category that one side lacks
            warnings.simplefilter("ignore", RuntimeWarning)
            if test(reference[name], window[name], kind, None).drifted:
                found.add(str(name))
    return found


def _procedures(rounds: int) -> Iterator[str]:
    """20 columns that go together, windows of 150 rows, where chance is larger than what matters."""
    yield f"{'20 columns, correlation 0.7, 150 rows':<55}" + "".join(
        f"{name:>13}" for name in ("each at 5 %", "Bonferroni", "Yekutieli", "Hochberg")
    )
    for shifted in (0, 5):
        rng = np.random.default_rng(shifted)
        found: list[list[tuple[float, float, float]]] = []
        reference = Reference.of(table(_together(2_000, 0, rng)))
        for _ in range(rounds * 5):
            named = _named(reference, _together(150, shifted, rng))
            found.append([_outcome(each, shifted) for each in named])
        any_wrong, false_share, power = np.mean(found, axis=0).T
        title = f"{shifted} columns shifted by 0.4 sd"
        yield f"{title + ': windows with a wrong one':<55}" + "".join(f"{each:>13.1%}" for each in any_wrong)
        yield f"{title + ': wrong of the named':<55}" + "".join(f"{each:>13.1%}" for each in false_share)
        if shifted:
            yield f"{title + ': found':<55}" + "".join(f"{each:>13.1%}" for each in power)


def _together(rows: int, shifted: int, rng: np.random.Generator) -> Frame:
    cells = rng.normal(size=(rows, 20)) * 0.3**0.5 + rng.normal(size=(rows, 1)) * 0.7**0.5
    cells[:, :shifted] += 0.4
    return pd.DataFrame(cells).rename(columns=str)


def _named(reference: Reference, window: Frame) -> list[set[int]]:
    profiler = Profiler(reference, sample_rows=10_000)
    profiler.add(as_logged(window))
    drift = judge(reference, profiler.profile(), drift_share=DRIFT_SHARE)
    p_values = np.array([each.p_value if each.distance >= SHIFT else 1.0 for each in drift.columns])
    harmonic = (1 / np.arange(1, len(p_values) + 1)).sum()
    names = np.array([int(each.name) for each in drift.columns])
    bounds = 0.05, 0.05 / len(p_values), level(list(p_values * harmonic)) / harmonic, level(list(p_values))
    return [set(names[p_values <= bound].tolist()) for bound in bounds]


def _outcome(named: set[int], shifted: int) -> tuple[float, float, float]:
    wrong = sum(each >= shifted for each in named)
    return float(wrong > 0), wrong / max(1, len(named)), (len(named) - wrong) / max(1, shifted)


def _stream(rounds: int) -> Iterator[str]:
    """Batches of 100 rows of 20 columns until the alarm."""
    yield f"{'detector on the stream':<30}{'rows to the alarm: median':>26}{'worst':>9}"
    case = Case("", 0)
    for by in (0.25, 0.5, 1.0):
        taken = []
        for seed in range(rounds // 2):
            rng = np.random.default_rng(seed)
            stream = Stream(Reference.of(table(mixed(REFERENCE_ROWS, case, rng))))
            taken.append(next(at for at in range(100, 10**6, 100) if _is_told(stream, case, by, rng)))
        yield f"{f'{by:g} sd in 1 of 20':<30}{np.median(taken):>26,.0f}{max(taken):>9,}"
    alarms = rows = 0
    for seed in range(rounds // 2):
        rng = np.random.default_rng(1_000 + seed)
        stream = Stream(Reference.of(table(mixed(REFERENCE_ROWS, case, rng))))
        for _ in range(40):
            rows += 1_000
            alarms += stream.update(as_logged(mixed(1_000, case, rng))) is not None
    yield f"no drift: {alarms} alarms in {rows:,} rows; stated: at most one in {ROWS_PER_FALSE_ALARM:,}"


def _is_told(stream: Stream, case: Case, by: float, rng: np.random.Generator) -> bool:
    window = mixed(100, case, rng)
    window["n0"] += by
    return stream.update(as_logged(window)) is not None


def _synthetic(case: Case, rounds: int, seed: int) -> Iterator[tuple[Frame, Frame]]:
    rng = np.random.default_rng(seed)
    reference = None
    for turn in range(rounds):
        if turn % 10 == 0:
            reference = mixed(case.reference_rows, case, rng)
        window = mixed(case.rows, case, rng)
        if case.shift:
            case.shift(window, rng)
        yield reference, window


def mixed(rows: int, case: Case, rng: np.random.Generator) -> Frame:
    """Three columns of numbers to two of categories."""
    numeric = case.columns * 3 // 5
    draw: dict[str, list[Callable[[], Any]]] = {
        "mixed": [
            lambda: rng.normal(size=rows),
            lambda: rng.lognormal(0, 0.5, rows),
            lambda: rng.poisson(3, rows).astype(float),
        ],
        "heavy": [
            lambda: rng.lognormal(0, 2, rows),
            lambda: rng.pareto(1.5, rows),
            lambda: np.where(rng.random(rows) < 0.01, rng.exponential(1_000, rows), 0.0),
        ],
    }
    cells = {f"n{i}": draw[case.shape][i % 3]() for i in range(numeric)}
    shares = np.array([0.4, 0.3, 0.15, 0.1, 0.04, 0.01])
    for i in range(case.columns - numeric):
        cells[f"c{i}"] = rng.choice(list("abcdef"), rows, p=shares)
    return pd.DataFrame(cells)


def _streams(rounds: int) -> Iterator[tuple[str, list[tuple[Frame, Frame]]]]:
    if not SHARED.is_dir():
        return
    for name, target in (("elec2_capymoa.csv.gz", "class"), ("weather_noaa.csv", "target")):
        rows = pd.read_csv(SHARED / name).drop(columns=[target]).astype(float)
        for size in (500, 2_000):
            yield f"{name[:7]} in time order, {size:,} rows", _windows(rows, size)[:rounds]
            pairs: list[tuple[Frame, Frame]] = []
            while len(pairs) < rounds:
                shuffled = rows.sample(frac=1.0, random_state=len(pairs)).reset_index(drop=True)
                pairs += _windows(shuffled, size)
            yield f"{name[:7]} shuffled, {size:,} rows", pairs[:rounds]


def _windows(rows: Frame, size: int) -> list[tuple[Frame, Frame]]:
    reference, rest = rows.iloc[:REFERENCE_ROWS], rows.iloc[REFERENCE_ROWS:]
    return [(reference, rest.iloc[at : at + size]) for at in range(0, len(rest) - size + 1, size)]
