"""A step's words become a requirement and options of its own; what it does not know is refused by name."""

import json

import pytest

from projects.__main__ import PREDICT, STEPS, main
from projects.errors import BadInput
from projects.steps.command import Option, Step, whole


@pytest.fixture
def asked():
    """What a step was asked, once it ran."""
    return {}


@pytest.fixture
def step(asked):
    def work(given, settings):
        asked["it"] = given
        given.say("a line for a person")
        return {"status": "success"}

    options = (
        Option("missing_strategy", "how gaps are filled", "cleaning.missing_strategy"),
        Option("output", "a folder"),
    )
    return Step("mend", "Mend a table.", ("data", "target", "seed"), work, options)


def test_an_option_sets_its_field_of_the_requirement(step, asked):
    assert step.run(["--data", "x.csv", "--missing-strategy", "mean", "--set", "tuning.patience=5"]) == 0
    requirement = asked["it"].requirement
    assert (requirement.data_source, requirement.cleaning.missing_strategy) == ("x.csv", "mean")
    assert requirement.tuning.patience == 5


@pytest.mark.parametrize("text", ["[city, 'a;b']", "city"])
def test_an_option_may_be_a_list(text, asked):
    step = Step("look", "Look.", (), lambda given, _: asked.update(it=given) or {},
                (Option("groups", "columns", "evaluation.groups"),))  # fmt: skip
    assert step.run(["--groups", text]) == 0
    assert asked["it"].requirement.evaluation.groups == (("city", "a;b") if "[" in text else ("city",))


def test_an_option_of_the_step_alone_is_kept_apart(step, asked):
    assert step.run(["--output", " out "]) == 0
    assert asked["it"].own == {"output": "out"}


def test_an_empty_parameter_is_not_given(step, asked):
    assert step.run(["--data", "x.csv", "--target", "", "--missing-strategy", ""]) == 0
    assert asked["it"].given == {"data": "x.csv"}


def test_a_parameter_wins_over_the_spec_file(step, asked, tmp_path):
    (tmp_path / "spec.yaml").write_text("data_source: a.csv\nseed: 3\ncleaning: {missing_strategy: mode}\n")
    assert step.run(["--spec", str(tmp_path / "spec.yaml"), "--seed", "4"]) == 0
    requirement = asked["it"].requirement
    assert (requirement.data_source, requirement.seed) == ("a.csv", 4)
    assert requirement.cleaning.missing_strategy == "mode"


def test_json_stands_alone_on_standard_output(step, capsys):
    assert step.run(["--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"status": "success"}
    assert err == "a line for a person\n"


WRONG = {
    "an unknown parameter": (
        ["--taget", "y"],
        "the step mend has no parameter 'taget'; did you mean 'target'?",
    ),
    "a parameter of another step": (
        ["--algorithm=knn"],
        "the step mend has no parameter 'algorithm'; there are spec, data, target, seed, set,",
    ),
    "a word alone": (["x.csv"], "the step mend has no parameter 'x.csv'"),
    "a flag without its value": (["--data"], "the command line of mend cannot be read: argument --data"),
    "a value that there is not": (["--missing-strategy", "meen"], "not 'meen'; did you mean 'mean' or"),
    "a seed that is no number": (["--seed", "x"], "seed must be a whole number"),
    "a key in set that there is not": (["--set", "tunning.patience=5"], "did you mean 'tuning.patience'?"),
    "a spec file that is not there": (["--spec", "no.yaml"], "no.yaml"),
}


@pytest.mark.parametrize("case", WRONG)
def test_it_is_one_sentence_and_exit_code_two(case, step, asked, capsys):
    words, sentence = WRONG[case]
    assert step.run(words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert sentence in line
    assert not asked


@pytest.mark.parametrize("case", WRONG)
def test_with_json_the_error_is_json(case, step, capsys):
    words, sentence = WRONG[case]
    assert step.run(["--json", *words]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert sentence in error["message"]
    assert {"code", "cause", "fix"} < set(error)


@pytest.mark.parametrize("text", ["", "3", "3.0"])
def test_an_option_is_read_as_a_whole_number(step, asked, text):
    step.run(["--output", text])
    assert whole(asked["it"], "output", 3, low=1, high=9) == 3


@pytest.mark.parametrize("text", ["x", "2.5", "0", "10", "nan"])
def test_what_is_no_whole_number_is_refused(step, asked, text):
    step.run(["--output", text])
    with pytest.raises(BadInput, match="output must be a whole number from 1 to 9, not"):
        whole(asked["it"], "output", 3, low=1, high=9)


def test_a_step_that_there_is_not_is_refused_with_the_nearest(capsys):
    assert main(["trian"]) == 2
    assert (
        capsys.readouterr().err == "penstock: there is no step 'trian'; did you mean 'train' or 'retrain'?\n"
    )


def test_without_a_step_the_steps_are_listed(capsys):
    assert main([]) == 2
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in [*STEPS, PREDICT])


@pytest.mark.parametrize("name", [*STEPS, PREDICT])
def test_each_step_has_help(name, capsys):
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert f"python -m projects {name}" in capsys.readouterr().out
