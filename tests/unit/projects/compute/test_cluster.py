"""A cluster that is asked for is there, or a sentence says why not."""

import gc
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import Future

import pytest
from distributed import LocalCluster
from distributed.utils import LoopRunner

from projects.compute.clients import client_of
from projects.compute.cluster import CONNECT_S, _connect, cluster
from projects.compute.likeness import differences
from projects.errors import BadInput
from projects.requirement.model import Compute
from tests.unit.projects.compute.cluster_fixtures import LOCAL


@pytest.fixture
def mute():
    """Something that takes connections and says nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"tcp://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def idle():
    """A scheduler without workers."""
    with LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0", host="127.0.0.1") as made:
        yield made


def refused(name):
    started = time.monotonic()
    with pytest.raises(BadInput) as found, cluster(Compute(cluster=name), lambda _sentence: None):
        pass
    return str(found.value), time.monotonic() - started


def test_nothing_asked_is_nobody():
    with cluster(Compute(), pytest.fail) as client:
        assert client is None


def test_dask_is_not_imported_where_no_cluster_is_asked_for():
    words = "import projects.training, projects.steps.contesting, sys; sys.exit('distributed' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", words], check=False).returncode == 0


def test_a_local_cluster_says_who_works_and_leaves_nothing(tmp_path):
    said = []
    with cluster(LOCAL, said.append, folder=tmp_path) as client:
        assert client.submit(sum, [1, 2]).result() == 3
        assert list(tmp_path.iterdir())
    assert said == ["the Dask cluster on this machine: 2 workers, 2 threads"]
    assert not list(tmp_path.iterdir())


def test_a_local_cluster_speaks_with_nobody_who_has_not_its_certificate(tmp_path):
    with cluster(LOCAL, lambda _sentence: None, folder=tmp_path) as client:
        address = client.scheduler.address
        assert address.startswith("tls://127.0.0.1:")
        assert f"the Dask scheduler at {address} cannot be reached (TLS expects" in refused(address)[0]


def test_a_scheduler_is_waited_for_so_long_that_the_sentence_comes_within_ten_seconds():
    assert CONNECT_S + 1 < 10


def test_a_scheduler_that_is_not_there_is_a_sentence_soon(free_port, monkeypatch):
    monkeypatch.setattr("projects.compute.cluster.CONNECT_S", 1)
    address = f"tcp://127.0.0.1:{free_port()}"
    sentence, seconds = refused(address)
    assert sentence.startswith(f"the Dask scheduler at {address} cannot be reached (")
    assert sentence.endswith(
        "start it with `dask scheduler`, name another with compute, or leave compute out"
    )
    assert seconds < 30


def test_what_is_no_scheduler_is_a_sentence_soon(mute, monkeypatch):
    monkeypatch.setattr("projects.compute.cluster.CONNECT_S", 1)
    sentence, seconds = refused(mute)
    assert f"the Dask scheduler at {mute} cannot be reached (" in sentence
    assert seconds < 30


def test_a_scheduler_without_workers_is_a_sentence(idle, monkeypatch):
    monkeypatch.setattr("projects.compute.cluster.FIRST_WORKER_S", 0.5)
    sentence, _ = refused(idle.scheduler_address)
    assert sentence.endswith(f"has no workers; start some with `dask worker {idle.scheduler_address}`")


def test_a_scheduler_without_certificates_is_a_sentence(free_port):
    sentence, _ = refused(f"tls://127.0.0.1:{free_port()}")
    assert "wants certificates, which Dask reads from DASK_DISTRIBUTED__COMM__TLS__*" in sentence


def collect_within_dasks_lock():
    """The collector may come in the thread that holds it, and closing a client takes it."""
    collecting = threading.Thread(target=gc.collect)
    with LoopRunner._lock:
        collecting.start()
        collecting.join(20)
        assert not collecting.is_alive()


def test_what_could_not_connect_is_not_left_to_the_garbage_collector(free_port):
    refused(f"tls://127.0.0.1:{free_port()}")
    collect_within_dasks_lock()


def test_what_was_not_wholly_closed_is_not_closed_by_the_garbage_collector(idle):
    client = client_of(idle.scheduler_address, timeout_s=10)
    loop = client._loop_runner
    del client
    collect_within_dasks_lock()
    loop.stop()


def test_what_connects_too_late_is_closed(idle, monkeypatch):
    held, made = threading.Event(), []

    def slow(*given, **more):
        held.wait(60)
        made.append(client_of(*given, **more))
        return made[0]

    monkeypatch.setattr("projects.compute.cluster.client_of", slow)
    connecting = Future()
    thread = threading.Thread(target=_connect, args=(idle.scheduler_address, connecting))
    thread.start()
    assert connecting.cancel()
    held.set()
    thread.join(60)
    assert made[0].status == "closed"


HERE = {"Python": "3.11", "projects": "there", "numpy": "2.3", "lightgbm": "4.6"}


def test_packages_that_differ_are_said():
    said = differences(HERE, {"tcp://a": {**HERE, "numpy": "2.2"}, "tcp://b": HERE})
    assert said == ["numpy is 2.3 here and 2.2 on 1 of 2 workers"]


@pytest.mark.parametrize(
    ("theirs", "sentence"),
    [
        (
            {"projects": None},
            "the worker tcp://a of the Dask cluster lacks Penstock, which is installed here;",
        ),
        (
            {"lightgbm": None},
            "the worker tcp://a of the Dask cluster lacks lightgbm, which is installed here;",
        ),
        ({"Python": "3.12"}, "the worker tcp://a of the Dask cluster has Python 3.12, and here it is 3.11;"),
    ],
)
def test_a_worker_that_cannot_do_the_work_is_refused(theirs, sentence):
    with pytest.raises(BadInput) as refused:
        differences(HERE, {"tcp://a": {**HERE, **theirs}})
    assert str(refused.value).startswith(sentence)
