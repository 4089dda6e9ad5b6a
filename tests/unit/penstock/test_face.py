"""The face: names that are fetched from their rooms when they are used."""

import importlib
import subprocess
import sys

import pytest

import penstock
from penstock.names import PLACES


@pytest.mark.parametrize("name", PLACES)
def test_a_name_is_its_rooms_own(name):
    assert getattr(penstock, name) is getattr(importlib.import_module(PLACES[name]), name)


def test_all_names_are_listed():
    assert dir(penstock) == penstock.__all__ == sorted(PLACES)


def test_a_name_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(AttributeError, match=r"no attribute 'Classifier'; it has .*MLClassifier"):
        penstock.Classifier  # noqa: B018 - the asking is what is tested


def test_the_face_imports_nothing_heavy():
    code = (
        "import sys, penstock; print(sorted({'sklearn', 'projects', 'mlflow', 'pandas'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
