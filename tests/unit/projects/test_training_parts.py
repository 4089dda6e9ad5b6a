"""Candidates, pipelines, folds and tuning do what the comparison rests on."""

import numpy as np
import pandas as pd
import pytest

from projects.errors import BadInput
from projects.evaluation.importance import importance
from projects.evaluation.metrics import BY_NAME, Answers
from projects.evaluation.plots import draw_all
from projects.evaluation.suspicion import repeats, suspicion
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


@pytest.mark.parametrize("family", FAMILIES)
def test_importance_is_shared_out_over_the_input_columns(family):
    shares = importance(fit(family, "texts"))
    assert set(shares) == {"größe", "city", "count", "colour"}
    assert sum(shares.values()) == pytest.approx(1.0)
    assert max(shares, key=shares.get) == "count"


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("texts", ["confusion_matrix", "roc_curve", "precision_recall_curve", "feature_importance"]),
        ("multiclass", ["confusion_matrix", "feature_importance"]),
        ("regression", ["predicted_vs_actual", "residuals", "feature_importance"]),
    ],
)
def test_the_pictures_fit_the_task_and_name_their_axes(kind, names, tmp_path):
    model, frame = fit("lightgbm", kind), table()
    classes = None if kind == "regression" else tuple(model.classes_)
    answers = answers_of(model, frame, truth(frame, kind), classes)
    drawn = dict(draw_all(answers, {"a": 0.7, "b": 0.3}))
    assert list(drawn) == [f"{name}.png" for name in names]
    for name, figure in drawn.items():
        axes = figure.axes[0]
        assert all([axes.get_title(), axes.get_xlabel(), axes.get_ylabel()])
        figure.savefig(tmp_path / name)


def test_a_class_that_a_fold_never_saw_gets_no_share():
    model, frame = fit("logistic", "texts"), table(10)
    answers = answers_of(model, frame, truth(frame, "texts"), ("ja", "nein", "vielleicht"))
    assert isinstance(answers, Answers)
    assert (answers.probabilities[:, 2] == 0).all()


def test_a_perfect_score_is_said_aloud():
    sentence = suspicion({"r2": 1.0}, {"a": 0.1, "b": 0.6, "c": 0.3}, 100)
    assert sentence == "r2 1.0000 is nearly perfect: see whether 'b' or 'c' gives the answer away"


def test_a_perfect_score_on_a_handful_of_rows_is_not():
    assert suspicion({"roc_auc": 1.0}, {"a": 1.0}, 30) is None


def held_out(learned, held):
    X, y = table(learned + held), np.arange(learned + held) % 2
    return Split(X[:learned], y[:learned], X[learned:].reset_index(drop=True), y[learned:])


def test_held_out_rows_that_were_learned_from_are_said_aloud():
    parts = held_out(60, 20)
    copied = Split(pd.concat([parts.X_train, parts.X_held[:5]]), np.append(parts.y_train, parts.y_held[:5]),
                   parts.X_held, parts.y_held)  # fmt: skip
    assert repeats(parts) is None
    assert (repeats(copied) or "").startswith(
        "5 of 20 held-out rows equal a row that was learned from: if they"
    )


def test_rows_alike_with_another_answer_are_no_copies():
    parts = held_out(60, 20)
    assert repeats(Split(parts.X_held, 1 - parts.y_held, parts.X_held, parts.y_held)) is None


def test_names_with_dollars_are_drawn_as_written(tmp_path):
    answers = answers_of(fit("lightgbm", "texts"), table(), truth(table(), "texts"), CLASSES)
    drawn = dict(draw_all(answers, {"$a_{$": 0.7, "b": 0.3}))
    drawn["feature_importance.png"].savefig(tmp_path / "f.png")


def test_features_alike_in_their_first_letters_keep_a_bar_each():
    answers = answers_of(fit("lightgbm", "texts"), table(), truth(table(), "texts"), CLASSES)
    drawn = dict(draw_all(answers, {"x" * 50 + "1": 0.7, "x" * 50 + "2": 0.3}))
    axes = drawn["feature_importance.png"].axes[0]
    assert sorted((bar.get_y(), bar.get_width()) for bar in axes.patches) == [(-0.4, 0.3), (0.6, 0.7)]
