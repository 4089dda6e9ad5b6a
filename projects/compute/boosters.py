"""The last fit on a cluster: boosters by their own Dask interfaces, models of models by joblib's.

Of a booster's rows each worker learns from its share; of a forest, a bag or a stack, each fits some of the
models. What comes back is the library's plain model, as if it had been fitted here. Boosters cannot go on
when one of their workers is lost, and the others may wait for it for ever: so they are watched, those that
are left are started anew, and the fit is made again on who is there, at last on this machine.
"""

import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from projects.compute.clients import client_of
from projects.compute.shares import share
from projects.compute.waiting import ClusterLost, present, workers_of
from projects.compute.xgboost_fit import fit_xgboost

if TYPE_CHECKING:
    from distributed import Client

Values = NDArray[Any]
Say = Callable[[str], None]
LEAST_ROWS = 50_000
"""With fewer, sending rows and meeting takes longer than the fit."""
ATTEMPTS = 3
SETTLE_S = 2.0
"""How long a scheduler is given to notice that a worker was lost."""
LOOK_S = 0.5
"""How often it is looked whether a worker was lost."""
NETWORK = re.compile(
    r"^\[(?:machines|num_machines|local_listen_port|tree_learner|time_out): .*\]\n", re.MULTILINE
)
"""What LightGBM writes into a model about the workers that made it."""
CLOSE_S = 5
RESTART_S = 30


class OnWorkers:
    """Fits on a cluster what can be, and every other model here, aloud.

    Args:
        client: Of the cluster.
        least_rows: With fewer, everything is fitted here.
    """

    def __init__(self, client: "Client", *, least_rows: int = LEAST_ROWS) -> None:
        self._client, self._least_rows = client, least_rows

    def __call__(self, model: Any, matrix: Any, truth: Values, say: Say) -> Any:
        """Fit a model on a matrix and its truth; return it fitted."""
        fit = fit_of(model)
        if fit is None:
            say(f"{type(model).__name__} is not fitted by workers: its last fit is done on this machine")
        elif len(truth) >= self._least_rows:
            for _ in range(ATTEMPTS):
                try:
                    return self._watched(fit, model, matrix, truth)
                except WorkerLost as error:
                    say(f"{error}; the last fit is made again")
                except OSError as error:
                    say(f"{error}; the last fit is done on this machine")
                    break
        return model.fit(matrix, truth)

    def _watched(self, fit: "Fit", model: Any, matrix: Any, truth: Values) -> Any:
        """Fit through a client of its own, which ends whatever hangs when it is closed.

        Raises:
            WorkerLost: A worker was lost that the fit cannot do without.
            ClusterLost: There is no worker any more, or they cannot do it.
        """
        workers = self._present()
        own = client_of(self._client.scheduler.address, timeout_s=RESTART_S, security=self._client.security)

        def made() -> Any:
            with own.as_current():  # LightGBM asks for the client of its thread
                return fit.fit(own, workers, model, matrix, truth)

        work = Work(made)
        try:
            work.start()
            while work.is_alive():
                work.join(LOOK_S)
                self._look_after(workers, needs_all=fit.needs_all_workers)
            if work.error is None:
                return work.found
            time.sleep(SETTLE_S)
            self._look_after(workers, needs_all=True)
            raise ClusterLost(f"the cluster could not do it ({work.error})"[:300]) from work.error
        except WorkerLost:
            self._free(own, workers)
            raise
        finally:
            own.close(timeout=CLOSE_S)

    def _look_after(self, workers: Mapping[str, int], *, needs_all: bool) -> None:
        """See that workers are there: all that took part, or at least one.

        Raises:
            WorkerLost: One that is needed is not.
            ClusterLost: There was none for too long.
        """
        there = workers_of(self._client)
        if needs_all and (gone := set(workers) - set(there)):
            raise WorkerLost(f"the worker {min(gone)} was lost in the middle of it")
        if not there:
            self._present()

    def _present(self) -> dict[str, int]:
        return {address: int(worker["nthreads"]) for address, worker in present(self._client).items()}

    def _free(self, own: "Client", workers: Mapping[str, int]) -> None:
        """Start workers anew that wait for the lost one, where something watches over them that can."""
        own.close(timeout=CLOSE_S)
        there = workers_of(self._client)
        left = [each for each in workers if each in there and there[each].get("nanny")]
        if left:
            self._client.restart_workers(left, timeout=RESTART_S, raise_for_error=False)


class WorkerLost(Exception):  # noqa: N818 - what happened, which is no error of anybody's
    """A worker was lost while it took part in a fit."""


@dataclass(frozen=True)
class Fit:
    """A way to fit on workers.

    Attributes:
        fit: Given a client, the workers with their threads, the unfitted model, the matrix and the truth;
            returns the plain model, fitted.
        needs_all_workers: Whether it cannot go on when one of them is lost.
    """

    fit: Callable[["Client", Mapping[str, int], Any, Any, Values], Any]
    needs_all_workers: bool


class Work(threading.Thread):
    """Does something beside the thread that watches."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self.found: Any = None
        self.error: BaseException | None = None

    def run(self) -> None:
        """Do it, and keep what comes of it."""
        from projects.learning.quiet import fitting_quietly

        try:
            with fitting_quietly():
                self.found = self._work()
        except BaseException as error:  # noqa: BLE001 - it is raised by the thread that watches
            self.error = error


def _fit_lightgbm(
    client: "Client", workers: Mapping[str, int], model: Any, matrix: Values, truth: Values
) -> Any:
    import lightgbm
    from lightgbm.dask import DaskLGBMClassifier, DaskLGBMRegressor
    from sklearn.preprocessing import LabelEncoder

    is_classifier = hasattr(model, "predict_proba")
    kind = DaskLGBMClassifier if is_classifier else DaskLGBMRegressor
    labels = LabelEncoder().fit(truth) if is_classifier else None
    shared = share(client, workers, matrix, labels.transform(truth) if labels else truth)
    parameters = {name: value for name, value in model.get_params().items() if name != "n_jobs"}
    lightgbm.register_logger(_silent())
    fitted = kind(client=client, **parameters).fit(shared.X, shared.y).to_local()
    told = {name: value for name, value in vars(fitted).items() if name.startswith("_") or name.endswith("_")}
    text = NETWORK.sub("", fitted.booster_.model_to_string())
    vars(model).update(
        told, _other_params=vars(model)["_other_params"], _Booster=lightgbm.Booster(model_str=text)
    )
    if labels is not None:
        # Workers know codes; the model that is kept knows the labels, as after a fit of its own.
        codes = dict(zip(labels.classes_, range(len(labels.classes_)), strict=True))
        vars(model).update(_le=labels, _classes=labels.classes_, _class_map=codes)
    return model


def _silent() -> logging.Logger:
    """LightGBM prints how it meets, whatever its verbosity is, unless it has a logger."""
    logger = logging.getLogger("lightgbm")
    logger.setLevel(logging.ERROR)
    return logger


def _fit_by_joblib(
    client: "Client", _workers: Mapping[str, int], model: Any, matrix: Any, truth: Values
) -> Any:
    """Let workers fit the models that a model is made of; the seed gives the same ones as here.

    A copy is fitted: one that was given up may still be at it while the model is fitted here.
    """
    import joblib  # type: ignore[import-untyped]
    from sklearn.base import clone

    made = clone(model).set_params(n_jobs=-1)
    with joblib.parallel_config(backend="dask", client=client):
        made.fit(matrix, truth)
    return made.set_params(n_jobs=model.n_jobs)


BOOSTERS: Mapping[str, Fit] = {
    "lightgbm": Fit(_fit_lightgbm, needs_all_workers=True),
    "xgboost": Fit(fit_xgboost, needs_all_workers=True),
}
"""By the package of the model."""
MADE_OF_MODELS = ("RandomForest", "ExtraTrees", "Bagging", "Stacking")
"""How scikit-learn's classes begin that fit many models at once, by joblib."""


def fit_of(model: Any) -> Fit | None:
    """Return how a model is fitted on workers; None where its library has no way."""
    package = type(model).__module__.partition(".")[0]
    if package == "sklearn" and type(model).__name__.startswith(MADE_OF_MODELS):
        return Fit(_fit_by_joblib, needs_all_workers=False)
    return BOOSTERS.get(package)
