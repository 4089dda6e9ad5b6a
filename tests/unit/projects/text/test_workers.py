"""Processes and Dask workers give the rows that one process gives."""

import os
import signal
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pytest

from projects.errors import BadInput
from projects.text.extractor import AdaptiveFeatureExtractor
from projects.text.workers import WorkerLostError, over_dask, over_processes

WORDS = (
    "market",
    "bank",
    "shares",
    "star",
    "film",
    "song",
    "virus",
    "health",
    "doctor",
    "phone",
    "app",
    "maker",
)
TEXTS = [
    f"{WORDS[n % 12]} {WORDS[(n * 5) % 12]} and {WORDS[(n * 7 + 3) % 12]} number {n}" for n in range(230)
]
LABELS = [WORDS.index(text.split()[0]) // 3 for text in TEXTS]


@pytest.fixture(scope="module")
def fitted():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return AdaptiveFeatureExtractor(configuration="conservative").fit(TEXTS, LABELS)


@pytest.fixture
def extractor(fitted):
    fitted.clear_cache()
    return fitted


def alone(extractor):
    return extractor.transform(TEXTS, use_cache=False)


def close(one, other):
    return one.shape == other.shape and np.allclose(one, other, rtol=1e-9, atol=1e-12)


@dataclass
class Ran:
    rows: np.ndarray
    kept: int
    workers_left: list[int]


@pytest.fixture(scope="module")
def ran(fitted):
    fitted.clear_cache()
    rows = fitted.transform_parallel(TEXTS, workers=2, batch_size=20)
    return Ran(rows, fitted.get_cache_stats()["size"], workers_of(os.getpid()))


def test_two_processes_give_the_rows_of_one_in_their_order(ran, extractor):
    assert close(ran.rows, alone(extractor))


def test_what_workers_made_is_kept_here(ran):
    assert ran.kept == len(TEXTS)


def test_workers_end_with_the_call(ran):
    assert ran.workers_left == []


def test_no_worker_starts_where_all_is_kept(extractor, monkeypatch):
    extractor.transform(TEXTS)
    monkeypatch.setattr("projects.text.workers._by_processes", lambda *_: pytest.fail("workers were started"))
    over_processes(extractor, TEXTS, workers=2)


@pytest.mark.slow
def test_a_script_needs_no_guard_for_its_main(fitted, tmp_path):
    fitted.save(tmp_path / "extractor")
    script = f"""
from projects.text.extractor import AdaptiveFeatureExtractor
extractor = AdaptiveFeatureExtractor.load({str(tmp_path / "extractor")!r})
print(extractor.transform_parallel(["an article"] + [f"number {{n}}" for n in range(60)], workers=2).shape[0])
"""
    ran = subprocess.run(  # noqa: PLW1510 - the assertion shows what it said
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[4],
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert (ran.stdout, ran.returncode) == ("61\n", 0), ran.stderr


@pytest.mark.slow
def test_a_worker_that_is_killed_is_told_and_what_was_made_is_kept(extractor):
    def kill_one(done: int, total: int) -> None:
        if done == 20:
            os.kill(workers_of(os.getpid())[0], signal.SIGKILL)

    many = [f"{text} {n}" for n in range(40) for text in TEXTS]
    with pytest.raises(WorkerLostError, match=r"^one of 2 worker processes ended before its work"):
        over_processes(extractor, many, workers=2, batch_size=20, show_progress=kill_one)
    assert 20 <= extractor.get_cache_stats()["size"] < len(many)


class Unloadable:
    """An extractor that no worker can load."""

    fingerprint_, n_features_out_, roles, cache = "unloadable", 1, ("text",), None

    def __reduce__(self):
        return int, ("no number",)


def test_what_a_worker_cannot_load_is_told():
    with pytest.raises(ValueError, match=r"invalid literal for int\(\) with base 10: 'no number'"):
        over_processes(Unloadable(), TEXTS, workers=1)


def test_no_workers_are_refused(extractor):
    with pytest.raises(BadInput, match=r"^workers must be 1 or more, not 0$"):
        over_processes(extractor, TEXTS, workers=0)


def test_two_dask_workers_give_the_rows_of_one_in_their_order(extractor, tmp_path):
    distributed = pytest.importorskip("distributed")
    told: list[tuple[int, int]] = []
    with (
        pytest.importorskip("dask").config.set({"temporary-directory": str(tmp_path)}),
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=False,
            dashboard_address="127.0.0.1:0",
            local_directory=tmp_path,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        rows = over_dask(
            extractor, TEXTS, client, batch_size=20, show_progress=lambda *so_far: told.append(so_far)
        )

    assert close(rows, alone(extractor))
    assert told[-1] == (230, 230)
    assert len(told) == 12


def workers_of(process: int) -> list[int]:
    """The loky workers among a process's children; its resource tracker is none."""
    children = psutil.Process(process).children()
    return [child.pid for child in children if "popen_loky_posix" in " ".join(child.cmdline())]
