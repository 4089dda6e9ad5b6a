"""Prometheus's files: valid, tested, and about metrics that the code has."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

REPO = Path(__file__).parents[2]
FOLDER = REPO / "infra" / "prometheus"
RULES = [
    rule for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"] for rule in group["rules"]
]
NAMES = [rule["alert"] for rule in RULES]


def promtool(*arguments: str) -> None:
    if not shutil.which("promtool"):
        pytest.skip("promtool is not installed (Debian's package prometheus has it; CI installs it)")
    done = subprocess.run(
        ["promtool", *arguments], cwd=FOLDER, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def declared_metrics() -> set[str]:
    """What both packages declare, with the series that a histogram makes."""
    names = set()
    for path in ("serving/metrics.py", "monitoring/metrics.py"):
        names |= set(re.findall(r'"(penstock_\w+)"', (REPO / path).read_text()))
    return names | {f"{name}_{part}" for name in names for part in ("bucket", "count", "sum")}


@pytest.mark.parametrize("name", ["prometheus.yml", "prometheus.compose.yml"])
def test_the_configuration_is_valid(name):
    promtool("check", "config", name)


def test_the_rules_are_valid():
    promtool("check", "rules", "alerts.yml")


def test_the_rules_pass_their_unit_tests():
    promtool("test", "rules", "alerts_test.yml")


def test_both_configurations_scrape_the_same_jobs():
    local, compose = (
        yaml.safe_load((FOLDER / name).read_text()) for name in ("prometheus.yml", "prometheus.compose.yml")
    )
    assert [job["job_name"] for job in local["scrape_configs"]] == [
        job["job_name"] for job in compose["scrape_configs"]
    ]
    assert local["rule_files"] == compose["rule_files"]


def test_the_local_targets_are_the_default_ports():
    from serving.settings import load

    settings = load({})
    local = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    targets = [job["static_configs"][0]["targets"] for job in local["scrape_configs"]]
    assert targets == [[f"127.0.0.1:{settings.gateway_port}"], [f"127.0.0.1:{settings.monitor_port}"]]


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_an_alert_names_only_declared_metrics(rule):
    assert set(re.findall(r"penstock_\w+", rule["expr"])) <= declared_metrics()


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_an_alert_says_severity_summary_and_description(rule):
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_is_tested_firing_and_not_firing(name):
    cases = [
        case
        for test in yaml.safe_load((FOLDER / "alerts_test.yml").read_text())["tests"]
        for case in test["alert_rule_test"]
        if case["alertname"] == name
    ]
    assert {bool(case["exp_alerts"]) for case in cases} == {True, False}
