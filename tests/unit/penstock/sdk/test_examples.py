"""The examples in the docstrings do what they say, and the classes come at no cost before they are used."""

import doctest
import importlib
import subprocess
import sys

import pytest

MODULES = [
    "penstock.client.predictions",
    "penstock.sdk.evaluation",
    "penstock.sdk.models",
    "penstock.sdk.preparation",
    "penstock.sdk.scores",
    "penstock.sdk.selection",
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_do_what_they_say(name):
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted
    assert not found.failed


def test_the_client_needs_no_pandas_and_no_mlflow():
    code = (
        "import sys; from penstock import PredictionClient, PlatformClient;"
        " print(sorted({'pandas', 'mlflow', 'sklearn', 'numpy', 'projects'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_the_classes_import_neither_mlflow_nor_matplotlib():
    code = (
        "import sys; from penstock import DataPreparation, ModelEvaluator;"
        " print(sorted({'mlflow', 'matplotlib', 'lightgbm', 'xgboost'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
