"""Prometheus's files: valid, tested, and about metrics that the code has."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.infra.declared import declared_metrics

REPO = Path(__file__).parents[2]
FOLDER = REPO / "infra" / "prometheus"
RULE_FILES = ("recording.yml", "alerts.yml")
TEST_FILES = ("recording_test.yml", "alerts_test.yml", "alerts_days_test.yml")


def rules_of(*files: str) -> list[dict[str, Any]]:
    groups = [group for file in files for group in yaml.safe_load((FOLDER / file).read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"]]


def cases_of(*files: str) -> list[dict[str, Any]]:
    return [test for file in files for test in yaml.safe_load((FOLDER / file).read_text())["tests"]]


CASES = cases_of(*TEST_FILES)
RULES = rules_of("alerts.yml")
NAMES = [rule["alert"] for rule in RULES]
RECORDED = [rule["record"] for rule in rules_of("recording.yml")]
BORN_WITH_AN_EVENT = {
    "penstock_api_requests_total",
    "penstock_check_errors_total",
    "penstock_drift_detected",
    "penstock_drift_share",
    "penstock_labelled_rows",
    "penstock_model_age_seconds",
    "penstock_predictions_total",
    "penstock_pyfunc_starts_total",
    "penstock_quality_detected",
    "penstock_quality_estimate_detected",
    "penstock_request_seconds_bucket",
    "penstock_request_seconds_count",
    "penstock_requests_total",
    "penstock_shadow_dropped_total",
    "penstock_stream_drift",
    "penstock_upstream_down",
    "penstock_window_rows",
}
"""Series that are rightly absent until a model is asked, compared or labelled; ModelUnwatched guards them."""
OF_EACH_MODEL = {
    "penstock_batch_runs_total",
    "penstock_last_retraining_timestamp_seconds",
    "penstock_retraining_running",
    "penstock_retrainings_total",
    "penstock_route_problem",
}
"""Series that are there as soon as a model is registered, or routed."""


def promtool(*arguments: str) -> None:
    if not shutil.which("promtool"):
        pytest.skip("promtool is not installed (Debian's package prometheus has it; CI installs it)")
    done = subprocess.run(
        ["promtool", *arguments], cwd=FOLDER, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def series_in(expression: str) -> set[str]:
    return set(re.findall(r"(?<!:)\bpenstock_\w+", expression))


@pytest.mark.parametrize("name", ["prometheus.yml", "prometheus.compose.yml"])
def test_the_configuration_is_valid(name):
    promtool("check", "config", name)


def test_the_rules_are_valid():
    promtool("check", "rules", *RULE_FILES)


@pytest.mark.parametrize("file", TEST_FILES)
def test_the_rules_pass_their_unit_tests(file):
    promtool("test", "rules", file)


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
    targets = [
        job["static_configs"][0]["targets"] for job in local["scrape_configs"] if "static_configs" in job
    ]
    ports = (settings.gateway_port, settings.monitor_port, settings.api_port, 9090)
    assert targets == [[f"127.0.0.1:{port}"] for port in ports]
    told = local["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    assert told == ["127.0.0.1:9093"]


def test_model_servers_are_named_in_a_file_that_is_read_again():
    local = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    (job,) = [job for job in local["scrape_configs"] if job["job_name"] == "penstock-model-server"]
    (file,) = job["file_sd_configs"][0]["files"]
    assert yaml.safe_load((FOLDER / file).read_text()) == [{"targets": []}]


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_an_alert_names_only_declared_metrics(rule):
    assert series_in(rule["expr"]) <= declared_metrics()
    assert set(re.findall(r"penstock:[\w:]+", rule["expr"])) <= set(RECORDED)


@pytest.mark.parametrize("rule", rules_of("recording.yml"), ids=RECORDED)
def test_a_recording_names_only_declared_metrics(rule):
    assert series_in(rule["expr"])
    assert series_in(rule["expr"]) <= declared_metrics()


def test_a_series_that_must_be_there_and_that_an_alert_reads_is_missed_when_it_goes():
    read = set().union(*(series_in(rule["expr"]) for rule in rules_of(*RULE_FILES)))
    missed = set().union(
        *(re.findall(r"absent\((penstock_\w+)", rule["expr"]) for rule in RULES if "Missing" in rule["alert"])
    )
    assert read - missed <= BORN_WITH_AN_EVENT | OF_EACH_MODEL


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_an_alert_says_severity_summary_and_description(rule):
    assert set(rule["labels"]) == {"severity", "part"}
    assert rule["labels"]["severity"] in ("critical", "warning", *(["none"] * (rule["alert"] == "Watchdog")))
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_is_tested_firing_and_not_firing(name):
    cases = [case for test in CASES for case in test.get("alert_rule_test", ()) if case["alertname"] == name]
    wanted = {True} if name == "Watchdog" else {True, False}
    assert {bool(case["exp_alerts"]) for case in cases} == wanted


@pytest.mark.parametrize("name", RECORDED)
def test_a_recording_is_tested(name):
    asked = [case["expr"] for test in CASES for case in test.get("promql_expr_test", ())]
    assert f"round({name}, 0.001)" in asked
