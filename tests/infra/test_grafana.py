"""Grafana's files: what is drawn exists, and every dashboard asks the one data source."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.infra.declared import declared_metrics

REPO = Path(__file__).parents[2]
FOLDER = REPO / "infra" / "grafana"
BOARDS = {path.stem: json.loads(path.read_text()) for path in sorted((FOLDER / "dashboards").glob("*.json"))}
SOURCE = {"type": "prometheus", "uid": "penstock"}
PANELS = [(name, panel) for name, board in BOARDS.items() for panel in board["panels"]]
IDS = [f"{name}: {panel['title']}" for name, panel in PANELS]


def drawable() -> set[str]:
    recording = (REPO / "infra" / "prometheus" / "recording.yml").read_text()
    return declared_metrics() | set(re.findall(r"record: (\S+)", recording))


def expressions(panel: dict[str, Any]) -> list[str]:
    return [target["expr"] for target in panel["targets"]]


def test_the_dashboards_are_those_that_are_promised():
    assert set(BOARDS) == {"fleet", "model", "gateway", "training", "platform"}
    assert {board["uid"] for board in BOARDS.values()} == {f"penstock-{name}" for name in BOARDS}


@pytest.mark.parametrize(("board", "panel"), PANELS, ids=IDS)
def test_a_panel_draws_metrics_that_the_code_has(board, panel):
    used = {name for text in expressions(panel) for name in re.findall(r"\bpenstock[_:][\w:]+", text)}
    assert used or any("ALERTS" in text for text in expressions(panel))
    assert used <= drawable()


@pytest.mark.parametrize(("board", "panel"), PANELS, ids=IDS)
def test_a_panel_asks_the_one_data_source(board, panel):
    assert [panel["datasource"], *(target["datasource"] for target in panel["targets"])] == [SOURCE] * (
        1 + len(panel["targets"])
    )


def test_every_metric_is_drawn_somewhere():
    drawn = " ".join(text for _, panel in PANELS for text in expressions(panel))
    drawn += (REPO / "infra" / "prometheus" / "recording.yml").read_text()
    bare = {name for name in drawable() if not name.endswith(("_bucket", "_count", "_sum"))}
    missing = {name for name in bare if name not in drawn and "ratio" not in name}
    assert missing == {"penstock_process_start_time_seconds"}


@pytest.mark.parametrize("name", BOARDS)
def test_panels_lie_side_by_side(name):
    taken: set[tuple[int, int]] = set()
    for panel in BOARDS[name]["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + i, at["y"] + j) for i in range(at["w"]) for j in range(at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & taken
        taken |= cells
    assert len({panel["id"] for panel in BOARDS[name]["panels"]}) == len(BOARDS[name]["panels"])


@pytest.mark.parametrize("name", BOARDS)
def test_variables_that_are_used_are_declared(name):
    text = json.dumps(BOARDS[name]["panels"])
    declared = {variable["name"] for variable in BOARDS[name]["templating"]["list"]}
    assert set(re.findall(r"\$(\w+)", text)) == declared
    assert all(variable["datasource"] == SOURCE for variable in BOARDS[name]["templating"]["list"])


def test_the_data_source_has_the_uid_and_the_address_that_compose_gives():
    (source,) = yaml.safe_load((FOLDER / "provisioning/datasources/prometheus.yml").read_text())[
        "datasources"
    ]
    assert (source["uid"], source["type"], source["url"]) == ("penstock", "prometheus", "${PROMETHEUS_URL}")
    compose = yaml.safe_load((REPO / "docker-compose.yml").read_text())["services"]["grafana"]
    assert "PROMETHEUS_URL" in compose["environment"]


def test_the_dashboards_are_provisioned_from_where_compose_puts_them():
    provisioning = yaml.safe_load((FOLDER / "provisioning/dashboards/penstock.yml").read_text())
    path = provisioning["providers"][0]["options"]["path"]
    compose = yaml.safe_load((REPO / "docker-compose.yml").read_text())["services"]["grafana"]
    assert f"./infra/grafana/dashboards:{path}:ro" in compose["volumes"]
    home = compose["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{path}/fleet.json"


def test_what_is_asked_is_promql(tmp_path):
    if not shutil.which("promtool"):
        pytest.skip("promtool is not installed (Debian's package prometheus has it)")
    asked = [text for _, panel in PANELS for text in expressions(panel)]
    rules = [
        {"record": f"asked:{number}", "expr": text.replace("$model", "m").replace("$metric", "m")}
        for number, text in enumerate(asked)
    ]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": rules}]}))
    done = subprocess.run(
        ["promtool", "check", "rules", file], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
