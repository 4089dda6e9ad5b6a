"""Options are checked before any work, and the MLproject passes every one of them."""

from pathlib import Path

import pytest
import yaml

from projects.errors import BadInput
from projects.options import parse_options, parser

PROJECT = yaml.safe_load((Path(__file__).parents[3] / "MLproject").read_text(encoding="utf-8"))
MAIN = PROJECT["entry_points"]["main"]


def options(*arguments):
    return parse_options(parser().parse_args(arguments))


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["--tune-seconds", "soon"], "tune_seconds must be a number from 0 to 86400, not 'soon'"),
        (["--tune-seconds", "-1"], "tune_seconds must be a number from 0"),
        (["--tune-seconds", "nan"], "tune_seconds must be a number"),
        (["--seed", "1.5"], "seed must be a whole number"),
        (["--holdout", "0.9"], r"holdout must be a number from 0.05 to 0.5"),
        (["--folds", "1"], "folds must be a number from 2 to 20"),
        (["--stage", "Prod"], "stage must be one of Staging, Production, None, not 'Prod'"),
        (["--task", "clustering"], "task must be one of auto, classification, regression"),
        (["--candidates", "lightgmb"], "there is no candidate 'lightgmb'; did you mean 'lightgbm'"),
        (["--metric", "acuracy"], "there is no metric 'acuracy'; did you mean 'accuracy'"),
        (["--gate", "gini > 1"], "there is no metric 'gini'"),
        (["--name", "team/churn"], "'team/churn' is no name for a registered model"),
        (["--name", "a:b"], "'a:b' is no name for a registered model"),
    ],
)
def test_a_wrong_option_is_refused(arguments, match):
    with pytest.raises(BadInput, match=match):
        options(*arguments)


def test_the_digest_of_the_options_depends_on_every_one():
    assert options().sha256 == options().sha256 != options("--seed", "8").sha256


def test_the_project_passes_every_option():
    wanted = {action.dest for action in parser()._actions} - {"help"}
    assert set(MAIN["parameters"]) == wanted
    for name in wanted:
        assert f"--{name.replace('_', '-')} {{{name}}}" in " ".join(MAIN["command"].split())


def test_the_projects_defaults_are_the_commands():
    defaults = vars(parser().parse_args([]))
    for name, entry in MAIN["parameters"].items():
        if isinstance(entry, dict):
            assert str(entry["default"]) == defaults[name], name


def test_whole_tables_and_names_are_strings_for_the_project():
    assert MAIN["parameters"]["data"] == "string"


def test_a_number_of_the_project_may_be_written_as_a_float():
    assert options("--tune-trials", "5.0").tune_trials == 5
