"""The runbook has a heading for each alert, and no other."""

import re
from pathlib import Path

import pytest
import yaml

from tests.infra.declared import declared_metrics

INFRA = Path(__file__).parents[2] / "infra"
RUNBOOK = (INFRA / "RUNBOOK.md").read_text()
RULES = [
    rule
    for group in yaml.safe_load((INFRA / "prometheus" / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]


def sections() -> dict[str, str]:
    parts = re.split(r"^## (.+)$", RUNBOOK, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_headings_and_alerts_are_the_same():
    assert list(sections()) == [rule["alert"] for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_an_alert_links_to_its_heading(rule):
    assert rule["annotations"]["runbook_url"] == f"infra/RUNBOOK.md#{rule['alert'].lower()}"


@pytest.mark.parametrize("name", sections())
def test_a_section_says_what_it_means_where_to_look_and_what_to_do(name):
    said = [sections()[name].find(word) for word in ("**Means**", "**Look first**", "**Do**")]
    assert said == sorted(said)
    assert said[0] >= 0


def test_the_reasons_of_failed_checks_are_those_of_the_code():
    from monitoring.metrics import CHECK_REASONS

    told = re.findall(r"^- `(\w+)`:", sections()["MonitorCheckFailing"], flags=re.MULTILINE)
    assert sorted(told) == sorted(CHECK_REASONS)


def test_the_metrics_named_exist():
    recorded = set(re.findall(r"record: (\S+)", (INFRA / "prometheus" / "recording.yml").read_text()))
    assert set(re.findall(r"\bpenstock_\w+\b", RUNBOOK)) <= declared_metrics()
    assert set(re.findall(r"penstock:[\w:]+", RUNBOOK)) <= recorded


def test_links_lead_to_headings():
    linked = re.findall(r"\]\(#(\w+)\)", RUNBOOK)
    assert linked
    assert set(linked) <= {name.lower() for name in sections()}


def test_the_modules_named_exist():
    for module in re.findall(r"python -m ([\w.]+)", RUNBOOK):
        assert (INFRA.parent / module.replace(".", "/") / "__main__.py").exists()


def test_the_settings_named_exist():
    from serving.settings import KINDS

    pattern = r"`((?:gateway|monitor|drift|var|retrain|database|pyfunc|log|jobs?|api)_[a-z_]+)`"
    named = set(re.findall(pattern, RUNBOOK))
    assert named
    assert named <= set(KINDS)
