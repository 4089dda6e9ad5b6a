"""Whether a retraining pays on real streams in their true order, and whether its verdicts hold afterwards.

The champion learns the first rows. After every so many rows the newest third of what came since is held
back, a challenger learns the rest, with the original rows or without, and takes over if it is better beyond
chance. What counts is the score on the rows that come next, which nobody has seen; beside it, the first model
kept for ever, and a challenger that takes over each time without being asked.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier

from projects.evaluation.answers import Answers
from projects.evaluation.metrics import BY_NAME
from projects.retraining.duel import compare
from projects.retraining.stock import held_back

DATA = Path(__file__).parents[3] / "shared" / "data" / "drift"
STREAMS = {"weather": ("weather_noaa.csv", "target"), "electricity": ("elec2_capymoa.csv.gz", "class")}
FIRST, STEP = 2000, 1500
ROUNDS, QUICK_ROUNDS = 10, 4
DRAWS = 200
METRIC = BY_NAME["roc_auc"]


@dataclass
class Tally:
    """What came of one way to go on."""

    scores: list[float] = field(default_factory=list)
    verdicts: int = 0
    better: int = 0
    held: int = 0


def main(*, full: bool = False) -> str:
    """Run the streams; a quick run takes the first part of each.

    Args:
        full: Whether more of them is run through.
    """
    if not DATA.is_dir():
        return "the shared data folder is not beside this checkout"
    lines = [
        f"roc_auc on the next {STEP:,} rows, mean over the stream; the first champion learns {FIRST:,} rows",
        f"{'stream':<12} {'goes on by':<28} {'next rows':>9} {'taken over':>11} {'better next, too':>17}",
    ]
    for name, (file, target) in STREAMS.items():
        frame = pd.read_csv(DATA / file)
        frame = frame.head(FIRST + ((ROUNDS if full else QUICK_ROUNDS) + 1) * STEP)
        lines += [_line(name, way, tally) for way, tally in run(frame, target).items()]
    return "\n".join(lines)


def run(frame: pd.DataFrame, target: str) -> dict[str, Tally]:
    """Go through one stream in every way."""
    ways: dict[str, Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame] | None] = {
        "never": None,
        "original and new, if better": lambda original, new: pd.concat([original, new]),
        "new rows alone, if better": lambda _, new: new,
        "original and new, each time": lambda original, new: pd.concat([original, new]),
    }
    return {way: _run(frame, target, of, is_asked="each" not in way) for way, of in ways.items()}


def _run(frame: pd.DataFrame, target: str, of: Any, *, is_asked: bool) -> Tally:
    tally, original, start = Tally(), frame.iloc[:FIRST], FIRST
    champion = _fit(original, target)
    for now in range(FIRST + STEP, len(frame) - STEP + 1, STEP):
        coming = frame.iloc[now : now + STEP]
        if of is not None:
            new = frame.iloc[start:now]
            back = held_back(len(new))
            learned, held = new.iloc[:-back], new.iloc[-back:]
            stock = of(original, learned)
            challenger = _fit(stock, target)
            tally.verdicts += 1
            pair = (_answers(model, held, target) for model in (champion, challenger))
            takes_over = not is_asked or compare(*pair, METRIC, seed=1, draws=DRAWS).is_better
            if takes_over:
                tally.better += 1
                tally.held += _score(challenger, coming, target) > _score(champion, coming, target)
                champion, original, start = challenger, stock, now - back
        tally.scores.append(_score(champion, coming, target))
    return tally


def _fit(rows: pd.DataFrame, target: str) -> Any:
    model = LGBMClassifier(n_estimators=60, num_leaves=15, learning_rate=0.05, verbose=-1, n_jobs=1, seed=1)
    return model.fit(rows.drop(columns=target), rows[target])


def _answers(model: Any, rows: pd.DataFrame, target: str) -> Answers:
    shares = np.asarray(model.predict_proba(rows.drop(columns=target)))
    classes = tuple(model.classes_.tolist())
    return Answers(rows[target].to_numpy(), model.classes_[shares.argmax(axis=1)], shares, classes)


def _score(model: Any, rows: pd.DataFrame, target: str) -> float:
    return METRIC.measure(_answers(model, rows, target))


def _line(stream: str, way: str, tally: Tally) -> str:
    taken = f"{tally.better} of {tally.verdicts}" if tally.verdicts else "-"
    held = f"{tally.held} of {tally.better}" if tally.better else "-"
    return f"{stream:<12} {way:<28} {np.mean(tally.scores):>9.4f} {taken:>11} {held:>17}"


if __name__ == "__main__":
    print(main(full=True))
