"""Starting the process of a version's own code, when another one is being started already."""

import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest

from serving.hosting.hold import Hold
from serving.hosting.spec import HostLimits, HostSpec, spec_of
from serving.hosting.start import Starter
from serving.scorers.refusal import LoadError

pytestmark = pytest.mark.filterwarnings("ignore:.*type hints")


def calm(model_input):
    return ["well"] * len(model_input)


@pytest.fixture
def spec(tmp_path: Path) -> HostSpec:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # wants type hints and an example
        mlflow.pyfunc.save_model(tmp_path / "model", python_model=calm, pip_requirements=["mlflow"])
    (tmp_path / "hosts").mkdir()
    return spec_of("m", "1", tmp_path / "model", tmp_path / "hosts", HostLimits())


@pytest.fixture
def orphan(spec: HostSpec) -> Iterator[None]:
    """A process that is being started by somebody whose lock is gone, as after a SIGKILL."""
    found: list[Hold] = []

    def start() -> None:
        found.append(Starter().attach(spec))

    thread = threading.Thread(target=start)
    thread.start()
    while not spec.lock.exists():
        time.sleep(0.01)
    spec.lock.unlink()
    time.sleep(0.3)
    yield
    thread.join()
    for hold in found:
        hold.close()


@pytest.mark.usefixtures("orphan")
def test_the_one_that_came_first_is_taken(spec: HostSpec) -> None:
    hold = Starter().attach(spec)
    assert Path(spec.socket).is_socket()
    hold.close()


def test_a_version_that_cannot_be_loaded_is_refused(spec: HostSpec) -> None:
    (Path(spec.folder) / "MLmodel").write_text("flavors: {}\n")
    with pytest.raises(LoadError, match="python_function"):
        Starter().attach(spec)
