"""The poller against a registry in memory: it publishes what changed, and only what can be served."""

import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from serving.registry.client import RegistryAway
from serving.registry.election import Election
from serving.registry.poller import Poller
from serving.registry.snapshot import Held, Snapshot, read
from serving.registry.warehouse import KEEP_S, Warehouse
from tests.unit.serving.registry_entries import MemoryRegistry, version


class Scene:
    def __init__(self, root: Path) -> None:
        self.root, self.registry = root, MemoryRegistry()
        self.told: list[tuple[str, dict[str, str]]] = []
        self.trial_error: str | None = None
        self.warehouse = Warehouse(root, self.registry, self.trial)
        self.poller = Poller(
            self.registry, self.warehouse, Election(root / "lock"), self.tell, root / "registry.json"
        )

    def trial(self, held: Held) -> str | None:
        return self.trial_error

    def tell(self, name: str, stages: Mapping[str, str]) -> None:
        self.told.append((name, dict(stages)))

    def poll_until_settled(self) -> Snapshot:
        for _ in range(200):
            self.poller.poll()
            found = read(self.root / "registry.json")
            assert found is not None
            if not any(
                "being fetched" in (state.problem or "")
                for r in found.routes.values()
                for state in r.variants
            ):
                return found
            time.sleep(0.01)
        raise TimeoutError


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def answering(snapshot: Snapshot, name: str = "m") -> str | None:
    held = snapshot.routes[name].variants[0].held
    return held.version if held else None


def test_it_fetches_and_publishes_what_production_means(scene: Scene) -> None:
    scene.registry.put("m", version(1, "Production"), version(2))
    assert answering(scene.poll_until_settled()) == "1"
    assert scene.registry.downloads == [("m", "1")]


def test_nothing_new_is_not_published_again(scene: Scene) -> None:
    scene.registry.put("m", version(1, "Production"))
    scene.poll_until_settled()
    assert scene.poller.poll() is False


def test_a_file_that_was_removed_is_published_again(scene: Scene) -> None:
    scene.registry.put("m", version(1, "Production"))
    scene.poll_until_settled()
    (scene.root / "registry.json").unlink()
    assert scene.poller.poll() is True


def test_a_transition_is_followed(scene: Scene) -> None:
    scene.registry.put("m", version(1, "Production"))
    scene.poll_until_settled()
    scene.registry.put("m", version(1, "Archived"), version(2, "Production"))
    assert answering(scene.poll_until_settled()) == "2"


def test_a_version_that_fails_its_trial_is_not_published(scene: Scene) -> None:
    scene.registry.put("m", version(1, "Production"))
    scene.poll_until_settled()
    scene.trial_error = "no MLmodel"
    scene.registry.put("m", version(1, "Archived"), version(2, "Production"))
    assert answering(scene.poll_until_settled()) == "1"


def test_a_version_that_cannot_be_fetched_leaves_nothing_behind(scene: Scene) -> None:
    scene.registry.put("m", version(1, "Production"))
    scene.registry.broken.add(("m", "1"))
    snapshot = scene.poll_until_settled()
    assert snapshot.routes["m"].variants[0].problem == (
        "version 1 of 'm' cannot be served: its files could not be fetched: gone"
    )
    assert list((scene.root / "models" / "m").iterdir()) == []


def test_while_the_registry_is_away_the_snapshot_stays(scene: Scene) -> None:
    scene.registry.put("m", version(1, "Production"))
    before = scene.poll_until_settled()
    scene.registry.is_away = True
    with pytest.raises(RegistryAway):
        scene.poller.poll()
    assert read(scene.root / "registry.json") == before


def test_the_lifecycle_is_told_of_changed_models_alone(scene: Scene) -> None:
    scene.registry.put("m", version(1, "Production"))
    scene.registry.put("n", version(1))
    scene.poll_until_settled()
    scene.told.clear()
    scene.registry.put("n", version(1, "Staging"))
    scene.poll_until_settled()
    assert scene.told == [("n", {"1": "Staging"})]


def test_a_deleted_model_is_dropped(scene: Scene) -> None:
    scene.registry.put("m", version(1, "Production"))
    scene.poll_until_settled()
    del scene.registry.entries["m"]
    scene.poller.poll()
    assert scene.poll_until_settled().routes == {}


def test_a_successor_fetches_nothing_twice(scene: Scene) -> None:
    scene.registry.put("m", version(1, "Production"))
    held = scene.poll_until_settled().routes["m"].variants[0].held
    assert held is not None
    scene.warehouse.stock.clear()
    scene.warehouse.adopt([held])
    scene.poll_until_settled()
    assert scene.registry.downloads == [("m", "1")]


def test_one_candidate_is_elected_until_it_resigns(tmp_path: Path) -> None:
    first, second = Election(tmp_path / "lock"), Election(tmp_path / "lock")
    assert (first.holds(), second.holds(), first.holds()) == (True, False, True)
    first.resign()
    assert second.holds()
    second.resign()


def test_a_version_whose_trial_goes_wrong_does_not_hold_up_the_others(scene: Scene) -> None:
    def trial(held: Held) -> str | None:
        if held.model == "bad":
            raise LookupError("what no one foresaw")
        return None

    scene.warehouse._trial = trial
    scene.registry.put("bad", version(1, "Production"))
    scene.registry.put("m", version(1, "Production"))
    snapshot = scene.poll_until_settled()
    assert answering(snapshot) == "1"
    assert "it could not be brought: LookupError: what no one foresaw" in str(snapshot.routes["bad"])


def test_files_that_were_removed_are_fetched_and_published_again(scene: Scene) -> None:
    scene.registry.put("m", version(1, "Production"))
    held = scene.poll_until_settled().routes["m"].variants[0].held
    assert held is not None
    shutil.rmtree(scene.root / held.folder)
    deadline = time.monotonic() + 30
    while not scene.poller.poll():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert (scene.root / held.folder / "MLmodel").exists()


def test_whoever_takes_over_publishes_at_once(scene: Scene) -> None:
    scene.registry.put("m", version(1, "Production"))
    scene.poll_until_settled()
    scene.poller._take_over()
    assert scene.poller.poll() is True
    assert scene.poller.poll() is False


def test_a_snapshot_that_cannot_be_read_is_made_anew_although_nothing_is_registered(scene: Scene) -> None:
    (scene.root / "registry.json").write_text('{"format": 1, "rou')
    scene.poller._take_over()
    scene.poller.poll()
    assert read(scene.root / "registry.json") == Snapshot({}, {})


def test_what_an_earlier_run_left_is_swept_after_an_hour(tmp_path: Path) -> None:
    now = [0.0]
    leftover = tmp_path / "models" / "m" / ".1-cut.short"
    leftover.mkdir(parents=True)
    warehouse = Warehouse(tmp_path, MemoryRegistry(), lambda held: None, clock=lambda: now[0])
    warehouse.adopt([])
    warehouse.sweep([])
    assert leftover.exists()
    now[0] = KEEP_S + 1
    warehouse.sweep([])
    assert not leftover.exists()


def test_a_version_that_fails_for_ever_is_fetched_ever_more_seldom(tmp_path: Path) -> None:
    now = [0.0]
    registry, held = MemoryRegistry(), Held("m", "1", "models/m/1-a", None)
    registry.broken.add(("m", "1"))
    warehouse = Warehouse(tmp_path, registry, lambda held: None, clock=lambda: now[0])
    for second in range(600):
        now[0] = float(second)
        warehouse.want([held])
        warehouse.collect(1.0)
    assert len(registry.downloads) == 6


def outcome(warehouse: Warehouse, held: Held) -> str | None:
    warehouse.want([held])
    assert warehouse.collect(5.0)
    return warehouse.stock[held.folder].error


def test_a_version_whose_loading_ended_a_worker_is_not_tried_at_once(tmp_path: Path) -> None:
    held, mark = Held("m", "1", "models/m/1-a", None), tmp_path / "models" / "m" / ".1-a.loading"
    mark.parent.mkdir(parents=True)
    mark.touch()
    tried: list[Held] = []
    error = outcome(Warehouse(tmp_path, MemoryRegistry(), tried.append), held)
    assert error == "a worker died while it loaded this version; it is tried again 60 s later"
    assert tried == []
    os.utime(mark, (0, 0))
    assert outcome(Warehouse(tmp_path, MemoryRegistry(), tried.append), held) is None
    assert not mark.exists()


def test_a_tag_that_is_not_followed_is_logged_once(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.registry.put("m", version(1, "Production"))
    scene.poll_until_settled()
    for text in ("{", "{", '{"variants": {"a": {"version": "9", "weight": 100}}}'):
        scene.registry.put("m", version(1, "Production"), tags={"penstock.route": text})
        for count in range(3):
            scene.registry.put("other", *[version(number + 1) for number in range(count)])
            scene.poller.poll()
    assert answering(scene.poll_until_settled()) == "1"
    told = [record.getMessage().partition(": ")[2] for record in caplog.records]
    assert [sentence.partition(":")[0] for sentence in told] == [
        "a route must be JSON, and this is not",
        "variant 'a' of route 'm'",
    ]
