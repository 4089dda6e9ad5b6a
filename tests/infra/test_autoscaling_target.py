"""The autoscalers in Kubernetes' files are told what the queueing model has chosen."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.scaling.targets import SCALE_DOWN_STABILIZATION_S, TARGETS, AutoscalingTarget

FOLDER = Path(__file__).parents[2] / "infra" / "kubernetes"


def autoscaler(name: str) -> Any:
    text = (FOLDER / "overlays" / "production" / "autoscalers.yaml").read_text()
    [found] = [each for each in yaml.safe_load_all(text) if each["metadata"]["name"] == name]
    return found["spec"]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.workload)
def test_an_autoscaler_has_the_target_and_the_bounds(target: AutoscalingTarget) -> None:
    spec = autoscaler(target.workload)
    [metric] = spec["metrics"]
    assert spec["scaleTargetRef"]["name"] == target.workload
    assert (spec["minReplicas"], spec["maxReplicas"]) == (target.least, target.most)
    assert metric["pods"]["metric"]["name"] == target.metric
    assert float(metric["pods"]["target"]["averageValue"]) == target.in_flight


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.workload)
def test_the_window_downwards_is_the_one_that_was_replayed(target: AutoscalingTarget) -> None:
    down = autoscaler(target.workload)["behavior"]["scaleDown"]
    assert down["stabilizationWindowSeconds"] == SCALE_DOWN_STABILIZATION_S


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.workload)
def test_the_adapter_makes_the_metric_by_littles_law(target: AutoscalingTarget) -> None:
    rules = yaml.safe_load((FOLDER / "prometheus-adapter.yaml").read_text())["rules"]["custom"]
    assert [rule["metricsQuery"] for rule in rules if rule["name"]["as"] == target.metric] == [target.query]
