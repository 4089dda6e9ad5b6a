"""The Evidently workspace's files."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from monitoring.columns import Columns
from monitoring.lane import Lane
from monitoring.reports.compared import Compared
from monitoring.reports.evidently import drift_report
from monitoring.reports.workspace import DASHBOARD, PROJECT, SNAPSHOTS, Workspace, project_id, snapshot_id

LANE, OTHER = Lane("churn", "1", "champion"), Lane("churn", "2", "challenger")


@pytest.fixture(scope="module")
def snapshot():
    frame = pd.DataFrame({"age": [1.0, 2.0, 3.0]})
    compared = Compared(frame, frame, Columns(("age",), ()), {"age": 0.1})
    return drift_report(compared, drift_share=0.5, made=datetime.now(UTC), about={"variant": "champion"})


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    return Workspace(tmp_path / "workspace", kept=2)


def files(workspace: Workspace) -> list[Path]:
    return sorted((workspace.folder / str(project_id("churn")) / SNAPSHOTS).iterdir())


def test_a_snapshot_is_in_its_models_project(workspace, snapshot):
    workspace.add(LANE, "drift", snapshot, made_s=1e9)
    home = workspace.folder / str(project_id("churn"))
    assert json.loads((home / PROJECT).read_text())["name"] == "churn"
    assert files(workspace) == [home / SNAPSHOTS / f"{snapshot_id(LANE, 'drift', 1e9)}.json"]


def test_evidently_reads_it(workspace, snapshot):
    from evidently.ui.workspace import Workspace as Evidently

    workspace.add(LANE, "drift", snapshot, made_s=1e9)
    project = Evidently(str(workspace.folder)).search_project("churn")[0]
    assert len(Evidently(str(workspace.folder)).list_runs(project.id)) == 1
    titles = [panel.title for panel in project.dashboard.model().panels]
    assert "champion: share of drifted columns" in titles


def test_the_newest_of_each_lane_and_kind_stay(workspace, snapshot):
    workspace.add(OTHER, "drift", snapshot, made_s=1e9)
    workspace.add(LANE, "quality", snapshot, made_s=1e9)
    for made_s in (1e9, 1e9 + 60, 1e9 + 120):
        workspace.add(LANE, "drift", snapshot, made_s=made_s)
    kept = {
        (LANE, "drift", 1e9 + 60),
        (LANE, "drift", 1e9 + 120),
        (OTHER, "drift", 1e9),
        (LANE, "quality", 1e9),
    }
    assert {path.stem for path in files(workspace)} == {str(snapshot_id(*each)) for each in kept}


def test_each_variant_gets_a_tab_and_peoples_own_stay(workspace, snapshot):
    workspace.add(LANE, "drift", snapshot, made_s=1e9)
    path = workspace.folder / str(project_id("churn")) / DASHBOARD
    dashboard = json.loads(path.read_text())
    dashboard["tabs"].append({"id": str(project_id("x")), "title": "Mine", "panels": []})
    path.write_text(json.dumps(dashboard))
    for made_s in (1e9, 1e9 + 60):
        workspace.add(OTHER, "drift", snapshot, made_s=made_s)
    assert [tab["title"] for tab in json.loads(path.read_text())["tabs"]] == [
        "champion",
        "Mine",
        "challenger",
    ]


def test_nothing_is_left_beside_the_workspace(workspace, snapshot, tmp_path):
    workspace.add(LANE, "drift", snapshot, made_s=1e9)
    assert [path.name for path in tmp_path.iterdir()] == ["workspace"]


def test_what_a_killed_monitor_left_goes(workspace, snapshot, tmp_path):
    (tmp_path / ".snapshot-old").mkdir()
    os.utime(tmp_path / ".snapshot-old", (1e9, 1e9))
    workspace.add(LANE, "drift", snapshot, made_s=1e9 + 7_200)
    assert not (tmp_path / ".snapshot-old").exists()


def test_ids_are_in_the_order_of_time_and_uuids_of_version_8():
    early, late = snapshot_id(LANE, "drift", 1e9), snapshot_id(LANE, "drift", 1e9 + 1)
    assert str(early) < str(late)
    assert (early.version, early.variant) == (8, "specified in RFC 4122")
