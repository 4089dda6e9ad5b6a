"""The last fit over all rows of a table larger than memory: statistics, the matrix on disk, the model.

What is done lies under the var folder until the model is fitted, so that a killed training goes on:
statistics, the matrix chunk by chunk, boosters every few rounds.
"""

import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from projects.beyond_memory.boosted import Boosting
from projects.beyond_memory.chunks import Chunk, LearnedRows
from projects.beyond_memory.failures import check_room, learning_plainly, reading_plainly, writing_plainly
from projects.beyond_memory.levels import Truth
from projects.beyond_memory.memory import told
from projects.beyond_memory.parts import Ground
from projects.beyond_memory.place import digest_of, kept_place
from projects.beyond_memory.preparing import Prepared, Preparing
from projects.beyond_memory.spool import Spool, needed_bytes
from projects.beyond_memory.streaming import STREAMING, kind_of, model_of
from projects.beyond_memory.threads import free_cores
from projects.beyond_memory.time_left import TimeLeft
from projects.counted import counted
from projects.learning.final import on_one_thread, voting_of_one
from projects.learning.quiet import fitting_quietly
from projects.sampling.draw import draw

Say = Callable[[str], None]
SCOUTS = 100_000
FORMAT = 2
"""Of what is kept between trainings; a change of what it means is a new number."""
STATISTICS = "statistics.pickle"
BIN_BYTES, ROW_BYTES = 1, 44
"""LightGBM holds a cell as the number of its bin, and for each row its truth, score, gradients and places."""


@dataclass(frozen=True)
class LastFit:
    """A last fit.

    Attributes:
        rows: What is learned from.
        pipeline: The winner, fitted on the sample.
        var_dir: Where it works.
        most_bytes: The memory that it may take.
        say: Hears how it goes.
        clock: Seconds, monotonic.
    """

    rows: LearnedRows
    pipeline: Pipeline
    var_dir: Path
    most_bytes: int
    say: Say
    clock: Callable[[], float] = time.monotonic

    def run(self) -> tuple[Pipeline, int]:
        """Fit; return the pipeline and how many rows it learned from.

        Raises:
            BadInput: The rows cannot be read, or do not fit on the disk.
        """
        model: Any = model_of(self.pipeline)
        kind, fit = kind_of(model), STREAMING[type(model).__name__]
        matrix = self._digest(kind)
        with kept_place(self.var_dir, matrix) as folder, fitting_quietly():
            prepared = self.prepared(folder)
            for sentence in prepared.said:
                self.say(sentence)
            spool = self.spooled(prepared, Spool(folder / "matrix", prepared.width, kind))
            name = type(model).__name__
            left = TimeLeft(f"{name} learns", self.say, self.clock)
            own = folder / digest_of(name, model.get_params())
            boosting = Boosting(
                spool, own, free_cores(), len(self.rows.problem.target.classes or ()), left.tell
            )
            with learning_plainly(folder):
                fitted = on_one_thread(fit(model, boosting))
            rows = spool.rows
        return Pipeline([*prepared.steps, ("model", self._labelled(fitted))]), rows

    def _labelled(self, fitted: Any) -> Any:
        """Let a model of codes know the labels, as it did on the sample."""
        classes = self.rows.problem.target.classes
        if classes is None:
            return fitted
        old = self.pipeline.steps[-1][1]
        if model_of(self.pipeline) is not old:
            return voting_of_one(old.estimators[0][0], fitted, np.array(classes))
        return _with_labels(fitted, np.array(classes, dtype=np.asarray(self.rows.problem.target.truth).dtype))

    def _digest(self, kind: str) -> str:
        import lightgbm
        import sklearn
        import xgboost

        problem, clean = self.rows.problem, self.rows.table.clean
        versions = [library.__version__ for library in (sklearn, lightgbm, xgboost)]
        stat = clean.parquet.stat()
        steps = [(name, repr(step)) for name, step in self.pipeline.steps[:-1]]
        return digest_of(
            FORMAT, versions, problem.target.task, problem.target.classes,
            clean.sha256, clean.rows, stat.st_size, kind, steps,
            [str(column) for column in problem.features.columns], problem.asked.model_dump(
                mode="json", include={"target", "cleaning", "split", "features", "seed", "validation"}
            ),
            digest_of(problem.positions.tolist(), problem.divided.test.tolist()), self.rows.every,
        )  # fmt: skip

    def prepared(self, folder: Path) -> Prepared:
        """Learn the statistics, or take those that an earlier training left."""
        path = folder / STATISTICS
        if path.is_file():
            self.say("goes on where an earlier training stopped: the statistics of all rows are there")
            with path.open("rb") as file:
                prepared: Prepared = pickle.load(file)  # noqa: S301 - ours alone can write there
            return prepared
        truth = self._truth()
        seed, rows = self.rows.problem.asked.seed, self.rows.table.clean.rows
        preparing = Preparing(self.pipeline.steps[:-1], Ground(truth, seed, rows, self._scout()))
        for number in count(1):
            self._pass(preparing, number)
            if preparing.is_done:
                break
        prepared = preparing.finished()
        with writing_plainly(folder):
            fresh = path.with_suffix(".new")
            fresh.write_bytes(pickle.dumps(prepared))
            fresh.replace(path)
        return prepared

    def _pass(self, preparing: Preparing, number: int) -> None:
        left, total = TimeLeft(f"statistics, pass {number}", self.say, self.clock), self.rows.table.clean.rows
        preparing.learn(self.rows.chunks(columns=preparing.needed), lambda until: left.tell(until, total))

    def _truth(self) -> Truth:
        target = self.rows.problem.target
        if target.classes is not None:
            return Truth(len(target.classes))
        return Truth(0, float(np.mean(np.asarray(target.truth, dtype=np.float64))))

    def _scout(self) -> Chunk:
        """Draw some rows at random, to know where to look."""
        problem, table = self.rows.problem, self.rows.table
        decision = replace(
            table.decision, rows=min(SCOUTS, table.clean.rows), of=table.clean.rows, strategy="random"
        )
        names = list(dict.fromkeys(self.rows.needed(self.rows.columns)))
        with reading_plainly(table.clean.parquet):
            frame = draw(table.clean.parquet, decision, target=problem.target.name, columns=names)
        made = self.rows.chunk_of(frame, self.rows.columns)
        if made is None:
            raise ValueError("no row may be learned from")
        return made

    def spooled(self, prepared: Prepared, spool: Spool) -> Spool:
        """Write the matrix, or what is missing of it."""
        if spool.is_whole:
            self.say(f"the matrix of {counted(spool.rows, 'row')} is there already")
            return spool
        start, total = spool.begin(), self.rows.table.clean.rows
        if start:
            self.say(f"goes on with the matrix after {start:,} of {counted(total, 'row')}")
        share = 1 / self.rows.every
        needed = needed_bytes(int((total - start) * share), prepared.width, spool.kind)
        check_room(spool.folder, int(1.3 * needed), f"a matrix of {counted(total, 'row')}")
        self.say(f"writes a matrix of {prepared.width} columns to disk, {told(needed)} at most")
        left = TimeLeft("the matrix", self.say, self.clock, start)
        for chunk in self.rows.chunks(start):
            spool.append(prepared.matrix(chunk), chunk.y, chunk.until)
            left.tell(chunk.until, total)
        spool.end()
        return spool


def most_rows_of_lightgbm(width: int, most_bytes: int) -> int:
    """Return of how many rows LightGBM can hold the bins in some memory; XGBoost keeps them on disk."""
    return most_bytes // (BIN_BYTES * max(width, 1) + ROW_BYTES)


def _with_labels(model: Any, classes: Any) -> Any:
    """Give a model that learned codes the labels that they stand for."""
    name = type(model).__name__
    if name == "LGBMClassifier":
        model._classes = classes  # noqa: SLF001 - what its own fit sets
        model._le.classes_ = classes  # noqa: SLF001
        model._class_map = {label: code for code, label in enumerate(classes.tolist())}  # noqa: SLF001
    else:
        model.classes_ = classes
    return model
