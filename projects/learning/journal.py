"""What a search found, on disk as it is found, so that a killed one goes on where it was.

A folder a search: `search.json` says over which rows it is, `trials.jsonl` has a line for each configuration
that went through its folds, and `answers-KEY.npz` its answers. A line is written after its answers, so that a
line cut short by a kill loses that one configuration.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from projects.errors import BadInput
from projects.learning.candidates.candidate import Candidate
from projects.learning.compare import Rows
from projects.learning.configuration import Configuration
from projects.learning.trial import Tried

ABOUT, TRIALS = "search.json", "trials.jsonl"


@dataclass(frozen=True)
class Journal:
    """One search's folder.

    Attributes:
        folder: It is made if need be.
        digest: Of the rows, the folds and what is compared by.
    """

    folder: Path
    digest: str

    def read(self, candidates: Sequence[Candidate]) -> list[Tried]:
        """Return what was found of these candidates, in order.

        Raises:
            BadInput: The search was over other rows.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        about = self.folder / ABOUT
        if not about.exists():
            about.write_text(json.dumps({"digest": self.digest}), encoding="utf-8")
        if json.loads(about.read_text(encoding="utf-8"))["digest"] != self.digest:
            raise BadInput(
                f"the search '{self.folder.name}' was over other rows, folds, seed or metric, so it cannot be"
                f" gone on with; give tuning.resume another name, or remove '{self.folder}'"
            )
        path = self.folder / TRIALS
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        by_name = {candidate.name: candidate for candidate in candidates}
        found = [self._tried(line, by_name) for line in lines]
        return [tried for tried in found if tried is not None]

    def write(self, tried: Tried) -> None:
        """Append one."""
        key = tried.configuration.key
        arrays = {f"fold_{at}": answers for at, answers in enumerate(tried.answers)}
        np.savez_compressed(self._answers(key), **arrays)  # type: ignore[arg-type]
        line = {
            "number": tried.number, "candidate": tried.name, "key": key,
            "parameters": dict(tried.configuration.parameters), "origin": tried.configuration.origin,
            "fixed_rounds": tried.configuration.has_fixed_rounds, "state": tried.state,
            "reason": tried.reason, "scores": tried.scores, "rounds": tried.rounds,
            "seconds": tried.seconds, "fold_seconds": tried.fold_seconds,
            "fit_seconds": tried.fit_seconds, "predict_ms": tried.predict_ms, "rows": tried.rows,
            "curve": tried.curve, "is_cut": tried.is_cut,
        }  # fmt: skip
        with (self.folder / TRIALS).open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line, default=_plain) + "\n")

    def _answers(self, key: str) -> Path:
        return self.folder / f"answers-{key}.npz"

    def _tried(self, line: str, by_name: Mapping[str, Candidate]) -> Tried | None:
        try:
            entry = json.loads(line)
        except ValueError:
            return None  # cut short by a kill
        if entry["candidate"] not in by_name or not self._answers(entry["key"]).exists():
            return None
        with np.load(self._answers(entry["key"]), allow_pickle=False) as arrays:
            answers = tuple(arrays[f"fold_{at}"] for at in range(len(entry["scores"])))
        configuration = Configuration(
            by_name[entry["candidate"]], entry["parameters"], entry["origin"], entry["fixed_rounds"]
        )
        same = (
            "number",
            "state",
            "reason",
            "rounds",
            "seconds",
            "fold_seconds",
            "fit_seconds",
            "predict_ms",
            "rows",
        )
        return Tried(
            configuration=configuration, scores=tuple(entry["scores"]), answers=answers,
            curve=tuple(entry["curve"]), is_cut=entry.get("is_cut", False),
            **{name: entry[name] for name in same},
        )  # fmt: skip


def digest_of(rows: Rows, metric: str, seed: int) -> str:
    """Return the digest of what a search is over."""
    total = hashlib.sha256(f"{metric} {seed} {rows.task} {list(rows.X.columns)}".encode())
    total.update(pd.util.hash_pandas_object(rows.X, index=False).to_numpy().tobytes())
    total.update(pd.util.hash_array(np.asarray(rows.y)).tobytes())
    for fit_at, score_at in rows.folds:
        total.update(np.asarray(fit_at).tobytes() + b"|" + np.asarray(score_at).tobytes())
    return total.hexdigest()


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else list(value)
