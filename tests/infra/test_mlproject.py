"""The MLproject offers what the steps take, each parameter by its own name."""

import importlib
import re
from pathlib import Path

import pytest
import yaml

from projects.__main__ import STEPS
from projects.predict import _parser
from projects.requirement.parameters import SET, SPEC

ENTRIES = yaml.safe_load((Path(__file__).parents[2] / "MLproject").read_text("utf-8"))["entry_points"]


def step(name):
    return importlib.import_module(STEPS[name]).STEP


@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_an_entry_point_with_all_its_parameters(name):
    taken = [SPEC, *step(name).parameters, *(option.name for option in step(name).options), SET]
    assert sorted(ENTRIES[name]["parameters"]) == sorted(taken)


@pytest.mark.parametrize("name", ENTRIES)
def test_a_command_hands_each_parameter_on(name):
    assert set(re.findall(r"{(\w+)}", ENTRIES[name]["command"])) == set(ENTRIES[name]["parameters"])


@pytest.mark.parametrize("name", STEPS)
def test_a_flag_is_its_parameters_name(name):
    pairs = re.findall(r"--([\w-]+) {(\w+)}", ENTRIES[name]["command"])
    assert all(flag.replace("-", "_") == parameter for flag, parameter in pairs)


@pytest.mark.parametrize("name", STEPS)
def test_a_step_calls_itself(name):
    assert step(name).name == name
    assert f"-m projects {name} " in ENTRIES[name]["command"]


def test_predict_takes_what_its_command_line_does():
    taken = {action.dest for action in _parser()._actions} - {"help", "json"}
    assert set(ENTRIES["predict"]["parameters"]) == taken
