"""Alertmanager's files: valid, routed as said, and about alerts and labels that exist."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

INFRA = Path(__file__).parents[2] / "infra"
FOLDER = INFRA / "alertmanager"
CONFIG = yaml.safe_load((FOLDER / "alertmanager.yml").read_text())
EXAMPLE = yaml.safe_load((FOLDER / "receivers.example.yml").read_text())
RULES = [
    rule
    for group in yaml.safe_load((INFRA / "prometheus" / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]


def amtool(*arguments: str) -> str:
    if not shutil.which("amtool"):
        pytest.skip("amtool is not installed (Debian's package prometheus-alertmanager has it)")
    done = subprocess.run(
        ["amtool", *arguments], cwd=FOLDER, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("file", ["alertmanager.yml", "receivers.example.yml"])
def test_the_configuration_is_valid(file):
    amtool("check-config", file)


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_an_alert_reaches_the_receiver_of_its_severity(rule):
    labels = [f"{key}={value}" for key, value in rule["labels"].items()]
    wanted = {"critical": "on-call", "warning": "team", "none": "watchdog"}[rule["labels"]["severity"]]
    for file in ("alertmanager.yml", "receivers.example.yml"):
        routes = amtool(
            "config", "routes", "test", f"--config.file={file}", f"alertname={rule['alert']}", *labels
        )
        assert routes == wanted


def test_one_model_makes_one_message():
    assert CONFIG["route"]["group_by"] == ["part", "model"]


def matchers() -> list[str]:
    return [
        each
        for rule in CONFIG["inhibit_rules"]
        for side in ("source", "target")
        for each in rule[f"{side}_matchers"]
    ]


def test_inhibitions_name_alerts_that_exist():
    named = {
        name
        for each in matchers()
        if each.startswith("alertname")
        for name in re.sub(r"^alertname =~? ", "", each).strip('"').split("|")
    }
    assert named
    assert named <= {rule["alert"] for rule in RULES}


def test_inhibitions_name_parts_and_severities_that_exist():
    known = {f"{key} = {value}" for rule in RULES for key, value in rule["labels"].items()}
    assert {each for each in matchers() if not each.startswith(("alertname", "model"))} <= known


def test_no_receiver_of_the_configuration_that_works_as_it_is_needs_an_address():
    assert CONFIG["receivers"] == [{"name": name} for name in ("team", "on-call", "watchdog")]


def test_the_example_has_a_receiver_of_each_kind():
    kinds = {key for receiver in EXAMPLE["receivers"] for key in receiver} - {"name"}
    assert kinds == {"webhook_configs", "email_configs", "slack_configs"}
    assert "Teams" in (FOLDER / "receivers.example.yml").read_text()
    assert {receiver["name"] for receiver in EXAMPLE["receivers"]} == {"team", "on-call", "watchdog"}


def test_secrets_stand_in_files():
    text = (FOLDER / "receivers.example.yml").read_text()
    secret = re.findall(r"^\s*(\w*(?:password|api_url|token|secret)\w*):", text, re.MULTILINE)
    assert secret
    assert all(key.endswith("_file") for key in secret)
