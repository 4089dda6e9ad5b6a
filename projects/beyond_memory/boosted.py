"""LightGBM and XGBoost learn from the matrix on disk, and remember every few rounds how far they are."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from projects.beyond_memory.failures import check_room
from projects.beyond_memory.spool import READ_BYTES, Spool
from projects.counted import counted

Tell = Callable[[int, int], None]
"""Told the rounds done and how many there are."""
EVERY_ROUNDS = 10
MODEL = "booster.json"


@dataclass(frozen=True)
class Boosting:
    """How a booster learns.

    Attributes:
        spool: The matrix.
        folder: Where it remembers.
        threads: The most it may use.
        classes: How many; 0 for a regression.
        tell: Told of rounds.
    """

    spool: Spool
    folder: Path
    threads: int
    classes: int
    tell: Tell = lambda _done, _all: None

    def example(self) -> tuple[NDArray[np.float64], NDArray[Any]]:
        """Return a few rows with all classes: scikit-learn's face of a booster is fitted on them."""
        rows = max(2 * self.classes, 4)
        cells = np.arange(rows, dtype=np.float64)[:, None] * np.ones(self.spool.width)
        truth = np.arange(rows) % self.classes if self.classes else np.arange(rows, dtype=np.float64)
        return cells, truth

    def remembered(self) -> tuple[Path | None, int]:
        """Return the booster that was remembered, and after how many rounds."""
        try:
            told = json.loads((self.folder / "rounds.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None, 0
        path = self.folder / told["file"]
        return (path, int(told["rounds"])) if path.is_file() else (None, 0)

    def remember(self, told: bytes | bytearray, rounds: int) -> None:
        """Keep a booster, in place of the one before.

        Args:
            told: What the booster is saved as: the libraries' own files end silently where a disk is full.
            rounds: After how many.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        before, _ = self.remembered()
        path = self.folder / f"{rounds}-{MODEL}"
        path.write_bytes(told)
        fresh = self.folder / "rounds.json.new"
        fresh.write_text(json.dumps({"file": path.name, "rounds": rounds}), encoding="utf-8")
        fresh.replace(self.folder / "rounds.json")
        if before is not None and before != path:
            before.unlink(missing_ok=True)


def fit_lightgbm(model: Any, boosting: Boosting) -> Any:
    """Fit a LightGBM estimator by two rounds of loading: bins from a sample, then rows in their order.

    Columns are kept by column alone (`force_col_wise`): by rows, too, they would take twice the memory.
    """
    import lightgbm

    made = clone(model).set_params(n_estimators=1)
    made.fit(*boosting.example())
    made.set_params(n_estimators=model.n_estimators)
    path, done = boosting.remembered()
    parameters = made._process_params("fit") | {  # noqa: SLF001 - LightGBM's own reading of its parameters
        "num_threads": boosting.threads, "force_row_wise": False, "force_col_wise": True,
    }  # fmt: skip
    parameters.pop("n_jobs", None)
    # A booster that goes on would draw the same columns and rows again as it began with.
    parameters["random_state"] = int(parameters.get("random_state") or 0) + done
    data = _binned(boosting.spool, parameters, path)
    booster = lightgbm.Booster(parameters, data)
    for number in range(done + 1, model.n_estimators + 1):
        is_over = booster.update()
        boosting.tell(number, model.n_estimators)
        if is_over:
            break
        if number % EVERY_ROUNDS == 0 and number < model.n_estimators:
            boosting.remember(booster.model_to_string().encode(), number)
    booster = lightgbm.Booster(model_str=booster.model_to_string(num_iteration=-1))
    made._Booster = booster  # noqa: SLF001 - the estimator has no other way to take one
    made._n_features = booster.num_feature()  # noqa: SLF001
    return made


def _binned(spool: Spool, parameters: dict[str, Any], before: Path | None) -> Any:
    """Return LightGBM's bins of all rows, with what a booster says of them that is to go on."""
    import lightgbm
    from lightgbm.basic import _InnerPredictor

    rows, batch = spool.rows, max(1, READ_BYTES // max(spool.row_bytes, 1))
    with spool.opened() as read:

        class Rows(lightgbm.Sequence):  # type: ignore[misc]
            batch_size = batch

            def __len__(self) -> int:
                return rows

            def __getitem__(self, at: Any) -> Any:
                return read(at.start, at.stop) if isinstance(at, slice) else read(int(at), int(at) + 1)[0]

        score = _scores(lightgbm.Booster(model_file=str(before)), spool) if before else None
        data = lightgbm.Dataset(Rows(), label=spool.truth(), init_score=score, params=parameters)
        data.construct()
    if before is not None:
        # As lightgbm.train does, which cannot ask a booster of rows that lie on disk.
        data._predictor = _InnerPredictor.from_model_file(str(before), {})  # noqa: SLF001
    return data


def fit_xgboost(model: Any, boosting: Boosting) -> Any:
    """Fit an XGBoost estimator on an `ExtMemQuantileDMatrix`, whose pages lie in files of its own."""
    import xgboost
    from xgboost.callback import TrainingCallback

    spool = boosting.spool
    truth = spool.truth()
    boosting.folder.mkdir(parents=True, exist_ok=True)
    # XGBoost ends the whole process where the disk is full while it writes.
    pages = int(PAGES_SHARE * spool.rows * spool.row_bytes)
    check_room(boosting.folder, pages, f"XGBoost's own form of {counted(spool.rows, 'row')}")

    class Rows(xgboost.DataIter):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(cache_prefix=str(boosting.folder / "pages"), release_data=True)
            self.blocks = spool.blocks(PAGE_BYTES)

        def next(self, input_data: Any) -> bool:
            for first, cells in self.blocks:
                input_data(data=cells, label=truth[first : first + len(cells)])
                return True
            return False

        def reset(self) -> None:
            self.blocks = spool.blocks(PAGE_BYTES)

    class Note(TrainingCallback):  # type: ignore[misc]
        def after_iteration(self, booster: Any, epoch: int, _evals_log: Any) -> bool:
            number = done + epoch + 1
            boosting.tell(number, rounds)
            if number % EVERY_ROUNDS == 0 and number < rounds:
                boosting.remember(booster.save_raw("json"), number)
            return False

    rounds = model.get_num_boosting_rounds()
    made = clone(model).set_params(n_estimators=1)
    made.fit(*boosting.example())
    made.set_params(n_estimators=model.n_estimators)
    path, done = boosting.remembered()
    parameters = made.get_xgb_params() | {"nthread": boosting.threads}
    parameters.pop("n_jobs", None)
    parameters["seed"] = int(parameters.pop("random_state", None) or 0) + done
    if boosting.classes > 2:
        parameters["num_class"] = boosting.classes
    data = xgboost.ExtMemQuantileDMatrix(
        Rows(), nthread=boosting.threads, max_bin=int(parameters.get("max_bin") or 256)
    )
    booster = xgboost.train(
        parameters, data, rounds - done, xgb_model=str(path) if path else None, callbacks=[Note()]
    )
    del data
    made._Booster = booster  # noqa: SLF001 - the estimator has no other way to take one
    return made


PAGE_BYTES = 64_000_000
"""Of a chunk that XGBoost takes: its pages are about a quarter of that."""
PAGES_SHARE = 0.3
"""Of the matrix, with some to spare."""


def _scores(booster: Any, spool: Spool) -> NDArray[np.float64]:
    """Return what a booster says of all rows before its link, class by class."""
    parts = [booster.predict(cells.astype(np.float64), raw_score=True) for _, cells in spool.blocks()]
    return np.concatenate(parts).ravel(order="F")
