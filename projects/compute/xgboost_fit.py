"""XGBoost's last fit by its own Dask interface, in a process of its own.

The workers of a fit meet at XGBoost's tracker, and the process that holds it ends where one of them is lost.
XGBoost would start it in the scheduler, whose end is the end of everybody's work; here it is in a child of
this process, which can be started again. Workers must be able to reach this machine.
"""

import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from projects.compute.shares import share
from projects.compute.waiting import ClusterLost

if TYPE_CHECKING:
    from distributed import Client

ROOT = Path(__file__).resolve().parents[2]
MATRIX, TRUTH, MODEL = "matrix.npy", "truth.npy", "model.ubj"
CONNECT_S = 30
LOOK_S = 0.1


@dataclass(frozen=True)
class Job:
    """What the child is asked for.

    Attributes:
        scheduler: Its address.
        security: The certificates that it wants.
        workers: Who takes part, with their threads.
        parameters: The model's.
        is_classifier: Whether classes are learned, as codes from 0.
        folder: Where the matrix and the truth lie, and where the model is put.
    """

    scheduler: str
    security: Any
    workers: Mapping[str, int]
    parameters: dict[str, Any]
    is_classifier: bool
    folder: Path


def fit_xgboost(
    client: "Client", workers: Mapping[str, int], model: Any, matrix: NDArray[Any], truth: NDArray[Any]
) -> Any:
    """Fit on workers; return the plain model, fitted.

    Raises:
        ClusterLost: The fit ended without a model, or the client was closed meanwhile.
    """
    with tempfile.TemporaryDirectory(prefix="xgboost-") as scratch:
        folder = Path(scratch)
        np.save(folder / MATRIX, matrix)
        np.save(folder / TRUTH, truth)
        parameters = {name: value for name, value in model.get_params().items() if name != "n_jobs"}
        is_classifier = hasattr(model, "predict_proba")
        job = Job(client.scheduler.address, client.security, workers, parameters, is_classifier, folder)
        _in_a_child(client, job)
        fitted = type(model)()
        fitted.load_model(folder / MODEL)
    model._Booster = fitted.get_booster()  # noqa: SLF001 - `load_model` would replace parameters, too
    if is_classifier:
        model.n_classes_ = fitted.n_classes_
    return model


def _in_a_child(client: "Client", job: Job) -> None:
    """Have the job done; end the child when the client is closed, which is how a fit is given up."""
    complaints = job.folder / "complaints"
    with complaints.open("wb") as heard:
        child = subprocess.Popen(
            [sys.executable, "-m", __name__], cwd=ROOT, stdin=subprocess.PIPE, stdout=heard, stderr=heard
        )
    try:
        with child.stdin as asked:  # type: ignore[union-attr]
            pickle.dump(job, asked)
        while child.poll() is None and client.status == "running":
            time.sleep(LOOK_S)
    finally:
        child.kill()
        code = child.wait()
    if code or not (job.folder / MODEL).exists():
        last = complaints.read_text(errors="replace").strip().rpartition("\n")[2]
        raise ClusterLost(f"XGBoost's fit on the cluster ended with {code} ({last:.200})")


def fit_here(job: Job) -> None:
    """Fit, with the tracker in this process, and write the booster."""
    from distributed import Client
    from distributed.comm import get_address_host
    from distributed.utils import get_ip
    from xgboost.collective import Config
    from xgboost.dask import DaskXGBClassifier, DaskXGBRegressor

    class Near(Client):  # type: ignore[misc]
        """A client whose scheduler's work is done in this process: XGBoost asks for its tracker alone."""

        def run_on_scheduler(self, function: Any, *args: Any, **named: Any) -> Any:
            async def answer() -> Any:
                return function(*args, **named)

            return answer()

    kind = DaskXGBClassifier if job.is_classifier else DaskXGBRegressor
    with Near(job.scheduler, timeout=CONNECT_S, security=job.security) as client:
        matrix = np.load(job.folder / MATRIX, mmap_mode="r")
        shared = share(client, job.workers, matrix, np.load(job.folder / TRUTH))
        meeting = Config(tracker_host_ip=get_ip(get_address_host(job.scheduler)))
        model = kind(coll_cfg=meeting, **job.parameters)
        model.client = client
        model.fit(shared.X, shared.y).get_booster().save_model(job.folder / MODEL)


if __name__ == "__main__":
    fit_here(pickle.load(sys.stdin.buffer))  # noqa: S301 - its parent's own
