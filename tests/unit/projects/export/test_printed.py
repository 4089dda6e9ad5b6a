"""Values and estimators are printed as the code that makes them."""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold
from sklearn.preprocessing import FunctionTransformer

from projects.export.code import assignment
from projects.export.printed import Printer, Unprintable

NAMES = {"np": np, "pd": pd, "KFold": KFold, "SimpleImputer": SimpleImputer}
VALUES = [
    None,
    True,
    3,
    -2.5,
    1e300,
    "it's",
    'say "a"',
    "\\d+\n\t",
    "都市\u200b",
    (1,),
    (),
    [],
    {},
    {"a": [1, (2, 3)]},
    {"class": {"lambda": 1}},
    [0.1 + 0.2],
    float("inf"),
]


@pytest.mark.parametrize("value", VALUES)
def test_a_value_comes_back_from_its_code(value):
    assert eval(Printer().node(value).flat) == value


@pytest.mark.parametrize("value", VALUES)
def test_it_does_so_over_several_lines(value):
    many = [value] * 40
    made = {}
    exec(assignment("many", Printer().node(many)), made)
    assert made["many"] == many


def test_only_what_differs_from_the_defaults_is_written():
    code = Printer().node(RandomForestClassifier(n_estimators=100, max_depth=3)).flat
    assert code == "RandomForestClassifier(max_depth=3)"


def test_the_public_path_is_imported():
    printer = Printer()
    printer.node(SimpleImputer(missing_values=pd.NA))
    assert printer.import_lines() == "import pandas as pd\nfrom sklearn.impute import SimpleImputer\n"


def test_an_object_without_parameters_of_scikit_learn_is_printed_by_its_arguments():
    assert Printer().node(KFold(4, shuffle=True)).flat == "KFold(n_splits=4, shuffle=True)"


def test_what_has_no_name_cannot_be_printed():
    with pytest.raises(Unprintable, match="which has no name of its own in its module"):
        Printer().node(FunctionTransformer(lambda cells: cells))


@pytest.mark.parametrize("function", [np.log1p, np.clip, np.nan_to_num])
def test_a_function_of_numpy_is_printed_by_its_name(function):
    printer = Printer()
    assert eval(printer.node(function).flat, NAMES) is function
    assert printer.import_lines() == "import numpy as np\n"


def test_a_function_of_the_standard_library_is_printed_by_its_name():
    printer = Printer()
    assert printer.node(math.sqrt).flat == "sqrt"
    assert printer.import_lines() == "from math import sqrt\n"


def test_a_function_of_no_known_name_cannot_be_printed():
    with pytest.raises(Unprintable, match=r"a numpy\.ufunc"):
        Printer().node(np.frompyfunc(abs, 1, 1))
