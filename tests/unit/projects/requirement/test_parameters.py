"""One table says which field each parameter sets, and `set` reaches every other field."""

import pytest

from projects.errors import BadInput
from projects.requirement.parameters import NAMES, PARAMETERS, dotted_values
from projects.requirement.read import read_requirement
from projects.requirement.wording import field_at, known_paths

OLD = {"data", "target", "name", "gate", "metric", "candidates", "task", "tune_seconds", "tune_trials",
       "compare_rows", "folds", "holdout", "max_categories", "seed", "stage"}  # fmt: skip


def test_every_parameter_sets_a_field_that_there_is():
    assert all(field_at(parameter.where) is not None for parameter in PARAMETERS)


def test_no_two_parameters_set_the_same_field():
    assert len({parameter.field for parameter in PARAMETERS}) == len(PARAMETERS)


def test_the_parameters_of_the_entry_point_keep_their_names():
    assert set(NAMES) >= OLD


def test_set_reaches_any_field():
    text = "tuning.patience=5; split.strategy=time; features.drop=[a, 'b;c']; evaluation.shap=true"
    found = read_requirement(parameters={"set": text})
    assert (found.tuning.patience, found.split.strategy) == (5, "time")
    assert found.features.drop == ("a", "b;c")
    assert found.evaluation.shap is True


def test_set_reads_a_list_without_brackets():
    assert read_requirement(parameters={"set": "features.drop=a, b"}).features.drop == ("a", "b")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("tuning.patince=5", "set: there is no key tuning.patince: did you mean 'patience'"),
        (
            "tuning.patience",
            "set must be like 'tuning.patience=5; split.strategy=time', not 'tuning.patience'",
        ),
        ("=5", "set must be like"),
        ("features.drop=[a", "set: the value of features.drop cannot be read"),
        ("tuning.patience=ten", "tuning.patience must be a whole number above 0, not 'ten'"),
        ("nowhere.at.all=1", "set: there is no key nowhere.at.all"),
    ],
)
def test_a_set_that_cannot_be_read_is_refused(text, sentence):
    with pytest.raises(BadInput) as caught:
        read_requirement(parameters={"set": text})
    assert sentence in str(caught.value)


def test_a_parameter_inside_of_what_is_no_section_is_refused(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("tuning: 5", encoding="utf-8")
    with pytest.raises(BadInput, match="tuning must be a section, not 5; tune_seconds cannot be set in it"):
        read_requirement(spec=str(path), parameters={"tune_seconds": "3"})


def test_every_path_can_be_set():
    assert all(dotted_values(f"{path}=x") for path in known_paths())
