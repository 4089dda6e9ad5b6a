"""Candidates, pipelines, folds and tuning do what the comparison rests on."""

import numpy as np
import pandas as pd
import pytest

from projects.errors import BadInput
from projects.evaluation.metrics import BY_NAME, Answers
from projects.features import read_features
from projects.learning.candidates import CANDIDATES, fitting, parse_candidates
from projects.learning.compare import Validation, answers_of, rows_to_compare, validate
from projects.learning.pipelines import build
from projects.learning.tune import tune
from projects.split import Split
from tests.unit.plan.plan_fixtures import FAMILIES, fit, table, truth

CLASSES = ("ja", "nein")
LIGHTGBM = next(candidate for candidate in CANDIDATES if candidate.name == "lightgbm")
RIDGE = next(candidate for candidate in CANDIDATES if candidate.name == "ridge")


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda candidate: candidate.name)
def test_defaults_lie_within_their_spans(candidate):
    assert set(candidate.defaults) == set(candidate.spans)
    for name, value in candidate.defaults.items():
        assert candidate.spans[name].low <= value <= candidate.spans[name].high


def test_candidates_are_named_in_any_order_once():
    assert [c.name for c in parse_candidates("xgboost, Ridge,xgboost")] == ["xgboost", "ridge"]


def test_an_unknown_candidate_is_refused_with_near_names():
    with pytest.raises(BadInput, match=r"there is no candidate 'xgbost'; did you mean 'xgboost'\?"):
        parse_candidates("xgbost")


def test_candidates_that_cannot_do_the_task_are_left_out():
    assert "logistic" not in [candidate.name for candidate in fitting(CANDIDATES, "regression")]


def test_no_candidate_for_the_task_is_refused():
    with pytest.raises(BadInput, match="no candidate of ridge can do binary; logistic, random_forest"):
        fitting((RIDGE,), "binary")


def test_the_pickled_pipeline_holds_no_class_of_ours():
    import cloudpickle

    for family in FAMILIES:
        content = cloudpickle.dumps(fit(family, "texts"))
        assert b"projects" not in content
        assert b"serving" not in content


def test_a_column_of_many_texts_makes_a_bounded_matrix():
    frame = table().assign(city=[f"city {n % 90}" for n in range(240)])
    made = build(LIGHTGBM, read_features(frame), "binary", seed=1, threads=1, max_categories=5)
    assert made.fit(frame, truth(frame, "texts"))[0].transform(frame).shape == (240, 2 + 5 + 2)


def rows(kind="texts", most_rows=10_000, folds=5):
    frame = table()
    classes = CLASSES if kind == "texts" else None
    task = "binary" if classes else "regression"
    return rows_to_compare(frame, truth(frame, kind), task, classes, folds=folds, most_rows=most_rows, seed=2)


def test_every_row_is_scored_once():
    folded = rows()
    assert sorted(at for _, scored in folded.folds for at in scored) == list(range(240))


def test_a_long_table_is_compared_on_some_of_its_rows():
    assert len(rows(most_rows=100).X) == 100


@pytest.mark.parametrize("kept", [239, 238, 200])
def test_any_number_of_rows_may_be_compared_on(kept):
    assert len(rows(most_rows=kept).X) == kept


def test_a_rare_class_keeps_its_rows_and_is_in_every_fold():
    labels = np.array(["nein"] * 237 + ["ja"] * 3, dtype=object)
    for seed in range(5):
        folded = rows_to_compare(table(), labels, "binary", CLASSES, folds=3, most_rows=100, seed=seed)
        assert [(folded.y[scored] == "ja").sum() for _, scored in folded.folds] == [1, 1, 1]


def test_classes_keep_their_shares_among_the_rows_to_compare():
    labels = np.array(["nein"] * 180 + ["ja"] * 60, dtype=object)
    folded = rows_to_compare(table(), labels, "binary", CLASSES, folds=5, most_rows=120, seed=1)
    assert (folded.y == "ja").sum() == pytest.approx(30, abs=3)


def test_a_fold_of_numbers_never_holds_one_row_alone():
    frame = table(16)
    folded = rows_to_compare(
        frame, truth(frame, "regression"), "regression", None, folds=20, most_rows=100, seed=1
    )
    assert {len(scored) for _, scored in folded.folds} == {2}


def test_a_small_class_makes_fewer_folds():
    frame = table()
    labels = np.array(["ja"] * 3 + ["nein"] * 237, dtype=object)
    folded = rows_to_compare(frame, labels, "binary", CLASSES, folds=5, most_rows=1000, seed=2)
    assert len(folded.folds) == 3


def test_the_same_seed_gives_the_same_scores():
    made = build(LIGHTGBM, read_features(table()), "binary", seed=1, threads=1, max_categories=5)
    assert validate(made, rows()).means == validate(made, rows()).means


def score_by(number):
    return Validation({"rmse": number}, {"rmse": 0.0}, 0.1)


def tuned(validate_parameters, *, seconds=1e9, most_trials=15, clock=lambda: 0.0, default=10.0):
    return tune(
        RIDGE, score_by(default), validate_parameters, BY_NAME["rmse"],
        seconds=seconds, most_trials=most_trials, seed=1, clock=clock,
    )  # fmt: skip


def test_tuning_finds_better_parameters():
    found = tuned(lambda parameters, _: score_by(abs(np.log10(parameters["alpha"]) + 2)))
    assert found.validation.means["rmse"] < 1
    assert len(found.trials) == 15


def test_tuning_keeps_the_defaults_when_nothing_is_better():
    found = tuned(lambda parameters, _: score_by(11.0))
    assert (found.parameters, found.validation.means["rmse"]) == (RIDGE.defaults, 10.0)


def test_no_seconds_try_nothing():
    assert tuned(lambda *_: pytest.fail("tried"), seconds=0).trials == ()


def test_tuning_stops_in_the_middle_of_a_trial_when_time_is_up():
    seconds = iter(range(1000))

    def slow(_, after_fold):
        for fold in range(100):
            after_fold(fold, {"rmse": 1.0})
        return score_by(1.0)

    found = tuned(slow, seconds=20, clock=lambda: float(next(seconds)))
    assert (found.trials, found.stopped_early) == ((), 1)


def test_the_same_seed_tries_the_same_parameters():
    tried = [[], []]
    for seen in tried:
        tuned(lambda parameters, _, seen=seen: seen.append(parameters) or score_by(5.0), most_trials=8)
    assert tried[0] == tried[1]


def test_a_class_that_a_fold_never_saw_gets_no_share():
    model, frame = fit("logistic", "texts"), table(10)
    answers = answers_of(model, frame, truth(frame, "texts"), ("ja", "nein", "vielleicht"))
    assert isinstance(answers, Answers)
    assert (answers.probabilities[:, 2] == 0).all()
